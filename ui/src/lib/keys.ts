// Keys of programs: what one may do, and what a new one is asked with.
import type { NewKey } from "../api/types";

export const SCOPES = [
  ["values", "see captured values"],
  ["triage", "change where issues stand, and write comments"],
  ["unmask", "take masks off"],
  ["settings", "change settings, start jobs, read the audit log, look after keys"],
] as const;
export type Scope = (typeof SCOPES)[number][0];

/** What a key with these scopes may do; a scope that is not known here is shown as it is called. */
export const scopeWords = (scope: string): string => SCOPES.find(([id]) => id === scope)?.[1] ?? scope;

/** What is sent: the scopes in their own order, whichever was chosen first. */
export const newKey = (name: string, chosen: readonly Scope[]): NewKey =>
  ({ name: name.trim(), scopes: SCOPES.map(([id]) => id).filter((id) => chosen.includes(id)) });
