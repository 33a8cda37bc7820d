// A scanner rule while it is edited: flat, so that switching the kind of a pattern or an action loses nothing that was typed.
import type { ScannerRule } from "../api/types";
import { exact, plural } from "./format";
import type { Problem } from "./redaction";

export type ActionKind = ScannerRule["action"]["kind"];

export interface RuleDraft {
  name: string;
  enabled: boolean;
  pattern: "regex" | "library";
  regex: string;
  library: string;
  words: string[];
  within: number;
  included: string[];
  excluded: string[];
  action: ActionKind;
  text: string;
  characters: number;
  side: "first" | "last";
  priority: number;
  sampling: number;
}

export const emptyRule = (): RuleDraft => ({
  name: "", enabled: true, pattern: "regex", regex: "", library: "", words: [], within: 30, included: [], excluded: [],
  action: "redact", text: "", characters: 4, side: "first", priority: 100, sampling: 100,
});

export function draftOf(rule: ScannerRule): RuleDraft {
  const { action, pattern, keywords } = rule;
  const draft = emptyRule();
  return {
    ...draft,
    name: rule.name,
    enabled: rule.enabled ?? true,
    pattern: pattern.kind,
    ...(pattern.kind === "regex" ? { regex: pattern.regex } : { library: pattern.rule }),
    ...(keywords ? { words: [...keywords.words], within: keywords.within_characters } : {}),
    included: [...(rule.included_paths ?? [])],
    excluded: [...(rule.excluded_paths ?? [])],
    action: action.kind,
    ...(action.kind === "redact" ? { text: action.text ?? "" } : {}),
    ...(action.kind === "partial" ? { characters: action.characters, side: action.side } : {}),
    priority: rule.priority ?? draft.priority,
    sampling: rule.sampling_percent ?? draft.sampling,
  };
}

/** A number that the server does not take, or that is none: it is not sent, and no other one in its place. */
export function wrongNumber(draft: RuleDraft): Problem | null {
  const numbers = [
    ["keywords", draft.words.length > 0, draft.within, 0, 1_000],
    ["action", draft.action === "partial", draft.characters, 1, 1_000],
    ["priority", true, draft.priority, 0, 255],
    ["sampling_percent", true, draft.sampling, 0, 100],
  ] as const;
  const wrong = numbers.find(([, used, n, least, most]) => used && !(Number.isInteger(n) && n >= least && n <= most));
  return wrong ? { field: `rule.${wrong[0]}`, message: `This is a whole number from ${wrong[3]} to ${exact(wrong[4])}`, at: null } : null;
}

export function changeOf(draft: RuleDraft): ScannerRule {
  return {
    name: draft.name.trim(),
    enabled: draft.enabled,
    pattern: draft.pattern === "regex" ? { kind: "regex", regex: draft.regex } : { kind: "library", rule: draft.library },
    keywords: draft.words.length > 0 ? { words: draft.words, within_characters: draft.within } : null,
    included_paths: draft.included,
    excluded_paths: draft.excluded,
    action:
      draft.action === "redact" ? { kind: "redact", text: draft.text }
      : draft.action === "partial" ? { kind: "partial", characters: draft.characters, side: draft.side }
      : { kind: draft.action },
    priority: draft.priority,
    sampling_percent: draft.sampling,
  };
}

export const changeOfRule = (rule: ScannerRule): ScannerRule => changeOf(draftOf(rule));

/** What stands in the place of a match, in a few words. */
export function actionText(action: ScannerRule["action"]): string {
  switch (action.kind) {
    case "redact": return action.text ? `redact as "${action.text}"` : "redact";
    case "partial": return `${action.side} ${plural(action.characters, "character")} out`;
    case "hash": return "hash";
    case "mask": return "mask";
  }
}

/** Where and when the rule looks, where that is not everywhere and always. */
export function conditions(rule: ScannerRule): string[] {
  const out: string[] = [];
  if (rule.keywords && rule.keywords.words.length > 0) out.push(`${plural(rule.keywords.words.length, "keyword")} within ${rule.keywords.within_characters}`);
  if (rule.included_paths?.length) out.push(rule.included_paths.length === 1 ? `in ${rule.included_paths[0]}` : `in ${plural(rule.included_paths.length, "path")}`);
  if (rule.excluded_paths?.length) out.push(rule.excluded_paths.length === 1 ? `not in ${rule.excluded_paths[0]}` : `not in ${plural(rule.excluded_paths.length, "path")}`);
  if (rule.sampling_percent != null && rule.sampling_percent < 100) out.push(`${rule.sampling_percent} % of events`);
  return out;
}

export type RuleField = "name" | "pattern" | "keywords" | "included_paths" | "excluded_paths" | "action" | "priority" | "sampling_percent" | "rule";
const FIELDS: RuleField[] = ["name", "pattern", "keywords", "included_paths", "excluded_paths", "action", "priority", "sampling_percent"];

/** The field of the form that `rule.pattern`, `groups.0.rules.3.pattern` or `pattern` mean; null for what is about no rule. */
export function ruleField(field: string | null): RuleField | null {
  const last = field === null ? null : (/^(?:rule\.|groups\.\d+\.rules\.\d+\.)?([a-z_]+)/.exec(field)?.[1] ?? null);
  if (last === null) return null;
  return FIELDS.find((one) => one === last) ?? "rule";
}

/** What was said about this field of the form. A problem of the rule as a whole is told where keywords are: most are about them. */
export const ruleProblem = (problem: Problem | null, field: RuleField): string | null => (problem !== null && ruleField(problem.field) === field ? sentence(problem.message) : null);

/** The server names the rule first, for those who sent many; here there is only one. */
export const sentence = (message: string): string =>
  message.replace(/^the rule `[^`]*` has an? (\w+) that /, "the $1 ").replace(/^the rule `[^`]*` /, "the rule ").replace(/^./, (first) => first.toUpperCase());

/** What a user of the library may call a rule that they add from it. */
export const libraryName = (description: string): string => (description.length > 80 ? `${description.slice(0, 79)}…` : description);

/** The query with a key added at the end, ready for its value. */
export const withKey = (query: string, key: string): string => (query.trim() === "" ? key : `${query.trimEnd()} ${key}`);

export const QUERY_KEYS = [
  { key: "dd_source:debugger", means: "captured values" },
  { key: "dd_source:python", means: "everything else" },
  { key: "service:", means: "" }, { key: "env:", means: "" }, { key: "version:", means: "" }, { key: "host:", means: "" }, { key: "@", means: "a tag" },
] as const;
