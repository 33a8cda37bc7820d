import { expect, test } from "vitest";
import { newCaptureSwitch, switchText, wrongLimit } from "./captures";

test("switches are told in words", () => {
  const one = newCaptureSwitch();
  expect(switchText(one)).toBe("Values are not captured.");
  expect(switchText({ ...one, enabled: true })).toBe("Values are captured.");
  expect(switchText({ ...one, enabled: true, captures_per_second: 0.5 })).toBe("Values are captured, at most 0.5 times per second for errors seen before.");
});

test("what is typed and is no number is refused, not sent as nothing", () => {
  const limited = (captures_per_second: number | null) => ({ ...newCaptureSwitch(), enabled: true, captures_per_second });
  expect(wrongLimit([limited(null), limited(0.5), limited(5_000)])).toBeNull();
  expect(wrongLimit([limited(1), limited(Number.NaN)])).toEqual({ field: "switches.1.captures_per_second", message: "this is no number", at: null });
  expect(switchText(limited(Number.NaN))).toBe("Values are captured.");
});
