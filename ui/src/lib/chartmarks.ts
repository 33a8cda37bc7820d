// Moments marked on a chart, and how many of them that lie close together become one mark.
import type { ActivityEntry, FirstSeenVersion } from "../api/types";
import { actor, sentence } from "./activity";

/** Names of icons. */
export type Sign = "version" | "comment" | "person" | "regression" | "star" | "reopen" | "reviewed" | "check" | "ignore" | "exclude" | "merge" | "split" | "cause";

export interface ChartMark {
  id: string;
  at: string;
  icon: Sign;
  text: string;
  /** Where the text leads; null when nowhere. */
  href: string | null;
}

export interface MarkGroup {
  /** Its place from 0, the left end, to 1. */
  share: number;
  marks: readonly ChartMark[];
}

/** The place of a time between two others; null outside of them. */
export function shareOf(at: string, from: string, to: string): number | null {
  const [time, start, end] = [Date.parse(at), Date.parse(from), Date.parse(to)];
  return end > start && time >= start && time <= end ? (time - start) / (end - start) : null;
}

/** Marks in the order of time, those closer to the first of a group than `apart` (a share of the width) in that group. */
export function gather(marks: readonly ChartMark[], from: string, to: string, apart: number): MarkGroup[] {
  const placed = marks.flatMap((mark) => {
    const share = shareOf(mark.at, from, to);
    return share === null ? [] : [{ share, mark }];
  });
  placed.sort((a, b) => a.share - b.share);
  const groups: { share: number; marks: ChartMark[] }[] = [];
  for (const { share, mark } of placed) {
    const last = groups.at(-1);
    if (last && share - last.share < apart) last.marks.push(mark);
    else groups.push({ share, marks: [mark] });
  }
  return groups;
}

/** A mark for every version, with the query that shows its events. */
export const versionMarks = (versions: readonly FirstSeenVersion[], href: (version: FirstSeenVersion) => string): ChartMark[] =>
  versions.map((one) => ({
    id: JSON.stringify([one.service, one.version]), at: one.first_seen, icon: "version", href: href(one),
    text: `${one.service} ${one.version}${one.envs.length > 0 ? ` in ${one.envs.join(", ")}` : ""}`,
  }));

const STATES = { for_review: "reopen", reviewed: "reviewed", resolved: "check", ignored: "ignore", excluded: "exclude" } as const;

/** The icon of an entry of the timeline. */
export function iconOf(entry: ActivityEntry): Sign {
  switch (entry.kind) {
    case "comment": return "comment";
    case "assigned": return "person";
    case "cause": return "cause";
    case "regression": return "regression";
    case "first_seen": return "star";
    case "merged":
    case "moved_in":
    case "merged_into": return "merge";
    case "split":
    case "moved_out":
    case "split_from": return "split";
    case "state": return STATES[entry.to ?? "for_review"];
  }
}

/** A mark for every change of state that was not undone. */
export const stateMarks = (entries: readonly ActivityEntry[], href: (entry: ActivityEntry) => string | null): ChartMark[] =>
  entries
    .filter((entry) => (entry.kind === "state" || entry.kind === "regression") && !entry.undone)
    .map((entry) => ({ id: entry.id, at: entry.at, icon: iconOf(entry), text: `${actor(entry)} ${sentence(entry)}`, href: href(entry) }));
