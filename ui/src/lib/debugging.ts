// An occurrence in a debugger, in words for a terminal and for VS Code.

import type { ErrorEvent } from "../api/types";

/** The port that both name; any free one would do. */
const PORT = 4711;

/** What waits for a debugger. */
export const listening = (eventId: string): string => `reenact debug ${eventId} --port ${PORT}`;

/** A prompt like that of pdb. */
export const prompting = (eventId: string): string => `reenact debug ${eventId} --pdb`;

/**
 * `launch.json` of VS Code, whose Python debugger speaks to that port. Nothing captured may stand in it: VS Code replaces
 * `${…}` everywhere in a configuration, and `${command:…}` runs something.
 */
export function launchFile(eventId: string): string {
  const id = eventId.replace(/[^0-9a-f]/g, "");
  const configuration = { name: `Reenact ${id.slice(0, 8)}`, type: "debugpy", request: "attach", debugServer: PORT, event: id };
  return `${JSON.stringify({ version: "0.2.0", configurations: [configuration] }, null, 2)}\n`;
}

/** Under which name the folder of a service's files on this machine is kept. */
export const folderKey = (service: string): string => `reenact.sources.${service}`;

/** A line of a source file: the folder that the application's modules are in, and the way from there. */
export interface SourceLine {
  folder: string;
  path: string;
  line: number;
}

/** Where the deepest frame of the application stands; null where its file has no whole path or no line is known. */
export function raisingLine(event: ErrorEvent): SourceLine | null {
  const frames = event.exceptions.at(-1)?.frames ?? [];
  const frame = frames.findLast((one) => one.in_app) ?? frames.at(-1);
  const file = frame?.file.replaceAll("\\", "/") ?? "";
  if (!frame?.line_number || !isWhole(file)) return null;
  const ofModule = frame.module ? [`/${frame.module.replaceAll(".", "/")}.py`, `/${frame.module.replaceAll(".", "/")}/__init__.py`] : [];
  const tail = ofModule.find((end) => file.endsWith(end)) ?? file.slice(file.lastIndexOf("/"));
  return { folder: file.slice(0, -tail.length) || "/", path: tail.slice(1), line: frame.line_number };
}

/**
 * A link that opens the line in VS Code on this machine; null for a folder that is no whole path. The way is a captured text:
 * it stays below the folder.
 */
export function editorLink(folder: string, { path, line }: SourceLine): string | null {
  const given = folder.trim().replaceAll("\\", "/");
  const root = given.replace(/\/+$/, "");
  const parts = path.split("/");
  if (given === "" || !isWhole(`${root}/`) || parts.some((part) => part === "" || part === "." || part === "..")) return null;
  const written = [...root.split("/"), ...parts].map((part, index) => (index === 0 ? part : encodeURIComponent(part)));
  return `vscode://file/${written.join("/").replace(/^\//, "")}:${line}`;
}

/** Whether a path begins at the root of a file system. */
const isWhole = (path: string): boolean => /^(\/|[A-Za-z]:\/)/.test(path);
