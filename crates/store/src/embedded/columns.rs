//! Columns of the index, read some documents at a time, and what counts them with small numbers.

use std::collections::HashMap;
use std::sync::Arc;

use tantivy::columnar::{Column, ColumnValues, StrColumn};
use tantivy::{DocId, SegmentReader};

use crate::issue_set::IdHash;

/// Documents whose columns are read at a time: their values stay in the nearest cache.
pub(super) const BLOCK: usize = 512;

/// A column with one number in each document.
pub(super) struct Numbers<T> {
    column: Arc<dyn ColumnValues<T>>,
    values: Vec<T>,
}

impl<T: Copy + Default + PartialOrd + std::fmt::Debug + Send + Sync + 'static> Numbers<T> {
    pub(super) fn new(column: Column<T>) -> Self {
        Self { column: column.first_or_default_col(T::default()), values: Vec::new() }
    }

    /// The values of these documents, in their order.
    pub(super) fn of(&mut self, documents: &[DocId]) -> &[T] {
        self.values.resize(documents.len(), T::default());
        self.column.get_vals(documents, &mut self.values);
        &self.values
    }

    /// What [`Numbers::of`] has read last.
    pub(super) fn values(&self) -> &[T] {
        &self.values
    }

    pub(super) fn one(&self, document: DocId) -> T {
        self.column.get_val(document)
    }

    pub(super) fn bounds(&self) -> (T, T) {
        (self.column.min_value(), self.column.max_value())
    }
}

/// A column with a number in some of the documents.
pub(super) struct SomeNumbers {
    column: Option<Column<u64>>,
    values: Vec<Option<u64>>,
}

impl SomeNumbers {
    pub(super) fn new(column: Option<Column<u64>>) -> Self {
        Self { column, values: Vec::new() }
    }

    /// The values of these documents, in their order.
    pub(super) fn of(&mut self, documents: &[DocId]) -> &[Option<u64>] {
        self.values.clear();
        self.values.resize(documents.len(), None);
        if let Some(column) = &self.column {
            column.first_vals(documents, &mut self.values);
        }
        &self.values
    }
}

/// The columns of what is counted of every event, but for texts.
pub(super) struct EventColumns {
    issues: Numbers<u64>,
    times: Numbers<i64>,
    handled: Numbers<bool>,
    has_values: Numbers<bool>,
    users: SomeNumbers,
}

/// What [`EventColumns`] has of some documents, in their order.
pub(super) struct EventValues<'a> {
    pub(super) issues: &'a [u64],
    pub(super) times: &'a [i64],
    pub(super) handled: &'a [bool],
    pub(super) has_values: &'a [bool],
    pub(super) users: &'a [Option<u64>],
}

impl EventColumns {
    pub(super) fn open(segment: &SegmentReader) -> tantivy::Result<Self> {
        let columns = segment.fast_fields();
        Ok(Self {
            issues: Numbers::new(columns.u64("issue")?),
            times: Numbers::new(columns.i64("ts")?),
            handled: Numbers::new(columns.bool("handled")?),
            has_values: Numbers::new(columns.bool("has_values")?),
            users: SomeNumbers::new(columns.column_opt::<u64>("user_hash")?),
        })
    }

    pub(super) fn of(&mut self, documents: &[DocId]) -> EventValues<'_> {
        EventValues {
            issues: self.issues.of(documents),
            times: self.times.of(documents),
            handled: self.handled.of(documents),
            has_values: self.has_values.of(documents),
            users: self.users.of(documents),
        }
    }
}

/// Texts as small numbers.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) texts: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Names {
    pub(super) fn number(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), self.texts.len() - 1);
        self.texts.len() - 1
    }

    /// About how many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        // Each text is there twice, with its place and its number.
        self.texts.iter().map(|text| 2 * text.len() + 2 * size_of::<String>() + 2 * size_of::<usize>()).sum()
    }

    /// The numbers here of all names there, in their order.
    pub(super) fn numbers_of(&mut self, there: &Self) -> Vec<usize> {
        there.texts.iter().map(|text| self.number(text)).collect()
    }
}

/// A text column of a segment whose values are numbered in [`Names`].
pub(super) struct NamedColumn {
    column: Option<StrColumn>,
    ordinals: SomeNumbers,
    known: Vec<Option<usize>>,
    numbers: Vec<Option<usize>>,
}

impl NamedColumn {
    /// Opens the column `name`, for about so many documents.
    pub(super) fn open(
        segment: &SegmentReader,
        name: &str,
        documents: usize,
        names: &mut Names,
    ) -> tantivy::Result<Self> {
        let column = segment.fast_fields().str(name)?;
        let values = column.as_ref().map_or(0, |column| column.num_terms());
        let mut known = vec![None; values];
        if let Some(column) = &column
            && values <= documents
        {
            // One after another they are read much faster than each when it is met.
            let all: Vec<u64> = (0..values as u64).collect();
            let mut next = known.iter_mut();
            column.dictionary().sorted_ords_to_term_cb(&all, |term| {
                if let Some(number) = next.next() {
                    *number = Some(names.number(&String::from_utf8_lossy(term)));
                }
            })?;
        }
        let ordinals = SomeNumbers::new(column.as_ref().map(|column| column.ords().clone()));
        Ok(Self { column, ordinals, known, numbers: Vec::new() })
    }

    /// The numbers of the first value of these documents, in their order.
    pub(super) fn of(&mut self, documents: &[DocId], names: &mut Names) -> tantivy::Result<&[Option<usize>]> {
        self.numbers.clear();
        let Some(column) = &self.column else {
            self.numbers.resize(documents.len(), None);
            return Ok(&self.numbers);
        };
        for ordinal in self.ordinals.of(documents) {
            let Some(ordinal) = *ordinal else {
                self.numbers.push(None);
                continue;
            };
            let known = &mut self.known[ordinal as usize];
            if known.is_none() {
                let mut text = String::new();
                column.ord_to_str(ordinal, &mut text)?;
                *known = Some(names.number(&text));
            }
            self.numbers.push(*known);
        }
        Ok(&self.numbers)
    }
}

/// Issues as small numbers, in the order in which they were met.
#[derive(Debug, Default)]
pub(super) struct Slots {
    pub(super) ids: Vec<u64>,
    slots: HashMap<u64, u32, IdHash>,
}

impl Slots {
    pub(super) fn slot(&mut self, id: u64) -> usize {
        let next = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        let slot = *self.slots.entry(id).or_insert(next);
        if slot == next {
            self.ids.push(id);
        }
        slot as usize
    }

    /// About how many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.ids.len() * 4 * size_of::<u64>()
    }

    /// The slots here of all issues there, in their order.
    pub(super) fn slots_of(&mut self, there: &Self) -> Vec<usize> {
        there.ids.iter().map(|id| self.slot(*id)).collect()
    }
}

/// A set of numbers: one bit for each up to the largest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn insert(&mut self, number: usize) {
        let word = number / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (number % 64);
    }

    pub(super) fn remove(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word &= !(1 << (number % 64));
        }
    }

    pub(super) fn contains(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    fn each(&self, mut visit: impl FnMut(usize)) {
        for (place, word) in self.0.iter().enumerate() {
            let mut left = *word;
            while left != 0 {
                visit(place * 64 + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
    }
}

/// A set of numbers, often of a few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Marks {
    /// No more than [`FEW`], in no order.
    Few(Vec<u32>),
    Many(Bits),
}

/// Numbers that are looked through one by one.
const FEW: usize = 16;

impl Default for Marks {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Marks {
    pub(super) fn insert(&mut self, number: usize) {
        match self {
            Self::Many(bits) => bits.insert(number),
            Self::Few(few) => {
                let small = u32::try_from(number).unwrap_or(u32::MAX);
                if few.contains(&small) {
                    return;
                }
                if few.len() < FEW {
                    few.push(small);
                    return;
                }
                let mut bits = Bits::default();
                few.iter().for_each(|number| bits.insert(*number as usize));
                bits.insert(number);
                *self = Self::Many(bits);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Few(few) => few.len(),
            Self::Many(bits) => bits.len(),
        }
    }

    /// How many bytes of memory it takes beside itself.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Few(few) => few.capacity() * size_of::<u32>(),
            Self::Many(bits) => bits.0.capacity() * size_of::<u64>(),
        }
    }

    pub(super) fn each(&self, mut visit: impl FnMut(usize)) {
        match self {
            Self::Few(few) => few.iter().for_each(|number| visit(*number as usize)),
            Self::Many(bits) => bits.each(visit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_hold_what_was_inserted() {
        for count in [0, 1, FEW, FEW + 1, 500] {
            let mut marks = Marks::default();
            for number in (0..count).chain(0..count) {
                marks.insert(number * 3);
            }
            let mut found = Vec::new();
            marks.each(|number| found.push(number));
            found.sort_unstable();
            assert_eq!(found, (0..count).map(|number| number * 3).collect::<Vec<_>>());
            assert_eq!(marks.len(), count);
        }
    }
}
