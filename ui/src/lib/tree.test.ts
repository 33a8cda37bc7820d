import { expect, test } from "vitest";
import type { FrameValues, Value } from "../api/types";
import { identifiers } from "./line";
import { ancestors, flatten, groups, onKey, windowAround, type View } from "./tree";

const int = (n: number): Value => ({ type: "int", value: String(n) });
const str = (text: string): Value => ({ type: "str", value: `'${text}'` });
const frame = (parts: Partial<FrameValues>): FrameValues => ({
  state: "captured", reason: "", earlier_occurrence: false, arguments: {}, locals: {}, globals: {}, closure: {}, at_raise: {}, at_entry: {}, parameters: [], ...parts,
});
const view = (toggled: string[] = [], more: Partial<View> = {}): View => ({ toggled: new Set(toggled), listed: new Map(), filter: "", ...more });
const none = new Set<string>();

const order: Value = { type: "Order", fields: { lines: { type: "list", elements: [int(1), int(2)] } } };
const sample = groups(frame({ arguments: { order }, locals: { order, n: int(1), "@exception": { type: "KeyError", fields: {} } } }), none);

const paths = (rows: { path: string }[]) => rows.map((r) => r.path);

test("groups are open, values are closed, the exception has a group of its own", () => {
  expect(paths(flatten(sample, view(), none))).toEqual(["§Arguments", "order", "§Locals", "locals:order", "locals:n", "§Exception", "@exception"]);
});

test("expanding shows children with the path that reaches them", () => {
  const rows = flatten(sample, view(["order", "order.lines", "§Locals", "§Exception"]), none);
  expect(rows.map((r) => [r.depth, r.path])).toEqual([
    [1, "§Arguments"], [2, "order"], [3, "order.lines"], [4, "order.lines[0]"], [4, "order.lines[1]"], [1, "§Locals"], [1, "§Exception"],
  ]);
});

test("each value has the path that the server reads, unless its key has none", () => {
  const key = (type: string, value: string): Value => ({ type, value });
  const cart: Value = { type: "dict", entries: [[key("str", "'a.b'"), { type: "list", elements: [int(1)] }], [{ type: "tuple", elements: [] }, { type: "list", elements: [int(2)] }]] };
  const rows = flatten(groups(frame({ locals: { cart } }), none), view(["cart", "cart['a.b']", "cart[()]"]), none);
  expect(rows.map((row) => (row.kind === "value" ? row.valuePath : undefined))).toEqual([undefined, "cart", 'cart."a.b"', 'cart."a.b".0', null, null]);
});

test("a path from the address names what must be open", () => {
  expect(ancestors(sample, "order.lines[1]")).toEqual(["order", "order.lines"]);
  expect(ancestors(sample, "nothing.here")).toEqual([]);
});

test("long collections are listed 50 at a time", () => {
  const big: Value = { type: "list", elements: Array.from({ length: 120 }, (_, i) => int(i)) };
  const all = groups(frame({ locals: { big } }), none);
  const rows = flatten(all, view(["big"]), none);
  expect(rows).toHaveLength(2 + 50 + 1);
  expect(rows.at(-1)).toMatchObject({ kind: "more", parent: "big", next: 50, total: 120 });
  expect(flatten(all, view(["big"], { listed: new Map([["big", 120]]) }), none)).toHaveLength(122);
});

test("variables of the failing line come first and are marked", () => {
  const line = identifiers('    raise ValueError("no total", self.total / rate)');
  expect([...line]).toEqual(["raise", "ValueError", "self", "rate"]);
  const rows = flatten(groups(frame({ locals: { a: int(1), rate: int(0) } }), line), view(), line);
  expect(rows.slice(1)).toMatchObject([{ path: "rate", onLine: true }, { path: "a", onLine: false }]);
});

test("the filter looks at names and values", () => {
  const all = groups(frame({ locals: { alpha: str("one"), beta: str("two") } }), none);
  expect(paths(flatten(all, view([], { filter: "BET" }), none))).toEqual(["§Locals", "beta"]);
  expect(paths(flatten(all, view([], { filter: "one" }), none))).toEqual(["§Locals", "alpha"]);
  expect(flatten(all, view([], { filter: "nothing" }), none)).toEqual([]);
});

test("at most a window of rows is mounted, around the active one", () => {
  expect(windowAround(100, 5, 300)).toEqual({ start: 0, end: 100 });
  expect(windowAround(1000, 500, 300)).toEqual({ start: 350, end: 650 });
  expect(windowAround(1000, 999, 300)).toEqual({ start: 700, end: 1000 });
});

test("arrow keys open, enter, leave and close", () => {
  const rows = flatten(sample, view(["order"]), none);
  const at = (path: string) => rows.findIndex((r) => r.path === path);
  expect(onKey(rows, at("order"), "ArrowRight")).toEqual({ to: at("order.lines") });
  expect(onKey(rows, at("order.lines"), "ArrowRight")).toEqual({ toggle: "order.lines" });
  expect(onKey(rows, at("order.lines"), "ArrowLeft")).toEqual({ to: at("order") });
  expect(onKey(rows, at("order"), "ArrowLeft")).toEqual({ toggle: "order" });
  expect(onKey(rows, at("locals:n"), "ArrowRight")).toBeNull();
  expect(onKey(rows, 0, "End")).toEqual({ to: rows.length - 1 });
});
