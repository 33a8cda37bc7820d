//! Issues all of whose events of a day, or of the part of it that is asked for, match a question: what they count stands in the day's rollup.
//!
//! A word of a message or a function is in all events of an issue or in none, mostly. Which ones is told by the numbers
//! of the issues alone, so that the other columns need not be read for each event.

use std::collections::{HashMap, HashSet};

use reenact_model::IssueId;
use tantivy::{DocId, SegmentReader};

use super::columns::{BLOCK, Numbers};
use super::rollup::Part;
use crate::IssueSet;
use crate::issue_set::IdHash;

/// The matching documents of the segments of a day's index.
pub(super) type Documents<'a> = Vec<(&'a SegmentReader, Vec<DocId>)>;

/// What is counted from a rollup, and what from the documents.
pub(super) struct Split<'a> {
    pub(super) whole: IssueSet,
    pub(super) rest: Documents<'a>,
}

/// Takes the documents of whole issues out of `found`, if there are `events_min` documents or more; gives it back as it
/// was when that saves little.
pub(super) fn split<'a>(
    rollup: &Part,
    found: Documents<'a>,
    events_min: usize,
) -> tantivy::Result<Result<Split<'a>, Documents<'a>>> {
    let events: usize = found.iter().map(|(_, documents)| documents.len()).sum();
    if events < events_min {
        return Ok(Err(found));
    }
    let mut counts: HashMap<u64, u64, IdHash> = HashMap::default();
    let mut issues: Vec<Vec<u64>> = Vec::with_capacity(found.len());
    for (segment, documents) in &found {
        let mut column = Numbers::new(segment.fast_fields().u64("issue")?);
        let mut of_segment = Vec::with_capacity(documents.len());
        for documents in documents.chunks(BLOCK) {
            of_segment.extend_from_slice(column.of(documents));
        }
        of_segment.iter().for_each(|issue| *counts.entry(*issue).or_default() += 1);
        issues.push(of_segment);
    }
    // The largest first: where few match as a whole, that is soon clear.
    let mut by_count: Vec<(u64, u64)> = counts.into_iter().map(|(issue, count)| (count, issue)).collect();
    by_count.sort_unstable_by(|one, other| other.cmp(one));
    let mut rest_min = 0;
    let mut whole: HashSet<u64, IdHash> = HashSet::default();
    for (count, issue) in by_count {
        if rollup.rows_of(issue).map(|row| row.count()).sum::<u64>() == count {
            whole.insert(issue);
            continue;
        }
        rest_min += count;
        if rest_min > events as u64 / 2 {
            return Ok(Err(found));
        }
    }
    let rest = found.into_iter().zip(issues).map(|((segment, documents), issues)| {
        let of_rest = documents.into_iter().zip(issues).filter(|(_, issue)| !whole.contains(issue));
        (segment, of_rest.map(|(document, _)| document).collect())
    });
    let rest = rest.filter(|(_, documents): &(_, Vec<DocId>)| !documents.is_empty()).collect();
    let whole = IssueSet::new("whole", whole.into_iter().map(IssueId));
    Ok(Ok(Split { whole, rest }))
}
