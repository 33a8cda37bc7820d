// Why there are no values, and what can be done about it.

const FALLBACK: Record<string, string> = {
  captured: "This frame has no variables of its own.",
  rate_limited: "The client captures an error again only after a while, and this one came sooner.",
  off: "Capturing values is switched off for this service.",
  third_party: "This is third-party code; the client captures only the service's own frames.",
  over_budget: "The client captures a limited number of frames, and this one was beyond it.",
  hidden: "Values were captured, but you may not see them.",
  lost: "Values were announced but never arrived.",
  pending: "Values are on their way; they follow the error by about a second.",
  unsupported: "The interpreter did not allow a capture.",
};

/** The reason in one sentence: the server's, or what the state means. */
export const sentence = (state: string, reason: string): string => reason || FALLBACK[state] || "It is not known why there are no values here.";

export interface Absence {
  state: string;
  /** The name of the client library. */
  client: string;
  /** Whether other frames of the event have values. */
  others: boolean;
}

/** What to do next, for those whose service has our client; null where nothing helps. */
export function nextStep({ state, client, others }: Absence): string | null {
  if (client !== "reenact") return null;
  switch (state) {
    case "off":
      return "A switch under Settings, Captures, or reenact capture on turns them on again while the service runs.";
    case "over_budget":
      return others ? "REENACT_FRAMES_MAX says how many frames carry values; 8 unless told otherwise." : "REENACT_CPU_SHARE says how much of the time capturing may take; 0.01 (1 %) unless told otherwise.";
    case "rate_limited":
      return others ? null : "REENACT_CAPTURES_PER_SECOND says how often exceptions that were seen before carry values.";
    case "lost":
      return "reenact.status() in the service counts what could not be sent, and has the last error.";
    case "third_party":
      return "REENACT_THIRD_PARTY_EXCLUDES names installed packages that count as the service's own code.";
    default:
      return null;
  }
}

/** Whether another occurrence would show what this one lacks; third-party code would lack it there too. */
export const foundElsewhere = (state: string): boolean => ["rate_limited", "lost", "off", "unknown"].includes(state);

/** Whether the next occurrence has values when they are asked for. */
export const canBeAsked = ({ state, others }: Absence): boolean => !others && ["rate_limited", "over_budget", "lost", "unknown"].includes(state);
