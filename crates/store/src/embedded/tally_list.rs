//! What a list of issues counts.

use std::sync::Arc;

use reenact_model::{IssueId, Placed};
use tantivy::{DocId, SegmentReader};

use super::columns::{BLOCK, EventColumns, EventValues, Marks, NamedColumn, Names, Slots};
use super::days::Day;
use super::distinct::Distinct;
use super::index::user_hash;
use super::kept_rows::{KeptRows, TakesRows};
use super::rollup::{Part, RollupRow};
use super::scan::Tally;
use crate::page::Buckets;
use crate::{Field, StoreError};

/// What is counted of each issue whatever is shown of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct IssueTotals {
    pub(super) count: u64,
    pub(super) newest: i64,
    pub(super) oldest: i64,
    /// Whether every event was.
    pub(super) handled: bool,
    pub(super) has_values: bool,
}

impl Default for IssueTotals {
    fn default() -> Self {
        Self { count: 0, newest: i64::MIN, oldest: i64::MAX, handled: true, has_values: false }
    }
}

impl IssueTotals {
    pub(super) fn of(row: &RollupRow<'_>) -> Self {
        Self {
            count: row.count(),
            newest: row.newest,
            oldest: row.oldest,
            handled: row.handled(),
            has_values: row.has_values(),
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.count += other.count;
        self.newest = self.newest.max(other.newest);
        self.oldest = self.oldest.min(other.oldest);
        self.handled &= other.handled;
        self.has_values |= other.has_values;
    }
}

/// Whom the events of an issue hit, and where; environments and versions as numbers in some [`Names`].
#[derive(Debug, Default)]
pub(super) struct IssueDetails {
    users: Distinct,
    envs: Marks,
    versions: Marks,
}

impl IssueDetails {
    /// Adds what a row says, but for its users; `number` is that of one of the names of the rows.
    pub(super) fn add_places(
        &mut self,
        part: &Part,
        row: &RollupRow<'_>,
        mut number: impl FnMut(usize) -> usize,
    ) {
        if let Some(env) = row.value(&Field::Env).flatten() {
            self.envs.insert(number(env));
        }
        part.each_value_of_row(&Field::Version, row, |version| {
            self.versions.insert(number(version));
        });
    }

    pub(super) fn add_users(&mut self, part: &Part, row: &RollupRow<'_>) {
        self.users.reserve(row.users_max());
        part.each_user(row, |user| self.users.insert(user));
    }

    /// About how many bytes of memory they take.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.users.bytes() + self.envs.bytes() + self.versions.bytes()
    }

    /// Adds what was found elsewhere, where names have other numbers.
    fn merge(&mut self, other: &Self, mut number: impl FnMut(usize) -> usize) {
        self.users.merge(&other.users);
        other.envs.each(|env| self.envs.insert(number(env)));
        other.versions.each(|version| self.versions.insert(number(version)));
    }
}

/// What is counted of each issue.
#[derive(Debug, Default)]
pub(super) struct IssueTally {
    pub(super) totals: IssueTotals,
    /// Nothing while nobody asked for them: most issues are on no page.
    details: Option<Box<IssueDetails>>,
    /// By bucket; empty while nothing was counted.
    pub(super) histogram: Vec<u64>,
}

impl IssueTally {
    /// How many users were counted; all of them once [`Details::complete`] was called.
    pub(super) fn users(&self) -> u64 {
        self.details.as_ref().map_or(0, |details| details.users.count())
    }

    /// The environments and the versions.
    pub(super) fn places(&self) -> Option<(&Marks, &Marks)> {
        self.details.as_ref().map(|details| (&details.envs, &details.versions))
    }

    fn details_mut(&mut self) -> &mut IssueDetails {
        self.details.get_or_insert_default()
    }

    fn count_in(&mut self, buckets: Buckets, bucket: usize, events: u64) {
        if self.histogram.is_empty() {
            self.histogram = vec![0; buckets.count];
        }
        self.histogram[bucket] += events;
    }

    /// Adds what was counted of another issue.
    pub(super) fn absorb(&mut self, other: Self) {
        self.merge(&other, |name| name);
    }

    /// Adds what was counted elsewhere, where names have other numbers.
    fn merge(&mut self, other: &Self, number: impl Fn(usize) -> usize) {
        self.totals.add(other.totals);
        if let Some(details) = &other.details {
            self.details_mut().merge(details, number);
        }
        self.histogram.resize(self.histogram.len().max(other.histogram.len()), 0);
        self.histogram.iter_mut().zip(&other.histogram).for_each(|(sum, count)| *sum += count);
    }
}

/// Counts issues.
pub(super) struct IssuesTally {
    asked: IssuesAsked,
    slots: Slots,
    /// By slot.
    issues: Vec<IssueTally>,
    details: Details,
}

/// What is counted of issues.
#[derive(Clone, Copy, Debug)]
pub(super) struct IssuesAsked {
    pub(super) buckets: Buckets,
    /// Whether the users of every issue are wanted, and not only of those that [`Details::complete`] is called for.
    pub(super) users_of_all: bool,
}

/// What is not counted of every issue.
#[derive(Default)]
pub(super) struct Details {
    pub(super) names: Names,
    /// Rows that were counted from.
    parts: Vec<Part>,
    /// Rows that were known before.
    kept: Option<Arc<KeptRows>>,
}

impl Details {
    /// How many users an issue has, with the own issues that are shown as it, where those of all were asked for.
    pub(super) fn users(&self, own: &[IssueId], issue: &IssueTally) -> u64 {
        match (&self.kept, &issue.details) {
            (None, _) => issue.users(),
            (Some(kept), Some(details)) => kept.users_with(own, &details.users),
            (Some(kept), None) => kept.users_with(own, &Distinct::default()),
        }
    }

    /// Adds to issues, each with the own issues that are shown as it, what the rollups say of the users,
    /// environments, versions and times of their events that were counted.
    pub(super) fn complete(&mut self, asked: IssuesAsked, issues: &mut [(Vec<IssueId>, &mut IssueTally)]) {
        for part in &self.parts {
            let mut numbers: Vec<Option<usize>> = vec![None; part.names().len()];
            let names = &mut self.names;
            let mut number =
                |value: usize| *numbers[value].get_or_insert_with(|| names.number(&part.names()[value]));
            for (own, issue) in issues.iter_mut() {
                for row in own.iter().flat_map(|id| part.rows_of(id.0)) {
                    if !asked.users_of_all {
                        issue.details_mut().add_users(part, &row);
                    }
                    issue.details_mut().add_places(part, &row, &mut number);
                    row.count_buckets(asked.buckets, |bucket, count| {
                        issue.count_in(asked.buckets, bucket, count)
                    });
                }
            }
        }
        if let Some(kept) = &self.kept {
            for (own, issue) in issues {
                own.iter().for_each(|id| add_kept(kept, id.0, &mut self.names, asked.buckets, issue));
            }
        }
    }
}

fn add_kept(kept: &KeptRows, id: u64, names: &mut Names, buckets: Buckets, issue: &mut IssueTally) {
    let (known_names, known) = &*kept.details(id);
    issue.details_mut().merge(known, |name| names.number(&known_names.texts[name]));
    for row in kept.parts.iter().flat_map(|part| part.rows_of(id)) {
        row.count_buckets(buckets, |bucket, count| issue.count_in(buckets, bucket, count));
    }
}

/// One event of an issue, as far as the counts look at it.
struct IssueEvent {
    time: i64,
    handled: bool,
    has_values: bool,
    user: Option<u64>,
    env: Option<usize>,
    version: Option<usize>,
}

impl IssueEvent {
    fn totals(&self) -> IssueTotals {
        let Self { time, handled, has_values, .. } = *self;
        IssueTotals { count: 1, newest: time, oldest: time, handled, has_values }
    }
}

impl IssuesTally {
    pub(super) fn new(asked: IssuesAsked) -> Self {
        Self { asked, slots: Slots::default(), issues: Vec::new(), details: Details::default() }
    }

    /// The issues with their counts, not all of which are complete.
    pub(super) fn into_issues(self) -> (Vec<(IssueId, IssueTally)>, Details) {
        (self.slots.ids.into_iter().map(IssueId).zip(self.issues).collect(), self.details)
    }

    fn issue(&mut self, id: u64) -> &mut IssueTally {
        let slot = self.slots.slot(id);
        if slot == self.issues.len() {
            self.issues.push(IssueTally::default());
        }
        &mut self.issues[slot]
    }

    fn add(&mut self, id: u64, event: &IssueEvent) {
        let buckets = self.asked.buckets;
        let issue = self.issue(id);
        issue.totals.add(event.totals());
        if let Some(user) = event.user {
            issue.details_mut().users.insert(user);
        }
        if let Some(env) = event.env {
            issue.details_mut().envs.insert(env);
        }
        if let Some(version) = event.version {
            issue.details_mut().versions.insert(version);
        }
        if let Some(bucket) = buckets.of(event.time) {
            issue.count_in(buckets, bucket, 1);
        }
    }
}

impl TakesRows for IssuesTally {
    fn take(&mut self, kept: Arc<KeptRows>) -> Result<(), StoreError> {
        for (id, totals) in kept.totals() {
            self.issue(*id).totals.add(*totals);
        }
        self.details.kept = Some(kept);
        Ok(())
    }
}

impl Tally for IssuesTally {
    fn fresh(&self) -> Self {
        Self::new(self.asked)
    }

    fn merge(&mut self, other: Self) {
        let names = self.details.names.numbers_of(&other.details.names);
        self.details.parts.extend(other.details.parts);
        for (id, issue) in other.slots.ids.into_iter().zip(other.issues) {
            self.issue(id).merge(&issue, |name| names[name]);
        }
    }

    fn documents(
        &mut self,
        _: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let mut columns = EventColumns::open(segment)?;
        let mut envs = NamedColumn::open(segment, "env", documents.len(), &mut self.details.names)?;
        let mut versions = NamedColumn::open(segment, "version", documents.len(), &mut self.details.names)?;
        for documents in documents.chunks(BLOCK) {
            let EventValues { issues, times, handled, has_values, users } = columns.of(documents);
            let envs = envs.of(documents, &mut self.details.names)?;
            let versions = versions.of(documents, &mut self.details.names)?;
            for at in 0..documents.len() {
                let event = IssueEvent {
                    time: times[at],
                    handled: handled[at],
                    has_values: has_values[at],
                    user: users[at],
                    env: envs[at],
                    version: versions[at],
                };
                self.add(issues[at], &event);
            }
        }
        Ok(())
    }

    fn takes_rollups(&self) -> bool {
        true
    }

    fn rollup(&mut self, part: &Part) {
        let users_of_all = self.asked.users_of_all;
        for row in part.rows() {
            let issue = self.issue(row.issue);
            issue.totals.add(IssueTotals::of(&row));
            if users_of_all {
                issue.details_mut().add_users(part, &row);
            }
        }
        self.details.parts.push(part.clone());
    }

    fn event(&mut self, _: &Arc<Day>, _: i64, event: &Placed, has_values: bool) {
        let (report, names) = (&event.report, &mut self.details.names);
        let counted = IssueEvent {
            time: report.timestamp.as_nanos(),
            handled: report.handled,
            has_values,
            user: report.user_id.as_deref().map(user_hash),
            env: report.env.as_deref().map(|env| names.number(env)),
            version: report.version.as_deref().map(|version| names.number(version)),
        };
        self.add(event.issue_id.0, &counted);
    }
}
