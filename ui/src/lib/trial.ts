// What a trial of rules found, as it is shown.
import type { RuleName, RuleSet, TrialChange } from "../api/types";
import { hasMarks } from "./marks";

export interface Part {
  text: string;
  rule: RuleName | null;
}

/** A text in parts: those that a rule changes, and what is between. */
export function parts(text: string, changes: TrialChange[]): Part[] {
  const whole = changes.find((change) => change.start == null || change.end == null);
  if (whole) return [{ text, rule: whole.rule }];
  const out: Part[] = [];
  let from = 0;
  for (const { start, end, rule } of [...changes].sort((a, b) => (a.start ?? 0) - (b.start ?? 0))) {
    if (start == null || end == null || start < from) continue;
    if (start > from) out.push({ text: text.slice(from, start), rule: null });
    out.push({ text: text.slice(start, end), rule });
    from = end;
  }
  if (from < text.length) out.push({ text: text.slice(from), rule: null });
  return out;
}

export const ruleLabel = (rule: RuleName): string => (rule.kind === "value" && rule.id != null ? `value (${rule.id})` : rule.name);

/** Where a rule is described: a scanner rule has a page of its own. */
export const ruleHref = (rule: RuleName): string | null =>
  rule.kind === "scanner" && rule.id != null && rule.id !== TRIED ? `/settings/scanner?rule=${encodeURIComponent(rule.id)}` : rule.kind === "value" && rule.id != null ? `/settings/redaction?values=${encodeURIComponent(rule.id)}` : null;

/** The id that the server gives a rule that is only tried; a mark of it would name nothing. */
export const TRIED = "this-rule";
export const named = (text: string, name: string): string => (hasMarks(text) ? text.replaceAll(`[redacted: ${TRIED}]`, `[redacted: ${name || "this rule"}]`) : text);

export const PLACES = [
  { id: "error.message", text: "Message of the exception", named: null },
  { id: "error.stack", text: "Traceback", named: null },
  { id: "source", text: "Source line", named: null },
  { id: "values.locals.", text: "Variable", named: "order.card" },
  { id: "tags.", text: "Tag", named: "http.url" },
  { id: "resource", text: "Resource", named: null },
] as const;

/** The path of a place; one that needs a name has none until it is given. */
export function pathOf(place: string, name: string): string {
  return place.endsWith(".") ? `${place}${name.trim() || "value"}` : place;
}

export const isEmptySet = (set: RuleSet): boolean => Object.values(set).every((value) => value === null || (Array.isArray(value) && value.length === 0));
