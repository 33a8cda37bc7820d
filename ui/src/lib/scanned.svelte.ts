// The names of scanner rules by id, for marks that name only the id. Asked for once, when the first such mark is shown.
import { apiUrl, getJson } from "../api/client";
import type { ScannerGroups } from "../api/types";

let names = $state.raw<ReadonlyMap<string, string> | null>(null);
let asked = false;

export function remember({ groups }: ScannerGroups): void {
  asked = true;
  names = new Map(groups.flatMap((group) => (group.rules ?? []).map((rule) => [rule.id ?? "", rule.name] as const)));
}

async function ask(): Promise<void> {
  try {
    remember(await getJson<ScannerGroups>(apiUrl("/scanner/groups")));
  } catch {
    asked = false; // The mark says "scanner rule" then; the next page asks again.
  }
}

/** null while the name is not known, or when the rule was deleted. */
export function ruleName(id: string): string | null {
  if (!asked) {
    asked = true;
    queueMicrotask(() => void ask());
  }
  return names?.get(id) ?? null;
}
