import { describe, expect, it } from "vitest";
import { cutBetween, pieces, reason, shortened } from "./marks";

const MASK = `[masked: ${"ab".repeat(72)}]`;
const HASH = `[hash: ${"0f".repeat(16)}]`;

describe("marks in a text", () => {
  it("are told from the text around them", () => {
    expect(pieces("a [redacted: jwt] b").map((p) => [p.text, p.mark?.rule])).toEqual([["a ", undefined], ["[redacted: jwt]", "jwt"], [" b", undefined]]);
    expect(pieces(`${MASK}${HASH}[redacted]`).map((p) => p.mark?.kind)).toEqual(["masked", "hash", "redacted"]);
    expect(pieces('[redacted: name "password"]')[0]?.mark?.rule).toBe('name "password"');
  });
  it("are known by their form only", () => {
    for (const text of ["[redacted: <img>]", "[masked: abc]", "[hash: 12]", "redacted", "", "[redacted: UPPER]"]) expect(pieces(text)).toEqual([{ text }]);
  });
  it("are not cut through", () => {
    expect(cutBetween(`x ${MASK} y`, 10)).toBe(`x ${MASK}`);
    expect(cutBetween(`x ${MASK} yyy`, 24)).toBe(`x ${MASK} y`);
    expect(cutBetween(`x ${MASK} yyy`, 40)).toBe(`x ${MASK} yyy`);
    expect(cutBetween("plain text", 5)).toBe("plain");
  });
  it("are short in previews", () => {
    expect(shortened(`a ${MASK} ${HASH} [redacted: jwt]`)).toBe("a [masked] [hash: 0f0f0f0f] [redacted: jwt]");
  });
  it("many of them end somewhere", () => {
    expect(pieces("[redacted]".repeat(5_000)).length).toBeLessThan(1_100);
  });
});

describe("the reason of a mark", () => {
  const nameOf = (id: string) => (id === "order-numbers" ? "Order numbers" : null);
  it.each([
    [null, "redacted"],
    ['name "password"', 'redacted: name "password"'],
    ["value (jwt)", "redacted: value (jwt)"],
    ["jwt", "redacted: value (jwt)"],
    ["mode (strict)", "redacted: mode (strict)"],
    ["not scanned", "redacted: not scanned"],
    ["order-numbers", "redacted: Order numbers"],
    ["a-deleted-rule", "redacted: scanner rule"],
  ])("%s", (rule, text) => expect(reason(rule, nameOf).text).toBe(text));
});
