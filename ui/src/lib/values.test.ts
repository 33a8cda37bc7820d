import { expect, test } from "vitest";
import type { NotCaptured, Value } from "../api/types";
import { repr } from "./repr";
import { children, kind, pill } from "./values";

const str = (text: string): Value => ({ type: "str", value: `'${text}'` });
const int = (n: number): Value => ({ type: "int", value: String(n) });

test.each<[Value, string]>([
  [{ type: "NoneType", is_null: true }, "None"],
  [int(7), "7"],
  [str("a"), "'a'"],
  [{ type: "list", elements: [int(1), str("a")], size: 2 }, "[1, 'a']"],
  [{ type: "tuple", elements: [int(1)], size: 1 }, "(1,)"],
  [{ type: "set", elements: [int(1)] }, "{1}"],
  [{ type: "dict", entries: [[str("total"), int(599)]], size: 1 }, "{'total': 599}"],
  [{ type: "Order", fields: { id: int(1), user: { type: "User", fields: { name: str("Ada") } } } }, "Order(id=1, user=User(name='Ada'))"],
  [{ type: "list", elements: [], size: 0 }, "[]"],
  [{ type: "datetime", fields: {} }, "datetime()"],
  [{ type: "OrderedDict", entries: [[int(1), int(2)]] }, "OrderedDict({1: 2})"],
  [{ type: "list", not_captured: "depth", size: 3 }, "[…]"],
  [{ type: "str", not_captured: "redacted_identifier" }, "‹redacted: name›"],
  [{ type: "str", not_captured: "redacted_identifier", rule: 'name "password"' }, '‹redacted: name "password"›'],
  [{ type: "str", not_captured: "redacted_value", rule: "value (jwt)" }, "‹redacted: value (jwt)›"],
  [{ type: "str", value: `'[masked: ${"ab".repeat(72)}]'` }, "'[masked]'"],
  [{ type: "list", elements: [int(1)], size: 9, not_captured: "collection_size" }, "[1, …]"],
])("%j previews as %s", (value, want) => expect(repr(value)).toBe(want));

test("a preview is bounded however wide or deep the value is", () => {
  const wide: Value = { type: "list", elements: Array.from({ length: 10_000 }, () => str("x".repeat(500))) };
  let deep: Value = int(1);
  for (let i = 0; i < 2_000; i++) deep = { type: "list", elements: [deep] };
  expect(repr(wide, 80).length).toBeLessThan(120);
  expect(repr(deep, 1_000_000).length).toBeLessThan(200);
});

test.each<[NotCaptured, Partial<Value>, string]>([
  ["redacted_identifier", { rule: "password" }, 'redacted: name "password"'],
  ["redacted_identifier", { rule: 'name "pw" (by the client)' }, 'redacted: name "pw" (by the client)'],
  ["redacted_type", {}, "redacted: type"],
  ["redacted_value", { rule: "jwt" }, "redacted: value (jwt)"],
  ["depth", {}, "too deep"],
  ["depth", { size: 3 }, "too deep, 3 items"],
  ["collection_size", { size: 1240, elements: Array.from({ length: 100 }, () => int(1)) }, "first 100 of 1\u202f240"],
  ["field_count", { fields: { a: int(1) } }, "first 1 field"],
  ["timeout", {}, "not captured: timeout"],
  ["concurrent_modification", {}, "changed while it was read"],
  ["pruned", {}, "pruned: snapshot too large"],
  ["unknown", {}, "not captured"],
])("%s is said in plain words", (not_captured, more, want) => {
  expect(pill({ type: "x", not_captured, ...more })?.text).toBe(want);
});

test("a longer original is announced even without a reason", () => {
  expect(pill({ type: "str", value: "'abc", truncated: true, size: 1844 })?.text).toBe("… +1\u202f840 characters");
  expect(pill(int(1))).toBeNull();
});

test("kinds give the colour", () => {
  expect([str("a"), int(1), { type: "NoneType", is_null: true }, { type: "X", fields: {} }, { type: "x", not_captured: "depth" as const }].map((v) => kind(v)))
    .toEqual(["string", "number", "constant", "object", "absent"]);
});

test("children carry the step that reaches them in Python", () => {
  expect(children({ type: "Cart", fields: { items: int(1) }, elements: [int(2)], entries: [[str("k"), int(3)]] }).map((c) => c.step))
    .toEqual([".items", "[0]", "['k']"]);
});

test("a rule that says what it matched is not said twice", () => {
  const hidden = (rule: string): Value => ({ type: "str", not_captured: "redacted_identifier", rule });
  expect(pill(hidden('name "password"'))?.text).toBe('redacted: name "password"');
  expect(pill(hidden("password"))?.text).toBe('redacted: name "password"');
});

test("a text cut twice has one ellipsis", () => {
  expect(repr({ type: "str", value: "'aaaaaaaaaaaa", truncated: true }, 8)).toMatch(/a…$/);
});

const named = (type: string, form: Value["form"], value: string): Value => ({ type, form, value });
test.each<[Value, string]>([
  [named("function", "function", "app.views.pay"), "<function app.views.pay>"],
  [named("type", "class", "app.models.Cart"), "<class app.models.Cart>"],
  [named("module", "module", "json"), "<module json>"],
  [{ type: "method", form: "method", fields: { "(function)": named("function", "function", "app.Cart.total"), "(self)": { type: "app.Cart", fields: { n: int(1) } } } }, "<method app.Cart.total of Cart(n=1)>"],
  [{ type: "app.Color", form: "enum", fields: { _name_: str("RED"), _value_: int(1) } }, "<Color.RED: 1>"],
  [{ type: "app.Point", form: "named_tuple", fields: { x: int(1), y: int(2) } }, "Point(x=1, y=2)"],
  [{ type: "app.models.Order", form: "dataclass", fields: { id: int(1) } }, "Order(id=1)"],
  [{ type: "app.Refused", form: "exception", fields: { "(args)": { type: "tuple", elements: [str("no"), int(3)] }, code: int(402) } }, "Refused('no', 3, code=402)"],
  [{ type: "KeyError", form: "exception", fields: { "(args)": { type: "tuple", elements: [], size: 0 } } }, "KeyError()"],
  [{ type: "app.Headers", fields: { "(dict)": { type: "dict", entries: [[str("a"), int(1)]] }, strict: int(1) } }, "Headers({'a': 1}, strict=1)"],
  [{ type: "collections.defaultdict", fields: { "(dict)": { type: "dict", entries: [] }, "(default_factory)": named("type", "class", "list") } }, "defaultdict({}, default_factory=<class list>)"],
  [{ type: "collections.deque", elements: [int(1)] }, "deque([1])"],
  [{ type: "_thread.lock", form: "opaque", not_captured: "unknown" }, "<lock>"],
  [{ type: "generator", form: "generator", not_captured: "unknown" }, "<generator>"],
  [{ type: "generator", form: "generator", not_captured: "unknown", fields: { gi_frame: int(1) } }, "<generator>"],
  [{ type: "numpy.ndarray", form: "array", fields: { "(dtype)": named("str", null, "'float64'"), "(shape)": { type: "tuple", elements: [int(2)] }, "(data)": { type: "list", elements: [int(1), int(2)], size: 2 } } }, "ndarray([1, 2], dtype='float64', shape=(2,))"],
])("%j is written as %s", (value, want) => expect(repr(value)).toBe(want));

test("an object that stands elsewhere is written with its content, within itself with its brackets", () => {
  const node: Value = { type: "Node", ref: 1, fields: { n: int(1), next: { type: "Node", ref: 1 } } };
  const contents = new Map([[1, { holder: { value: node } }]]);
  expect(repr({ type: "Node", ref: 1 }, 80, contents)).toBe("Node(n=1, next=Node(…))");
  expect(repr({ type: "Node", ref: 1 })).toBe("Node(…)");
  expect(repr({ type: "list", elements: [node, { type: "Node", ref: 1 }] }, 80, contents)).toBe("[Node(n=1, next=Node(…)), Node(n=1, next=Node(…))]");
});

test("a name of a function is no text and no number", () => {
  expect(kind(named("function", "function", "app.pay"))).toBe("object");
  expect(kind({ type: "app.Color", form: "enum", fields: {} })).toBe("constant");
  expect(kind({ type: "decimal.Decimal", value: "decimal.Decimal('1.10')" })).toBe("number");
  expect(pill({ type: "_io.TextIOWrapper", form: "opaque", not_captured: "unknown" })).toMatchObject({ text: "opaque" });
});
