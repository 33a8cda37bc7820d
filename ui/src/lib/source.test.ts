import { expect, test } from "vitest";
import type { EventSource, FrameSource, Repository } from "../api/types";
import { changeOf, draftOf, mappingsOf, readsTheSame, sourceOf } from "./source";

test("frames are found by their place in the chain", () => {
  const frame = { state: "found", reason: "", path: "a.py", url: null, source: null };
  const source = { state: "found", reason: "", repository: null, commit: null, exceptions: [[], [frame]] } as unknown as EventSource;
  expect(sourceOf(source, "1.0")).toBe(frame);
  for (const id of ["0.0", "1.1", "1m0.0", "r1.0", ""]) expect(sourceOf(source, id)).toBeNull();
  expect(sourceOf(undefined, "1.0")).toBeNull();
});

test("mappings are lines with a sign between", () => {
  expect(mappingsOf(" /srv/app/ = services/shop \n\n/opt/x\n/a=b=c")).toEqual([
    { prefix: "/srv/app/", folder: "services/shop" },
    { prefix: "/opt/x", folder: "" },
    { prefix: "/a", folder: "b=c" },
  ]);
});

test("a draft says the same as what it was made from", () => {
  const repository = {
    id: "1", name: "shop", path: "/srv/shop", services: ["shop"], mappings: [{ prefix: "/srv/app/", folder: "" }], references: ["{version}"],
    line_url: "https://x/{path}", commit_url: null, version: 3,
  } as unknown as Repository;
  expect(changeOf(draftOf(repository), 3)).toEqual({
    name: "shop", path: "/srv/shop", services: ["shop"], mappings: [{ prefix: "/srv/app/", folder: "" }], references: ["{version}"],
    line_url: "https://x/{path}", commit_url: null, version: 3,
  });
  expect(changeOf(draftOf(null), null)).not.toHaveProperty("version");
});

test("a line that the service sent is compared with the one in the repository", () => {
  const sent = { first_line_number: 10, lines: ["a = 1", "  b = 2"], origin: "client" as const, file_hash: null };
  const found = (state: string, ...lines: string[]): FrameSource => ({ state, reason: "", path: null, url: null, source: lines.length > 0 ? { first_line_number: 10, lines, origin: "repository", file_hash: null } : null });
  expect(readsTheSame(sent, found("found", "a = 1", "b = 2 "), 11)).toBe(true);
  expect(readsTheSame(sent, found("found", "a = 1", "b = 3"), 11)).toBe(false);
  expect(readsTheSame(sent, found("differs"), 11)).toBe(false);
  expect([readsTheSame(sent, null, 11), readsTheSame(sent, found("not_found"), 11), readsTheSame(sent, found("found", "a = 1"), 99), readsTheSame(sent, found("found", "a = 1"), null)]).toEqual([null, null, null, null]);
});
