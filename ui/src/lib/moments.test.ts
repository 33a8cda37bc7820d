import { expect, test } from "vitest";
import type { FrameValues, Value } from "../api/types";
import { atRaise, changed, earlier, gone, same } from "./moments";

const int = (n: number): Value => ({ type: "int", value: String(n) });
const frame = (parts: Partial<FrameValues>): FrameValues => ({
  state: "captured", reason: "", earlier_occurrence: false, arguments: {}, locals: {}, globals: {}, closure: {}, at_raise: {}, at_entry: {}, parameters: [], code: null, ...parts,
});

test("values are the same when all that was captured of them is", () => {
  const list = (...of: Value[]): Value => ({ type: "list", elements: of, size: of.length });
  expect(same(list(int(1), int(2)), list(int(1), int(2)))).toBe(true);
  expect(same(list(int(1)), list(int(2)))).toBe(false);
  expect(same({ type: "A", ref: 3, fields: { x: int(1) } }, { type: "A", ref: 3 })).toBe(true);
  expect(same({ type: "A", ref: 3, fields: { x: int(1) } }, { type: "A", ref: 3, fields: { x: int(2) } })).toBe(false);
  expect(same({ type: "A", ref: 3 }, { type: "A", ref: 4 })).toBe(false);
});

test("comparing is bounded", () => {
  const wide: Value = { type: "list", elements: Array.from({ length: 10_000 }, (_, i) => int(i)) };
  expect(same(wide, structuredClone(wide))).toBe(false);
});

test("only what was different before is told, the earliest first", () => {
  const values = frame({ at_entry: { total: int(0), rate: int(3) }, at_raise: { total: int(1), note: int(9) }, locals: { note: int(9) } });
  expect(earlier(values, "total", int(2)).map((then) => [then.moment, then.value.value])).toEqual([["entry", "0"], ["raise", "1"]]);
  expect(earlier(values, "rate", int(3))).toEqual([]);
  expect(earlier(values, "note", int(9))).toEqual([]);
  expect(earlier(values, "constructor", int(1))).toEqual([]);
});

test("variables that were deleted before the capture are known", () => {
  const values = frame({ at_entry: { a: int(1) }, at_raise: { b: int(2), c: int(3) }, locals: { c: int(4) } });
  expect(gone(values)).toEqual(["a", "b"]);
  expect(changed(values)).toBe(2);
  expect(changed(frame({ at_raise: { list: { type: "list", ref: 1 } }, locals: { list: { type: "list", ref: 1, elements: [] } } }))).toBe(0);
});

test("the line that raised saw the value at the raise", () => {
  const values = frame({ at_raise: { total: int(1) }, locals: { total: int(2), rate: int(3) } });
  expect([atRaise(values, "total")?.value, atRaise(values, "rate")?.value, atRaise(values, "none")]).toEqual(["1", "3", undefined]);
});
