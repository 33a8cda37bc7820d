import { describe, expect, test } from "vitest";
import type { ActivityEntry } from "../api/types";
import { gather, shareOf, stateMarks, versionMarks, type ChartMark } from "./chartmarks";

const FROM = "2026-11-01T00:00:00Z";
const TO = "2026-11-01T10:00:00Z";
const mark = (hour: number): ChartMark => ({ id: String(hour), at: `2026-11-01T${String(hour).padStart(2, "0")}:00:00Z`, icon: "star", text: "", href: null });
const ids = (hours: number[], apart: number) => gather(hours.map(mark), FROM, TO, apart).map((group) => group.marks.map((one) => Number(one.id)));

describe("marks on a chart", () => {
  test("have a place within the range only", () => {
    expect(shareOf("2026-11-01T05:00:00Z", FROM, TO)).toBe(0.5);
    expect(shareOf("2026-11-02T05:00:00Z", FROM, TO)).toBeNull();
    expect(shareOf("2026-10-02T05:00:00Z", FROM, TO)).toBeNull();
    expect(shareOf(FROM, FROM, FROM)).toBeNull();
    expect(shareOf("nonsense", FROM, TO)).toBeNull();
  });
  test("that are close together are one, in the order of time", () => {
    expect(ids([5, 1, 2], 0.11)).toEqual([[1, 2], [5]]);
    expect(ids([1, 2, 3], 0.15)).toEqual([[1, 2], [3]]);
    expect(ids([1, 2, 12], 0)).toEqual([[1], [2]]);
  });
  test("none is lost however many there are", () => {
    const many = Array.from({ length: 500 }, (_, i) => ({ ...mark(0), id: String(i), at: new Date(Date.parse(FROM) + i * 60_000).toISOString() }));
    const groups = gather(many, FROM, TO, 0.02);
    expect(groups.length).toBeLessThanOrEqual(50);
    expect(groups.flatMap((group) => group.marks).length).toBe(500);
    for (const [i, group] of groups.entries()) if (i > 0) expect(group.share - groups[i - 1]!.share).toBeGreaterThanOrEqual(0.02);
  });
  test("of versions lead to their events", () => {
    const [one] = versionMarks([{ service: "shop", version: "1.2", envs: ["prod", "staging"], first_seen: FROM }], (version) => `?${version.version}`);
    expect(one).toMatchObject({ text: "shop 1.2 in prod, staging", href: "?1.2", at: FROM });
  });
  test("of states are those that still hold", () => {
    const entry = (more: Partial<ActivityEntry>) => ({ id: "1", at: FROM, actor: "ada", kind: "state", to: "resolved", undone: false, ...more }) as ActivityEntry;
    const marks = stateMarks([entry({}), entry({ kind: "comment" }), entry({ undone: true }), entry({ kind: "regression", actor: "automatic", version: "2" })], () => null);
    expect(marks.map((one) => [one.icon, one.text])).toEqual([["check", "ada resolved it"], ["regression", "Reenact reopened it as a regression in version 2"]]);
  });
});
