//! What is asked, and what is answered.

use reenact_model::{EventId, Frame, IssueId, Placed, SpanId, Timestamp, TraceId};

use crate::{Filter, IssueGroups, IssueSet, TimeRange};

/// A question for issues.
#[derive(Clone, Debug)]
pub struct IssueQuery {
    /// Which events count.
    pub filter: Filter,
    /// When they happened.
    pub range: TimeRange,
    /// The order of the issues; ties by id.
    pub sort: IssueSort,
    /// Where to go on, from [`IssuePage::next_cursor`].
    pub cursor: Option<String>,
    /// Issues per page, 1 to 200.
    pub limit: usize,
    /// Buckets of each issue's histogram.
    pub buckets: usize,
    /// How issues are counted apart.
    pub groups: IssueGroups,
    /// The groups that are listed; `None` lists all.
    pub shown: Option<Vec<u8>>,
    /// What [`IssueSort::Relevance`] knows of issues besides their events.
    pub boosts: IssueBoosts,
}

/// Issues that are worth a look for another reason than their events. Not a part of what a cursor belongs to.
#[derive(Clone, Debug, Default)]
pub struct IssueBoosts {
    /// Issues that were first seen after this are new; `None` when none is.
    pub new_after: Option<Timestamp>,
    /// Issues that are not new all the same.
    pub not_new: IssueSet,
    /// Issues that came back.
    pub regressions: IssueSet,
}

/// Orders of issues, each descending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueSort {
    /// The newest event in the range.
    LastSeen,
    /// The first event ever.
    FirstSeen,
    /// Events in the range.
    Count,
    /// Distinct users in the range.
    Users,
    /// What is worth a look first: recent, frequent, with many users, new or come back, not handled. A point is worth
    /// [`RELEVANCE_POINT_NS`] of time; the sum is that of the newest event in the range and
    /// log2(events) + log2(1 + users) points, [`RELEVANCE_REGRESSION`] points for one that came back,
    /// [`RELEVANCE_NEW`] for a new one, [`RELEVANCE_UNHANDLED`] when an event in the range was not handled. It has no
    /// part that changes with the time of the question, so that pages fit together.
    Relevance,
}

/// What one point of relevance is worth, in nanoseconds: 12 hours.
pub const RELEVANCE_POINT_NS: i64 = 12 * 3_600_000_000_000;
/// Points of an issue that came back.
pub const RELEVANCE_REGRESSION: u32 = 4;
/// Points of a new issue.
pub const RELEVANCE_NEW: u32 = 3;
/// Points of an issue that was not handled.
pub const RELEVANCE_UNHANDLED: u32 = 2;

/// One page of issues.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IssuePage {
    /// The issues.
    pub issues: Vec<IssueRow>,
    /// Issues that match and are listed, on all pages.
    pub total: u64,
    /// Issues that match by their group, listed or not.
    pub by_group: Vec<u64>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// What is known of an issue ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownIssue {
    /// The issue.
    pub id: IssueId,
    /// The first event ever.
    pub first_seen: Timestamp,
    /// The newest event ever.
    pub last_seen: Timestamp,
}

/// What is known ever of an own issue, whatever it is shown as.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnIssue {
    /// The own issue.
    pub id: IssueId,
    /// Type of the exception, of the newest event of its own, whatever is shown as it.
    pub type_name: String,
    /// Its message, of that event.
    pub message: String,
    /// Where to look first, of that event.
    pub culprit: Option<Frame>,
    /// The service.
    pub service: String,
    /// Events ever.
    pub count: u64,
    /// The first event ever.
    pub first_seen: Timestamp,
    /// The newest event ever.
    pub last_seen: Timestamp,
    /// The newest event ever; it may have been deleted by the retention.
    pub newest: EventId,
}

/// An issue in one version in one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenIn {
    /// The issue.
    pub issue: IssueId,
    /// The service.
    pub service: String,
    /// The environment.
    pub env: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// The first matching event.
    pub first_seen: Timestamp,
    /// The newest matching event.
    pub last_seen: Timestamp,
}

/// One issue in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct IssueRow {
    /// The issue.
    pub id: IssueId,
    /// Type of the exception, of the newest event.
    pub type_name: String,
    /// Its message, of the newest event.
    pub message: String,
    /// Where to look first, of the newest event.
    pub culprit: Option<Frame>,
    /// What probably went wrong, in the newest event: a name of [`reenact_issues::Cause`].
    pub cause: String,
    /// The service.
    pub service: String,
    /// Environments in the range, sorted.
    pub envs: Vec<String>,
    /// Versions in the range, sorted.
    pub versions: Vec<String>,
    /// Whether every event in the range was handled.
    pub handled: bool,
    /// Matching events in the range.
    pub count: u64,
    /// Matching events in the range of the same length before it; `None` when the range begins at the oldest event
    /// that is kept, or before it.
    pub count_before: Option<u64>,
    /// Distinct users of matching events in the range, within 2 %; `None` when no event names one.
    pub users: Option<u64>,
    /// The first event ever.
    pub first_seen: Timestamp,
    /// The newest event ever.
    pub last_seen: Timestamp,
    /// Whether a matching event in the range has values.
    pub has_values: bool,
    /// Matching events per bucket of the range.
    pub histogram: Vec<u64>,
}

/// One issue, alone.
#[derive(Clone, Debug, PartialEq)]
pub struct IssueDetail {
    /// What a list shows of it.
    pub row: IssueRow,
    /// Events ever.
    pub count_total: u64,
    /// Version of the first event.
    pub first_version: Option<String>,
    /// Version of the newest event.
    pub last_version: Option<String>,
    /// The newest event, in the range if there is one, else ever.
    pub latest_event: Option<EventId>,
    /// The newest event with values, likewise.
    pub latest_event_with_values: Option<EventId>,
}

/// A question for events.
#[derive(Clone, Debug)]
pub struct EventQuery {
    /// Which events; one issue through [`crate::Field::Issue`].
    pub filter: Filter,
    /// When they happened.
    pub range: TimeRange,
    /// Their order; ties by id.
    pub order: EventOrder,
    /// Where to go on, from [`EventPage::next_cursor`].
    pub cursor: Option<String>,
    /// Events per page, 1 to 200.
    pub limit: usize,
}

/// Orders of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventOrder {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
    /// Those with values first, then the newest.
    ValuesFirst,
}

/// One page of events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventPage {
    /// The events.
    pub events: Vec<EventRow>,
    /// Events that match, on all pages.
    pub total: u64,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// One event in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    /// The event.
    pub id: EventId,
    /// Its issue.
    pub issue_id: IssueId,
    /// When it happened.
    pub timestamp: Timestamp,
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
    /// The trace.
    pub trace_id: Option<TraceId>,
    /// The span.
    pub span_id: Option<SpanId>,
    /// The impacted user.
    pub user_id: Option<String>,
    /// Whether a snapshot of it is here.
    pub has_values: bool,
}

impl EventRow {
    /// What a list shows of `event`.
    pub fn of(event: &Placed, has_values: bool) -> Self {
        let report = &event.report;
        Self {
            id: report.id,
            issue_id: event.issue_id,
            timestamp: report.timestamp,
            service: report.service.clone(),
            env: report.env.clone(),
            version: report.version.clone(),
            host: report.host.clone(),
            resource: report.resource.clone(),
            message: report.message().to_owned(),
            handled: report.handled,
            trace_id: report.trace_id,
            span_id: report.span_id,
            user_id: report.user_id.clone(),
            has_values,
        }
    }
}

/// Where an event stands among the matching events of its issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// The event's issue.
    pub issue_id: IssueId,
    /// 1 for the newest; 0 when the event itself does not match.
    pub position: u64,
    /// Matching events.
    pub total: u64,
    /// The newest.
    pub newest: Option<EventId>,
    /// The next newer one.
    pub newer: Option<EventId>,
    /// The next older one.
    pub older: Option<EventId>,
    /// The oldest.
    pub oldest: Option<EventId>,
    /// The next newer one with values.
    pub newer_with_values: Option<EventId>,
    /// The next older one with values.
    pub older_with_values: Option<EventId>,
}

/// Events over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Width of a bucket in nanoseconds; bucket `i` begins at `range.from + i * width`.
    pub width_ns: i64,
    /// Counts by service.
    pub series: Vec<HistogramSeries>,
    /// All of them.
    pub total: u64,
}

/// The counts of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistogramSeries {
    /// The service, or `other`.
    pub name: String,
    /// Events per bucket.
    pub counts: Vec<u64>,
}

/// One value of a facet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetCount {
    /// The value.
    pub value: String,
    /// Distinct issues that have it.
    pub issues: u64,
    /// Events that have it.
    pub events: u64,
}

/// Where a frame is in the code, without its source line: that is captured text, and is kept with events.
pub(crate) fn place_of(frame: &Frame) -> Frame {
    Frame {
        function: frame.function.clone(),
        file: frame.file.clone(),
        line_number: frame.line_number,
        in_app: frame.in_app,
        ..Frame::default()
    }
}
