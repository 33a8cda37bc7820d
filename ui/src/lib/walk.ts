// The way through a list, also from an issue that has left it: one that is resolved beside the list is no longer in it.

export interface Walk {
  /** null for one that has left. */
  position: number | null;
  count: number;
  previous: string | null;
  next: string | null;
}

/** Where those that left were. With another list, that has nothing of the one before, this is forgotten. */
export function leaving(before: ReadonlyMap<string, number>, ids: readonly string[], next: readonly string[]): ReadonlyMap<string, number> {
  const stay = new Set(next);
  const left = ids.flatMap((id, index): [string, number][] => (stay.has(id) ? [] : [[id, index]]));
  if (left.length === 0) return before;
  if (left.length === ids.length) return new Map();
  // What came before the one that leaves may leave with it.
  return new Map([...before, ...left.map(([id, index]): [string, number] => [id, ids.slice(0, index).filter((one) => stay.has(one)).length])]);
}

export function stepFrom(id: string, ids: readonly string[], left: ReadonlyMap<string, number>): Walk | null {
  const at = ids.indexOf(id);
  if (at >= 0) return { position: at + 1, count: ids.length, previous: ids[at - 1] ?? null, next: ids[at + 1] ?? null };
  const was = left.get(id);
  return was === undefined ? null : { position: null, count: ids.length, previous: ids[was - 1] ?? null, next: ids[was] ?? null };
}
