// Entries of the audit log in words, and where their subjects are.
import type { AuditEntry, ScannerGroups } from "../api/types";

/** All that the server writes; the test compares. */
export const ACTIONS = [
  ["values.viewed", "looked at values"],
  ["values.searched", "searched values"],
  ["values.unmasked", "took a mask off"],
  ["issue.changed", "changed an issue"],
  ["issues.changed", "changed several issues"],
  ["issues.merged", "merged issues"],
  ["issue.split", "split an issue"],
  ["change.undone", "undid a change"],
  ["comment.deleted", "deleted a comment"],
  ["pin.added", "pinned a value"],
  ["pin.removed", "unpinned a value"],
  ["view.added", "saved a view"],
  ["view.changed", "changed a view"],
  ["view.deleted", "deleted a view"],
  ["capture.asked", "asked for the values of the next occurrence"],
  ["capture.taken_back", "took back what was asked for the next occurrence"],
  ["captures.changed", "changed where values are captured"],
  ["redaction.changed", "changed the redaction settings"],
  ["scanner.changed", "changed the scanner"],
  ["trial.run", "tried rules on stored events"],
  ["scrub.started", "started scrubbing"],
  ["scrub.cancelled", "cancelled scrubbing"],
  ["grouping.changed", "changed the grouping rules"],
  ["grouping.applied", "started moving stored events"],
  ["grouping.apply_cancelled", "cancelled moving stored events"],
  ["volume.changed", "changed the volume rules"],
  ["repository.added", "set a repository up"],
  ["repository.changed", "changed a repository"],
  ["repository.deleted", "deleted a repository"],
  ["key.added", "made a key"],
  ["key.removed", "removed a key"],
] as const;

/** An action that is not known here is shown as it is called. */
export const actionWords = (action: string): string => ACTIONS.find(([id]) => id === action)?.[1] ?? action;

export interface Subject {
  text: string;
  href: string | null;
}

/** What is changed as a whole, and where. */
const WHOLE: Readonly<Record<string, string>> = {
  "redaction.changed": "/settings/redaction", "grouping.changed": "/settings/grouping", "volume.changed": "/settings/volume", "captures.changed": "/settings/captures",
};
/** What the ids of an area are, and where they are looked after. */
const AREAS: Readonly<Record<string, readonly [name: string, href: string]>> = {
  repository: ["repository", "/settings/repositories"], scrub: ["job", "/settings/scrub"], grouping: ["job", "/settings/grouping"], key: ["key", "/settings/keys"],
};
/** Digits of the id of an issue; that of an event is longer. */
const ISSUE_DIGITS = 16;

export function subject(entry: Pick<AuditEntry, "action" | "subject">, scanner: ScannerGroups | undefined): Subject | null {
  const { action, subject: id } = entry;
  if (id == null) return WHOLE[action] ? { text: "settings", href: WHOLE[action] } : null;
  const short = id.slice(0, 8);
  const area = action.split(".")[0]!;
  if (area === "values" && id.length > ISSUE_DIGITS) return { text: `event ${short}`, href: `/events/${encodeURIComponent(id)}` };
  if (["values", "issue", "issues", "pin", "capture"].includes(area)) return { text: `issue ${short}`, href: `/issues/${encodeURIComponent(id)}` };
  const known = AREAS[area];
  if (known) return { text: `${known[0]} ${short}`, href: known[1] };
  if (action === "scanner.changed") {
    const group = scanner?.groups.find((one) => one.id === id);
    if (group) return { text: group.name, href: `/settings/scanner?group=${encodeURIComponent(id)}` };
    const rule = scanner?.groups.flatMap((one) => one.rules ?? []).find((one) => one.id === id);
    if (rule) return { text: rule.name, href: `/settings/scanner?rule=${encodeURIComponent(id)}` };
    return { text: id, href: null };
  }
  return { text: id, href: null };
}
