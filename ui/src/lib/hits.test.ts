import { expect, it } from "vitest";
import { hitsOf, lastHit, rangeOf } from "./hits";

const hits = (kind: "name" | "value", id: string | null) => ({ rule: { kind, id, name: "x" }, total: 1, last_at: "2026-01-01T10:00:00Z", histogram: [1] });

it("hits belong to their rule", () => {
  const all = [hits("value", "jwt"), hits("name", null)];
  expect(hitsOf(all, "value", "jwt")).toBe(all[0]);
  expect(hitsOf(all, "name")).toBe(all[1]);
  expect(hitsOf(all, "value", "iban")).toBeUndefined();
  expect(hitsOf(undefined, "name")).toBeUndefined();
});
it("the last hit is as exact as its hour", () => {
  expect(lastHit("2026-01-01T10:00:00Z", Date.parse("2026-01-01T10:59:00Z"))).toBe("this hour");
  expect(lastHit("2026-01-01T10:00:00Z", Date.parse("2026-01-01T13:00:00Z"))).toBe("3 h ago");
});
it("an unknown range is the first one", () => expect(rangeOf("century")[0]).toBe("24h"));
