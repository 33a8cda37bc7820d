import { expect, test } from "vitest";
import { failing } from "./columns";

const source = (...lines: string[]) => ({ first_line_number: 10, lines, origin: "client" as const, file_hash: null });
const code = (start: number, end: number, end_line: number | null = null) => ({ first_line: 1, instruction: 0, columns: [start, end] as [number, number], end_line });
const texts = (lines: string[], line: number, of: ReturnType<typeof code>) =>
  [...failing(source(...lines), line, of)].map(([number, { from, to }]) => lines[number - 10]!.slice(from, to));

test("the expression is found by its bytes, not its characters", () => {
  expect(texts(["    return total / rate"], 10, code(11, 23))).toEqual(["total / rate"]);
  expect(texts(['    x = f("é𝄞", größe / 0)'], 10, code(20, 31))).toEqual(["größe / 0"]);
});

test("an expression of several lines has a part in each", () => {
  expect(texts(["    return f(", "        a,", "    ) + 1"], 10, code(11, 5, 12))).toEqual(["f(", "a,", ")"]);
});

test("nothing is underlined where the text is not what ran, or all of it is", () => {
  expect(texts(["    return total"], 10, code(4, 16))).toEqual([]);
  expect(texts(["short"], 10, code(2, 99))).toEqual([]);
  expect(texts(["    é = 1 / 0"], 10, code(5, 9))).toEqual([]);
  expect(texts(["    f(a)"], 11, code(4, 6))).toEqual([]);
  expect(texts(['    f("[redacted: jwt]", 1 / 0)'], 10, code(4, 6))).toEqual([]);
  expect(texts(["    f(a)", "    g()"], 10, code(4, 6, 9))).toEqual([]);
  expect(failing(source("f(a)"), 10, null).size).toBe(0);
  expect(failing(source("f(a)"), null, code(0, 1)).size).toBe(0);
});
