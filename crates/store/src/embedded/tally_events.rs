//! Events in an order, and those beside one.

use std::collections::BinaryHeap;
use std::sync::Arc;

use reenact_model::{EventId, Placed, Timestamp};
use tantivy::{DocId, SegmentReader};

use super::columns::{BLOCK, Numbers};
use super::days::Day;
use super::scan::Tally;
use crate::EventOrder;
use crate::page::EventKey;

/// The columns that order events.
struct Keys {
    times: Numbers<i64>,
    high: Numbers<u64>,
    low: Numbers<u64>,
    has_values: Numbers<bool>,
    rows: Numbers<u64>,
}

impl Keys {
    fn open(segment: &SegmentReader) -> tantivy::Result<Self> {
        let columns = segment.fast_fields();
        Ok(Self {
            times: Numbers::new(columns.i64("ts")?),
            high: Numbers::new(columns.u64("id_high")?),
            low: Numbers::new(columns.u64("id_low")?),
            has_values: Numbers::new(columns.bool("has_values")?),
            rows: Numbers::new(columns.u64("row")?),
        })
    }

    fn id(&self, document: DocId) -> u128 {
        u128::from(self.high.one(document)) << 64 | u128::from(self.low.one(document))
    }
}

/// One event and where it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) key: EventKey,
    pub(super) day: i64,
    pub(super) row: i64,
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.key, self.day, self.row).cmp(&(other.key, other.day, other.row))
    }
}

/// Counts events and keeps the first ones after a key.
pub(super) struct EventsTally {
    pub(super) order: EventOrder,
    pub(super) start: Option<EventKey>,
    pub(super) keep_max: usize,
    pub(super) total: u64,
    /// The last of those kept is on top.
    pub(super) kept: BinaryHeap<Place>,
}

impl EventsTally {
    /// Whether an event of this time can be among those kept, whatever its id is.
    fn may_keep(&self, time: i64, has_values: bool) -> bool {
        let time = Timestamp::from_nanos(time);
        let (first, last) = match self.order {
            EventOrder::Newest | EventOrder::ValuesFirst => (u128::MAX, 0),
            EventOrder::Oldest => (0, u128::MAX),
        };
        let key = |id| EventKey::new(self.order, time, EventId(id), has_values);
        let is_after_start = self.start.is_none_or(|start| key(last) > start);
        let is_full = self.kept.len() >= self.keep_max;
        is_after_start && !(is_full && self.kept.peek().is_some_and(|worst| key(first) > worst.key))
    }

    /// Keeps an event that was counted.
    fn keep(&mut self, place: Place) {
        if self.start.is_none_or(|start| place.key > start) {
            self.kept.push(place);
            if self.kept.len() > self.keep_max {
                self.kept.pop();
            }
        }
    }
}

impl Tally for EventsTally {
    fn fresh(&self) -> Self {
        Self {
            order: self.order,
            start: self.start,
            keep_max: self.keep_max,
            total: 0,
            kept: BinaryHeap::new(),
        }
    }

    fn merge(&mut self, other: Self) {
        self.total += other.total;
        other.kept.into_iter().for_each(|place| self.keep(place));
    }

    fn documents(
        &mut self,
        day: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        self.total += documents.len() as u64;
        let mut keys = Keys::open(segment)?;
        let (oldest, newest) = keys.times.bounds();
        let best = if self.order == EventOrder::Oldest { oldest } else { newest };
        if !self.may_keep(best, true) && !self.may_keep(best, false) && self.start.is_none() {
            return Ok(());
        }
        let of_values = self.order == EventOrder::ValuesFirst;
        for documents in documents.chunks(BLOCK) {
            keys.times.of(documents);
            for (at, document) in documents.iter().enumerate() {
                let time = keys.times.values()[at];
                // In the other orders it makes no difference to the key.
                let has_values = of_values && keys.has_values.one(*document);
                if self.may_keep(time, has_values) {
                    let id = EventId(keys.id(*document));
                    let key = EventKey::new(self.order, Timestamp::from_nanos(time), id, has_values);
                    let row = keys.rows.one(*document).cast_signed();
                    self.keep(Place { key, day: day.number, row });
                }
            }
        }
        Ok(())
    }

    fn event(&mut self, day: &Arc<Day>, row: i64, event: &Placed, has_values: bool) {
        let key = EventKey::new(self.order, event.report.timestamp, event.report.id, has_values);
        self.total += 1;
        self.keep(Place { key, day: day.number, row });
    }
}

/// Time and id of an event.
type When = (i64, u128);

/// Finds the events beside one.
#[derive(Debug)]
pub(super) struct NeighboursTally {
    own: When,
    pub(super) total: u64,
    pub(super) newer_count: u64,
    pub(super) here: bool,
    /// The oldest and the newest.
    pub(super) ends: Option<(When, When)>,
    /// Of any events, and of those with values.
    pub(super) newer: [Option<When>; 2],
    pub(super) older: [Option<When>; 2],
}

impl NeighboursTally {
    pub(super) fn new(own: When) -> Self {
        let none = [None; 2];
        Self { own, total: 0, newer_count: 0, here: false, ends: None, newer: none, older: none }
    }

    fn add(&mut self, other: When, has_values: bool) {
        self.total += 1;
        self.add_ends((other, other));
        self.newer_count += u64::from(other > self.own);
        self.here |= other == self.own;
        for kind in 0..=usize::from(has_values) {
            if other > self.own {
                self.newer[kind] = nearest(self.newer[kind], Some(other));
            } else if other < self.own {
                self.older[kind] = self.older[kind].max(Some(other));
            }
        }
    }

    fn add_ends(&mut self, other: (When, When)) {
        let (oldest, newest) = self.ends.unwrap_or(other);
        self.ends = Some((oldest.min(other.0), newest.max(other.1)));
    }
}

/// The smaller of those that there are.
fn nearest(a: Option<When>, b: Option<When>) -> Option<When> {
    a.into_iter().chain(b).min()
}

impl Tally for NeighboursTally {
    fn fresh(&self) -> Self {
        Self::new(self.own)
    }

    fn merge(&mut self, other: Self) {
        self.total += other.total;
        self.newer_count += other.newer_count;
        self.here |= other.here;
        if let Some(ends) = other.ends {
            self.add_ends(ends);
        }
        for kind in 0..2 {
            self.newer[kind] = nearest(self.newer[kind], other.newer[kind]);
            self.older[kind] = self.older[kind].max(other.older[kind]);
        }
    }

    fn documents(
        &mut self,
        _: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let keys = Keys::open(segment)?;
        for document in documents {
            let key = (keys.times.one(*document), keys.id(*document));
            self.add(key, keys.has_values.one(*document));
        }
        Ok(())
    }

    fn event(&mut self, _: &Arc<Day>, _: i64, event: &Placed, has_values: bool) {
        self.add((event.report.timestamp.as_nanos(), event.report.id.0), has_values);
    }
}
