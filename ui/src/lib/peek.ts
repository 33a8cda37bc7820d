// What a short look at an issue shows of an event: the own frames nearest to where things went wrong, and the line that failed.
import type { ErrorEvent, Frame } from "../api/types";
import { ghosts, type Ghost } from "./line";
import { sharedIn } from "./shared";

const FRAMES = 5;

export interface Glance {
  /** Own frames, the newest first; of code that is all from elsewhere, the one that raised. */
  frames: Frame[];
  /** More own frames than those. */
  more: number;
  /** Where the values are looked for. */
  frame: Frame | null;
  /** The source line that failed, where it is known. */
  line: string | null;
}

const hasValues = (frame: Frame): boolean => frame.values.state === "captured" || frame.values.state === "hidden";

/** Of the exception where things went wrong: the first with own frames that have values, or with own frames, or the first. */
export function glance(event: Pick<ErrorEvent, "exceptions">): Glance {
  const own = event.exceptions.map((exception) => exception.frames.filter((frame) => frame.in_app));
  const from = [(frames: Frame[]) => frames.some(hasValues), (frames: Frame[]) => frames.length > 0].map((test) => own.findIndex(test)).find((at) => at >= 0);
  const all = from === undefined ? (event.exceptions[0]?.frames.slice(-1) ?? []) : own[from]!;
  const frame = all.at(-1) ?? null;
  const at = frame?.source && frame.line_number != null ? frame.line_number - frame.source.first_line_number : -1;
  return { frames: all.slice(-FRAMES).reverse(), more: Math.max(0, all.length - FRAMES), frame, line: frame?.source?.lines[at] ?? null };
}

/** The values that the failing line names, at most three. */
export function valuesOf(event: Pick<ErrorEvent, "exceptions">): Ghost[] {
  const { frame, line } = glance(event);
  return frame && line !== null ? ghosts(line, frame.values, sharedIn(event)(frame.values)) : [];
}

/** Where the card goes: below the row, or above it when there is more room; never over it. All in pixels of the window. */
export function placeFor(row: { top: number; bottom: number }, height: number, windowHeight: number, expected = 0, gap = 4): { top: number; heightMax: number } {
  const below = windowHeight - row.bottom - gap * 2;
  const above = row.top - gap * 2;
  if (Math.max(height, expected) <= below || below >= above) return { top: row.bottom + gap, heightMax: Math.max(0, below) };
  const heightMax = Math.max(0, above);
  return { top: row.top - gap - Math.min(height, heightMax), heightMax };
}
