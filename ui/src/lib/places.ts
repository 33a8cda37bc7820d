// Where the reader was on each page of the history: going back puts the same line under their eyes and the same link in focus.

interface Place {
  top: number;
  /** Within the panel, which scrolls by itself. */
  panelTop: number;
  /** The link that led away. */
  link: string | null;
}

const places = new Map<string, Place>();
const LIMIT = 100;
const panel = () => document.querySelector("[data-panel] > section");
/** Content arrives after the page; waiting longer would pull at somebody who has begun to read. */
const PATIENCE_MS = 3_000;

let waiting: AbortController | undefined;

export function leave(key: string, link: string | null = null): void {
  places.delete(key);
  places.set(key, { top: scrollY, panelTop: panel()?.scrollTop ?? 0, link: link ?? null });
  if (places.size > LIMIT) places.delete(places.keys().next().value!);
}

/** Scrolls and focuses as before, as soon as the page is long enough and the link is there. */
export function comeBack(key: string): void {
  waiting?.abort();
  const place = places.get(key);
  if (!place) return;
  const stop = (waiting = new AbortController());
  const until = performance.now() + PATIENCE_MS;
  for (const kind of ["wheel", "keydown", "pointerdown"]) addEventListener(kind, () => stop.abort(), { once: true, passive: true, signal: stop.signal });

  let link: HTMLAnchorElement | undefined;
  const look = () => {
    if (stop.signal.aborted) return;
    if (place.link && !link) {
      link = [...document.querySelectorAll<HTMLAnchorElement>("main a[href]")].find((a) => a.getAttribute("href") === place.link);
      link?.focus({ preventScroll: true });
    }
    const beside = panel();
    const long = !beside || beside.scrollHeight - beside.clientHeight >= place.panelTop - 1;
    if (beside && long) beside.scrollTop = place.panelTop;
    if (document.documentElement.scrollHeight - innerHeight >= place.top - 1) {
      scrollTo(0, place.top);
      if (long && (link || !place.link)) return stop.abort();
    }
    if (performance.now() < until) requestAnimationFrame(look);
    else stop.abort();
  };
  requestAnimationFrame(look);
}
