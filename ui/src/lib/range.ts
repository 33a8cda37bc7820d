// The time range, as it stands in the address and as the server is asked for it.

export const PRESETS = ["15m", "1h", "4h", "1d", "2d", "1w", "30d", "all"] as const;
export type Preset = (typeof PRESETS)[number];

export type Range = { preset: Preset } | { from: string; to: string };

export const DEFAULT_PRESET: Preset = "1d";

const NAMES: Record<Preset, string> = {
  "15m": "15 minutes", "1h": "hour", "4h": "4 hours", "1d": "day", "2d": "2 days", "1w": "week", "30d": "30 days", all: "",
};

export const isPreset = (text: string | null): text is Preset => PRESETS.includes(text as Preset);

export function fromParams(params: URLSearchParams): Range {
  const from = params.get("from");
  const to = params.get("to");
  if (from && to && isTime(from) && isTime(to) && Date.parse(from) < Date.parse(to)) return { from, to };
  const preset = params.get("range");
  return { preset: isPreset(preset) ? preset : DEFAULT_PRESET };
}

const isTime = (text: string): boolean => !Number.isNaN(Date.parse(text));

/** What to set in the address; null removes a parameter, which stands for `fallback`. */
export function toParams(range: Range, fallback: Preset = DEFAULT_PRESET): Record<"range" | "from" | "to", string | null> {
  if ("from" in range) return { range: null, from: range.from, to: range.to };
  return { range: range.preset === fallback ? null : range.preset, from: null, to: null };
}

/** `earliest` stands in for the beginning of time in "all", so that a chart is not fifty empty years. */
export function toRequest(range: Range, earliest: string): { from: string; to: string } {
  if ("from" in range) return range;
  return { from: range.preset === "all" ? earliest : `now-${range.preset}`, to: "now" };
}

export function name(range: Range): string {
  if ("preset" in range) return range.preset === "all" ? "All time" : `Last ${NAMES[range.preset]}`;
  return "Custom range";
}

/** The range as the end of a sentence. */
export function within(range: Range): string {
  if ("from" in range) return "in the chosen range";
  return range.preset === "all" ? "at any time" : `in the last ${NAMES[range.preset]}`;
}

/** Where the first filled part of a histogram starts, or null when looking closer would not narrow it. */
export function tighten(histogram: { starts: string[]; series: { counts: number[] }[] }): string | null {
  const first = histogram.starts.findIndex((_, i) => histogram.series.some((s) => (s.counts[i] ?? 0) > 0));
  return first >= Math.max(1, histogram.starts.length / 2) ? (histogram.starts[first] ?? null) : null;
}

/** A selection of buckets as a custom range. */
export function fromBuckets(starts: string[], intervalMs: number, a: number, b: number): Range | null {
  const first = starts[Math.min(a, b)];
  const last = starts[Math.max(a, b)];
  if (first === undefined || last === undefined) return null;
  return { from: new Date(first).toISOString(), to: new Date(Date.parse(last) + intervalMs).toISOString() };
}

/** A part of a chart that was chosen, as it stands in the address: both ends. */
export const writePart = (part: { from: string; to: string }): string => `${part.from}/${part.to}`;

export function readPart(text: string | null): { from: string; to: string } | null {
  const [from = "", to = "", ...more] = text?.split("/") ?? [];
  return more.length === 0 && isTime(from) && isTime(to) && Date.parse(from) < Date.parse(to) ? { from, to } : null;
}

/** For <input type="datetime-local">, which speaks local time without a zone. */
export function toLocalInput(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime())
    ? ""
    : new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export const fromLocalInput = (text: string): string | null => (isTime(text) ? new Date(text).toISOString() : null);
