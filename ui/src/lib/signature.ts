// The arguments that a function takes, as its definition would name them.
import type { FrameValues } from "../api/types";

type Parameter = NonNullable<FrameValues["parameters"]>[number];

const MOST = 60;

/** `cart, /, rate, *, coupon=…, **options`: what stands between the brackets. What has a default is not known. */
export function signature(parameters: readonly Parameter[]): string[] {
  const out: string[] = [];
  const listed = parameters.slice(0, MOST);
  for (const [i, { name, kind }] of listed.entries()) {
    const before = listed[i - 1]?.kind;
    if (before === "positional_only" && kind !== "positional_only") out.push("/");
    if (kind === "keyword_only" && before !== "keyword_only" && before !== "var_positional") out.push("*");
    out.push(kind === "var_positional" ? `*${name}` : kind === "var_keyword" ? `**${name}` : kind === "keyword_only" ? `${name}=…` : name);
  }
  if (listed.length < parameters.length) out.push("…");
  else if (listed.at(-1)?.kind === "positional_only") out.push("/");
  return out;
}

export const hasParameters = (values: FrameValues): boolean => (values.parameters?.length ?? 0) > 0;
