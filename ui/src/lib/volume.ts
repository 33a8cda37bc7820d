// What is not kept of what arrives: rules, limits, and what issues lost to them.
import type { Issue, VolumePreview, VolumeRule, VolumeStatus } from "../api/types";
import { exact, plural } from "./format";
import type { Problem } from "./redaction";

export const newVolumeRule = (): VolumeRule => ({ id: "", name: "", enabled: true, query: "", action: "drop", keep_percent: 100 });

/** A share that cannot be. The server knows it only as a body that it cannot read where it is no whole number. */
export function wrongShare(rules: readonly VolumeRule[]): Problem | null {
  const possible = ({ action, keep_percent: percent = 100 }: VolumeRule) => action !== "keep" || (Number.isInteger(percent) && percent >= 1 && percent <= 100);
  const at = rules.findIndex((rule) => !possible(rule));
  return at < 0 ? null : { field: `rules.${at}.keep_percent`, message: "keep a whole number from 1 to 100 of 100 events", at: null };
}

/** A limit in words. */
export const limitText = (limit: number | null | undefined): string => (limit == null ? "unlimited" : `${exact(limit)} ${limit === 1 ? "event" : "events"} per minute`);

/** What a rule does, in words. */
export function doesText(rule: Pick<VolumeRule, "action" | "keep_percent">): string {
  if (rule.action === "drop") return "not kept";
  return (rule.keep_percent ?? 100) >= 100 ? "kept" : `${rule.keep_percent} of 100 are kept`;
}

/** What an issue lost to a rate limit; `local` says a time. */
export function limitedText(limited: Issue["rate_limited"], local: (iso: string) => string): string | null {
  if (!limited) return null;
  return `${plural(limited.events, "event was", "events were")} not kept because of the rate limit since ${local(limited.since)}.`;
}

/** What rules and limits would have done, in words. */
export function foreseenText(preview: VolumePreview): string {
  const lost = preview.filtered + preview.rate_limited;
  if (preview.looked_at === 0) return "There are no events to look at.";
  if (lost === 0) return "Every event would be kept.";
  const parts = [`${exact(preview.filtered)} by rules`, ...(preview.rate_limited > 0 ? [`${exact(preview.rate_limited)} over a limit`] : [])];
  return `${exact(lost)} of ${plural(preview.looked_at, "event")} would not be kept: ${parts.join(", ")}.`;
}

/** Of which events that is said, and how it is now. */
export function comparedText(preview: VolumePreview): string {
  const part = preview.looked_at < preview.matching ? `Looked at the newest of ${exact(preview.matching)}${preview.out_of_time ? ", as many as 20 seconds allow" : ""}. ` : "";
  return `${part}The rules in force would ${preview.filtered_now === 0 ? "keep all" : `not keep ${exact(preview.filtered_now)}`} of them.`;
}

/** Everything that was not kept. */
export const droppedText = (status: VolumeStatus): string => {
  const all = status.filtered + status.rate_limited;
  return all === 0 ? "Everything was kept." : `${plural(all, "event was", "events were")} not kept: ${exact(status.filtered)} by rules, ${exact(status.rate_limited)} over a limit.`;
};
