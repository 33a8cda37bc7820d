import { expect, test } from "vitest";
import { newKey, scopeWords } from "./keys";

test("a key is asked for as it is meant", () => {
  expect(newKey(" agent ", ["triage", "values"])).toEqual({ name: "agent", scopes: ["values", "triage"] });
  expect(newKey("reader", [])).toEqual({ name: "reader", scopes: [] });
});
test("a scope is told in words, an unknown one as it is called", () => expect([scopeWords("unmask"), scopeWords("later")]).toEqual(["take masks off", "later"]));
