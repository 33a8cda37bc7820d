import { expect, test } from "vitest";
import type { ActivityEntry } from "../api/types";
import { actor, sentence } from "./activity";

const entry = (more: Partial<ActivityEntry>): ActivityEntry => ({ id: "1", at: "2026-01-02T03:04:05Z", actor: "local admin", kind: "state", undone: false, can_undo: true, issue_ids: [], ...more });

test("changes of the state", () => {
  expect(sentence(entry({ from: "for_review", to: "resolved", scope: "next_version" }))).toBe("resolved it in the next version");
  expect(sentence(entry({ to: "resolved" }))).toBe("resolved it");
  expect(sentence(entry({ to: "ignored", ignore: { events: 100 } }))).toBe("ignored it until 100 more events");
  expect(sentence(entry({ from: "resolved", to: "for_review" }))).toBe("put it back to review");
});

test("assignments", () => {
  expect(sentence(entry({ kind: "assigned", assignee_to: "Ada" }))).toBe("assigned it to Ada");
  expect(sentence(entry({ kind: "assigned", assignee_from: "Ada", assignee_to: "Bob" }))).toBe("assigned it to Bob instead of Ada");
  expect(sentence(entry({ kind: "assigned", assignee_from: "Ada", assignee_to: null }))).toBe("took it off Ada");
});

test("events that moved name the others", () => {
  expect(sentence(entry({ kind: "moved_in", issue_ids: ["0123456789abcdef"], events: 3 }))).toBe("moved 3 events of 0123456789abcdef into it");
  expect(sentence(entry({ kind: "moved_out", issue_ids: ["a", "b"], events: 1 }))).toBe("moved 1 event of it to 2 issues");
});

test("suspected causes", () => {
  expect(sentence(entry({ kind: "cause", cause_to: "missing_item" }))).toBe("set its suspected cause to Missing item");
  expect(sentence(entry({ kind: "cause", cause_from: "timeout", cause_to: "unknown" }))).toBe("took its suspected cause away");
  expect(sentence(entry({ kind: "cause", cause_from: "timeout", cause_to: null }))).toBe("took its suspected cause from its events again");
});

test("what happened by itself names the program", () => {
  const regression = entry({ kind: "regression", actor: "automatic", version: "1.3", env: "prod" });
  expect(`${actor(regression)} ${sentence(regression)}`).toBe("Reenact reopened it as a regression in version 1.3 in prod");
  expect(sentence(entry({ kind: "first_seen", actor: "automatic" }))).toBe("saw it for the first time");
});

test("merges and splits name the others", () => {
  expect(sentence(entry({ kind: "merged", issue_ids: ["0123456789abcdef"] }))).toBe("merged 0123456789abcdef into it");
  expect(sentence(entry({ kind: "split", issue_ids: ["a", "b"] }))).toBe("split 2 issues off");
  expect(sentence(entry({ kind: "merged_into", issue_ids: ["a"] }))).toBe("merged it into a");
});
