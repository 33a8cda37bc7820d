// Views of the explorer that are saved under a name, and the address of each.
import { withParams } from "./router.svelte";
import type { SavedView } from "../api/types";
import { ofView, type ViewChoice } from "./facets";
import { fromParams, toParams, type Range } from "./range";
import { tabOf, tabParam, type Tab } from "./workflow";

/** What the explorer shows, as far as it is saved. */
export interface Shown {
  query: string;
  range: Range;
  tab: Tab;
  sort: string;
  /** The filters beside the list; null when each reader has their own. */
  facets: ViewChoice | null;
}

/** A range as one text: a preset, or both ends. */
export const writeRange = (range: Range): string => ("from" in range ? `${range.from}/${range.to}` : range.preset);

export function readRange(text: string): Range {
  const [from = "", to = ""] = text.split("/");
  return fromParams(new URLSearchParams(to ? { from, to } : { range: text }));
}

export const shownBy = (view: SavedView): Shown => ({ query: view.query, range: readRange(view.range), tab: tabOf(tabParam(view.tab as Tab)), sort: view.sort, facets: ofView(view.facets) });

export const toSave = (name: string, { query, range, tab, sort, facets }: Shown) => ({ name, query, range: writeRange(range), tab, sort, facets });

const sameFacets = (a: ViewChoice | null, b: ViewChoice | null): boolean =>
  a === null || b === null ? a === b : JSON.stringify([a.keys, a.tags, [...a.folded].sort()]) === JSON.stringify([b.keys, b.tags, [...b.folded].sort()]);

export const same = (a: Shown, b: Shown): boolean => sameFacets(a.facets, b.facets) && a.query === b.query && a.tab === b.tab && a.sort === b.sort && writeRange(a.range) === writeRange(b.range);

export function viewHref(view: SavedView): string {
  const { query, range, tab, sort } = shownBy(view);
  return withParams({ q: query, ...toParams(range), tab: tabParam(tab), sort: sort === "last_seen" ? null : sort, view: view.id }, "/issues", new URLSearchParams());
}
