//! Buckets that leak: so many events a minute, a minute's worth of them at once.

use std::collections::HashMap;
use std::num::NonZeroU32;

use reenact_model::{IssueId, Timestamp};

use super::ISSUES_MAX;

/// One event. A bucket of `n` events a minute leaks `n` a nanosecond, and holds `n` events.
const EVENT: u128 = 60_000_000_000;
/// Time between two looks for buckets that are empty, in nanoseconds: a second.
const SWEEP_NS: i64 = 1_000_000_000;

/// One bucket.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    filled: u128,
    at: Timestamp,
}

impl Bucket {
    /// How full it is.
    fn filled(&self, limit: NonZeroU32, now: Timestamp) -> u128 {
        let passed = u128::try_from(now.nanos_since(self.at)).unwrap_or(0);
        self.filled.saturating_sub(passed * u128::from(limit.get()))
    }

    pub(super) fn has_room(&self, limit: NonZeroU32, now: Timestamp) -> bool {
        self.filled(limit, now) + EVENT <= EVENT * u128::from(limit.get())
    }

    pub(super) fn add(&mut self, limit: NonZeroU32, now: Timestamp) {
        *self = Self { filled: self.filled(limit, now) + EVENT, at: now };
    }
}

/// One bucket for each issue.
#[derive(Debug)]
pub(super) struct Buckets {
    limit: NonZeroU32,
    /// Those that are not empty, and some that are.
    of: HashMap<IssueId, Bucket>,
    swept_at: Option<Timestamp>,
}

impl Buckets {
    pub(super) fn new(limit: NonZeroU32) -> Self {
        Self { limit, of: HashMap::new(), swept_at: None }
    }

    pub(super) fn has_room(&self, issue: IssueId, now: Timestamp) -> bool {
        self.of.get(&issue).is_none_or(|bucket| bucket.has_room(self.limit, now))
    }

    pub(super) fn add(&mut self, issue: IssueId, now: Timestamp) {
        if let Some(bucket) = self.of.get_mut(&issue) {
            bucket.add(self.limit, now);
            return;
        }
        if self.of.len() >= ISSUES_MAX {
            self.sweep(now);
        }
        if self.of.len() < ISSUES_MAX {
            self.of.entry(issue).or_default().add(self.limit, now);
        }
    }

    fn sweep(&mut self, now: Timestamp) {
        if self.swept_at.is_none_or(|at| !(0..SWEEP_NS).contains(&now.nanos_since(at))) {
            self.swept_at = Some(now);
            self.of.retain(|_, bucket| bucket.filled(self.limit, now) > 0);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.of.len()
    }
}
