import { expect, test } from "vitest";
import type { Frame, FrameValues, Value } from "../api/types";
import { sharedIn } from "./shared";

const int = (n: number): Value => ({ type: "int", value: String(n) });
const values = (parts: Partial<FrameValues>): FrameValues => ({
  state: "captured", reason: "", earlier_occurrence: false, arguments: {}, locals: {}, globals: {}, closure: {}, at_raise: {}, at_entry: {}, parameters: [], code: null, ...parts,
});
const frame = (name: string, of: FrameValues): Frame => ({ index: 0, function: name, file: "a.py", in_app: true, repeats: 0, line_number: 1, values: of });
const event = (...frames: Frame[]) => ({ exceptions: [{ type: "E", message: "", notes: [], members: [], members_left_out: 0, frames }] });

const cart: Value = { type: "Cart", ref: 1, fields: { total: int(3) } };
const here: Value = { type: "Cart", ref: 1 };

test("an object is found by its number, with the places that have it", () => {
  const deepest = values({ locals: { cart } });
  const above = values({ arguments: { order: { type: "Order", fields: { cart: here } } }, locals: { mine: here } });
  const object = sharedIn(event(frame("checkout", above), frame("pay", deepest)))(above).get(1)!;
  expect(object.holder).toMatchObject({ frame: "0.1", function: "pay", scope: "Locals", path: "cart", segments: ["cart"], value: cart });
  expect(object.others.map((place) => [place.function, place.path])).toEqual([["checkout", "mine"], ["checkout", "order.cart"]]);
  expect(object.count).toBe(3);
});

test("a number without content, or with one place, is no shared object", () => {
  const only = values({ locals: { cart, gone: { type: "X", ref: 9 } } });
  const found = sharedIn(event(frame("pay", only)))(only);
  expect([...found.keys()]).toEqual([]);
});

test("an object within itself is one of its places", () => {
  const own = values({ locals: { node: { type: "Node", ref: 4, fields: { next: { type: "Node", ref: 4 } } } } });
  expect(sharedIn(event(frame("walk", own)))(own).get(4)).toMatchObject({ holder: { path: "node" }, others: [{ path: "node.next" }], count: 2 });
});

test("what was captured for an earlier exception has numbers of its own", () => {
  const now = values({ locals: { mine: here } });
  const before = values({ earlier_occurrence: true, locals: { cart } });
  const find = sharedIn(event(frame("a", before), frame("b", now)));
  expect([find(now).size, find(before).size]).toEqual([0, 0]);
});

test("values at other moments are places too", () => {
  const moments = values({ locals: { cart }, at_raise: { other: here }, at_entry: { cart: { type: "Cart", fields: { total: int(1) } } } });
  const object = sharedIn(event(frame("pay", moments)))(moments).get(1)!;
  expect([object.holder.path, object.others[0]!.path]).toEqual(["cart", "other"]);
});

test("many places are counted, and the first ones listed", () => {
  const many = values({ locals: { cart, all: { type: "list", elements: Array.from({ length: 5_000 }, () => here) } } });
  const object = sharedIn(event(frame("pay", many)))(many).get(1)!;
  expect([object.count, object.others.length]).toEqual([5_001, 20]);
});
