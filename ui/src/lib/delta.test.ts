import { expect, test } from "vitest";
import { delta } from "./delta";

test.each([
  [3, 2, "up", "50%", "50 percent more, 2 errors in the period before"],
  [1, 2, "down", "50%", "50 percent fewer, 2 errors in the period before"],
  [2, 2, "same", "0%", "as many as in the period before"],
  [5, 0, "up", "from 0", "none in the period before"],
  [25, 1, "up", "×25", "25 times as many, 1 error in the period before"],
  [1_001, 1_000, "up", "<1%", "under 1 percent more, 1\u202f000 errors in the period before"],
  [1, 1_000, "down", ">99%", "over 99 percent fewer, 1\u202f000 errors in the period before"],
])("%i after %i", (now, before, direction, text, words) => {
  expect(delta(now, before)).toEqual({ direction, text, words });
});

test("nothing is said about a period that is not known", () => {
  expect(delta(5, null)).toBeNull();
  expect(delta(5, undefined)).toBeNull();
});
