// Pages of a list are reached one after the other; this remembers where each began, for the way back.
const before = new Map<string, string | null>();
const LIMIT = 500;

export const trail = {
  /** The page at `cursor` (null is the first) is followed by the one at `next`. */
  remember(cursor: string | null, next: string): void {
    const oldest = before.keys().next();
    if (before.size >= LIMIT && !oldest.done) before.delete(oldest.value);
    before.set(next, cursor);
  },
  /** The cursor before; undefined when the page was not reached from there. */
  before: (cursor: string): string | null | undefined => before.get(cursor),
};
