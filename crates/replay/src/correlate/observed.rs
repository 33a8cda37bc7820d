//! The values of one function over all occurrences, path by path.

use std::collections::HashMap;

use reenact_model::{CapturedValue, Content, Snapshot, ValuePath};

use super::{DEPTH_MAX, ELEMENTS_MAX, PATHS_MAX, SAMPLES_MAX, VALUES_MAX};
use crate::compare::is_set;

/// 64-bit words for one bit of each occurrence of both sides.
const WORDS: usize = (2 * SAMPLES_MAX).div_ceil(64);

/// Some of the occurrences; those of the issue have the first numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Events([u64; WORDS]);

impl Events {
    pub(super) fn insert(&mut self, event: usize) {
        self.0[event / 64] |= 1 << (event % 64);
    }

    pub(super) fn remove(&mut self, event: usize) {
        self.0[event / 64] &= !(1 << (event % 64));
    }

    pub(super) fn contains(&self, event: usize) -> bool {
        self.0[event / 64] & 1 << (event % 64) != 0
    }

    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn count_before(&self, end: usize) -> usize {
        let whole = &self.0[..end / 64];
        let part = self.0.get(end / 64).map_or(0, |word| word & ((1 << (end % 64)) - 1));
        whole.iter().chain([&part]).map(|word| word.count_ones() as usize).sum()
    }
}

/// What is known of a path in one occurrence.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell<'a> {
    /// Nothing: it was not captured, or redacted.
    Unknown,
    /// There is no such attribute, key or element.
    Missing,
    /// Its value.
    Value(&'a CapturedValue),
}

/// A captured value, and whether all of its parts are there by their names.
#[derive(Clone, Copy, Debug)]
struct Seen<'a> {
    value: &'a CapturedValue,
    whole: bool,
}

/// A path, and what was seen there.
struct Row<'a> {
    path: ValuePath,
    parent: Option<usize>,
    /// By occurrence.
    seen: Vec<Option<Seen<'a>>>,
}

/// The values of one function.
pub(super) struct Observed<'a> {
    rows: Vec<Row<'a>>,
    /// Occurrences of which not all values were looked at.
    cut: Events,
}

impl<'a> Observed<'a> {
    /// Looks at the values of one function in each occurrence that has it.
    pub(super) fn new(snapshots: &[Option<&'a Snapshot>]) -> Self {
        let mut observed = Self { rows: Vec::new(), cut: Events::default() };
        let mut ids = HashMap::new();
        for (event, snapshot) in snapshots.iter().enumerate() {
            if let Some(snapshot) = snapshot {
                observed.add(event, snapshots.len(), snapshot, &mut ids);
            }
        }
        observed
    }

    fn add(
        &mut self,
        event: usize,
        events: usize,
        snapshot: &'a Snapshot,
        ids: &mut HashMap<ValuePath, usize>,
    ) {
        let mut count = 0;
        // The rows of what the value is in, the variable first.
        let mut above: Vec<usize> = Vec::new();
        if snapshot.values_dropped > 0 {
            self.cut.insert(event);
        }
        snapshot.each_value(&mut |path, value| {
            let depth = path.segments().len();
            above.truncate(depth - 1);
            count += 1;
            if count > VALUES_MAX {
                self.cut.insert(event);
                return false;
            }
            let parent = above.last().copied();
            if parent.is_some_and(|parent| self.is_far(parent, event, path)) {
                return false;
            }
            let row = match ids.get(path) {
                Some(row) => *row,
                None if self.rows.len() < PATHS_MAX => {
                    ids.insert(path.clone(), self.rows.len());
                    self.rows.push(Row { path: path.clone(), parent, seen: vec![None; events] });
                    self.rows.len() - 1
                }
                None => return false,
            };
            let seen = &mut self.rows[row].seen[event];
            if seen.is_some() {
                // The name stands in two scopes, and the first one counts.
                return false;
            }
            *seen = Some(Seen { value, whole: is_whole(value) });
            above.push(row);
            depth < DEPTH_MAX && !is_set(value)
        });
    }

    /// Whether a path leads to an element behind those that are looked at.
    fn is_far(&self, parent: usize, event: usize, path: &ValuePath) -> bool {
        let is_sequence = self.rows[parent].seen[event]
            .is_some_and(|seen| matches!(seen.value.content, Content::Elements(_)));
        let index = path.segments().last().and_then(|index| index.parse::<usize>().ok());
        is_sequence && index.is_some_and(|index| index >= ELEMENTS_MAX)
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = (usize, &ValuePath)> {
        self.rows.iter().enumerate().map(|(row, known)| (row, &known.path))
    }

    /// What is known of a path in one occurrence. A variable that is not there may have been assigned later, so
    /// that says nothing.
    pub(super) fn cell(&self, row: usize, event: usize) -> Cell<'a> {
        if let Some(Seen { value, .. }) = self.rows[row].seen[event] {
            return if is_told(value) { Cell::Value(value) } else { Cell::Unknown };
        }
        let mut above = self.rows[row].parent;
        while let Some(row) = above {
            if let Some(seen) = self.rows[row].seen[event] {
                let missing = seen.whole && !self.cut.contains(event);
                return if missing { Cell::Missing } else { Cell::Unknown };
            }
            above = self.rows[row].parent;
        }
        Cell::Unknown
    }
}

/// Whether a value was captured, and nothing in its own text was redacted.
fn is_told(value: &CapturedValue) -> bool {
    let is_marked = |text: &str| ["[redacted", "[masked: ", "[hash: "].iter().any(|mark| text.contains(mark));
    match &value.content {
        Content::Nothing => false,
        _ if value.rule.is_some() || value.not_captured.is_some_and(|reason| reason.is_redacted()) => false,
        Content::Scalar(text) => !is_marked(text),
        _ => true,
    }
}

/// Whether all parts of a value are there, each under a name that nothing was taken out of.
fn is_whole(value: &CapturedValue) -> bool {
    let keys_are_told = match &value.content {
        Content::Entries(entries) => entries.iter().all(|(key, _)| is_told(key) && key.text().is_some()),
        _ => true,
    };
    keys_are_told && value.not_captured.is_none() && is_told(value)
}
