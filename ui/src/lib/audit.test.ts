import { expect, it } from "vitest";
import { actionWords, subject } from "./audit";

const scanner = { groups: [{ id: "aa", name: "Shop", rules: [{ id: "bb", name: "Orders", pattern: { kind: "regex" as const, regex: "x" }, action: { kind: "hash" as const } }] }] };

it.each([
  ["values.viewed", "9f614f0ea57b", "event 9f614f0e", "/events/9f614f0ea57b"],
  ["scanner.changed", "bb", "Orders", "/settings/scanner?rule=bb"],
  ["scanner.changed", "aa", "Shop", "/settings/scanner?group=aa"],
  ["scanner.changed", "gone", "gone", null],
  ["capture.asked", "0123456789", "issue 01234567", "/issues/0123456789"],
  ["scrub.started", "0123456789", "job 01234567", "/settings/scrub"],
  ["something.new", "x", "x", null],
])("%s of %s", (action, id, text, href) => expect(subject({ action, subject: id }, scanner)).toEqual({ text, href }));

it("settings have no id", () => expect(subject({ action: "redaction.changed", subject: null }, undefined)?.href).toBe("/settings/redaction"));
it("an unknown action is called as it is", () => expect([actionWords("scrub.started"), actionWords("x.y")]).toEqual(["started scrubbing", "x.y"]));
