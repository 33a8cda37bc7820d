// Short names for the generated types, so that a change of the server's document shows up where it is used.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Status = Schemas["Status"];
export type IssueList = Schemas["IssueList"];
export type IssueSummary = Schemas["IssueSummary"];
export type Issue = Schemas["Issue"];
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
