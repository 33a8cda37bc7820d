// The address that a component reads and changes: that of the page, or in a panel that of what the panel shows.
import { getContext, setContext } from "svelte";
import { carry, go, route, withParams } from "./router.svelte";

export interface Address {
  readonly route: Pick<typeof route, "path" | "params" | "returns">;
  go: typeof go;
  withParams: typeof withParams;
  carry: typeof carry;
  /** Where keys have to be pressed to act on what is there. */
  readonly scope: Scope;
}

export type Scope = "page" | "panel";

const page: Address = { route, go, withParams, carry, scope: "page" };
const KEY = Symbol("address");

/** Call during the initialisation of a component. */
export const address = (): Address => getContext<Address | undefined>(KEY) ?? page;

/** For what is inside of the component that calls it during its initialisation. */
export const provideAddress = (own: Address): Address => setContext(KEY, own);
