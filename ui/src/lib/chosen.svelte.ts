// The chosen rows of the list on the page. They belong to the question that the list answers.
import { NONE, ranged, toggled, type Chosen } from "./selection";

export interface Choice {
  /** Those chosen that are on the page. */
  readonly rows: Chosen;
  /** Whether all that match are meant, on the page or not. */
  everything: boolean;
  choose(id: string, range: boolean): void;
  chooseAll(all: boolean): void;
  clear(): void;
}

/** Call during the initialisation of a component. */
export function choice(ids: () => readonly string[], question: () => string): Choice {
  let chosen = $state.raw<Chosen>(NONE);
  let everything = $state(false);
  let anchor: string | null = null;
  const rows = $derived<Chosen>(new Set(ids().filter((id) => chosen.has(id))));
  const asked = $derived(question());

  function set(next: Chosen, from: string | null): void {
    chosen = next;
    anchor = from;
    everything = false;
  }
  $effect(() => {
    void asked;
    set(NONE, null);
  });
  return {
    get rows() { return rows; },
    get everything() { return everything; },
    set everything(all) { everything = all; },
    choose: (id, range) => set(range ? ranged(chosen, ids(), anchor, id) : toggled(chosen, id), id),
    chooseAll: (all) => set(all ? new Set(ids()) : NONE, null),
    clear: () => set(NONE, null),
  };
}
