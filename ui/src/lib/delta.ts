// How a count stands to that of the period before.
import { exact, plural } from "./format";

export interface Delta {
  direction: "up" | "down" | "same";
  /** Short, beside the count. */
  text: string;
  /** The same in words. */
  words: string;
}

/** From here on a factor says more than percents. */
const FACTOR = 10;

/** null where nothing is known of the period before. */
export function delta(now: number, before: number | null | undefined): Delta | null {
  if (before == null) return null;
  const than = `${plural(before, "error")} in the period before`;
  if (now === before) return { direction: "same", text: "0%", words: `as many as in the period before` };
  if (before === 0) return { direction: "up", text: "from 0", words: "none in the period before" };
  const change = Math.abs(now - before) / before;
  const share = change >= 0.005 ? exact(Math.round(change * 100)) : "<1";
  if (now < before) return { direction: "down", text: `${change > 0.995 && now > 0 ? ">99" : share}%`, words: `${change > 0.995 && now > 0 ? "over 99" : share.replace("<", "under ")} percent fewer, ${than}` };
  if (now >= before * FACTOR) return { direction: "up", text: `×${exact(Math.round(now / before))}`, words: `${exact(Math.round(now / before))} times as many, ${than}` };
  return { direction: "up", text: `${share}%`, words: `${share.replace("<", "under ")} percent more, ${than}` };
}
