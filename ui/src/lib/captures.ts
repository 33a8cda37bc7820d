// Where values are captured: switches by service and environment.
import type { CaptureSwitch } from "../api/types";
import type { Problem } from "./redaction";

export const newCaptureSwitch = (): CaptureSwitch => ({ service: "", env: null, enabled: false, captures_per_second: null });

/** What a switch does, in words. */
export function switchText(one: CaptureSwitch): string {
  if (!one.enabled) return "Values are not captured.";
  return one.captures_per_second == null || Number.isNaN(one.captures_per_second) ? "Values are captured." : `Values are captured, at most ${one.captures_per_second} times per second for errors seen before.`;
}

/** What no answer of the server can say about switches, because JSON has no word for it: what was typed is no number. */
export function wrongLimit(switches: readonly CaptureSwitch[]): Problem | null {
  const at = switches.findIndex((one) => Number.isNaN(one.captures_per_second));
  return at < 0 ? null : { field: `switches.${at}.captures_per_second`, message: "this is no number", at: null };
}
