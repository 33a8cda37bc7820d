import { expect, test } from "vitest";
import { NONE, ranged, toggled } from "./selection";

const order = ["a", "b", "c", "d"];
const sorted = (chosen: ReadonlySet<string>) => [...chosen].sort().join("");

test("a second time lifts it again, and the set before stays as it was", () => {
  const one = toggled(NONE, "a");
  expect(sorted(one)).toBe("a");
  expect(sorted(toggled(one, "a"))).toBe("");
  expect(NONE.size).toBe(0);
});

test("a range goes both ways and adds to what is chosen", () => {
  expect(sorted(ranged(new Set(["d"]), order, "a", "c"))).toBe("abcd");
  expect(sorted(ranged(NONE, order, "c", "b"))).toBe("bc");
});

test("a range without a beginning on the page is one row, and without an end nothing", () => {
  expect(sorted(ranged(NONE, order, null, "b"))).toBe("b");
  expect(sorted(ranged(NONE, order, "gone", "b"))).toBe("b");
  expect(sorted(ranged(NONE, order, "a", "gone"))).toBe("");
});
