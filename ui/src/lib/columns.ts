// Which part of the source lines raised: positions of the interpreter, in bytes of UTF-8, as positions in the text.
import type { Frame, FrameValues } from "../api/types";
import { hasMarks } from "./marks";

type Code = NonNullable<FrameValues["code"]>;
export interface Part {
  from: number;
  to: number;
}

/** The place in the text after so many bytes; null when there is no character's edge, or no such place. */
function afterBytes(text: string, bytes: number): number | null {
  let left = bytes;
  let at = 0;
  while (left > 0) {
    const point = text.codePointAt(at);
    if (point === undefined) return null;
    left -= point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    at += point < 0x10000 ? 1 : 2;
  }
  return left === 0 ? at : null;
}

const LINES = 50;

/**
 * By line number, the part of the expression that raised. Nothing where the lines are not those that ran, where redaction
 * changed them, or where it is the whole line, which says nothing.
 */
export function failing(source: Frame["source"], line: number | null | undefined, code: Code | null | undefined): ReadonlyMap<number, Part> {
  const none: ReadonlyMap<number, Part> = new Map();
  const [start, end] = code?.columns ?? [];
  if (source == null || line == null || start === undefined || end === undefined) return none;
  const last = code?.end_line ?? line;
  if (last < line || last - line >= LINES) return none;
  const found = new Map<number, Part>();
  let whole = true;
  for (let number = line; number <= last; number++) {
    const text = source.lines[number - source.first_line_number];
    if (text === undefined || hasMarks(text)) return none;
    const indent = text.length - text.trimStart().length;
    const from = number === line ? afterBytes(text, start) : indent;
    const to = number === last ? afterBytes(text, end) : text.trimEnd().length;
    if (from === null || to === null) return none;
    if (from < to) found.set(number, { from, to });
    if (from > indent || to < text.trimEnd().length) whole = false;
  }
  return whole ? none : found;
}
