import { describe, expect, it } from "vitest";
import type { ScannerRule } from "../api/types";
import { actionText, changeOf, changeOfRule, conditions, draftOf, emptyRule, ruleField, ruleProblem, withKey } from "./scanner";
import { unitsAt } from "./bytes";

const rule: ScannerRule = {
  id: "2f07dfad359b828d", name: "Orders", enabled: false, pattern: { kind: "regex", regex: "ORD-\\d+" }, keywords: { words: ["order"], within_characters: 12 },
  included_paths: ["error"], excluded_paths: ["error.stack"], action: { kind: "partial", characters: 3, side: "last" }, priority: 7, sampling_percent: 50,
};

describe("a rule", () => {
  it("is the same after editing nothing", () => expect({ id: rule.id, ...changeOfRule(rule) }).toEqual(rule));
  it("keeps what was typed when its kind changes", () => {
    const draft = { ...draftOf(rule), pattern: "library" as const, library: "jwt", action: "hash" as const };
    expect(changeOf(draft)).toMatchObject({ pattern: { kind: "library", rule: "jwt" }, action: { kind: "hash" } });
    expect(changeOf({ ...draft, pattern: "regex", action: "partial" })).toEqual(changeOfRule(rule));
  });
  it("has numbers within their bounds", () => {
    const change = changeOf({ ...emptyRule(), priority: 9e9, sampling: -3, words: ["a"], within: Number.NaN });
    expect([change.priority, change.sampling_percent, change.keywords?.within_characters]).toEqual([255, 0, 0]);
  });
  it("says in words what it does", () => {
    expect(actionText(rule.action)).toBe("last 3 characters out");
    expect(actionText({ kind: "redact", text: "***" })).toBe('redact as "***"');
    expect(conditions(rule)).toEqual(["1 keyword within 12", "in error", "not in error.stack", "50 % of events"]);
    expect(conditions({ name: "x", pattern: rule.pattern, action: { kind: "hash" } })).toEqual([]);
  });
});

describe("what is wrong", () => {
  it.each([["rule.pattern", "pattern"], ["groups.0.rules.12.included_paths", "included_paths"], ["rule.rule", "rule"], ["pattern", "pattern"], [null, null]])("%s is told at %s", (field, want) => expect(ruleField(field)).toBe(want));
  it("leaves the name of the rule out", () => {
    expect(ruleProblem({ field: "rule.pattern", message: "the rule `x y` has a pattern that is wrong at byte 4: unclosed group", at: 4 }, "pattern")).toBe("The pattern is wrong at byte 4: unclosed group");
    expect(ruleProblem({ field: "rule.pattern", message: "x", at: 4 }, "name")).toBeNull();
  });
});

it("bytes are counted as the page counts", () => {
  expect(unitsAt("abc", 2)).toBe(2);
  expect(unitsAt("ä(", 2)).toBe(1);
  expect(unitsAt("😀(", 4)).toBe(2);
  expect(unitsAt("ab", 9)).toBe(2);
});
it("keys are added to a query", () => {
  expect(withKey("", "service:")).toBe("service:");
  expect(withKey("env:prod ", "service:")).toBe("env:prod service:");
});
