// A trace as rows: every span below its parent, in order of start.
import type { Span } from "../api/types";

export interface SpanRow {
  span: Span;
  depth: number;
  /** Percent of the whole trace. */
  left: number;
  width: number;
}

const DEEPEST = 24;

export function waterfall(spans: Span[], limit: number): SpanRow[] {
  const byParent = new Map<string | null, Span[]>();
  const known = new Set(spans.map((s) => s.span_id));
  for (const span of spans) {
    const parent = span.parent_id != null && span.parent_id !== span.span_id && known.has(span.parent_id) ? span.parent_id : null;
    byParent.set(parent, [...(byParent.get(parent) ?? []), span]);
  }
  const end = Math.max(1, ...spans.map((s) => s.start_offset_ns + s.duration_ns));
  const rows: SpanRow[] = [];
  const seen = new Set<string>();
  const add = (list: Span[], depth: number) => {
    for (const span of [...list].sort((a, b) => a.start_offset_ns - b.start_offset_ns)) {
      if (rows.length >= limit || seen.has(span.span_id)) continue;
      seen.add(span.span_id);
      const left = Math.min(99.5, Math.max(0, (span.start_offset_ns / end) * 100));
      rows.push({ span, depth: Math.min(depth, DEEPEST), left, width: Math.max(0.5, Math.min(100 - left, (span.duration_ns / end) * 100)) });
      if (depth < 500) add(byParent.get(span.span_id) ?? [], depth + 1);
    }
  };
  add(byParent.get(null) ?? [], 0);
  // Spans that name each other as parents have no root; they are still shown.
  add(spans.filter((s) => !seen.has(s.span_id)), 0);
  return rows;
}
