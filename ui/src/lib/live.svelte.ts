// What the server is doing right now: status once, then a hint whenever something was recorded.
import { apiUrl, getJson } from "../api/client";
import type { Status } from "../api/types";

const POLL_MS = 5_000;

let status = $state.raw<Status | null>(null);
let failed = $state(false);
let unseen = $state(0);

export const live = {
  get status() { return status; },
  get failed() { return failed; },
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
    failed = false;
  } catch {
    failed = true;
  }
}

/** Server-sent events, and plain polling while they cannot be had. */
export function follow(): () => void {
  void refresh();
  let timer: ReturnType<typeof setInterval> | undefined;
  const poll = () => { timer ??= setInterval(() => void refresh(), POLL_MS); };
  const rest = () => { clearInterval(timer); timer = undefined; };
  const source = new EventSource(apiUrl("/stream"));
  source.addEventListener("open", rest);
  source.addEventListener("recorded", () => void refresh());
  source.addEventListener("error", poll);
  return () => { source.close(); rest(); };
}
