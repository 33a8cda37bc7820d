export type Theme = "system" | "light" | "dark";

const KEY = "reenact.theme";
const ORDER: Theme[] = ["system", "light", "dark"];

function remembered(): Theme {
  try {
    const stored = localStorage.getItem(KEY) as Theme;
    return ORDER.includes(stored) ? stored : "system";
  } catch {
    return "system"; // Storage can be forbidden; the page works without it.
  }
}

let current = $state<Theme>(remembered());

function apply(): void {
  if (current === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = current;
}

export const theme = {
  get current() { return current; },
  apply,
  next() {
    current = ORDER[(ORDER.indexOf(current) + 1) % ORDER.length]!;
    try {
      localStorage.setItem(KEY, current);
    } catch {
      // As above: then the choice lasts as long as the page.
    }
    apply();
  },
};
