// The members of exception groups, read from the printed traceback: only there do all of them stand, nested and with their frames.
import type { ErrorEvent, Exception, Frame } from "../api/types";

/** An exception as the traceback prints it. */
export interface Told {
  exception: Exception;
  /** Those in the group, each with what led to it, root cause first. */
  members: Told[][];
  /** How many more the group has than are printed. */
  left: number;
}

const MEMBERS_MAX = 200;
const FRAMES_MAX = 200;

const GROUP = /^( *)\+ (Exception Group Traceback \(most recent call last\):)$/;
const MARGIN = /^( *)\|(?: (.*))?$/;
/** `+-+--- 1 ---` opens a group, `+--- 2 ---` goes on in it, `+-----` closes it. */
const RULE = /^( *)\+(-\+)?-{3,}(?: (\d+|\.{3}) -+)?$/;
const TRACEBACK = /^(?:Exception Group )?Traceback \(most recent call last\):$/;
const FRAME = /^ {2}File "(.*)", line (\d+)(?:, in (.*))?$/;
const REPEATED = /^ {2}\[Previous line repeated (\d+) more times?\]$/;
const CAUSE = "The above exception was the direct cause of the following exception:";
const CONTEXT = "During handling of the above exception, another exception occurred:";

/** What stands between two rules: text, and the group that follows it; after a group may come another exception. */
interface Block {
  parts: { lines: string[]; members: Block[] }[];
}

/** The groups among the exceptions of an event by their place in its chain. */
export function groups(event: Pick<ErrorEvent, "exceptions" | "stack_text">): Map<number, Told> {
  const found = new Map<number, Told>();
  for (const told of roots(event.stack_text ?? "").flatMap(chain).filter((t) => t.members.length > 0).reverse()) {
    const at = place(event.exceptions, told.exception, found);
    if (at >= 0) found.set(at, told);
  }
  return found;
}

/** Without the notes that the server makes of the members. */
export function ownNotes(exception: Exception, group: Told | undefined): string[] {
  if (!group) return exception.notes;
  const inside = new Set(everyone(group).map((e) => firstLine(`${e.type}${e.message ? `: ${e.message}` : ""}`)));
  return exception.notes.filter((note) => !TRACEBACK.test(note) && !inside.has(firstLine(note).replace(/ \(in .*:\d+\)$/, "")));
}

const everyone = (told: Told): Exception[] => [told.exception, ...told.members.flat().flatMap(everyone)];
const firstLine = (text: string): string => text.split("\n", 1)[0]!;
const shortName = (type: string): string => type.slice(type.lastIndexOf(".") + 1);

function place(exceptions: Exception[], told: Exception, taken: Map<number, Told>): number {
  const same = (e: Exception, i: number) => !taken.has(i) && shortName(e.type) === shortName(told.type);
  const exact = exceptions.findLastIndex((e, i) => same(e, i) && firstLine(e.message) === firstLine(told.message));
  return exact >= 0 ? exact : exceptions.findLastIndex(same);
}

/** The outermost groups of a text. What is printed inside of one has a margin, so that no message can leave its place. */
function roots(text: string): Block[] {
  const found: Block[] = [];
  let open: Block[] = [];
  let indent = 0;
  let count = 0;
  for (const line of text.split("\n")) {
    const begin = open.length === 0 && GROUP.exec(line);
    if (begin) {
      open = [empty()];
      add(open[0]!, begin[2]!);
      indent = begin[1]!.length;
      found.push(open[0]!);
      continue;
    }
    if (open.length === 0) continue;
    const [, margin, content] = MARGIN.exec(line) ?? [];
    const [, edge, opens, number] = RULE.exec(line) ?? [];
    const depth = ((margin ?? edge ?? "").length - indent) / 2;
    if (margin !== undefined && open[depth]) {
      open.length = depth + 1;
      add(open[depth], content ?? "");
    } else if (edge !== undefined && (opens ? open[depth] : open[depth - 1])) {
      open.length = opens ? depth + 1 : depth;
      if (number !== undefined && count < MEMBERS_MAX) {
        const member = empty();
        if (number !== "...") count += 1;
        open.at(-1)!.parts.at(-1)!.members.push(member);
        open.push(member);
      }
    } else open = [];
  }
  return found;
}

const empty = (): Block => ({ parts: [{ lines: [], members: [] }] });

function add(block: Block, line: string): void {
  const last = block.parts.at(-1)!;
  if (last.members.length === 0) last.lines.push(line);
  else block.parts.push({ lines: [line], members: [] });
}

/** The exceptions of a block, each leading to the next. */
function chain(block: Block): Told[] {
  const out: Told[] = [];
  for (const { lines, members } of block.parts) {
    let from = 0;
    lines.forEach((line, i) => {
      if (line !== CAUSE && line !== CONTEXT) return;
      if (lines.slice(from, i).some((l) => l.trim() !== "")) out.push(read(lines.slice(from, i), []));
      const before = out.at(-1);
      if (before) before.exception.relation = line === CAUSE ? "cause" : "context";
      from = i + 1;
    });
    const rest = lines.slice(from);
    if (members.length > 0 || rest.some((l) => l.trim() !== "")) out.push(read(rest, members));
  }
  return out;
}

function read(lines: string[], blocks: Block[]): Told {
  const frames: Frame[] = [];
  let at = lines.findIndex((l) => l.trim() !== "");
  if (TRACEBACK.test(lines[at] ?? "")) {
    for (at += 1; at < lines.length && lines[at]!.startsWith("  "); at++) {
      const line = lines[at]!;
      const [, file, number, name] = FRAME.exec(line) ?? [];
      const repeated = REPEATED.exec(line)?.[1];
      const last = frames.at(-1);
      if (file !== undefined && name !== undefined) frames.push(frame(frames.length, file, Number(number), name));
      else if (last && repeated) last.repeats = Number(repeated);
      else if (last && !last.source && last.line_number != null) last.source = { first_line_number: last.line_number, lines: [line.trim()] };
    }
  }
  const [, type = "", message = ""] = /^([\w.<>]+)(?::(?: ([\s\S]*))?)?$/.exec(lines.slice(Math.max(0, at)).join("\n").trimEnd()) ?? [];
  const members = blocks.map(chain).filter((c) => c.at(-1)?.exception.type);
  const counted = Number(/\((\d+) sub-exceptions?\)$/m.exec(message)?.[1] ?? members.length);
  return { exception: { type, message, notes: [], frames: frames.slice(-FRAMES_MAX) }, members, left: Math.max(0, counted - members.length) };
}

const frame = (index: number, file: string, line_number: number, name: string): Frame => ({
  index, function: name, file, line_number, repeats: 0,
  in_app: !/[/\\](?:site|dist)-packages[/\\]|[/\\]lib(?:64)?[/\\]python3\.|^<frozen /.test(file),
  values: {
    state: "unknown", reason: "The client captures the frames of the exception that escaped, not those of the exceptions in its group.",
    earlier_occurrence: false, arguments: {}, locals: {}, globals: {}, closure: {},
  },
});
