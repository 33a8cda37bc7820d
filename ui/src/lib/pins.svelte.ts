// The pinned variables of an issue: columns of its occurrences, the same for everybody.
import { getContext, setContext } from "svelte";
import { apiUrl, asFailure, sendJson } from "../api/client";
import { resource } from "../api/resource.svelte";
import type { PinList } from "../api/types";
import { cut, visible } from "./hostile";
import { me } from "./me.svelte";
import { toasts } from "./toasts.svelte";

const KEY = Symbol("pins");

export interface Pins {
  /** Whether this reader may change them. */
  readonly may: boolean;
  has(path: string): boolean;
  toggle(path: string): Promise<void>;
}

const address = (issueId: string): string => `/issues/${encodeURIComponent(issueId)}/pins`;
const said = (path: string): string => visible(cut(path, 60));

/** Takes a pin away; whether that worked. */
export async function unpin(issueId: string, path: string, inFunction: string | null): Promise<PinList | null> {
  try {
    const list = await sendJson<PinList>("DELETE", apiUrl(address(issueId), { path, function: inFunction }));
    toasts.tell(`${said(path)} is no column any more`);
    return list;
  } catch (reason) {
    toasts.fail(`Not unpinned: ${asFailure(reason).message}`);
    return null;
  }
}

export function providePins(issueId: () => string): void {
  const pins = resource<PinList>(() => (me.mayTriage && me.maySeeValues ? apiUrl(address(issueId())) : null), issueId);
  // What was changed here since the list was loaded.
  let changed = $state.raw<{ issueId: string; list: PinList } | null>(null);
  const list = $derived(changed?.issueId === issueId() ? changed.list : pins.data);
  const has = (path: string): boolean => list?.pins.some((pin) => pin.path === path && pin.function == null) ?? false;
  setContext<Pins>(KEY, {
    get may() { return list !== undefined; },
    has,
    async toggle(path) {
      const issue = issueId();
      if (has(path)) {
        const left = await unpin(issue, path, null);
        if (left) changed = { issueId: issue, list: left };
        return;
      }
      try {
        changed = { issueId: issue, list: await sendJson<PinList>("POST", apiUrl(address(issue)), { path }) };
        toasts.tell(`${said(path)} is a column of the occurrences now`);
      } catch (reason) {
        toasts.fail(`Not pinned: ${asFailure(reason).message}`);
      }
    },
  });
}

/** undefined outside of an occurrence. */
export const pinning = (): Pins | undefined => getContext<Pins | undefined>(KEY);
