// Where an issue stands, what can be done about it, and how that is said.
import type { IgnoreTerms, IssueChange, IssueState, IssueStatus, ResolutionScope, StateCounts } from "../api/types";
import { causeLabel } from "./cause";
import { local, plural } from "./format";

export const STATE_NAMES: Record<IssueState, string> = { for_review: "For review", reviewed: "Reviewed", resolved: "Resolved", ignored: "Ignored", excluded: "Excluded" };

export const TABS = [["for_review", "For review"], ["reviewed", "Reviewed"], ["resolved", "Resolved"], ["ignored", "Ignored"], ["all", "All"]] as const;
export type Tab = (typeof TABS)[number][0];
export const DEFAULT_TAB: Tab = "for_review";

export const tabOf = (text: string | null): Tab => TABS.find(([id]) => id === text)?.[0] ?? DEFAULT_TAB;

/** What to set in the address; null stands for the default. */
export const tabParam = (tab: Tab): string | null => (tab === DEFAULT_TAB ? null : tab);

/** The tab as terms of a search, for what knows no tabs. */
export function termsOf(tab: Tab): string {
  if (tab === "all") return "";
  return tab === "ignored" ? "-is:for_review -is:reviewed -is:resolved" : `is:${tab}`;
}

/** The tab to that side, or null at the end. */
export function besides(tab: Tab, by: number): Tab | null {
  return TABS[TABS.findIndex(([id]) => id === tab) + by]?.[0] ?? null;
}

/** How many issues a tab has. What is excluded stands under Ignored. */
export const countOf = (states: StateCounts, tab: Tab): number => (tab === "ignored" ? states.ignored + states.excluded : states[tab]);

export type Deed = "review" | "reopen" | "resolve" | "resolveVersion" | "resolveNext" | "ignoreForever" | "ignoreEvents" | "ignoreUsers" | "ignoreUntil" | "ignore" | "exclude" | "assign" | "assignMe";

export interface Offer {
  deed: Deed;
  text: string;
  keys?: string;
  /** Begins a group of its own. */
  apart?: boolean;
}

export const RESOLVES: readonly Offer[] = [
  { deed: "resolve", text: "Resolve now", keys: "e" },
  { deed: "resolveVersion", text: "Resolve in this version" },
  { deed: "resolveNext", text: "Resolve in the next version" },
];

export const IGNORES: readonly Offer[] = [
  { deed: "ignoreForever", text: "Ignore for ever" },
  { deed: "ignoreEvents", text: "Until more events…" },
  { deed: "ignoreUsers", text: "Until more users…" },
  { deed: "ignoreUntil", text: "Until a date…" },
];

/** What a menu offers for an issue in this state. */
export function offers(state: IssueState): Offer[] {
  return [
    ...(state === "for_review" ? [{ deed: "review", text: "Mark as reviewed", keys: "r" } as const] : [{ deed: "reopen", text: "Back to review" } as const]),
    ...(state === "ignored" || state === "excluded" ? [{ deed: "review", text: "Mark as reviewed", keys: "r" } as const] : []),
    ...RESOLVES.map((offer, i) => ({ ...offer, apart: i === 0 })),
    { deed: "ignore", text: "Ignore…", keys: "i", apart: true },
    ...(state === "excluded" ? [] : [{ deed: "exclude", text: "Exclude…" } as const]),
    { deed: "assign", text: "Assign…", keys: "a", apart: true },
    { deed: "assignMe", text: "Assign to me", keys: "Shift+a" },
  ];
}

/** The change behind a deed; null when something has to be asked first. */
export function changeOf(deed: Deed, me: string): IssueChange | null {
  switch (deed) {
    case "review": return { state: "reviewed" };
    case "reopen": return { state: "for_review" };
    case "resolve": return { state: "resolved", scope: "now" };
    case "resolveVersion": return { state: "resolved", scope: "current_version" };
    case "resolveNext": return { state: "resolved", scope: "next_version" };
    case "ignoreForever": return { state: "ignored" };
    case "assignMe": return { assignee: me };
    default: return null;
  }
}

const SCOPES: Record<ResolutionScope, string> = { now: "", current_version: " in this version", next_version: " in the next version" };

/** As the end of a sentence: "until 100 more events or 5 Dec 2026". */
export function until(ignore: IgnoreTerms | null | undefined): string {
  const parts = [
    ...(ignore?.events != null ? [plural(ignore.events, "more event")] : []),
    ...(ignore?.users != null ? [plural(ignore.users, "more user")] : []),
    ...(ignore?.until != null ? [local(ignore.until)] : []),
  ];
  return parts.length === 0 ? "for ever" : `until ${parts.join(" or ")}`;
}

/** What was done, in a few words. */
export function done(change: IssueChange): string {
  switch (change.state) {
    case "reviewed": return "Reviewed";
    case "for_review": return "Back to review";
    case "resolved": return `Resolved${SCOPES[change.scope ?? "now"]}`;
    case "ignored": return `Ignored ${until(change.ignore)}`;
    case "excluded": return "Excluded";
    default:
      if (change.cause !== undefined) return change.cause === null ? "Suspected cause from its events" : change.cause === "unknown" ? "Without a suspected cause" : `Suspected cause ${causeLabel(change.cause)}`;
      return change.assignee == null ? "Assigned to nobody" : `Assigned to ${change.assignee}`;
  }
}

/** The same as what is to be done with these. */
export function order(change: IssueChange, what: string): string {
  switch (change.state) {
    case "reviewed": return `Mark ${what} as reviewed`;
    case "for_review": return `Put ${what} back to review`;
    case "resolved": return `Resolve ${what}${SCOPES[change.scope ?? "now"]}`;
    case "ignored": return `Ignore ${what} ${until(change.ignore)}`;
    case "excluded": return `Exclude ${what}`;
    default:
      if (change.cause !== undefined) return `Set the suspected cause of ${what}`;
      return `Assign ${what} to ${change.assignee ?? "nobody"}`;
  }
}

export interface Outcome {
  changed: number;
  unchanged: number;
  missing: number;
}

/** What came of a change of one issue with that name, or of several. */
export function outcome(change: IssueChange, name: string | null, { changed, unchanged, missing }: Outcome): string {
  if (changed === 0) return name === null ? `Nothing to change${missing > 0 ? `: ${gone(missing)}` : ": all of them were so already"}` : `${name} was so already`;
  const rest = [...(unchanged > 0 ? [`${plural(unchanged, "was", "were")} so already`] : []), ...(missing > 0 ? [gone(missing)] : [])];
  return [`${done(change)}: ${name ?? plural(changed, "issue")}`, ...rest].join(", ");
}

const gone = (n: number): string => `${plural(n, "is", "are")} not there any more`;

/** Why an issue that is set aside is not among those to look at, and what would bring it back. */
export function aside(status: IssueStatus): string | null {
  if (status.state === "excluded") {
    return `Excluded: its new events are thrown away and only counted, ${plural(status.excluded_events, "event")} so far.`;
  }
  if (status.state === "ignored") {
    const { ignore } = status;
    const conditions = [
      ...(ignore?.events != null ? [`${plural(ignore.events, "more event")} (${plural(ignore.events_seen, "event")} seen so far)`] : []),
      ...(ignore?.users != null ? [`${plural(ignore.users, "more user")} (${plural(ignore.users_seen, "user")} seen so far)`] : []),
      ...(ignore?.until != null ? [local(ignore.until)] : []),
    ];
    return conditions.length === 0 ? "Ignored for ever: its events are stored, but nothing brings it back to review." : `Ignored until ${conditions.join(" or ")}. Then it comes back to review.`;
  }
  if (status.state === "resolved") {
    if (status.actor === "automatic") return "Resolved by itself, as it seemed to be over; the activity says why. Should it happen again, it comes back as a regression.";
    const { resolution } = status;
    const versions = resolution?.versions.slice(0, 3).join(", ") ?? "";
    if (resolution?.scope === "next_version") return `Resolved in the next version${versions ? ` after ${versions}` : ""}: an event of a newer version brings it back as a regression.`;
    if (resolution?.scope === "current_version") return `Resolved in ${versions ? `version ${versions}` : "this version"}: an event of that version or a newer one brings it back as a regression.`;
    return "Resolved: an event of a version that did not have it brings it back as a regression.";
  }
  return null;
}
