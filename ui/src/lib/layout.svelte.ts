// How the explorer is laid out in this browser: which facets, which columns, how close together.
import { AS_IT_IS, read, type Choice } from "./facets";
import { keep, recall } from "./kept";

const FACETS = "reenact.facets";
const COLUMNS_KEY = "reenact.columns";

let facets = $state.raw<Choice>(read(recall(FACETS)));

export const facetChoice = {
  get keys() { return facets.keys; },
  get tags() { return facets.tags; },
  get changed() { return facets.keys !== null || !facets.tags; },
  set(change: Partial<Choice>): void {
    facets = { ...facets, ...change };
    keep(FACETS, JSON.stringify(facets));
  },
  reset(): void {
    facets = AS_IT_IS;
    keep(FACETS, null);
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
