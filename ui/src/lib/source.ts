// The source of frames, and drafts of repositories.
import type { EventSource, Frame, FrameSource, Repository, RepositoryChange } from "../api/types";
import { hasMarks } from "./marks";

/** The frame with this name in the repository; members of groups are not looked for. */
export function sourceOf(source: EventSource | undefined, id: string): FrameSource | null {
  const [, exception, frame] = /^(\d+)\.(\d+)$/.exec(id) ?? [];
  return source?.exceptions[Number(exception)]?.[Number(frame)] ?? null;
}

/** Whether a line of the service reads in the repository as it was sent, blanks around it aside; null where that cannot be told. */
export function readsTheSame(sent: NonNullable<Frame["source"]>, found: FrameSource | null, line: number | null | undefined): boolean | null {
  if (found?.state === "differs") return false;
  const [here, there] = [sent, found?.source].map((source) => (source && line != null ? source.lines[line - source.first_line_number] : undefined));
  return here === undefined || there === undefined || hasMarks(here) || hasMarks(there) ? null : here.trim() === there.trim();
}

/** What a form holds: lists of pairs as lines of text. */
export interface Draft {
  name: string;
  path: string;
  services: string[];
  mappings: string;
  references: string[];
  lineUrl: string;
  commitUrl: string;
}

export const draftOf = (repository: Repository | null): Draft => ({
  name: repository?.name ?? "",
  path: repository?.path ?? "",
  services: repository?.services ?? [],
  mappings: (repository?.mappings ?? []).map((one) => `${one.prefix} = ${one.folder ?? ""}`.trim()).join("\n"),
  references: repository?.references ?? [],
  lineUrl: repository?.line_url ?? "",
  commitUrl: repository?.commit_url ?? "",
});

/** One mapping a line: `/srv/app/ = services/shop`; without a folder it is the root. */
export function mappingsOf(text: string): RepositoryChange["mappings"] {
  return text.split("\n").map((line) => line.trim()).filter(Boolean).map((line) => {
    const at = line.indexOf("=");
    return at < 0 ? { prefix: line, folder: "" } : { prefix: line.slice(0, at).trim(), folder: line.slice(at + 1).trim() };
  });
}

export const changeOf = (draft: Draft, version: number | null): RepositoryChange => ({
  name: draft.name.trim(),
  path: draft.path.trim(),
  services: draft.services,
  mappings: mappingsOf(draft.mappings),
  references: draft.references,
  line_url: draft.lineUrl.trim() || null,
  commit_url: draft.commitUrl.trim() || null,
  ...(version === null ? {} : { version }),
});
