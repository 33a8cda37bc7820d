// Keys that work outside of inputs. The help sheet lists exactly this table.
import { address, type Scope } from "./address.svelte";

export const SHORTCUTS = [
  { id: "search", keys: "/", where: "Everywhere", does: "Go to the search" },
  { id: "issues", keys: "g i", where: "Everywhere", does: "Go to the issues" },
  { id: "settings", keys: "g s", where: "Everywhere", does: "Go to the settings" },
  { id: "help", keys: "?", where: "Everywhere", does: "Show or hide this sheet" },
  { id: "down", keys: "j", where: "Lists", does: "Next row" },
  { id: "up", keys: "k", where: "Lists", does: "Previous row" },
  { id: "range", keys: "t", where: "Lists", does: "Choose the time range, also on an issue" },
  { id: "sort", keys: "s", where: "Lists", does: "Choose the order" },
  { id: "stateLeft", keys: "[", where: "Lists", does: "Tab to the left: For review, Reviewed, Resolved, Ignored, All" },
  { id: "stateRight", keys: "]", where: "Lists", does: "Tab to the right" },
  { id: "select", keys: "x", where: "Lists", does: "Select the row, or not" },
  { id: "selectRange", keys: "Shift+x", where: "Lists", does: "Select all from the last selected one to here" },
  { id: "issuePage", keys: "o", where: "Lists", does: "Open the issue in focus as a page; Enter opens it beside the list" },
  { id: "peek", keys: "p", where: "Lists", does: "A look at the issue in focus: its frames; again, or Esc, closes it" },
  { id: "peekValues", keys: "v", where: "Lists", does: "In that look: the values of the line that failed" },
  { id: "resolve", keys: "e", where: "Issues", does: "Resolve: the selected ones, or the one in focus" },
  { id: "review", keys: "r", where: "Issues", does: "Mark as reviewed" },
  { id: "ignore", keys: "i", where: "Issues", does: "Ignore for ever, or until something happens" },
  { id: "assign", keys: "a", where: "Issues", does: "Assign" },
  { id: "assignMe", keys: "Shift+a", where: "Issues", does: "Assign to me" },
  { id: "merge", keys: "m", where: "Lists", does: "Merge the selected issues into the one with the most events" },
  { id: "undo", keys: "u", where: "Issues", does: "Undo the last change; again, the one before" },
  { id: "fullWidth", keys: "f", where: "Issues", does: "The issue beside its list as a page of its own, or back" },
  { id: "activity", keys: "h", where: "Issues", does: "Activity of the issue, or back to its occurrence" },
  { id: "similar", keys: "l", where: "Issues", does: "View similar errors: all occurrences of the issue, or back to the one" },
  { id: "comment", keys: "c", where: "Issues", does: "Comment on the issue" },
  { id: "older", keys: "n", where: "Occurrence", does: "Next occurrence (older)" },
  { id: "newer", keys: "p", where: "Occurrence", does: "Previous occurrence (newer)" },
  { id: "olderWithValues", keys: "Shift+n", where: "Occurrence", does: "Next occurrence with values" },
  { id: "newerWithValues", keys: "Shift+p", where: "Occurrence", does: "Previous occurrence with values" },
  { id: "nextIssue", keys: "Shift+j", where: "Issues", does: "Next issue of the list" },
  { id: "previousIssue", keys: "Shift+k", where: "Issues", does: "Previous issue of the list" },
  { id: "markdown", keys: "m", where: "Occurrence", does: "Copy as Markdown" },
  { id: "tabLeft", keys: "[", where: "Occurrence", does: "Tab to the left" },
  { id: "tabRight", keys: "]", where: "Occurrence", does: "Tab to the right" },
  { id: "compare", keys: "d", where: "Occurrence", does: "Compare with the next older one that has values; in the table, the two selected ones" },
  { id: "reproduce", keys: "y", where: "Occurrence", does: "Reproduce: a test that raises the exception again, where there are values" },
  { id: "nextDifference", keys: "]", where: "Compare", does: "Next difference" },
  { id: "previousDifference", keys: "[", where: "Compare", does: "Previous difference" },
  { id: "swap", keys: "w", where: "Compare", does: "Swap the sides" },
  { id: "sectionLeft", keys: "[", where: "Settings", does: "Section before" },
  { id: "sectionRight", keys: "]", where: "Settings", does: "Next section" },
  { id: "add", keys: "a", where: "Settings", does: "Add: a group of scanner rules, rules for a service, a repository, a key" },
  { id: "try", keys: "y", where: "Settings", does: "Go to the tester" },
  { id: "hitsRange", keys: "h", where: "Settings", does: "Hits of the scanner: 24 hours, 7 days, 30 days" },
  { id: "full", keys: ".", where: "Stack & values", does: "All frames, or the most relevant" },
  { id: "filter", keys: "v", where: "Stack & values", does: "Filter the variables" },
] as const;

/** Keys that belong to the focused frame or tree; listed for help, handled where the focus is. */
export const FOCUS_KEYS = [
  { keys: "↑ ↓", where: "Stack & values", does: "Move between frames or variables" },
  { keys: "→ ←", where: "Stack & values", does: "Open or close a frame or variable" },
  { keys: "Home End", where: "Stack & values", does: "First or last variable" },
  { keys: "Ctrl+s", where: "Settings", does: "Save what was changed" },
  { keys: "Ctrl+Enter", where: "Settings", does: "Try the rules on the text" },
  { keys: "Enter", where: "Settings", does: "In a list: add what was typed" },
  { keys: "Backspace", where: "Settings", does: "In an empty field of a list: take the last one off" },
  { keys: "Alt+↑ Alt+↓", where: "Settings", does: "Move the rules of a service up or down" },
  { keys: "Enter", where: "Lists", does: "Open the issue in focus beside the list; its keys then work in that panel" },
  { keys: "Esc", where: "Lists", does: "Close the issue beside the list; select nothing" },
  { keys: "← → Home End", where: "Issues", does: "On the edge of the panel: wider, narrower, as narrow or as wide as can be" },
  { keys: "Ctrl+Enter", where: "Issues", does: "Send the comment" },
  { keys: "c", where: "Stack & values", does: "Copy the value of the selected variable" },
  { keys: "u", where: "Stack & values", does: "Unmask the selected value" },
  { keys: "j", where: "Stack & values", does: "Go to another place of the selected object, where it has several" },
  { keys: "o", where: "Stack & values", does: "Pin the selected variable as a column of the occurrences, or unpin it" },
  { keys: "Shift+c", where: "Stack & values", does: "Copy the path of the selected variable" },
] as const;

export type ShortcutId = (typeof SHORTCUTS)[number]["id"];
type Action = () => void | Promise<void>;

const actions: Record<Scope, Map<ShortcutId, Action>> = { page: new Map(), panel: new Map() };

/** Binds a shortcut while a component is on the page; call during its initialisation. In a panel it acts there. */
export function shortcut(id: ShortcutId, action: Action): void {
  const own = actions[address().scope];
  $effect(() => {
    own.set(id, action);
    return () => { if (own.get(id) === action) own.delete(id); };
  });
}

/** Where keys act while nothing has the focus: where it was, or where was pointed at. */
let lately: Scope = "page";
export const keysGoTo = (scope: Scope): void => { lately = scope; };

const scopeOf = (target: Element | null): Scope => {
  if (target === null || target === document.body) return lately;
  return target.closest("[data-panel]") ? "panel" : "page";
};

/** What a key does there. Keys that work everywhere do so in a panel as well. */
function find(keys: string, scope: Scope): Action | undefined {
  for (const { id, keys: own, where } of SHORTCUTS) {
    if (own !== keys) continue;
    const action = actions[scope].get(id) ?? (where === "Everywhere" ? actions.page.get(id) : undefined);
    if (action) return action;
  }
  return undefined;
}

let prefix: string | null = null;

export function onShortcutKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("input:not([type=checkbox]), select, textarea, [contenteditable]")) return;
  if (target?.closest("dialog[open]") && event.key !== "?") return;
  if (event.key === "Shift") return;
  const letter = event.key.length === 1 && event.shiftKey && /[A-Za-z]/.test(event.key);
  const key = letter ? `Shift+${event.key.toLowerCase()}` : event.key;
  const keys = prefix ? `${prefix} ${key}` : key;
  prefix = keys === "g" ? "g" : null;
  const action = find(keys, scopeOf(target));
  if (!action) return;
  event.preventDefault();
  void action();
}
