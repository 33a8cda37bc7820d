import { expect, test } from "vitest";
import { add, choice, chosenValues, either, exclude, isKey, isOnly, keyText, only, parse, removeAt, term, termAt, withoutKey } from "./query";

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

test("a value joins those that the key may have, and leaves them again", () => {
  expect(either("boom", "env", "prod")).toBe("boom env:prod");
  expect(either("env:prod boom", "env", "a b")).toBe('env:(prod OR "a b") boom');
  expect(either("env:(prod OR dev) boom", "env", "qa")).toBe("env:(prod OR dev OR qa) boom");
  expect(either("env:(prod OR dev) boom", "env", "dev")).toBe("env:prod boom");
  expect(either("boom env:prod", "env", "prod")).toBe("boom");
  expect(either("env:p* x", "env", "dev")).toBe("env:(p* OR dev) x");
  expect(either("env:(a OR b) x env:c", "env", "d")).toBe("env:(a OR b OR c OR d) x");
});

test("what was left out is asked for again, the others stay out", () => {
  expect(either("-env:(dev OR qa) x", "env", "dev")).toBe("-env:qa x env:dev");
  expect(exclude("-env:(dev OR qa) x", "env", "dev")).toBe("-env:qa x");
});

test("a comparison or a range stands in no list", () => {
  expect(either("@status:>499", "@status", "404")).toBe("@status:404");
  expect(either("@status:[400 TO 499] x", "@status", "500")).toBe("@status:500 x");
});

test("only narrows a list to one value, and lifts that one", () => {
  expect(only("env:(prod OR dev)", "env", "dev")).toBe("env:dev");
  expect(isOnly("env:(prod OR dev)", "env", "dev")).toBe(false);
  expect(isOnly("x env:dev", "env", "dev")).toBe(true);
  expect(only("x env:dev", "env", "dev")).toBe("x");
});

test.each(["OR", "AND", "(", ")", 'a" OR "b', "", "[1 TO 2]", ">5", "x*"])("%j is a value in a list like any other", (value) => {
  const query = either("env:prod", "env", value);
  expect(parse(query)).toHaveLength(1);
  expect(choice(query, "env", value)).toBe("only");
  expect(chosenValues(query, "env")).toEqual(["prod", value]);
  expect(either(query, "env", value)).toBe("env:prod");
});

test("values that are named, not described", () => {
  expect(chosenValues('env:(prod OR "a*") -env:dev env:q* x', "env")).toEqual(["prod", "a*", "dev"]);
  expect(chosenValues("@n:>5 @n:[1 TO 2]", "@n")).toEqual([]);
});

test.each(["@über", "@a$b", "@1st", "@größe.in_cm", 'var.headers."x.id"', 'var."two words".a', "var.**", "var.order.lines.*.sku"])("%j is a key, so that its value is found and taken off again", (key) => {
  expect(isKey(key)).toBe(true);
  const query = either("boom", key, "two words");
  expect(query).toBe(`boom ${key}:"two words"`);
  expect(choice(query, key, "two words")).toBe("only");
  expect(either(query, key, "two words")).toBe("boom");
  expect(withoutKey(exclude("boom", key, "x"), key)).toBe("boom");
});

test.each(["@two words", "@a:b", '@a"b', '@"', "@a\\ b"])("%j is a key that is written in quotes", (key) => {
  expect(isKey(key)).toBe(true);
  expect(keyText(key)).toMatch(/^@".+"$/);
  const query = either("boom", key, "two words");
  expect(query).toBe(`boom ${keyText(key)}:"two words"`);
  expect(parse(query)[1]!.key).toBe(key);
  expect(choice(query, key, "two words")).toBe("only");
  expect(chosenValues(either(query, key, "b"), key)).toEqual(["two words", "b"]);
  expect(either(query, key, "two words")).toBe("boom");
  expect(withoutKey(exclude("boom", key, "x"), key)).toBe("boom");
});

test.each(["@", ""])("%j is no key", (key) => {
  expect(isKey(key)).toBe(false);
});

test("the server says a place in bytes, which is in one of the terms", () => {
  const query = 'größe:x "ä b" servce:y env:(a OR';
  const bytes = (text: string) => new TextEncoder().encode(query.slice(0, query.indexOf(text))).length;
  expect(termAt(query, 0)).toBe(0);
  expect(termAt(query, bytes("servce"))).toBe(2);
  expect(termAt(query, bytes("(a OR"))).toBe(3);
  expect(termAt("  servce:x", 2)).toBe(0);
  expect(termAt("", 0)).toBe(-1);
});

test("many quotes are cut at once", () => {
  expect(parse(`var.${'"'.repeat(4_001)}`)).toHaveLength(1);
});
