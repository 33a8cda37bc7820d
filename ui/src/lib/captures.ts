// Where values are captured: switches by service and environment.
import type { CaptureSwitch } from "../api/types";

export const newCaptureSwitch = (): CaptureSwitch => ({ service: "", env: null, enabled: false, captures_per_second: null });

/** What a switch does, in words. */
export function switchText(one: CaptureSwitch): string {
  if (!one.enabled) return "Values are not captured.";
  return one.captures_per_second == null ? "Values are captured." : `Values are captured, at most ${one.captures_per_second} times per second for errors seen before.`;
}

/** What a field for captures per second says; null when it is empty, undefined when it is no such number. */
export function perSecond(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const number = Number(text);
  return Number.isFinite(number) && number >= 0 && number <= 1000 ? number : undefined;
}
