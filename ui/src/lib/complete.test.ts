import { expect, test } from "vitest";
import { accept, asked, keysFor, matching, wordAt, without } from "./complete";

const at = (text: string) => {
  const caret = text.indexOf("|");
  return { text: text.replace("|", ""), word: wordAt(text.replace("|", ""), caret) };
};

test.each([
  ["ser|", { key: null, prefix: "ser", negated: false }],
  ["boom -env:de|v x", { key: "env", prefix: "de", negated: true }],
  ['error.type:"My Er|', { key: "error.type", prefix: "My Er", negated: false }],
  ['"service: x|', { key: null, prefix: '"service: x', negated: false }],
  ["@http.route:/a|", { key: "@http.route", prefix: "/a", negated: false }],
  ["trace_id:4|", { key: null, prefix: "trace_id:4", negated: false }],
])("the word at the caret of %s", (text, word) => {
  expect(at(text).word).toMatchObject(word);
});

test("keys are offered at the start of a word, and all of them when it is empty", () => {
  expect(keysFor(at("boom e|").word).map((k) => k.text)).toEqual(["env:", "error.type:"]);
  expect(keysFor(at("|").word).length).toBeGreaterThan(8);
  expect(keysFor(at("env:|").word)).toEqual([]);
});

test("a key waits for its value, a value is a whole term", () => {
  const key = at("boom -se| x");
  expect(accept(key.text, key.word, "service:")).toEqual({ text: "boom -service: x", caret: 14, whole: false });
  const value = at("boom -env:de|v x");
  expect(accept(value.text, value.word, "dev two")).toEqual({ text: 'boom -env:"dev two" x', caret: 20, whole: true });
  expect(without(value.text, value.word)).toBe("boom x");
});

test("types are found by any part of their name, other values by their beginning", () => {
  expect(asked("error.type", "Zero", 10)).toEqual({ prefix: null, limit: 100 });
  expect(asked("env", "pr", 10)).toEqual({ prefix: "pr", limit: 10 });
  expect(matching([{ value: "builtins.ZeroDivisionError" }, { value: "a.B" }], "zero", 10)).toEqual([{ value: "builtins.ZeroDivisionError" }]);
});
