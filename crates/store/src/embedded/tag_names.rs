//! Which names tags have.

use std::sync::Arc;

use reenact_model::Placed;
use tantivy::columnar::StrColumn;
use tantivy::{DocId, SegmentReader};

use super::columns::{BLOCK, Numbers};
use super::days::Day;
use super::index::{tag_name, tag_start};
use super::scan::Tally;
use super::tally::{ValueCounts, ordinals};
use crate::filter;

/// Counts the names of tags.
pub(super) struct TagNamesTally<'a> {
    prefix: &'a str,
    pub(super) counts: ValueCounts,
}

impl<'a> TagNamesTally<'a> {
    pub(super) fn new(prefix: &'a str) -> Self {
        Self { prefix, counts: ValueCounts::default() }
    }
}

impl Tally for TagNamesTally<'_> {
    fn fresh(&self) -> Self {
        Self::new(self.prefix)
    }

    fn merge(&mut self, other: Self) {
        self.counts.merge(other.counts);
    }

    fn documents(
        &mut self,
        _: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let Some(column) = segment.fast_fields().str("tag")? else { return Ok(()) };
        let names = names(&column)?;
        // The number of the name of each value, where it is wanted.
        let mut numbers: Vec<Option<usize>> = Vec::with_capacity(column.num_terms());
        for (end, name) in &names {
            let number = name.starts_with(self.prefix).then(|| self.counts.number(name));
            numbers.resize(usize::try_from(*end).unwrap_or(usize::MAX).min(column.num_terms()), number);
        }
        let mut issues = Numbers::new(segment.fast_fields().u64("issue")?);
        for documents in documents.chunks(BLOCK) {
            for (document, issue) in documents.iter().zip(issues.of(documents)) {
                let slot = self.counts.slot(*issue);
                for ordinal in column.ords().values_for_doc(*document) {
                    // An event has each name once.
                    if let Some(number) = numbers.get(ordinal as usize).copied().flatten() {
                        self.counts.add_events(number, slot, 1);
                    }
                }
            }
        }
        Ok(())
    }

    fn event(&mut self, _: &Arc<Day>, _: i64, event: &Placed, _: bool) {
        for name in filter::tag_names(event).into_iter().filter(|name| name.starts_with(self.prefix)) {
            self.counts.add(name, event.issue_id.0);
        }
    }
}

/// The names in the order of their values, each with the ordinal behind its last value: values of a name stand
/// next to each other, so that a step from name to name looks at few of them.
fn names(column: &StrColumn) -> tantivy::Result<Vec<(u64, String)>> {
    let mut names = Vec::new();
    let (mut ordinal, mut text) = (0, String::new());
    while ordinal < column.num_terms() as u64 {
        text.clear();
        column.ord_to_str(ordinal, &mut text)?;
        let name = tag_name(&text);
        let (_, end) = ordinals(column, &tag_start(&name))?;
        ordinal = end.max(ordinal + 1);
        names.push((ordinal, name));
    }
    Ok(names)
}
