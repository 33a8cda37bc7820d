//! Lists of issues in whole days, kept for whoever asks again.
//!
//! What the rollups of days say is kept: of every issue what a list is ordered by, and of those that were on a page the
//! users, environments and versions. Times are read from the rollups for each page, since its bars begin elsewhere.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use super::columns::Names;
use super::days::{Days, lock};
use super::kept::Whole;
use super::rollup::{self, Rollup, RollupRow};
use super::scan::{Tally, scan, scan_days};
use super::tally_list::{IssueDetails, IssueTotals, IssuesTally};
use crate::issue_set::IdHash;
use crate::{Filter, StoreError, TimeRange};

/// Memory of what is kept, in bytes; mapped files are not counted.
pub(super) const BYTES_MAX: usize = 32 << 20;
/// Issues of one list whose users, environments and versions are kept.
const DETAILED_MAX: usize = 100;
/// What those of one issue take, in bytes, at most.
const DETAILS_BYTES: usize = 80 << 10;

/// The details of an issue, and the names that its places are numbers of.
pub(super) type NamedDetails = (Names, IssueDetails);

/// What rollups say of issues.
pub(super) struct KeptIssues {
    pub(super) issues: Vec<(u64, IssueTotals)>,
    pub(super) rollups: Vec<(Arc<Rollup>, Filter)>,
    details: Mutex<HashMap<u64, Arc<NamedDetails>, IdHash>>,
}

impl KeptIssues {
    fn new(issues: Vec<(u64, IssueTotals)>, rollups: Vec<(Arc<Rollup>, Filter)>) -> Self {
        Self { issues, rollups, details: Mutex::default() }
    }

    fn bytes(&self) -> usize {
        self.issues.len() * size_of::<(u64, IssueTotals)>() + DETAILED_MAX * DETAILS_BYTES
    }

    /// The rows of the rollups about an issue.
    pub(super) fn rows_of(&self, issue: u64) -> impl Iterator<Item = (&Rollup, RollupRow<'_>)> {
        self.rollups.iter().flat_map(move |(rollup, filter)| {
            let rows = rollup.rows_of(issue).filter(move |row| rollup.matches(filter, row));
            rows.map(move |row| (rollup.as_ref(), row))
        })
    }

    pub(super) fn details(&self, issue: u64) -> Arc<NamedDetails> {
        if let Some(known) = lock(&self.details).get(&issue) {
            return Arc::clone(known);
        }
        let (mut names, mut details) = (Names::default(), IssueDetails::default());
        for (rollup, row) in self.rows_of(issue) {
            details.add_users(&row);
            details.add_places(rollup, &row, |name| names.number(&rollup.names[name]));
        }
        let details = Arc::new((names, details));
        let mut kept = lock(&self.details);
        if kept.len() < DETAILED_MAX {
            kept.insert(issue, Arc::clone(&details));
        }
        details
    }
}

/// Counts the issues of matching events.
pub(super) fn count(
    days: &Days,
    filter: &Filter,
    range: TimeRange,
    tally: &mut IssuesTally,
) -> Result<(), StoreError> {
    if tally.wants_users_of_all() || !rollup::is_about_rows(filter) {
        return scan(days, filter, range, tally);
    }
    let has_rollup = |day: &_| rollup::current(day, day.totals().seq).is_some();
    let (whole, others) = Whole::split(days, filter, range, has_rollup);
    scan_days(days, others, filter, range, tally)?;
    let Some(whole) = whole else { return Ok(()) };
    if let Some(kept) = days.issues.find(days, filter, &whole, |_| true) {
        days.issues_used.fetch_add(1, Ordering::Relaxed);
        tally.take(kept);
        return Ok(());
    }
    let mut counted = tally.fresh();
    scan_days(days, whole.days.clone(), filter, range, &mut counted)?;
    match counted.into_rollups() {
        Ok((issues, rollups)) => {
            let kept = Arc::new(KeptIssues::new(issues, rollups));
            tally.take(Arc::clone(&kept));
            let bytes = kept.bytes();
            days.issues.keep(filter, whole, kept, bytes, |_| true);
        }
        // A rollup was outdated in the meantime.
        Err(counted) => tally.merge(*counted),
    }
    Ok(())
}
