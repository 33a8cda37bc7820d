//! What a question takes of a rollup.

use std::ops::Range;
use std::sync::Arc;

use reenact_model::IssueId;

use super::row::{Pairs, RollupRow};
use super::{NONE, PAIRED, Rollup, USER, u32_at, u64_at};
use crate::embedded::columns::Bits;
use crate::{Field, Filter, TimeRange};

/// The rows of a rollup that match, each with those of its events that lie in a range.
#[derive(Clone, Debug)]
pub(in crate::embedded) struct Part {
    rollup: Arc<Rollup>,
    /// One that [`is_about_rows`].
    filter: Filter,
    /// From a time to before another one; `None` when all events lie there.
    times: Option<(i64, i64)>,
}

impl Part {
    /// All events of a rollup.
    pub(in crate::embedded) fn all(rollup: Arc<Rollup>) -> Self {
        Self { rollup, filter: Filter::All, times: None }
    }

    /// The events of a rollup in a range; `None` when the rollup is too broken to tell.
    pub(in crate::embedded) fn within(rollup: Arc<Rollup>, range: TimeRange) -> Option<Self> {
        let times = Some((range.from.as_nanos(), range.to.as_nanos()));
        rollup.has_columns().then_some(Self { rollup, filter: Filter::All, times })
    }

    /// Those of its events that match a filter which [`is_about_rows`].
    pub(in crate::embedded) fn matching(&self, filter: Filter) -> Self {
        Self { filter, ..self.clone() }
    }

    /// Whether it holds the events up to a row of the day's file, and none after it.
    pub(in crate::embedded) fn ends_before(&self, row: i64) -> bool {
        self.rollup.row < row
    }

    /// How many events it has, at most.
    pub(in crate::embedded) fn events_max(&self) -> i64 {
        i64::try_from(self.rollup.events).unwrap_or(i64::MAX)
    }

    /// The texts that values are numbers of.
    pub(in crate::embedded) fn names(&self) -> &[String] {
        &self.rollup.names
    }

    /// The rows in the order of their numbers.
    pub(in crate::embedded) fn rows(&self) -> impl Iterator<Item = RollupRow<'_>> {
        let numbers: Vec<Range<usize>> = match issues_of(&self.filter) {
            Some(issues) => issues.into_iter().map(|issue| self.rollup.numbers_of(issue)).collect(),
            None => std::iter::once(0..self.rollup.rows).collect(),
        };
        let rows = numbers.into_iter().flatten().map(|number| self.rollup.row_at(number));
        rows.filter_map(|row| self.taken(row))
    }

    /// The rows of an issue; they are next to each other.
    pub(in crate::embedded) fn rows_of(&self, issue: u64) -> impl Iterator<Item = RollupRow<'_>> {
        let rows = self.rollup.numbers_of(issue).map(|number| self.rollup.row_at(number));
        rows.filter_map(|row| self.taken(row))
    }

    fn taken<'a>(&self, row: RollupRow<'a>) -> Option<RollupRow<'a>> {
        if self.filter != Filter::All && !self.matches(&row) {
            return None;
        }
        self.times.map_or(Some(row), |times| row.between(times))
    }

    fn matches(&self, row: &RollupRow<'_>) -> bool {
        let has = |field: &Field, is: &dyn Fn(&str) -> bool| match field {
            Field::Issue => is(&IssueId(row.issue).to_string()),
            _ => row.value(field).flatten().is_some_and(|value| is(&self.rollup.names[value])),
        };
        self.filter.holds(&|leaf| match leaf {
            Filter::Equals(field, value) => has(field, &|is| is == value),
            Filter::StartsWith(field, start) => has(field, &|is| is.starts_with(start.as_str())),
            Filter::Passes(field, test) => has(field, &|is| test.holds(field, is)),
            Filter::Handled(handled) => row.handled() == *handled,
            Filter::HasValues => row.has_values(),
            Filter::Issues(issues) => issues.contains(IssueId(row.issue)),
            _ => false,
        })
    }

    /// Calls `visit` with the number of a value, the place of one of the rows, and how many of the row's events have
    /// the value. The rows are in the order of their numbers, and the field is one that rollups have.
    pub(in crate::embedded) fn each_value(
        &self,
        field: &Field,
        rows: &[RollupRow<'_>],
        visit: &mut dyn FnMut(usize, usize, u64),
    ) {
        let paired = self.pairs(field);
        let mut at = 0;
        for (place, row) in rows.iter().enumerate() {
            match &paired {
                Some((column, pairs)) => {
                    self.each_pair(*column, *pairs, &mut at, row, |value, events| {
                        visit(value, place, events);
                    });
                }
                None => {
                    if let Some(value) = row.value(field).flatten() {
                        visit(value, place, row.count());
                    }
                }
            }
        }
    }

    /// Calls `visit` with the numbers of the values of a row, for a field that is not the same in all of its events.
    pub(in crate::embedded) fn each_value_of_row(
        &self,
        field: &Field,
        row: &RollupRow<'_>,
        mut visit: impl FnMut(usize),
    ) {
        if let Some((column, pairs)) = self.pairs(field) {
            self.each_pair(column, pairs, &mut 0, row, |value, _| visit(value));
        }
    }

    /// Calls `visit` with the hash of each user of a row, once.
    pub(in crate::embedded) fn each_user(&self, row: &RollupRow<'_>, mut visit: impl FnMut(u64)) {
        if !row.is_cut {
            row.users.chunks_exact(8).for_each(|bytes| visit(u64_at(bytes, 0)));
            return;
        }
        let mut seen = Bits::default();
        for user in self.column(USER, row) {
            if !seen.contains(user) {
                seen.insert(user);
                visit(u64_at(row.users, user * 8));
            }
        }
    }

    /// Calls `visit` with the values of a row and how many events have each, which may come in several calls; `at` is
    /// where the pairs of the row before were found.
    fn each_pair(
        &self,
        column: usize,
        pairs: Pairs<'_>,
        at: &mut usize,
        row: &RollupRow<'_>,
        mut visit: impl FnMut(usize, u64),
    ) {
        if row.is_cut {
            self.column(column, row).for_each(|value| visit(value, 1));
            return;
        }
        *at = pairs.first_of(row.number, *at);
        while let Some(pair) = pairs.get(*at).filter(|pair| pair.row == row.number) {
            visit(pair.value, pair.events);
            *at += 1;
        }
    }

    /// The numbers that the events of a row have in a column, in the order of their times.
    fn column<'a>(&'a self, column: usize, row: &RollupRow<'_>) -> impl Iterator<Item = usize> + use<'a> {
        let rollup = &*self.rollup;
        let from = rollup.columns_at + (column * rollup.events + row.first) * 4;
        let numbers = rollup.bytes[from..from + row.events() * 4].chunks_exact(4);
        numbers.map(|bytes| u32_at(bytes, 0)).filter(|number| *number != NONE).map(|number| number as usize)
    }

    /// The column and the pairs of a field; `None` when it has none.
    fn pairs(&self, field: &Field) -> Option<(usize, Pairs<'_>)> {
        let place = PAIRED.iter().position(|paired| paired == field)?;
        let rollup = &*self.rollup;
        Some((place, Pairs(&rollup.bytes[rollup.pairs_at[place]..rollup.pairs_at[place + 1]])))
    }
}

/// Issues whose rows are looked up one by one; with more of them each row is looked at instead.
const ISSUES_MAX: usize = 500;

/// Whether rollups tell the values of a field.
pub(in crate::embedded) fn has(field: &Field) -> bool {
    PAIRED.contains(field) || matches!(field, Field::Service | Field::Env | Field::ErrorType)
}

/// Whether a filter looks at nothing but what the events of a row have in common.
pub(in crate::embedded) fn is_about_rows(filter: &Filter) -> bool {
    match filter {
        Filter::All | Filter::Handled(_) | Filter::HasValues | Filter::Issues(_) => true,
        Filter::And(parts) | Filter::Or(parts) => parts.iter().all(is_about_rows),
        Filter::Not(part) => is_about_rows(part),
        Filter::Equals(field, _) | Filter::StartsWith(field, _) | Filter::Passes(field, _) => {
            matches!(field, Field::Issue | Field::Service | Field::Env | Field::ErrorType)
        }
        Filter::Words(_) | Filter::Value(_) => false,
    }
}

/// The issues, ascending, one of which all matching events have, where the filter says so at its top and they are few.
fn issues_of(filter: &Filter) -> Option<Vec<u64>> {
    match filter {
        Filter::Equals(Field::Issue, id) => id.parse().ok().map(|id: IssueId| vec![id.0]),
        Filter::Issues(issues) if issues.len() <= ISSUES_MAX => {
            let mut ids: Vec<u64> = issues.iter().map(|id| id.0).collect();
            ids.sort_unstable();
            Some(ids)
        }
        Filter::And(parts) => parts.iter().find_map(issues_of),
        _ => None,
    }
}
