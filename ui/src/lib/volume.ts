// What is not kept of what arrives: rules, limits, and what issues lost to them.
import type { Issue, VolumeRule, VolumeStatus } from "../api/types";
import { exact, plural } from "./format";

export const newVolumeRule = (): VolumeRule => ({ id: "", name: "", enabled: true, query: "", action: "drop", keep_percent: 100 });

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

/** Everything that was not kept. */
export const droppedText = (status: VolumeStatus): string => {
  const all = status.filtered + status.rate_limited;
  return all === 0 ? "Everything was kept." : `${plural(all, "event was", "events were")} not kept: ${exact(status.filtered)} by rules, ${exact(status.rate_limited)} over a limit.`;
};
