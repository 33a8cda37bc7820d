// Redaction settings while they are edited: what is in force, what changed, and two people's changes put together.
import type { RuleSet, ValueRule } from "../api/types";

export interface Draft {
  project: RuleSet;
  services: { service: string; env: string | null; rules: RuleSet }[];
}
export type ServiceDraft = Draft["services"][number];

/** What the server said about something that was sent. */
export interface Problem {
  field: string | null;
  message: string;
  at: number | null;
}

export const LISTS = ["identifiers", "excluded_identifiers", "types", "values_on", "values_off"] as const;
export type ListName = (typeof LISTS)[number];

export const emptySet = (): RuleSet => ({ identifiers: [], excluded_identifiers: [], types: [], values_on: [], values_off: [], mode: null });

const fullSet = (set: Partial<RuleSet> | undefined): RuleSet => ({ ...emptySet(), ...structuredClone(set) });

/** Settings as they may be sent: what is left out is empty. */
export interface Sent {
  project?: Partial<RuleSet>;
  services?: { service?: string; env?: string | null; rules?: Partial<RuleSet> }[];
}

/** The settings with everything in them that may be left out. */
export const draftOf = (settings: Sent): Draft => ({
  project: fullSet(settings.project),
  services: (settings.services ?? []).map((one) => ({ service: one.service ?? "", env: one.env ?? null, rules: fullSet(one.rules) })),
});

/** Whether both would be sent the same. What is no number is not nothing, although JSON knows no difference. */
export const same = (a: unknown, b: unknown): boolean => text(a) === text(b);
const text = (of: unknown) => JSON.stringify(of, (_, value: unknown) => (Number.isNaN(value) ? "NaN" : value));

/** Whether a value rule is used for every service, as the server decides it: what is named wins over `*`, the project over the configuration file. */
export function isOn(rule: Pick<ValueRule, "id" | "on_by_default">, project: RuleSet, configured: RuleSet): boolean {
  const said = ({ values_on, values_off }: RuleSet): boolean | null => {
    for (const id of [rule.id, "*"]) {
      if (values_off.includes(id)) return false;
      if (values_on.includes(id)) return true;
    }
    return null;
  };
  return said(project) ?? said(configured) ?? rule.on_by_default;
}

/** The set with the rule switched; it is named only where that differs from what holds anyway. */
export function switched(rule: Pick<ValueRule, "id" | "on_by_default">, on: boolean, project: RuleSet, configured: RuleSet): RuleSet {
  const without = (list: string[]) => list.filter((id) => id !== rule.id);
  const next = { ...project, values_on: without(project.values_on), values_off: without(project.values_off) };
  if (isOn(rule, next, configured) === on) return next;
  return on ? { ...next, values_on: [...next.values_on, rule.id] } : { ...next, values_off: [...next.values_off, rule.id] };
}

/** Texts as typed or pasted into a list: one a line, or with commas between. */
export const entries = (text: string): string[] => [...new Set(text.split(/[,\n]/).map((one) => one.trim()).filter(Boolean))];

export function moved<T>(list: readonly T[], from: number, by: number): T[] {
  const to = from + by;
  if (to < 0 || to >= list.length) return [...list];
  const next = [...list];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}

/** Mine on top of theirs: what I added and took off since `base`, and theirs for the rest. */
export function merged(base: Draft, mine: Draft, theirs: Draft): Draft {
  const key = (one: ServiceDraft) => JSON.stringify([one.service, one.env]);
  const find = (list: ServiceDraft[], wanted: string) => list.find((one) => key(one) === wanted);
  const order = same(base.services.map(key), mine.services.map(key)) ? theirs.services : mine.services;
  const keys = [...new Set([...order, ...mine.services, ...theirs.services].map(key))];
  const services = keys.flatMap((wanted) => {
    const [was, my, their] = [find(base.services, wanted), find(mine.services, wanted), find(theirs.services, wanted)];
    if (my && their) return [{ ...my, rules: mergedSet(was?.rules ?? emptySet(), my.rules, their.rules) }];
    if (my) return was && same(was, my) ? [] : [my];
    return their && !(was && same(was, their)) ? [their] : [];
  });
  return { project: mergedSet(base.project, mine.project, theirs.project), services };
}

function mergedSet(base: RuleSet, mine: RuleSet, theirs: RuleSet): RuleSet {
  const set = { ...theirs, mode: mine.mode === base.mode ? theirs.mode : mine.mode };
  for (const name of LISTS) {
    const kept = theirs[name].filter((one) => mine[name].includes(one) || !base[name].includes(one));
    set[name] = [...kept, ...mine[name].filter((one) => !base[name].includes(one) && !kept.includes(one))];
  }
  return set;
}

export interface Here {
  /** Which one of a list, where the field names one. */
  index: number | null;
  message: string;
}

/** What was said about this field: `project.identifiers` also for `project.identifiers.3`. */
export function problemAt(problem: Problem | null, field: string): Here | null {
  if (problem?.field == null) return null;
  if (problem.field === field) return { index: null, message: problem.message };
  if (!problem.field.startsWith(`${field}.`)) return null;
  const index = /^\d+/.exec(problem.field.slice(field.length + 1));
  return { index: index ? Number(index[0]) : null, message: problem.message };
}

/** Whether it was said about something within this part. */
export const within = (problem: Problem | null, part: string): boolean => problem?.field != null && (problem.field === part || problem.field.startsWith(`${part}.`));

/** How many lists and switches differ, for "3 changes". */
export function changes(base: Draft, mine: Draft): number {
  const sets = (a: RuleSet, b: RuleSet): number =>
    Number(a.mode !== b.mode) + LISTS.reduce((n, name) => n + a[name].filter((x) => !b[name].includes(x)).length + b[name].filter((x) => !a[name].includes(x)).length, 0);
  const longest = Math.max(base.services.length, mine.services.length);
  let n = sets(base.project, mine.project);
  for (let i = 0; i < longest; i++) {
    const [a, b] = [base.services[i], mine.services[i]];
    n += !a || !b ? 1 : Number(a.service !== b.service || a.env !== b.env) + sets(a.rules, b.rules);
  }
  return Math.max(n, Number(!same(base, mine)));
}
