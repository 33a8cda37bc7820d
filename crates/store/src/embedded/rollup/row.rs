//! One row of a rollup, or those of its events that lie in a range.

use super::{HANDLED, HAS_VALUES, NONE, PAIR_BYTES, u32_at, u64_at};
use crate::Field;
use crate::page::Buckets;

/// Events that agree in what a row is about; one at least.
#[derive(Clone, Copy, Debug)]
pub(in crate::embedded) struct RollupRow<'a> {
    pub(super) number: u32,
    pub(in crate::embedded) issue: u64,
    pub(super) service: u32,
    pub(super) env: u32,
    pub(super) error_type: u32,
    pub(super) flags: u32,
    /// The times of its first and its last event.
    pub(in crate::embedded) oldest: i64,
    pub(in crate::embedded) newest: i64,
    /// Where its first event stands among those of all rows.
    pub(super) first: usize,
    /// Ascending, eight bytes each.
    pub(super) times: &'a [u8],
    /// Hashes of the users of the whole row, each once, ascending, eight bytes each.
    pub(super) users: &'a [u8],
    /// Whether the row has more events than these.
    pub(super) is_cut: bool,
}

impl RollupRow<'_> {
    pub(in crate::embedded) fn count(&self) -> u64 {
        self.events() as u64
    }

    /// How many users its events have, at most.
    pub(in crate::embedded) fn users_max(&self) -> usize {
        self.events().min(self.users.len() / 8)
    }

    pub(super) fn events(&self) -> usize {
        self.times.len() / 8
    }

    pub(in crate::embedded) fn handled(&self) -> bool {
        self.flags & HANDLED != 0
    }

    pub(in crate::embedded) fn has_values(&self) -> bool {
        self.flags & HAS_VALUES != 0
    }

    /// The number of the row's value of a field, if it has the field; inside `None` where there is no value.
    pub(in crate::embedded) fn value(&self, field: &Field) -> Option<Option<usize>> {
        let number = match field {
            Field::Service => self.service,
            Field::Env => self.env,
            Field::ErrorType => self.error_type,
            _ => return None,
        };
        Some((number != NONE).then_some(number as usize))
    }

    fn time(&self, at: usize) -> i64 {
        u64_at(self.times, at * 8).cast_signed()
    }

    /// The first event from `from` on whose time is `past`; times are ascending.
    fn first_where(&self, from: usize, past: impl Fn(i64) -> bool) -> usize {
        let (mut low, mut high) = (from, self.events());
        while low < high {
            let middle = low + (high - low) / 2;
            if past(self.time(middle)) { high = middle } else { low = middle + 1 }
        }
        low
    }

    /// Its events from a time to before another one, if there are any.
    pub(super) fn between(self, (from, to): (i64, i64)) -> Option<Self> {
        if from <= self.oldest && self.newest < to {
            return Some(self);
        }
        if self.newest < from || to <= self.oldest {
            return None;
        }
        let first = self.first_where(0, |time| from <= time);
        let end = self.first_where(first, |time| to <= time);
        (first < end).then(|| Self {
            oldest: self.time(first),
            newest: self.time(end - 1),
            first: self.first + first,
            times: &self.times[first * 8..end * 8],
            is_cut: true,
            ..self
        })
    }

    /// Counts the events in each bucket that has some.
    pub(in crate::embedded) fn count_buckets(&self, buckets: Buckets, mut add: impl FnMut(usize, u64)) {
        let count = self.events();
        let mut at = 0;
        while at < count {
            let Some(bucket) = buckets.of(self.time(at)) else { return };
            // Most rows of a day lie in one bucket.
            let mut end = count;
            if buckets.of(self.newest) != Some(bucket) {
                end = self.first_where(at + 1, |time| buckets.of(time) != Some(bucket));
            }
            add(bucket, (end - at) as u64);
            at = end;
        }
    }
}

/// How many events of a row have a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) value: usize,
    pub(super) row: u32,
    pub(super) events: u64,
}

/// Pairs in the order of their rows.
#[derive(Clone, Copy)]
pub(super) struct Pairs<'a>(pub(super) &'a [u8]);

impl Pairs<'_> {
    pub(super) fn get(self, at: usize) -> Option<Pair> {
        let bytes = self.0.get(at * PAIR_BYTES..(at + 1) * PAIR_BYTES)?;
        Some(Pair {
            value: u32_at(bytes, 0) as usize,
            row: u32_at(bytes, 4),
            events: u64::from(u32_at(bytes, 8)),
        })
    }

    /// Where the pairs of a row begin, or those after it; not before `from`. Looks nearby first.
    pub(super) fn first_of(self, row: u32, from: usize) -> usize {
        let is_before = |at: usize| self.get(at).is_some_and(|pair| pair.row < row);
        let (mut low, mut step) = (from, 1);
        while is_before(low + step - 1) {
            low += step;
            step *= 2;
        }
        let mut high = low + step - 1;
        while low < high {
            let middle = low + (high - low) / 2;
            if is_before(middle) { low = middle + 1 } else { high = middle }
        }
        low
    }
}
