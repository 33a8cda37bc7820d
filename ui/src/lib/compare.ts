// Two occurrences side by side: what of the server's answer is shown, and where two texts part.
import type { ComparedFrames, CompareFact, ComparePath, CompareOutcome, Comparison, Value } from "../api/types";
import { hasMarks } from "./marks";
import { hasChildren } from "./values";

export type Side = Value | string | null;

/** A fact or a path, which are shown alike. */
export interface Row {
  name: string;
  /** Where the variable stands; null for facts. */
  scope: string | null;
  outcome: CompareOutcome;
  volatile: string | null;
  left: Side;
  right: Side;
}

export const DIFFERENT: ReadonlySet<CompareOutcome> = new Set<CompareOutcome>(["differs", "only_left", "only_right"]);

export const OUTCOMES: Record<CompareOutcome, string> = { same: "same", differs: "differs", only_left: "only left", only_right: "only right", unknown: "not captured" };

/** Why a difference says nothing, in words. */
export const VOLATILE: Record<string, { text: string; title: string }> = {
  address: { text: "address", title: "Only a memory address is different, and that is another one each time" },
  uuid: { text: "UUID", title: "Only a UUID is different, and that is another one each time" },
  time: { text: "time", title: "Only a time is different" },
  counter: { text: "counter", title: "A number that counts up by itself" },
  id: { text: "id", title: "An id, which is another one each time" },
};

const SCOPES: Record<string, string> = { arguments: "argument", locals: "local", closure: "closure", globals: "global" };

const ofFact = (fact: CompareFact): Row => ({ name: fact.name, scope: null, outcome: fact.outcome, volatile: fact.volatile ?? null, left: fact.left ?? null, right: fact.right ?? null });
const ofPath = (path: ComparePath): Row => ({ name: path.path, scope: SCOPES[path.scope] ?? path.scope, outcome: path.outcome, volatile: path.volatile ?? null, left: path.left ?? null, right: path.right ?? null });

export interface Parted {
  differences: Row[];
  /** What is the same, or was captured on neither side. */
  rest: Row[];
  /** Differences that say nothing and are not shown. */
  hidden: number;
}

function part(rows: Row[], all: boolean): Parted {
  const different = rows.filter((row) => DIFFERENT.has(row.outcome));
  const differences = all ? different : different.filter((row) => row.volatile === null);
  return { differences, rest: rows.filter((row) => !DIFFERENT.has(row.outcome)), hidden: different.length - differences.length };
}

/** `all`: also the differences that say nothing. */
export const partFacts = (facts: CompareFact[], all: boolean): Parted => part(facts.map(ofFact), all);
export const partPaths = (frames: ComparedFrames, all: boolean): Parted => part(frames.paths.map(ofPath), all);

/** Facts and paths that differ; of the paths those too that are counted and not listed. */
export function tally(comparison: Comparison): { differences: number; volatile: number } {
  const facts = [...comparison.facts, ...comparison.exceptions.flatMap((e) => e.facts)].filter((fact) => DIFFERENT.has(fact.outcome));
  const { differs, only_left, only_right, volatile } = comparison.counts;
  return { differences: facts.length + differs + only_left + only_right, volatile: volatile + facts.filter((fact) => fact.volatile != null).length };
}

/** What is compared character by character; null for what is no single text, or has marks whose length says nothing. */
export function textOf(side: Side): string | null {
  if (side === null || typeof side === "string") return side;
  if (side.is_null) return "None";
  return side.value != null && !hasChildren(side) && !hasMarks(side.value) ? side.value : null;
}

export interface Parts {
  before: string;
  changed: string;
  after: string;
}

/** Where two texts part and where they meet again. */
export function apart(left: string, right: string): [Parts, Parts] {
  const most = Math.min(left.length, right.length);
  let start = 0;
  while (start < most && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < most - start && left[left.length - 1 - end] === right[right.length - 1 - end]) end += 1;
  // Half of a character is none.
  if (start > 0 && isHigh(left, start - 1)) start -= 1;
  if (end > 0 && isLow(left, left.length - end)) end -= 1;
  const parts = (text: string): Parts => ({ before: text.slice(0, start), changed: text.slice(start, text.length - end), after: text.slice(text.length - end) });
  return [parts(left), parts(right)];
}

const isHigh = (text: string, at: number): boolean => /[\ud800-\udbff]/.test(text[at] ?? "");
const isLow = (text: string, at: number): boolean => /[\udc00-\udfff]/.test(text[at] ?? "");

/** The change with a little of what stands around it. */
export function around(parts: Parts, room = 40): Parts {
  let { before, after } = parts;
  if (before.length > room) before = `…${before.slice(isLow(before, before.length - room) ? 1 - room : -room)}`;
  if (after.length > room) after = `${after.slice(0, isHigh(after, room - 1) ? room - 1 : room)}…`;
  return { ...parts, before, after };
}

/** The address of the page, the earlier occurrence on the left. */
export function compareHref(issueId: string, one: { id: string; timestamp: string }, other: { id: string; timestamp: string }): string {
  const [left, right] = Date.parse(one.timestamp) <= Date.parse(other.timestamp) ? [one, other] : [other, one];
  return comparePath(issueId, left.id, right.id);
}

export const comparePath = (issueId: string, left: string, right: string): string =>
  `/issues/${encodeURIComponent(issueId)}/compare/${encodeURIComponent(left)}/${encodeURIComponent(right)}`;
