// Masks that the reader took off on this page. They are plain as long as the occurrence is on the screen, and kept nowhere.
import { getContext, setContext } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import { apiUrl, asFailure, sendJson } from "../api/client";
import type { Unmasked } from "../api/types";

const KEY = Symbol("unmasked");

export interface Unmasking {
  plain(mark: string): string | null;
  problem(mark: string): string | null;
  take(mark: string): Promise<void>;
}

export function provideUnmasking(eventId: () => string): void {
  const plain = new SvelteMap<string, string>();
  const problems = new SvelteMap<string, string>();
  const key = (mark: string) => `${eventId()} ${mark}`;
  setContext<Unmasking>(KEY, {
    plain: (mark) => plain.get(key(mark)) ?? null,
    problem: (mark) => problems.get(key(mark)) ?? null,
    async take(mark) {
      const name = key(mark);
      problems.delete(name);
      try {
        plain.set(name, (await sendJson<Unmasked>("POST", apiUrl("/unmask"), { event_id: eventId(), text: mark })).text);
      } catch (reason) {
        problems.set(name, asFailure(reason).message);
      }
    },
  });
}

/** undefined outside of an occurrence. */
export const unmasking = (): Unmasking | undefined => getContext<Unmasking | undefined>(KEY);
