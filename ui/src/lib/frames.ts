// How a stack is shown: which frames stand alone, which fold into a run, which one is open at first.
import type { ErrorEvent, EventSource, Exception, Frame, FrameValues, Value } from "../api/types";
import { gone } from "./moments";
import type { Place, Shared } from "./shared";

export type Mode = "relevant" | "full" | "raw";
export type Order = "newest" | "oldest";

export interface Run {
  kind: "run";
  id: string;
  frames: Frame[];
  packages: string[];
}
export interface Single {
  kind: "frame";
  id: string;
  frame: Frame;
  raised: boolean;
}
export type Item = Single | Run;

/** What the reader chose to see of the stack, for all of its parts. */
export interface StackState {
  mode: Mode;
  order: Order;
  open: string[];
  /** How many rows of values one frame may put on the page. */
  rows: number;
  selected: { frame: string; path: string } | null;
  /** An occurrence of the issue that has values, when going there helps. */
  elsewhere: string | null;
  /** The client library. */
  client: string;
  /** Whether any frame has values. */
  captured: boolean;
  /** Where the frames lie in the repository, once that is known. */
  source: EventSource | undefined;
  /** Where the content of objects stands that a frame shares with others. */
  shared: (values: FrameValues) => Shared;
  /** A place that a row pointed at: its tree shows it and takes the focus, once. */
  reveal: Place | null;
  onrevealed: () => void;
  href: (open: string[]) => string;
  /** The address with that place selected and its frame open. */
  hrefTo: (place: Place) => string;
  onjump: (place: Place) => void;
  onopen: (open: string[]) => void;
  onselect: (frame: string, path: string) => void;
}

/** Exceptions are named by their place in the chain; those of a group by the name of the group and their place in it. */
export const frameId = (exception: string, frame: number): string => `${exception}.${frame}`;
export const memberId = (group: string, member: number): string => `${group}m${member}`;
export const ledToId = (member: string, place: number): string => `${member}c${place}`;

/** Third-party frames fold into runs; the frame that raised always stands alone. Newest first unless told otherwise. */
export function items(exception: Exception, name: string, mode: Mode, order: Order): Item[] {
  const out: Item[] = [];
  exception.frames.forEach((frame, position) => {
    const raised = position === exception.frames.length - 1;
    if (frame.in_app || raised || mode === "full") {
      out.push({ kind: "frame", id: frameId(name, position), frame, raised });
      return;
    }
    const previous = out.at(-1);
    if (previous?.kind === "run") previous.frames.push(frame);
    else out.push({ kind: "run", id: `r${frameId(name, position)}`, frames: [frame], packages: [] });
  });
  for (const item of out) if (item.kind === "run") item.packages = packages(item.frames);
  return order === "newest" ? out.reverse() : out;
}

/** The frames of an opened run, numbered as in the whole stack. */
export function runFrames(run: Run, order: Order): Single[] {
  const [exception, first] = run.id.slice(1).split(".") as [string, string];
  const out = run.frames.map((frame, i): Single => ({ kind: "frame", id: frameId(exception, Number(first) + i), frame, raised: false }));
  return order === "newest" ? out.reverse() : out;
}

/** Top-level packages of some frames, most frequent first. */
export function packages(frames: Frame[]): string[] {
  const counts = new Map<string, number>();
  for (const frame of frames) {
    const name = packageOf(frame);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

export function packageOf(frame: Pick<Frame, "file" | "module">): string {
  const installed = /(?:site|dist)-packages[/\\]([^/\\]+)/.exec(frame.file);
  if (installed) return installed[1]!.replace(/\.py$/, "");
  if (frame.module) return frame.module.split(".")[0]!;
  const library = /[/\\]python\d[\d.]*[/\\]([^/\\]+)/.exec(frame.file);
  return (library?.[1] ?? frame.file.split(/[/\\]/).at(-1) ?? frame.file).replace(/\.py$/, "");
}

/**
 * The frame to look at first: the last own frame that has values, starting with the root cause,
 * because that is where things went wrong; without any values, the own frame closest to the raise.
 */
export function defaultOpen(event: Pick<ErrorEvent, "exceptions">): string | null {
  const candidates = event.exceptions.flatMap((exception, e) => {
    const own = exception.frames.findLastIndex((f) => f.in_app);
    const position = own >= 0 ? own : exception.frames.length - 1;
    const frame = exception.frames[position];
    return frame ? [{ id: frameId(String(e), position), hasValues: variables(frame.values) > 0 }] : [];
  });
  return (candidates.find((c) => c.hasValues) ?? candidates[0])?.id ?? null;
}

const SCOPES = ["arguments", "locals", "globals", "closure"] as const;

export function variables(values: FrameValues): number {
  return SCOPES.reduce((n, scope) => n + Object.keys(values[scope] ?? {}).length, gone(values).length);
}

/** How many values anywhere in the frame were taken out, looking at no more than a bounded number of them. */
export function redacted(values: FrameValues, budget = 5_000): number {
  let left = budget;
  const visit = (value: Value | undefined): number => {
    if (!value || left-- <= 0) return 0;
    let n = value.not_captured?.startsWith("redacted") ? 1 : 0;
    for (const child of Object.values(value.fields ?? {})) n += visit(child);
    for (const child of value.elements ?? []) n += visit(child);
    for (const pair of value.entries ?? []) n += visit(pair[0]) + visit(pair[1]);
    return n;
  };
  return SCOPES.reduce((n, scope) => n + Object.values(values[scope] ?? {}).reduce((m, v) => m + visit(v), 0), 0);
}

/** "module.function", preferring the qualified name, without repeating the module. */
export function displayName(frame: Pick<Frame, "function" | "qualified_name" | "module">): string {
  const name = frame.qualified_name || frame.function || "<unknown>";
  return frame.module && !name.startsWith(`${frame.module}.`) ? `${frame.module}.${name}` : name;
}

export const location = (frame: Pick<Frame, "file" | "line_number">): string =>
  frame.line_number == null ? frame.file : `${frame.file}:${frame.line_number}`;

/** The words between two exceptions: how the upper one led to the lower one. */
export function connector(relation: Exception["relation"]): string {
  if (relation === "cause") return "caused";
  if (relation === "context") return "while handling";
  return "followed by";
}

/** Open frames in the address: ids joined by commas, "none" for none, absent for the default. */
export function readOpen(param: string | null, fallback: string | null): string[] {
  if (param === null) return fallback === null ? [] : [fallback];
  return param.split(",").filter((id) => /^(?:r?\d+(?:[mc]\d+)*\.\d+|\d+(?:[mc]\d+)*m\d+)$/.test(id)).slice(0, 100);
}

export const writeOpen = (open: string[]): string => (open.length ? open.join(",") : "none");

/** Keys on the links of the stack: up and down between them, right opens or goes to the values, left closes. */
export function onFrameKey(event: KeyboardEvent, open: boolean, ontoggle: () => void): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const links = [...document.querySelectorAll<HTMLElement>("a[data-frame]")];
  const at = links.indexOf(event.currentTarget as HTMLElement);
  if (event.key === "ArrowDown") links[at + 1]?.focus();
  else if (event.key === "ArrowUp") links[at - 1]?.focus();
  else if (event.key === "ArrowRight" && open) links[at]?.closest("li")?.querySelector<HTMLElement>('[role="treeitem"][tabindex="0"]')?.focus();
  else if ((event.key === "ArrowRight" && !open) || (event.key === "ArrowLeft" && open) || event.key === " ") ontoggle();
  else return;
  event.preventDefault();
}

export const toggle = (open: string[], id: string): string[] =>
  open.includes(id) ? open.filter((o) => o !== id) : [...open, id];

/** Ids that must be open for a frame of the chain to be on the page: its own, and that of the run it is folded in. */
export function opening(event: Pick<ErrorEvent, "exceptions">, id: string, mode: Mode): string[] {
  const [name = "", position = ""] = id.split(".");
  const exception = event.exceptions[Number(name)];
  const run = exception && items(exception, name, mode, "oldest").find((item) => item.kind === "run" && runFrames(item, "oldest").some((frame) => frame.id === frameId(name, Number(position))));
  return run ? [run.id, id] : [id];
}
