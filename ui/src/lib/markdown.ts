// An occurrence as Markdown, for a ticket or a chat: what was raised, where, and the values there.
import type { ErrorEvent, Exception, Frame, FrameValues, Value } from "../api/types";
import { typeName } from "./format";
import { connector, displayName, location, variables } from "./frames";
import { cut, visible } from "./hostile";
import { shortened } from "./marks";
import { earlier, MOMENTS } from "./moments";
import { repr } from "./repr";
import { sharedIn } from "./shared";
import type { Contents } from "./values";

type SharedOf = ReturnType<typeof sharedIn>;

const VALUE = 200;
const VARIABLES = 30;
const FRAMES = 20;
const MESSAGE = 2_000;

/** A code block that its content cannot close. */
function block(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((m) => m[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${shortened(text)}\n${fence}`;
}

function inline(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map((m) => m[0].length));
  const fence = "`".repeat(longest + 1);
  const pad = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${fence}${pad}${visible(text)}${pad}${fence}`;
}

function values(of: FrameValues, contents: Contents): string[] {
  const all = [of.arguments, of.locals, of.closure, of.globals].flatMap((scope) => Object.entries(scope ?? {}));
  const lines = all.filter(([name]) => name !== "@exception").map(([name, value]) => `    ${visible(cut(name, 80))} = ${visible(repr(value, VALUE, contents))}${before(of, name, value, contents)}`);
  const left = lines.length - VARIABLES;
  return left > 0 ? [...lines.slice(0, VARIABLES), `    … ${left} more`] : lines;
}

/** What it was at other moments, in brackets. */
function before(of: FrameValues, name: string, value: Value, contents: Contents): string {
  const then = earlier(of, name, value).map(({ moment, value: was }) => `${MOMENTS[moment].text}: ${visible(repr(was, VALUE, contents))}`);
  return then.length > 0 ? ` (${then.join(", ")})` : "";
}

function frame(of: Frame, shared: SharedOf): string[] {
  const line = of.source && of.line_number != null ? of.source.lines[of.line_number - of.source.first_line_number] : undefined;
  return [
    `${visible(location(of))} in ${visible(displayName(of))}`,
    ...(line === undefined ? [] : [`  > ${visible(cut(shortened(line.trim()), 300))}`]),
    ...(variables(of.values) > 0 ? values(of.values, shared(of.values)) : []),
  ];
}

/** The exceptions in a group as a list, each with where it was raised. */
function members(of: Exception, depth = 0): string[] {
  return of.members.flatMap((chain) => {
    const member = chain[chain.length - 1]!;
    const raised = member.frames.at(-1);
    const said = [typeName(member.type), cut(shortened(member.message), VALUE)].filter(Boolean).join(": ");
    return [`${"  ".repeat(depth)}- ${inline(said)}${raised ? ` in ${inline(location(raised))}` : ""}`, ...members(member, depth + 1)];
  });
}

function exception(of: Exception, shared: SharedOf): string {
  const own = of.frames.filter((f, i) => f.in_app || i === of.frames.length - 1);
  const kept = own.slice(-FRAMES);
  const body = [...(own.length > kept.length ? [`… ${own.length - kept.length} frames before`] : []), ...kept.flatMap((f) => frame(f, shared))];
  return [block(`${visible(typeName(of.type))}: ${visible(cut(shortened(of.message), MESSAGE), true)}`), ...(body.length > 0 ? [block(body.join("\n"))] : [])].join("\n");
}

export function markdown(event: ErrorEvent, address: string): string {
  const facts = ([["Service", event.service], ["Environment", event.env], ["Version", event.version], ["Resource", event.resource], ["Time", event.timestamp]] as const)
    .flatMap(([name, value]) => (value ? [`- ${name}: ${inline(cut(value, 200))}`] : []));
  const shared = sharedIn(event);
  const inside = (e: Exception): string[] => (e.members.length > 0 ? [`In this group:\n\n${members(e).join("\n")}`] : []);
  const chain = event.exceptions.flatMap((e, i) => [exception(e, shared), ...inside(e), ...(i < event.exceptions.length - 1 ? [connector(e.relation)] : [])]);
  const title = event.exceptions.at(-1)?.type ?? "Error";
  return [`## ${inline(typeName(title))}`, facts.join("\n"), ...chain, `<${address}>`].join("\n\n") + "\n";
}
