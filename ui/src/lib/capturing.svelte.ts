// Asking the client for the values of the next occurrence of an issue, and taking that back.
import { getContext, setContext } from "svelte";
import { apiUrl, asFailure, sendJson } from "../api/client";
import type { CaptureNext, Issue } from "../api/types";
import { label } from "./hostile";
import { typeName } from "./format";
import { toasts } from "./toasts.svelte";

const KEY = Symbol("capturing");

export interface Capturing {
  /** The issue of the page, once it is known. */
  readonly issue: Issue | undefined;
  readonly sending: boolean;
  ask(): Promise<void>;
  takeBack(): Promise<void>;
}

/** For the issue of a page; `reload` brings what is true now. */
export function provideCapturing(issue: () => Issue | undefined, reload: () => void): void {
  let sending = $state(false);
  async function change(method: "PUT" | "DELETE", done: (name: string) => void, failed: string, again: () => void): Promise<void> {
    const about = issue();
    if (about === undefined || sending) return;
    sending = true;
    try {
      await sendJson<CaptureNext | null>(method, apiUrl(`/issues/${encodeURIComponent(about.id)}/capture-next`));
      done(label(typeName(about.type), 60));
    } catch (reason) {
      const error = asFailure(reason);
      toasts.fail(`${failed}: ${error.message}`, error.passing ? { text: "Try again", take: again } : null);
    }
    sending = false;
    reload();
  }
  const capturing: Capturing = {
    get issue() { return issue(); },
    get sending() { return sending; },
    ask: () => change("PUT", (name) => toasts.tell(`The values of the next ${name} are asked for`, { text: "Take back", take: () => void capturing.takeBack() }), "Not asked", () => void capturing.ask()),
    takeBack: () => change("DELETE", (name) => toasts.tell(`The values of the next ${name} are not asked for any more`), "Not taken back", () => void capturing.takeBack()),
  };
  setContext(KEY, capturing);
}

/** undefined outside of the page of an issue. */
export const capturing = (): Capturing | undefined => getContext<Capturing | undefined>(KEY);
