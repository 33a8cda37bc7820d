//! Which issues there are, and in which environments and versions.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use reenact_model::{IssueId, Placed, Timestamp};
use tantivy::{DocId, SegmentReader};

use super::columns::{BLOCK, NamedColumn, Names, Numbers};
use super::days::Day;
use super::rollup::Part;
use super::scan::Tally;
use crate::issue_set::IdHash;
use crate::{Merged, SeenIn};

/// Collects the ids of issues.
#[derive(Debug, Default)]
pub(super) struct IdsTally {
    pub(super) ids: HashSet<u64, IdHash>,
}

impl Tally for IdsTally {
    fn fresh(&self) -> Self {
        Self::default()
    }

    fn merge(&mut self, other: Self) {
        self.ids.extend(other.ids);
    }

    fn documents(
        &mut self,
        _: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let mut issues = Numbers::new(segment.fast_fields().u64("issue")?);
        for documents in documents.chunks(BLOCK) {
            self.ids.extend(issues.of(documents));
        }
        Ok(())
    }

    fn takes_rollups(&self) -> bool {
        true
    }

    fn rollup(&mut self, part: &Part) {
        self.ids.extend(part.rows().map(|row| row.issue));
    }

    fn event(&mut self, _: &Arc<Day>, _: i64, event: &Placed, _: bool) {
        self.ids.insert(event.issue_id.0);
    }
}

/// Counts the events of issues.
#[derive(Debug, Default)]
pub(super) struct CountsTally {
    pub(super) counts: HashMap<u64, u64, IdHash>,
}

impl Tally for CountsTally {
    fn fresh(&self) -> Self {
        Self::default()
    }

    fn merge(&mut self, other: Self) {
        for (issue, count) in other.counts {
            *self.counts.entry(issue).or_default() += count;
        }
    }

    fn documents(
        &mut self,
        _: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let mut issues = Numbers::new(segment.fast_fields().u64("issue")?);
        for documents in documents.chunks(BLOCK) {
            for issue in issues.of(documents) {
                *self.counts.entry(*issue).or_default() += 1;
            }
        }
        Ok(())
    }

    fn takes_rollups(&self) -> bool {
        true
    }

    fn rollup(&mut self, part: &Part) {
        for row in part.rows() {
            *self.counts.entry(row.issue).or_default() += row.count();
        }
    }

    fn event(&mut self, _: &Arc<Day>, _: i64, event: &Placed, _: bool) {
        *self.counts.entry(event.issue_id.0).or_default() += 1;
    }
}

/// An issue, its service, its environment and its version, as numbers.
type Place = (u64, usize, Option<usize>, Option<usize>);

/// Collects in which environments and versions issues were seen, and when.
pub(super) struct SeenTally {
    rows_max: usize,
    merged: Merged,
    names: Names,
    rows: HashMap<Place, (i64, i64)>,
}

impl SeenTally {
    pub(super) fn new(rows_max: usize, merged: Merged) -> Self {
        Self { rows_max, merged, names: Names::default(), rows: HashMap::new() }
    }

    fn add(&mut self, (own, service, env, version): Place, times: (i64, i64)) {
        let place = (self.merged.shown(IssueId(own)).0, service, env, version);
        if let Some((first, last)) = self.rows.get_mut(&place) {
            *first = times.0.min(*first);
            *last = times.1.max(*last);
        } else if self.rows.len() <= self.rows_max {
            // One more than wanted says that there are too many.
            self.rows.insert(place, times);
        }
    }

    /// The rows in order; `None` when there are too many.
    pub(super) fn into_rows(self) -> Option<Vec<SeenIn>> {
        if self.rows.len() > self.rows_max {
            return None;
        }
        let name = |number: Option<usize>| number.map(|number| self.names.texts[number].clone());
        let row = |((issue, service, env, version), (first, last)): (&Place, &(i64, i64))| SeenIn {
            issue: IssueId(*issue),
            service: self.names.texts[*service].clone(),
            env: name(*env),
            version: name(*version),
            first_seen: Timestamp::from_nanos(*first),
            last_seen: Timestamp::from_nanos(*last),
        };
        let mut rows: Vec<SeenIn> = self.rows.iter().map(row).collect();
        rows.sort_by(|a, b| {
            (a.issue, &a.service, &a.env, &a.version).cmp(&(b.issue, &b.service, &b.env, &b.version))
        });
        Some(rows)
    }
}

impl Tally for SeenTally {
    fn fresh(&self) -> Self {
        Self::new(self.rows_max, self.merged.clone())
    }

    fn merge(&mut self, other: Self) {
        let numbers = self.names.numbers_of(&other.names);
        for ((issue, service, env, version), times) in other.rows {
            let number = |number: usize| numbers[number];
            self.add((issue, number(service), env.map(number), version.map(number)), times);
        }
    }

    fn documents(
        &mut self,
        _: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let columns = segment.fast_fields();
        let mut issues = Numbers::new(columns.u64("issue")?);
        let mut times = Numbers::new(columns.i64("ts")?);
        let mut services = NamedColumn::open(segment, "service", documents.len(), &mut self.names)?;
        let mut envs = NamedColumn::open(segment, "env", documents.len(), &mut self.names)?;
        let mut versions = NamedColumn::open(segment, "version", documents.len(), &mut self.names)?;
        for documents in documents.chunks(BLOCK) {
            let (issues, times) = (issues.of(documents), times.of(documents));
            let services = services.of(documents, &mut self.names)?;
            let envs = envs.of(documents, &mut self.names)?;
            let versions = versions.of(documents, &mut self.names)?;
            for at in 0..documents.len() {
                // Every event has a service.
                if let Some(service) = services[at] {
                    self.add((issues[at], service, envs[at], versions[at]), (times[at], times[at]));
                }
            }
        }
        Ok(())
    }

    fn event(&mut self, _: &Arc<Day>, _: i64, event: &Placed, _: bool) {
        let report = &event.report;
        let service = self.names.number(&report.service);
        let env = report.env.as_deref().map(|env| self.names.number(env));
        let version = report.version.as_deref().map(|version| self.names.number(version));
        let time = report.timestamp.as_nanos();
        self.add((event.issue_id.0, service, env, version), (time, time));
    }
}
