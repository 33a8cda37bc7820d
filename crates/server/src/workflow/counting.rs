//! Events and users of issues that are counted.

use std::collections::{HashMap, HashSet, VecDeque};

use reenact_model::{EventId, IssueId};
use reenact_store::control::IssueCounts;

/// Events of an ignored issue that are remembered, so that a later part of one does not count again.
const EVENTS_REMEMBERED: usize = 1_000;

/// The events that were counted last.
#[derive(Debug, Default)]
struct Recent {
    known: HashSet<EventId>,
    order: VecDeque<EventId>,
}

impl Recent {
    /// Remembers an event; whether it is new.
    fn add(&mut self, event: EventId) -> bool {
        if !self.known.insert(event) {
            return false;
        }
        self.order.push_back(event);
        if self.order.len() > EVENTS_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

/// Counts that are ahead of what is stored by some seconds.
#[derive(Debug, Default)]
pub(super) struct Counting {
    counts: HashMap<IssueId, IssueCounts>,
    /// Users of ignored issues, as hashes, for as long as they are counted.
    users: HashMap<IssueId, HashSet<u64>>,
    /// Events of ignored issues, for as long as they are counted.
    recent: HashMap<IssueId, Recent>,
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

    /// An event since the issue was ignored, or a later part of one that was counted. `users_max` are counted at most.
    pub(super) fn add(
        &mut self,
        id: IssueId,
        event: EventId,
        user: Option<u64>,
        users_max: u64,
    ) -> IssueCounts {
        let counts = self.counts.entry(id).or_default();
        counts.events += u64::from(self.recent.entry(id).or_default().add(event));
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
        self.end(id);
        if let Some(counts) = self.counts.get_mut(&id) {
            (counts.events, counts.users) = (0, 0);
            self.changed.insert(id);
        }
    }

    /// An issue is ignored no longer.
    pub(super) fn end(&mut self, id: IssueId) {
        self.users.remove(&id);
        self.recent.remove(&id);
    }

    pub(super) fn forget(&mut self, id: IssueId) {
        self.counts.remove(&id);
        self.end(id);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_part_of_an_event_counts_its_user_alone() {
        let mut counting = Counting::default();
        let mut add = |event: u128, user| {
            let counts = counting.add(IssueId(1), EventId(event), user, 9);
            (counts.events, counts.users)
        };
        assert_eq!(add(1, None), (1, 0));
        assert_eq!(add(1, Some(7)), (1, 1));
        assert_eq!(add(2, Some(7)), (2, 1));
        for event in 3..=EVENTS_REMEMBERED as u128 + 1 {
            add(event, None);
        }
        assert_eq!(add(3, None), (EVENTS_REMEMBERED as u64 + 1, 1));
        counting.restart(IssueId(1));
        assert_eq!(counting.add(IssueId(1), EventId(1), None, 9).events, 1);
    }
}
