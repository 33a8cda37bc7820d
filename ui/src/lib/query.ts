// Editing a search query as text. The server parses it for real; here it is only cut into terms,
// so that a facet can add, replace or remove one without disturbing what somebody typed.

export interface Term {
  raw: string;
  negated: boolean;
  /** Absent for bare words. */
  key?: string;
  value: string;
  /** The values of a list, `key:(a OR b)`. */
  any?: string[];
}

const KEY = /-?@?[A-Za-z_][\w.@/-]*:/.source;
const QUOTED = /"(?:\\.|[^"\\])*"?/.source;
/** A key with a list, a key with a range, or anything without a space that is not in quotes. */
const TERM = new RegExp(`${KEY}\\((?:${QUOTED}|[^")])*\\)?|${KEY}\\[[^\\]]*\\]?|(?:[^\\s"]|${QUOTED})+`, "g");
const LISTED = new RegExp(`${QUOTED}|[^\\s")]+`, "g");

export function parse(query: string): Term[] {
  const terms: Term[] = [];
  for (const match of query.matchAll(TERM)) {
    const raw = match[0];
    const negated = raw.startsWith("-") && raw.length > 1;
    const body = negated ? raw.slice(1) : raw;
    const colon = /^(@?[A-Za-z_][\w.@/-]*):(.*)$/s.exec(body);
    if (colon?.[2]!.startsWith("(")) {
      const values = colon[2]!.slice(1).match(LISTED) ?? [];
      terms.push({ raw, negated, key: colon[1]!, value: colon[2]!, any: values.filter((v) => v !== "OR").map(unquote) });
    } else if (colon) terms.push({ raw, negated, key: colon[1]!, value: unquote(colon[2]!) });
    else terms.push({ raw, negated, value: unquote(body) });
  }
  return terms;
}

function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  const inner = value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value.slice(1);
  return inner.replace(/\\(["\\])/g, "$1");
}

function quote(value: string): string {
  return /^[\w.@/+-][\w.@/:+-]*$/.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

export const term = (key: string, value: string, negated = false): string => `${negated ? "-" : ""}${key}:${quote(value)}`;

const join = (terms: Term[], ...more: string[]): string => [...terms.map((t) => t.raw), ...more].join(" ");

const asksFor = (t: Term, value: string): boolean => t.any?.includes(value) ?? t.value === value;

export type FacetChoice = "only" | "excluded" | null;

export function choice(query: string, key: string, value: string): FacetChoice {
  const found = parse(query).find((t) => t.key === key && asksFor(t, value));
  return found ? (found.negated ? "excluded" : "only") : null;
}

/** Shows only this value of the key; a second time lifts it again. All terms must match, so one key has one value. */
export function only(query: string, key: string, value: string): string {
  const rest = parse(query).filter((t) => t.key !== key);
  return choice(query, key, value) === "only" ? join(rest) : join(rest, term(key, value));
}

/** Leaves this value out; a second time lifts it again. */
export function exclude(query: string, key: string, value: string): string {
  const terms = parse(query);
  if (choice(query, key, value) === "excluded") return join(terms.filter((t) => t.key !== key || !asksFor(t, value)));
  return join(terms.filter((t) => t.key !== key || t.negated), term(key, value, true));
}

export const add = (query: string, extra: string): string => [query.trim(), extra].filter(Boolean).join(" ");

export const removeAt = (query: string, index: number): string => join(parse(query).filter((_, i) => i !== index));

export const withoutKey = (query: string, key: string): string => join(parse(query).filter((t) => t.key !== key));
