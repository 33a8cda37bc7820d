//! Events with captured values that are so.
//!
//! No index holds captured values: there are too many, and most differ. The events that may match, by all other
//! conditions, are read, and what was found of each is kept in memory until the event or its snapshots change.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;

use reenact_model::{Report, Snapshot};
use tantivy::query::{BitSetDocSet, ConstScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::IndexRecordOption;
use tantivy::{BitSet, DocId, DocSet, Score, SegmentReader, TantivyError, Term};

use super::columns::Bits;
use super::days::{Day, Days, lock};
use super::failure::Failure;
use super::file;
use super::index::{self, View};
use super::writer::VALUES_DAYS_MAX;
use crate::{Filter, StoreError, TimeRange, ValueCondition};

/// Conditions of which is known, for each day, which of its events match; two bits an event each.
const CONDITIONS_KEPT: usize = 8;
/// Events that one thread reads at least.
const EVENTS_PER_THREAD_MIN: usize = 64;
/// Threads that read events for one question.
const THREADS_MAX: usize = 4;

/// What is known of the events of one day.
#[derive(Debug, Default)]
pub(super) struct ValueMemory {
    /// Grows when something is forgotten: what was read before is not remembered after it.
    generation: u64,
    /// The condition that was asked for last stands last.
    conditions: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    condition: ValueCondition,
    /// Numbers of events.
    looked_at: Bits,
    matching: Bits,
}

impl ValueMemory {
    /// Another number whenever something was forgotten.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Forgets events that were changed, or got a snapshot.
    pub(super) fn forget(&mut self, rows: &[i64]) {
        self.generation += 1;
        for known in &mut self.conditions {
            for row in rows.iter().map(|row| *row as usize) {
                known.looked_at.remove(row);
                known.matching.remove(row);
            }
        }
    }

    /// Forgets everything: snapshots were rewritten.
    pub(super) fn clear(&mut self) {
        self.generation += 1;
        self.conditions.clear();
    }

    fn known(&mut self, condition: &ValueCondition) -> &mut Known {
        let known = self.conditions.iter().position(|known| known.condition == *condition);
        let known = match known {
            Some(at) => self.conditions.remove(at),
            None => {
                Known { condition: condition.clone(), looked_at: Bits::default(), matching: Bits::default() }
            }
        };
        if self.conditions.len() >= CONDITIONS_KEPT {
            self.conditions.remove(0);
        }
        self.conditions.push(known);
        let last = self.conditions.len() - 1;
        &mut self.conditions[last]
    }
}

/// For each condition on captured values in a filter, the events of a day that match it.
#[derive(Clone, Debug, Default)]
pub(super) struct Found(Vec<(ValueCondition, Arc<Bits>)>);

impl Found {
    /// The documents of the events that match.
    pub(super) fn query(&self, condition: &ValueCondition) -> Box<dyn Query> {
        let found = self.0.iter().find(|(known, _)| known == condition);
        Box::new(OfRows(found.map(|(_, rows)| Arc::clone(rows)).unwrap_or_default()))
    }
}

/// Finds the events of a day's index with such values, among those that the rest of the filter lets match.
pub(super) fn find(
    days: &Days,
    day: &Arc<Day>,
    view: &View,
    filter: &Filter,
    range: TimeRange,
) -> Result<Found, StoreError> {
    let conditions = filter.value_conditions();
    if conditions.is_empty() {
        return Ok(Found::default());
    }
    let candidates = candidates(day, view, filter, range)?;
    let mut memory = lock(&day.values);
    let generation = memory.generation;
    let mut wanted: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, condition) in conditions.iter().enumerate() {
        let known = memory.known(condition);
        for row in candidates.iter().filter(|row| !known.looked_at.contains(**row)) {
            wanted.entry(*row).or_default().push(index);
        }
    }
    drop(memory);
    let read = look_at(days, day, &wanted.into_iter().collect::<Vec<_>>(), &conditions)?;
    let mut memory = lock(&day.values);
    let mut found = Vec::with_capacity(conditions.len());
    for (index, condition) in conditions.iter().enumerate() {
        let is_current = memory.generation == generation;
        let known = memory.known(condition);
        let mut matching = known.matching.clone();
        for (row, looked_at, matches) in &read {
            if looked_at.contains(&index) {
                let here = matches.contains(&index);
                if here {
                    matching.insert(*row)
                } else {
                    matching.remove(*row)
                }
                if is_current {
                    known.looked_at.insert(*row);
                }
            }
        }
        if is_current {
            known.matching = matching.clone();
        }
        found.push(((*condition).clone(), Arc::new(matching)));
    }
    Ok(Found(found))
}

/// Events with values that match all parts of the filter that do not ask for values.
fn candidates(day: &Day, view: &View, filter: &Filter, range: TimeRange) -> Result<Vec<usize>, StoreError> {
    let mut narrowed = vec![Filter::HasValues];
    if let Filter::And(parts) = filter {
        narrowed.extend(parts.iter().filter(|part| part.value_conditions().is_empty()).cloned());
    }
    let query = index::schema().1.query(&Filter::And(narrowed), &Found::default());
    let rows = || -> tantivy::Result<Vec<usize>> {
        let mut candidates = Vec::new();
        for (segment, documents) in view.documents(&*query, range, &Default::default())? {
            let rows = segment.fast_fields().u64("row")?.first_or_default_col(0);
            candidates.extend(documents.iter().map(|document| rows.get_val(*document) as usize));
        }
        Ok(candidates)
    };
    rows().during(|| format!("searching the index `{}`", day.index_folder().display()))
}

/// An event, the conditions that it was looked at for, and those that hold for it, by their indices.
type LookedAt = (usize, Vec<usize>, Vec<usize>);

fn look_at(
    days: &Days,
    day: &Arc<Day>,
    wanted: &[(usize, Vec<usize>)],
    conditions: &[&ValueCondition],
) -> Result<Vec<LookedAt>, StoreError> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let share = wanted.len().div_ceil(threads).max(EVENTS_PER_THREAD_MIN);
    if wanted.len() <= share {
        return look_at_some(days, day, wanted, conditions);
    }
    thread::scope(|scope| {
        let running: Vec<_> = wanted
            .chunks(share)
            .map(|some| scope.spawn(move || look_at_some(days, day, some, conditions)))
            .collect();
        let mut all = Vec::with_capacity(wanted.len());
        for thread in running {
            // A panic there is one here.
            all.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(all)
    })
}

fn look_at_some(
    days: &Days,
    day: &Arc<Day>,
    wanted: &[(usize, Vec<usize>)],
    conditions: &[&ValueCondition],
) -> Result<Vec<LookedAt>, StoreError> {
    let mut looked_at = Vec::with_capacity(wanted.len());
    for (row, indices) in wanted {
        let stored = day.read(|connection| file::event_by_row(connection, *row as i64))?;
        let Some(stored) = stored else { continue };
        let snapshots = snapshots_of(days, day, &stored.event.report)?;
        let holds = |index: &&usize| snapshots.iter().any(|snapshot| conditions[**index].holds(snapshot));
        looked_at.push((*row, indices.clone(), indices.iter().filter(holds).copied().collect()));
    }
    Ok(looked_at)
}

/// The snapshots of an event of this day, wherever they are kept; not those that show an earlier exception.
pub(super) fn snapshots_of(days: &Days, day: &Day, report: &Report) -> Result<Vec<Snapshot>, StoreError> {
    let mut ids = report.snapshot_ids();
    let mut found = Vec::new();
    let mut near = days.between(day.number - VALUES_DAYS_MAX..=day.number + VALUES_DAYS_MAX);
    near.sort_by_key(|other| (other.number - day.number).abs());
    for other in near {
        if ids.is_empty() {
            break;
        }
        match other.read(|connection| file::read_snapshots(connection, &ids)) {
            Ok(snapshots) => {
                ids.retain(|id| !snapshots.iter().any(|snapshot| snapshot.id == *id));
                found.extend(snapshots);
            }
            Err(_) if other.is_deleted() => {}
            Err(error) => return Err(error),
        }
    }
    found.retain(|snapshot| !report.is_of_another(snapshot));
    Ok(found)
}

/// The documents of these events.
#[derive(Clone, Debug)]
struct OfRows(Arc<Bits>);

impl Query for OfRows {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for OfRows {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let rows = segment.fast_fields().u64("row")?.first_or_default_col(0);
        let mut documents = BitSet::with_max_value(segment.max_doc());
        // Events with values are few among all.
        let has_values = index::schema().1.has_values;
        let inverted = segment.inverted_index(has_values)?;
        if let Some(term) = inverted.get_term_info(&Term::from_field_bool(has_values, true))? {
            let mut postings = inverted.read_block_postings_from_terminfo(&term, IndexRecordOption::Basic)?;
            while !postings.docs().is_empty() {
                for document in postings.docs() {
                    if self.0.contains(rows.get_val(*document) as usize) {
                        documents.insert(*document);
                    }
                }
                postings.advance();
            }
        }
        Ok(Box::new(ConstScorer::new(BitSetDocSet::from(documents), boost)))
    }

    fn explain(&self, segment: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(segment, 1.0)?;
        if scorer.doc() > document || scorer.seek(document) != document {
            return Err(TantivyError::InvalidArgument(format!("document {document} has no such value")));
        }
        Ok(Explanation::new("of values", 1.0))
    }
}
