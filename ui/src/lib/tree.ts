// A frame's variables as the flat list of rows that is on screen, and moving around in it.
import type { FrameValues, Value } from "../api/types";
import { written } from "./valuepath";
import { children, hasChildren, repr, type Child } from "./values";

export const CHUNK = 50;

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
  value: Value;
  expandable: boolean;
  expanded: boolean;
  onLine: boolean;
}
export interface MoreRow extends Base {
  kind: "more";
  parent: string;
  next: number;
  total: number;
}
export type Row = GroupRow | ValueRow | MoreRow;

export interface Group {
  name: string;
  variables: Child[];
}

const EXCEPTION = "@exception";

/** Variables by scope. Those used on the failing line come first within theirs, and their scopes before the others. */
export function groups(values: FrameValues, onLine: ReadonlySet<string>): Group[] {
  const scope = (map: Record<string, Value> | undefined): Child[] =>
    Object.entries(map ?? {})
      .filter(([name]) => name !== EXCEPTION)
      .map(([name, value]) => ({ name, step: name, segment: name, value }))
      .sort((a, b) => Number(onLine.has(b.name)) - Number(onLine.has(a.name)));
  const exception = values.locals?.[EXCEPTION];
  const used = (group: Group): number => Number(group.variables.some((v) => onLine.has(v.name)));
  const scopes = [
    { name: "Arguments", variables: scope(values.arguments) },
    { name: "Locals", variables: scope(values.locals) },
    { name: "Closure", variables: scope(values.closure) },
    { name: "Globals used", variables: scope(values.globals) },
  ].sort((a, b) => used(b) - used(a));
  return [
    ...scopes,
    { name: "Exception", variables: exception ? [{ name: EXCEPTION, step: EXCEPTION, segment: EXCEPTION, value: exception }] : [] },
  ].filter((group) => group.variables.length > 0);
}

export interface View {
  /** Paths whose expansion differs from the default (groups start open, values closed). */
  toggled: ReadonlySet<string>;
  /** How many children of a path are listed; CHUNK when absent. */
  listed: ReadonlyMap<string, number>;
  filter: string;
}

export const groupPath = (name: string): string => `§${name}`;

export function flatten(all: Group[], view: View, onLine: ReadonlySet<string>): Row[] {
  const rows: Row[] = [];
  const needle = view.filter.trim().toLowerCase();
  const kept = needle ? filter(all, needle) : all;

  const list = (items: Child[], parent: string, prefix: string, depth: number, above: readonly string[] | null) => {
    const shown = Math.min(items.length, view.listed.get(parent) ?? CHUNK);
    const setSize = shown < items.length ? shown + 1 : items.length;
    for (const [i, { name, step, segment, value }] of items.slice(0, shown).entries()) {
      const path = prefix + step;
      const segments = above && segment !== null ? [...above, segment] : null;
      const expandable = hasChildren(value);
      const expanded = expandable && view.toggled.has(path);
      rows.push({ kind: "value", path, depth, position: i + 1, setSize, name, valuePath: segments && written(segments), value, expandable, expanded, onLine: depth === 2 && onLine.has(name) });
      if (expanded) list(children(value), path, path, depth + 1, segments);
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
    if (expanded) list(group.variables, path, rank(kept, i), 2, []);
  }
  return rows;
}

/** Arguments and locals may share names (a closed-over argument is in both), so later scopes get a prefix that keeps paths unique. */
function rank(all: Group[], index: number): string {
  const names = new Set(all.slice(0, index).flatMap((g) => g.variables.map((v) => v.name)));
  return all[index]!.variables.some((v) => names.has(v.name)) ? `${all[index]!.name.toLowerCase().split(" ")[0]}:` : "";
}

function filter(all: Group[], needle: string): Group[] {
  return all
    .map((group) => ({
      name: group.name,
      variables: group.variables.filter((v) => v.name.toLowerCase().includes(needle) || repr(v.value, 4_000).toLowerCase().includes(needle)),
    }))
    .filter((group) => group.variables.length > 0);
}

/** Everything above a path that must be open for it to be on screen. */
export function ancestors(all: Group[], target: string): string[] {
  for (const [i, group] of all.entries()) {
    const found = search(group.variables, rank(all, i), target);
    if (found) return found;
  }
  return [];
}

function search(items: Child[], prefix: string, target: string): string[] | null {
  for (const { step, value } of items) {
    const path = prefix + step;
    if (path === target) return [];
    if (target.startsWith(path) && hasChildren(value)) {
      const below = search(children(value), path, target);
      if (below) return [path, ...below];
    }
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
