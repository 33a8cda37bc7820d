// What a captured value is: its kind, its parts, and why something is not there.
import type { Value } from "../api/types";
import { exact, plural } from "./format";
import { isBase, named, reached, shortType, unread } from "./forms";
import { cut, visible } from "./hostile";
import { repr } from "./repr";
import { keyText } from "./valuepath";

export type Kind = "string" | "number" | "constant" | "object" | "absent";

const NUMBERS = new Set(["int", "float", "complex", "Decimal", "int64", "float64", "int32", "float32"]);
const STRINGS = new Set(["str", "bytes", "bytearray"]);

export function kind(value: Value): Kind {
  if (value.is_null || value.type === "bool" || value.type === "NoneType" || value.form === "enum") return "constant";
  if (value.value != null) {
    if (named(value.form)) return "object";
    if (STRINGS.has(value.type) || /^b?['"]/.test(value.value)) return "string";
    return NUMBERS.has(shortType(value.type)) || /^-?[\d.]/.test(value.value) ? "number" : "object";
  }
  return value.not_captured && !hasChildren(value) ? "absent" : "object";
}

export const hasChildren = (value: Value): boolean => childCount(value) > 0;

export const childCount = (value: Value): number =>
  Object.keys(value.fields ?? {}).length + (value.elements?.length ?? 0) + (value.entries?.length ?? 0);

/** Where the content of objects stands that appear more than once, by their numbers. */
export interface Contents {
  get(ref: number): { holder: { value: Value } } | undefined;
}

/** Whether this is only one of the places of an object whose content stands at another one. */
export const isElsewhere = (value: Value): boolean =>
  value.ref != null && value.value == null && !value.is_null && !value.not_captured && !value.fields && !value.elements && !value.entries;

export interface Pill {
  tone: "redacted" | "cut";
  text: string;
  title: string;
}

/** In plain words why a value, or a part of it, is not there. */
export function pill(value: Value): Pill | null {
  const shown = childCount(value);
  const size = value.size ?? undefined;
  const rule = value.rule ? visible(cut(value.rule, 80)) : null;
  const gray = (text: string, title: string): Pill => ({ tone: "cut", text, title });
  switch (value.not_captured) {
    case null:
    case undefined:
      if (value.truncated) return cutPill(value);
      return size !== undefined && size > shown && shown > 0 ? firstOf(shown, size) : null;
    case "redacted_identifier":
      return { tone: "redacted", text: `redacted: name ${quoted(rule)}`.trim(), title: "Taken out because of its name, before it was stored" };
    case "redacted_type":
      return { tone: "redacted", text: rule ? `redacted: type ${quoted(rule)}` : "redacted: type", title: "Taken out because of its type, before it was stored" };
    case "redacted_value":
      return { tone: "redacted", text: redactedValue(rule), title: "Taken out because of what it looks like, before it was stored" };
    case "depth":
      return gray(size === undefined ? "too deep" : `too deep, ${plural(size, "item")}`, "The client stops at a fixed depth, so that capturing stays fast");
    case "collection_size":
      return size === undefined ? gray(`first ${exact(shown)}`, "The collection was longer than the client captures") : firstOf(shown, size);
    case "field_count":
      return gray(size === undefined ? `first ${plural(shown, "field")}` : `first ${exact(shown)} of ${plural(size, "field")}`, "The object had more fields than the client captures");
    case "timeout":
      return gray(shown ? `cut by timeout after ${exact(shown)}` : "not captured: timeout", "Capturing took longer than the client allows, so it stopped here");
    case "concurrent_modification":
      return gray("changed while it was read", "Another thread changed this collection during capture");
    case "pruned":
      return gray("pruned: snapshot too large", "The client removed the deepest values to keep the snapshot below its size limit");
    default: {
      const form = value.not_captured === "unknown" ? unread(value.form) : null;
      if (form) return gray(form.text, form.why);
      return gray("not captured", "The client gave no reason that is known here");
    }
  }
}

/** The server's rule says already what sort it is, `value (jwt)` or `mode (strict)`; a client's may be a bare name. */
function redactedValue(rule: string | null): string {
  if (!rule) return "redacted: value";
  return `redacted: ${/^[a-z]+ \(.*\)/.test(rule) ? rule : `value (${rule})`}`;
}

/** The server's rule may say already what it matched, and who did: `name "password" (by the client)`. */
function quoted(rule: string | null): string {
  if (!rule) return "";
  const [, what, who] = /^(?:name|type) "(.*)"( \(by the client\))?$/.exec(rule) ?? [];
  return what === undefined ? `"${rule}"` : `"${what}"${who ?? ""}`;
}

const firstOf = (shown: number, size: number): Pill => ({
  tone: "cut", text: `first ${exact(shown)} of ${exact(size)}`, title: "The client captures only the first items of a long collection",
});

function cutPill(value: Value): Pill {
  const missing = (value.size ?? 0) - (value.value?.length ?? 0);
  const text = missing > 0 ? `… +${exact(missing)} characters` : "cut by the client";
  return { tone: "cut", text, title: "The client captures only the beginning of a long text" };
}

export interface Child {
  name: string;
  /** What to append to the parent's path to reach this child in Python. */
  step: string;
  /** What it is called in a path as the server reads it; null when it has none. */
  segment: string | null;
  value: Value;
  /** What Python writes instead of `step`, where that is something else. */
  python?: string;
}

export function children(value: Value): Child[] {
  const out: Child[] = [];
  for (const [name, child] of Object.entries(value.fields ?? {})) out.push({ name, step: `.${name}`, segment: name, value: child, ...(isBase(name) ? { python: reached(name) } : {}) });
  (value.elements ?? []).forEach((child, i) => out.push({ name: String(i), step: `[${i}]`, segment: String(i), value: child }));
  for (const [key, child] of value.entries ?? []) {
    if (key && child) out.push({ name: repr(key, 60), step: `[${repr(key, 200)}]`, segment: keyText(key), value: child });
  }
  return out;
}
