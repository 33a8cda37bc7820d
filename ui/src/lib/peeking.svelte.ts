// Which row of a list is looked at: the one that the pointer rests on, or the one in focus when asked by key.
import type { IssueSummary } from "../api/types";

/** Long enough that moving across a list opens nothing. */
const REST_MS = 300;
/** Long enough to move onto the card. */
const LEAVE_MS = 200;

export interface Look {
  issue: IssueSummary;
  row: HTMLElement;
  byKey: boolean;
}

export function peeking() {
  let look = $state.raw<Look | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Where the pointer is, and the issue that it moved onto: a row that only comes to lie under it is not rested on. */
  let [x, y] = [Number.NaN, Number.NaN];
  let under: string | null = null;
  const later = (ms: number, what: () => void) => {
    clearTimeout(timer);
    timer = setTimeout(what, ms);
  };
  const close = () => {
    clearTimeout(timer);
    look = null;
  };
  $effect(() => {
    const away = () => { if (look) close(); };
    const moved = (event: PointerEvent) => { [x, y] = [event.clientX, event.clientY]; };
    addEventListener("pointermove", moved, { passive: true });
    // A card that stays while its row goes away would belong to nothing.
    addEventListener("scroll", away, { passive: true });
    addEventListener("resize", away);
    return () => {
      close();
      removeEventListener("pointermove", moved);
      removeEventListener("scroll", away);
      removeEventListener("resize", away);
    };
  });
  return {
    get look() { return look; },
    close,
    /** The pointer is on a row, or moves there. Fingers and pens rest on nothing. */
    rest(event: PointerEvent, issue: IssueSummary, row: HTMLElement): void {
      if (event.pointerType !== "mouse" || event.buttons !== 0) return;
      if (look?.issue.id === issue.id) return clearTimeout(timer);
      if (under === issue.id || (event.clientX === x && event.clientY === y)) return;
      under = issue.id;
      later(REST_MS, () => { look = { issue, row, byKey: false }; });
    },
    leave(event: PointerEvent): void {
      if (event.pointerType !== "mouse") return;
      under = null;
      if (look?.byKey) clearTimeout(timer);
      else later(LEAVE_MS, close);
    },
    stay: () => clearTimeout(timer),
    /** A key on a row: opens its card, or closes it. */
    toggle(issue: IssueSummary, row: HTMLElement): void {
      const was = look?.issue.id === issue.id;
      close();
      if (!was) look = { issue, row, byKey: true };
    },
    /** The focus moved: a card that was asked for by key goes with it. */
    follow(issue: IssueSummary | null, row: HTMLElement | null): void {
      if (look?.byKey && issue && row) look = { issue, row, byKey: true };
      else if (look?.byKey) close();
    },
  };
}
