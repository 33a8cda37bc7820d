import { expect, test } from "vitest";
import type { Exception } from "../api/types";
import { groups, ownNotes, type Told } from "./groups";

// Printed by Python 3.11.
const PRINTED = String.raw`  + Exception Group Traceback (most recent call last):
  |   File "/srv/app/jobs.py", line 34, in checkout
  |     raise ExceptionGroup("checkout failed", errors)
  | ExceptionGroup: checkout failed (3 sub-exceptions)
  | tried twice
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/app/jobs.py", line 26, in checkout
    |     try: f(*a)
    |          ^^^^^
    |   File "/venv/lib/python3.11/site-packages/pay/api.py", line 7, in charge
    |     fee = amount / rate
    |           ~~~~~~~^~~~~~
    | ZeroDivisionError: division by zero
    +---------------- 2 ----------------
    | Exception Group Traceback (most recent call last):
    |   File "/srv/app/jobs.py", line 21, in nested
    |     raise ExceptionGroup("inner", errs)
    | ExceptionGroup: inner (2 sub-exceptions)
    +-+---------------- 1 ----------------
      | ValueError: first line
      | +---------------- 2 ----------------
      |   + Exception Group Traceback (most recent call last):
      +---------------- 2 ----------------
      | KeyError
      +------------------------------------
    +---------------- 3 ----------------
    | Traceback (most recent call last):
    |   File "/srv/app/jobs.py", line 31, in checkout
    |     charge(order)
    |   [Previous line repeated 2 more times]
    | ZeroDivisionError: division by zero
    | 
    | The above exception was the direct cause of the following exception:
    | 
    | Traceback (most recent call last):
    |   File "/srv/app/jobs.py", line 32, in checkout
    |     raise Declined("while charging") from e
    | shop.Declined: while charging
    +------------------------------------
`;
const exception = (type: string, message: string, notes: string[] = []): Exception => ({ type, message, notes, frames: [] });
const escaped = exception("ExceptionGroup", "checkout failed (3 sub-exceptions)");
const shape = (told: Told): unknown => (told.members.length === 0 ? told.exception.type : [told.exception.type, ...told.members.map((c) => (c.length === 1 ? shape(c[0]!) : c.map(shape)))]);

test("a group is read as a tree, each member with what led to it", () => {
  const told = groups({ exceptions: [escaped], stack_text: PRINTED }).get(0)!;
  expect(shape(told)).toEqual(["ExceptionGroup", "ZeroDivisionError", ["ExceptionGroup", "ValueError", "KeyError"], ["ZeroDivisionError", "shop.Declined"]]);
  expect(told.members[2]![0]!.exception.relation).toBe("cause");
  expect(told.left).toBe(0);
});

test("members have their frames, with source lines, repeats and whose code it is", () => {
  const [first, , third] = groups({ exceptions: [escaped], stack_text: PRINTED }).get(0)!.members;
  expect(first![0]!.exception.frames.map((f) => [f.function, f.line_number, f.in_app, f.source?.lines[0]])).toEqual([
    ["checkout", 26, true, "try: f(*a)"], ["charge", 7, false, "fee = amount / rate"],
  ]);
  expect(third![0]!.exception.frames[0]!.repeats).toBe(2);
});

test("a message cannot leave its place, whatever it imitates", () => {
  const inner = groups({ exceptions: [escaped], stack_text: PRINTED }).get(0)!.members[1]![0]!;
  expect(inner.members).toHaveLength(2);
  expect(inner.members[0]![0]!.exception.message).toBe("first line\n+---------------- 2 ----------------\n  + Exception Group Traceback (most recent call last):");
});

test("what is not printed is counted: a wide group, and a text that was cut", () => {
  const wide = "  + Exception Group Traceback (most recent call last):\n  | G: m (5 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | A\n    +---------------- ... ----------------\n    | and 4 more exceptions\n    +------------------------------------\n";
  const told = groups({ exceptions: [exception("G", "m (5 sub-exceptions)")], stack_text: wide }).get(0)!;
  expect([told.members.length, told.left]).toEqual([1, 4]);
  expect(groups({ exceptions: [escaped], stack_text: PRINTED.slice(0, 900) }).get(0)!.left).toBeGreaterThan(0);
});

test("a group stands at its place in the chain, before or after others", () => {
  const cause = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 1\n\nThe above exception was the direct cause of the following exception:\n\n";
  expect([...groups({ exceptions: [exception("KeyError", "1"), escaped], stack_text: cause + PRINTED }).keys()]).toEqual([1]);
  const after = "\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 1\n";
  expect([...groups({ exceptions: [escaped, exception("KeyError", "1")], stack_text: PRINTED + after }).keys()]).toEqual([0]);
  expect(groups({ exceptions: [exception("KeyError", "1")], stack_text: "Traceback (most recent call last):\nKeyError: 1\n" }).size).toBe(0);
});

test("notes that only tell of the members are left out", () => {
  const noted = { ...escaped, notes: ["tried twice", "ZeroDivisionError: division by zero (in charge, /srv/a.py:7)", "Exception Group Traceback (most recent call last):", "KeyError"] };
  const group = groups({ exceptions: [noted], stack_text: PRINTED }).get(0);
  expect(ownNotes(noted, group)).toEqual(["tried twice"]);
  expect(ownNotes(noted, undefined)).toEqual(noted.notes);
});

test("a text made of rules and margins stays cheap", () => {
  const text = `  + Exception Group Traceback (most recent call last):\n${Array.from({ length: 20_000 }, (_, i) => `    +---------------- ${i} ----------------\n  |`).join("\n")}`;
  const begun = performance.now();
  groups({ exceptions: [escaped], stack_text: text + " ".repeat(100_000) });
  expect(performance.now() - begun).toBeLessThan(500);
});
