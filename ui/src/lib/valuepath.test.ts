import { expect, test } from "vitest";
import { keyText, queryFor, variable, written } from "./valuepath";

test("a segment stands in quotes where it has to", () => {
  expect(written(["order", "lines", "0", "it's"])).toBe("order.lines.0.it's");
  expect(written(["h", "a.b", "", "x y", 'say "hi" \\', "*"])).toBe('h."a.b".""."x y"."say \\"hi\\" \\\\"."*"');
});

test("keys are called by their text", () => {
  const str = (value: string) => ({ type: "str", value });
  expect(keyText(str("'EUR'"))).toBe("EUR");
  expect(keyText(str("\"it's\""))).toBe("it's");
  expect(keyText(str("'a\\'b\\\\c\\nd\\xe9\\u20ac\\U0001f600'"))).toBe("a'b\\c\ndé€😀");
  expect(keyText(str("'\\q \\ud800'"))).toBe("\\q \\ud800");
  expect(keyText(str("'cut of"))).toBe("cut of");
  expect(keyText({ type: "int", value: "5" })).toBe("5");
  expect(keyText({ type: "NoneType", is_null: true })).toBe("None");
  expect(keyText({ type: "tuple", elements: [] })).toBeNull();
});

test("a path begins with its variable", () => {
  expect(variable("order.lines.0")).toBe("order");
  expect(variable('"a \\"b\\""."c"')).toBe('a "b"');
});

test("events with the same value are asked for", () => {
  expect(queryFor("order.id", { type: "int", value: "5" })).toBe("var.order.id:5");
  expect(queryFor('h."a b"', { type: "str", value: "'it\\'s \"it\"'" })).toBe('var.h."a b":"it\'s \\"it\\""');
  expect(queryFor("x", { type: "NoneType", is_null: true })).toBe("var.x:null");
  expect(queryFor("x", { type: "str", value: "'null'" })).toBe('var.x:"null"');
  expect(queryFor("x", { type: "str", value: "'a*'" })).toBe('var.x:"a*"');
  for (const value of [{ type: "str", value: "'a", truncated: true }, { type: "list", elements: [] }, { type: "str", value: "''" }, { type: "str", value: "'[redacted]'" }]) expect(queryFor("x", value)).toBeNull();
});
