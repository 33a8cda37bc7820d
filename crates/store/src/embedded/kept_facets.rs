//! Facets of whole days, kept for whoever asks again.
//!
//! Live pages ask the same every few seconds, and of most of the days that they ask about nothing has changed since.
//! An answer is kept with the last change of each of its days: it is used only while each of them has no later one,
//! so that what is counted is what is there. The newest day, which events come to, and days that lie only in part in the
//! range are counted each time. Questions about captured values are not kept: they have a memory of their own.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use super::days::{Day, Days, lock};
use super::facets::FacetsTally;
use super::scan::scan_days;
use crate::{Field, Filter, StoreError, TimeRange};

/// Memory of all answers together, in bytes; about what one of them takes is estimated.
const BYTES_MAX: usize = 16 << 20;
/// Days for which an answer is worth its memory.
const DAYS_MIN: usize = 2;

/// What was counted, the last asked for last.
#[derive(Default)]
pub(super) struct KeptFacets(Mutex<Vec<Arc<Kept>>>);

impl std::fmt::Debug for KeptFacets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("KeptFacets").field(&lock(&self.0).len()).finish()
    }
}

struct Kept {
    filter: Filter,
    /// Numbers and last changes.
    days: Vec<(i64, i64)>,
    counted: FacetsTally,
    bytes: usize,
}

impl KeptFacets {
    /// Forgets what is about days that were changed or deleted.
    fn forget_outdated(&self, days: &Days) {
        let is_so =
            |(number, seq): &(i64, i64)| days.get(*number).is_some_and(|day| day.totals().seq == *seq);
        lock(&self.0).retain(|kept| kept.days.iter().all(is_so));
    }

    fn find(&self, fields: &[Field], filter: &Filter, days: &[(i64, i64)]) -> Option<Arc<Kept>> {
        let mut all = lock(&self.0);
        let is_it = |kept: &Arc<Kept>| {
            kept.days == days && **kept.counted.fields() == *fields && kept.filter == *filter
        };
        let at = all.iter().position(is_it)?;
        let kept = all.remove(at);
        all.push(Arc::clone(&kept));
        Some(kept)
    }

    /// Keeps an answer in the place of older ones to the same question, and of those asked for longest ago.
    fn keep(&self, new: Kept) {
        if new.bytes > BYTES_MAX {
            return;
        }
        let mut all = lock(&self.0);
        all.retain(|kept| kept.filter != new.filter || kept.counted.fields() != new.counted.fields());
        all.push(Arc::new(new));
        let mut bytes: usize = all.iter().map(|kept| kept.bytes).sum();
        while bytes > BYTES_MAX {
            bytes -= all.remove(0).bytes;
        }
    }
}

/// Counts the fields of matching events.
pub(super) fn count(
    days: &Days,
    filter: &Filter,
    range: TimeRange,
    tally: &mut FacetsTally,
) -> Result<(), StoreError> {
    days.facets.forget_outdated(days);
    let (whole, others) = split(days, range, filter);
    scan_days(days, others, filter, range, tally)?;
    if whole.is_empty() {
        return Ok(());
    }
    let as_asked = changes(&whole);
    if let Some(kept) = days.facets.find(tally.fields(), filter, &as_asked) {
        tally.add(&kept.counted);
        days.facets_used.fetch_add(1, Ordering::Relaxed);
        return Ok(());
    }
    let mut counted = FacetsTally::new(Arc::clone(tally.fields()));
    scan_days(days, whole.clone(), filter, range, &mut counted)?;
    tally.add(&counted);
    // What changed meanwhile may be counted or not.
    if changes(&whole) == as_asked && !whole.iter().any(|day| day.is_deleted()) {
        let bytes = counted.bytes();
        days.facets.keep(Kept { filter: filter.clone(), days: as_asked, counted, bytes });
    }
    Ok(())
}

fn changes(days: &[Arc<Day>]) -> Vec<(i64, i64)> {
    days.iter().map(|day| (day.number, day.totals().seq)).collect()
}

/// The days whose answers are kept, and the others; the oldest first.
fn split(days: &Days, range: TimeRange, filter: &Filter) -> (Vec<Arc<Day>>, Vec<Arc<Day>>) {
    let all = days.with_events(range);
    let newest = all.last().map(|day| day.number);
    let is_kept = |day: &Arc<Day>| {
        let times = day.totals().times;
        let is_whole = times.is_some_and(|times| range.has_all_of(times));
        is_whole && Some(day.number) != newest
    };
    let (whole, others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_kept);
    if whole.len() < DAYS_MIN || !filter.value_conditions().is_empty() {
        let mut all = whole;
        all.extend(others);
        all.sort_by_key(|day| day.number);
        return (Vec::new(), all);
    }
    (whole, others)
}
