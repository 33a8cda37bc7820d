//! What matches in whole days, as rows of rollups, kept for lists of issues and histograms.
//!
//! Where the filter looks at nothing but what rollups tell, the rows are those of the days' own rollups. Of any other
//! filter the documents that match become a rollup of their own, in memory. Beside them stands what a list needs: of
//! every issue what lists are ordered by, its users where they are asked for, and of those that were on a page also the
//! environments and versions. Times are read from the rows for each page, since its bars begin elsewhere.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock};

use reenact_model::{IssueId, Placed};
use tantivy::{DocId, SegmentReader};

use super::columns::{Names, Slots};
use super::days::{Day, Days, lock};
use super::distinct::{Distinct, Frozen};
use super::failure::Failure;
use super::kept::{HasBytes, Whole};
use super::rollup::{self, Making, Part};
use super::scan::{Tally, scan_days};
use super::tally_list::{IssueDetails, IssueTotals};
use crate::issue_set::IdHash;
use crate::{Filter, StoreError, TimeRange};

/// Memory of what is kept, in bytes; mapped files are not counted.
pub(super) const BYTES_MAX: usize = 64 << 20;
/// Events that match one filter and are in no rollup, at most, for which rows are kept: 110 bytes of memory for each
/// while they are gathered, half of that when they are kept.
const EVENTS_MAX: usize = 200_000;
/// Issues of one list whose users, environments and versions are kept.
const DETAILED_MAX: usize = 100;

/// The details of an issue, and the names that its places are numbers of.
pub(super) type NamedDetails = (Names, IssueDetails);

/// Rows of rollups.
pub(super) struct KeptRows {
    pub(super) parts: Vec<Part>,
    /// Of those parts that are not in files.
    bytes: usize,
    totals: OnceLock<Vec<(u64, IssueTotals)>>,
    users: OnceLock<Users>,
    details: Mutex<HashMap<u64, Arc<NamedDetails>, IdHash>>,
}

impl KeptRows {
    /// What lists are ordered by, for each issue.
    pub(super) fn totals(&self) -> &[(u64, IssueTotals)] {
        self.totals.get_or_init(|| {
            let (mut slots, mut all) = (Slots::default(), Vec::new());
            for row in self.parts.iter().flat_map(Part::rows) {
                let slot = slots.slot(row.issue);
                if slot == all.len() {
                    all.push(IssueTotals::default());
                }
                all[slot].add(IssueTotals::of(&row));
            }
            slots.ids.into_iter().zip(all).collect()
        })
    }

    /// How many users some own issues have together with others.
    pub(super) fn users_with(&self, own: &[IssueId], others: &Distinct) -> u64 {
        let users = self.users.get_or_init(|| Users::of(&self.parts));
        let mut known = own.iter().filter_map(|id| users.by_issue.get(&id.0));
        let Some(first) = known.next() else { return others.count() };
        let Some(second) = known.next() else { return first.count_with(others) };
        let mut all = first.with([]);
        for more in std::iter::once(second).chain(known) {
            all.merge(&more.with([]));
        }
        all.merge(others);
        all.count()
    }

    pub(super) fn details(&self, issue: u64) -> Arc<NamedDetails> {
        if let Some(known) = lock(&self.details).get(&issue) {
            return Arc::clone(known);
        }
        let (mut names, mut details) = (Names::default(), IssueDetails::default());
        for part in &self.parts {
            for row in part.rows_of(issue) {
                details.add_users(part, &row);
                details.add_places(part, &row, |name| names.number(&part.names()[name]));
            }
        }
        let details = Arc::new((names, details));
        let mut kept = lock(&self.details);
        if kept.len() < DETAILED_MAX {
            kept.insert(issue, Arc::clone(&details));
        }
        details
    }
}

impl HasBytes for KeptRows {
    fn bytes(&self) -> usize {
        let totals = self.totals.get().map_or(0, |totals| size_of_val(totals.as_slice()));
        let of = |details: &Arc<NamedDetails>| details.0.bytes() + details.1.bytes();
        let users = self.users.get().map_or(0, |users| users.bytes);
        self.bytes + totals + users + lock(&self.details).values().map(of).sum::<usize>()
    }
}

/// The users of every issue.
struct Users {
    by_issue: HashMap<u64, Frozen, IdHash>,
    bytes: usize,
}

impl Users {
    fn of(parts: &[Part]) -> Self {
        let (mut slots, mut all) = (Slots::default(), Vec::new());
        for part in parts {
            for row in part.rows() {
                let slot = slots.slot(row.issue);
                if slot == all.len() {
                    all.push(Distinct::default());
                }
                all[slot].reserve(row.users_max());
                part.each_user(&row, |user| all[slot].insert(user));
            }
        }
        let by_issue: HashMap<_, _, IdHash> =
            slots.ids.into_iter().zip(all.into_iter().map(Frozen::from)).collect();
        let bytes = by_issue.values().map(|users| size_of::<u64>() + users.bytes()).sum();
        Self { by_issue, bytes }
    }
}

/// A tally of rows, which can take them from what is kept.
pub(super) trait TakesRows: Tally {
    /// Adds the rows of whole days, once.
    fn take(&mut self, kept: Arc<KeptRows>) -> Result<(), StoreError>;
}

/// Shows matching events to `tally`, those of whole days from what is kept.
pub(super) fn count(
    days: &Days,
    filter: &Filter,
    range: TimeRange,
    tally: &mut impl TakesRows,
) -> Result<(), StoreError> {
    let is_about_rows = rollup::is_about_rows(filter);
    let may_keep = |day: &Day| !is_about_rows || rollup::current(day, day.totals().seq).is_some();
    let (whole, others) = Whole::split(days, range, may_keep);
    scan_days(days, others, filter, range, tally)?;
    let Some(whole) = whole else { return Ok(()) };
    if let Some(kept) = days.rows.find(days, filter, &whole, |_| true) {
        days.rows_used.fetch_add(1, Ordering::Relaxed);
        return tally.take(kept);
    }
    let mut gathering = Gathering::new(tally.fresh());
    scan_days(days, whole.days.clone(), filter, range, &mut gathering)?;
    let (counted, rows) = gathering.finish()?;
    tally.merge(counted);
    if let Some(rows) = rows {
        days.rows.keep(filter, whole, Arc::new(rows), |_| true);
    }
    Ok(())
}

/// Gathers rows while they are counted, as long as they are few.
struct Gathering<T> {
    counted: T,
    parts: Vec<Part>,
    making: Vec<Making>,
    is_too_much: bool,
}

impl<T: Tally> Gathering<T> {
    fn new(counted: T) -> Self {
        Self { counted, parts: Vec::new(), making: Vec::new(), is_too_much: false }
    }

    fn give_up_if_too_much(&mut self) {
        let events: usize = self.making.iter().map(Making::events).sum();
        self.is_too_much |= events > EVENTS_MAX;
        if self.is_too_much {
            (self.parts, self.making) = (Vec::new(), Vec::new());
        }
    }

    /// What was counted, and the rows where they are to be kept.
    fn finish(mut self) -> Result<(T, Option<KeptRows>), StoreError> {
        let mut bytes = 0;
        for making in std::mem::take(&mut self.making) {
            match making.into_rollup().during(|| "gathering what matches")? {
                Some(rollup) => {
                    bytes += rollup.bytes();
                    self.parts.push(Part::all(rollup));
                }
                None => self.is_too_much = true,
            }
        }
        if self.is_too_much {
            return Ok((self.counted, None));
        }
        let (totals, users, details) = (OnceLock::new(), OnceLock::new(), Mutex::default());
        Ok((self.counted, Some(KeptRows { parts: self.parts, bytes, totals, users, details })))
    }
}

impl<T: Tally> Tally for Gathering<T> {
    fn fresh(&self) -> Self {
        Self::new(self.counted.fresh())
    }

    fn merge(&mut self, other: Self) {
        self.counted.merge(other.counted);
        self.parts.extend(other.parts);
        self.making.extend(other.making);
        self.is_too_much |= other.is_too_much;
        self.give_up_if_too_much();
    }

    fn documents(
        &mut self,
        day: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        self.counted.documents(day, segment, documents)?;
        if self.is_too_much {
            return Ok(());
        }
        if self.making.is_empty() {
            self.making.push(Making::default());
        }
        self.making[0].add(segment, documents)?;
        self.give_up_if_too_much();
        Ok(())
    }

    fn takes_rollups(&self) -> bool {
        true
    }

    fn rollup(&mut self, part: &Part) {
        self.counted.rollup(part);
        self.parts.push(part.clone());
    }

    /// What is not indexed yet will be in another rollup soon.
    fn event(&mut self, day: &Arc<Day>, row: i64, event: &Placed, has_values: bool) {
        self.counted.event(day, row, event, has_values);
        self.is_too_much = true;
        self.give_up_if_too_much();
    }
}
