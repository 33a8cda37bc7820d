//! The JSON that the API answers with. Apart from the model, so that the one can change without the other.

mod event;

use serde::Serialize;
use utoipa::ToSchema;

use super::capturing::CaptureNext;
use super::grouping_views::Grouping;
use super::pins::{ColumnValue, ValueColumn};
use super::volume::RateLimited;
use super::workflow_views::{IssueState, IssueStatus, StateCounts};

pub(crate) use event::{
    CapturedValue, Client, CodePosition, Event, Exception, Frame, FrameValues, Parameter, ParameterKind,
    Relation, Request, Runtime, SourceLines, SourceOrigin, Trace, TraceSpan, User, ValuesState,
};

/// The state of the server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Status {
    /// Version of Reenact.
    pub(crate) version: String,
    /// When the process began.
    pub(crate) started_at: String,
    /// Where clients send to.
    pub(crate) agent: AgentAddress,
    /// Whether there is any event.
    pub(crate) has_events: bool,
    /// Events kept.
    pub(crate) events_total: u64,
    /// Snapshots kept.
    pub(crate) snapshots_total: u64,
    /// Events that the index does not hold yet; they are found all the same.
    pub(crate) events_unindexed: u64,
    /// Bytes on disk.
    pub(crate) disk_bytes: u64,
    /// Time of the newest event.
    pub(crate) last_event_at: Option<String>,
    /// What arrived since the process began.
    pub(crate) intake: IntakeCounts,
}

/// Where clients send to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgentAddress {
    /// `http://127.0.0.1:8126`.
    pub(crate) address: String,
    /// Path of the Unix socket, if there is one.
    pub(crate) socket: Option<String>,
}

/// Counts since the process began; each item is in exactly one of the first seven.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IntakeCounts {
    /// Durable on disk.
    pub(crate) stored: u64,
    /// There already.
    pub(crate) duplicate: u64,
    /// Understood and not wanted: traces without an error, mostly.
    pub(crate) filtered: u64,
    /// Refused because too much arrived.
    pub(crate) rate_limited: u64,
    /// Over a limit on size.
    pub(crate) too_large: u64,
    /// Not understood.
    pub(crate) malformed: u64,
    /// Storing failed; the client was told to try again.
    pub(crate) failed: u64,
    /// Spans decoded.
    pub(crate) spans_received: u64,
    /// Snapshots decoded.
    pub(crate) snapshots_received: u64,
    /// Requests.
    pub(crate) requests: u64,
}

/// One page of issues.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssueList {
    /// The issues.
    pub(crate) issues: Vec<IssueSummary>,
    /// Issues that match and are in the state asked for, on all pages.
    pub(crate) total: u64,
    /// Issues that match by their state, whatever state is asked for.
    pub(crate) states: StateCounts,
    /// Where the next page begins.
    pub(crate) next_cursor: Option<String>,
}

/// One issue in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssueSummary {
    /// 16 hexadecimal digits.
    pub(crate) id: String,
    /// Type of the exception.
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    /// Message of the newest event.
    pub(crate) message: String,
    /// Where to look first.
    pub(crate) culprit: Option<Culprit>,
    /// What probably went wrong, as somebody set it, else as recognised in the newest event: `network`, `timeout`, `database`, `invalid_input`, `missing_value`,
    /// `missing_item`, `permission`, `resources`, `configuration`, `concurrency`, `assertion` or `unknown`.
    pub(crate) cause: String,
    /// The service.
    pub(crate) service: String,
    /// Environments in the range.
    pub(crate) envs: Vec<String>,
    /// Versions in the range.
    pub(crate) versions: Vec<String>,
    /// Where the issue stands.
    pub(crate) state: IssueState,
    /// `new` in the first 48 hours while it is for review; `regression` when it came back after it was resolved.
    pub(crate) tags: Vec<String>,
    /// Who works on it.
    pub(crate) assignee: Option<String>,
    /// Whether every event in the range was handled.
    pub(crate) handled: bool,
    /// Events in the range.
    pub(crate) count: u64,
    /// Matching events in the range of the same length before it; null when the range begins at the oldest event that
    /// is kept, or before it.
    pub(crate) count_before: Option<u64>,
    /// Distinct users in the range; null when unknown.
    pub(crate) users: Option<u64>,
    /// The first event ever.
    pub(crate) first_seen: String,
    /// The newest event ever.
    pub(crate) last_seen: String,
    /// Whether an event in the range has values.
    pub(crate) has_values: bool,
    /// Events over the range in equal buckets.
    pub(crate) histogram: Vec<u64>,
}

/// A place in the code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Culprit {
    /// The function.
    pub(crate) function: String,
    /// The source file.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line_number: Option<u32>,
}

/// One issue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Issue {
    /// What a list shows of it.
    #[serde(flatten)]
    pub(crate) summary: IssueSummary,
    /// The same as `id` when it was asked for by the id of an issue that was merged into it.
    pub(crate) merged_into: Option<String>,
    /// Where it stands, in full.
    pub(crate) status: IssueStatus,
    /// Events that were not kept because of a rate limit, of it and what was merged into it; null without any in
    /// the last 30 days.
    pub(crate) rate_limited: Option<RateLimited>,
    /// Events ever.
    pub(crate) count_total: u64,
    /// Version of the first event.
    pub(crate) first_version: Option<String>,
    /// Version of the newest event.
    pub(crate) last_version: Option<String>,
    /// The newest event.
    pub(crate) latest_event_id: Option<String>,
    /// The newest event with values.
    pub(crate) latest_event_with_values_id: Option<String>,
    /// Why its events are one issue.
    pub(crate) grouping: Grouping,
    /// What probably went wrong as recognised in the newest event, whatever somebody set.
    pub(crate) cause_of_events: String,
    /// What that was recognised by; null when that is not kept any more.
    pub(crate) cause_why: Option<String>,
    /// Whether the client of the newest event can be asked for the values of the next one.
    pub(crate) can_capture_next: bool,
    /// The open request for them.
    pub(crate) capture_next: Option<CaptureNext>,
}

/// One page of events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventList {
    /// The events.
    pub(crate) events: Vec<EventSummary>,
    /// Events that match, on all pages.
    pub(crate) total: u64,
    /// Where the next page begins.
    pub(crate) next_cursor: Option<String>,
    /// The variables whose values are asked for, pinned ones first.
    pub(crate) columns: Vec<ValueColumn>,
    /// Whether there are values in them that the asker may not see.
    pub(crate) values_hidden: bool,
}

/// One event in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventSummary {
    /// 32 hexadecimal digits.
    pub(crate) id: String,
    /// Its issue.
    pub(crate) issue_id: String,
    /// When it happened.
    pub(crate) timestamp: String,
    /// The service.
    pub(crate) service: String,
    /// The environment.
    pub(crate) env: Option<String>,
    /// The version.
    pub(crate) version: Option<String>,
    /// The host.
    pub(crate) host: Option<String>,
    /// What the request or job was.
    pub(crate) resource: Option<String>,
    /// The message.
    pub(crate) message: String,
    /// Whether it was handled.
    pub(crate) handled: bool,
    /// 32 hexadecimal digits.
    pub(crate) trace_id: Option<String>,
    /// The impacted user.
    pub(crate) user_id: Option<String>,
    /// Whether values were captured.
    pub(crate) has_values: bool,
    /// What it has in each of the columns of the list; empty when the asker may not see that.
    pub(crate) values: Vec<ColumnValue>,
}

/// Where an event stands among the matching events of its issue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Neighbours {
    /// The event's issue.
    pub(crate) issue_id: String,
    /// 1 for the newest; 0 when the event itself does not match.
    pub(crate) position: u64,
    /// Matching events.
    pub(crate) total: u64,
    /// The newest.
    pub(crate) newest: Option<String>,
    /// The next newer one.
    pub(crate) newer: Option<String>,
    /// The next older one.
    pub(crate) older: Option<String>,
    /// The oldest.
    pub(crate) oldest: Option<String>,
    /// The next newer one with values.
    pub(crate) newer_with_values: Option<String>,
    /// The next older one with values.
    pub(crate) older_with_values: Option<String>,
}

/// Events over time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Histogram {
    /// Start of the range.
    pub(crate) from: String,
    /// End of the range.
    pub(crate) to: String,
    /// Width of a bucket in milliseconds.
    pub(crate) interval_ms: i64,
    /// Start of each bucket.
    pub(crate) starts: Vec<String>,
    /// Counts by service or version: the five largest, then `other`.
    pub(crate) series: Vec<HistogramSeries>,
    /// All events.
    pub(crate) total: u64,
}

/// The counts of one service or version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistogramSeries {
    /// The service or version, or `other`; empty for events without a version.
    pub(crate) name: String,
    /// Events per bucket.
    pub(crate) counts: Vec<u64>,
}

/// Versions that were seen for the first time in a range.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionList {
    /// In the order in which they were seen.
    pub(crate) versions: Vec<FirstSeenVersion>,
    /// How many older ones in the range are left off.
    pub(crate) left_off: u64,
}

/// A version of a service, and when it was seen for the first time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FirstSeenVersion {
    /// The service.
    pub(crate) service: String,
    /// The version.
    pub(crate) version: String,
    /// Environments that have it; events without one have none.
    pub(crate) envs: Vec<String>,
    /// The time of the first event that has it.
    pub(crate) first_seen: String,
}

/// The facets of the explorer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FacetList {
    /// Each with its commonest values.
    pub(crate) facets: Vec<Facet>,
    /// The commonest names of tags, as many as were asked for; `@` and a name is a key of a facet.
    pub(crate) tags: Vec<FacetValue>,
}

/// What a query can ask for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueryKeyList {
    /// In the order of suggestions.
    pub(crate) keys: Vec<QueryKey>,
}

/// One key of the query language.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueryKey {
    /// As it is written before the colon; `@` stands for any tag, whose name follows it.
    pub(crate) key: String,
    /// What it asks for.
    pub(crate) about: String,
    /// The values that it knows; none where any text is a value.
    pub(crate) values: Vec<String>,
}

/// One facet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Facet {
    /// Its key in the query language.
    pub(crate) key: String,
    /// Its name for people.
    pub(crate) label: String,
    /// The commonest values.
    pub(crate) values: Vec<FacetValue>,
}

/// The values of one facet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FacetValueList {
    /// Its key in the query language.
    pub(crate) key: String,
    /// The commonest values.
    pub(crate) values: Vec<FacetValue>,
}

/// One value of a facet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FacetValue {
    /// The value.
    pub(crate) value: String,
    /// Issues that have it.
    pub(crate) issues: u64,
    /// Events that have it.
    pub(crate) events: u64,
}

/// What became of received items.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutcomeList {
    /// Those that are not zero.
    pub(crate) outcomes: Vec<OutcomeCount>,
}

/// The items of one source with one outcome, since the process began.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutcomeCount {
    /// `datadog/v0.5/traces`.
    pub(crate) source: String,
    /// `stored`, `duplicate`, `filtered`, `rate_limited`, `too_large`, `malformed`, `failed`.
    pub(crate) outcome: String,
    /// Items.
    pub(crate) count: u64,
}

/// Every error answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// The error.
    pub(crate) error: ErrorDetail,
}

/// An error.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorDetail {
    /// Stable, for programs.
    pub(crate) code: String,
    /// For people.
    pub(crate) message: String,
    /// Joins the answer with the log.
    pub(crate) request_id: String,
    /// Which part of what was sent is wrong: `groups.0.rules.1.pattern`. Absent where that is no matter.
    #[schema(nullable = false)]
    pub(crate) field: Option<String>,
    /// Where in the text of that part, in bytes from 0.
    pub(crate) at: Option<usize>,
}
