import { expect, test } from "vitest";
import type { CorrelationFinding } from "../api/types";
import { bar, counts, holds } from "./correlations";

const finding = (difference: CorrelationFinding["difference"]): CorrelationFinding => ({
  predicate: { function: "pay", file: "shop.py", path: "order.currency", condition: "is", value: { type: "str", value: "'XTS'" } },
  of_issue: { count: 38, total: 40 },
  of_baseline: { count: 1, total: difference ? 1_200 : 0 },
  difference,
  stands_out: true,
  events: [],
  also: [],
  also_left_out: 0,
});

test("a finding has its counts and its interval", () => {
  const one = finding({ value: 0.949, low: 0.83, high: 0.985 });
  expect(counts(one)).toBe("38 of 40 against 1 of 1\u202f200");
  expect(bar(one)).toEqual({ low: 83, value: 95, width: 16, text: "+95 points, 83 to 99" });
});

test("without a baseline there is no difference", () => {
  expect(counts(finding(null))).toBe("in all 40");
  expect(bar(finding(null))).toBeNull();
});

test("conditions are said in words", () => {
  const said = (change: Partial<CorrelationFinding["predicate"]>) => holds({ ...finding(null).predicate, ...change });
  expect(said({})).toBe("is");
  expect(said({ condition: "has_type", type: "Decimal" })).toBe("has type Decimal");
  expect(said({ condition: "at_least", number: "100" })).toBe("≥ 100");
});
