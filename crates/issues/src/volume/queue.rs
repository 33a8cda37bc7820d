//! A fair queue that holds no events: only how long it would be.
//!
//! Kept events are thought to wait in one queue per issue, which are served in turn, all together so many events a
//! minute. An event is kept when the queue of its issue has room. That room is twice what is free of the space for all
//! queues, a minute's worth: the more issues are loud the shorter each may be, and some space is always free for those
//! that come. Served in turn, a queue that is never empty gets an equal part, and what others leave.
//!
//! - **Source:** generalised processor sharing with virtual time (Parekh and Gallager 1993), dynamic queue length
//!   thresholds (Choudhury and Hahne 1998).

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU32;

use reenact_model::{IssueId, Timestamp};

use super::ISSUES_MAX;

/// Of each nanosecond and event per minute; small enough that what is lost to rounding is nothing.
const UNITS: u128 = 1 << 16;
/// The work of one event.
const EVENT: u128 = 60_000_000_000 * UNITS;
/// How long a queue may be, in parts of the space that is free.
const LENGTH_OF_FREE: u128 = 2;

/// An issue, or all those that are too many to be told apart.
type Key = Option<IssueId>;

#[derive(Debug)]
pub(super) struct FairQueue {
    limit: u128,
    at: Option<Timestamp>,
    /// Work that was done for each queue that was never empty.
    done: u128,
    /// Work that waits in all queues.
    waiting: u128,
    /// Where `done` is when a queue is empty.
    ends: HashMap<Key, u128>,
    /// The same, by end.
    order: BTreeSet<(u128, Key)>,
}

impl FairQueue {
    /// Serves so many events a minute.
    pub(super) fn new(limit: NonZeroU32) -> Self {
        Self {
            limit: u128::from(limit.get()),
            at: None,
            done: 0,
            waiting: 0,
            ends: HashMap::new(),
            order: BTreeSet::new(),
        }
    }

    /// Puts an event into the queue of its issue if there is room.
    pub(super) fn admit(&mut self, issue: IssueId, now: Timestamp) -> bool {
        self.serve(now);
        let is_known = self.ends.contains_key(&Some(issue)) || self.ends.len() < ISSUES_MAX;
        let key = Some(issue).filter(|_| is_known);
        let end = self.ends.get(&key).copied();
        let length = end.map_or(0, |end| end - self.done);
        let free = self.limit * EVENT - self.waiting;
        if free < EVENT || length + EVENT > LENGTH_OF_FREE * free {
            return false;
        }
        if let Some(end) = end {
            self.order.remove(&(end, key));
        }
        let end = self.done + length + EVENT;
        self.ends.insert(key, end);
        self.order.insert((end, key));
        self.waiting += EVENT;
        true
    }

    fn serve(&mut self, now: Timestamp) {
        let passed = self.at.map_or(0, |at| u128::try_from(now.nanos_since(at)).unwrap_or(0));
        self.at = Some(now);
        let mut work = passed * self.limit * UNITS;
        while let Some((end, key)) = self.order.first().copied() {
            let queues = self.order.len() as u128;
            let needed = (end - self.done) * queues;
            if needed > work {
                self.done += work / queues;
                self.waiting -= work / queues * queues;
                return;
            }
            work -= needed;
            self.waiting -= needed;
            self.done = end;
            self.order.pop_first();
            self.ends.remove(&key);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}
