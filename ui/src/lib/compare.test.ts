import { expect, test } from "vitest";
import type { CompareFact, Comparison } from "../api/types";
import { apart, around, compareHref, partFacts, tally, textOf } from "./compare";

const fact = (name: string, outcome: CompareFact["outcome"], volatile: CompareFact["volatile"] = null): CompareFact => ({ name, outcome, left: "l", right: "r", volatile });

test.each([
  ["abc", "abd", ["ab", "c", ""], ["ab", "d", ""]],
  ["abc", "abc", ["abc", "", ""], ["abc", "", ""]],
  ["aa", "aaa", ["aa", "", ""], ["aa", "a", ""]],
  ["x1y", "x22y", ["x", "1", "y"], ["x", "22", "y"]],
  ["", "new", ["", "", ""], ["", "new", ""]],
  ["a\u{1f600}b", "a\u{1f601}b", ["a", "\u{1f600}", "b"], ["a", "\u{1f601}", "b"]],
  ["\u{1f600}", "\u{1fa00}", ["", "\u{1f600}", ""], ["", "\u{1fa00}", ""]],
])("%j and %j part", (left, right, ofLeft, ofRight) => {
  const [a, b] = apart(left, right);
  expect([a.before, a.changed, a.after]).toEqual(ofLeft);
  expect([b.before, b.changed, b.after]).toEqual(ofRight);
});

test("of a long text only what stands around the change is shown", () => {
  const [left] = apart(`${"a".repeat(500)}1${"b".repeat(500)}`, `${"a".repeat(500)}2${"b".repeat(500)}`);
  expect(around(left, 3)).toEqual({ before: "…aaa", changed: "1", after: "bbb…" });
  expect(around({ before: "ab", changed: "", after: "c" }, 3)).toEqual({ before: "ab", changed: "", after: "c" });
  expect(around({ before: "x\u{1f600}y", changed: "", after: "y\u{1f600}x" }, 2)).toEqual({ before: "…y", changed: "", after: "y…" });
});

test("what says nothing is left out, and counted", () => {
  const facts = [fact("env", "differs"), fact("trace_id", "differs", "id"), fact("service", "same"), fact("user", "only_right"), fact("x", "unknown")];
  expect(partFacts(facts, false)).toMatchObject({ differences: [{ name: "env" }, { name: "user" }], rest: [{ name: "service" }, { name: "x" }], hidden: 1 });
  expect(partFacts(facts, true)).toMatchObject({ differences: [{ name: "env" }, { name: "trace_id" }, { name: "user" }], hidden: 0 });
  const counts = { same: 5, differs: 4, only_left: 1, only_right: 2, unknown: 3, volatile: 2 };
  expect(tally({ facts, exceptions: [{ facts: [fact("message", "differs")], frames: [] }], counts } as unknown as Comparison)).toEqual({ differences: 11, volatile: 3 });
});

test("only single texts without marks are compared by character", () => {
  expect(textOf({ type: "int", value: "4" })).toBe("4");
  expect(textOf({ type: "NoneType", is_null: true })).toBe("None");
  expect(textOf({ type: "str", value: "'[redacted: jwt]'" })).toBeNull();
  expect(textOf({ type: "Order", fields: { a: { type: "int", value: "1" } } })).toBeNull();
  expect(textOf("plain")).toBe("plain");
  expect(textOf(null)).toBeNull();
});

test("the earlier occurrence is the left one", () => {
  const early = { id: "a", timestamp: "2026-11-27T10:00:00Z" };
  const late = { id: "b", timestamp: "2026-11-27T10:00:01Z" };
  expect(compareHref("i", late, early)).toBe("/issues/i/compare/a/b");
  expect(compareHref("i", early, late)).toBe("/issues/i/compare/a/b");
});
