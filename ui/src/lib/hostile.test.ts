import { expect, test } from "vitest";
import { cut, label, opening, segments, visible } from "./hostile";

test("mark-up stays the text it is", () => {
  expect(segments("<img src=x onerror=alert(1)>")).toEqual([{ text: "<img src=x onerror=alert(1)>" }]);
});

test("a bidirectional override is shown as a named escape", () => {
  expect(segments("a\u202eb")).toEqual([
    { text: "a" },
    { text: "\\u202e", title: "right-to-left override" },
    { text: "b" },
  ]);
});

test.each(["\u202a", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c", "\u200b", "\ufeff", "\u0000", "\u001b", "\u0085"])(
  "%j never reaches the page as itself",
  (character) => {
    expect(segments(`x${character}y`).map((s) => s.text).join("")).not.toContain(character);
    expect(visible(`x${character}y`)).not.toContain(character);
  },
);

test("lone surrogates and tag characters are escaped, emoji are kept", () => {
  expect(visible("a\ud800b")).toBe("a\\ud800b");
  expect(visible("a\u{e0041}b")).toBe("a\\U000e0041b");
  expect(visible("ok 🎉")).toBe("ok 🎉");
});

test("line breaks survive only where lines are wanted", () => {
  expect(visible("a\nb\tc")).toBe("a\\nb\\tc");
  expect(segments("a\nb", true)).toEqual([{ text: "a\nb" }]);
});

test("text made of controls does not become as many elements", () => {
  const text = "a\u202e".repeat(10_000);
  const parts = segments(text);
  expect(parts.length).toBeLessThan(1_000);
  expect(parts.map((s) => s.text).join("")).toBe("a\\u202e".repeat(10_000));
  expect(segments("\u202e".repeat(5_000))).toHaveLength(1);
});

test("an opening is short in characters and in lines", () => {
  expect(opening("a\nb\nc\nd", 100, 2)).toBe("a\nb");
  expect(opening("abcdef", 3, 2)).toBe("abc");
  expect(opening("a\nb", 100, 2)).toBe("a\nb");
});

test("a cut never splits a character, a label says that it was cut", () => {
  expect(cut("🎉🎉", 3)).toBe("🎉");
  expect(label("x".repeat(200), 10)).toBe(`${"x".repeat(10)}…`);
});
