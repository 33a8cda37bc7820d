import { expect, it } from "vitest";
import { named, parts, pathOf, ruleHref } from "./trial";

const rule = { kind: "value", id: "jwt", name: "JSON Web Token" } as const;
const change = (start: number | null, end: number | null) => ({ path: "error.message", rule, replacement: "x", start, end });

it("a text is cut where rules change it", () => {
  expect(parts("ab cd ef", [change(6, 8), change(0, 2)]).map((p) => [p.text, p.rule !== null])).toEqual([["ab", true], [" cd ", false], ["ef", true]]);
  expect(parts("abc", [])).toEqual([{ text: "abc", rule: null }]);
});
it("a whole value that goes is one part", () => expect(parts("abc", [change(null, null)])).toEqual([{ text: "abc", rule }]));
it("places that overlap do not repeat the text", () => expect(parts("abcd", [change(0, 3), change(1, 4)]).map((p) => p.text).join("")).toBe("abcd"));
it("places have paths", () => {
  expect(pathOf("tags.", " http.url ")).toBe("tags.http.url");
  expect(pathOf("error.message", "x")).toBe("error.message");
});
it("rules have an address", () => {
  expect(ruleHref({ kind: "scanner", id: "ab", name: "x" })).toBe("/settings/scanner?rule=ab");
  expect(ruleHref({ kind: "scanner", id: "this-rule", name: "x" })).toBeNull();
  expect(ruleHref({ kind: "name", name: "redacted names" })).toBeNull();
});
it("a rule that is only tried is called by its name", () => expect(named("a [redacted: this-rule]", "orders")).toBe("a [redacted: orders]"));
