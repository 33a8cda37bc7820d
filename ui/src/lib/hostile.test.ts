import { expect, test } from "vitest";
import viewer from "../../../crates/server/src/share/viewer.js?raw";
import hidden from "../../../fixtures/hidden.txt?raw";
import { cut, label, opening, segments, visible } from "./hostile";

/** The characters that `shown` does not leave as they are, as `fixtures/hidden.txt` has them. */
function ranges(shown: (text: string) => string): string {
  const found: [number, number][] = [];
  for (let block = 0; block <= 0x10ffff; block += 0x100) {
    const isHalf = block >= 0xd800 && block <= 0xdfff;
    const codes = Array.from({ length: 0x100 }, (_, index) => block + index);
    const text = String.fromCodePoint(...codes);
    if (isHalf || shown(text) === text) continue;
    for (const code of codes) {
      const character = String.fromCodePoint(code);
      const last = found.at(-1);
      if (shown(character) === character) continue;
      if (last?.[1] === code - 1) last[1] = code;
      else found.push([code, code]);
    }
  }
  const hex = (code: number) => code.toString(16).padStart(4, "0");
  return found.map(([first, last]) => `${hex(first)}-${hex(last)}\n`).join("");
}

test("what is hidden is what the server calls hidden, here and in the viewer of shared files", () => {
  expect(ranges(visible)).toBe(hidden);
  const [, pattern = "", flags] = /const HIDDEN = \/(.*)\/(\w+);/.exec(viewer) ?? [];
  const viewed = new RegExp(pattern, flags);
  expect(ranges((text) => text.replace(viewed, ""))).toBe(hidden);
});

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
  expect(visible("⚠\ufe0f ❤\ufe0f\ufe0f a\ufe0f")).toBe("⚠\ufe0f ❤\ufe0f\\ufe0f a\\ufe0f");
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
