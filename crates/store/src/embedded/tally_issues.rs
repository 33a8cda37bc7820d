//! Which issues there are, and in which environments and versions.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use reenact_model::{IssueId, Placed, Timestamp};
use tantivy::{DocId, SegmentReader};

use super::days::Day;
use super::scan::Tally;
use super::tally::{NamedColumn, Names};
use crate::{Merged, SeenIn};

/// Collects the ids of issues.
#[derive(Debug, Default)]
pub(super) struct IdsTally {
    pub(super) ids: HashSet<u64>,
}

impl Tally for IdsTally {
    fn documents(
        &mut self,
        _: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let issues = segment.fast_fields().u64("issue")?.first_or_default_col(0);
        self.ids.extend(documents.iter().map(|document| issues.get_val(*document)));
        Ok(())
    }

    fn event(&mut self, _: &Arc<Day>, _: i64, event: &Placed, _: bool) {
        self.ids.insert(event.issue_id.0);
    }
}

/// Counts the events of issues.
#[derive(Debug, Default)]
pub(super) struct CountsTally {
    pub(super) counts: HashMap<u64, u64>,
}

impl Tally for CountsTally {
    fn documents(
        &mut self,
        _: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let issues = segment.fast_fields().u64("issue")?.first_or_default_col(0);
        for document in documents {
            *self.counts.entry(issues.get_val(*document)).or_default() += 1;
        }
        Ok(())
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

    fn add(&mut self, (own, service, env, version): Place, time: i64) {
        let place = (self.merged.shown(IssueId(own)).0, service, env, version);
        if let Some((first, last)) = self.rows.get_mut(&place) {
            *first = time.min(*first);
            *last = time.max(*last);
        } else if self.rows.len() <= self.rows_max {
            // One more than wanted says that there are too many.
            self.rows.insert(place, (time, time));
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
    fn documents(
        &mut self,
        _: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let columns = segment.fast_fields();
        let issues = columns.u64("issue")?.first_or_default_col(0);
        let times = columns.i64("ts")?.first_or_default_col(0);
        let mut services = NamedColumn::open(segment, "service")?;
        let mut envs = NamedColumn::open(segment, "env")?;
        let mut versions = NamedColumn::open(segment, "version")?;
        for document in documents {
            // Every event has a service.
            let Some(service) = services.number(*document, &mut self.names)? else { continue };
            let env = envs.number(*document, &mut self.names)?;
            let version = versions.number(*document, &mut self.names)?;
            self.add((issues.get_val(*document), service, env, version), times.get_val(*document));
        }
        Ok(())
    }

    fn event(&mut self, _: &Arc<Day>, _: i64, event: &Placed, _: bool) {
        let report = &event.report;
        let service = self.names.number(&report.service);
        let env = report.env.as_deref().map(|env| self.names.number(env));
        let version = report.version.as_deref().map(|version| self.names.number(version));
        self.add((event.issue_id.0, service, env, version), report.timestamp.as_nanos());
    }
}
