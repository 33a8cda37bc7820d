// What happened to an issue, as sentences without their subject.
import type { ActivityEntry } from "../api/types";
import { causeLabel } from "./cause";
import { plural } from "./format";
import { until } from "./workflow";

const SCOPED = { now: "resolved it", current_version: "resolved it in the version it was seen in", next_version: "resolved it in the next version" };

/** Who did it, as the beginning of a sentence. */
export const actor = (entry: ActivityEntry): string => (entry.actor === "automatic" ? "Reenact" : entry.actor);

export function sentence(entry: ActivityEntry): string {
  switch (entry.kind) {
    case "comment": return "commented";
    case "first_seen": return `saw it for the first time${where(entry)}`;
    case "regression": return `reopened it as a regression${where(entry)}`;
    case "assigned": return assigned(entry.assignee_from ?? null, entry.assignee_to ?? null);
    case "cause": return caused(entry.cause_to ?? null);
    case "moved_in": return `moved ${plural(entry.events ?? 0, "event")} of ${those(entry)} into it`;
    case "moved_out": return `moved ${plural(entry.events ?? 0, "event")} of it to ${those(entry)}`;
    case "merged_into": return `merged it into ${entry.issue_ids[0] ?? "another issue"}`;
    case "merged": return `merged ${those(entry)} into it`;
    case "split_from": return `split it off from ${entry.issue_ids[0] ?? "another issue"}`;
    case "split": return `split ${those(entry)} off`;
    case "state": return moved(entry);
  }
}

function moved(entry: ActivityEntry): string {
  switch (entry.to) {
    case "reviewed": return "marked it as reviewed";
    case "resolved": return SCOPED[entry.scope ?? "now"];
    case "ignored": return `ignored it ${until(entry.ignore)}`;
    case "excluded": return "excluded it";
    default: return "put it back to review";
  }
}

function caused(cause: string | null): string {
  if (cause === null) return "took its suspected cause from its events again";
  return cause === "unknown" ? "took its suspected cause away" : `set its suspected cause to ${causeLabel(cause)}`;
}

function assigned(from: string | null, to: string | null): string {
  if (to === null) return from === null ? "assigned it to nobody" : `took it off ${from}`;
  return from === null ? `assigned it to ${to}` : `assigned it to ${to} instead of ${from}`;
}

/** The other issues of a merge: one by its id, more by their number. */
function those({ issue_ids }: ActivityEntry): string {
  return issue_ids.length === 1 ? issue_ids[0]! : plural(issue_ids.length, "issue");
}

function where({ version, env }: ActivityEntry): string {
  return `${version ? ` in version ${version}` : ""}${env ? ` in ${env}` : ""}`;
}
