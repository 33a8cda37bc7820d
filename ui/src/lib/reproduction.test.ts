import { expect, test } from "vitest";
import type { ErrorEvent, Fidelity, Frame } from "../api/types";
import { choices, command, FIDELITY, offered, refusal, summary, wanted } from "./reproduction";

const inputs = (...states: Fidelity[]) => states.map((state, i) => ({ kind: "argument" as const, name: `a${i}`, state, why: "" }));
const event = (...stacks: Partial<Frame>[][]): ErrorEvent =>
  ({ exceptions: stacks.map((frames) => ({ frames: frames.map((frame) => ({ file: "/srv/pay.py", function: "charge", in_app: true, line_number: 7, values: { state: "off" }, ...frame })) })) }) as unknown as ErrorEvent;

test("every state has a word of its own", () => {
  expect(new Set(Object.values(FIDELITY).map(({ text }) => text)).size).toBe(5);
  expect(FIDELITY.redacted.text).toContain("fill in");
});

test("the inputs in a sentence", () => {
  expect(summary([])).toBe("There are no inputs.");
  expect(summary(inputs("exact"))).toBe("The one input is as it was captured.");
  expect(summary(inputs("stand_in"))).toBe("The one input is not as it was captured.");
  expect(summary(inputs("exact", "exact"))).toBe("All 2 inputs are as they were captured.");
  expect(summary(inputs("exact", "redacted", "partial"))).toBe("1 of 3 inputs is as captured.");
  expect(summary(inputs("changed", "redacted"))).toBe("None of 2 inputs are as captured.");
  const statement = { kind: "statement" as const, name: "charge", state: "partial" as const, why: "only the statement on line 7 runs" };
  expect(summary([statement])).toBe("There are no inputs.");
  expect(summary([statement, ...inputs("exact")])).toBe("The one input is as it was captured.");
});

test("why there is no test, and what to do; what may pass is none of these", () => {
  expect(refusal("no_values", null, false)?.title).toContain("no values");
  expect(refusal("not_reproducible", null, false)?.advice).toContain("--root");
  expect([refusal("no_values", null, false)?.terminal, refusal("not_reproducible", null, false)?.terminal]).toEqual([false, true]);
  expect(refusal("not_reproducible", null, true)?.title).toBe("This function cannot be called");
  expect(refusal("invalid_parameter", "frame", true)?.title).toBe("There is no such frame");
  expect(refusal("forbidden", null, false)?.title).toContain("may not see");
  for (const code of ["internal", "unreachable", "not_found"]) expect(refusal(code, null, true)).toBeNull();
});

test("functions of the exception that escaped, the deepest first, by the numbers of the API", () => {
  const captured = { state: "captured" } as Frame["values"];
  const of = event([{ function: "cause" }], [{ function: "main" }, { function: "dispatch", in_app: false }, { function: "hook", in_app: false, values: captured }, { function: "charge\u202e" }]);
  expect(choices(of).map(({ frame }) => frame)).toEqual([3, 2, 0]);
  expect(choices(of)[0]!.text).toBe("3: charge\\u202e, /srv/pay.py:7");
  expect(choices(event())).toEqual([]);
});

test("offered where the exception that escaped has values of its own", () => {
  const values = (more: object) => [{ values: { state: "captured", earlier_occurrence: false, ...more } as Frame["values"] }];
  expect(offered(event(values({})))).toBe(true);
  for (const none of [event(), event([{}]), event(values({ earlier_occurrence: true })), event(values({ state: "hidden" })), event(values({}), [{}])]) expect(offered(none)).toBe(false);
});

test("a deep recursion offers its deepest frames", () => {
  const found = choices(event(Array.from({ length: 1_000 }, () => ({}))));
  expect([found.length, found[0]!.frame, found.at(-1)!.frame]).toEqual([24, 999, 976]);
});

test("the command names the frame that was chosen, the first one too", () => {
  expect(command("ab", wanted(""))).toBe("reenact reproduce ab --run");
  expect(command("ab", wanted("0"))).toBe("reenact reproduce ab --run --frame 0");
  expect(command("ab", wanted("3:statement"))).toBe("reenact reproduce ab --run --frame 3 --statement");
});
