//! Keeping events, and answering questions about them.
//!
//! [`Store`] is made for two engines: the embedded one here, and a distributed one later. Both pass
//! one suite, [`conformance`], and both answer a [`Query`] as the in-memory evaluation of
//! [`Filter`] does. SQL and search-engine types stay inside this crate.
//!
//! What a store promises:
//! - A commit that was reported done survives a crash at any moment, once.
//! - The same event twice is one event; a further part of it is merged ([`reenact_model::Report::absorb`]).
//! - Only [`Redacted`] data is taken.

#[cfg(any(test, feature = "testing"))]
pub mod conformance;
pub mod control;
pub mod embedded;
mod filter;
mod issue_set;
mod memory;
mod merged;
mod page;
pub mod query;
mod rows;
mod value_filter;

use reenact_model::{EventId, IssueId, Outcome, Placed, Report, Snapshot, SnapshotId, Timestamp};
use reenact_redact::Redacted;

pub use embedded::{EmbeddedStore, Options};
pub use filter::{Comparison, Field, Filter, Matches, Test, TimeRange, WORD_BYTES_MAX, words};
pub use issue_set::{IssueGroups, IssueSet};
pub use memory::MemoryStore;
pub use merged::Merged;
pub use page::order_facet;
pub use rows::{
    EventOrder, EventPage, EventQuery, EventRow, FacetCount, Histogram, HistogramSeries, IssueBoosts,
    IssueDetail, IssuePage, IssueQuery, IssueRow, IssueSort, KnownIssue, Neighbours, OwnIssue, RELEVANCE_NEW,
    RELEVANCE_POINT_NS, RELEVANCE_REGRESSION, RELEVANCE_UNHANDLED, SeenIn,
};
pub use value_filter::{ValueCondition, ValuePattern, ValueTest};

/// One thing to keep.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// An event with its issue.
    Event(Box<Placed>),
    /// A further part of an event that is there; dropped as filtered when it is not.
    Part(Box<Report>),
    /// Snapshots that arrived together; stored as one body, found one by one.
    Snapshots(Vec<Snapshot>),
}

/// One stored thing, to be redacted again.
#[derive(Clone, Debug, PartialEq)]
pub enum Stored {
    /// An event.
    Event(Box<Placed>),
    /// Snapshots that are one body.
    Snapshots(Vec<Snapshot>),
    /// The message that an issue is listed with.
    Message {
        /// The issue's service.
        service: String,
        /// The message.
        text: String,
    },
}

/// What one step of [`Store::rewrite`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RewriteStep {
    /// Events and snapshots looked at.
    pub looked_at: u64,
    /// Those of them that were changed.
    pub changed: u64,
    /// Where the next step begins; `None` when everything was looked at.
    pub next: Option<String>,
}

/// What becomes of a stored thing: `None` leaves it as it is. The same kind of thing comes back, with the
/// same ids.
pub type Change<'a> = &'a mut dyn FnMut(Stored) -> Option<Redacted<Stored>>;

/// What one step of [`Store::regroup`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegroupStep {
    /// Events looked at.
    pub looked_at: u64,
    /// Those of them that moved to other issues.
    pub moved: u64,
    /// When all events were looked at: from which own issues to which how many moved, for some of the issues that
    /// events left, and only once for each. A step that is done again says it again.
    pub moves: Vec<IssueMove>,
    /// Where the next step begins; `None` when everything is done.
    pub next: Option<String>,
}

/// How many events moved from one own issue to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssueMove {
    /// The issue that they left.
    pub from: IssueId,
    /// The issue that they have now.
    pub to: IssueId,
    /// How many.
    pub events: u64,
}

/// What becomes of a stored event: `None` leaves it as it is. The same event comes back, in another own issue.
pub type Regrouped<'a> = &'a mut dyn FnMut(Placed) -> Option<Redacted<Placed>>;

/// What became of each write of a batch, in order; one outcome per event and per snapshot.
pub type Outcomes = Vec<Outcome>;

/// Called once, from a thread of the store, when a batch is durable or has failed.
pub type Done = Box<dyn FnOnce(Result<Outcomes, StoreError>) + Send>;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Too much is waiting to be written; try again later.
    #[error("too many writes are waiting")]
    Overloaded,
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// A cursor of another query, or none of ours.
    #[error("the cursor does not belong to this query")]
    Cursor,
    /// The disk or the engine failed.
    #[error("{context}")]
    Engine {
        /// What was being done, on which file.
        context: String,
        /// What the engine said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Sizes of a store, for the status page and metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Events kept.
    pub events: u64,
    /// Snapshots kept.
    pub snapshots: u64,
    /// Bytes on disk, index included.
    pub disk_bytes: u64,
    /// Events that the index does not hold yet; they are answered from the day's file.
    pub events_unindexed: u64,
    /// Time of the newest event.
    pub last_event_at: Option<Timestamp>,
}

/// A place that keeps events.
///
/// All calls but [`Store::submit`] may block on the disk; callers keep them off async threads.
pub trait Store: Send + Sync {
    /// Hands over a batch to be made durable with others; `done` is called after the commit. Takes CPU
    /// time in proportion to the batch, and does not wait for the disk.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] when the queue is full, [`StoreError::Closed`] at shutdown,
    /// [`StoreError::Engine`] when a body is too large. Then `done` is not called and nothing of the
    /// batch is kept.
    fn submit(&self, writes: Vec<Redacted<Write>>, done: Done) -> Result<(), StoreError>;

    /// From now on these issues are shown as others: every answer below is about shown issues, unless it says
    /// otherwise. A store that was just opened shows each as itself.
    fn set_merged(&self, merged: Merged);

    /// Issues with events that match, a page at a time.
    fn issues(&self, query: &IssueQuery) -> Result<IssuePage, StoreError>;

    /// One issue; counts and histogram are those of `range`.
    fn issue(&self, id: IssueId, range: TimeRange, buckets: usize)
    -> Result<Option<IssueDetail>, StoreError>;

    /// Those of these own issues that there are, whatever they are shown as, by id.
    fn own_issues(&self, ids: &[IssueId]) -> Result<Vec<OwnIssue>, StoreError>;

    /// The issues with events that match, by id.
    fn issue_ids(&self, filter: &Filter, range: TimeRange) -> Result<Vec<IssueId>, StoreError>;

    /// Shows each issue ever, once, in any order. What is written meanwhile may be missing.
    fn known_issues(&self, visit: &mut dyn FnMut(KnownIssue)) -> Result<(), StoreError>;

    /// In which environments and versions issues were seen, by issue, service, environment and version; `None` when
    /// that is more than `rows_max`.
    fn seen_in(
        &self,
        filter: &Filter,
        range: TimeRange,
        rows_max: usize,
    ) -> Result<Option<Vec<SeenIn>>, StoreError>;

    /// Events that match, a page at a time.
    fn events(&self, query: &EventQuery) -> Result<EventPage, StoreError>;

    /// Where an event stands among the events of its issue that match.
    fn neighbours(
        &self,
        id: EventId,
        filter: &Filter,
        range: TimeRange,
    ) -> Result<Option<Neighbours>, StoreError>;

    /// Shows the newest matching events, the newest first, `limit` at most, until `visit` returns false. Each has
    /// its own issue. Answers with how many match.
    fn newest_events(
        &self,
        filter: &Filter,
        range: TimeRange,
        limit: usize,
        visit: &mut dyn FnMut(Placed) -> bool,
    ) -> Result<u64, StoreError>;

    /// One event, whole, with its own issue.
    fn event(&self, id: EventId) -> Result<Option<Placed>, StoreError>;

    /// Snapshots by id, those that are there, in any order, over the whole retention.
    fn snapshots(&self, ids: &[SnapshotId]) -> Result<Vec<Snapshot>, StoreError>;

    /// Counts of matching events over time, by service: the five largest, then the rest as `other`.
    fn histogram(&self, filter: &Filter, range: TimeRange, buckets: usize) -> Result<Histogram, StoreError>;

    /// The commonest values of `field` among matching events, with counts of issues and events.
    fn facet(
        &self,
        field: &Field,
        filter: &Filter,
        range: TimeRange,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<FacetCount>, StoreError>;

    /// The commonest values of several fields, each as [`Store::facet`] counts them.
    fn facets(
        &self,
        fields: &[Field],
        filter: &Filter,
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<Vec<FacetCount>>, StoreError> {
        fields.iter().map(|field| self.facet(field, filter, range, "", limit)).collect()
    }

    /// The commonest names of tags among matching events that begin so, with counts of issues and events.
    fn tag_names(
        &self,
        filter: &Filter,
        range: TimeRange,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<FacetCount>, StoreError>;

    /// The issues with events that match, by id, and how many those are.
    fn issue_counts(&self, filter: &Filter, range: TimeRange) -> Result<Vec<(IssueId, u64)>, StoreError>;

    /// Sizes.
    fn stats(&self) -> Result<StoreStats, StoreError>;

    /// Makes something durable, to see whether that works; changes nothing that anybody sees.
    fn probe(&self) -> Result<(), StoreError>;

    /// Deletes what is older, or more, than the retention allows; `now` decides the age.
    fn enforce_retention(&self, now: Timestamp) -> Result<(), StoreError>;

    /// Takes some of what is stored in the range through `change`, and keeps what comes back instead. What
    /// was replaced is in no file afterwards, once the last step is done. A step that failed, or that a crash
    /// ended, is done again from the same `position`; `None` begins.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a position that is none of ours.
    fn rewrite(
        &self,
        range: TimeRange,
        position: Option<&str>,
        change: Change<'_>,
    ) -> Result<RewriteStep, StoreError>;

    /// Moves some of the stored events in the range to other own issues. Counts follow at once; when all events were
    /// looked at, the first and last events of issues that any left are found again, and issues of which nothing is
    /// left are forgotten. A step that failed, or that a crash ended, is done again from the same `position`; `None`
    /// begins. One at a time. An empty range brings to its end what was begun before.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a position that is none of ours.
    fn regroup(
        &self,
        range: TimeRange,
        position: Option<&str>,
        change: Regrouped<'_>,
    ) -> Result<RegroupStep, StoreError>;

    /// Finishes pending writes and stops the threads of the store. Later calls of `submit` fail.
    fn close(&self) -> Result<(), StoreError>;
}
