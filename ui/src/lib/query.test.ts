import { expect, test } from "vitest";
import { add, choice, exclude, only, parse, removeAt, term, withoutKey } from "./query";

test("a query is cut into keys, negations, quotes and bare words", () => {
  expect(parse('service:shop -env:dev error.type:"My Error" "two words" boom @cart.id:7')).toEqual([
    { raw: "service:shop", negated: false, key: "service", value: "shop" },
    { raw: "-env:dev", negated: true, key: "env", value: "dev" },
    { raw: 'error.type:"My Error"', negated: false, key: "error.type", value: "My Error" },
    { raw: '"two words"', negated: false, value: "two words" },
    { raw: "boom", negated: false, value: "boom" },
    { raw: "@cart.id:7", negated: false, key: "@cart.id", value: "7" },
  ]);
});

test("only replaces the key's other terms and keeps the rest", () => {
  expect(only("boom env:prod -env:dev", "env", "staging")).toBe("boom env:staging");
});

test("choosing the same value again lifts it", () => {
  expect(only("boom env:prod", "env", "prod")).toBe("boom");
  expect(exclude("boom -env:prod", "env", "prod")).toBe("boom");
});

test("exclusions add up, and push out what was wanted", () => {
  expect(exclude("-env:dev", "env", "qa")).toBe("-env:dev -env:qa");
  expect(exclude("env:prod x", "env", "prod")).toBe("x -env:prod");
});

test.each(["plain", "two words", 'quo"te', "back\\slash", "", "-dash", "star*", "a:b", '"'])("%j survives quoting", (value) => {
  const [parsed, ...rest] = parse(term("service", value));
  expect(rest).toEqual([]);
  expect(parsed).toMatchObject({ key: "service", value });
});

test("terms can be found, added and removed", () => {
  expect(choice('error.type:"A B"', "error.type", "A B")).toBe("only");
  expect(choice("-env:prod", "env", "prod")).toBe("excluded");
  expect(choice("", "env", "prod")).toBeNull();
  expect(add("a ", "b")).toBe("a b");
  expect(removeAt("a b c", 1)).toBe("a c");
  expect(withoutKey("env:a x -env:b", "env")).toBe("x");
});

test("an open quote is one term, as somebody is still typing", () => {
  expect(parse('service:"my shop')).toMatchObject([{ key: "service", value: "my shop" }]);
});

test("lists and ranges are one term each", () => {
  const terms = parse('env:(prod OR "a b") @status:[400 TO 499] -service:(x) "in order"');
  expect(terms.map((t) => t.raw)).toEqual(['env:(prod OR "a b")', "@status:[400 TO 499]", "-service:(x)", '"in order"']);
  expect(terms[0]!.any).toEqual(["prod", "a b"]);
  expect(choice("env:(prod OR dev)", "env", "dev")).toBe("only");
  expect(choice("-env:(prod OR dev)", "env", "dev")).toBe("excluded");
  expect(only("env:(prod OR dev) x", "env", "staging")).toBe("x env:staging");
  expect(removeAt("a env:(prod OR dev) b", 1)).toBe("a b");
  expect(parse("env:(prod OR").map((t) => t.raw)).toEqual(["env:(prod OR"]);
});
