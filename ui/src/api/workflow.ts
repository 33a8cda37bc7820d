// The workflow of issues as the server will describe it. By hand until its document does; then this file goes.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type IssueState = "for_review" | "reviewed" | "resolved" | "ignored" | "excluded";
export type ResolveScope = "now" | "current_version" | "next_version";

export type IssueSummary = Omit<Schemas["IssueSummary"], "state"> & { state: IssueState };
export type IssueList = Omit<Schemas["IssueList"], "issues"> & { issues: IssueSummary[]; states: Record<IssueState | "all", number> };
export type Issue = Omit<Schemas["Issue"], "state"> & { state: IssueState; status: IssueStatus };

export interface IgnoreUntil {
  until?: string | null;
  events?: number | null;
  users?: number | null;
}

export interface IssueStatus {
  state: IssueState;
  since?: string | null;
  actor?: string | null;
  revision: number;
  assignee?: string | null;
  resolution?: { scope: ResolveScope; versions: string[] } | null;
  ignore?: (IgnoreUntil & { events_seen: number; users_seen: number }) | null;
  regression?: { at: string; version?: string | null; env?: string | null; event_id?: string | null } | null;
  excluded_events: number;
}

export interface IssueChange {
  state?: IssueState;
  scope?: ResolveScope;
  ignore?: IgnoreUntil;
  assignee?: string | null;
  revision?: number;
}

export interface Changed {
  change_id?: string | null;
  issue: Issue;
}

export interface BulkChanged {
  change_id?: string | null;
  changed: number;
  unchanged: number;
  missing: number;
}

export interface Undone {
  change_id?: string | null;
  undone: number;
  skipped: number;
}

export interface ActivityEntry {
  id: string;
  at: string;
  actor: string;
  kind: "state" | "assigned" | "comment" | "regression" | "first_seen";
  from?: IssueState | null;
  to?: IssueState | null;
  scope?: ResolveScope | null;
  ignore?: IgnoreUntil | null;
  assignee_from?: string | null;
  assignee_to?: string | null;
  text?: string | null;
  version?: string | null;
  env?: string | null;
  event_id?: string | null;
  change_id?: string | null;
  undone: boolean;
  can_undo: boolean;
}

export interface Activity {
  entries: ActivityEntry[];
  next_cursor?: string | null;
}

export interface AssigneeList {
  assignees: { name: string; issues: number }[];
}
