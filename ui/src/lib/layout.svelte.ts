// How the explorer is laid out in this browser: which facets, which columns, how close together.
import { AS_IT_IS, isKey, MOST, read, type Choice, type ViewChoice } from "./facets";
import { fold, foldedNames, isFolded } from "./folded.svelte";
import { keep, recall } from "./kept";

const FACETS = "reenact.facets";
const COLUMNS_KEY = "reenact.columns";

let facets = $state.raw<Choice>(read(recall(FACETS)));

/** Those of the saved view that is shown. What is changed meanwhile is not remembered here, but saved with the view. */
let viewed = $state.raw<ViewChoice | null>(null);

const shown = (): Choice => viewed ?? facets;

export const facetChoice = {
  get keys() { return shown().keys; },
  get tags() { return shown().tags; },
  get changed() { return shown().keys !== null || !shown().tags || (viewed?.folded.length ?? 0) > 0; },
  set(change: Partial<Choice>): void {
    if (viewed) {
      viewed = { ...viewed, ...change };
      return;
    }
    facets = { ...facets, ...change };
    keep(FACETS, JSON.stringify(facets));
  },
  reset(): void {
    if (viewed) {
      viewed = { ...AS_IT_IS, folded: [] };
      return;
    }
    facets = AS_IT_IS;
    keep(FACETS, null);
  },
  isFolded: (key: string): boolean => viewed?.folded.includes(key) ?? isFolded(key),
  fold(key: string, is: boolean): void {
    if (!viewed) fold(key, is);
    else if (viewed.folded.includes(key) !== is) viewed = { ...viewed, folded: is ? [...viewed.folded, key] : viewed.folded.filter((one) => one !== key) };
  },
  /** Shows the facets of a saved view, or again those of the reader. */
  show(view: ViewChoice | null): void { viewed = view; },
  /** What a view would save of what is shown. */
  get toSave(): ViewChoice {
    const { keys, tags } = shown();
    // Those of the server are not known here: of all that is folded, what can be a facet.
    return { keys, folded: viewed?.folded ?? (keys?.filter(isFolded) ?? foldedNames().filter(isKey).slice(0, MOST)), tags };
  },
};

export const COLUMNS = [["trend", "Trend"], ["count", "Count"], ["users", "Users"], ["seen", "Last / first seen"], ["values", "Values"], ["standing", "State, assignee"]] as const;
export type Column = (typeof COLUMNS)[number][0];

interface Table {
  hidden: readonly Column[];
  dense: boolean;
}

function readTable(text: string | null): Table {
  try {
    const stored = JSON.parse(text ?? "{}") as { hidden?: unknown; dense?: unknown } | null;
    const hidden = Array.isArray(stored?.hidden) ? stored.hidden : [];
    return { hidden: COLUMNS.map(([id]) => id).filter((id) => hidden.includes(id)), dense: stored?.dense === true };
  } catch {
    return { hidden: [], dense: false };
  }
}

let table = $state.raw<Table>(readTable(recall(COLUMNS_KEY)));

function setTable(next: Table): void {
  table = next;
  keep(COLUMNS_KEY, next.hidden.length === 0 && !next.dense ? null : JSON.stringify(next));
}

export const columns = {
  shows: (column: Column): boolean => !table.hidden.includes(column),
  get dense() { return table.dense; },
  get changed() { return table.dense || table.hidden.length > 0; },
  show(column: Column, shown: boolean): void { setTable({ ...table, hidden: shown ? table.hidden.filter((one) => one !== column) : [...table.hidden, column] }); },
  setDense(dense: boolean): void { setTable({ ...table, dense }); },
  reset(): void { setTable({ hidden: [], dense: false }); },
};
