import { beforeAll, expect, test, vi } from "vitest";
import type { SavedView } from "../api/types";

beforeAll(() => { vi.stubGlobal("location", new URL("http://reenact.test/issues")); vi.stubGlobal("history", { state: null }); });

const view = (more: Partial<SavedView>): SavedView => ({ id: "0123456789abcdef", name: "n", query: "", range: "1d", tab: "for_review", sort: "last_seen", version: 1, changed_at: "", changed_by: "", ...more });

test("ranges go there and back", async () => {
  const { readRange, writeRange } = await import("./saved");
  for (const text of ["1d", "30d", "all", "2026-11-01T00:00:00Z/2026-11-02T00:00:00Z"]) expect(writeRange(readRange(text))).toBe(text);
  expect(readRange("nonsense")).toEqual({ preset: "1d" });
  expect(readRange("")).toEqual({ preset: "1d" });
});

test("a view is an address, and knows whether it is what is shown", async () => {
  const { same, shownBy, viewHref } = await import("./saved");
  expect(viewHref(view({}))).toBe("/issues?view=0123456789abcdef");
  expect(viewHref(view({ query: "env:prod a&b", range: "1w", tab: "all", sort: "count" }))).toBe("/issues?q=env%3Aprod+a%26b&range=1w&tab=all&sort=count&view=0123456789abcdef");
  const shown = shownBy(view({ query: "x" }));
  expect(same(shown, { query: "x", range: { preset: "1d" }, tab: "for_review", sort: "last_seen", facets: null })).toBe(true);
  expect(same(shown, { ...shown, sort: "count" })).toBe(false);
});

test("facets belong to what a view shows, and the order of what is folded does not matter", async () => {
  const { same, shownBy, toSave } = await import("./saved");
  const shown = shownBy(view({ facets: { keys: ["owner", "@region"], folded: ["owner", "@region"] } }));
  expect(toSave("n", shown).facets).toEqual({ keys: ["owner", "@region"], folded: ["owner", "@region"], tags: true });
  expect(same(shown, { ...shown, facets: { keys: ["owner", "@region"], folded: ["@region", "owner"], tags: true } })).toBe(true);
  expect(same(shown, { ...shown, facets: { keys: ["@region", "owner"], folded: ["@region", "owner"], tags: true } })).toBe(false);
  expect(same(shown, { ...shown, facets: null })).toBe(false);
});
