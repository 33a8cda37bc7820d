import { expect, test } from "vitest";
import type { FrameValues, Value } from "../api/types";
import { ghosts, identifiers, reads } from "./line";

const int = (n: number): Value => ({ type: "int", value: String(n) });
const frame = (locals: Record<string, Value>): FrameValues => ({
  arguments: {}, locals, closure: {}, globals: {}, at_raise: {}, at_entry: {}, parameters: [], earlier_occurrence: false, state: "captured", reason: "",
});

test.each([
  ["cover = stock / minimum", ["stock", "minimum"]],
  ["a, b = pair", ["pair"]],
  ["total += order.total", ["total", "order.total"]],
  ["return charge(order, rate=rate)  # not fees", ["return", "charge", "order", "rate"]],
  ["raise Declined('of order', f\"{order.id!r} costs {amount:.2f}\")", ["raise", "Declined", "order.id", "amount"]],
  ["if a == b:", ["if", "a", "b"]],
])("%s", (line, names) => {
  expect(reads(line)).toEqual(names);
});

test("attributes count for the variable that has them", () => {
  expect([...identifiers("x = order.total.cents")]).toEqual(["order"]);
});

test("values stand in the order of the line, as deep as they were captured", () => {
  const order: Value = { type: "Order", fields: { total: int(41) } };
  expect(ghosts("return order.total.cents / rate", frame({ order, rate: int(0), other: int(9) }))).toEqual([
    { name: "order.total", text: "41", kind: "number" },
    { name: "rate", text: "0", kind: "number" },
  ]);
});

test("of many values three stay, plain ones before objects", () => {
  const box: Value = { type: "Box", fields: { a: int(1) } };
  const found = ghosts("f(box, a, b, c)", frame({ box, a: int(1), b: int(2), c: { type: "NoneType", is_null: true } }));
  expect(found.map((g) => `${g.name} ${g.text}`)).toEqual(["a 1", "b 2", "c None"]);
});

test("names of the language's own objects are not looked up by accident", () => {
  expect(ghosts("constructor.toString", frame({}))).toEqual([]);
});

test("the line that raised has the values at the raise, and those of shared objects", () => {
  const at = { ...frame({ rate: int(9), cart: { type: "Cart", ref: 1 } }), at_raise: { rate: int(0) } };
  const contents = new Map([[1, { holder: { value: { type: "Cart", ref: 1, fields: { total: int(41) } } } }]]);
  expect(ghosts("return cart.total / rate", at, contents).map((g) => `${g.name} ${g.text}`)).toEqual(["cart.total 41", "rate 0"]);
});
