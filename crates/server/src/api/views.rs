//! The JSON that the API answers with. Apart from the model, so that the one can change without the other.

use std::collections::BTreeMap;

use reenact_model::Variables;
use serde::Serialize;
use utoipa::ToSchema;

/// The state of the server.
#[derive(Debug, Serialize, ToSchema)]
pub struct Status {
    /// Version of Reenact.
    pub version: String,
    /// When the process began.
    pub started_at: String,
    /// Where clients send to.
    pub agent: AgentAddress,
    /// Whether there is any event.
    pub has_events: bool,
    /// Events kept.
    pub events_total: u64,
    /// Snapshots kept.
    pub snapshots_total: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// Time of the newest event.
    pub last_event_at: Option<String>,
    /// What arrived since the process began.
    pub intake: IntakeCounts,
}

/// Where clients send to.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentAddress {
    /// `http://127.0.0.1:8126`.
    pub address: String,
    /// Path of the Unix socket, if there is one.
    pub socket: Option<String>,
}

/// Counts since the process began; each item is in exactly one of the first six.
#[derive(Debug, Serialize, ToSchema)]
pub struct IntakeCounts {
    /// Durable on disk.
    pub stored: u64,
    /// There already.
    pub duplicate: u64,
    /// Understood and not wanted: traces without an error, mostly.
    pub filtered: u64,
    /// Refused because too much arrived.
    pub rate_limited: u64,
    /// Over a limit on size.
    pub too_large: u64,
    /// Not understood.
    pub malformed: u64,
    /// Spans decoded.
    pub spans_received: u64,
    /// Snapshots decoded.
    pub snapshots_received: u64,
    /// Requests.
    pub requests: u64,
}

/// One page of issues.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssueList {
    /// The issues.
    pub issues: Vec<IssueSummary>,
    /// Issues that match, on all pages.
    pub total: u64,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// One issue in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssueSummary {
    /// 16 hexadecimal digits.
    pub id: String,
    /// Type of the exception.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Message of the newest event.
    pub message: String,
    /// Where to look first.
    pub culprit: Option<Culprit>,
    /// The service.
    pub service: String,
    /// Environments in the range.
    pub envs: Vec<String>,
    /// Versions in the range.
    pub versions: Vec<String>,
    /// Where the issue stands.
    pub state: IssueState,
    /// `new` in the first 48 hours.
    pub tags: Vec<String>,
    /// Who works on it.
    pub assignee: Option<String>,
    /// Whether every event in the range was handled.
    pub handled: bool,
    /// Events in the range.
    pub count: u64,
    /// Distinct users in the range; null when unknown.
    pub users: Option<u64>,
    /// The first event ever.
    pub first_seen: String,
    /// The newest event ever.
    pub last_seen: String,
    /// Whether an event in the range has values.
    pub has_values: bool,
    /// Events over the range in equal buckets.
    pub histogram: Vec<u64>,
}

/// Where an issue stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IssueState {
    /// Nobody has looked at it yet.
    ForReview,
}

/// A place in the code.
#[derive(Debug, Serialize, ToSchema)]
pub struct Culprit {
    /// The function.
    pub function: String,
    /// The source file.
    pub file: String,
    /// The line, from 1.
    pub line_number: Option<u32>,
}

/// One issue.
#[derive(Debug, Serialize, ToSchema)]
pub struct Issue {
    /// What a list shows of it.
    #[serde(flatten)]
    pub summary: IssueSummary,
    /// Events ever.
    pub count_total: u64,
    /// Version of the first event.
    pub first_version: Option<String>,
    /// Version of the newest event.
    pub last_version: Option<String>,
    /// The newest event.
    pub latest_event_id: Option<String>,
    /// The newest event with values.
    pub latest_event_with_values_id: Option<String>,
    /// Why its events are one issue.
    pub grouping: Grouping,
}

/// Why events are one issue.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Grouping {
    /// The algorithm.
    pub version: String,
    /// What the events have in common.
    pub fingerprint: String,
    /// The parts of it, for people.
    pub why: Vec<String>,
}

/// One page of events.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventList {
    /// The events.
    pub events: Vec<EventSummary>,
    /// Events that match, on all pages.
    pub total: u64,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// One event in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventSummary {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Its issue.
    pub issue_id: String,
    /// When it happened.
    pub timestamp: String,
    /// The service.
    pub service: String,
    /// The environment.
    pub env: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// The host.
    pub host: Option<String>,
    /// What the request or job was.
    pub resource: Option<String>,
    /// The message.
    pub message: String,
    /// Whether it was handled.
    pub handled: bool,
    /// 32 hexadecimal digits.
    pub trace_id: Option<String>,
    /// The impacted user.
    pub user_id: Option<String>,
    /// Whether values were captured.
    pub has_values: bool,
}

/// Where an event stands among the matching events of its issue.
#[derive(Debug, Serialize, ToSchema)]
pub struct Neighbours {
    /// 1 for the newest; 0 when the event itself does not match.
    pub position: u64,
    /// Matching events.
    pub total: u64,
    /// The newest.
    pub newest: Option<String>,
    /// The next newer one.
    pub newer: Option<String>,
    /// The next older one.
    pub older: Option<String>,
    /// The oldest.
    pub oldest: Option<String>,
    /// The next newer one with values.
    pub newer_with_values: Option<String>,
    /// The next older one with values.
    pub older_with_values: Option<String>,
}

/// One event, whole.
#[derive(Debug, Serialize, ToSchema)]
pub struct Event {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Its issue.
    pub issue_id: String,
    /// When it happened.
    pub timestamp: String,
    /// When it was received.
    pub received_at: String,
    /// The service.
    pub service: String,
    /// The environment.
    pub env: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// The host.
    pub host: Option<String>,
    /// The programming language.
    pub language: Option<String>,
    /// 32 hexadecimal digits.
    pub trace_id: Option<String>,
    /// 16 hexadecimal digits.
    pub span_id: Option<String>,
    /// What the request or job was.
    pub resource: Option<String>,
    /// The operation of the span.
    pub operation: Option<String>,
    /// Whether the service survived it.
    pub handled: bool,
    /// The client library.
    pub client: Client,
    /// The source commit.
    pub commit: Option<String>,
    /// Address of the source repository.
    pub repository: Option<String>,
    /// The thread's name.
    pub thread: Option<String>,
    /// Whether values were captured, or why not.
    pub values: ValuesState,
    /// The chain: root cause first, the exception that escaped last.
    pub exceptions: Vec<Exception>,
    /// The printed traceback.
    pub stack_text: Option<String>,
    /// Text tags.
    pub tags: BTreeMap<String, String>,
    /// Numeric tags.
    pub metrics: BTreeMap<String, f64>,
    /// The impacted user.
    pub user: Option<User>,
    /// The web request.
    pub request: Option<Request>,
    /// The spans of the trace.
    pub trace: Trace,
    /// Why it is in its issue.
    pub grouping: Grouping,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

/// A client library.
#[derive(Debug, Serialize, ToSchema)]
pub struct Client {
    /// `ddtrace`.
    pub name: String,
    /// `4.16.0`.
    pub version: Option<String>,
}

/// Whether values were captured, or why not.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValuesState {
    /// `captured`, or the reason: `rate_limited`, `off`, `third_party`, `over_budget`, `lost`, `pending`, `unknown`.
    pub state: String,
    /// One sentence for people.
    pub reason: String,
}

/// The impacted user.
#[derive(Debug, Serialize, ToSchema)]
pub struct User {
    /// As the service names the user.
    pub id: String,
}

/// A web request.
#[derive(Debug, Serialize, ToSchema)]
pub struct Request {
    /// `POST`.
    pub method: Option<String>,
    /// The address, after redaction.
    pub url: Option<String>,
    /// The route that matched.
    pub route: Option<String>,
    /// The answer's status.
    pub status_code: Option<u16>,
    /// What the caller says it is.
    pub user_agent: Option<String>,
}

/// The spans of a trace.
#[derive(Debug, Serialize, ToSchema)]
pub struct Trace {
    /// In order of their start.
    pub spans: Vec<TraceSpan>,
    /// Spans that were not kept.
    pub spans_dropped: u32,
}

/// One span of a trace.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceSpan {
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// The span that it is part of.
    pub parent_id: Option<String>,
    /// The service.
    pub service: String,
    /// The operation.
    pub name: String,
    /// What the operation works on.
    pub resource: String,
    /// When it began.
    pub start: String,
    /// Nanoseconds from the first span's start.
    pub start_offset_ns: i64,
    /// Nanoseconds.
    pub duration_ns: i64,
    /// Whether it is marked as failed.
    pub error: bool,
    /// Whether it carries an exception.
    pub has_exception: bool,
}

/// One exception of a chain.
#[derive(Debug, Serialize, ToSchema)]
pub struct Exception {
    /// The class name with its module.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The message.
    pub message: String,
    /// The module of the class.
    pub module: Option<String>,
    /// How it led to the next exception: `cause`, `context`; null for the last.
    pub relation: Option<Relation>,
    /// Notes added to it.
    pub notes: Vec<String>,
    /// Outermost call first, raise last.
    pub frames: Vec<Frame>,
}

/// How an exception led to the next one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// `raise … from …`.
    Cause,
    /// Raised while this one was being handled.
    Context,
}

/// One frame.
#[derive(Debug, Serialize, ToSchema)]
pub struct Frame {
    /// From 0, over the frames of the exception.
    pub index: usize,
    /// The function.
    pub function: String,
    /// Its qualified name, where known.
    pub qualified_name: Option<String>,
    /// The module, where known.
    pub module: Option<String>,
    /// The source file.
    pub file: String,
    /// The line, from 1.
    pub line_number: Option<u32>,
    /// Whether it is the service's own code.
    pub in_app: bool,
    /// Further identical frames left out here.
    pub repeats: u32,
    /// Source lines, where known.
    pub source: Option<SourceLines>,
    /// The values.
    pub values: FrameValues,
}

/// Lines of source.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceLines {
    /// Number of the first line, from 1.
    pub first_line_number: u32,
    /// The lines.
    pub lines: Vec<String>,
}

/// The captured values of a frame, or why there are none.
#[derive(Debug, Serialize, ToSchema)]
pub struct FrameValues {
    /// As [`ValuesState::state`].
    pub state: String,
    /// One sentence for people.
    pub reason: String,
    /// The line that the frame was at when it was captured.
    pub captured_line_number: Option<u32>,
    /// Whether the snapshot was made for an earlier exception.
    pub earlier_occurrence: bool,
    /// Arguments.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub arguments: Variables,
    /// Local variables.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub locals: Variables,
    /// Global variables that the code names.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub globals: Variables,
    /// Variables of enclosing functions.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub closure: Variables,
}

/// A captured value; the schema of what [`reenact_model::CapturedValue`] writes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the JSON that the model writes itself")]
pub struct Value {
    /// The type's name.
    #[schema(rename = "type")]
    pub r#type: String,
    /// Python's `repr` text of a scalar.
    pub value: Option<String>,
    /// Present and true for `None`.
    pub is_null: Option<bool>,
    /// Attributes of an object.
    #[schema(no_recursion)]
    pub fields: Option<BTreeMap<String, Value>>,
    /// Elements of a sequence or set.
    #[schema(no_recursion)]
    pub elements: Option<Vec<Value>>,
    /// Keys and values of a mapping, as pairs.
    #[schema(no_recursion)]
    pub entries: Option<Vec<Vec<Value>>>,
    /// How large the original was.
    pub size: Option<u64>,
    /// Present and true when a text was cut.
    pub truncated: Option<bool>,
    /// Why (more of) the value is absent.
    pub not_captured: Option<NotCaptured>,
    /// The redaction rule that removed it.
    pub rule: Option<String>,
    /// Number of the object, where it appears more than once.
    pub r#ref: Option<u32>,
}

/// Why a value is absent.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the names that the model writes itself")]
pub enum NotCaptured {
    /// Nested too deep.
    Depth,
    /// Too many elements.
    CollectionSize,
    /// Too many attributes.
    FieldCount,
    /// No time left.
    Timeout,
    /// The name is redacted.
    RedactedIdentifier,
    /// The type is redacted.
    RedactedType,
    /// The value looks secret.
    RedactedValue,
    /// Changed meanwhile.
    ConcurrentModification,
    /// Cut out by the client.
    Pruned,
    /// Over a limit of the server.
    Limit,
    /// No reason given.
    Unknown,
}

/// Events over time.
#[derive(Debug, Serialize, ToSchema)]
pub struct Histogram {
    /// Start of the range.
    pub from: String,
    /// End of the range.
    pub to: String,
    /// Width of a bucket in milliseconds.
    pub interval_ms: i64,
    /// Start of each bucket.
    pub starts: Vec<String>,
    /// Counts by service: the five largest, then `other`.
    pub series: Vec<HistogramSeries>,
    /// All events.
    pub total: u64,
}

/// The counts of one service.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistogramSeries {
    /// The service, or `other`.
    pub name: String,
    /// Events per bucket.
    pub counts: Vec<u64>,
}

/// The facets of the explorer.
#[derive(Debug, Serialize, ToSchema)]
pub struct FacetList {
    /// Each with its commonest values.
    pub facets: Vec<Facet>,
}

/// One facet.
#[derive(Debug, Serialize, ToSchema)]
pub struct Facet {
    /// Its key in the query language.
    pub key: String,
    /// Its name for people.
    pub label: String,
    /// The commonest values.
    pub values: Vec<FacetValue>,
}

/// The values of one facet.
#[derive(Debug, Serialize, ToSchema)]
pub struct FacetValueList {
    /// Its key in the query language.
    pub key: String,
    /// The commonest values.
    pub values: Vec<FacetValue>,
}

/// One value of a facet.
#[derive(Debug, Serialize, ToSchema)]
pub struct FacetValue {
    /// The value.
    pub value: String,
    /// Issues that have it.
    pub issues: u64,
    /// Events that have it.
    pub events: u64,
}

/// What became of received items.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeList {
    /// Those that are not zero.
    pub outcomes: Vec<OutcomeCount>,
}

/// The items of one source with one outcome, since the process began.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeCount {
    /// `datadog/v0.5/traces`.
    pub source: String,
    /// `stored`, `duplicate`, `filtered`, `rate_limited`, `too_large`, `malformed`.
    pub outcome: String,
    /// Items.
    pub count: u64,
}

/// Every error answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorDetail,
}

/// An error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorDetail {
    /// Stable, for programs.
    pub code: String,
    /// For people.
    pub message: String,
    /// Joins the answer with the log.
    pub request_id: String,
}
