// Changing issues: what has to be asked first, the change itself, what came of it, and the way back.
import { untrack } from "svelte";
import { ApiError, apiUrl, asFailure, sendJson } from "../api/client";
import type { BulkResult, ChangeResult, IssueChange, MergeResult, SplitResult, UndoResult } from "../api/types";
import { plural } from "./format";
import { me } from "./me.svelte";
import { toasts } from "./toasts.svelte";
import { changeOf, order, outcome, type Deed, type Outcome, type Tab } from "./workflow";

/** Issues that were pointed at. */
export interface Some {
  ids: readonly string[];
  /** What one alone is called. */
  name: string;
  assignee?: string | null;
  /** Given for one alone when its page is what the reader decided by: a change that somebody made meanwhile is then not overwritten. */
  revision?: number;
}

/** All issues that match, on the page or not. */
export interface Matching {
  query: string;
  from: string;
  to: string;
  state: Tab;
  total: number;
  /** Time range and tab in words. */
  where: string;
}

export type Target = Some | Matching;

export const isMatching = (target: Target): target is Matching => "query" in target;
const nameOf = (target: Target): string | null => (!isMatching(target) && target.ids.length === 1 ? target.name : null);
export const sizeOf = (target: Target): number => (isMatching(target) ? target.total : target.ids.length);

/** A deed that waits for an answer of the reader. */
let asking = $state.raw<{ deed: Deed; target: Target } | null>(null);
let round = $state(0);
let sending = $state(false);
/** Changes that can be undone, the last at the end. */
let past: readonly { id: string; text: string; toast: number }[] = [];
const PAST_LIMIT = 50;

export const triage = {
  get asking() { return asking; },
  get sending() { return sending; },
  cancel(): void { asking = null; },
  begin,
  send,
  merge,
  split,
  undo,
  undoLast,
};

/** Runs after every change made on this page, while a component is there; call during its initialisation. */
export function afterChange(action: () => void): void {
  let seen = round;
  $effect(() => {
    if (round === seen) return;
    seen = round;
    untrack(action);
  });
}

/** Does it at once, or asks first. What changes more than the page shows is always asked. */
function begin(deed: Deed, target: Target): void {
  if (!me.mayTriage) return void toasts.tell(me.known ? `${me.name} has no permission to change issues: triage in access.local_admin` : "What you may change is not known yet");
  if (sizeOf(target) === 0) return void toasts.tell("No issue is chosen: j and k go to one, x selects it");
  const change = changeOf(deed, me.name);
  if (change === null || isMatching(target)) asking = { deed, target };
  else void send(target, change);
}

async function send(target: Target, change: IssueChange): Promise<void> {
  if (sending) return;
  sending = true;
  try {
    const { change_id, ...what } = await put(target, change);
    const text = outcome(change, nameOf(target), what);
    asking = null;
    round += 1;
    if (change_id) remember(change_id, text);
    else toasts.tell(text);
  } catch (reason) {
    asking = null;
    refused(target, change, asFailure(reason));
  }
  sending = false;
}

/** Makes issues one, with one undo: into the one that is named, or the one with the most events. */
async function merge(ids: readonly string[], into: { id: string; name: string } | null, nameOfId: (id: string) => string | undefined = () => undefined): Promise<void> {
  if (!me.mayTriage) return void toasts.tell(`${me.name} has no permission to change issues: triage in access.local_admin`);
  if (ids.length + (into ? 1 : 0) < 2) return void toasts.tell("Merging needs two issues: x selects one, x on another row the next");
  await changed("Not merged", () => void merge(ids, into, nameOfId), async () => {
    const answer = await sendJson<MergeResult>("POST", apiUrl("/issues/merge"), { issues: ids, ...(into ? { into: into.id } : {}) });
    const name = (into?.id === answer.into ? into.name : nameOfId(answer.into)) ?? answer.into;
    return { change_id: answer.change_id, text: answer.change_id ? `Merged into ${name}: ${plural(answer.merged.length, "issue")}` : `They are one issue already: ${name}` };
  });
}

/** Makes an issue that was merged itself again. */
async function split(from: string, member: string, name: string): Promise<void> {
  await changed("Not split off", () => void split(from, member, name), async () => {
    const { change_id } = await sendJson<SplitResult>("POST", apiUrl(`/issues/${encodeURIComponent(from)}/split`), { members: [member] });
    return { change_id, text: `Split off: ${name}` };
  });
}

async function changed(failed: string, again: () => void, change: () => Promise<{ change_id?: string | null; text: string }>): Promise<void> {
  if (sending) return;
  sending = true;
  try {
    const { change_id, text } = await change();
    round += 1;
    if (change_id) remember(change_id, text);
    else toasts.tell(text);
  } catch (reason) {
    const error = asFailure(reason);
    toasts.fail(`${failed}: ${error.message}`, error.passing ? { text: "Try again", take: again } : null);
  }
  sending = false;
}

async function put(target: Target, change: IssueChange): Promise<Outcome & { change_id?: string | null }> {
  if (isMatching(target)) {
    const { query, from, to, state } = target;
    return sendJson<BulkResult>("POST", apiUrl("/issues/bulk"), { query, from, to, state, change });
  }
  const [only, ...more] = target.ids;
  if (only === undefined || more.length > 0) return sendJson<BulkResult>("POST", apiUrl("/issues/bulk"), { ids: target.ids, change });
  const body = target.revision === undefined ? change : { ...change, revision: target.revision };
  const { change_id } = await sendJson<ChangeResult>("PATCH", apiUrl(`/issues/${encodeURIComponent(only)}`), body);
  return { change_id, changed: change_id ? 1 : 0, unchanged: change_id ? 0 : 1, missing: 0 };
}

function refused(target: Target, change: IssueChange, error: ApiError): void {
  if (error.code === "revision_conflict" && !isMatching(target)) {
    round += 1;
    const { revision: _, ...any } = target;
    toasts.fail(`Not changed: somebody else changed ${target.name} meanwhile. It is shown as it is now.`, { text: "Change it all the same", take: () => void send(any, change) });
    return;
  }
  const deed = order(change, nameOf(target) ?? plural(sizeOf(target), "issue"));
  toasts.fail(`Not done (${deed}): ${error.message}`, error.passing ? { text: "Try again", take: () => void send(target, change) } : null);
}

function remember(id: string, text: string): void {
  const toast = toasts.tell(text, { text: "Undo", keys: "u", take: () => void undo(id) });
  past = [...past, { id, text, toast }].slice(-PAST_LIMIT);
}

async function undo(id: string): Promise<void> {
  const entry = past.find((one) => one.id === id);
  past = past.filter((one) => one.id !== id);
  if (entry) toasts.dismiss(entry.toast);
  try {
    const { undone, skipped } = await sendJson<UndoResult>("POST", apiUrl(`/changes/${encodeURIComponent(id)}/undo`));
    const what = entry ? `Undone: ${entry.text}` : `Undone for ${plural(undone, "issue")}`;
    const rest = `${plural(skipped, "issue was", "issues were")} changed again since and stay${skipped === 1 ? "s" : ""} so`;
    toasts.tell(undone === 0 ? `Nothing undone: ${rest}` : skipped > 0 ? `${what}. ${rest}` : what);
  } catch (reason) {
    const error = asFailure(reason);
    if (error.code === "already_undone") toasts.tell("This was undone already");
    else {
      if (entry && error.passing) past = [...past, entry];
      toasts.fail(`Not undone: ${error.message}`, error.passing ? { text: "Try again", take: () => void undo(id) } : null);
    }
  }
  round += 1;
}

function undoLast(): void {
  const last = past.at(-1);
  if (last) void undo(last.id);
  else toasts.tell("There is nothing to undo");
}
