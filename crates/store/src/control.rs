//! What operators change and what is counted beside events: settings, hits of rules, jobs, the audit log, and
//! what was decided about issues.
//!
//! Kept apart from [`crate::Store`]: it is small, it outlives every event, and an engine for many
//! machines keeps it elsewhere than events.

mod issues;
mod memory;

use reenact_model::Timestamp;

use crate::StoreError;

pub use issues::{
    ACTIVITY_MAX, ASSIGNEES_MAX, ActivityEntry, CHANGED_ISSUES_MAX, ChangedIssue, Forget, IssueChange,
    IssueCounts, IssueRecords, KeptChange, Recorded, ServiceVersion, VERSIONS_MAX,
};
pub use memory::MemoryRecords;

/// Length of one document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 4 << 20;

/// A document with the number of changes that it has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Grows by one with each change; the first is 1.
    pub version: u64,
    /// JSON.
    pub body: String,
}

/// Something that somebody did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// From which address.
    pub address: Option<String>,
    /// What: `values.viewed`.
    pub action: String,
    /// The event, rule or job.
    pub subject: Option<String>,
    /// More, in words.
    pub detail: Option<String>,
}

/// Which audit entries are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only with this action.
    pub action: Option<String>,
    /// Only about this.
    pub subject: Option<String>,
    /// Only entries before this number.
    pub before: Option<u64>,
    /// How many.
    pub limit: usize,
}

/// How often a rule changed something, or something was not kept, in one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleHits {
    /// The hour, counted from 1970 in UTC.
    pub hour: i64,
    /// The rule: `value/jwt`, `scanner/3f…`, `name`, `volume/3f…`; `limit/…` with the issue that was over a limit.
    pub rule: String,
    /// How often.
    pub count: u64,
}

/// Settings and records.
///
/// All calls may block on the disk; callers keep them off async threads. What a call has done is durable
/// when it returns.
pub trait Control: IssueRecords + Send + Sync {
    /// A document by its name.
    fn document(&self, name: &str) -> Result<Option<Document>, StoreError>;

    /// All documents whose name begins so, by name.
    fn documents(&self, start: &str) -> Result<Vec<(String, Document)>, StoreError>;

    /// Replaces a document that has version `from` (0: that is not there), and notes who did so.
    /// `None` when it has another version by now; then nothing changes.
    ///
    /// # Errors
    /// [`StoreError::Engine`] also when the document is longer than [`DOCUMENT_BYTES_MAX`].
    fn put_document(
        &self,
        name: &str,
        from: u64,
        body: &str,
        audit: Option<&AuditEntry>,
    ) -> Result<Option<u64>, StoreError>;

    /// Deletes a document, whatever its version; one that is not there is no error.
    fn delete_document(&self, name: &str) -> Result<(), StoreError>;

    /// Adds counts.
    fn add_hits(&self, hits: &[RuleHits]) -> Result<(), StoreError>;

    /// Counts of the hours from `from` to `to` (excluded), by hour.
    fn hits(&self, from: i64, to: i64) -> Result<Vec<RuleHits>, StoreError>;

    /// Notes what somebody did.
    fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError>;

    /// What was done, the newest first, each with its number.
    fn audit_log(&self, query: &AuditQuery) -> Result<Vec<(u64, AuditEntry)>, StoreError>;

    /// Deletes audit entries and hits from before `before`.
    fn forget(&self, before: Timestamp) -> Result<(), StoreError>;
}
