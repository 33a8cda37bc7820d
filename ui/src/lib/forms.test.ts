import { expect, test } from "vitest";
import { formTag, isBase, keyword, reached, shortType, unread } from "./forms";

test.each([
  ["app.models.Order", "Order"],
  ["collections.OrderedDict", "OrderedDict"],
  ["datetime.datetime", "datetime"],
  ["Config._HTTPServerConfig", "Config._HTTPServerConfig"],
  ["make.<locals>.Item", "make.<locals>.Item"],
  ["int", "int"],
  ["", ""],
])("%s is called %s", (type, want) => expect(shortType(type)).toBe(want));

test("a form is said where the type does not say it", () => {
  expect(formTag({ type: "app.Color", form: "enum" })).toBe("enum");
  expect(formTag({ type: "app.Point", form: "named_tuple" })).toBe("named tuple");
  expect(formTag({ type: "function", form: "function" })).toBeNull();
  expect(formTag({ type: "builtin_function_or_method", form: "function" })).toBeNull();
  expect(formTag({ type: "type", form: "class" })).toBeNull();
  expect(formTag({ type: "KeyError", form: "exception" })).toBeNull();
  expect(formTag({ type: "app.Refused", form: "exception" })).toBe("exception");
  expect(formTag({ type: "Order" })).toBeNull();
});

test("what has no content says why in one sentence", () => {
  expect(unread("generator")?.why).toMatch(/runs none/);
  expect(unread("opaque")?.text).toBe("opaque");
  expect(unread("dataclass")).toBeNull();
  expect(unread(undefined)).toBeNull();
});

test("names in parentheses are no attributes", () => {
  expect(["(dict)", "(default_factory)", "dict", "(a b)", "()"].map(isBase)).toEqual([true, true, false, false, false]);
  expect(["(dict)", "(self)", "(args)"].map(reached)).toEqual(["", ".__self__", ".args"]);
  expect(["(dict)", "(maxlen)", "(args)"].map(keyword)).toEqual([null, "maxlen", null]);
});
