// Where "all time" begins: found once by looking closer at the histogram, step by step.
import { apiUrl, getJson } from "../api/client";
import type { Histogram } from "../api/types";
import { tighten } from "./range";

const BEGINNING = "1970-01-01T00:00:00Z";
const STEPS = 5;

let value = $state<string | null>(null);
let asking = false;

async function find(): Promise<string> {
  let from = BEGINNING;
  for (let step = 0; step < STEPS; step++) {
    const histogram = await getJson<Histogram>(apiUrl("/histogram", { from, to: "now", buckets: 60 }));
    const closer = tighten(histogram);
    if (closer === null) break;
    from = closer;
  }
  return from;
}

const AGAIN_MS = 5_000;

/** null until known; a failure falls back to the very beginning, which is right, only less readable, until it is known after all. */
export function earliest(): string | null {
  if (value === null && !asking) {
    asking = true;
    void seek();
  }
  return value;
}

async function seek(): Promise<void> {
  try {
    value = await find();
  } catch {
    value = BEGINNING;
    setTimeout(() => { if (value === BEGINNING) void seek(); }, AGAIN_MS);
  }
}

/** Forgets it, for when the reader asks for fresh data: late events may be older. */
export function forgetEarliest(): void {
  value = null;
  asking = false;
}
