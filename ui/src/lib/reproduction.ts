// A test that raises an exception again, in words: its inputs, why there is none, and which functions can be chosen.
import type { ErrorEvent, Fidelity, InputFidelity, ReproductionMode } from "../api/types";
import { displayName, location } from "./frames";
import { label } from "./hostile";

/** Whether there is something to make a test of: values of the exception that escaped, and not those of an earlier one. */
export const offered = (event: ErrorEvent): boolean => (event.exceptions.at(-1)?.frames ?? []).some(({ values }) => values.state === "captured" && !values.earlier_occurrence);

/** How near an input comes to what was captured. */
export const FIDELITY: Record<Fidelity, { text: string; title: string }> = {
  exact: { text: "exact", title: "As it was captured" },
  partial: { text: "partial", title: "Some of it was not captured, or cannot be made again" },
  changed: { text: "changed", title: "The code changed it between the call and the raise" },
  redacted: { text: "redacted, fill in", title: "A rule removed it, or a part of it; a placeholder stands there for you to fill in" },
  stand_in: { text: "stand-in", title: "An object that complains when it is used stands there" },
};

/** All inputs in one sentence. What does not run before a statement is none of them. */
export function summary(fidelity: readonly InputFidelity[]): string {
  const inputs = fidelity.filter(({ kind }) => kind !== "statement");
  if (inputs.length === 0) return "There are no inputs.";
  const exact = inputs.filter(({ state }) => state === "exact").length;
  if (inputs.length === 1) return exact === 1 ? "The one input is as it was captured." : "The one input is not as it was captured.";
  if (exact === inputs.length) return `All ${inputs.length} inputs are as they were captured.`;
  return `${exact === 0 ? "None" : exact} of ${inputs.length} inputs ${exact === 1 ? "is" : "are"} as captured.`;
}

export interface Refusal {
  title: string;
  /** What can be done. */
  advice: string;
  /** Whether a terminal, where the files are, may know more. */
  terminal: boolean;
}

/** Why there is no test, where asking again would answer the same; null for other failures. */
export function refusal(code: string, field: string | null, chosen: boolean): Refusal | null {
  const another = "Choose another function, or let the best one be chosen.";
  if (code === "no_values") return { title: "There are no values to call a function with", advice: "Another occurrence may have them.", terminal: false };
  if (code === "not_reproducible" && chosen) return { title: "This function cannot be called", advice: another, terminal: true };
  if (code === "not_reproducible") return { title: "No function can be called with these values", advice: "Where the files of the application are at hand, the command with --root FOLDER finds modules that a path alone does not tell.", terminal: true };
  if (field === "frame") return { title: "There is no such frame", advice: another, terminal: false };
  if (code === "forbidden") return { title: "You may not see captured values", advice: "A test is made of them.", terminal: false };
  return null;
}

/** The server looks at so many by itself; of a deep recursion more would be more of the same. */
const CHOICES = 24;

export interface Choice {
  /** As the API counts: from 0, over the frames of the exception that escaped. */
  frame: number;
  text: string;
}

/** The functions that may be asked for, the deepest first: those of the application, and others with values. */
export function choices(event: ErrorEvent): Choice[] {
  const frames = (event.exceptions.at(-1)?.frames ?? []).map((frame, index) => ({ frame, index }));
  const own = frames.filter(({ frame }) => frame.in_app || frame.values.state === "captured");
  return own.slice(-CHOICES).reverse().map(({ frame, index }) => ({ frame: index, text: `${index}: ${label(displayName(frame), 60)}, ${label(location(frame), 90)}` }));
}

/** What is asked for: a frame and a way, null for the best one. As the value of a choice: `3`, `3:statement`, or nothing. */
export interface Wanted {
  frame: number | null;
  mode: ReproductionMode | null;
}

export function wanted(value: string): Wanted {
  const [frame, mode] = value.split(":");
  return { frame: frame ? Number(frame) : null, mode: mode === "statement" || mode === "call" ? mode : null };
}

/** What makes and runs the same test in a terminal. */
export const command = (eventId: string, { frame, mode }: Wanted): string => `reenact reproduce ${eventId} --run${frame === null ? "" : ` --frame ${frame}`}${mode === "statement" ? " --statement" : ""}`;

/** Longer files are shown by their beginning; copied and downloaded they are whole. */
export const SHOWN = 100_000;
