// The issues of the list that the reader came from, in its order, to walk through them one by one.
import { tabParam, type Tab } from "./workflow";

let ids = $state.raw<readonly string[]>([]);
let tab = $state<string | null>(null);

export const listed = {
  remember(next: readonly string[], under: Tab) {
    ids = next;
    tab = tabParam(under);
  },
  /** The tab of that list, as the address has it. */
  get tab() { return tab; },
};

export interface Walk {
  position: number;
  count: number;
  previous: string | null;
  next: string | null;
}

/** null when the issue was not reached from a list: then there is nothing to walk through. */
export function walk(id: string): Walk | null {
  const at = ids.indexOf(id);
  if (at < 0) return null;
  return { position: at + 1, count: ids.length, previous: ids[at - 1] ?? null, next: ids[at + 1] ?? null };
}
