//! The statuses in memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use reenact_issues::lifecycle::{State, Status};
use reenact_model::{IssueId, Timestamp};

use super::judge::Judged;

/// Every issue that somebody or something has touched.
#[derive(Debug, Default)]
pub(super) struct Live {
    statuses: HashMap<IssueId, Arc<Status>>,
    /// Those whose events matter; looked into for each event.
    judged: HashMap<IssueId, Judged>,
    /// When ignoring ends.
    dates: BTreeSet<(Timestamp, IssueId)>,
}

impl Live {
    pub(super) fn new(statuses: Vec<(IssueId, Status)>) -> Self {
        let mut live = Self::default();
        for (id, status) in statuses {
            live.set(id, Some(status));
        }
        live
    }

    pub(super) fn status(&self, id: IssueId) -> Arc<Status> {
        self.statuses.get(&id).cloned().unwrap_or_default()
    }

    pub(super) fn judged(&self, id: IssueId) -> Option<Judged> {
        self.judged.get(&id).copied()
    }

    /// All of them, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = (IssueId, &Arc<Status>)> {
        self.statuses.iter().map(|(id, status)| (*id, status))
    }

    pub(super) fn len(&self) -> usize {
        self.statuses.len()
    }

    /// Ignored issues whose date has come.
    pub(super) fn over(&self, now: Timestamp) -> Vec<IssueId> {
        self.dates.iter().take_while(|(until, _)| *until <= now).map(|(_, id)| *id).collect()
    }

    /// Replaces a status, or forgets it.
    pub(super) fn set(&mut self, id: IssueId, status: Option<Status>) {
        let date = |status: &Status| status.ignore.as_ref().and_then(|ignore| ignore.until);
        if let Some(until) = self.statuses.get(&id).and_then(|status| date(status)) {
            self.dates.remove(&(until, id));
        }
        self.judged.remove(&id);
        let Some(status) = status else {
            self.statuses.remove(&id);
            return;
        };
        if let Some(until) = date(&status) {
            self.dates.insert((until, id));
        }
        let judged = match status.state {
            State::Resolved => Some(Judged::Resolved),
            State::Excluded => Some(Judged::Excluded),
            State::Ignored if status.ignore.as_ref().is_some_and(|ignore| ignore.counts()) => {
                Some(Judged::Counted)
            }
            State::Ignored | State::ForReview | State::Reviewed => None,
        };
        if let Some(judged) = judged {
            self.judged.insert(id, judged);
        }
        self.statuses.insert(id, Arc::new(status));
    }
}
