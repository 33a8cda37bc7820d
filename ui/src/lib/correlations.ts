// What sets occurrences apart, in words and numbers.
import type { CorrelationFinding, CorrelationPredicate } from "../api/types";
import { exact } from "./format";

/** What holds for the value of a path; the value of `is` stands behind it. */
export function holds(predicate: CorrelationPredicate): string {
  switch (predicate.condition) {
    case "is":
      return "is";
    case "null":
      return "is None";
    case "empty":
      return "is empty";
    case "missing":
      return "is missing";
    case "has_type":
      return `has type ${predicate.type ?? ""}`;
    case "at_least":
      return `≥ ${predicate.number ?? ""}`;
    case "at_most":
      return `≤ ${predicate.number ?? ""}`;
  }
}

export const counts = (finding: CorrelationFinding): string => {
  const { of_issue: issue, of_baseline: baseline } = finding;
  const here = `${exact(issue.count)} of ${exact(issue.total)}`;
  return finding.difference ? `${here} against ${exact(baseline.count)} of ${exact(baseline.total)}` : `in all ${exact(issue.total)}`;
};

const percent = (share: number): number => Math.round(share * 100);

export interface Bar {
  /** In percent from the left. */
  low: number;
  width: number;
  value: number;
  text: string;
}

/** The interval of the difference on a scale from 0 to 100 points; null without a baseline. */
export function bar(finding: CorrelationFinding): Bar | null {
  const { difference } = finding;
  if (!difference) return null;
  const [low, value, high] = [difference.low, difference.value, difference.high].map((end) => percent(Math.max(0, Math.min(1, end)))) as [number, number, number];
  return { low, value, width: Math.max(1, high - low), text: `+${value} points, ${low} to ${high}` };
}
