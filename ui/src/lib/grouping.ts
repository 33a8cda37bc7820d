// Why events are one issue, and the rules that change that.
import type { Grouping, GroupingPreview, GroupingRule } from "../api/types";
import { plural } from "./format";
import { label } from "./hostile";

/** Who decided, as a sentence. */
export function decided(grouping: Pick<Grouping, "source" | "rule">): string {
  switch (grouping.source) {
    case "rule": return `The rule "${label(grouping.rule?.name ?? "", 100)}" says what these events have in common.`;
    case "application": return "The application says what these events have in common: it gave error.fingerprint.";
    default: return "Events with the same service, error type and frames of your code are one issue.";
  }
}

export const newRule = (): GroupingRule => ({ id: "", name: "", enabled: true, query: "", fingerprint: "" });

/** What an issue can be split by: the component, and how it is called. */
export const SPLITS = [
  ["message", "message"], ["function", "function that raised it"], ["caller", "caller"], ["file", "source file"], ["env", "environment"], ["tag", "tag…"],
] as const;
export type SplitBy = (typeof SPLITS)[number][0];

/** The rule that splits an issue, and those that were merged into it, by one component. */
export function splitRule(issues: readonly string[], by: SplitBy, tag: string): GroupingRule {
  const component = by === "tag" ? `tag.${tag.trim()}` : by;
  const query = issues.length === 1 ? `issue:${issues[0]}` : `issue:(${issues.join(" OR ")})`;
  return { id: "", name: `${issues[0]} by ${component}`, enabled: true, query, fingerprint: `{{default}} {{${component}}}` };
}

/** What a preview says, in one sentence. */
export function foreseen(preview: GroupingPreview): string {
  const splits = preview.splits.length + preview.splits_left_out;
  const merges = preview.merges.length + preview.merges_left_out;
  const into = new Set(preview.splits.flatMap((split) => split.becomes.map((part) => part.id))).size + preview.splits.reduce((sum, split) => sum + split.becomes_left_out, 0);
  const parts = [
    ...(splits > 0 ? [`${plural(splits, "issue")} would become ${into}`] : []),
    ...(merges > 0 ? [`${plural(merges, "issue")} would have events of several of today's`] : []),
  ];
  return parts.length === 0 ? "Nothing would change" : parts.join(", ");
}

/** Whether some issue would come apart, rather than only be another one. */
export const comesApart = (preview: GroupingPreview): boolean => preview.splits.some((split) => split.becomes.length > 1);

/** How much was looked at. */
export function lookedAt(preview: GroupingPreview): string {
  const all = preview.looked_at === preview.matching;
  const those = all ? `All ${plural(preview.matching, "event")} were looked at` : `The newest ${preview.looked_at} of ${plural(preview.matching, "event")} were looked at`;
  return `${those}${preview.out_of_time ? "; the time was over before the others were" : ""}.`;
}

/** Rules in another order. */
export function moved<T>(list: readonly T[], at: number, by: number): T[] {
  const next = [...list];
  const to = at + by;
  if (to < 0 || to >= next.length) return next;
  [next[at], next[to]] = [next[to]!, next[at]!];
  return next;
}
