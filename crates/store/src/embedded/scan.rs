//! Every matching event, from the indexes and from the events that they do not hold yet.

use std::collections::HashSet;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reenact_model::Placed;
use tantivy::{DocId, SegmentReader};

use super::days::{Day, Days};
use super::failure::Failure;
use super::file::{self, StoredEvent};
use super::rollup::{self, Part};
use super::whole_issues::{self, Documents, Split};
use super::{index, of_values};
use crate::{Filter, Matches, StoreError, TimeRange, ValueCondition};

/// Threads that one question is answered with, at most.
const THREADS_MAX: usize = 4;
/// Events for which a further thread is worth its start.
const EVENTS_PER_THREAD: i64 = 50_000;

/// What a question counts.
pub(super) trait Tally: Send {
    /// Another one that has counted nothing yet, for another thread.
    fn fresh(&self) -> Self
    where
        Self: Sized;

    /// Adds what another one has counted.
    fn merge(&mut self, other: Self)
    where
        Self: Sized;

    /// Matching documents of one segment of a day's index.
    fn documents(
        &mut self,
        day: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()>;

    /// Whether a day's rollup says enough.
    fn takes_rollups(&self) -> bool {
        false
    }

    /// What matches of a day's rollup, in the place of its documents, and only to one that takes rollups.
    fn rollup(&mut self, part: &Part) {
        let _ = part;
    }

    /// One matching event that the index does not hold.
    fn event(&mut self, day: &Arc<Day>, row: i64, event: &Placed, has_values: bool);
}

/// Shows every matching event to `tally`, once, about the newest first. Large ranges are counted on several
/// threads.
pub(super) fn scan<T: Tally>(
    days: &Days,
    filter: &Filter,
    range: TimeRange,
    tally: &mut T,
) -> Result<(), StoreError> {
    scan_days(days, days.with_events(range), filter, range, tally)
}

/// Shows the matching events of some days, the oldest of which stands first.
pub(super) fn scan_days<T: Tally>(
    days: &Days,
    mut open: Vec<Arc<Day>>,
    filter: &Filter,
    range: TimeRange,
    tally: &mut T,
) -> Result<(), StoreError> {
    let asked = Asked { days, filter, range, is_about_rows: rollup::is_about_rows(filter) };
    open.reverse();
    let events = open.iter().map(|day| day.totals().events).sum();
    on_threads(&open, events, tally, |day, tally| asked.scan_day(day, tally))
}

/// Adds rows of rollups.
pub(super) fn add_parts<T: Tally>(parts: &[Part], tally: &mut T) -> Result<(), StoreError> {
    let events = parts.iter().map(Part::events_max).sum();
    on_threads(parts, events, tally, |part, tally| {
        tally.rollup(part);
        Ok(())
    })
}

/// Counts items, on several threads if their events are worth it.
fn on_threads<I: Sync, T: Tally>(
    items: &[I],
    events: i64,
    tally: &mut T,
    count: impl Fn(&I, &mut T) -> Result<(), StoreError> + Sync,
) -> Result<(), StoreError> {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let worth = usize::try_from(events / EVENTS_PER_THREAD).unwrap_or(0);
    let others = processors.min(THREADS_MAX).min(items.len()).min(worth).saturating_sub(1);
    let next = AtomicUsize::new(0);
    let work = |tally: &mut T| -> Result<(), StoreError> {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            count(item, tally)?;
        }
        Ok(())
    };
    if others == 0 {
        return work(tally);
    }
    std::thread::scope(|scope| {
        let started: Vec<_> = (0..others)
            .map(|_| {
                let mut part = tally.fresh();
                scope.spawn(|| work(&mut part).map(|()| part))
            })
            .collect();
        work(tally)?;
        for thread in started {
            match thread.join() {
                Ok(part) => tally.merge(part?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    })
}

/// One question.
struct Asked<'a> {
    days: &'a Days,
    filter: &'a Filter,
    range: TimeRange,
    /// Whether rollups can tell what matches.
    is_about_rows: bool,
}

impl Asked<'_> {
    /// What the rollup of a day tells of the range, if it tells what the index does.
    fn rollup(&self, day: &Day, seq: i64) -> Option<Part> {
        let rollup = rollup::current(day, seq)?;
        if self.range.has_all_of(day.totals().times?) {
            return Some(Part::all(rollup));
        }
        Part::within(rollup, self.range)
    }

    fn scan_day(&self, day: &Arc<Day>, tally: &mut impl Tally) -> Result<(), StoreError> {
        self.days.touch(day);
        // The index first: what is written from here on is seen in the file.
        let view = index::view(day);
        let indexed = view.as_ref().map_or(0, |view| view.seq);
        let mut rows = HashSet::new();
        let mut tail = |stored: StoredEvent| {
            rows.insert(stored.row.cast_unsigned());
            if self.range.contains(stored.event.report.timestamp)
                && matches(self.days, day, self.filter, &stored)?
            {
                tally.event(day, stored.row, &stored.event, stored.has_values);
            }
            Ok(())
        };
        let read = day.read(|connection| file::events_after(connection, indexed, usize::MAX, &mut tail));
        if read.is_err() && day.is_deleted() {
            return Ok(());
        }
        read?;
        let Some(view) = view else { return Ok(()) };
        let rollup = if tally.takes_rollups() { self.rollup(day, view.seq) } else { None };
        let rollup = rollup.filter(|part| rows.iter().all(|row| part.ends_before(row.cast_signed())));
        if let Some(part) = rollup.as_ref().filter(|_| self.is_about_rows) {
            tally.rollup(&part.matching(self.filter.clone()));
            self.days.rollups_used.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        let found = of_values::find(self.days, day, &view, self.filter, self.range)?;
        let query = index::schema().1.query(self.filter, &found);
        self.count(day, rollup.as_ref(), tally, || view.documents(&*query, self.range, &rows))
            .during(|| format!("searching the index `{}`", day.index_folder().display()))
    }

    /// Shows the documents of a day, and those of whole issues as rows of the rollup.
    fn count<'v>(
        &self,
        day: &Arc<Day>,
        rollup: Option<&Part>,
        tally: &mut impl Tally,
        find: impl FnOnce() -> tantivy::Result<Documents<'v>>,
    ) -> tantivy::Result<()> {
        let mut found = find()?;
        if let Some(rollup) = rollup {
            match whole_issues::split(rollup, found, self.days.whole_issues_min)? {
                Ok(Split { whole, rest }) => {
                    tally.rollup(&rollup.matching(Filter::Issues(whole)));
                    self.days.whole_issues_used.fetch_add(1, Ordering::Relaxed);
                    found = rest;
                }
                Err(all) => found = all,
            }
        }
        found.iter().try_for_each(|(segment, documents)| tally.documents(day, segment, documents))
    }
}

fn matches(days: &Days, day: &Arc<Day>, filter: &Filter, stored: &StoredEvent) -> Result<bool, StoreError> {
    let snapshots = if stored.has_values && !filter.value_conditions().is_empty() {
        of_values::snapshots_of(days, day, &stored.event.report)?
    } else {
        Vec::new()
    };
    let has_value = |condition: &ValueCondition| snapshots.iter().any(|snapshot| condition.holds(snapshot));
    Ok(filter.matches(Matches { event: &stored.event, has_values: stored.has_values, has_value: &has_value }))
}
