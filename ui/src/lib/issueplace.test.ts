import { expect, test } from "vitest";
import { readPath, toPage, toPanel, withoutIssue, writePath } from "./issueplace";

const params = (text: string) => new URLSearchParams(text);
const page = (list: string) => {
  const there = toPage(params(list));
  return there && `${there.path}?${there.params}`;
};
const panel = (address: string, list: string) => {
  const url = new URL(address, "http://host");
  return toPanel({ path: url.pathname, params: url.searchParams }, params(list))?.toString() ?? null;
};

test.each([
  ["/issues/a1", { issue: "a1", event: null, view: "occurrence" }],
  ["/issues/a1/events/e2", { issue: "a1", event: "e2", view: "occurrence" }],
  ["/issues/a1/events", { issue: "a1", event: null, view: "occurrences" }],
  ["/issues/a1/activity", { issue: "a1", event: null, view: "activity" }],
  ["/issues/a%2Fb%3F", { issue: "a/b?", event: null, view: "occurrence" }],
] as const)("%s is a page of an issue, and is written so again", (path, place) => {
  expect(readPath(path)).toEqual(place);
  expect(writePath(place)).toBe(path);
});

test.each(["/issues", "/", "/settings/keys", "/issues/a1/compare/e1/e2", "/issues/a1/nonsense", "/issues/a1/activity/more", "/issues/a1/events/e1/more"])("%s is none", (path) => {
  expect(readPath(path)).toBeNull();
});

test("an issue beside a list looks at what the list looks at", () => {
  expect(page("issue=a1")).toBe("/issues/a1?range=1d");
  expect(page("q=env%3Aprod&range=1w&tab=all&sort=count&cursor=c&issue=a1")).toBe("/issues/a1?q=env%3Aprod&range=1w");
  expect(page("from=2026-01-01&to=2026-01-02&issue=a1")).toBe("/issues/a1?from=2026-01-01&to=2026-01-02");
  expect(page("q=env%3Aprod")).toBeNull();
  expect(page("issue=")).toBeNull();
});

test("what is its own stands under its name, beside what the list calls so", () => {
  const list = "tab=all&q=env%3Aprod&issue=a1&issue.event=e2&issue.tab=request&issue.frame=0.1&issue.q=region%3Anorth&issue.range=all";
  expect(page(list)).toBe("/issues/a1/events/e2?tab=request&frame=0.1&q=region%3Anorth&range=all");
  expect(page("issue=a1&issue.view=activity&issue.event=e2")).toBe("/issues/a1/activity?range=1d");
  expect(page("issue=a1&issue.view=nonsense")).toBe("/issues/a1?range=1d");
  expect(page("q=env%3Aprod&issue=a1&issue.q=")).toBe("/issues/a1?range=1d");
});

test("the address of a page becomes that of the panel", () => {
  const list = "q=env%3Aprod&range=1w&tab=all";
  expect(panel("/issues/a1?q=env%3Aprod&range=1w", list)).toBe(`${list}&issue=a1`);
  expect(panel("/issues/a1/events/e2?q=env%3Aprod&range=1w&tab=request", list)).toBe(`${list}&issue=a1&issue.event=e2&issue.tab=request`);
  expect(panel("/issues/a1/similar?q=region%3Anorth&range=1d", list)).toBe(`${list}&issue=a1&issue.view=similar&issue.q=region%3Anorth&issue.range=1d`);
  expect(panel("/issues/a1", list)).toBe(`${list}&issue=a1&issue.q=&issue.range=all`);
  expect(panel("/issues/a1?range=1d", "")).toBe("issue=a1");
  expect(panel("/issues?q=env%3Aprod", list)).toBeNull();
});

test("another issue keeps nothing of the one before", () => {
  expect(panel("/issues/b2?range=1d", "tab=all&issue=a1&issue.event=e2&issue.tab=request")).toBe("tab=all&issue=b2");
});

test.each([
  "/issues/a1?range=all",
  "/issues/a1/events/e2?part=x%2Fy&tab=trace&q=env%3Aprod&range=1d",
  "/issues/a1/events?order=oldest&cursor=c&page=2&range=1w",
  "/issues/a1/correlations?from=2026-01-01&to=2026-01-02",
])("%s comes back as it went", (address) => {
  for (const list of ["", "q=env%3Aprod&tab=all&cursor=d", "range=1w", "from=2026-01-01&to=2026-01-02"]) expect(page(panel(address, list)!)).toBe(address);
});

test("the list alone", () => {
  expect(withoutIssue(params("q=a&issue=a1&issue.tab=trace&tab=all")).toString()).toBe("q=a&tab=all");
});
