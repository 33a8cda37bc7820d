// Entries of the audit log in words, and where their subjects are.
import type { AuditEntry, ScannerGroups } from "../api/types";

export const ACTIONS = [
  ["values.viewed", "looked at values"],
  ["values.unmasked", "took a mask off"],
  ["redaction.changed", "changed the redaction settings"],
  ["scanner.changed", "changed the scanner"],
  ["scrub.started", "started scrubbing"],
  ["scrub.cancelled", "cancelled scrubbing"],
  ["trial.run", "tried rules on stored events"],
  ["capture.asked", "asked for the values of the next occurrence"],
  ["capture.taken_back", "took back what was asked for the next occurrence"],
  ["repository.added", "set a repository up"],
  ["repository.changed", "changed a repository"],
  ["repository.deleted", "deleted a repository"],
] as const;

/** An action that is not known here is shown as it is called. */
export const actionWords = (action: string): string => ACTIONS.find(([id]) => id === action)?.[1] ?? action;

export interface Subject {
  text: string;
  href: string | null;
}

export function subject(entry: Pick<AuditEntry, "action" | "subject">, scanner: ScannerGroups | undefined): Subject | null {
  const { action, subject: id } = entry;
  if (id == null) return action === "redaction.changed" ? { text: "settings", href: "/settings/redaction" } : null;
  if (action.startsWith("values.")) return { text: `event ${id.slice(0, 8)}`, href: `/events/${encodeURIComponent(id)}` };
  if (action.startsWith("capture.")) return { text: `issue ${id.slice(0, 8)}`, href: `/issues/${encodeURIComponent(id)}` };
  if (action.startsWith("repository.")) return { text: `repository ${id.slice(0, 8)}`, href: "/settings/repositories" };
  if (action.startsWith("scrub.")) return { text: `job ${id.slice(0, 8)}`, href: "/settings/scrub" };
  if (action === "scanner.changed") {
    const group = scanner?.groups.find((one) => one.id === id);
    if (group) return { text: group.name, href: `/settings/scanner?group=${encodeURIComponent(id)}` };
    const rule = scanner?.groups.flatMap((one) => one.rules ?? []).find((one) => one.id === id);
    if (rule) return { text: rule.name, href: `/settings/scanner?rule=${encodeURIComponent(id)}` };
    return { text: id, href: null };
  }
  return { text: id, href: null };
}
