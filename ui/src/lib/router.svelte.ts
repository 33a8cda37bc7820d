// A small router on the History API. The address is the state: views read it, links and `go` change it.
import { comeBack, leave } from "./places";

let href = $state(location.pathname + location.search);
let returns = $state(0);
const url = $derived(new URL(href, location.origin));

export const route = {
  get path() { return url.pathname; },
  get params() { return url.searchParams; },
  get search() { return url.search; },
  /** How often Back or Forward led here: then the place is restored, and nothing else may take the focus. */
  get returns() { return returns; },
};

interface Going {
  /** Replaces the entry instead of adding one: for what is not a view change of its own. */
  replace?: boolean;
  keepScroll?: boolean;
}

/** Says what would be lost by going there; null when nothing. */
type Guard = (to: URL) => string | null;
let guard: Guard | null = null;
let held = $state.raw<{ reason: string; proceed: () => void } | null>(null);

/** A way that was not gone yet because something would be lost; the shell asks. */
export const crossing = {
  get held() { return held; },
  stay() { held = null; },
  leave() {
    const proceed = held?.proceed;
    held = guard = null;
    proceed?.();
  },
};

/** Guards what is not saved while a component is on the page; call during its initialisation. */
export function guarded(next: Guard): void {
  $effect(() => {
    const before = guard;
    guard = next;
    const unload = (event: BeforeUnloadEvent) => { if (next(new URL("about:blank")) !== null) event.preventDefault(); };
    addEventListener("beforeunload", unload);
    return () => {
      if (guard === next) guard = before;
      removeEventListener("beforeunload", unload);
    };
  });
}

/** The place in the history, to undo a step back that is not wanted yet. */
let depth = (history.state as { depth?: number } | null)?.depth ?? 0;
let undoing = false;

/** Every entry of the history has a name of its own, so that the same address twice is two places. */
const keyNow = (): string => (history.state as { key?: string } | null)?.key ?? "first";
let current = keyNow();

export function go(to: string, { replace = false, keepScroll = false }: Going = {}): void {
  if (to === href) return;
  const lost = guard?.(new URL(to, location.origin)) ?? null;
  if (lost !== null) {
    held = { reason: lost, proceed: () => go(to, { replace, keepScroll }) };
    return;
  }
  const samePage = new URL(to, location.origin).pathname === url.pathname;
  if (replace) history.replaceState({ key: current, depth }, "", to);
  else {
    leave(current, document.activeElement?.closest("main a[href]")?.getAttribute("href") ?? null);
    current = `${Date.now()}.${Math.random()}`;
    depth += 1;
    history.pushState({ key: current, depth }, "", to);
  }
  href = to;
  if (!replace && !keepScroll && !samePage) scrollTo(0, 0);
}

export type Change = Record<string, string | null>;

/** The current address with some parameters changed; null removes one. */
export function withParams(change: Change, path = url.pathname, from: URLSearchParams = url.searchParams): string {
  const params = new URLSearchParams(from);
  for (const [key, value] of Object.entries(change)) {
    if (value === null || value === "") params.delete(key);
    else params.set(key, value);
  }
  const search = params.toString();
  return search ? `${path}?${search}` : path;
}

/** A path with only those of the current parameters that describe what is searched, not how one page looks. */
export function carry(path: string, change: Change = {}, from: URLSearchParams = url.searchParams): string {
  const kept = new URLSearchParams();
  for (const key of ["q", "range", "from", "to"]) {
    const value = from.get(key);
    if (value !== null) kept.set(key, value);
  }
  return withParams(change, path, kept);
}

export function start(): void {
  history.scrollRestoration = "manual";
  addEventListener("popstate", () => {
    const there = (history.state as { depth?: number } | null)?.depth ?? 0;
    if (undoing) {
      undoing = false;
      return;
    }
    const lost = guard?.(new URL(location.href)) ?? null;
    if (lost !== null && there !== depth) {
      const by = there - depth;
      undoing = true;
      history.go(-by);
      held = { reason: lost, proceed: () => history.go(by) };
      return;
    }
    depth = there;
    leave(current, document.activeElement?.closest("main a[href]")?.getAttribute("href") ?? null);
    current = keyNow();
    href = location.pathname + location.search;
    returns += 1;
    comeBack(current);
  });
  addEventListener("pagehide", () => { history.scrollRestoration = "auto"; });
  document.addEventListener("click", (event) => follow(event, go));
}

/** Goes where a plain click on a link of ours leads; any other click is the browser's. */
export function follow(event: MouseEvent, way: typeof go): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.pathname.startsWith("/api/") || link.hash) return;
  event.preventDefault();
  way(link.pathname + link.search, { keepScroll: link.hasAttribute("data-keep-scroll") });
}
