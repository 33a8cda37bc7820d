// Objects that appear at more than one place of a capture: where their content stands, and where else they are.
import type { ErrorEvent, FrameValues, Value } from "../api/types";
import { frameId } from "./frames";
import { below, groups, type Variable } from "./tree";
import { isElsewhere } from "./values";

export interface Place {
  /** The frame, as in the address. */
  frame: string;
  function: string;
  /** The group of variables. */
  scope: string;
  /** In the tree of the frame, without what tells scopes apart. */
  path: string;
  /** What Python writes to reach it. */
  python: string;
  /** As the server reads paths; null when it has none. */
  segments: readonly string[] | null;
  value: Value;
}

export interface SharedObject {
  /** Where its content stands. */
  holder: Place;
  /** Other places, the first ones. */
  others: Place[];
  /** Places in all. */
  count: number;
}

/** By the number of the object. */
export type Shared = ReadonlyMap<number, SharedObject>;

/** How many values are looked at; a capture has fewer. */
const LOOKED_AT = 500_000;
const OTHERS = 20;

interface Node {
  item: Variable;
  parent: Node | null;
  frame: string;
  function: string;
  scope: string;
}

function place(node: Node): Place {
  const up: Node[] = [];
  for (let at: Node | null = node; at; at = at.parent) up.unshift(at);
  const segments = up.map(({ item }) => item.segment);
  return {
    frame: node.frame, function: node.function, scope: node.scope,
    path: up.map(({ item }) => item.step).join(""),
    python: up.map(({ item }) => item.python ?? item.step).join(""),
    segments: segments.every((segment) => segment !== null) ? segments : null,
    value: node.item.value,
  };
}

/** The shared objects of one capture: of all frames that were captured together. */
function gather(frames: { id: string; function: string; values: FrameValues }[]): Shared {
  if (!anyShared(frames)) return new Map();
  const queue: Node[] = [];
  for (const frame of frames) {
    for (const group of groups(frame.values, new Set())) {
      for (const item of group.variables) queue.push({ item, parent: null, frame: frame.id, function: frame.function, scope: group.name });
    }
  }
  const holders = new Map<number, Node>();
  const others = new Map<number, Node[]>();
  for (let at = 0; at < queue.length && at < LOOKED_AT; at++) {
    const node = queue[at]!;
    const { ref } = node.item.value;
    if (ref != null && isElsewhere(node.item.value)) {
      const known = others.get(ref);
      if (known) known.push(node);
      else others.set(ref, [node]);
    } else if (ref != null && !holders.has(ref)) holders.set(ref, node);
    for (const item of below(node.item, node.item.value)) {
      if (item.moment !== "caught") queue.push({ item, parent: node, frame: node.frame, function: node.function, scope: node.scope });
    }
  }
  const found = new Map<number, SharedObject>();
  for (const [ref, nodes] of others) {
    const holder = holders.get(ref);
    if (holder) found.set(ref, { holder: place(holder), others: nodes.slice(0, OTHERS).map(place), count: nodes.length + 1 });
  }
  return found;
}

/** Whether any of these values has a number, without the cost of naming their places. */
function anyShared(frames: { values: FrameValues }[]): boolean {
  const rest: Value[] = frames.flatMap(({ values: v }) => [v.arguments, v.locals, v.closure, v.globals, v.at_raise, v.at_entry].flatMap((scope) => Object.values(scope ?? {})));
  for (let looked = 0; rest.length > 0 && looked < LOOKED_AT; looked++) {
    const value = rest.pop()!;
    if (value.ref != null) return true;
    if (value.fields) for (const name in value.fields) rest.push(value.fields[name]!);
    if (value.elements) for (const one of value.elements) rest.push(one);
    if (value.entries) for (const pair of value.entries) for (const one of pair) rest.push(one);
  }
  return false;
}

/** Finds for the values of a frame the objects that they share with others. */
export function sharedIn(event: Pick<ErrorEvent, "exceptions">): (values: FrameValues) => Shared {
  const all = event.exceptions.flatMap((exception, e) => exception.frames.map((frame, f) => ({ id: frameId(String(e), f), function: frame.function, values: frame.values })));
  // The deepest frame is looked at first. What was captured for an earlier exception has numbers of its own.
  const together = gather(all.filter((frame) => !frame.values.earlier_occurrence).reverse());
  const alone = new Map(all.filter((frame) => frame.values.earlier_occurrence).map((frame) => [frame.values, gather([frame])]));
  return (values) => alone.get(values) ?? together;
}
