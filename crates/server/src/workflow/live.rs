//! The statuses in memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use reenact_issues::lifecycle::{State, Status};
use reenact_model::{IssueId, Timestamp};
use reenact_store::Merged;

use super::judge::Judged;

/// Every issue that somebody or something has touched.
#[derive(Debug, Default)]
pub(super) struct Live {
    statuses: HashMap<IssueId, Arc<Status>>,
    /// Those whose events matter; looked into for each event.
    judged: HashMap<IssueId, Judged>,
    /// When ignoring ends.
    dates: BTreeSet<(Timestamp, IssueId)>,
    /// Issues with the one that each was merged into.
    into: HashMap<IssueId, IssueId>,
    /// The same, for whoever asks.
    merged: Merged,
}

impl Live {
    pub(super) fn new(statuses: Vec<(IssueId, Status)>) -> Self {
        let mut live = Self::default();
        for (id, status) in statuses {
            live.set(id, Some(status));
        }
        live.merge();
        live
    }

    pub(super) fn status(&self, id: IssueId) -> Arc<Status> {
        self.statuses.get(&id).cloned().unwrap_or_default()
    }

    pub(super) fn judged(&self, id: IssueId) -> Option<Judged> {
        self.judged.get(&id).copied()
    }

    /// Those of all issues that are shown as themselves, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = (IssueId, &Arc<Status>)> {
        self.statuses.iter().filter(|(_, status)| status.merged.is_none()).map(|(id, status)| (*id, status))
    }

    /// Which issues are shown as others.
    pub(super) fn merged(&self) -> &Merged {
        &self.merged
    }

    /// Puts in force where issues are shown.
    pub(super) fn merge(&mut self) {
        self.merged = Merged::new(self.into.iter().map(|(id, into)| (*id, *into)));
    }

    pub(super) fn len(&self) -> usize {
        self.statuses.len()
    }

    /// Ignored issues whose date has come.
    pub(super) fn over(&self, now: Timestamp) -> Vec<IssueId> {
        self.dates.iter().take_while(|(until, _)| *until <= now).map(|(_, id)| *id).collect()
    }

    /// Replaces a status, or forgets it; whether the issue is shown elsewhere now.
    pub(super) fn set(&mut self, id: IssueId, status: Option<Status>) -> bool {
        let date = |status: &Status| status.ignore.as_ref().and_then(|ignore| ignore.until);
        if let Some(until) = self.statuses.get(&id).and_then(|status| date(status)) {
            self.dates.remove(&(until, id));
        }
        self.judged.remove(&id);
        let into = status.as_ref().and_then(|status| status.merged.as_ref()).map(|merged| merged.issue);
        let was = match into {
            Some(into) => self.into.insert(id, into),
            None => self.into.remove(&id),
        };
        let Some(status) = status else {
            self.statuses.remove(&id);
            return was != into;
        };
        if into.is_some() {
            // It waits.
            self.statuses.insert(id, Arc::new(status));
            return was != into;
        }
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
        was != into
    }
}
