import { expect, test } from "vitest";
import type { VolumeStatus } from "../api/types";
import { doesText, droppedText, limitedText, limitText, newVolumeRule, wrongShare } from "./volume";

test("limits and rules are told in words", () => {
  expect(limitText(null)).toBe("unlimited");
  expect([limitText(1), limitText(6000)]).toEqual(["1 event per minute", "6\u202f000 events per minute"]);
  expect(doesText(newVolumeRule())).toBe("not kept");
  expect(doesText({ action: "keep", keep_percent: 10 })).toBe("10 of 100 are kept");
  expect(doesText({ action: "keep" })).toBe("kept");
});

test("a share is a whole number of 100, and no other is sent", () => {
  const kept = (keep_percent: number) => ({ ...newVolumeRule(), action: "keep" as const, keep_percent });
  expect(wrongShare([newVolumeRule(), kept(1), kept(100)])).toBeNull();
  expect([0, 101, 5_000, 12.5, Number.NaN].map((share) => wrongShare([kept(50), kept(share)])?.field)).toEqual(Array(5).fill("rules.1.keep_percent"));
});

test("what was not kept adds up", () => {
  const status = (filtered: number, rate_limited: number) => ({ filtered, rate_limited }) as VolumeStatus;
  expect(droppedText(status(0, 0))).toBe("Everything was kept.");
  expect(droppedText(status(2, 1_200))).toBe("1\u202f202 events were not kept: 2 by rules, 1\u202f200 over a limit.");
  expect(limitedText(null, String)).toBeNull();
  expect(limitedText({ events: 1, since: "04:00", last_at: "05:00" }, (iso) => iso)).toBe("1 event was not kept because of the rate limit since 04:00.");
});
