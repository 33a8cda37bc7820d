//! The answers.

use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};
use std::sync::Mutex;

use reenact_model::{EventId, IssueId, Placed, Snapshot, SnapshotId};
use rusqlite::Connection;

use super::days::{Day, Days, lock};
use super::file::{self, StoredEvent};
use super::scan::scan;
use super::state::{IssueState, Issues};
use super::tag_names::TagNamesTally;
use super::tally::{
    EachEvent, EventsTally, FacetTally, HistogramTally, IssueTally, IssuesTally, Names, Place,
};
use super::tally_issues::{CountsTally, IdsTally, SeenTally};
use crate::page::{self, Buckets, IssueFacts, IssueKey, LIMIT_MAX};
use crate::{
    EventPage, EventQuery, EventRow, FacetCount, Field, Filter, Histogram, IssueDetail, IssuePage,
    IssueQuery, IssueRow, IssueSet, IssueSort, KnownIssue, Neighbours, SeenIn, StoreError, TimeRange,
};

pub(super) fn issues(
    days: &Days,
    state: &Mutex<Issues>,
    query: &IssueQuery,
) -> Result<IssuePage, StoreError> {
    let start = page::issue_page_start(query)?;
    let buckets = Buckets::new(query.range, query.buckets);
    let mut tally = IssuesTally::new(buckets);
    scan(days, &query.filter, query.range, &mut tally)?;
    let mut found: Vec<(IssueId, IssueTally)> =
        tally.issues.into_iter().map(|(id, issue)| (IssueId(id), issue)).collect();
    let by_group = page::group_issues(query, &mut found);
    let total = found.len() as u64;
    let state = lock(state);
    let mut rows = Vec::with_capacity(found.len());
    for (id, issue) in found {
        let first_seen = match query.sort {
            IssueSort::FirstSeen | IssueSort::Relevance => state.first_seen(id)?,
            IssueSort::LastSeen | IssueSort::Count | IssueSort::Users => None,
        };
        let facts = IssueFacts {
            id: id.0,
            newest: issue.newest.0,
            first_seen: first_seen.unwrap_or(issue.oldest),
            count: issue.count,
            users: issue.users.count(),
            handled: issue.handled,
        };
        rows.push((IssueKey::new(query, facts), (id, issue)));
    }
    let (rows, more) = page::cut_page(rows, start, query.limit);
    let next_cursor = rows.last().filter(|_| more).map(|(key, _)| page::issue_cursor(query, *key));
    let mut issues = Vec::with_capacity(rows.len());
    for (_, (id, issue)) in rows {
        let known = match state.read(id)? {
            Some(known) => known,
            // Committed a moment ago and not counted yet.
            None => match event(days, EventId(issue.newest.1))? {
                Some(newest) => IssueState::of(&newest),
                None => continue,
            },
        };
        issues.push(issue_row(id, known, Some(issue), &tally.names, buckets));
    }
    drop(state);
    add_counts_before(days, &query.filter, query.range, &mut issues)?;
    Ok(IssuePage { issues, total, by_group, next_cursor })
}

/// Counts the events of these issues in the range before this one.
fn add_counts_before(
    days: &Days,
    filter: &Filter,
    range: TimeRange,
    rows: &mut [IssueRow],
) -> Result<(), StoreError> {
    let Some(before) = range.before(days.oldest()) else { return Ok(()) };
    let listed = IssueSet::new("listed", rows.iter().map(|row| row.id));
    let mut tally = CountsTally::default();
    if !listed.is_empty() {
        let filter = Filter::And(vec![Filter::Issues(listed), filter.clone()]);
        scan(days, &filter, before, &mut tally)?;
    }
    for row in rows {
        row.count_before = Some(tally.counts.get(&row.id.0).copied().unwrap_or(0));
    }
    Ok(())
}

pub(super) fn issue(
    days: &Days,
    state: &Mutex<Issues>,
    id: IssueId,
    range: TimeRange,
    buckets: usize,
) -> Result<Option<IssueDetail>, StoreError> {
    let Some(known) = lock(state).read(id)? else { return Ok(None) };
    let buckets = Buckets::new(range, buckets);
    let mut tally = IssuesTally::new(buckets);
    scan(days, &Filter::Equals(Field::Issue, id.to_string()), range, &mut tally)?;
    let ever = TimeRange { from: known.first.0, to: known.last.0.saturating_add_nanos(1) };
    let latest = |has_values: &[bool]| -> Result<Option<EventId>, StoreError> {
        match newest_of_issue(days, id, has_values, range)? {
            Some(found) => Ok(Some(found)),
            None => newest_of_issue(days, id, has_values, ever),
        }
    };
    let latest_event = latest(&[true, false])?;
    let latest_event_with_values = latest(&[true])?;
    let issue = tally.issues.remove(&id.0);
    let mut rows = [issue_row(id, known.clone(), issue, &tally.names, buckets)];
    add_counts_before(days, &Filter::All, range, &mut rows)?;
    let [row] = rows;
    Ok(Some(IssueDetail {
        count_total: known.count,
        first_version: known.first_version,
        last_version: known.last_version,
        latest_event,
        latest_event_with_values,
        row,
    }))
}

pub(super) fn issue_ids(days: &Days, filter: &Filter, range: TimeRange) -> Result<Vec<IssueId>, StoreError> {
    let mut tally = IdsTally::default();
    scan(days, filter, range, &mut tally)?;
    let mut ids: Vec<IssueId> = tally.ids.into_iter().map(IssueId).collect();
    ids.sort_unstable();
    Ok(ids)
}

pub(super) fn known_issues(
    state: &Mutex<Issues>,
    visit: &mut dyn FnMut(KnownIssue),
) -> Result<(), StoreError> {
    let mut after = i64::MIN;
    loop {
        // The thread that writes waits for the lock: it is held for one page at a time.
        let page = lock(state).known_after(after, KNOWN_PAGE)?;
        let is_last = page.len() < KNOWN_PAGE;
        after = page.last().map_or(after, |issue| issue.id.0.cast_signed());
        page.into_iter().for_each(&mut *visit);
        if is_last {
            break;
        }
    }
    let pending = lock(state).known_pending()?;
    pending.into_iter().for_each(visit);
    Ok(())
}

/// Issues that are read at a time.
const KNOWN_PAGE: usize = 5_000;

pub(super) fn seen_in(
    days: &Days,
    filter: &Filter,
    range: TimeRange,
    rows_max: usize,
) -> Result<Option<Vec<SeenIn>>, StoreError> {
    let mut tally = SeenTally::new(rows_max);
    scan(days, filter, range, &mut tally)?;
    Ok(tally.into_rows())
}

fn newest_of_issue(
    days: &Days,
    id: IssueId,
    has_values: &[bool],
    range: TimeRange,
) -> Result<Option<EventId>, StoreError> {
    let times = (range.from.as_nanos(), range.to.as_nanos());
    let mut newest: Option<(i64, EventId)> = None;
    let mut open = days.with_events(range);
    open.sort_by_key(|day| std::cmp::Reverse(day.totals().times.map(|(_, max)| max)));
    for day in open {
        // Days overlap only where a clock was wrong.
        let day_newest = day.totals().times.map_or(0, |(_, max)| max);
        if newest.is_some_and(|(time, _)| time > day_newest) {
            break;
        }
        days.touch(&day);
        for has_values in has_values {
            newest =
                newest.max(read(&day, |file| file::newest_of_issue(file, id, *has_values, times))?.flatten());
        }
    }
    Ok(newest.map(|(_, id)| id))
}

fn issue_row(
    id: IssueId,
    known: IssueState,
    issue: Option<IssueTally>,
    names: &Names,
    buckets: Buckets,
) -> IssueRow {
    let mut row = page::empty_issue_row(id, buckets);
    row.type_name = known.type_name;
    row.message = known.message;
    row.cause = known.cause;
    row.culprit = known.culprit;
    row.service = known.service;
    row.first_seen = known.first.0;
    row.last_seen = known.last.0;
    let Some(issue) = issue else { return row };
    let sorted = |numbers: &[usize]| {
        let mut texts: Vec<String> = numbers.iter().map(|number| names.texts[*number].clone()).collect();
        texts.sort_unstable();
        texts
    };
    row.envs = sorted(&issue.envs);
    row.versions = sorted(&issue.versions);
    row.handled = issue.handled;
    row.count = issue.count;
    row.users = Some(issue.users.count()).filter(|users| *users > 0);
    row.has_values = issue.has_values;
    row.histogram = issue.histogram;
    row
}

pub(super) fn events(days: &Days, query: &EventQuery) -> Result<EventPage, StoreError> {
    let start = page::event_page_start(query)?;
    let limit = query.limit.clamp(1, LIMIT_MAX);
    let mut tally = EventsTally {
        order: query.order,
        start,
        // One more says whether there is a next page.
        keep_max: limit + 1,
        total: 0,
        kept: BinaryHeap::new(),
    };
    scan(days, &query.filter, query.range, &mut tally)?;
    let mut places: Vec<Place> = tally.kept.into_sorted_vec();
    let more = places.len() > limit;
    places.truncate(limit);
    let next_cursor = places.last().filter(|_| more).map(|last| page::event_cursor(query, last.key));
    let mut events = Vec::with_capacity(places.len());
    for place in places {
        let Some(day) = days.get(place.day) else { continue };
        let stored = read(&day, |file| file::event_by_row(file, place.row))?.flatten();
        events.extend(stored.map(|stored| EventRow::of(&stored.event, stored.has_values)));
    }
    Ok(EventPage { events, total: tally.total, next_cursor })
}

pub(super) fn neighbours(
    days: &Days,
    id: EventId,
    filter: &Filter,
    range: TimeRange,
) -> Result<Option<Neighbours>, StoreError> {
    let Some(own) = event(days, id)? else { return Ok(None) };
    let of_issue = Filter::Equals(Field::Issue, own.issue_id.to_string());
    let filter = Filter::And(vec![of_issue, filter.clone()]);
    let key = (own.report.timestamp.as_nanos(), id.0);
    let mut ends: Option<((i64, u128), (i64, u128))> = None;
    let mut newer: [Option<(i64, u128)>; 2] = [None; 2];
    let mut older: [Option<(i64, u128)>; 2] = [None; 2];
    let (mut total, mut newer_count, mut here) = (0, 0, false);
    let mut look = |other: (i64, u128), has_values: bool| {
        total += 1;
        let (oldest, newest) = ends.unwrap_or((other, other));
        ends = Some((oldest.min(other), newest.max(other)));
        newer_count += u64::from(other > key);
        here |= other == key;
        // The first of each pair is any event, the second one with values.
        for kind in 0..=usize::from(has_values) {
            if other > key {
                newer[kind] = Some(newer[kind].map_or(other, |known| known.min(other)));
            } else if other < key {
                older[kind] = older[kind].max(Some(other));
            }
        }
    };
    scan(days, &filter, range, &mut EachEvent(&mut look))?;
    let id_of = |key: (i64, u128)| EventId(key.1);
    Ok(Some(Neighbours {
        issue_id: own.issue_id,
        position: if here { newer_count + 1 } else { 0 },
        total,
        newest: ends.map(|ends| id_of(ends.1)),
        newer: newer[0].map(id_of),
        older: older[0].map(id_of),
        oldest: ends.map(|ends| id_of(ends.0)),
        newer_with_values: newer[1].map(id_of),
        older_with_values: older[1].map(id_of),
    }))
}

pub(super) fn event(days: &Days, id: EventId) -> Result<Option<Placed>, StoreError> {
    for day in days.all().into_iter().rev() {
        days.touch(&day);
        let found: Option<StoredEvent> = read(&day, |file| file::event_by_id(file, id))?.flatten();
        if let Some(found) = found {
            return Ok(Some(found.event));
        }
    }
    Ok(None)
}

pub(super) fn snapshots(days: &Days, ids: &[SnapshotId]) -> Result<Vec<Snapshot>, StoreError> {
    let mut wanted: BTreeSet<SnapshotId> = ids.iter().copied().collect();
    let mut found: HashMap<SnapshotId, Snapshot> = HashMap::new();
    for day in days.all().into_iter().rev() {
        if wanted.is_empty() {
            break;
        }
        days.touch(&day);
        let ids: Vec<SnapshotId> = wanted.iter().copied().collect();
        for snapshot in read(&day, |file| file::read_snapshots(file, &ids))?.unwrap_or_default() {
            wanted.remove(&snapshot.id);
            found.insert(snapshot.id, snapshot);
        }
    }
    Ok(found.into_values().collect())
}

pub(super) fn histogram(
    days: &Days,
    filter: &Filter,
    range: TimeRange,
    buckets: usize,
) -> Result<Histogram, StoreError> {
    let buckets = Buckets::new(range, buckets.max(1));
    let mut tally = HistogramTally { buckets, names: Names::default(), counts: Vec::new() };
    scan(days, filter, range, &mut tally)?;
    Ok(page::fold_histogram(buckets, tally.names.texts.into_iter().zip(tally.counts)))
}

pub(super) fn facet(
    days: &Days,
    field: &Field,
    filter: &Filter,
    range: TimeRange,
    prefix: &str,
    limit: usize,
) -> Result<Vec<FacetCount>, StoreError> {
    let mut tally = FacetTally { field, prefix, found: HashMap::new(), failure: None };
    scan(days, filter, range, &mut tally)?;
    if let Some(failure) = tally.failure {
        return Err(failure);
    }
    Ok(facet_counts(tally.found, limit))
}

pub(super) fn tag_names(
    days: &Days,
    filter: &Filter,
    range: TimeRange,
    prefix: &str,
    limit: usize,
) -> Result<Vec<FacetCount>, StoreError> {
    let mut tally = TagNamesTally { prefix, found: HashMap::new() };
    scan(days, filter, range, &mut tally)?;
    Ok(facet_counts(tally.found, limit))
}

fn facet_counts(found: HashMap<String, (u64, HashSet<u64>)>, limit: usize) -> Vec<FacetCount> {
    let count = |(value, (events, issues)): (_, (_, HashSet<u64>))| FacetCount {
        value,
        issues: issues.len() as u64,
        events,
    };
    page::order_facet(found.into_iter().map(count).collect(), limit)
}

pub(super) fn issue_counts(
    days: &Days,
    filter: &Filter,
    range: TimeRange,
) -> Result<Vec<(IssueId, u64)>, StoreError> {
    let mut tally = CountsTally::default();
    scan(days, filter, range, &mut tally)?;
    let mut counts: Vec<_> = tally.counts.into_iter().map(|(id, count)| (IssueId(id), count)).collect();
    counts.sort_unstable();
    Ok(counts)
}

/// Reads a day's file; `None` when the day was deleted meanwhile.
fn read<T>(
    day: &Day,
    read: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    match day.read(read) {
        Ok(answer) => Ok(Some(answer)),
        Err(_) if day.is_deleted() => Ok(None),
        Err(error) => Err(error),
    }
}
