import { expect, it } from "vitest";
import openapi from "../../../docs/reference/openapi.json";
import { ACTIONS, actionWords, subject } from "./audit";

const scanner = { groups: [{ id: "aa", name: "Shop", rules: [{ id: "bb", name: "Orders", pattern: { kind: "regex" as const, regex: "x" }, action: { kind: "hash" as const } }] }] };

it.each([
  ["values.viewed", "9f614f0ea57b4c0d9f614f0ea57b4c0d", "event 9f614f0e", "/events/9f614f0ea57b4c0d9f614f0ea57b4c0d"],
  ["values.viewed", "9f614f0ea57b4c0d", "issue 9f614f0e", "/issues/9f614f0ea57b4c0d"],
  ["issues.merged", "9f614f0ea57b4c0d", "issue 9f614f0e", "/issues/9f614f0ea57b4c0d"],
  ["scanner.changed", "bb", "Orders", "/settings/scanner?rule=bb"],
  ["scanner.changed", "aa", "Shop", "/settings/scanner?group=aa"],
  ["scanner.changed", "gone", "gone", null],
  ["capture.asked", "0123456789", "issue 01234567", "/issues/0123456789"],
  ["scrub.started", "0123456789", "job 01234567", "/settings/scrub"],
  ["grouping.applied", "0123456789", "job 01234567", "/settings/grouping"],
  ["key.added", "0123456789abcdef", "key 01234567", "/settings/keys"],
  ["view.deleted", "0123456789abcdef", "0123456789abcdef", null],
  ["something.new", "x", "x", null],
])("%s of %s", (action, id, text, href) => expect(subject({ action, subject: id }, scanner)).toEqual({ text, href }));

it.each(["redaction", "grouping", "volume", "captures"])("%s is changed as a whole", (what) => expect(subject({ action: `${what}.changed`, subject: null }, undefined)).toEqual({ text: "settings", href: `/settings/${what}` }));
it("many issues have no address", () => expect(subject({ action: "issues.changed", subject: null }, undefined)).toBeNull());
it("an unknown action is called as it is", () => expect([actionWords("scrub.started"), actionWords("x.y")]).toEqual(["started scrubbing", "x.y"]));

it("what the server writes is what its document lists, and has words here", () => {
  const sources = Object.values(import.meta.glob<string>("../../../crates/server/src/**/*.rs", { query: "?raw", import: "default", eager: true }));
  const written = sources.flatMap((source) => [...source.matchAll(/(?:\bdoes\(|\baudit\.action =)\s*"([^"]+)"/g)].map((match) => match[1]!));
  const listed = openapi.components.schemas.AuditEntry.properties.action.description.matchAll(/`([^`]+)`/g);
  const known = ACTIONS.map(([id]) => id as string).sort();
  expect([...new Set(written)].sort()).toEqual(known);
  expect([...listed].map((match) => match[1]).sort()).toEqual(known);
});
