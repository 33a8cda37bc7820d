//! What people and rules decided about issues.
//!
//! Apart from events: it outlives them, and is never derived. Issues that nobody has touched have no status
//! here.

use reenact_issues::lifecycle::{Activity, Actor, Status};
use reenact_model::{IssueId, Timestamp};

use super::AuditEntry;
use crate::StoreError;

/// Entries kept of one issue's timeline; the oldest go first.
pub const ACTIVITY_MAX: usize = 1_000;
/// Issues of all changes that can be taken back; the oldest changes go first.
pub const CHANGED_ISSUES_MAX: usize = 200_000;
/// Names of assignees that are remembered; those used longest ago go first.
pub const ASSIGNEES_MAX: usize = 10_000;
/// Versions of all services that are remembered; those seen longest ago go first.
pub const VERSIONS_MAX: usize = 50_000;

/// One change, of one issue or of many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueChange {
    /// 16 hexadecimal digits.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// The change that this one takes back.
    pub undoes: Option<String>,
    /// The issues, each once.
    pub issues: Vec<ChangedIssue>,
}

/// One issue of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedIssue {
    /// The issue.
    pub id: IssueId,
    /// Its status before.
    pub before: Status,
    /// Its status now.
    pub after: Status,
    /// What the timeline says.
    pub activity: Vec<Activity>,
}

impl ChangedIssue {
    /// Whether events and users are counted anew.
    pub fn restarts_counts(&self) -> bool {
        self.after.ignore.is_some() && self.after.judged_after != self.before.judged_after
    }
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is durable.
    Done,
    /// Nothing changed: a status has another revision by now, or the change was taken back already.
    Conflict,
}

/// A change that can be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptChange {
    /// Whether it was taken back.
    pub undone: bool,
    /// Each issue with its status before and its revision after.
    pub issues: Vec<(IssueId, Status, u64)>,
}

/// One entry of an issue's timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityEntry {
    /// Grows with time.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// The change that it is part of.
    pub change: Option<String>,
    /// The revision of the issue's status after the change.
    pub revision: Option<u64>,
    /// Whether the change was taken back for this issue.
    pub undone: bool,
    /// Whether the change is still kept.
    pub change_kept: bool,
    /// What.
    pub activity: Activity,
}

/// Counts of an issue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IssueCounts {
    /// Events that were not kept because it was excluded.
    pub excluded: u64,
    /// Events since it was ignored, where they are counted.
    pub events: u64,
    /// Users since it was ignored, likewise.
    pub users: u64,
}

/// A version of a service in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceVersion {
    /// The service.
    pub service: String,
    /// The environment.
    pub env: Option<String>,
    /// The version.
    pub version: String,
    /// Its first event.
    pub first_seen: Timestamp,
    /// Its newest event.
    pub last_seen: Timestamp,
}

/// What is forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forget {
    /// Statuses and counts of these issues; their timelines go by age.
    pub issues: Vec<IssueId>,
    /// Entries of timelines, names of assignees, and versions last seen before.
    pub before: Timestamp,
    /// Changes that can be taken back, before.
    pub changes_before: Timestamp,
}

/// Records about issues. What a call has done is durable when it returns.
pub trait IssueRecords: Send + Sync {
    /// All statuses, by issue in no order.
    fn statuses(&self) -> Result<Vec<(IssueId, Status)>, StoreError>;

    /// Makes changes, all of them or none. A status must have the revision that it had `before`, and an issue is
    /// in one change only. Names of assignees are remembered, and counts begin anew where
    /// [`ChangedIssue::restarts_counts`] says so.
    fn change_issues(
        &self,
        changes: &[IssueChange],
        audit: Option<&AuditEntry>,
    ) -> Result<Recorded, StoreError>;

    /// A change that is still kept.
    fn issue_change(&self, id: &str) -> Result<Option<KeptChange>, StoreError>;

    /// Adds an entry that is no change, and returns its number.
    fn add_activity(
        &self,
        issue: IssueId,
        at: Timestamp,
        actor: &Actor,
        activity: &Activity,
    ) -> Result<u64, StoreError>;

    /// Deletes a comment for good; false when there is none of that number.
    fn delete_comment(
        &self,
        issue: IssueId,
        number: u64,
        audit: Option<&AuditEntry>,
    ) -> Result<bool, StoreError>;

    /// Entries of an issue's timeline before the number `before`, the newest first.
    fn activity(
        &self,
        issue: IssueId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ActivityEntry>, StoreError>;

    /// Replaces counts.
    fn put_counts(&self, counts: &[(IssueId, IssueCounts)]) -> Result<(), StoreError>;

    /// All counts, in no order.
    fn counts(&self) -> Result<Vec<(IssueId, IssueCounts)>, StoreError>;

    /// Names that issues were assigned to, by name.
    fn assignees(&self) -> Result<Vec<String>, StoreError>;

    /// Adds versions, or widens the time in which they were seen.
    fn put_versions(&self, versions: &[ServiceVersion]) -> Result<(), StoreError>;

    /// All versions, in no order.
    fn versions(&self) -> Result<Vec<ServiceVersion>, StoreError>;

    /// Forgets what is old or too much.
    fn forget_issues(&self, forget: &Forget) -> Result<(), StoreError>;
}
