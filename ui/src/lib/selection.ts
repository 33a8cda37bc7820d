// Which rows of a list are chosen.
export type Chosen = ReadonlySet<string>;

export const NONE: Chosen = new Set();

export function toggled(chosen: Chosen, id: string): Chosen {
  const next = new Set(chosen);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** Everything from the row that was chosen last to this one. Without such a row it is this one alone. */
export function ranged(chosen: Chosen, order: readonly string[], anchor: string | null, id: string): Chosen {
  const to = order.indexOf(id);
  const from = anchor === null ? -1 : order.indexOf(anchor);
  if (to < 0) return chosen;
  return new Set([...chosen, ...(from < 0 ? [id] : order.slice(Math.min(from, to), Math.max(from, to) + 1))]);
}
