//! Which names tags have.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use reenact_model::Placed;
use tantivy::columnar::StrColumn;
use tantivy::{DocId, SegmentReader};

use super::days::Day;
use super::index::{tag_name, tag_start};
use super::scan::Tally;
use super::tally::ordinals;
use crate::filter;

/// Counts the names of tags.
pub(super) struct TagNamesTally<'a> {
    pub(super) prefix: &'a str,
    /// Events and issues of each name.
    pub(super) found: HashMap<String, (u64, HashSet<u64>)>,
}

impl Tally for TagNamesTally<'_> {
    fn documents(
        &mut self,
        _: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let issues = segment.fast_fields().u64("issue")?.first_or_default_col(0);
        let Some(column) = segment.fast_fields().str("tag")? else { return Ok(()) };
        let names = names(&column)?;
        let mut counts: Vec<(u64, HashSet<u64>)> = vec![<_>::default(); names.len()];
        for document in documents {
            for ordinal in column.ords().values_for_doc(*document) {
                // An event has each name once.
                let place = names.partition_point(|(end, _)| *end <= ordinal);
                if let Some((events, of_issues)) = counts.get_mut(place) {
                    *events += 1;
                    of_issues.insert(issues.get_val(*document));
                }
            }
        }
        for ((_, name), (events, of_issues)) in names.into_iter().zip(counts) {
            if events > 0 && name.starts_with(self.prefix) {
                let all = self.found.entry(name).or_default();
                all.0 += events;
                all.1.extend(of_issues);
            }
        }
        Ok(())
    }

    fn event(&mut self, _: &Arc<Day>, _: i64, event: &Placed, _: bool) {
        for name in filter::tag_names(event).into_iter().filter(|name| name.starts_with(self.prefix)) {
            let all = self.found.entry(name.clone()).or_default();
            all.0 += 1;
            all.1.insert(event.issue_id.0);
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
