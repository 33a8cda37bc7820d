// A frame's variables as the flat list of rows that is on screen, and moving around in it.
import type { FrameValues, Value } from "../api/types";
import { earlier, gone, type Moment, type Then } from "./moments";
import { repr } from "./repr";
import type { Shared, SharedObject } from "./shared";
import { written } from "./valuepath";
import { children, hasChildren, isElsewhere, type Child } from "./values";

export const CHUNK = 50;
const NOTHING_SHARED: Shared = new Map();

interface Base {
  /** Unique within the tree; also what the address and "copy path" use. */
  path: string;
  depth: number;
  position: number;
  setSize: number;
}
export interface GroupRow extends Base {
  kind: "group";
  name: string;
  count: number;
  expanded: boolean;
}
export interface ValueRow extends Base {
  kind: "value";
  name: string;
  /** The path as the server reads it; null when it has none. */
  valuePath: string | null;
  /** What Python writes to reach it. */
  python: string;
  /** The value; of an object that stands elsewhere, what it is there. */
  value: Value;
  expandable: boolean;
  expanded: boolean;
  onLine: boolean;
  /** What the variable was before, where that is something else. */
  earlier: readonly Then[];
  /** Of a row that shows a variable at one moment. */
  moment: Moment | null;
  /** Of a variable that was not there any more when the frame was captured: when this was its value. */
  gone: Moment | null;
  /** `*` or `**` before the name of an argument. */
  sign: string;
  /** The object, where it has more places than this one. */
  shared: SharedObject | null;
  /** Whether its content stands at another place. */
  elsewhere: boolean;
}
export interface MoreRow extends Base {
  kind: "more";
  parent: string;
  next: number;
  total: number;
}
export type Row = GroupRow | ValueRow | MoreRow;

export interface Variable extends Child {
  earlier?: readonly Then[];
  moment?: Moment;
  gone?: Moment;
  sign?: string;
}
export interface Group {
  name: string;
  variables: Variable[];
}

const EXCEPTION = "@exception";

/** Variables by scope. Those used on the failing line come first within theirs, and their scopes before the others. */
export function groups(values: FrameValues, onLine: ReadonlySet<string>): Group[] {
  const signs = new Map((values.parameters ?? []).map(({ name, kind }) => [name, kind === "var_positional" ? "*" : kind === "var_keyword" ? "**" : ""]));
  const left = gone(values);
  const before = { ...values.at_entry, ...values.at_raise };
  const plain = (name: string, value: Value): Variable => ({ name, step: name, segment: name, value, sign: signs.get(name) ?? "" });
  const scope = (map: Record<string, Value> | undefined, lost: string[] = []): Variable[] =>
    [
      ...Object.entries(map ?? {}).filter(([name]) => name !== EXCEPTION).map(([name, value]) => ({ ...plain(name, value), earlier: earlier(values, name, value) })),
      ...lost.map((name) => ({ ...plain(name, before[name]!), segment: null, gone: values.at_raise && Object.hasOwn(values.at_raise, name) ? ("raise" as const) : ("entry" as const) })),
    ].sort((a, b) => Number(onLine.has(b.name)) - Number(onLine.has(a.name)));
  const exception = values.locals?.[EXCEPTION];
  const used = (group: Group): number => Number(group.variables.some((v) => onLine.has(v.name)));
  const scopes = [
    { name: "Arguments", variables: scope(values.arguments, left.filter((name) => signs.has(name))) },
    { name: "Locals", variables: scope(values.locals, left.filter((name) => !signs.has(name))) },
    { name: "Closure", variables: scope(values.closure) },
    { name: "Globals used", variables: scope(values.globals) },
  ].sort((a, b) => used(b) - used(a));
  return [
    ...scopes,
    { name: "Exception", variables: exception ? [plain(EXCEPTION, exception)] : [] },
  ].filter((group) => group.variables.length > 0);
}

/** What stands below a variable: first itself at each moment, where it has several, then its parts. */
export function below(variable: Variable, content: Value): Variable[] {
  const at = (moment: Moment, value: Value): Variable => ({ name: "", step: `@${moment}`, segment: null, python: "", value, moment });
  const moments = (variable.earlier ?? []).map((then) => at(then.moment, then.value));
  const parts = children(content);
  return moments.length > 0 && parts.length === 0 ? [...moments, at("caught", variable.value)] : [...moments, ...parts];
}

/** The content of a value, which may stand elsewhere, as long as it is not one of those that it is in. */
function contentOf(value: Value, shared: Shared, open: readonly number[]): Value | null {
  if (value.ref == null || !isElsewhere(value)) return value;
  return open.includes(value.ref) ? null : (shared.get(value.ref)?.holder.value ?? null);
}

export interface View {
  /** Paths whose expansion differs from the default (groups start open, values closed). */
  toggled: ReadonlySet<string>;
  /** How many children of a path are listed; CHUNK when absent. */
  listed: ReadonlyMap<string, number>;
  filter: string;
}

export const groupPath = (name: string): string => `§${name}`;

/** Where a list of rows is. */
interface Level {
  parent: string;
  prefix: string;
  python: string;
  depth: number;
  segments: readonly string[] | null;
  /** Numbers of the objects that these rows are in. */
  open: readonly number[];
}

export function flatten(all: Group[], view: View, onLine: ReadonlySet<string>, shared: Shared = NOTHING_SHARED): Row[] {
  const rows: Row[] = [];
  const needle = view.filter.trim().toLowerCase();
  const kept = needle ? filter(all, needle, shared) : all;

  const list = (items: Variable[], level: Level) => {
    const { parent, depth } = level;
    const shown = Math.min(items.length, view.listed.get(parent) ?? CHUNK);
    const setSize = shown < items.length ? shown + 1 : items.length;
    for (const [i, item] of items.slice(0, shown).entries()) {
      const { name, segment, value } = item;
      const path = level.prefix + item.step;
      const python = level.python + (item.python ?? item.step);
      const content = contentOf(value, shared, level.open);
      const object = value.ref == null ? null : (shared.get(value.ref) ?? null);
      const elsewhere = isElsewhere(value);
      // What stands elsewhere is found there by the server.
      const segments = elsewhere ? (object?.holder.segments ?? null) : level.segments && segment !== null ? [...level.segments, segment] : null;
      const expandable = (content !== null && hasChildren(content)) || (item.earlier?.length ?? 0) > 0;
      const expanded = expandable && view.toggled.has(path);
      rows.push({
        kind: "value", path, depth, position: i + 1, setSize, name, valuePath: segments && written(segments), python, value: content ?? value, expandable, expanded, onLine: depth === 2 && onLine.has(name),
        earlier: item.earlier ?? [], moment: item.moment ?? null, gone: item.gone ?? null, sign: item.sign ?? "", shared: object, elsewhere,
      });
      const open = value.ref == null ? level.open : [...level.open, value.ref];
      if (expanded) list(below(item, content ?? value), { parent: path, prefix: path, python, depth: depth + 1, segments, open });
    }
    if (shown < items.length) {
      rows.push({ kind: "more", path: `${parent}…`, parent, depth, position: setSize, setSize, next: Math.min(CHUNK, items.length - shown), total: items.length });
    }
  };

  for (const [i, group] of kept.entries()) {
    const path = groupPath(group.name);
    const expanded = !view.toggled.has(path);
    rows.push({ kind: "group", path, depth: 1, position: i + 1, setSize: kept.length, name: group.name, count: group.variables.length, expanded });
    // The same name may stand in two scopes; the first scope has the plain path.
    if (expanded) list(group.variables, { parent: path, prefix: rank(kept, i), python: rank(kept, i), depth: 2, segments: [], open: [] });
  }
  return rows;
}

/** Arguments and locals may share names (a closed-over argument is in both), so later scopes get a prefix that keeps paths unique. */
function rank(all: Group[], index: number): string {
  const names = new Set(all.slice(0, index).flatMap((g) => g.variables.map((v) => v.name)));
  return all[index]!.variables.some((v) => names.has(v.name)) ? `${all[index]!.name.toLowerCase().split(" ")[0]}:` : "";
}

/** A path without the prefix of its scope as the path in this tree. */
export const pathIn = (all: Group[], scope: string, bare: string): string => {
  const index = all.findIndex((group) => group.name === scope);
  return index < 0 ? bare : rank(all, index) + bare;
};

function filter(all: Group[], needle: string, shared: Shared): Group[] {
  return all
    .map((group) => ({
      name: group.name,
      variables: group.variables.filter((v) => v.name.toLowerCase().includes(needle) || repr(v.value, 4_000, shared).toLowerCase().includes(needle)),
    }))
    .filter((group) => group.variables.length > 0);
}

/** Everything above a path that must be open for it to be on screen. */
export const ancestors = (all: Group[], target: string, shared: Shared = NOTHING_SHARED): string[] => trail(all, target, shared)?.open ?? [];

export interface Trail {
  /** The group that it is in. */
  group: string;
  /** Paths above it, which must be open. */
  open: string[];
  /** How many children of a path must be listed. */
  listed: [path: string, count: number][];
}

/** What must be done for a path to be on screen; null when the tree does not have it. */
export function trail(all: Group[], target: string, shared: Shared = NOTHING_SHARED): Trail | null {
  for (const [i, group] of all.entries()) {
    const path = groupPath(group.name);
    const found = search(group.variables, rank(all, i), target, shared, []);
    if (!found) continue;
    const listed = [path, ...found.open].map((parent, at): [string, number] => [parent, Math.ceil((found.indexes[at]! + 1) / CHUNK) * CHUNK]);
    return { group: path, open: found.open, listed: listed.filter(([, count]) => count > CHUNK) };
  }
  return null;
}

function search(items: Variable[], prefix: string, target: string, shared: Shared, open: readonly number[]): { open: string[]; indexes: number[] } | null {
  for (const [index, item] of items.entries()) {
    const path = prefix + item.step;
    if (path === target) return { open: [], indexes: [index] };
    if (!target.startsWith(path)) continue;
    const { ref } = item.value;
    const found = search(below(item, contentOf(item.value, shared, open) ?? item.value), path, target, shared, ref == null ? open : [...open, ref]);
    if (found) return { open: [path, ...found.open], indexes: [index, ...found.indexes] };
  }
  return null;
}

/** The part of the rows to mount: at most `limit` of them, around the active one. */
export function windowAround(total: number, active: number, limit: number): { start: number; end: number } {
  if (total <= limit) return { start: 0, end: total };
  const start = Math.max(0, Math.min(total - limit, active - Math.floor(limit / 2)));
  return { start, end: start + limit };
}

export type Move = { to: number } | { toggle: string } | null;

/** What a key does in a tree, after the ARIA practices. */
export function onKey(rows: Row[], active: number, key: string): Move {
  const row = rows[active];
  if (!row) return null;
  const open = row.kind !== "more" && row.expanded;
  const closable = row.kind === "group" || (row.kind === "value" && row.expandable);
  switch (key) {
    case "ArrowDown":
      return { to: Math.min(rows.length - 1, active + 1) };
    case "ArrowUp":
      return { to: Math.max(0, active - 1) };
    case "Home":
      return { to: 0 };
    case "End":
      return { to: rows.length - 1 };
    case "ArrowRight":
      if (!closable) return null;
      return open ? { to: Math.min(rows.length - 1, active + 1) } : { toggle: row.path };
    case "ArrowLeft": {
      if (open && closable) return { toggle: row.path };
      const parent = rows.findLastIndex((r, i) => i < active && r.depth < row.depth);
      return parent >= 0 ? { to: parent } : null;
    }
    default:
      return null;
  }
}
