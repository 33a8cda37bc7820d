import { expect, test } from "vitest";
import type { Span } from "../api/types";
import { waterfall } from "./spans";

const span = (span_id: string, parent_id: string | null, start_offset_ns: number, duration_ns: number): Span => ({
  span_id, parent_id, service: "shop", name: "n", resource: "r", start: "2026-01-01T00:00:00Z", start_offset_ns, duration_ns, error: false, has_exception: false,
});

test("spans stand below their parents in order of start", () => {
  const rows = waterfall([span("c", "a", 50, 10), span("a", null, 0, 100), span("b", "a", 10, 20), span("d", "missing", 90, 5)], 100);
  expect(rows.map((r) => [r.span.span_id, r.depth, r.left, r.width])).toEqual([["a", 0, 0, 100], ["b", 1, 10, 20], ["c", 1, 50, 10], ["d", 0, 90, 5]]);
});

test("a circle of parents is shown once and ends", () => {
  expect(waterfall([span("a", "b", 0, 1), span("b", "a", 0, 1), span("s", "s", 0, 1)], 100).map((r) => r.span.span_id).sort()).toEqual(["a", "b", "s"]);
});

test("no more rows than asked for", () => {
  expect(waterfall(Array.from({ length: 50 }, (_, i) => span(String(i), null, i, 1)), 10)).toHaveLength(10);
});
