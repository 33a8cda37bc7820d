// Hits of rules, found again by rule, and when the last one was.
import type { RuleHits, RuleName } from "../api/types";
import { relative } from "./format";

const HOUR_MS = 3_600_000;

export const hitsOf = (rules: RuleHits[] | undefined, kind: RuleName["kind"], id: string | null = null): RuleHits | undefined =>
  rules?.find((hits) => hits.rule.kind === kind && (id === null || hits.rule.id === id));

/** Hits are counted by the hour: the hour of the last one is as exact as it gets. */
export const lastHit = (hour: string, now: number): string => (now - Date.parse(hour) < HOUR_MS ? "this hour" : relative(hour, now));

export const RANGES = [["24h", "24 h", "now-1d", 24], ["7d", "7 days", "now-7d", 28], ["30d", "30 days", "now-30d", 30]] as const;
export type HitsRange = (typeof RANGES)[number];
export const rangeOf = (text: string | null): HitsRange => RANGES.find(([id]) => id === text) ?? RANGES[0];
