// One answer of the server as state: what there is, whether it is being refreshed, and why it failed.
import { untrack } from "svelte";
import { ApiError, getJson } from "./client";

/** Recent answers, so that Back shows the page at once while it is asked for again. */
const recent = new Map<string, unknown>();
const RECENT_LIMIT = 60;

/** How long after a passing failure the same is asked again. */
export const AGAIN_MS = 5_000;

function remember(url: string, data: unknown): void {
  recent.delete(url);
  recent.set(url, data);
  const oldest = recent.keys().next();
  if (recent.size > RECENT_LIMIT && !oldest.done) recent.delete(oldest.value);
}

export interface Resource<T> {
  readonly data: T | undefined;
  readonly error: ApiError | null;
  /** The failure, when there is nothing right to show: `data` is absent, gone, or belongs to an earlier question. */
  readonly missing: ApiError | null;
  /** The failure, when only the renewal of `data` failed. */
  readonly outdated: ApiError | null;
  readonly loading: boolean;
  /** True while `data` still belongs to an earlier question. */
  readonly stale: boolean;
  reload(): void;
}

/**
 * Follows `url`; null means there is nothing to ask yet. Old data stays while new data is on its way,
 * unless `identity` says that it is about something else. What fails for a moment is asked again by itself.
 */
export function resource<T>(url: () => string | null, identity: () => string = () => ""): Resource<T> {
  let data = $state.raw<T>();
  let error = $state.raw<ApiError | null>(null);
  let loading = $state(true);
  let stale = $state(false);
  let round = $state(0);
  let shownFor: string | null = null;

  // Derived, so that a change of the address that leaves the question as it was asks nothing.
  const question = $derived(url());
  const subject = $derived(identity());

  $effect(() => {
    void round;
    const asked = question;
    const about = subject;
    if (asked === null) return;
    const known = recent.get(asked) as T | undefined;
    if (known !== undefined) data = known;
    else if (shownFor !== null && shownFor !== about) data = undefined;
    shownFor = about;
    stale = known === undefined && untrack(() => data) !== undefined;
    loading = true;
    const controller = new AbortController();
    let again: ReturnType<typeof setTimeout> | undefined;
    getJson<T>(asked, controller.signal).then(
      (answer) => {
        if (controller.signal.aborted) return;
        // The same answer again must not disturb what is on screen: opened values, focus, scroll.
        if (JSON.stringify(answer) !== JSON.stringify(data)) data = answer;
        remember(asked, data);
        error = null;
        loading = stale = false;
      },
      (reason: unknown) => {
        if (controller.signal.aborted) return;
        error = reason instanceof ApiError ? reason : new ApiError(String(reason), "internal", 0, null);
        loading = false;
        if (error.passing) again = setTimeout(() => { round += 1; }, AGAIN_MS);
      },
    );
    return () => {
      controller.abort();
      clearTimeout(again);
    };
  });
  const missing = $derived(error !== null && (data === undefined || stale || error.status === 404) ? error : null);

  return {
    get data() { return data; },
    get error() { return error; },
    get missing() { return missing; },
    get outdated() { return missing ? null : error; },
    get loading() { return loading; },
    get stale() { return stale; },
    // An effect may reload without depending on it.
    reload() { round = untrack(() => round) + 1; },
  };
}
