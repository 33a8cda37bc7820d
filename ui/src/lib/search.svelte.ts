// What is being looked at, read from the address: query and time range, ready for requests.
import { address, type Address } from "./address.svelte";
import { earliest } from "./earliest.svelte";
import { fromParams, toRequest, type Preset, type Range } from "./range";
import { route as pageRoute } from "./router.svelte";

export interface Search {
  readonly query: string;
  readonly range: Range;
  /** null until it is known where "all time" begins. */
  readonly times: { from: string; to: string } | null;
}

/** For pages of one issue: all time unless the address says otherwise, asked for as it is. */
const WHOLE: { preset: Preset; since: string } = { preset: "all", since: "1970-01-01T00:00:00Z" };

export function search(): Search {
  return make(pageRoute, null);
}

/** Call during the initialisation of a component. */
export function issueSearch(): Search {
  return make(address().route, WHOLE);
}

function make(route: Address["route"], whole: typeof WHOLE | null): Search {
  const range = $derived.by((): Range => {
    const params = route.params;
    if (whole && !params.has("range") && !params.has("from")) return { preset: whole.preset };
    return fromParams(params);
  });
  const since = $derived("preset" in range && range.preset === "all" ? (whole?.since ?? earliest()) : "");
  return {
    get query() { return route.params.get("q") ?? ""; },
    get range() { return range; },
    get times() { return since === null ? null : toRequest(range, since); },
  };
}
