// Captured text is hostile: it may hide characters, reorder the line or be enormous.
// Everything captured goes through here before it is shown.

export interface Segment {
  text: string;
  /** Set when the segment stands for characters that would not be visible, or would change how others look. */
  title?: string;
}

// Those of `fixtures/hidden.txt`, as the server writes them out, and halves of characters. One selector of colours behind an emoji stays.
const INVISIBLE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]|(?<![\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u27bf\u2900-\u2bff\u3030\u303d\u3297\u3299\u{1f000}-\u{1faff}])\ufe0f/gu;

/** More marked segments than this and the rest are escaped without a mark of their own, so that text made of controls stays cheap. */
const MARKED_LIMIT = 400;

const SHORT: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const NAMES: Record<string, string> = {
  "\u202a": "left-to-right embedding",
  "\u202b": "right-to-left embedding",
  "\u202c": "pop directional formatting",
  "\u202d": "left-to-right override",
  "\u202e": "right-to-left override",
  "\u2066": "left-to-right isolate",
  "\u2067": "right-to-left isolate",
  "\u2068": "first strong isolate",
  "\u2069": "pop directional isolate",
  "\u200e": "left-to-right mark",
  "\u200f": "right-to-left mark",
  "\u061c": "Arabic letter mark",
  "\u200b": "zero width space",
  "\u200c": "zero width non-joiner",
  "\u200d": "zero width joiner",
  "\ufeff": "byte order mark",
};

function escapeOne(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}

/** Splits text into plain runs and marked escapes. `multiline` leaves line breaks and tabs as they are. */
export function segments(text: string, multiline = false): Segment[] {
  const out: Segment[] = [];
  let plain = 0;
  let marked = 0;
  for (const match of text.matchAll(INVISIBLE)) {
    const character = match[0];
    if (multiline && (character === "\n" || character === "\t")) continue;
    if (marked >= MARKED_LIMIT) {
      out.push({ text: visible(text.slice(plain), multiline) });
      return out;
    }
    if (match.index > plain) out.push({ text: text.slice(plain, match.index) });
    const escaped = escapeOne(character);
    const previous = out.at(-1);
    if (previous?.title !== undefined && match.index === plain) {
      previous.text += escaped;
      previous.title = "characters that are not visible";
    } else {
      marked += 1;
      out.push({ text: escaped, title: NAMES[character] ?? "control character" });
    }
    plain = match.index + character.length;
  }
  if (plain < text.length) out.push({ text: text.slice(plain) });
  return out;
}

/** The same as one string, for titles, labels and other places without mark-up. */
export function visible(text: string, multiline = false): string {
  return text.replace(INVISIBLE, (character) =>
    multiline && (character === "\n" || character === "\t") ? character : escapeOne(character),
  );
}

/** Cuts to at most `limit` UTF-16 units without splitting a surrogate pair. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? limit - 1 : limit);
}

/** The beginning of a text: at most `limit` characters and `lines` lines. */
export function opening(text: string, limit: number, lines: number): string {
  let end = -1;
  for (let line = 0; line < lines; line++) {
    end = text.indexOf("\n", end + 1);
    if (end < 0 || end >= limit) return cut(text, limit);
  }
  return text.slice(0, end);
}

/** A bounded label: visible characters only, with an ellipsis when something was left out. */
export function label(text: string, limit = 120): string {
  const short = cut(text, limit);
  return visible(short) + (short.length < text.length ? "…" : "");
}
