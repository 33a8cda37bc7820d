// Where an issue is shown: as a page of its own, or in a panel beside the list of issues.
// The panel has in the address of the list what the page has in its own: `issue` names the issue, and under `issue.…` stands the rest.
// What both search by, query and range, is that of the list until it differs.
import { pathParts } from "./path";
import { DEFAULT_PRESET } from "./range";

const TABS = ["activity", "similar", "grouping", "correlations"] as const;
export type IssueView = "occurrence" | "occurrences" | (typeof TABS)[number];

export interface IssuePlace {
  issue: string;
  event: string | null;
  view: IssueView;
}

const isTab = (text: string): text is (typeof TABS)[number] => (TABS as readonly string[]).includes(text);

/** What the path of an issue's page shows; null for any other path. */
export function readPath(path: string): IssuePlace | null {
  const [first, issue, kind, event, ...more] = pathParts(path);
  if (first !== "issues" || issue === undefined || more.length > 0) return null;
  if (kind === undefined) return { issue, event: null, view: "occurrence" };
  if (kind === "events") return { issue, event: event ?? null, view: event === undefined ? "occurrences" : "occurrence" };
  return isTab(kind) && event === undefined ? { issue, event: null, view: kind } : null;
}

export function writePath({ issue, event, view }: IssuePlace): string {
  const path = `/issues/${encodeURIComponent(issue)}`;
  if (view === "occurrence") return event === null ? path : `${path}/events/${encodeURIComponent(event)}`;
  return view === "occurrences" ? `${path}/events` : `${path}/${view}`;
}

const NAME = "issue";
const OWN = "issue.";
const TIMES = ["range", "from", "to"];
/** These say where in the issue it is, so nothing else can be called so. */
const PLACE = ["view", "event"];

const readView = (text: string | null): IssueView => (text === "occurrences" || (text !== null && isTab(text)) ? text : "occurrence");
const timesOf = (params: URLSearchParams): string => TIMES.map((key) => params.get(key) ?? "").join("\n");

export const openIn = (list: URLSearchParams): string | null => list.get(NAME) || null;

/** The list alone. */
export function withoutIssue(list: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...list].filter(([key]) => key !== NAME && !key.startsWith(OWN)));
}

export interface PageAddress {
  path: string;
  params: URLSearchParams;
}

/** What would be the address of the page of the issue that is open beside a list. */
export function toPage(list: URLSearchParams): PageAddress | null {
  const issue = openIn(list);
  if (issue === null) return null;
  const view = readView(list.get(`${OWN}view`));
  const path = writePath({ issue, view, event: view === "occurrence" ? list.get(`${OWN}event`) || null : null });
  const params = new URLSearchParams();
  for (const [key, value] of list) {
    const name = key.slice(OWN.length);
    if (key.startsWith(OWN) && !PLACE.includes(name) && value !== "") params.set(name, value);
  }
  const query = list.get("q");
  if (!list.has(`${OWN}q`) && query) params.set("q", query);
  if (!TIMES.some((key) => params.has(key))) {
    for (const key of TIMES) {
      const value = list.get(key);
      if (value) params.set(key, value);
    }
    // The page of an issue looks at all time by itself, a list does not.
    if (!TIMES.some((key) => params.has(key))) params.set("range", DEFAULT_PRESET);
  }
  return { path, params };
}

/** The parameters of a list with an issue beside it, as its page has it; null where the path is of no such page. */
export function toPanel({ path, params }: PageAddress, list: URLSearchParams): URLSearchParams | null {
  const place = readPath(path);
  if (place === null) return null;
  const to = withoutIssue(list);
  to.set(NAME, place.issue);
  if (place.view !== "occurrence") to.set(`${OWN}view`, place.view);
  if (place.event !== null) to.set(`${OWN}event`, place.event);
  for (const [key, value] of params) {
    if (!PLACE.includes(key) && key !== "q" && !TIMES.includes(key)) to.set(OWN + key, value);
  }
  const query = params.get("q") ?? "";
  if (query !== (list.get("q") ?? "")) to.set(`${OWN}q`, query);
  const inherited = new URLSearchParams(list);
  if (!TIMES.some((key) => inherited.has(key))) inherited.set("range", DEFAULT_PRESET);
  if (timesOf(params) !== timesOf(inherited)) {
    const own = TIMES.filter((key) => params.has(key));
    for (const key of own) to.set(OWN + key, params.get(key)!);
    if (own.length === 0) to.set(`${OWN}range`, "all");
  }
  return to;
}
