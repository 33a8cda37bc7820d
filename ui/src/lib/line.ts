// What the line that raised names, and the values of it: enough to read the error without opening anything.
import type { FrameValues, Value } from "../api/types";
import { atRaise } from "./moments";
import { repr } from "./repr";
import { isElsewhere, kind, type Contents, type Kind } from "./values";

const STRING = /(?<!\w)([A-Za-z]{0,2})(["'])(?:\\.|(?!\2).)*\2/g;
const PATH = /(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/g;
const TARGETS = /^\s*(?:\*?[A-Za-z_]\w*\s*,\s*)*\*?[A-Za-z_]\w*\s*=(?!=)/;

/** The line without comments and text in quotes; what an f-string names is kept. */
function code(line: string): string {
  const plain = line.replace(STRING, (text, prefix: string) =>
    /f/i.test(prefix) ? ` ${[...text.matchAll(/\{([^{}]*)\}/g)].map((m) => m[1]!.replace(/[!:][^!:]*$/, "")).join(" , ")} ` : " ",
  );
  return plain.replace(/#.*$/, "");
}

/** Dotted names that the line reads, in its order. What it only assigns, or passes a value as, is not read. */
export function reads(line: string | undefined): string[] {
  if (!line) return [];
  const text = code(line);
  const from = TARGETS.exec(text)?.[0].length ?? 0;
  const found = [...text.matchAll(PATH)].filter((m) => m.index >= from && !/^\s*=(?!=)/.test(text.slice(m.index + m[0].length)));
  return [...new Set(found.map((m) => m[0]))];
}

/** The variables that the line reads. A keyword among them does no harm: no variable has its name. */
export const identifiers = (line: string | undefined): Set<string> => new Set(reads(line).map((path) => path.split(".", 1)[0]!));

export interface Ghost {
  name: string;
  text: string;
  kind: Kind;
}

const MOST = 3;
const LENGTH = 48;

function lookUp(values: FrameValues, path: string, contents: Contents): { name: string; value: Value } | null {
  const [first, ...rest] = path.split(".") as [string, ...string[]];
  const found = (value: Value | undefined): Value | undefined => (value?.ref != null && isElsewhere(value) ? (contents.get(value.ref)?.holder.value ?? value) : value);
  let value = found(atRaise(values, first));
  if (!value) return null;
  let name = first;
  for (const step of rest) {
    const next: Value | undefined = Object.hasOwn(value.fields ?? {}, step) ? found(value.fields?.[step]) : undefined;
    if (!next) break;
    value = next;
    name += `.${step}`;
  }
  return { name, value };
}

/** At most three of the line's values for its end; plain values say more than objects and go first when there are more. */
export function ghosts(line: string | undefined, values: FrameValues, contents: Contents = new Map<number, never>()): Ghost[] {
  const found = new Map<string, Value>();
  for (const path of reads(line)) {
    const hit = lookUp(values, path, contents);
    if (hit) found.set(hit.name, hit.value);
  }
  const all = [...found].map(([name, value], at) => ({ name, value, at, plain: value.value != null || value.is_null === true }));
  const kept = all.sort((a, b) => Number(b.plain) - Number(a.plain) || a.at - b.at).slice(0, MOST);
  return kept.sort((a, b) => a.at - b.at).map(({ name, value }) => ({ name, text: repr(value, LENGTH, contents), kind: kind(value) }));
}
