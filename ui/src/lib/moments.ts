// A variable at more than one moment: when its function was entered, at the raise, and when the exception was caught.
import type { FrameValues, Value } from "../api/types";
import { isElsewhere } from "./values";

export type Moment = "entry" | "raise" | "caught";

export const MOMENTS: Record<Moment, { text: string; title: string }> = {
  entry: { text: "at entry", title: "When the function was entered" },
  raise: { text: "at raise", title: "When the exception was raised" },
  caught: { text: "when caught", title: "When the exception was caught and the frame was captured" },
};

export interface Then {
  moment: Moment;
  value: Value;
}

/** How many values are compared before two are taken for different. */
const COMPARED = 2_000;

/** Whether two values read the same all the way down, as far as they were captured. An object that stands elsewhere is known by its number. */
export function same(one: Value, other: Value): boolean {
  let left = COMPARED;
  const all = (a: readonly Value[], b: readonly Value[]): boolean => a.length === b.length && a.every((value, i) => equal(value, b[i]!));
  const equal = (a: Value, b: Value): boolean => {
    if (left-- <= 0) return false;
    if (isElsewhere(a) || isElsewhere(b)) return a.ref === b.ref;
    if (a.type !== b.type || (a.value ?? null) !== (b.value ?? null) || Boolean(a.is_null) !== Boolean(b.is_null)) return false;
    if ((a.size ?? null) !== (b.size ?? null) || (a.not_captured ?? null) !== (b.not_captured ?? null)) return false;
    const [names, others] = [Object.keys(a.fields ?? {}), Object.keys(b.fields ?? {})];
    return names.length === others.length && names.every((name) => Object.hasOwn(b.fields ?? {}, name) && equal(a.fields![name]!, b.fields![name]!))
      && all(a.elements ?? [], b.elements ?? []) && all((a.entries ?? []).flat(), (b.entries ?? []).flat());
  };
  return equal(one, other);
}

const own = (map: Record<string, Value> | undefined, name: string): Value | undefined => (map && Object.hasOwn(map, name) ? map[name] : undefined);

/** What the variable was before it was captured, the earliest first, where that is something else. */
export function earlier(values: FrameValues, name: string, caught: Value): Then[] {
  const raise = own(values.at_raise, name);
  const entry = own(values.at_entry, name);
  const out: Then[] = [];
  if (entry && !same(entry, raise ?? caught)) out.push({ moment: "entry", value: entry });
  if (raise && !same(raise, caught)) out.push({ moment: "raise", value: raise });
  return out;
}

/** Variables that were there earlier and were gone when the frame was captured. */
export function gone(values: FrameValues): string[] {
  const names = new Set([...Object.keys(values.at_entry ?? {}), ...Object.keys(values.at_raise ?? {})]);
  return [...names].filter((name) => captured(values, name) === undefined);
}

const captured = (values: FrameValues, name: string): Value | undefined =>
  [values.locals, values.arguments, values.closure, values.globals].map((scope) => own(scope, name)).find((value) => value !== undefined);

/** The value that the line which raised saw. */
export const atRaise = (values: FrameValues, name: string): Value | undefined => own(values.at_raise, name) ?? captured(values, name);

/** How many variables changed between the raise and the capture, as far as that can be seen. */
export function changed(values: FrameValues): number {
  return Object.entries(values.at_raise ?? {}).filter(([name, raise]) => {
    const caught = captured(values, name);
    return caught === undefined || !same(raise, caught);
  }).length;
}
