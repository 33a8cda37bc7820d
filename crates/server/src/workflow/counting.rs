//! Events and users of issues that are counted.

use std::collections::{HashMap, HashSet};

use reenact_model::IssueId;
use reenact_store::control::IssueCounts;

/// Counts that are ahead of what is stored by some seconds.
#[derive(Debug, Default)]
pub(super) struct Counting {
    counts: HashMap<IssueId, IssueCounts>,
    /// Users of ignored issues, as hashes, for as long as they are counted.
    users: HashMap<IssueId, HashSet<u64>>,
    changed: HashSet<IssueId>,
}

impl Counting {
    pub(super) fn new(counts: Vec<(IssueId, IssueCounts)>) -> Self {
        Self { counts: counts.into_iter().collect(), ..Self::default() }
    }

    pub(super) fn counts(&self, id: IssueId) -> IssueCounts {
        self.counts.get(&id).copied().unwrap_or_default()
    }

    /// One more event that is not kept.
    pub(super) fn exclude(&mut self, id: IssueId) {
        self.counts.entry(id).or_default().excluded += 1;
        self.changed.insert(id);
    }

    /// One more event since the issue was ignored. `users_max` are counted at most.
    pub(super) fn add(&mut self, id: IssueId, user: Option<u64>, users_max: u64) -> IssueCounts {
        let counts = self.counts.entry(id).or_default();
        counts.events += 1;
        if let Some(user) = user.filter(|_| counts.users < users_max) {
            let users = self.users.entry(id).or_default();
            users.insert(user);
            counts.users = counts.users.max(users.len() as u64);
        }
        self.changed.insert(id);
        *counts
    }

    /// What was counted from the store; what was counted before and is no longer there stays counted.
    pub(super) fn recount(&mut self, id: IssueId, events: u64, users: HashSet<u64>) -> IssueCounts {
        let counts = self.counts.entry(id).or_default();
        let known = self.users.entry(id).or_default();
        known.extend(users);
        counts.events = counts.events.max(events);
        counts.users = counts.users.max(known.len() as u64);
        self.changed.insert(id);
        *counts
    }

    /// Counts events and users from nothing.
    pub(super) fn restart(&mut self, id: IssueId) {
        self.users.remove(&id);
        if let Some(counts) = self.counts.get_mut(&id) {
            (counts.events, counts.users) = (0, 0);
            self.changed.insert(id);
        }
    }

    /// An issue is ignored no longer.
    pub(super) fn end(&mut self, id: IssueId) {
        self.users.remove(&id);
    }

    pub(super) fn forget(&mut self, id: IssueId) {
        self.counts.remove(&id);
        self.users.remove(&id);
        self.changed.remove(&id);
    }

    /// What is to be written.
    pub(super) fn take_changed(&mut self) -> Vec<(IssueId, IssueCounts)> {
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().map(|id| (id, self.counts(id))).collect()
    }

    /// What could not be written.
    pub(super) fn give_back(&mut self, counts: &[(IssueId, IssueCounts)]) {
        self.changed.extend(counts.iter().map(|(id, _)| *id));
    }
}
