//! The reference: every verb, evaluated naively over everything.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reenact_issues::suspected_cause;
use reenact_model::{Absorbed, EventId, IssueId, Outcome, Placed, Snapshot, SnapshotId, Timestamp};
use reenact_redact::Redacted;

use crate::filter::{field_values, tag_names};
use crate::page::{self, Buckets, EventKey, IssueFacts, IssueKey};
use crate::rows::place_of;
use crate::{
    Change, Done, EventOrder, EventPage, EventQuery, EventRow, FacetCount, Field, Filter, Histogram,
    IssueDetail, IssueMove, IssuePage, IssueQuery, IssueRow, KnownIssue, Matches, Merged, Neighbours,
    Outcomes, OwnIssue, RegroupStep, Regrouped, RewriteStep, SeenIn, Store, StoreError, StoreStats, Stored,
    TimeRange, ValueCondition, Write,
};

/// A store in memory: what every other engine's answers are compared with. Nothing is bounded, so it
/// is for tests only.
#[derive(Debug, Default)]
pub struct MemoryStore {
    kept: Mutex<Kept>,
    retention_age: Option<Duration>,
}

#[derive(Clone, Debug, Default)]
struct Kept {
    closed: bool,
    merged: Merged,
    events: Vec<Placed>,
    /// Deleted by the retention; issues still know when they were first seen.
    gone: Vec<Placed>,
    snapshots: HashMap<SnapshotId, Snapshot>,
    /// The newest own event of issues that others are shown as, where issues are as they are shown.
    titles: HashMap<IssueId, Placed>,
}

impl MemoryStore {
    /// An empty store that keeps everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store that deletes whole days that are older than `age`.
    pub fn with_retention(age: Duration) -> Self {
        Self { retention_age: Some(age), ..Self::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything, with the issues that it is shown as.
    fn shown(&self) -> Kept {
        let mut kept = self.lock().clone();
        let merged = kept.merged.clone();
        for event in kept.events.iter().chain(&kept.gone) {
            if !merged.has(event.issue_id) || merged.shown(event.issue_id) != event.issue_id {
                continue;
            }
            let key = |event: &Placed| (event.report.timestamp, event.report.id);
            let title = kept.titles.entry(event.issue_id).or_insert_with(|| event.clone());
            if key(event) > key(title) {
                *title = event.clone();
            }
        }
        for event in kept.events.iter_mut().chain(&mut kept.gone) {
            event.issue_id = merged.shown(event.issue_id);
        }
        kept
    }
}

/// The day that keeps an event: its own, unless its clock is more than a day ahead of ours.
pub(crate) fn day_of(timestamp: Timestamp, received_at: Timestamp) -> i64 {
    const DAY_NS: i64 = 86_400_000_000_000;
    if timestamp > received_at.saturating_add_nanos(DAY_NS) { received_at.day() } else { timestamp.day() }
}

impl Kept {
    fn write(&mut self, write: Write, outcomes: &mut Outcomes) {
        match write {
            Write::Event(mut event) => {
                event.report.metrics.retain(|_, number| number.is_finite());
                match self.events.iter_mut().find(|known| known.report.id == event.report.id) {
                    None => {
                        self.events.push(*event);
                        outcomes.push(Outcome::Stored);
                    }
                    Some(known) => outcomes.push(match known.report.absorb(&event.report) {
                        Absorbed::Something => Outcome::Stored,
                        Absorbed::Nothing => Outcome::Duplicate,
                    }),
                }
            }
            Write::Part(mut part) => {
                part.metrics.retain(|_, number| number.is_finite());
                let known = self.events.iter_mut().find(|known| known.report.id == part.id);
                outcomes.push(match known.map(|known| known.report.absorb(&part)) {
                    Some(Absorbed::Something) => Outcome::Stored,
                    Some(Absorbed::Nothing) => Outcome::Duplicate,
                    None => Outcome::Filtered,
                });
            }
            Write::Snapshots(snapshots) => {
                for snapshot in snapshots {
                    let known = self.snapshots.contains_key(&snapshot.id);
                    outcomes.push(if known { Outcome::Duplicate } else { Outcome::Stored });
                    self.snapshots.entry(snapshot.id).or_insert(snapshot);
                }
            }
        }
    }

    fn has_values(&self, event: &Placed) -> bool {
        event.report.snapshot_ids().iter().any(|id| self.snapshots.contains_key(id))
    }

    fn matching(&self, filter: &Filter, range: TimeRange) -> Vec<(&Placed, bool)> {
        let filter = self.merged.addressed(filter);
        self.events
            .iter()
            .map(|event| (event, self.has_values(event)))
            .filter(|(event, has_values)| {
                let ids = event.report.snapshot_ids();
                let snapshots: Vec<&Snapshot> = ids
                    .iter()
                    .filter_map(|id| self.snapshots.get(id))
                    .filter(|one| !event.report.is_of_another(one))
                    .collect();
                let has_value =
                    |condition: &ValueCondition| snapshots.iter().any(|snapshot| condition.holds(snapshot));
                range.contains(event.report.timestamp)
                    && filter.matches(Matches { event, has_values: *has_values, has_value: &has_value })
            })
            .collect()
    }

    /// Every event of an issue, deleted ones included, the oldest first.
    fn ever(&self, id: IssueId) -> Vec<&Placed> {
        let mut events: Vec<&Placed> =
            self.events.iter().chain(&self.gone).filter(|event| event.issue_id == id).collect();
        events.sort_by_key(|event| (event.report.timestamp, event.report.id));
        events
    }

    /// Matching events of issues in the range before this one; `None` when nothing was kept then.
    fn counts_before(&self, filter: &Filter, range: TimeRange) -> Option<BTreeMap<IssueId, u64>> {
        let before = range.before(self.events.iter().map(|event| event.report.timestamp).min())?;
        let mut counts = BTreeMap::new();
        for (event, _) in self.matching(filter, before) {
            *counts.entry(event.issue_id).or_default() += 1;
        }
        Some(counts)
    }

    fn row(&self, id: IssueId, matching: &[(&Placed, bool)], buckets: Buckets) -> Option<IssueRow> {
        let ever = self.ever(id);
        let (oldest, newest) = (ever.first()?, ever.last()?);
        let title = self.titles.get(&id).unwrap_or(newest);
        let users: BTreeSet<&String> =
            matching.iter().filter_map(|(event, _)| event.report.user_id.as_ref()).collect();
        let envs: BTreeSet<&String> =
            matching.iter().filter_map(|(event, _)| event.report.env.as_ref()).collect();
        let versions: BTreeSet<&String> =
            matching.iter().filter_map(|(event, _)| event.report.version.as_ref()).collect();
        let mut row = IssueRow {
            type_name: title.report.type_name().to_owned(),
            message: title.report.message().to_owned(),
            culprit: title.report.culprit().map(place_of),
            cause: suspected_cause(&newest.report).cause.as_str().to_owned(),
            service: title.report.service.clone(),
            envs: envs.into_iter().cloned().collect(),
            versions: versions.into_iter().cloned().collect(),
            handled: matching.iter().all(|(event, _)| event.report.handled),
            count: matching.len() as u64,
            users: (!users.is_empty()).then_some(users.len() as u64),
            first_seen: oldest.report.timestamp,
            last_seen: newest.report.timestamp,
            has_values: matching.iter().any(|(_, has_values)| *has_values),
            ..page::empty_issue_row(id, buckets)
        };
        for (event, _) in matching {
            if let Some(bucket) = buckets.of(event.report.timestamp.as_nanos()) {
                row.histogram[bucket] += 1;
            }
        }
        Some(row)
    }
}

impl Store for MemoryStore {
    fn submit(&self, writes: Vec<Redacted<Write>>, done: Done) -> Result<(), StoreError> {
        let mut outcomes = Outcomes::new();
        let mut kept = self.lock();
        if kept.closed {
            return Err(StoreError::Closed);
        }
        for write in writes {
            kept.write(write.into_inner(), &mut outcomes);
        }
        drop(kept);
        done(Ok(outcomes));
        Ok(())
    }

    fn set_merged(&self, merged: Merged) {
        self.lock().merged = merged;
    }

    fn own_issues(&self, ids: &[IssueId]) -> Result<Vec<OwnIssue>, StoreError> {
        let kept = self.lock();
        let ids: BTreeSet<&IssueId> = ids.iter().collect();
        let own = |id: &&IssueId| {
            let ever = kept.ever(**id);
            let (first, last) = (ever.first()?, ever.last()?);
            Some(OwnIssue {
                id: **id,
                type_name: last.report.type_name().to_owned(),
                message: last.report.message().to_owned(),
                culprit: last.report.culprit().map(place_of),
                service: last.report.service.clone(),
                count: ever.len() as u64,
                first_seen: first.report.timestamp,
                last_seen: last.report.timestamp,
                newest: last.report.id,
            })
        };
        Ok(ids.iter().filter_map(own).collect())
    }

    fn newest_events(
        &self,
        filter: &Filter,
        range: TimeRange,
        limit: usize,
        visit: &mut dyn FnMut(Placed) -> bool,
    ) -> Result<u64, StoreError> {
        let (kept, raw) = (self.shown(), self.lock());
        let mut found: Vec<_> = kept
            .matching(filter, range)
            .into_iter()
            .map(|(event, _)| (event.report.timestamp, event.report.id))
            .collect();
        found.sort_unstable();
        for (_, id) in found.iter().rev().take(limit) {
            let event = raw.events.iter().find(|event| event.report.id == *id);
            if event.is_some_and(|event| !visit(event.clone())) {
                break;
            }
        }
        Ok(found.len() as u64)
    }

    fn issues(&self, query: &IssueQuery) -> Result<IssuePage, StoreError> {
        let start = page::issue_page_start(query)?;
        let kept = self.shown();
        let mut by_issue: BTreeMap<IssueId, Vec<(&Placed, bool)>> = BTreeMap::new();
        for found in kept.matching(&query.filter, query.range) {
            by_issue.entry(found.0.issue_id).or_default().push(found);
        }
        let mut found: Vec<_> = by_issue.into_iter().collect();
        let by_group = page::group_issues(query, &mut found);
        let total = found.len() as u64;
        let buckets = Buckets::new(query.range, query.buckets);
        let before = kept.counts_before(&query.filter, query.range);
        let mut rows = Vec::new();
        for (id, matching) in found {
            let Some(mut row) = kept.row(id, &matching, buckets) else { continue };
            row.count_before = before.as_ref().map(|counts| counts.get(&id).copied().unwrap_or(0));
            let newest = matching.iter().map(|(event, _)| event.report.timestamp.as_nanos()).max();
            let facts = IssueFacts {
                id: id.0,
                newest: newest.unwrap_or(0),
                first_seen: row.first_seen.as_nanos(),
                count: row.count,
                users: row.users.unwrap_or(0),
                handled: row.handled,
            };
            rows.push((IssueKey::new(query, facts), row));
        }
        let (rows, more) = page::cut_page(rows, start, query.limit);
        let next_cursor = rows.last().filter(|_| more).map(|(key, _)| page::issue_cursor(query, *key));
        let issues = rows.into_iter().map(|(_, row)| row).collect();
        Ok(IssuePage { issues, total, by_group, next_cursor })
    }

    fn issue(
        &self,
        id: IssueId,
        range: TimeRange,
        buckets: usize,
    ) -> Result<Option<IssueDetail>, StoreError> {
        let kept = self.shown();
        let filter = Filter::Equals(Field::Issue, id.to_string());
        let matching = kept.matching(&filter, range);
        let Some(mut row) = kept.row(id, &matching, Buckets::new(range, buckets)) else { return Ok(None) };
        let before = kept.counts_before(&filter, range);
        row.count_before = before.map(|counts| counts.get(&id).copied().unwrap_or(0));
        let ever = kept.ever(id);
        let all = TimeRange { from: Timestamp::default(), to: Timestamp::from_nanos(i64::MAX) };
        let still = kept.matching(&filter, all);
        let newest = |among: &[(&Placed, bool)]| {
            among.iter().map(|(event, _)| (event.report.timestamp, event.report.id)).max().map(|key| key.1)
        };
        let with_values = |among: &[(&Placed, bool)]| -> Option<EventId> {
            newest(&among.iter().copied().filter(|(_, has_values)| *has_values).collect::<Vec<_>>())
        };
        Ok(Some(IssueDetail {
            row,
            count_total: ever.len() as u64,
            first_version: ever.first().and_then(|event| event.report.version.clone()),
            last_version: ever.last().and_then(|event| event.report.version.clone()),
            latest_event: newest(&matching).or_else(|| newest(&still)),
            latest_event_with_values: with_values(&matching).or_else(|| with_values(&still)),
        }))
    }

    fn issue_ids(&self, filter: &Filter, range: TimeRange) -> Result<Vec<IssueId>, StoreError> {
        let kept = self.shown();
        let ids: BTreeSet<IssueId> =
            kept.matching(filter, range).into_iter().map(|(event, _)| event.issue_id).collect();
        Ok(ids.into_iter().collect())
    }

    fn known_issues(&self, visit: &mut dyn FnMut(KnownIssue)) -> Result<(), StoreError> {
        let kept = self.shown();
        let ids: BTreeSet<IssueId> =
            kept.events.iter().chain(&kept.gone).map(|event| event.issue_id).collect();
        for id in ids {
            let ever = kept.ever(id);
            if let (Some(first), Some(last)) = (ever.first(), ever.last()) {
                let (first_seen, last_seen) = (first.report.timestamp, last.report.timestamp);
                visit(KnownIssue { id, first_seen, last_seen });
            }
        }
        Ok(())
    }

    fn seen_in(
        &self,
        filter: &Filter,
        range: TimeRange,
        rows_max: usize,
    ) -> Result<Option<Vec<SeenIn>>, StoreError> {
        let kept = self.shown();
        let mut rows: BTreeMap<_, (Timestamp, Timestamp)> = BTreeMap::new();
        for (Placed { report, issue_id, .. }, _) in kept.matching(filter, range) {
            let key = (*issue_id, report.service.clone(), report.env.clone(), report.version.clone());
            let (first, last) = rows.entry(key).or_insert((report.timestamp, report.timestamp));
            *first = report.timestamp.min(*first);
            *last = report.timestamp.max(*last);
        }
        let row = |((issue, service, env, version), (first_seen, last_seen))| SeenIn {
            issue,
            service,
            env,
            version,
            first_seen,
            last_seen,
        };
        Ok((rows.len() <= rows_max).then(|| rows.into_iter().map(row).collect()))
    }

    fn events(&self, query: &EventQuery) -> Result<EventPage, StoreError> {
        let start = page::event_page_start(query)?;
        let kept = self.shown();
        let rows: Vec<_> = kept
            .matching(&query.filter, query.range)
            .into_iter()
            .map(|(event, has_values)| {
                let report = &event.report;
                let key = EventKey::new(query.order, report.timestamp, report.id, has_values);
                (key, EventRow::of(event, has_values))
            })
            .collect();
        let total = rows.len() as u64;
        let (rows, more) = page::cut_page(rows, start, query.limit);
        let next_cursor = rows.last().filter(|_| more).map(|(key, _)| page::event_cursor(query, *key));
        Ok(EventPage { events: rows.into_iter().map(|(_, row)| row).collect(), total, next_cursor })
    }

    fn neighbours(
        &self,
        id: EventId,
        filter: &Filter,
        range: TimeRange,
    ) -> Result<Option<Neighbours>, StoreError> {
        let kept = self.shown();
        let Some(event) = kept.events.iter().find(|event| event.report.id == id) else { return Ok(None) };
        let mut found = kept.matching(filter, range);
        found.retain(|(other, _)| other.issue_id == event.issue_id);
        let key = |event: &Placed, has_values| {
            EventKey::new(EventOrder::Newest, event.report.timestamp, event.report.id, has_values)
        };
        found.sort_by_key(|(event, has_values)| key(event, *has_values));
        let own = key(event, false);
        let newer: Vec<_> = found.iter().filter(|(other, values)| key(other, *values) < own).collect();
        let older: Vec<_> = found.iter().filter(|(other, values)| key(other, *values) > own).collect();
        let here = newer.len() + older.len() < found.len();
        let id_of = |found: &(&Placed, bool)| found.0.report.id;
        Ok(Some(Neighbours {
            issue_id: event.issue_id,
            position: if here { newer.len() as u64 + 1 } else { 0 },
            total: found.len() as u64,
            newest: found.first().map(id_of),
            newer: newer.last().map(|found| id_of(found)),
            older: older.first().map(|found| id_of(found)),
            oldest: found.last().map(id_of),
            newer_with_values: newer.iter().rfind(|found| found.1).map(|found| id_of(found)),
            older_with_values: older.iter().find(|found| found.1).map(|found| id_of(found)),
        }))
    }

    fn event(&self, id: EventId) -> Result<Option<Placed>, StoreError> {
        Ok(self.lock().events.iter().find(|event| event.report.id == id).cloned())
    }

    fn snapshots(&self, ids: &[SnapshotId]) -> Result<Vec<Snapshot>, StoreError> {
        let kept = self.shown();
        let unique: BTreeSet<&SnapshotId> = ids.iter().collect();
        Ok(unique.into_iter().filter_map(|id| kept.snapshots.get(id).cloned()).collect())
    }

    fn histogram(&self, filter: &Filter, range: TimeRange, buckets: usize) -> Result<Histogram, StoreError> {
        let kept = self.shown();
        let buckets = Buckets::new(range, buckets.max(1));
        let mut counts: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for (event, _) in kept.matching(filter, range) {
            let series = counts.entry(event.report.service.clone()).or_insert_with(|| vec![0; buckets.count]);
            if let Some(bucket) = buckets.of(event.report.timestamp.as_nanos()) {
                series[bucket] += 1;
            }
        }
        Ok(page::fold_histogram(buckets, counts))
    }

    fn facet(
        &self,
        field: &Field,
        filter: &Filter,
        range: TimeRange,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<FacetCount>, StoreError> {
        let kept = self.shown();
        let values = |event: &Placed| field_values(event, field).into_iter().collect();
        Ok(count_values(&kept.matching(filter, range), &values, prefix, limit))
    }

    fn tag_names(
        &self,
        filter: &Filter,
        range: TimeRange,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<FacetCount>, StoreError> {
        let kept = self.shown();
        let names = |event: &Placed| tag_names(event).into_iter().cloned().collect();
        Ok(count_values(&kept.matching(filter, range), &names, prefix, limit))
    }

    fn issue_counts(&self, filter: &Filter, range: TimeRange) -> Result<Vec<(IssueId, u64)>, StoreError> {
        let kept = self.shown();
        let mut counts: BTreeMap<IssueId, u64> = BTreeMap::new();
        for (event, _) in kept.matching(filter, range) {
            *counts.entry(event.issue_id).or_default() += 1;
        }
        Ok(counts.into_iter().collect())
    }

    fn stats(&self) -> Result<StoreStats, StoreError> {
        let kept = self.lock();
        Ok(StoreStats {
            events: kept.events.len() as u64,
            snapshots: kept.snapshots.len() as u64,
            disk_bytes: 0,
            events_unindexed: 0,
            last_event_at: kept.events.iter().map(|event| event.report.timestamp).max(),
        })
    }

    fn probe(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn enforce_retention(&self, now: Timestamp) -> Result<(), StoreError> {
        let Some(age) = self.retention_age else { return Ok(()) };
        let age_ns = i64::try_from(age.as_nanos()).unwrap_or(i64::MAX);
        let day_kept = Timestamp::from_nanos(now.as_nanos().saturating_sub(age_ns)).day();
        let mut kept = self.lock();
        let old = |event: &Placed| day_of(event.report.timestamp, event.report.received_at) < day_kept;
        let (gone, events) = std::mem::take(&mut kept.events).into_iter().partition(old);
        kept.events = events;
        kept.gone.extend::<Vec<_>>(gone);
        kept.snapshots.retain(|_, snapshot| snapshot.timestamp.day() >= day_kept);
        Ok(())
    }

    fn regroup(
        &self,
        range: TimeRange,
        position: Option<&str>,
        change: Regrouped<'_>,
    ) -> Result<RegroupStep, StoreError> {
        if position.is_some() {
            return Err(StoreError::Cursor);
        }
        let mut step = RegroupStep::default();
        let mut moves: BTreeMap<(IssueId, IssueId), u64> = BTreeMap::new();
        for event in &mut self.lock().events {
            if !range.contains(event.report.timestamp) {
                continue;
            }
            step.looked_at += 1;
            let from = event.issue_id;
            let changed = change(event.clone()).map(Redacted::into_inner);
            let Some(moved) = changed.filter(|changed| changed.issue_id != from) else { continue };
            step.moved += 1;
            *moves.entry((from, moved.issue_id)).or_default() += 1;
            *event = moved;
        }
        let one = |((from, to), events)| IssueMove { from, to, events };
        step.moves = moves.into_iter().map(one).collect();
        Ok(step)
    }

    fn rewrite(
        &self,
        range: TimeRange,
        position: Option<&str>,
        change: Change<'_>,
    ) -> Result<RewriteStep, StoreError> {
        if position.is_some() {
            return Err(StoreError::Cursor);
        }
        let mut step = RewriteStep::default();
        let mut kept = self.lock();
        for event in &mut kept.events {
            let report = &event.report;
            if range.contains(report.timestamp) || range.contains(report.received_at) {
                step.looked_at += 1;
                let changed = change(Stored::Event(Box::new(event.clone())));
                if let Some(Stored::Event(changed)) = changed.map(Redacted::into_inner) {
                    step.changed += 1;
                    *event = *changed;
                }
            }
        }
        for snapshot in kept.snapshots.values_mut() {
            step.looked_at += 1;
            let changed = change(Stored::Snapshots(vec![snapshot.clone()]));
            if let Some(Stored::Snapshots(changed)) = changed.map(Redacted::into_inner) {
                step.changed += 1;
                if let Some(new) = changed.into_iter().next() {
                    *snapshot = Snapshot { id: snapshot.id, ..new };
                }
            }
        }
        Ok(step)
    }

    fn close(&self) -> Result<(), StoreError> {
        self.lock().closed = true;
        Ok(())
    }
}

/// The commonest of the values that the events have.
fn count_values(
    events: &[(&Placed, bool)],
    values: &dyn Fn(&Placed) -> Vec<String>,
    prefix: &str,
    limit: usize,
) -> Vec<FacetCount> {
    let mut found: BTreeMap<String, (u64, BTreeSet<IssueId>)> = BTreeMap::new();
    for (event, _) in events {
        for value in values(event).into_iter().filter(|value| value.starts_with(prefix)) {
            let counts = found.entry(value).or_default();
            counts.0 += 1;
            counts.1.insert(event.issue_id);
        }
    }
    let counts = found
        .into_iter()
        .map(|(value, (events, issues))| FacetCount { value, issues: issues.len() as u64, events })
        .collect();
    page::order_facet(counts, limit)
}
