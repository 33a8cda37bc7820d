import { expect, test } from "vitest";
import type { ErrorEvent, Frame, FrameValues } from "../api/types";
import { markdown } from "./markdown";

const none: FrameValues = { arguments: {}, locals: {}, closure: {}, globals: {}, at_raise: {}, at_entry: {}, parameters: [], earlier_occurrence: false, state: "off", reason: "" };
const frame = (more: Partial<Frame>): Frame => ({ file: "/srv/pay.py", function: "charge", in_app: true, index: 0, repeats: 0, line_number: 7, values: none, ...more });
const event = (frames: Frame[], message = "division by zero"): ErrorEvent => ({
  id: "e", issue_id: "i", service: "shop", timestamp: "2026-01-02T03:04:05Z", received_at: "", handled: false, client: { name: "ddtrace" }, warnings: [],
  grouping: { version: "v1", fingerprint: "", why: [], source: "default", parts: [], frames_left_out: 0, own_issue_id: "i", issue_id_without_rules: "i" }, metrics: {}, tags: {}, trace: { spans: [], spans_dropped: 0 }, values: { state: "off", reason: "" },
  exceptions: [{ type: "builtins.ZeroDivisionError", message, notes: [], members: [], members_left_out: 0, frames }],
});

test("says what was raised, where, and with which values", () => {
  const values = { ...none, locals: { rate: { type: "int", value: "0" } } };
  const text = markdown(event([frame({ values, source: { first_line_number: 7, lines: ["    return total / rate"], origin: "traceback" } })]), "http://x/issues/i/events/e");
  expect(text).toContain("## `ZeroDivisionError`\n\n- Service: `shop`");
  expect(text).toContain("/srv/pay.py:7 in charge\n  > return total / rate\n    rate = 0");
  expect(text).toContain("<http://x/issues/i/events/e>");
});

test("captured text cannot leave its code block or hide characters", () => {
  const text = markdown(event([], "```\n# title\n\u202e"), "http://x");
  expect(text).toContain("````\nZeroDivisionError: ```\n# title\n\\u202e\n````");
});

test("third-party frames and endless stacks are left out", () => {
  const text = markdown(event([frame({ in_app: false, file: "/lib/flask.py" }), ...Array.from({ length: 30 }, () => frame({}))]), "http://x");
  expect(text).not.toContain("flask.py");
  expect(text).toContain("… 10 frames before");
});

test("a group tells of its members, whatever they say", () => {
  const of = event([], "many (2 sub-exceptions)");
  const member = (type: string, message: string, frames: Frame[]) => [{ type, message, notes: [], members: [], members_left_out: 0, frames }];
  Object.assign(of.exceptions[0]!, { type: "ExceptionGroup", members: [member("ValueError", "`x`\n# title", [frame({ file: "/srv/a.py", line_number: 3 })]), member("KeyError", "", [])] });
  expect(markdown(of, "http://x")).toContain("In this group:\n\n- ``ValueError: `x`\\n# title`` in `/srv/a.py:3`\n- `KeyError`\n");
});
