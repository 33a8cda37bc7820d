import { describe, expect, it } from "vitest";
import type { ScannerRule } from "../api/types";
import { actionText, changeOf, changeOfRule, conditions, draftOf, emptyRule, ruleField, ruleProblem, withKey, wrongNumber, type RuleDraft } from "./scanner";
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
  it("has numbers within their bounds, and no other than those that were typed", () => {
    const wrong = (part: Partial<RuleDraft>) => wrongNumber({ ...emptyRule(), ...part })?.field ?? null;
    for (const n of [Number.NaN, -1, 0.5, 9e9]) {
      expect([wrong({ priority: n }), wrong({ sampling: n }), wrong({ words: ["a"], within: n }), wrong({ action: "partial", characters: n })]).toEqual(["rule.priority", "rule.sampling_percent", "rule.keywords", "rule.action"]);
    }
    expect([wrong({}), wrong({ within: Number.NaN, characters: Number.NaN }), wrong({ priority: 255, sampling: 0, words: ["a"], within: 1_000, action: "partial", characters: 1 })]).toEqual([null, null, null]);
    expect(changeOf({ ...emptyRule(), priority: 255, sampling: 0 })).toMatchObject({ priority: 255, sampling_percent: 0 });
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
