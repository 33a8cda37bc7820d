// The issues of the list that the reader came from, in its order, to walk through them one by one.
import { untrack } from "svelte";
import { leaving, stepFrom, type Walk } from "./walk";

let ids = $state.raw<readonly string[]>([]);
let left = $state.raw<ReadonlyMap<string, number>>(new Map());
let params = $state.raw<URLSearchParams | null>(null);

export const listed = {
  /** `address`: the parameters of the list. */
  remember(next: readonly string[], address: URLSearchParams) {
    left = untrack(() => leaving(left, ids, next));
    ids = next;
    params = address;
  },
  /** The parameters of that list; null when there was none. */
  get params() { return params; },
  /** Its tab, as the address has it. */
  get tab() { return params?.get("tab") ?? null; },
};

/** null when the issue was not reached from a list: then there is nothing to walk through. */
export const walk = (id: string): Walk | null => stepFrom(id, ids, left);
