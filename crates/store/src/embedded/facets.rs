//! The values of several fields in one look at each event.

use std::sync::Arc;

use reenact_model::Placed;
use tantivy::{DocId, SegmentReader};

use super::columns::{BLOCK, NamedColumn, Numbers, Slots};
use super::days::Day;
use super::index::Fields;
use super::kept::HasBytes;
use super::rollup::Part;
use super::scan::Tally;
use super::tally::CountedValues;
use crate::filter::field_value;
use crate::{FacetCount, Field, Merged};

/// Counts the values of fields that have one value at most, and few different ones.
pub(super) struct FacetsTally {
    fields: Arc<[Field]>,
    slots: Slots,
    /// By field.
    facets: Vec<CountedValues>,
}

/// Whether the field is one for [`FacetsTally`].
pub(super) fn has_few_values(field: &Field) -> bool {
    matches!(
        field,
        Field::Service
            | Field::Env
            | Field::Version
            | Field::ErrorType
            | Field::Host
            | Field::Resource
            | Field::Cause
    )
}

impl FacetsTally {
    /// All fields are such that [`has_few_values`].
    pub(super) fn new(fields: Arc<[Field]>) -> Self {
        let facets = fields.iter().map(|_| CountedValues::default()).collect();
        Self { fields, slots: Slots::default(), facets }
    }

    /// Which fields are counted.
    pub(super) fn fields(&self) -> &Arc<[Field]> {
        &self.fields
    }

    /// Adds what another one of the same fields has counted.
    pub(super) fn add(&mut self, other: &Self) {
        let slots = self.slots.slots_of(&other.slots);
        for (facet, other) in self.facets.iter_mut().zip(&other.facets) {
            facet.merge(other, &slots);
        }
    }

    /// The values of each field with their counts.
    pub(super) fn into_counts(self, merged: &Merged) -> Vec<Vec<FacetCount>> {
        let slots = &self.slots;
        self.facets.into_iter().map(|facet| facet.into_counts(slots, merged)).collect()
    }
}

impl HasBytes for FacetsTally {
    fn bytes(&self) -> usize {
        self.slots.bytes() + self.facets.iter().map(CountedValues::bytes).sum::<usize>()
    }
}

impl Tally for FacetsTally {
    fn fresh(&self) -> Self {
        Self::new(Arc::clone(&self.fields))
    }

    fn merge(&mut self, other: Self) {
        self.add(&other);
    }

    fn documents(
        &mut self,
        _: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let mut issues = Numbers::new(segment.fast_fields().u64("issue")?);
        let mut columns = Vec::new();
        for (field, facet) in self.fields.iter().zip(&mut self.facets) {
            if let Some(name) = Fields::column(field) {
                columns.push((NamedColumn::open(segment, name, documents.len(), &mut facet.names)?, facet));
            }
        }
        let mut slots = Vec::with_capacity(BLOCK);
        for documents in documents.chunks(BLOCK) {
            slots.clear();
            slots.extend(issues.of(documents).iter().map(|issue| self.slots.slot(*issue)));
            for (column, facet) in &mut columns {
                let numbers = column.of(documents, &mut facet.names)?;
                for (number, slot) in numbers.iter().zip(&slots) {
                    if let Some(number) = number {
                        facet.add(*number, *slot, 1);
                    }
                }
            }
        }
        Ok(())
    }

    fn takes_rollups(&self) -> bool {
        true
    }

    fn rollup(&mut self, part: &Part) {
        let rows: Vec<_> = part.rows().collect();
        let slots: Vec<usize> = rows.iter().map(|row| self.slots.slot(row.issue)).collect();
        for (field, facet) in self.fields.iter().zip(&mut self.facets) {
            let mut numbers: Vec<Option<usize>> = vec![None; part.names().len()];
            part.each_value(field, &rows, &mut |value, place, events| {
                let number = *numbers[value].get_or_insert_with(|| facet.names.number(&part.names()[value]));
                facet.add(number, slots[place], events);
            });
        }
    }

    fn event(&mut self, _: &Arc<Day>, _: i64, event: &Placed, _: bool) {
        let slot = self.slots.slot(event.issue_id.0);
        for (field, facet) in self.fields.iter().zip(&mut self.facets) {
            if let Some(value) = field_value(event, field) {
                let number = facet.names.number(&value);
                facet.add(number, slot, 1);
            }
        }
    }
}
