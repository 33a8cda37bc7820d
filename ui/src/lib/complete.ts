// Completing the word at the caret of the query: first its key, then that key's values.
import { term } from "./query";

export const KEYS: readonly { text: string; means: string }[] = [
  { text: "service:", means: "the service" },
  { text: "env:", means: "the environment" },
  { text: "version:", means: "the version" },
  { text: "error.type:", means: "the type of the error" },
  { text: "host:", means: "the host" },
  { text: "resource:", means: "the request or job" },
  { text: "user:", means: "the impacted user" },
  { text: "frame.function:", means: "a function of the stack" },
  { text: "frame.file:", means: "a file of the stack; * stands for any text" },
  { text: "trace_id:", means: "one trace" },
  { text: "has:values", means: "values were captured" },
  { text: "is:unhandled", means: "the error escaped" },
  { text: "is:handled", means: "the service caught it" },
  { text: "is:new", means: "first seen a short while ago" },
  { text: "is:regression", means: "resolved, and back" },
  { text: "is:unassigned", means: "nobody works on it" },
  { text: "assignee:", means: "who works on it" },
  { text: "age:<2d", means: "first seen less than two days ago" },
];

/** Keys whose values are few enough to offer. */
const LISTED = /^(?:service|env|version|error\.type|host|resource|user|assignee|@[\w.\-/]+)$/;

export interface Word {
  start: number;
  end: number;
  negated: boolean;
  /** Set once there is a colon: then its values are completed. */
  key: string | null;
  prefix: string;
}

export function wordAt(text: string, caret: number): Word {
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
  const colon = body.indexOf(":");
  const key = colon > 0 && LISTED.test(body.slice(0, colon)) ? body.slice(0, colon) : null;
  return { start, end, negated, key, prefix: key === null ? body : body.slice(colon + 1).replace(/^"|"$/g, "") };
}

export const keysFor = (word: Word): typeof KEYS =>
  word.key === null && word.prefix !== "" ? KEYS.filter((k) => k.text.startsWith(word.prefix.toLowerCase()) && k.text !== word.prefix) : word.key === null ? KEYS : [];

/** The query with the word replaced, and where the caret goes: after a whole term there is room for the next one. */
export function accept(text: string, word: Word, choice: string): { text: string; caret: number; whole: boolean } {
  const minus = word.negated ? "-" : "";
  const whole = word.key !== null || !choice.endsWith(":");
  const put = word.key !== null ? term(word.key, choice, word.negated) : minus + choice;
  const rest = text.slice(word.end).trimStart();
  const head = text.slice(0, word.start) + put + (whole ? " " : "");
  return { text: head + (!whole && rest ? " " : "") + rest, caret: head.length, whole };
}

/** The query without the word, so that its values are those that the other terms leave. */
export const without = (text: string, word: Word): string => `${text.slice(0, word.start)} ${text.slice(word.end)}`.trim().replace(/\s+/g, " ");

const MANY = 100;

/** The server finds values by how they begin. A type begins with its module, which nobody types, so types are looked through here. */
export const asked = (key: string, prefix: string, limit: number): { prefix: string | null; limit: number } =>
  key === "error.type" ? { prefix: null, limit: MANY } : { prefix, limit };

export const matching = <T extends { value: string }>(values: T[], needle: string, limit: number): T[] =>
  values.filter((v) => v.value.toLowerCase().includes(needle.toLowerCase())).slice(0, limit);
