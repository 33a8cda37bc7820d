import { expect, test } from "vitest";
import { typedNumber } from "./typed";

const typed = (value: string, badInput = false) => typedNumber({ value, validity: { badInput } });

test("a number is what stands there, within bounds or not", () =>
  expect(["", " 0.5 ", "0", "5000", "-1", "1.0"].map((text) => typed(text))).toEqual([null, 0.5, 0, 5_000, -1, 1]));
test("what is no number is not nothing", () => expect([typed("", true), typed("many")]).toEqual([Number.NaN, Number.NaN]));
