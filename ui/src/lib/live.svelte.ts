// What the server is doing right now: status once, then a hint whenever something was recorded.
import { ApiError, apiUrl, getJson } from "../api/client";
import type { Status } from "../api/types";

const POLL_MS = 5_000;

let status = $state.raw<Status | null>(null);
let problem = $state.raw<ApiError | null>(null);
let answeredAt = $state<string | null>(null);
let unseen = $state(0);

export const live = {
  get status() { return status; },
  /** Why the server's status is not known; null while it is, and before it was asked. */
  get problem() { return problem; },
  /** When the server answered last. */
  get answeredAt() { return answeredAt; },
  /** Events recorded since the page last asked for its data. */
  get unseen() { return unseen; },
  seen() { unseen = 0; },
  refresh,
};

async function refresh(): Promise<void> {
  try {
    const next = await getJson<Status>(apiUrl("/status"));
    if (status && next.events_total > status.events_total) unseen += next.events_total - status.events_total;
    status = next;
    answeredAt = new Date().toISOString();
    problem = null;
  } catch (reason) {
    problem = reason instanceof ApiError ? reason : new ApiError(String(reason), "internal", 0, null);
  }
}

const hearing = new Set<() => void>();

/**
 * Does something whenever anything was recorded or changed: at once, then at most every `pauseMs`, and not while
 * nobody sees the page. Call during the initialisation of a component.
 */
export function whenRecorded(action: () => void, pauseMs: number): void {
  $effect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let due = false;
    const act = () => {
      if (timer !== undefined || document.hidden) {
        due = true;
        return;
      }
      due = false;
      timer = setTimeout(() => { timer = undefined; if (due) act(); }, pauseMs);
      action();
    };
    const seen = () => { if (due) act(); };
    hearing.add(act);
    document.addEventListener("visibilitychange", seen);
    return () => {
      hearing.delete(act);
      document.removeEventListener("visibilitychange", seen);
      clearTimeout(timer);
    };
  });
}

/** Server-sent events, and plain polling while they cannot be had. */
export function follow(): () => void {
  void refresh();
  let timer: ReturnType<typeof setInterval> | undefined;
  const now = () => void refresh();
  const recorded = () => {
    now();
    for (const act of hearing) act();
  };
  const poll = () => { timer ??= setInterval(recorded, POLL_MS); };
  const rest = () => { clearInterval(timer); timer = undefined; };
  const source = new EventSource(apiUrl("/stream"));
  source.addEventListener("open", rest);
  source.addEventListener("open", now);
  source.addEventListener("recorded", recorded);
  source.addEventListener("error", poll);
  source.addEventListener("error", now);
  addEventListener("online", now);
  addEventListener("offline", now);
  return () => {
    source.close();
    rest();
    removeEventListener("online", now);
    removeEventListener("offline", now);
  };
}
