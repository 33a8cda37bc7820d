// Completing the word at the caret of the query: first its key, then that key's values.
import type { QueryKey } from "../api/types";
import { keyed, term } from "./query";

export interface Key {
  /** What is put: `env:`, or a whole term, `is:new`. */
  text: string;
  means: string;
}

/** Without the server's list the commonest keys are better than none. */
export const KEYS: readonly QueryKey[] = [
  { key: "service", about: "service", values: [] },
  { key: "env", about: "environment", values: [] },
  { key: "version", about: "version of the service", values: [] },
  { key: "error.type", about: "type of the exception", values: [] },
  { key: "has", about: "what an event has", values: ["values"] },
  { key: "is", about: "handled or not, and where the issue stands", values: ["handled", "unhandled", "new", "regression"] },
];

/** These keys are not whole: the name of a tag follows, or the path to a captured value. */
const BEGUN = ["@", "var."] as const;
const isBegun = (key: string): boolean => BEGUN.some((one) => one === key);
/** Every event has another one, so a list of them helps nobody. */
const ENDLESS = new Set(["trace_id", "issue"]);
const NAMED = /^(?:@.+|var\.(?:[^\s.:",*()\\]+|"(?:[^"\\]|\\.)*")(?:\.(?:[^\s.:",*()\\]+|"(?:[^"\\]|\\.)*"))*)$/;

const completes = (keys: readonly QueryKey[], key: string): boolean => NAMED.test(key) || (!ENDLESS.has(key) && keys.some((k) => k.key === key && !isBegun(k.key)));

export interface Word {
  start: number;
  end: number;
  negated: boolean;
  /** Set once there is a colon: then its values are completed. */
  key: string | null;
  prefix: string;
}

export function wordAt(text: string, caret: number, keys: readonly QueryKey[] = KEYS): Word {
  let start = 0;
  let quoted = false;
  for (let i = 0; i < caret; i++) {
    if (text[i] === '"' && text[i - 1] !== "\\") quoted = !quoted;
    else if (text[i] === " " && !quoted) start = i + 1;
  }
  let end = caret;
  while (end < text.length && (quoted || text[end] !== " ")) {
    if (text[end] === '"') quoted = !quoted;
    end++;
  }
  const typed = text.slice(start, caret);
  const negated = typed.startsWith("-");
  const body = negated ? typed.slice(1) : typed;
  const found = keyed(body);
  if (found === null || !completes(keys, found.key)) return { start, end, negated, key: null, prefix: body };
  return { start, end, negated, key: found.key, prefix: found.text.replace(/^"|"$/g, "") };
}

/** Keys that begin like the word, and words that they know when one of those begins so. */
export function keysFor(word: Word, keys: readonly QueryKey[] = KEYS): Key[] {
  if (word.key !== null) return [];
  const typed = word.prefix.toLowerCase();
  return keys.flatMap((k): Key[] => [
    ...(k.key.startsWith(typed) ? [{ text: isBegun(k.key) ? k.key : `${k.key}:`, means: k.about }] : []),
    ...(typed === "" ? [] : k.values.filter((value) => value.startsWith(typed)).map((value) => ({ text: `${k.key}:${value}`, means: k.about }))),
  ]).filter((k) => k.text !== word.prefix);
}

export interface Begun {
  /** `@` or `var.`: its values are names of tags, or paths. */
  key: string;
  /** What is typed after it. */
  name: string;
}

/** A key that is not whole yet, and its rest as far as that is typed; null for any other word. */
export function begun(word: Word): Begun | null {
  const key = word.key === null ? BEGUN.find((one) => word.prefix.startsWith(one)) : undefined;
  return key === undefined ? null : { key, name: word.prefix.slice(key.length).replace(/^"/, "") };
}

/** The query with the word replaced, and where the caret goes: after a whole term there is room for the next one. */
export function accept(text: string, word: Word, choice: string, keys: readonly QueryKey[] = KEYS): { text: string; caret: number; whole: boolean } {
  const minus = word.negated ? "-" : "";
  const whole = word.key !== null || !(choice.endsWith(":") || isBegun(choice));
  // What a key knows itself may be a comparison, which quotes would turn into a text.
  const own = keys.some((k) => k.key === word.key && k.values.includes(choice));
  const put = word.key === null ? minus + choice : own ? `${minus}${word.key}:${choice}` : term(word.key, choice, word.negated);
  const rest = text.slice(word.end).trimStart();
  const head = text.slice(0, word.start) + put + (whole ? " " : "");
  return { text: head + (!whole && rest ? " " : "") + rest, caret: head.length, whole };
}

/** The query without the word, so that its values are those that the other terms leave. */
export const without = (text: string, word: Word): string => `${text.slice(0, word.start)} ${text.slice(word.end)}`.trim().replace(/\s+/g, " ");

const MANY = 100;

/** The server finds values by how they begin. A type begins with its module and a name with a capital, which nobody types, so these are looked through here. */
export const asked = (key: string, prefix: string, limit: number): { prefix: string | null; limit: number } =>
  key === "error.type" || key === "assignee" ? { prefix: null, limit: MANY } : { prefix, limit };

export const matching = <T extends { value: string }>(values: T[], needle: string, limit: number): T[] =>
  values.filter((v) => v.value.toLowerCase().includes(needle.toLowerCase())).slice(0, limit);
