//! What came lately and may be told more of by what comes next.
//!
//! Clients send a long trace in parts, its root last; and a process that ends with an exception is
//! reported beside the span that the exception crossed. Both are known here in memory alone: after a
//! restart such a later part no longer finds its event, and the event stays as it was.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use reenact_issues::Sameness;
use reenact_model::{EventId, SnapshotId, SpanId, Timestamp};

/// Traces with an event whose entry span has not arrived.
const TRACES_MAX: usize = 10_000;
/// Events of one such trace.
const TRACE_EVENTS_MAX: usize = 1_000;
/// Reports that may have a counterpart, of each kind.
const REPORTS_MAX: usize = 4_096;
/// Snapshots of events that were not kept, and may come after them.
const EXCLUDED_MAX: usize = 10_000;
/// Time between two reports of the same exception, in nanoseconds: one minute.
const APART_NS: i64 = 60_000_000_000;

/// An event whose entry span has not arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unfinished {
    pub(crate) event: EventId,
    pub(crate) timestamp: Timestamp,
    /// The span above the topmost one known.
    pub(crate) missing: SpanId,
}

/// Who says that an exception escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Teller {
    /// A span.
    Span,
    /// The report of a process that ended.
    Crash,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    event: EventId,
    received_at: Timestamp,
    /// The counterpart that was merged into it.
    joined: Option<EventId>,
}

/// The memory.
#[derive(Debug, Default)]
pub(crate) struct Earlier {
    /// Whether there is any unfinished trace; asked for every trace that arrives.
    any_unfinished: AtomicBool,
    unfinished: Mutex<Bounded<u64, Vec<Unfinished>>>,
    spans: Mutex<Bounded<Sameness, Told>>,
    /// Events by the client's id of the exception.
    captures: Mutex<Bounded<SnapshotId, EventId>>,
    crashes: Mutex<Bounded<Sameness, Told>>,
    any_excluded: AtomicBool,
    excluded: Mutex<Bounded<SnapshotId, ()>>,
}

impl Earlier {
    /// Remembers the snapshots of an event that is not kept.
    pub(crate) fn exclude(&self, snapshots: &[SnapshotId]) {
        let mut excluded = lock(&self.excluded);
        for id in snapshots {
            excluded.insert(*id, (), EXCLUDED_MAX);
            self.any_excluded.store(true, Ordering::Release);
        }
    }

    /// Whether a snapshot belongs to an event that was not kept.
    pub(crate) fn is_excluded(&self, snapshot: SnapshotId) -> bool {
        self.any_excluded.load(Ordering::Acquire) && lock(&self.excluded).get(&snapshot).is_some()
    }

    /// Whether an event of the trace waits for its entry span; by the low 64 bits of the trace's id.
    pub(crate) fn awaits(&self, trace: u64) -> bool {
        self.any_unfinished.load(Ordering::Acquire) && lock(&self.unfinished).get(&trace).is_some()
    }

    /// The events of the trace that wait for their entry span.
    pub(crate) fn unfinished(&self, trace: u64) -> Vec<Unfinished> {
        lock(&self.unfinished).get(&trace).cloned().unwrap_or_default()
    }

    /// Remembers what an event waits for, or that it waits no longer.
    pub(crate) fn set_missing(
        &self,
        trace: u64,
        event: EventId,
        timestamp: Timestamp,
        missing: Option<SpanId>,
    ) {
        let mut unfinished = lock(&self.unfinished);
        let mut events = unfinished.remove(&trace).unwrap_or_default();
        events.retain(|known| known.event != event);
        if let Some(missing) = missing.filter(|_| events.len() < TRACE_EVENTS_MAX) {
            events.push(Unfinished { event, timestamp, missing });
        }
        if !events.is_empty() {
            unfinished.insert(trace, events, TRACES_MAX);
        }
        self.any_unfinished.store(!unfinished.entries.is_empty(), Ordering::Release);
    }

    /// The other event that was made of an exception with this id of the client's; else remembers this one. A program
    /// that logs an exception and lets it end a span tells of it twice.
    pub(crate) fn captured_before(&self, capture: SnapshotId, event: EventId) -> Option<EventId> {
        let mut captures = lock(&self.captures);
        match captures.get(&capture) {
            Some(first) => Some(*first).filter(|first| *first != event),
            None => {
                captures.insert(capture, event, REPORTS_MAX);
                None
            }
        }
    }

    /// The event that the other teller made of the same exception lately; else remembers this one.
    pub(crate) fn told_before(
        &self,
        teller: Teller,
        sameness: &Sameness,
        event: EventId,
        received_at: Timestamp,
    ) -> Option<EventId> {
        let (own, other) = match teller {
            Teller::Span => (&self.spans, &self.crashes),
            Teller::Crash => (&self.crashes, &self.spans),
        };
        if let Some(told) = lock(other).get_mut(sameness)
            && received_at.nanos_since(told.received_at).abs() <= APART_NS
            && told.joined.is_none_or(|joined| joined == event)
        {
            told.joined = Some(event);
            return Some(told.event);
        }
        let mut own = lock(own);
        let joined = own.get(sameness).filter(|told| told.event == event).and_then(|told| told.joined);
        own.insert(sameness.clone(), Told { event, received_at, joined }, REPORTS_MAX);
        None
    }
}

/// A map that forgets the entries that were put in first.
#[derive(Debug)]
struct Bounded<K, V> {
    entries: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K, V> Default for Bounded<K, V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new() }
    }
}

impl<K: Eq + Hash + Clone, V> Bounded<K, V> {
    fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    fn insert(&mut self, key: K, value: V, most: usize) {
        if self.entries.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        while self.entries.len() > most
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        let removed = self.entries.remove(key);
        if removed.is_some() {
            self.order.retain(|known| known != key);
        }
        removed
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every state of the maps is valid.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use reenact_issues::sameness;
    use reenact_model::{Exception, Frame, Report};

    use super::*;

    fn some_sameness() -> Sameness {
        let exception = Exception { frames: vec![Frame::default()], ..Exception::default() };
        sameness(&Report { exceptions: vec![exception], ..Report::default() }).unwrap()
    }

    #[test]
    fn a_crash_and_a_span_find_each_other_once() {
        let (earlier, same) = (Earlier::default(), some_sameness());
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
        let tell = |teller, event, seconds| {
            earlier.told_before(teller, &same, EventId(event), at(seconds)).map(|event| event.0)
        };
        assert_eq!(tell(Teller::Crash, 1, 0), None);
        assert_eq!(tell(Teller::Span, 2, 1), Some(1));
        assert_eq!(tell(Teller::Span, 2, 2), Some(1), "the same span sent again");
        assert_eq!(tell(Teller::Crash, 1, 3), None, "the same crash sent again");
        assert_eq!(tell(Teller::Span, 3, 4), None, "another occurrence");
        assert_eq!(tell(Teller::Crash, 4, 5), Some(3));
        assert_eq!(tell(Teller::Crash, 5, 200), None, "too late");
    }

    #[test]
    fn an_unfinished_event_is_remembered_until_its_root_came() {
        let earlier = Earlier::default();
        assert!(!earlier.awaits(7));
        earlier.set_missing(7, EventId(1), Timestamp::default(), Some(SpanId(5)));
        assert!(earlier.awaits(7) && !earlier.awaits(8));
        earlier.set_missing(7, EventId(1), Timestamp::default(), Some(SpanId(4)));
        let missing: Vec<u64> = earlier.unfinished(7).iter().map(|unfinished| unfinished.missing.0).collect();
        assert_eq!(missing, [4]);
        earlier.set_missing(7, EventId(1), Timestamp::default(), None);
        assert!(!earlier.awaits(7));
    }

    #[test]
    fn the_oldest_are_forgotten_at_the_limit() {
        let mut map = Bounded::default();
        for key in 0..5 {
            map.insert(key, (), 3);
        }
        assert_eq!((map.get(&1), map.get(&2), map.entries.len(), map.order.len()), (None, Some(&()), 3, 3));
    }
}
