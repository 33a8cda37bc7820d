// Short names for the generated types, so that a change of the server's document shows up where it is used.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Status = Schemas["Status"];
export type {
  Activity, ActivityEntry, AssigneeList, BulkChanged, Changed, IgnoreUntil, Issue, IssueChange, IssueList, IssueState, IssueStatus, IssueSummary, ResolveScope, Undone,
} from "./workflow";
export type EventSummary = Schemas["EventSummary"];
export type EventList = Schemas["EventList"];
export type ErrorEvent = Schemas["Event"];
export type Exception = Schemas["Exception"];
export type Frame = Schemas["Frame"];
export type FrameValues = Schemas["FrameValues"];
export type Value = Schemas["Value"];
export type NotCaptured = NonNullable<Value["not_captured"]>;
export type Neighbours = Schemas["Neighbours"];
export type Histogram = Schemas["Histogram"];
export type FacetList = Schemas["FacetList"];
export type Facet = Schemas["Facet"];
export type FacetValue = Schemas["FacetValue"];
export type Span = ErrorEvent["trace"]["spans"][number];
export type ErrorBody = Schemas["ErrorBody"];

export type Me = Schemas["Me"];
export type Redaction = Schemas["Redaction"];
export type RedactionSettings = Schemas["RedactionSettings"];
export type RuleSet = Required<Schemas["RuleSet"]>;
export type ServiceRules = Schemas["ServiceRules"];
export type ValueRule = Schemas["ValueRule"];
export type RuleName = Schemas["RuleName"];
export type RuleCount = Schemas["RuleCount"];
export type RuleHits = Schemas["RuleHits"];
export type RuleHitsList = Schemas["RuleHitsList"];
export type ScannerGroup = Schemas["ScannerGroup"];
export type ScannerGroups = Schemas["ScannerGroups"];
export type ScannerRule = Schemas["ScannerRuleSetting"];
export type GroupChange = Schemas["GroupChange"];
export type ActionSetting = Schemas["ActionSetting"];
export type PatternSetting = Schemas["PatternSetting"];
export type Trial = Schemas["Trial"];
export type TrialResult = Schemas["TrialResult"];
export type TrialChange = Schemas["TrialChange"];
export type TrialSample = Schemas["TrialSample"];
export type Job = Schemas["Job"];
export type JobList = Schemas["JobList"];
export type AuditLog = Schemas["AuditLog"];
export type AuditEntry = Schemas["AuditEntry"];
export type Unmasked = Schemas["Unmasked"];
