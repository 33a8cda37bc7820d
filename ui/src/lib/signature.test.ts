import { expect, test } from "vitest";
import { signature } from "./signature";

const of = (...all: [string, Parameters<typeof signature>[0][number]["kind"]][]) => signature(all.map(([name, kind]) => ({ name, kind }))).join(", ");

test("kinds of arguments are written as in a definition", () => {
  expect(of(["cart", "positional_only"], ["coupon", "keyword_only"])).toBe("cart, /, *, coupon=…");
  expect(of(["a", "positional_only"], ["b", "positional"], ["rest", "var_positional"], ["c", "keyword_only"], ["more", "var_keyword"])).toBe("a, /, b, *rest, c=…, **more");
  expect(of(["self", "positional"], ["x", "positional"])).toBe("self, x");
  expect(of(["a", "positional_only"])).toBe("a, /");
  expect(of(["c", "keyword_only"], ["d", "keyword_only"])).toBe("*, c=…, d=…");
  expect(of()).toBe("");
});

test("very many arguments are cut", () => {
  const many = signature(Array.from({ length: 500 }, (_, i) => ({ name: `a${i}`, kind: "positional" as const })));
  expect(many).toHaveLength(61);
  expect(many.at(-1)).toBe("…");
});
