// Numbers and times as people read them. Exact forms belong in a title beside them.

const UNITS: [limit: number, seconds: number, name: string][] = [
  [60, 1, "s"],
  [3600, 60, "min"],
  [86_400, 3600, "h"],
  [86_400 * 14, 86_400, "d"],
  [86_400 * 60, 86_400 * 7, "wk"],
  [86_400 * 730, 86_400 * 30.44, "mo"],
  [Number.POSITIVE_INFINITY, 86_400 * 365.25, "y"],
];

export function relative(iso: string, now: number): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (Number.isNaN(seconds)) return iso;
  // Clocks differ a little, and the page's own ticks in steps.
  if (seconds < 5 && seconds > -60) return "just now";
  const [, unit, name] = UNITS.find(([limit]) => Math.abs(seconds) < limit) ?? UNITS[UNITS.length - 1]!;
  const text = `${Math.floor(Math.abs(seconds) / unit)} ${name}`;
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}

const LOCAL = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
});
const LOCAL_SHORT = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const local = (iso: string): string => (Number.isNaN(Date.parse(iso)) ? iso : LOCAL.format(new Date(iso)));
export const localShort = (iso: string): string =>
  Number.isNaN(Date.parse(iso)) ? iso : LOCAL_SHORT.format(new Date(iso));

/** 1234567 → "1 234 567": exact, grouped with thin no-break spaces. */
export function exact(n: number): string {
  const [whole = "0", fraction] = String(n).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** 1234 → "1.2k": short, for columns. */
export function short(n: number): string {
  for (const [size, suffix] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]] as const) {
    if (n >= size) return `${(n / size).toFixed(n < size * 10 ? 1 : 0).replace(/\.0$/, "")}${suffix}`;
  }
  return String(n);
}

export function duration(ns: number): string {
  if (ns < 1e3) return `${ns} ns`;
  if (ns < 1e6) return `${trim(ns / 1e3)} µs`;
  if (ns < 1e9) return `${trim(ns / 1e6)} ms`;
  if (ns < 120e9) return `${trim(ns / 1e9)} s`;
  return `${trim(ns / 60e9)} min`;
}

const trim = (n: number): string => (n < 10 ? n.toFixed(2) : n < 100 ? n.toFixed(1) : n.toFixed(0)).replace(/\.0+$/, "");

/** Python itself says ZeroDivisionError, not builtins.ZeroDivisionError. */
export const typeName = (type: string): string => type.replace(/^builtins\./, "");

export const plural = (n: number, one: string, many = `${one}s`): string => `${exact(n)} ${n === 1 ? one : many}`;

/** A share in whole percents. What is there is never none of it, and what is not all of it never all. */
export function percent(part: number, whole: number): string {
  if (whole <= 0 || part <= 0) return "0%";
  if (part >= whole) return "100%";
  const share = Math.round((part / whole) * 100);
  return share < 1 ? "<1%" : share > 99 ? ">99%" : `${share}%`;
}
