// How wide the panel of an issue is: a share of the page that the reader chose, within what both sides need.

export const SHARE = 55;
/** By one press of an arrow key, in percent of the page. */
export const STEP = 2;

export interface Limits {
  least: number;
  most: number;
}

/** In pixels, of a page so wide. Beside the panel filters and list have to fit; below it enough is seen to know where one is. */
export function limits(page: number, beside: boolean): Limits {
  const most = Math.max(0, page - (beside ? 500 : 56));
  return { least: Math.min(most, beside ? 420 : 600), most };
}

export const held = (width: number, { least, most }: Limits): number => Math.round(Math.max(least, Math.min(most, width)));

/** In pixels. */
export const widthOf = (share: number, page: number, between: Limits): number => held((page * share) / 100, between);

/** The share that a width is, in percent with one decimal. */
export const shareOf = (width: number, page: number): number => (page > 0 ? Math.round((width / page) * 1000) / 10 : SHARE);

/** What was remembered, or how wide it is by itself. */
export function readShare(text: string | null): number {
  const share = Number(text ?? "");
  return share > 0 && share < 100 ? share : SHARE;
}

/** The width that a key asks for; null when it asks for none. */
export function stepped(key: string, width: number, page: number, between: Limits): number | null {
  const step = (page * STEP) / 100;
  const to = { ArrowLeft: width + step, ArrowRight: width - step, Home: between.least, End: between.most }[key];
  return to === undefined ? null : held(to, between);
}
