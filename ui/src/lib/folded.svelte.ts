// Which parts of the page the reader has folded, remembered on this machine.
const KEY = "reenact.folded";

function remembered(): Record<string, boolean> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof stored === "object" && stored !== null ? (stored as Record<string, boolean>) : {};
  } catch {
    return {}; // Storage can be forbidden or garbled; everything is unfolded then.
  }
}

const folded = $state(remembered());

export const isFolded = (name: string): boolean => folded[name] === true;

export function fold(name: string, is: boolean): void {
  if (isFolded(name) === is) return;
  folded[name] = is;
  try {
    localStorage.setItem(KEY, JSON.stringify(folded));
  } catch {
    // As above: then it lasts as long as the page.
  }
}
