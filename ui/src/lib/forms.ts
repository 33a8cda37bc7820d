// What kind of thing a value is, where the client tells, and what follows from that for its text.
import type { Value } from "../api/types";

export type Form = NonNullable<Value["form"]>;

/** Names of modules before the name of a type. */
const MODULES = /^(?:[a-z_]\w*\.)+(?=\w+(?:\.\w+)*$)/;

/** A type without its module, as its own code calls it. */
export const shortType = (type: string): string => type.replace(MODULES, "");

/** Things whose content is a name: they are no texts. */
const NAMES: Partial<Record<Form, string>> = {
  function: "function", method: "method", class: "class", module: "module", iterator: "iterator", generator: "generator", coroutine: "coroutine", opaque: "object",
};

/** The word before such a name; null for what is shown by its content. */
export const named = (form: Value["form"]): string | null => (form ? (NAMES[form] ?? null) : null);

const TAGS: Record<Form, string> = {
  enum: "enum", named_tuple: "named tuple", dataclass: "dataclass", exception: "exception", function: "function", method: "method", class: "class", module: "module",
  iterator: "iterator", generator: "generator", coroutine: "coroutine", array: "array", table: "table", opaque: "",
};

/** The form in words, where the type does not say it already. */
export function formTag(value: Value): string | null {
  const tag = value.form ? TAGS[value.form] : "";
  const type = shortType(value.type).toLowerCase();
  return tag === "" || type.includes(tag) || (tag === "class" && type === "type") || (tag === "exception" && type.endsWith("error")) ? null : tag;
}

/** Why there is no content, in a word and a sentence; null where the form is no reason. */
export function unread(form: Value["form"]): { text: string; why: string } | null {
  switch (form) {
    case "iterator":
    case "generator":
    case "coroutine":
      return { text: "not run", why: "What it holds comes only from running it, and a capture runs none of the service's code." };
    case "opaque":
      return { text: "opaque", why: "Its state lies in compiled code and can be read only by running some, which a capture does not do." };
    case "array":
    case "table":
      return { text: "content not read", why: "Its content can be read only by running the code of its library, which a capture does not do." };
    default:
      return null;
  }
}

/** A field in parentheses is no attribute: it is what the type has from a built-in one, or what only the interpreter sees. */
export const isBase = (name: string): boolean => /^\(\w+\)$/.test(name);

/** What Python writes to reach what such a field has; nothing where the object itself is it. */
const REACHED: Record<string, string> = {
  "(args)": ".args", "(function)": ".__func__", "(self)": ".__self__", "(default_factory)": ".default_factory", "(maxlen)": ".maxlen", "(dtype)": ".dtype", "(shape)": ".shape",
};
export const reached = (name: string): string => REACHED[name] ?? "";

/** Of the fields in parentheses those that have a name in a call as well. */
export const keyword = (name: string): string | null => (reached(name) === "" || name === "(args)" ? null : name.slice(1, -1));
