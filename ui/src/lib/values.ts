// Captured values as text: a one-line preview in Python's own notation, and why something is not there.
import type { Value } from "../api/types";
import { exact, plural } from "./format";
import { isBase, keyword, named, reached, shortType, unread } from "./forms";
import { cut, visible } from "./hostile";
import { shortened } from "./marks";
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

const BRACKETS: Record<string, [open: string, close: string]> = {
  list: ["[", "]"], tuple: ["(", ")"], set: ["{", "}"], frozenset: ["frozenset({", "})"], deque: ["deque([", "])"], dict: ["{", "}"],
};

/** What the interpreter and the client keep on objects: there when opened, left out of the one-line form. */
const INTERNAL = /^(?:_dd_\w*|__\w+__)$/;

const brackets = (value: Value): [string, string] => {
  const type = shortType(value.type);
  return BRACKETS[type] ?? (value.entries ? [`${type}({`, "})"] : value.elements ? [`${type}([`, "])"] : [`${type}(`, ")"]);
};

/** Where the content of objects stands that appear more than once, by their numbers. */
export interface Contents {
  get(ref: number): { holder: { value: Value } } | undefined;
}
const NOWHERE: Contents = new Map<number, never>();

/** Whether this is only one of the places of an object whose content stands at another one. */
export const isElsewhere = (value: Value): boolean =>
  value.ref != null && value.value == null && !value.is_null && !value.not_captured && !value.fields && !value.elements && !value.entries;

/** The value as Python would print it, no longer than about `limit` characters, with … for what is left out or was not captured. */
export function repr(value: Value, limit = 80, contents: Contents = NOWHERE): string {
  let left = limit;
  const open = new Set<number>();
  const take = (text: string): string => {
    const shown = cut(text, Math.max(1, left));
    left -= shown.length;
    return shown.length < text.length ? `${shown}…` : shown;
  };
  /** An object within itself ends at its brackets. */
  const write = (given: Value, depth: number): string => {
    if (left <= 0) return "…";
    const { ref } = given;
    if (ref == null) return content(given, depth);
    const v = isElsewhere(given) ? contents.get(ref)?.holder.value : given;
    if (v === undefined || open.has(ref)) return take(shell(given));
    open.add(ref);
    const text = content(v, depth);
    open.delete(ref);
    return text;
  };
  const content = (v: Value, depth: number): string => {
    if (v.is_null || (v.type === "NoneType" && v.value == null)) return take("None");
    const word = named(v.form);
    if (v.value != null) {
      const text = take(word ? `<${word} ${shortened(v.value)}>` : shortened(v.value));
      return v.truncated && !text.endsWith("…") ? `${text}…` : text;
    }
    if (!hasChildren(v)) {
      if (v.not_captured?.startsWith("redacted")) return take(`‹${pill(v)?.text ?? "redacted"}›`);
      if (v.not_captured && unread(v.form)) return take(`<${shortType(v.type)}>`);
      if (v.not_captured) return take(v.fields || v.type === "" ? "…" : shell(v));
      return take(brackets(v).join("").replace("({})", "()").replace("([])", "()"));
    }
    if (depth > 20) return "…";
    return special(v, depth) ?? call(v, depth);
  };
  /** Forms that Python prints in a way of their own. */
  const special = (v: Value, depth: number): string | null => {
    const fields = v.fields ?? {};
    const name = v.form === "enum" && Object.hasOwn(fields, "_name_") ? keyText(fields["_name_"]!) : null;
    if (name !== null && Object.hasOwn(fields, "_value_")) return `${take(`<${shortType(v.type)}.${shortened(name)}: `)}${write(fields["_value_"]!, depth + 1)}>`;
    if (v.form === "method" && Object.hasOwn(fields, "(function)") && Object.hasOwn(fields, "(self)")) {
      return `${take(`<method ${shortened(fields["(function)"]!.value ?? "…")} of `)}${write(fields["(self)"]!, depth + 1)}>`;
    }
    return null;
  };
  const call = (v: Value, depth: number): string => {
    const [opening, closing] = brackets(v);
    const parts: string[] = [];
    take(opening + closing);
    const push = (part: () => string) => {
      if (left <= 0) {
        if (parts.at(-1) !== "…") parts.push("…");
        return false;
      }
      parts.push(part());
      left -= 2;
      return true;
    };
    const fields = Object.entries(v.fields ?? {});
    const telling = fields.filter(([name]) => !INTERNAL.test(name));
    // As in a call: what has no name comes first.
    const unnamed = ([name]: [string, Value]): boolean => isBase(name) && keyword(name) === null;
    for (const [name, child] of [...telling.filter(unnamed), ...telling.filter((field) => !unnamed(field))]) {
      const spread = name === "(args)" && !isElsewhere(child) ? (child.elements ?? null) : null;
      const written = isBase(name) ? keyword(name) : name;
      const whole = spread
        ? spread.every((one) => push(() => write(one, depth + 2)))
        : push(() => (written === null ? write(child, depth + 1) : `${take(written)}=${write(child, depth + 1)}`));
      if (!whole) break;
    }
    if (telling.length < fields.length && parts.at(-1) !== "…") parts.push("…");
    for (const child of v.elements ?? []) if (!push(() => write(child, depth + 1))) break;
    for (const [key, child] of v.entries ?? []) {
      if (key && child && !push(() => `${write(key, depth + 1)}: ${write(child, depth + 1)}`)) break;
    }
    if (v.not_captured && parts.at(-1) !== "…") parts.push("…");
    const comma = v.type === "tuple" && parts.length === 1 ? "," : "";
    return opening + parts.join(", ") + comma + closing;
  };
  return write(value, 0);
}

function shell(value: Value): string {
  const [open, close] = brackets(value);
  return `${open}…${close}`;
}

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
