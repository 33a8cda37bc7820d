// Marks that redaction leaves in texts: `[redacted: jwt]`, `[masked: …]`, `[hash: …]`. The server knows a mark by its form, and so does this.
import { cut, visible } from "./hostile";

export interface Mark {
  kind: "redacted" | "masked" | "hash";
  raw: string;
  /** Of a redaction: the rule as the mark names it; null where the text alone names the reason. */
  rule: string | null;
}
export type Piece = { text: string; mark?: undefined } | { text: string; mark: Mark };

const MARK = /\[(?:(redacted)(?:: ([a-z0-9 _\-"()*]{1,110}))?|(masked): ([0-9a-f]{144,})|(hash): ([0-9a-f]{32}))\]/g;
/** Scanner rules have ids of words with hyphens; those of value rules have none. A scanner rule of one word is known by its name alone. */
const SCANNER_ID = /^[a-z0-9]+(?:-[a-z0-9]+)+$/;
/** Texts have few marks; one with very many is shown as it is after that. */
const MARKS = 500;

export const hasMarks = (text: string): boolean => text.includes("[redacted") || text.includes("[masked: ") || text.includes("[hash: ");

/** The text in pieces: plain ones, and marks. */
export function pieces(text: string): Piece[] {
  if (!hasMarks(text)) return [{ text }];
  const out: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(MARK)) {
    if (out.length >= MARKS * 2) break;
    if (match.index > from) out.push({ text: text.slice(from, match.index) });
    out.push({ text: match[0], mark: { kind: (match[1] ?? match[3] ?? match[5]) as Mark["kind"], raw: match[0], rule: match[2] ?? null } });
    from = match.index + match[0].length;
  }
  if (from < text.length || out.length === 0) out.push({ text: text.slice(from) });
  return out;
}

/** What a mark takes on the screen, whatever its text. */
const MARK_WIDTH = 20;

/** Cuts to about `limit` characters on the screen, but never through a mark: half of one would tell its length and could not be taken off. */
export function cutBetween(text: string, limit: number): string {
  if (text.length <= limit || !hasMarks(text)) return cut(text, limit);
  let shown = "";
  let left = limit;
  for (const { text: piece, mark } of pieces(text)) {
    if (left <= 0) break;
    shown += mark ? piece : cut(piece, left);
    left -= mark ? MARK_WIDTH : piece.length;
  }
  return shown;
}

/** The same text with masks in short, for previews and titles: their length says nothing that helps. */
export function shortened(text: string, nameOf: (id: string) => string | null = () => null): string {
  if (!hasMarks(text)) return text;
  return pieces(text).map(({ text: raw, mark }) => {
    if (mark === undefined) return raw;
    if (mark.kind === "masked") return "[masked]";
    if (mark.kind === "hash") return `[hash: ${raw.slice(7, 15)}]`;
    const name = mark.rule === null ? null : nameOf(mark.rule);
    return name === null ? raw : `[redacted: ${visible(name).replaceAll("`", "'")}]`;
  }).join("");
}

export interface Reason {
  /** What the pill says. */
  text: string;
  /** The scanner rule with this id, when it is one. */
  ruleId: string | null;
}

const NAMED = /^(?:name|type|mode|value|limit)\b/;

/** Why something was redacted, in the words of the pills: `name "password"`, `value (jwt)`, or the name of a scanner rule. */
export function reason(rule: string | null, nameOf: (id: string) => string | null): Reason {
  if (rule === null) return { text: "redacted", ruleId: null };
  if (NAMED.test(rule) || rule === "not scanned") return { text: `redacted: ${rule}`, ruleId: null };
  const name = nameOf(rule);
  if (name !== null || SCANNER_ID.test(rule)) return { text: `redacted: ${name ?? "scanner rule"}`, ruleId: rule };
  return { text: `redacted: value (${rule})`, ruleId: null };
}
