// Which facets the panel shows, in which order: those of the server unless the reader chose others.

import type { ViewFacets } from "../api/types";

/** Keys that the server does not list by itself, but knows values of. */
export const EXTRA: readonly (readonly [key: string, label: string])[] = [
  ["has", "Values"], ["assignee", "Assignee"], ["owner", "Owner"], ["user", "User"], ["frame.function", "Function"], ["frame.file", "File"],
];
/** Each facet that is open asks the server. */
export const MOST = 30;
const KEY = /^(?:[a-z][\w.]*|@.{1,200})$/s;

export interface Choice {
  /** The keys in their order; null as long as nothing was chosen. */
  keys: readonly string[] | null;
  /** Whether the commonest tags stand below. */
  tags: boolean;
}

/** Whether a facet can be called so. */
export const isKey = (text: string): boolean => KEY.test(text);

/** A choice that a saved view has, with those that are folded. */
export interface ViewChoice extends Choice {
  folded: readonly string[];
}

/** What a saved view says of facets; null when it leaves them to the reader. */
export const ofView = (facets: ViewFacets | null | undefined): ViewChoice | null =>
  facets ? { keys: facets.keys ?? null, folded: facets.folded ?? [], tags: facets.tags !== false } : null;

export const AS_IT_IS: Choice = { keys: null, tags: true };

/** What was remembered, as far as it is understood. */
export function read(text: string | null): Choice {
  let stored: unknown = null;
  try {
    stored = JSON.parse(text ?? "null");
  } catch {
    return AS_IT_IS;
  }
  if (typeof stored !== "object" || stored === null) return AS_IT_IS;
  const { keys, tags } = stored as { keys?: unknown; tags?: unknown };
  const known = Array.isArray(keys) ? [...new Set(keys.filter((key): key is string => typeof key === "string" && isKey(key)))].slice(0, MOST) : null;
  return { keys: known, tags: tags !== false };
}

export const labelOf = (key: string, served: readonly { key: string; label: string }[]): string =>
  served.find((facet) => facet.key === key)?.label ?? EXTRA.find(([extra]) => extra === key)?.[1] ?? key.replace(/^@/, "");

/** Everything that can be chosen: what is shown in its order, then the rest. */
export function offered(shown: readonly string[], served: readonly { key: string }[]): string[] {
  return [...new Set([...shown, ...served.map((facet) => facet.key), ...EXTRA.map(([key]) => key)])];
}

export const without = (shown: readonly string[], key: string): string[] => shown.filter((one) => one !== key);

export const withKey = (shown: readonly string[], key: string): string[] => (shown.includes(key) || shown.length >= MOST ? [...shown] : [...shown, key]);

/** The key one place up (-1) or down (1), as far as there is one. */
export function moved(shown: readonly string[], key: string, by: -1 | 1): string[] {
  const at = shown.indexOf(key);
  const to = at + by;
  if (at < 0 || to < 0 || to >= shown.length) return [...shown];
  const next = [...shown];
  next.splice(at, 1);
  next.splice(to, 0, key);
  return next;
}
