// Which parts of the page the reader has folded, remembered on this machine.
import { keep, recall } from "./kept";

const KEY = "reenact.folded";

function remembered(): Record<string, boolean> {
  try {
    const stored: unknown = JSON.parse(recall(KEY) ?? "{}");
    return typeof stored === "object" && stored !== null ? (stored as Record<string, boolean>) : {};
  } catch {
    return {}; // Garbled: everything is unfolded then.
  }
}

const folded = $state(remembered());

export const isFolded = (name: string): boolean => folded[name] === true;

/** All that are folded. */
export const foldedNames = (): string[] => Object.keys(folded).filter(isFolded);

export function fold(name: string, is: boolean): void {
  if (isFolded(name) === is) return;
  folded[name] = is;
  keep(KEY, JSON.stringify(folded));
}
