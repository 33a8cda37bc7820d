// A list of settings that is edited in its page and saved as a whole: what is served until something is changed, a draft from then on.
import { apiUrl, asFailure, sendJson } from "../api/client";
import type { Resource } from "../api/resource.svelte";
import { moved } from "./grouping";
import { me } from "./me.svelte";
import { same, type Problem } from "./redaction";
import { guarded, route } from "./router.svelte";
import { shortcut } from "./shortcuts.svelte";

/** All of a list, and the version that a change is of. */
type Served<List extends string, Item> = { version: number } & Readonly<Record<List, readonly Item[]>>;

export interface Editing<List extends string, Item> {
  /** Its address in the API. */
  path: string;
  /** What the API calls it. */
  list: List;
  /** What people call those in it. */
  name: string;
  fresh: () => Item;
  /** What no answer of the server can say. */
  wrong?: (items: readonly Item[]) => Problem | null;
  onsaved?: () => void;
}

/** Call it during the initialisation of the page: leaving is guarded, and `a` adds one. */
export function edited<List extends string, Item>(served: Resource<Served<List, Item>>, { path, list, name, fresh, wrong, onsaved }: Editing<List, Item>) {
  let draft = $state.raw<readonly Item[] | null>(null);
  let problem = $state.raw<Problem | null>(null);
  let saving = $state(false);
  let savedAs = $state<number | null>(null);
  const items = $derived<readonly Item[]>(draft ?? served.data?.[list] ?? []);
  const dirty = $derived(draft !== null && served.data !== undefined && !same(draft, served.data[list]));
  const disabled = $derived(!me.mayChangeSettings);
  /** What is wrong but belongs to no field of one of them. */
  const general = $derived(problem && !problem.field?.startsWith(`${list}.`) ? problem.message : null);

  function change(next: readonly Item[]): void {
    draft = next;
    problem = null;
    savedAs = null;
  }
  const add = () => change([...items, fresh()]);
  function fail(reason: unknown): void {
    const { field, message, at } = asFailure(reason);
    problem = { field, message, at };
  }
  /** Whether they can be sent; what is wrong is said otherwise. */
  function check(): boolean {
    problem = wrong?.(items) ?? null;
    return problem === null;
  }
  async function save(): Promise<void> {
    if (saving || !dirty || disabled || !check()) return;
    saving = true;
    const sent = draft;
    try {
      const answer = await sendJson<Served<List, Item>>("PUT", apiUrl(path), { version: served.data?.version ?? 0, [list]: items });
      savedAs = answer.version;
      // What was changed meanwhile is not saved yet.
      if (draft === sent) draft = null;
      served.reload();
      onsaved?.();
    } catch (reason) {
      fail(reason);
    }
    saving = false;
  }

  guarded((to) => (!dirty || to.pathname === route.path ? null : `The ${name} have changes that are not saved.`));
  shortcut("add", () => { if (!disabled) add(); });

  return {
    get items() { return items; },
    get dirty() { return dirty; },
    /** Whether the reader may only look. */
    get disabled() { return disabled; },
    get saving() { return saving; },
    /** The version that was saved last, until something is changed again. */
    get savedAs() { return savedAs; },
    get general() { return general; },
    /** What stands beside Save. */
    get problem() { return general ?? (problem ? `One of the ${name} cannot be used.` : null); },
    /** What is wrong with one of them, by its field. */
    problemOf(at: number): Problem | null {
      const start = `${list}.${at}.`;
      return problem?.field?.startsWith(start) ? { ...problem, field: problem.field.slice(start.length) } : null;
    },
    add,
    put: (at: number, item: Item) => change(items.map((one, i) => (i === at ? item : one))),
    move: (at: number, by: number) => change(moved(items, at, by)),
    remove: (at: number) => change(items.filter((_, i) => i !== at)),
    discard(): void {
      draft = null;
      problem = null;
    },
    check,
    fail,
    save,
  };
}
