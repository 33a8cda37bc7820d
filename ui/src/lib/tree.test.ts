import { expect, test } from "vitest";
import type { FrameValues, Value } from "../api/types";
import { identifiers } from "./line";
import { sharedIn } from "./shared";
import { ancestors, flatten, groups, onKey, trail, windowAround, type View } from "./tree";

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

const shared = (exceptions: unknown[]) => sharedIn({ exceptions: [{ type: "E", message: "", notes: [], members: [], members_left_out: 0, frames: exceptions as never }] });
const at = (index: number, values: FrameValues) => ({ index, function: `f${index}`, file: "a.py", in_app: true, repeats: 0, line_number: 1, values });

const cart: Value = { type: "Cart", ref: 1, fields: { lines: { type: "list", ref: 2, elements: [int(7), { type: "Cart", ref: 1 }] } } };
const outer = frame({ arguments: { basket: { type: "Cart", ref: 1 } } });
const inner = frame({ arguments: { cart }, locals: { lines: { type: "list", ref: 2 } } });
const objects = shared([at(0, outer), at(1, inner)])(outer);

test("an object that stands elsewhere opens in place and ends where it is in itself", () => {
  const rows = flatten(groups(outer, none), view(["basket", "basket.lines", "basket.lines[1]"]), none, objects);
  expect(paths(rows)).toEqual(["§Arguments", "basket", "basket.lines", "basket.lines[0]", "basket.lines[1]"]);
  expect(rows[1]).toMatchObject({ elsewhere: true, expandable: true, valuePath: "cart", shared: { holder: { frame: "0.1", path: "cart" }, count: 3 } });
  expect(rows[4]).toMatchObject({ elsewhere: true, expandable: false, value: { type: "Cart", ref: 1 } });
  expect(trail(groups(outer, none), "basket.lines[0]", objects)).toEqual({ group: "§Arguments", open: ["basket", "basket.lines"], listed: [] });
  expect(trail(groups(outer, none), "basket.lines[1].lines", objects)).toBeNull();
});

test("a filter looks into objects that stand elsewhere", () => {
  expect(paths(flatten(groups(outer, none), view([], { filter: "lines" }), none, objects))).toEqual(["§Arguments", "basket"]);
});

test("a place far down a long collection is listed far enough", () => {
  const big: Value = { type: "list", elements: Array.from({ length: 500 }, (_, i) => int(i)) };
  expect(trail(groups(frame({ locals: { big } }), none), "big[120]")).toEqual({ group: "§Locals", open: ["big"], listed: [["big", 150]] });
});

test("fields in parentheses have paths of their own, and are nothing that Python writes", () => {
  const headers: Value = { type: "Headers", fields: { "(dict)": { type: "dict", entries: [[str("a"), int(1)]] }, strict: int(2) } };
  const rows = flatten(groups(frame({ locals: { headers } }), none), view(["headers", "headers.(dict)"]), none);
  expect(rows.map((row) => [row.path, row.kind === "value" ? row.python : null])).toEqual([
    ["§Locals", null], ["headers", "headers"], ["headers.(dict)", "headers"], ["headers.(dict)['a']", "headers['a']"], ["headers.strict", "headers.strict"],
  ]);
});

test("a variable at several moments opens to each of them", () => {
  const changed = frame({ locals: { total: int(2), plain: int(0) }, at_raise: { total: int(1), lost: int(9) }, at_entry: { plain: int(0) } });
  const rows = flatten(groups(changed, none), view(["total"]), none);
  expect(rows.map((row) => [row.path, row.kind === "value" ? row.value.value : null])).toEqual([["§Locals", null], ["total", "2"], ["total@raise", "1"], ["total@caught", "2"], ["plain", "0"], ["lost", "9"]]);
  expect(rows[1]).toMatchObject({ earlier: [{ moment: "raise" }], expandable: true });
  expect(rows[2]).toMatchObject({ moment: "raise", valuePath: null });
  expect(rows[5]).toMatchObject({ gone: "raise", valuePath: null });
});

test("arguments have their signs", () => {
  const parameters = [{ name: "rest", kind: "var_positional" as const }, { name: "more", kind: "var_keyword" as const }];
  const rows = flatten(groups(frame({ arguments: { rest: int(1), more: int(2) }, parameters }), none), view(), none);
  expect(rows.slice(1).map((row) => (row.kind === "value" ? row.sign : null))).toEqual(["*", "**"]);
});
