import { expect, test } from "vitest";
import type { QueryKey } from "../api/types";
import { accept, asked, begun, keysFor, matching, wordAt, without } from "./complete";

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
  expect(keysFor(at("|").word).length).toBeGreaterThan(5);
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

const SERVED: QueryKey[] = [
  { key: "env", about: "environment", values: [] }, { key: "frame.file", about: "file", values: [] }, { key: "trace_id", about: "trace", values: [] },
  { key: "is", about: "state", values: ["new", "unhandled"] }, { key: "age", about: "age", values: ["<1d", ">=1w"] }, { key: "@", about: "any tag", values: [] },
];
const served = (text: string) => wordAt(text.replace("|", ""), text.indexOf("|"), SERVED);

test("the server's keys are offered, and the words that they know", () => {
  expect(keysFor(served("|"), SERVED).map((k) => k.text)).toEqual(["env:", "frame.file:", "trace_id:", "is:", "age:", "@"]);
  expect(keysFor(served("un|"), SERVED)).toEqual([{ text: "is:unhandled", means: "state" }]);
  expect(keysFor(served("@|"), SERVED)).toEqual([]);
  expect(served("frame.file:/a|").key).toBe("frame.file");
  expect(served("trace_id:1|").key).toBeNull();
  expect(served("@region:n|")).toMatchObject({ key: "@region", prefix: "n" });
});

test("names of tags are completed, and what a key knows is put as it is", () => {
  expect(begun(served("-@re|"))).toEqual({ key: "@", name: "re" });
  expect(begun(served("re|"))).toBeNull();
  expect(accept("@re", served("@re|"), "@region:", SERVED)).toEqual({ text: "@region:", caret: 8, whole: false });
  expect(accept("", served("|"), "@", SERVED)).toEqual({ text: "@", caret: 1, whole: false });
  expect(accept("-age:", served("-age:|"), "<1d", SERVED).text).toBe("-age:<1d ");
  expect(accept("env:", served("env:|"), "<1d", SERVED).text).toBe('env:"<1d" ');
});
