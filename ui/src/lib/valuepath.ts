// Paths to captured values as the server reads them: `order.lines.0."a.b"`.
import type { Value } from "../api/types";
import { hasMarks } from "./marks";
import { term } from "./query";

/** What stands in double quotes: nothing at all, and what has white space, a control character or a sign of the grammar. */
const QUOTED = /^$|[\s\p{Cc}.":,*()\\]/u;

export const written = (segments: readonly string[]): string =>
  segments.map((one) => (QUOTED.test(one) ? `"${one.replace(/[\\"]/g, "\\$&")}"` : one)).join(".");

const ESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t", "\\": "\\", "'": "'", '"': '"' };
const ESCAPE = /\\(?:([nrt\\'"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/g;

/** What a key is called in a path: the text of a string, the repr of another scalar; null when it has none. */
export function keyText(key: Value): string | null {
  if (key.is_null) return "None";
  if (key.value == null) return null;
  const quote = key.value[0];
  if (quote !== "'" && quote !== '"') return key.value;
  const inner = key.value.slice(1);
  const bare = inner.endsWith(quote) ? inner.slice(0, -1) : inner;
  return bare.replace(ESCAPE, (all, sign?: string, x?: string, u?: string, long?: string) => (sign !== undefined ? ESCAPES[sign]! : character(x ?? u ?? long ?? "", all)));
}

function character(digits: string, otherwise: string): string {
  const code = Number.parseInt(digits, 16);
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? otherwise : String.fromCodePoint(code);
}

/** The variable that a path begins with. */
export function variable(path: string): string {
  if (!path.startsWith('"')) return path.split(".", 1)[0]!;
  const quoted = /^"((?:[^"\\]|\\.)*)"/s.exec(path);
  return quoted ? quoted[1]!.replace(/\\(.)/gs, "$1") : path;
}

/** The query for events with this value at this path; null where the value is not known whole. */
export function queryFor(path: string, value: Value): string | null {
  if (value.is_null) return `var.${path}:null`;
  if (value.value == null || value.truncated || hasMarks(value.value)) return null;
  const text = keyText(value);
  if (text === null || text === "") return null;
  return text === "null" || text === "None" ? `var.${path}:"${text}"` : term(`var.${path}`, text);
}
