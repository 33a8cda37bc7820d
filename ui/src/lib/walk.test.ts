import { expect, test } from "vitest";
import { leaving, stepFrom } from "./walk";

const NONE: ReadonlyMap<string, number> = new Map();

test("from one to the next, and not over the ends", () => {
  const ids = ["a", "b", "c"];
  expect(stepFrom("a", ids, NONE)).toEqual({ position: 1, count: 3, previous: null, next: "b" });
  expect(stepFrom("b", ids, NONE)).toEqual({ position: 2, count: 3, previous: "a", next: "c" });
  expect(stepFrom("c", ids, NONE)).toEqual({ position: 3, count: 3, previous: "b", next: null });
  expect(stepFrom("d", ids, NONE)).toBeNull();
});

test("one that left the list goes on from where it was", () => {
  const left = leaving(NONE, ["a", "b", "c"], ["a", "c"]);
  expect(stepFrom("b", ["a", "c"], left)).toEqual({ position: null, count: 2, previous: "a", next: "c" });
  expect(stepFrom("c", ["a", "c"], left)).toMatchObject({ position: 2, previous: "a" });
});

test("several that leave at once stood between the same two", () => {
  const left = leaving(NONE, ["a", "b", "c", "d"], ["a", "d"]);
  for (const id of ["b", "c"]) expect(stepFrom(id, ["a", "d"], left)).toMatchObject({ previous: "a", next: "d" });
});

test("it is known after a refresh, not in another list", () => {
  const left = leaving(NONE, ["a", "b"], ["a"]);
  expect(leaving(left, ["a"], ["a"])).toBe(left);
  expect(stepFrom("b", ["a", "c"], leaving(left, ["a"], ["a", "c"]))).toMatchObject({ previous: "a", next: "c" });
  expect(stepFrom("b", ["x"], leaving(left, ["a"], ["x"]))).toBeNull();
});
