import { expect, test } from "vitest";
import { inline, prose } from "./prose";

test("code, emphasis and addresses within a line", () => {
  expect(inline("see `a*b*c`, **now**, *soon*")).toEqual([
    { kind: "text", text: "see " }, { kind: "code", text: "a*b*c" }, { kind: "text", text: ", " }, { kind: "strong", text: "now" }, { kind: "text", text: ", " }, { kind: "em", text: "soon" },
  ]);
  expect(inline("at https://example.org/a_b?c=1.")).toEqual([{ kind: "text", text: "at " }, { kind: "link", text: "https://example.org/a_b?c=1" }, { kind: "text", text: "." }]);
});

test("only addresses of the web become links, and what looks like HTML is text", () => {
  for (const text of ["javascript:alert(1)", "[x](javascript:alert(1))", "<img src=x onerror=alert(1)>", "data:text/html,x"]) {
    expect(inline(text)).toEqual([{ kind: "text", text }]);
  }
});

test("stars that mean something else stay", () => {
  for (const text of ["2 * 3 * 4", "a*b*c", "**", "* *", "*args, **kwargs"]) expect(inline(text).map((part) => part.kind)).toEqual(["text"]);
});

test("paragraphs, lists and blocks of code", () => {
  expect(prose("one\ntwo\n\n- a\n- `b`\n\n```py\nx = 1\n\ny\n```\nend")).toEqual([
    { kind: "paragraph", lines: [[{ kind: "text", text: "one" }], [{ kind: "text", text: "two" }]] },
    { kind: "list", items: [[{ kind: "text", text: "a" }], [{ kind: "code", text: "b" }]] },
    { kind: "code", text: "x = 1\n\ny" },
    { kind: "paragraph", lines: [[{ kind: "text", text: "end" }]] },
  ]);
});

test("a block that is not closed ends with the text", () => {
  expect(prose("```\nx")).toEqual([{ kind: "code", text: "x" }]);
  expect(prose("")).toEqual([]);
});
