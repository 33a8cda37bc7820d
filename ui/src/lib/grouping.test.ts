import { describe, expect, test } from "vitest";
import type { GroupingPreview } from "../api/types";
import { comesApart, decided, foreseen, lookedAt, moved, splitRule } from "./grouping";

const preview = (more: Partial<GroupingPreview>): GroupingPreview => ({
  matching: 10, looked_at: 10, out_of_time: false, unchanged: 10, rules: [], splits: [], splits_left_out: 0, merges: [], merges_left_out: 0, ...more,
});
const part = { id: "1", exists: true, count: 1, type: "KeyError", message: "", service: "shop", sample_event_id: "2", fingerprint: "f", rule: null, why: [] };

describe("grouping", () => {
  test("who decided is said", () => {
    expect(decided({ source: "rule", rule: { id: "1", name: "late", fingerprint: "late" } })).toContain('"late"');
    expect(decided({ source: "application", rule: null })).toContain("error.fingerprint");
  });

  test("a split is a rule about the issues it is of", () => {
    expect(splitRule(["aa"], "message", "")).toMatchObject({ query: "issue:aa", fingerprint: "{{default}} {{message}}" });
    expect(splitRule(["aa", "bb"], "tag", " region ")).toMatchObject({ query: "issue:(aa OR bb)", fingerprint: "{{default}} {{tag.region}}" });
  });

  test("a preview is told in a sentence", () => {
    expect(foreseen(preview({}))).toBe("Nothing would change");
    expect(foreseen(preview({ splits: [{ issue: part, moved: 4, becomes: [part, { ...part, id: "3" }, { ...part, id: "4" }], becomes_left_out: 0 }] }))).toBe("1 issue would become 3");
    const one = { issue: part, moved: 4, becomes: [part], becomes_left_out: 0 };
    expect(foreseen(preview({ splits: [one, one] }))).toBe("2 issues would become 1");
    expect(comesApart(preview({ splits: [one] }))).toBe(false);
    expect(lookedAt(preview({ matching: 12, out_of_time: true }))).toBe("The newest 10 of 12 events were looked at; the time was over before the others were.");
  });

  test("rules change places", () => {
    expect(moved(["a", "b", "c"], 2, -1)).toEqual(["a", "c", "b"]);
    expect(moved(["a"], 0, 1)).toEqual(["a"]);
  });
});
