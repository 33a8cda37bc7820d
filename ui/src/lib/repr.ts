// Captured values on one line, in Python's own notation.
import type { Value } from "../api/types";
import { isBase, keyword, named, shortType, unread } from "./forms";
import { cut } from "./hostile";
import { shortened } from "./marks";
import { keyText } from "./valuepath";
import { hasChildren, isElsewhere, pill, type Contents } from "./values";

const BRACKETS: Record<string, [open: string, close: string]> = {
  list: ["[", "]"], tuple: ["(", ")"], set: ["{", "}"], frozenset: ["frozenset({", "})"], deque: ["deque([", "])"], dict: ["{", "}"],
};

/** What the interpreter and the client keep on objects: there when opened, left out of the one-line form. */
const INTERNAL = /^(?:_dd_\w*|__\w+__)$/;
const RUNNING = new Set<string>(["iterator", "generator", "coroutine"]);
const DEEPEST = 20;
const NOWHERE: Contents = new Map<number, never>();

/** What is being written: how many characters are left, and the objects that the place is in. */
interface Writing {
  left: number;
  open: Set<number>;
  contents: Contents;
}

/** The value as Python would print it, no longer than about `limit` characters, with … for what is left out or was not captured. */
export const repr = (value: Value, limit = 80, contents: Contents = NOWHERE): string => write({ left: limit, open: new Set(), contents }, value, 0);

function brackets(value: Value): [string, string] {
  const type = shortType(value.type);
  return BRACKETS[type] ?? (value.entries ? [`${type}({`, "})"] : value.elements ? [`${type}([`, "])"] : [`${type}(`, ")"]);
}

function shell(value: Value): string {
  const [open, close] = brackets(value);
  return `${open}…${close}`;
}

function take(to: Writing, text: string): string {
  const shown = cut(text, Math.max(1, to.left));
  to.left -= shown.length;
  return shown.length < text.length ? `${shown}…` : shown;
}

/** An object within itself ends at its brackets. */
function write(to: Writing, given: Value, depth: number): string {
  if (to.left <= 0) return "…";
  const { ref } = given;
  if (ref == null) return content(to, given, depth);
  const value = isElsewhere(given) ? to.contents.get(ref)?.holder.value : given;
  if (value === undefined || to.open.has(ref)) return take(to, shell(given));
  to.open.add(ref);
  const text = content(to, value, depth);
  to.open.delete(ref);
  return text;
}

function content(to: Writing, value: Value, depth: number): string {
  if (value.is_null || (value.type === "NoneType" && value.value == null)) return take(to, "None");
  const word = named(value.form);
  if (value.value != null) {
    const text = take(to, word ? `<${word} ${shortened(value.value)}>` : shortened(value.value));
    return value.truncated && !text.endsWith("…") ? `${text}…` : text;
  }
  if (!hasChildren(value)) {
    if (value.not_captured?.startsWith("redacted")) return take(to, `‹${pill(value)?.text ?? "redacted"}›`);
    if (value.not_captured && unread(value.form)) return take(to, `<${shortType(value.type)}>`);
    if (value.not_captured) return take(to, value.fields || value.type === "" ? "…" : shell(value));
    return take(to, brackets(value).join("").replace("({})", "()").replace("([])", "()"));
  }
  return depth > DEEPEST ? "…" : (special(to, value, depth) ?? call(to, value, depth));
}

/** Forms that Python prints in a way of their own. */
function special(to: Writing, value: Value, depth: number): string | null {
  // What the interpreter keeps of a running thing says nothing on one line.
  if (RUNNING.has(value.form ?? "")) return take(to, `<${shortType(value.type)}>`);
  const fields = value.fields ?? {};
  const has = (...names: string[]): boolean => names.every((name) => Object.hasOwn(fields, name));
  if (value.form === "enum" && has("_name_", "_value_")) {
    const name = keyText(fields["_name_"]!);
    return name === null ? null : `${take(to, `<${shortType(value.type)}.${shortened(name)}: `)}${write(to, fields["_value_"]!, depth + 1)}>`;
  }
  if (value.form === "method" && has("(function)", "(self)")) {
    return `${take(to, `<method ${shortened(fields["(function)"]!.value ?? "…")} of `)}${write(to, fields["(self)"]!, depth + 1)}>`;
  }
  return null;
}

function call(to: Writing, value: Value, depth: number): string {
  const [opening, closing] = brackets(value);
  const parts: string[] = [];
  take(to, opening + closing);
  const ellipsis = (): void => { if (parts.at(-1) !== "…") parts.push("…"); };
  const push = (part: () => string): boolean => {
    if (to.left <= 0) {
      ellipsis();
      return false;
    }
    parts.push(part());
    to.left -= 2;
    return true;
  };
  const fields = Object.entries(value.fields ?? {});
  const telling = fields.filter(([name]) => !INTERNAL.test(name));
  // As in a call: what has no name comes first.
  const unnamed = ([name]: [string, Value]): boolean => isBase(name) && keyword(name) === null;
  for (const [name, child] of [...telling.filter(unnamed), ...telling.filter((field) => !unnamed(field))]) {
    const spread = name === "(args)" && !isElsewhere(child) ? (child.elements ?? null) : null;
    const written = isBase(name) ? keyword(name) : name;
    const whole = spread
      ? spread.every((one) => push(() => write(to, one, depth + 2)))
      : push(() => (written === null ? write(to, child, depth + 1) : `${take(to, written)}=${write(to, child, depth + 1)}`));
    if (!whole) break;
  }
  if (telling.length < fields.length) ellipsis();
  for (const child of value.elements ?? []) if (!push(() => write(to, child, depth + 1))) break;
  for (const [key, child] of value.entries ?? []) {
    if (key && child && !push(() => `${write(to, key, depth + 1)}: ${write(to, child, depth + 1)}`)) break;
  }
  if (value.not_captured) ellipsis();
  const comma = value.type === "tuple" && parts.length === 1 ? "," : "";
  return opening + parts.join(", ") + comma + closing;
}
