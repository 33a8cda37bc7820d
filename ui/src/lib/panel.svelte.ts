// The panel of an issue beside the list: its address within that of the list, its width, and the ways in and out.
import { tick } from "svelte";
import type { Address } from "./address.svelte";
import { openIn, readPath, toPage, toPanel, withoutIssue } from "./issueplace";
import { keep, recall } from "./kept";
import { listed } from "./listed.svelte";
import { readShare, SHARE } from "./panelwidth";
import { carry, go, route, withParams } from "./router.svelte";

const WIDTH = "reenact.panel";
let share = $state(readShare(recall(WIDTH)));

export const panelShare = {
  get is() { return share; },
  set is(next: number) {
    share = next;
    keep(WIDTH, next === SHARE ? null : String(next));
  },
};

export const PANEL_ID = "issue-panel";
/** From this width on the panel stands beside the list, and below it lies over it. Paper is narrow, and changes nothing. */
export const BESIDE = "print, (min-width: 1280px)";
/** Below this width there is no panel: an issue is a page. */
export const ROOMY = "print, (min-width: 768px)";

const there = $derived(toPage(route.params) ?? { path: "/issues", params: new URLSearchParams() });
const element = () => document.getElementById(PANEL_ID);
const joined = (path: string, params: URLSearchParams): string => (params.size > 0 ? `${path}?${params}` : path);

/** What the panel shows, addressed as its page is: links in it are those of the page, and lead there in another tab. */
export const panelAddress: Address = {
  route: {
    get path() { return there.path; },
    get params() { return there.params; },
    get returns() { return route.returns; },
  },
  scope: "panel",
  withParams: (change, path = there.path, from = there.params) => withParams(change, path, from),
  carry: (path, change = {}, from = there.params) => carry(path, change, from),
  go(to, how = {}) {
    const url = new URL(to, location.origin);
    const beside = toPanel({ path: url.pathname, params: url.searchParams }, route.params);
    if (beside === null) return go(to, how);
    const moves = url.pathname !== there.path && !how.keepScroll && !how.replace;
    go(joined("/issues", beside), { ...how, keepScroll: true });
    if (moves) element()?.scrollTo(0, 0);
  },
};

export const panel = {
  /** The issue that is open. */
  get issue() { return openIn(route.params); },
  get place() { return readPath(there.path); },
  /** The same as a page. */
  get page() { return joined(there.path, there.params); },
  async focus(): Promise<void> {
    await tick();
    element()?.focus({ preventScroll: true });
  },
  close: () => go(joined("/issues", withoutIssue(route.params)), { keepScroll: true }),
};

/** The page that is shown as a panel beside the list that led to it. */
export function besideList(): string {
  const list = listed.params ?? new URLSearchParams(carry("/issues").split("?")[1]);
  return joined("/issues", toPanel({ path: route.path, params: route.params }, list) ?? list);
}
