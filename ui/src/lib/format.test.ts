import { expect, test } from "vitest";
import { duration, exact, percent, plural, relative, short } from "./format";

const now = Date.parse("2026-11-22T12:00:00Z");

test.each([
  ["2026-11-22T11:59:58Z", "just now"],
  ["2026-11-22T11:59:20Z", "40 s ago"],
  ["2026-11-22T11:15:00Z", "45 min ago"],
  ["2026-11-22T02:00:00Z", "10 h ago"],
  ["2026-11-19T12:00:00Z", "3 d ago"],
  ["2024-01-01T00:00:00Z", "2 y ago"],
  ["2026-11-22T12:00:40Z", "just now"],
  ["2026-11-22T12:10:00Z", "in 10 min"],
])("%s is %s", (iso, want) => expect(relative(iso, now)).toBe(want));

test("numbers are short in columns and exact in titles", () => {
  expect([short(999), short(1_234), short(12_900), short(3_000_000)]).toEqual(["999", "1.2k", "13k", "3M"]);
  expect(exact(1_234_567)).toBe("1\u202f234\u202f567");
  expect(plural(1, "frame")).toBe("1 frame");
});

test("durations keep three figures at most", () => {
  expect([duration(900), duration(1_500), duration(12_345_678), duration(2e9)]).toEqual(["900 ns", "1.50 µs", "12.3 ms", "2 s"]);
});

test.each([[0, 9, "0%"], [1, 3, "33%"], [1, 1_000, "<1%"], [999, 1_000, ">99%"], [5, 5, "100%"], [3, 0, "0%"]])("%i of %i is %s", (part, whole, text) => {
  expect(percent(part, whole)).toBe(text);
});
