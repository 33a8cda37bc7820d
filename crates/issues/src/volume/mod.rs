//! How many events are kept when more arrive than are wanted, and of which issues.
//!
//! Two limits, each of which may be absent:
//! - **Of one issue:** so many events a minute.
//! - **Of all issues together:** so many events a minute, which they share max-min fairly: nobody gets less than an
//!   equal part unless he asks for less, and what he does not ask for goes to the others.
//!
//! What this promises:
//! - In `t` minutes at most `limit · (t + 1)` events are kept (a minute's worth may come at once), and besides them at
//!   most [`NEW_ISSUES_PER_MINUTE`]` · (t + 1)` first events of new issues.
//! - Next to `n` loud issues an issue with fewer events than its part loses none, as long as no more than two thirds
//!   of `limit / (2n + 1)` come at once, less one or two.
//! - Decisions depend on nothing but the events and the times that are passed in.
//! - **Cost:** O(log [`ISSUES_MAX`]) amortised per event; memory for [`ISSUES_MAX`] issues of each limit and
//!   [`KNOWN_MAX`] ids, about 5 MB when all are in use.

mod bucket;
mod queue;
#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};
use std::num::NonZeroU32;

use reenact_model::{IssueId, Timestamp};

use bucket::{Bucket, Buckets};
use queue::FairQueue;

/// Issues that are told apart within a minute. Further ones have one part of the common limit together, and no limit of
/// their own.
pub const ISSUES_MAX: usize = 10_000;
/// First events of new issues that are kept beyond the common limit, per minute.
pub const NEW_ISSUES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).expect("it is not zero");
/// Issues that are remembered not to be new.
pub const KNOWN_MAX: usize = 100_000;

/// What is kept at most; nothing is limited by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VolumeLimits {
    /// Events of all issues per minute.
    pub events_per_minute: Option<NonZeroU32>,
    /// Events of each issue per minute.
    pub issue_events_per_minute: Option<NonZeroU32>,
}

/// Decides event by event.
#[derive(Debug)]
pub struct VolumeLimiter {
    of_issue: Option<Buckets>,
    of_all: Option<OfAll>,
}

#[derive(Debug)]
struct OfAll {
    queue: FairQueue,
    new_issues: Bucket,
    known: Known,
}

impl VolumeLimiter {
    /// Keeps these limits.
    pub fn new(limits: VolumeLimits) -> Self {
        Self {
            of_issue: limits.issue_events_per_minute.map(Buckets::new),
            of_all: limits.events_per_minute.map(|limit| OfAll {
                queue: FairQueue::new(limit),
                new_issues: Bucket::default(),
                known: Known::default(),
            }),
        }
    }

    /// Whether an event of this issue that arrives now is kept. `is_new` says whether nothing of the issue was ever
    /// kept; it is asked only where that decides, and of an issue that is not new once.
    ///
    /// - **Time:** a `now` before that of the call before counts as no time passed.
    pub fn keeps(&mut self, issue: IssueId, now: Timestamp, is_new: impl FnOnce() -> bool) -> bool {
        let Self { of_issue, of_all } = self;
        if of_issue.as_mut().is_some_and(|buckets| !buckets.has_room(issue, now)) {
            return false;
        }
        if of_all.as_mut().is_some_and(|of_all| !of_all.keeps(issue, now, is_new)) {
            return false;
        }
        if let Some(buckets) = of_issue {
            buckets.add(issue, now);
        }
        true
    }
}

impl OfAll {
    fn keeps(&mut self, issue: IssueId, now: Timestamp, is_new: impl FnOnce() -> bool) -> bool {
        if self.queue.admit(issue, now) {
            self.known.insert(issue);
            return true;
        }
        if self.known.contains(issue) || !self.new_issues.has_room(NEW_ISSUES_PER_MINUTE, now) {
            return false;
        }
        let is_new = is_new();
        if is_new {
            self.new_issues.add(NEW_ISSUES_PER_MINUTE, now);
        }
        self.known.insert(issue);
        is_new
    }
}

/// Issues that are not new; the one that was added first is forgotten first, and asked about again.
#[derive(Debug, Default)]
struct Known {
    issues: HashSet<IssueId>,
    order: VecDeque<IssueId>,
}

impl Known {
    fn contains(&self, issue: IssueId) -> bool {
        self.issues.contains(&issue)
    }

    fn insert(&mut self, issue: IssueId) {
        if !self.issues.insert(issue) {
            return;
        }
        self.order.push_back(issue);
        if self.order.len() > KNOWN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.issues.remove(&oldest);
        }
    }
}
