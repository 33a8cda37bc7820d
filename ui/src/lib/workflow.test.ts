import { expect, test } from "vitest";
import type { IssueStatus } from "../api/types";
import { aside, besides, changeOf, countOf, done, offers, order, outcome, tabOf, tabParam, termsOf, until } from "./workflow";

const status = (more: Partial<IssueStatus>): IssueStatus => ({ state: "for_review", revision: 1, excluded_events: 0, ...more });

test("the tab of an address is one there is, and the default is not in the address", () => {
  expect(tabOf("resolved")).toBe("resolved");
  for (const other of [null, "", "excluded", "<b>"]) expect(tabOf(other)).toBe("for_review");
  expect(tabParam("for_review")).toBeNull();
  expect(tabParam("all")).toBe("all");
});

test("a tab as a search finds what stands under it, what is excluded under Ignored", () => {
  expect(termsOf("for_review")).toBe("is:for_review");
  expect(termsOf("ignored")).toBe("-is:for_review -is:reviewed -is:resolved");
  expect(termsOf("all")).toBe("");
});

test("there is no tab beyond the first and the last", () => {
  expect(besides("for_review", 1)).toBe("reviewed");
  expect(besides("all", -1)).toBe("ignored");
  expect(besides("for_review", -1)).toBeNull();
  expect(besides("all", 1)).toBeNull();
});

test("what is excluded counts under Ignored", () => {
  expect(countOf({ for_review: 1, reviewed: 2, resolved: 3, ignored: 4, excluded: 5, all: 15 }, "ignored")).toBe(9);
});

test("a menu does not offer the state that is", () => {
  expect(offers("for_review").map((o) => o.deed)).not.toContain("reopen");
  expect(offers("reviewed").map((o) => o.deed)).not.toContain("review");
  expect(offers("excluded").map((o) => o.deed)).not.toContain("exclude");
  for (const state of ["for_review", "reviewed", "resolved", "ignored", "excluded"] as const) {
    const deeds = offers(state).map((o) => o.deed);
    expect(new Set(deeds).size).toBe(deeds.length);
  }
});

test("deeds that need an answer first are no change yet", () => {
  for (const deed of ["ignore", "ignoreEvents", "ignoreUsers", "ignoreUntil", "exclude", "assign"] as const) expect(changeOf(deed, "Ada")).toBeNull();
  expect(changeOf("resolveNext", "Ada")).toEqual({ state: "resolved", scope: "next_version" });
  expect(changeOf("assignMe", "Ada")).toEqual({ assignee: "Ada" });
});

test("until when", () => {
  expect(until(null)).toBe("for ever");
  expect(until({})).toBe("for ever");
  expect(until({ events: 1 })).toBe("until 1 more event");
  expect(until({ events: 100, users: 10 })).toBe("until 100 more events or 10 more users");
  expect(until({ until: "2026-12-05T10:00:00Z" })).toMatch(/^until 5 Dec 2026/);
});

test("what was done is said with its scope", () => {
  expect(done({ state: "resolved" })).toBe("Resolved");
  expect(done({ state: "resolved", scope: "next_version" })).toBe("Resolved in the next version");
  expect(done({ state: "ignored", ignore: { users: 3 } })).toBe("Ignored until 3 more users");
  expect(done({ assignee: "Ada" })).toBe("Assigned to Ada");
  expect(done({ assignee: null })).toBe("Assigned to nobody");
});

test("what is to be done is said with those it is done to", () => {
  expect(order({ state: "reviewed" }, "3 issues")).toBe("Mark 3 issues as reviewed");
  expect(order({ state: "resolved", scope: "current_version" }, "KeyError")).toBe("Resolve KeyError in this version");
  expect(order({ state: "ignored" }, "KeyError")).toBe("Ignore KeyError for ever");
  expect(order({ assignee: null }, "KeyError")).toBe("Assign KeyError to nobody");
});

test("an outcome leaves nobody out", () => {
  expect(outcome({ state: "resolved" }, "KeyError", { changed: 1, unchanged: 0, missing: 0 })).toBe("Resolved: KeyError");
  expect(outcome({ state: "resolved" }, "KeyError", { changed: 0, unchanged: 1, missing: 0 })).toBe("KeyError was so already");
  expect(outcome({ state: "reviewed" }, null, { changed: 12, unchanged: 3, missing: 1 })).toBe("Reviewed: 12 issues, 3 were so already, 1 is not there any more");
  expect(outcome({ state: "reviewed" }, null, { changed: 0, unchanged: 3, missing: 0 })).toBe("Nothing to change: all of them were so already");
  expect(outcome({ state: "reviewed" }, null, { changed: 0, unchanged: 0, missing: 2 })).toBe("Nothing to change: 2 are not there any more");
});

test("an issue that is set aside says why, and what brings it back", () => {
  expect(aside(status({}))).toBeNull();
  expect(aside(status({ state: "ignored", ignore: { events_seen: 0, users_seen: 0 } }))).toMatch(/^Ignored for ever/);
  expect(aside(status({ state: "ignored", ignore: { events: 100, events_seen: 12, users_seen: 3 } }))).toBe("Ignored until 100 more events (12 events seen so far). Then it comes back to review.");
  expect(aside(status({ state: "excluded", excluded_events: 120 }))).toContain("120 events so far");
  expect(aside(status({ state: "resolved", resolution: { scope: "next_version", versions: ["1.4.2"] } }))).toContain("after 1.4.2");
  expect(aside(status({ state: "resolved", actor: "automatic", resolution: { scope: "now", versions: ["1"] } }))).toMatch(/^Resolved by itself/);
  expect(aside(status({ state: "resolved", resolution: { scope: "current_version", versions: [] } }))).toContain("in this version");
});
