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

const QUOTED = /"(?:\\.|[^"\\])*"?/.source;
/** Up to a colon, a quote or white space; the name of a tag may be quoted, and so may names in the path to a captured value. */
const KEY = /(?:@"(?:\\.|[^"\\])*"|var\.(?:(?:[^\s:"]*\.)?"(?:\\.|[^"\\])*")*[^\s:"]*|[^\s:"]+)/.source;
/** A key with a list, a key with a range, or anything without a space that is not in quotes. */
const TERM = new RegExp(`-?${KEY}:\\((?:${QUOTED}|[^")])*\\)?|-?${KEY}:\\[[^\\]]*\\]?|(?:[^\\s"]|${QUOTED})+`, "g");
const WHOLE_KEY = new RegExp(`^${KEY}$`);
const KEYED = new RegExp(`^(${KEY}):(.*)$`, "s");
const LISTED = new RegExp(`${QUOTED}|[^\\s")]+`, "g");

export function parse(query: string): Term[] {
  const terms: Term[] = [];
  for (const match of query.matchAll(TERM)) {
    const raw = match[0];
    const negated = raw.startsWith("-") && raw.length > 1;
    const body = negated ? raw.slice(1) : raw;
    const found = keyed(body);
    if (found?.text.startsWith("(")) {
      const values = found.text.slice(1).match(LISTED) ?? [];
      terms.push({ raw, negated, key: found.key, value: found.text, any: values.filter((v) => v !== "OR").map(unquote) });
    } else if (found) terms.push({ raw, negated, key: found.key, value: unquote(found.text) });
    else terms.push({ raw, negated, value: unquote(body) });
  }
  return terms;
}

/** A key, a tag's without the quotes around its name, and the text behind the colon. */
export function keyed(term: string): { key: string; text: string } | null {
  const found = KEYED.exec(term);
  if (!found) return null;
  const key = found[1]!;
  return { key: key.startsWith('@"') ? `@${unquote(key.slice(1))}` : key, text: found[2]! };
}

/** Whether the server reads this as a key when it is written so. */
export const isKey = (key: string): boolean => (key.startsWith("@") ? key !== "@" : WHOLE_KEY.test(key));

/** A key as it is written in a query: the name of a tag in quotes where it needs them. */
export const keyText = (key: string): string => (/^@.*[\s:"]/s.test(key) ? `@${inQuotes(key.slice(1))}` : key);

/** Which term the server means by a place, in bytes from the start of the query; -1 where there is none. */
export function termAt(query: string, bytes: number): number {
  const place = new TextDecoder().decode(new TextEncoder().encode(query).subarray(0, bytes)).length;
  return [...query.matchAll(TERM)].findLastIndex((match) => match.index <= place);
}

function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  const inner = value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value.slice(1);
  return inner.replace(/\\(["\\])/g, "$1");
}

/** As it is where it means nothing else; the words between the values of a list do. */
function quote(value: string): string {
  const plain = /^[\w.@/+-][\w.@/:+-]*$/.test(value) && value !== "OR" && value !== "AND";
  return plain ? value : inQuotes(value);
}

const inQuotes = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

export const term = (key: string, value: string, negated = false): string => `${negated ? "-" : ""}${keyText(key)}:${quote(value)}`;

const join = (terms: Term[], ...more: string[]): string => [...terms.map((t) => t.raw), ...more].join(" ");

const asksFor = (t: Term, value: string): boolean => t.any?.includes(value) ?? t.value === value;

export type FacetChoice = "only" | "excluded" | null;

export function choice(query: string, key: string, value: string): FacetChoice {
  const found = parse(query).find((t) => t.key === key && asksFor(t, value));
  return found ? (found.negated ? "excluded" : "only") : null;
}

/** The values as they are written: one, or those of a list. */
function written(t: Term): string[] {
  const { text } = keyed(t.negated ? t.raw.slice(1) : t.raw)!;
  return t.any ? (text.slice(1).match(LISTED) ?? []).filter((v) => v !== "OR") : [text];
}

const listed = (key: string, values: string[], negated: boolean): string =>
  `${negated ? "-" : ""}${keyText(key)}:${values.length === 1 ? values[0]! : `(${values.join(" OR ")})`}`;

/** The terms without this value among those asked for or left out; a list loses one of its values. */
function drop(terms: Term[], key: string, value: string, negated: boolean): Term[] {
  return terms.flatMap((t) => {
    if (t.key !== key || t.negated !== negated || !asksFor(t, value)) return [t];
    const rest = written(t).filter((v) => unquote(v) !== value);
    return rest.length > 0 ? parse(listed(key, rest, negated)) : [];
  });
}

/** A comparison, a range, or any text: it stands in no list. */
const OPEN = /^(?:[<>[]|$)/;

/** Values that the query asks for or leaves out by name. */
export function chosenValues(query: string, key: string): string[] {
  return [...new Set(parse(query).filter((t) => t.key === key).flatMap(written).filter((v) => !OPEN.test(v) && (v.startsWith('"') || !v.includes("*"))).map(unquote))];
}

/** Adds this value to those that the key may have; a second time takes it away again. */
export function either(query: string, key: string, value: string): string {
  const terms = parse(query);
  if (choice(query, key, value) === "only") return join(drop(terms, key, value, false));
  const kept = drop(terms, key, value, true);
  const wanted = kept.filter((t) => t.key === key && !t.negated);
  const values = [...new Set([...wanted.flatMap(written).filter((v) => !OPEN.test(v)), quote(value)])];
  const at = wanted.length > 0 ? kept.indexOf(wanted[0]!) : kept.length;
  const [put] = parse(listed(key, values, false));
  return join([...kept.slice(0, at), put!, ...kept.slice(at)].filter((t) => !wanted.includes(t)));
}

/** Whether this value, and no other, is what the key must be. */
export function isOnly(query: string, key: string, value: string): boolean {
  const wanted = parse(query).filter((t) => t.key === key && !t.negated);
  return wanted.length === 1 && written(wanted[0]!).length === 1 && asksFor(wanted[0]!, value);
}

/** Shows only this value of the key; a second time lifts it again. All terms must match, so one key has one value. */
export function only(query: string, key: string, value: string): string {
  const rest = parse(query).filter((t) => t.key !== key);
  return isOnly(query, key, value) ? join(rest) : join(rest, term(key, value));
}

/** Shows only this value of the key, also when it is so already. */
export const narrowed = (query: string, key: string, value: string): string => (isOnly(query, key, value) ? query : only(query, key, value));

/** Leaves this value out; a second time lifts it again. */
export function exclude(query: string, key: string, value: string): string {
  const terms = parse(query);
  if (choice(query, key, value) === "excluded") return join(drop(terms, key, value, true));
  return join(terms.filter((t) => t.key !== key || t.negated), term(key, value, true));
}

export const add = (query: string, extra: string): string => [query.trim(), extra].filter(Boolean).join(" ");

export const removeAt = (query: string, index: number): string => join(parse(query).filter((_, i) => i !== index));

export const withoutKey = (query: string, key: string): string => join(parse(query).filter((t) => t.key !== key));
