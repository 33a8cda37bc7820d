//! Every matching event, from the indexes and from the events that they do not hold yet.

use std::collections::HashSet;
use std::sync::Arc;

use reenact_model::Placed;
use tantivy::{DocId, SegmentReader};

use super::days::{Day, Days};
use super::failure::Failure;
use super::file::{self, StoredEvent};
use super::{index, of_values};
use crate::{Filter, Matches, StoreError, TimeRange, ValueCondition};

/// What a question counts.
pub(super) trait Tally {
    /// Matching documents of one segment of a day's index.
    fn documents(
        &mut self,
        day: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()>;

    /// One matching event that the index does not hold.
    fn event(&mut self, day: &Arc<Day>, row: i64, event: &Placed, has_values: bool);
}

/// Shows every matching event to `tally`, once.
pub(super) fn scan(
    days: &Days,
    filter: &Filter,
    range: TimeRange,
    tally: &mut dyn Tally,
) -> Result<(), StoreError> {
    let fields = index::schema().1;
    for day in days.with_events(range) {
        days.touch(&day);
        // The index first: what is written from here on is seen in the file.
        let view = index::view(&day);
        let indexed = view.as_ref().map_or(0, |view| view.seq);
        let mut rows = HashSet::new();
        let mut tail = |stored: StoredEvent| {
            rows.insert(stored.row.cast_unsigned());
            if range.contains(stored.event.report.timestamp) && matches(days, &day, filter, &stored)? {
                tally.event(&day, stored.row, &stored.event, stored.has_values);
            }
            Ok(())
        };
        let read = day.read(|connection| file::events_after(connection, indexed, usize::MAX, &mut tail));
        if read.is_err() && day.is_deleted() {
            continue;
        }
        read?;
        if let Some(view) = view {
            let query = fields.query(filter, &of_values::find(days, &day, &view, filter, range)?);
            view.visit(&*query, range, &rows, &mut |segment, documents| {
                tally.documents(&day, segment, documents)
            })
            .during(|| format!("searching the index `{}`", day.index_folder().display()))?;
        }
    }
    Ok(())
}

fn matches(days: &Days, day: &Arc<Day>, filter: &Filter, stored: &StoredEvent) -> Result<bool, StoreError> {
    let snapshots = if stored.has_values && !filter.value_conditions().is_empty() {
        of_values::snapshots_near(days, day, stored.event.report.snapshot_ids())?
    } else {
        Vec::new()
    };
    let has_value = |condition: &ValueCondition| snapshots.iter().any(|snapshot| condition.holds(snapshot));
    Ok(filter.matches(Matches { event: &stored.event, has_values: stored.has_values, has_value: &has_value }))
}
