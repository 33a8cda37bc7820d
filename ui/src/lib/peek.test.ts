import { describe, expect, test } from "vitest";
import type { ErrorEvent, Frame } from "../api/types";
import { glance, placeFor, valuesOf } from "./peek";

const frame = (name: string, more: Partial<Frame> = {}): Frame =>
  ({ function: name, file: `/srv/${name}.py`, line_number: 10, in_app: true, repeats: 0, source: { first_line_number: 10, lines: ["pay(order.total, user)"] }, values: { state: "off", reason: "" }, ...more }) as unknown as Frame;
const event = (...exceptions: Frame[][]) => ({ exceptions: exceptions.map((frames) => ({ frames })) }) as unknown as ErrorEvent;
const names = (...exceptions: Frame[][]) => glance(event(...exceptions)).frames.map((one) => one.function);
const captured = { state: "captured", reason: "", locals: { user: { type: "str", value: "'ada'" } }, arguments: { order: { type: "Order", fields: { total: { type: "int", value: "7" } } } } } as unknown as Frame["values"];

describe("a short look", () => {
  test("shows own frames, the newest first, at most five", () => {
    expect(names([frame("a"), frame("lib", { in_app: false }), frame("b")])).toEqual(["b", "a"]);
    const many = glance(event(Array.from({ length: 8 }, (_, i) => frame(`f${i}`))));
    expect([many.frames.map((one) => one.function), many.more]).toEqual([["f7", "f6", "f5", "f4", "f3"], 3]);
  });
  test("looks where values are, then where own code is, then anywhere", () => {
    expect(names([frame("a")], [frame("b", { values: { ...captured, state: "hidden" } })])).toEqual(["b"]);
    expect(names([frame("lib", { in_app: false })], [frame("b")])).toEqual(["b"]);
    expect(names([frame("outer", { in_app: false }), frame("lib", { in_app: false })])).toEqual(["lib"]);
    expect(names([])).toEqual([]);
    expect(glance(event())).toEqual({ frames: [], more: 0, frame: null, line: null });
  });
  test("says what the failing line names", () => {
    expect(valuesOf(event([frame("a", { values: captured })])).map((one) => `${one.name}=${one.text}`)).toEqual(["order.total=7", "user='ada'"]);
    expect(valuesOf(event([frame("a", { values: captured, source: null })]))).toEqual([]);
    expect(valuesOf(event([frame("a", { values: captured, line_number: 99 })]))).toEqual([]);
  });
  test("stands below its row or above it, and never on it", () => {
    expect(placeFor({ top: 100, bottom: 150 }, 200, 900)).toEqual({ top: 154, heightMax: 742 });
    expect(placeFor({ top: 700, bottom: 750 }, 200, 900)).toEqual({ top: 496, heightMax: 692 });
    expect(placeFor({ top: 400, bottom: 450 }, 20, 600, 180).top).toBe(376);
    for (let top = 0; top < 560; top += 40) {
      const row = { top, bottom: top + 56 };
      const place = placeFor(row, 400, 600);
      const height = Math.min(400, place.heightMax);
      expect(place.top >= row.bottom || place.top + height <= row.top).toBe(true);
      expect(place.top).toBeGreaterThanOrEqual(0);
      expect(place.top + height).toBeLessThanOrEqual(600);
    }
  });
});
