import { expect, test } from "vitest";
import { fromBuckets, fromLocalInput, fromParams, name, tighten, toLocalInput, toParams, toRequest, within } from "./range";

const at = (search: string) => fromParams(new URLSearchParams(search));

test.each([
  ["", { preset: "1d" }],
  ["range=30d", { preset: "30d" }],
  ["range=all", { preset: "all" }],
  ["range=nonsense", { preset: "1d" }],
  ["from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z", { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" }],
  ["from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", { preset: "1d" }],
  ["from=x&to=y&range=1h", { preset: "1h" }],
])("%j reads as a range", (search, want) => expect(at(search)).toEqual(want));

test("the default leaves the address clean and a preset replaces a custom range", () => {
  expect(toParams({ preset: "1d" })).toEqual({ range: null, from: null, to: null });
  expect(toParams({ preset: "1w" })).toEqual({ range: "1w", from: null, to: null });
});

test("the server is asked with relative times, and with the earliest event for all", () => {
  expect(toRequest({ preset: "4h" }, "x")).toEqual({ from: "now-4h", to: "now" });
  expect(toRequest({ preset: "all" }, "2026-01-01T00:00:00Z")).toEqual({ from: "2026-01-01T00:00:00Z", to: "now" });
  expect(name({ preset: "all" })).toBe("All time");
});

test("an emptier first half is worth a closer look", () => {
  const starts = ["a", "b", "c", "d"];
  expect(tighten({ starts, series: [{ counts: [0, 0, 0, 5] }, { counts: [0, 0, 1, 0] }] })).toBe("c");
  expect(tighten({ starts, series: [{ counts: [0, 1, 0, 5] }] })).toBeNull();
  expect(tighten({ starts, series: [] })).toBeNull();
});

test("buckets become a range in either direction of the drag", () => {
  const starts = ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"];
  const want = { from: "2026-01-01T00:00:00.000Z", to: "2026-01-01T02:00:00.000Z" };
  expect(fromBuckets(starts, 3_600_000, 0, 1)).toEqual(want);
  expect(fromBuckets(starts, 3_600_000, 1, 0)).toEqual(want);
});

test("local input fields round trip", () => {
  expect(fromLocalInput(toLocalInput("2026-05-05T05:05:00.000Z"))).toBe("2026-05-05T05:05:00.000Z");
  expect(fromLocalInput("")).toBeNull();
});

test.each([
  [{ preset: "1d" } as const, "in the last day"],
  [{ preset: "all" } as const, "at any time"],
  [{ from: "a", to: "b" }, "in the chosen range"],
])("a range in a sentence", (range, text) => {
  expect(within(range)).toBe(text);
});
