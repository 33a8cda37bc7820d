import { expect, test } from "vitest";
import { newCaptureSwitch, perSecond, switchText } from "./captures";

test("switches are told in words", () => {
  const one = newCaptureSwitch();
  expect(switchText(one)).toBe("Values are not captured.");
  expect(switchText({ ...one, enabled: true })).toBe("Values are captured.");
  expect(switchText({ ...one, enabled: true, captures_per_second: 0.5 })).toBe("Values are captured, at most 0.5 times per second for errors seen before.");
});

test("captures per second are a number in its bounds, or nothing", () => {
  expect([perSecond(""), perSecond(" 0.5 "), perSecond("0"), perSecond("1000")]).toEqual([null, 0.5, 0, 1000]);
  expect([perSecond("-1"), perSecond("1001"), perSecond("many"), perSecond("Infinity")]).toEqual([undefined, undefined, undefined, undefined]);
});
