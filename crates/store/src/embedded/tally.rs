//! What histograms and facets count, from columns of the index or from whole events.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use reenact_model::{IssueId, Placed};
use tantivy::columnar::StrColumn;
use tantivy::{DocId, SegmentReader};

use super::columns::{BLOCK, Marks, NamedColumn, Names, Numbers, Slots};
use super::days::Day;
use super::file;
use super::index::{Fields, tag_start};
use super::kept_rows::{KeptRows, TakesRows};
use super::rollup::{self, Part};
use super::scan::{Tally, add_parts};
use crate::filter::field_values;
use crate::issue_set::IdHash;
use crate::page::Buckets;
use crate::{FacetCount, Field, Merged, StoreError};

/// Counts events by service over time.
pub(super) struct HistogramTally {
    buckets: Buckets,
    pub(super) names: Names,
    pub(super) counts: Vec<Vec<u64>>,
}

impl HistogramTally {
    pub(super) fn new(buckets: Buckets) -> Self {
        Self { buckets, names: Names::default(), counts: Vec::new() }
    }

    fn service(&mut self, service: usize) -> &mut [u64] {
        if self.counts.len() <= service {
            self.counts.resize_with(service + 1, || vec![0; self.buckets.count]);
        }
        &mut self.counts[service]
    }

    fn add(&mut self, service: usize, time: i64) {
        if let Some(bucket) = self.buckets.of(time) {
            self.service(service)[bucket] += 1;
        }
    }
}

impl TakesRows for HistogramTally {
    fn take(&mut self, kept: Arc<KeptRows>) -> Result<(), StoreError> {
        add_parts(&kept.parts, self)
    }
}

impl Tally for HistogramTally {
    fn fresh(&self) -> Self {
        Self::new(self.buckets)
    }

    fn merge(&mut self, other: Self) {
        for (service, counts) in self.names.numbers_of(&other.names).into_iter().zip(other.counts) {
            self.service(service).iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
    }

    fn documents(
        &mut self,
        _: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let mut times = Numbers::new(segment.fast_fields().i64("ts")?);
        let mut services = NamedColumn::open(segment, "service", documents.len(), &mut self.names)?;
        for documents in documents.chunks(BLOCK) {
            let times = times.of(documents);
            let services = services.of(documents, &mut self.names)?;
            for (service, time) in services.iter().zip(times) {
                if let Some(service) = service {
                    self.add(*service, *time);
                }
            }
        }
        Ok(())
    }

    fn takes_rollups(&self) -> bool {
        true
    }

    fn rollup(&mut self, part: &Part) {
        let mut services: HashMap<usize, usize> = HashMap::new();
        for row in part.rows() {
            let Some(service) = row.value(&Field::Service).flatten() else { continue };
            let service =
                *services.entry(service).or_insert_with(|| self.names.number(&part.names()[service]));
            let buckets = self.buckets;
            let counts = self.service(service);
            row.count_buckets(buckets, |bucket, count| counts[bucket] += count);
        }
    }

    fn event(&mut self, _: &Arc<Day>, _: i64, event: &Placed, _: bool) {
        let service = self.names.number(&event.report.service);
        self.add(service, event.report.timestamp.as_nanos());
    }
}

/// Counts the values of one field.
pub(super) struct FacetTally<'a> {
    field: &'a Field,
    prefix: &'a str,
    pub(super) counts: ValueCounts,
    /// The first failure to read an event whose field has no column.
    pub(super) failure: Option<StoreError>,
}

/// Values, and how many events and which issues have each; issues by their slots.
#[derive(Default)]
pub(super) struct CountedValues {
    pub(super) names: Names,
    /// By the number of the value.
    counts: Vec<(u64, Marks)>,
}

impl CountedValues {
    fn of(&mut self, number: usize) -> &mut (u64, Marks) {
        if self.counts.len() <= number {
            self.counts.resize_with(number + 1, Default::default);
        }
        &mut self.counts[number]
    }

    /// Adds events of an issue that have the value with this number.
    pub(super) fn add(&mut self, number: usize, slot: usize, events: u64) {
        let (count, issues) = self.of(number);
        *count += events;
        issues.insert(slot);
    }

    /// Adds events of several issues.
    fn add_all(&mut self, value: &str, events: u64, issues: &Marks, slot: impl Fn(usize) -> usize) {
        let number = self.names.number(value);
        let all = self.of(number);
        all.0 += events;
        issues.each(|there| all.1.insert(slot(there)));
    }

    /// About how many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let counts = self.counts.iter().map(|(_, issues)| size_of::<(u64, Marks)>() + issues.bytes());
        self.names.bytes() + counts.sum::<usize>()
    }

    /// Adds what another list has; `slots` are the slots here of its issues.
    pub(super) fn merge(&mut self, other: &Self, slots: &[usize]) {
        for (value, (events, issues)) in other.names.texts.iter().zip(&other.counts) {
            self.add_all(value, *events, issues, |there| slots[there]);
        }
    }

    /// The values that events have, with their counts.
    pub(super) fn into_counts(self, slots: &Slots, merged: &Merged) -> Vec<FacetCount> {
        let counted = self.names.texts.into_iter().zip(self.counts).filter(|(_, (events, _))| *events > 0);
        let count = |(value, (events, issues)): (String, (u64, Marks))| {
            let issues = if merged.is_empty() {
                issues.len() as u64
            } else {
                let mut own = Vec::with_capacity(issues.len());
                issues.each(|slot| own.push(IssueId(slots.ids[slot])));
                merged.count(own)
            };
            FacetCount { value, issues, events }
        };
        counted.map(count).collect()
    }
}

/// Values with their issues.
#[derive(Default)]
pub(super) struct ValueCounts {
    slots: Slots,
    values: CountedValues,
}

impl ValueCounts {
    pub(super) fn number(&mut self, value: &str) -> usize {
        self.values.names.number(value)
    }

    pub(super) fn slot(&mut self, issue: u64) -> usize {
        self.slots.slot(issue)
    }

    pub(super) fn add(&mut self, value: &str, issue: u64) {
        let (number, slot) = (self.number(value), self.slot(issue));
        self.add_events(number, slot, 1);
    }

    /// Adds events that have a value, by the numbers of the value and the issue.
    pub(super) fn add_events(&mut self, number: usize, slot: usize, count: u64) {
        self.values.add(number, slot, count);
    }

    pub(super) fn merge(&mut self, other: Self) {
        let slots = self.slots.slots_of(&other.slots);
        self.values.merge(&other.values, &slots);
    }

    /// The values with their counts.
    pub(super) fn into_counts(self, merged: &Merged) -> Vec<FacetCount> {
        self.values.into_counts(&self.slots, merged)
    }
}

impl<'a> FacetTally<'a> {
    pub(super) fn new(field: &'a Field, prefix: &'a str) -> Self {
        Self { field, prefix, counts: ValueCounts::default(), failure: None }
    }

    fn add_event(&mut self, event: &Placed) {
        for value in field_values(event, self.field) {
            if value.starts_with(self.prefix) {
                self.counts.add(&value, event.issue_id.0);
            }
        }
    }

    /// A field without a column is read from the events themselves.
    fn stored(&mut self, day: &Arc<Day>, rows: &BTreeSet<i64>) {
        let read = day.read(|connection| {
            for row in rows {
                if let Some(stored) = file::event_by_row(connection, *row)? {
                    self.add_event(&stored.event);
                }
            }
            Ok(())
        });
        if let Err(error) = read {
            self.failure.get_or_insert(error);
        }
    }

    /// Counts the values of a column by their ordinals, then reads their texts.
    fn column(
        &mut self,
        column: &StrColumn,
        issues: &mut Numbers<u64>,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let start = match self.field {
            Field::Tag(name) => tag_start(name),
            _ => String::new(),
        };
        let (first, end) = ordinals(column, &format!("{start}{}", self.prefix))?;
        if first == end {
            return Ok(());
        }
        let mut counts: HashMap<u64, (u64, Marks), IdHash> = HashMap::default();
        let mut dense = vec![
            (0_u64, Marks::default());
            if end - first <= DENSE_MAX { (end - first) as usize } else { 0 }
        ];
        for documents in documents.chunks(BLOCK) {
            let issues = issues.of(documents);
            for (document, issue) in documents.iter().zip(issues) {
                let mut slot = None;
                for ordinal in column.ords().values_for_doc(*document) {
                    if !(first..end).contains(&ordinal) {
                        continue;
                    }
                    let slot = *slot.get_or_insert_with(|| self.counts.slots.slot(*issue));
                    let of = match dense.get_mut((ordinal - first) as usize) {
                        Some(of) => of,
                        None => counts.entry(ordinal).or_default(),
                    };
                    of.0 += 1;
                    of.1.insert(slot);
                }
            }
        }
        // In their order, each block of the dictionary is read once.
        let dense = (first..).zip(dense).filter(|(_, (events, _))| *events > 0);
        let mut counts: Vec<(u64, (u64, Marks))> = dense.chain(counts).collect();
        counts.sort_unstable_by_key(|(ordinal, _)| *ordinal);
        let wanted: Vec<u64> = counts.iter().map(|(ordinal, _)| *ordinal).collect();
        let mut of_values = counts.into_iter();
        let all = &mut self.counts;
        column.dictionary().sorted_ords_to_term_cb(&wanted, |term| {
            if let Some((_, (events, issues))) = of_values.next() {
                let value = String::from_utf8_lossy(&term[start.len()..]);
                all.values.add_all(&value, events, &issues, |slot| slot);
            }
        })?;
        Ok(())
    }
}

/// Values of a segment that are counted in a plain list.
const DENSE_MAX: u64 = 4_096;

impl Tally for FacetTally<'_> {
    fn fresh(&self) -> Self {
        Self::new(self.field, self.prefix)
    }

    fn merge(&mut self, other: Self) {
        self.counts.merge(other.counts);
        self.failure = self.failure.take().or(other.failure);
    }

    fn documents(
        &mut self,
        day: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let mut issues = Numbers::new(segment.fast_fields().u64("issue")?);
        if *self.field == Field::Issue {
            for document in documents {
                let issue = issues.one(*document);
                let value = IssueId(issue).to_string();
                if value.starts_with(self.prefix) {
                    self.counts.add(&value, issue);
                }
            }
            return Ok(());
        }
        let Some(name) = Fields::column(self.field) else {
            let rows = segment.fast_fields().u64("row")?.first_or_default_col(0);
            self.stored(
                day,
                &documents.iter().map(|document| rows.get_val(*document).cast_signed()).collect(),
            );
            return Ok(());
        };
        match segment.fast_fields().str(name)? {
            Some(column) => self.column(&column, &mut issues, documents),
            None => Ok(()),
        }
    }

    fn takes_rollups(&self) -> bool {
        rollup::has(self.field)
    }

    fn rollup(&mut self, part: &Part) {
        let mut numbers: Vec<Option<Option<usize>>> = vec![None; part.names().len()];
        let (prefix, counts) = (self.prefix, &mut self.counts);
        let mut number = |counts: &mut ValueCounts, value: usize| {
            let name = &part.names()[value];
            *numbers[value].get_or_insert_with(|| name.starts_with(prefix).then(|| counts.number(name)))
        };
        let rows: Vec<_> = part.rows().collect();
        part.each_value(self.field, &rows, &mut |value, place, events| {
            if let Some(number) = number(counts, value) {
                let slot = counts.slot(rows[place].issue);
                counts.add_events(number, slot, events);
            }
        });
    }

    fn event(&mut self, _: &Arc<Day>, _: i64, event: &Placed, _: bool) {
        self.add_event(event);
    }
}

/// The ordinals of the values that begin so: from the first to before the second.
pub(super) fn ordinals(column: &StrColumn, start: &str) -> tantivy::Result<(u64, u64)> {
    let all = column.num_terms() as u64;
    let mut text = String::new();
    // The values are sorted.
    let mut first_where = |past: &dyn Fn(&str) -> bool| -> tantivy::Result<u64> {
        let (mut low, mut high) = (0, all);
        while low < high {
            let middle = low + (high - low) / 2;
            text.clear();
            column.ord_to_str(middle, &mut text)?;
            if past(&text) { high = middle } else { low = middle + 1 }
        }
        Ok(low)
    };
    let first = first_where(&|text| text >= start)?;
    let end = first_where(&|text| text > start && !text.starts_with(start))?;
    Ok((first, end.max(first)))
}
