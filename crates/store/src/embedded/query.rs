//! The answers.

use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::sync::Mutex;

use reenact_model::{EventId, IssueId, Placed, Snapshot, SnapshotId, Timestamp};
use rusqlite::Connection;

use super::columns::{Marks, Names};
use super::days::{Day, Days, lock};
use super::facets::{FacetsTally, has_few_values};
use super::file::{self, StoredEvent};
use super::merged::{KnownTogether, first_seen, state_of};
use super::scan::scan;
use super::state::{IssueState, Issues};
use super::tag_names::TagNamesTally;
use super::tally::{FacetTally, HistogramTally};
use super::tally_events::{EventsTally, NeighboursTally, Place};
use super::tally_issues::{CountsTally, IdsTally, SeenTally};
use super::tally_list::{IssueTally, IssuesAsked, IssuesTally};
use super::{kept_facets, kept_rows};
use crate::page::{self, Buckets, IssueFacts, IssueKey, LIMIT_MAX};
use crate::{
    EventPage, EventQuery, EventRow, FacetCount, Field, Filter, Histogram, IssueDetail, IssuePage,
    IssueQuery, IssueRow, IssueSet, IssueSort, KnownIssue, Merged, Neighbours, SeenIn, StoreError, TimeRange,
};

pub(super) fn issues(
    days: &Days,
    state: &Mutex<Issues>,
    merged: &Merged,
    query: &IssueQuery,
) -> Result<IssuePage, StoreError> {
    let start = page::issue_page_start(query)?;
    let buckets = Buckets::new(query.range, query.buckets);
    let users_of_all = matches!(query.sort, IssueSort::Users | IssueSort::Relevance);
    let asked = IssuesAsked { buckets, users_of_all };
    let mut tally = IssuesTally::new(asked);
    kept_rows::count(days, &merged.own(&query.filter), query.range, &mut tally)?;
    let (issues, mut details) = tally.into_issues();
    let mut found = shown_issues(merged, issues);
    let by_group = page::group_issues(query, &mut found);
    let total = found.len() as u64;
    let state = lock(state);
    let mut rows = Vec::with_capacity(found.len());
    for (id, issue) in found {
        let first_seen = match query.sort {
            IssueSort::FirstSeen | IssueSort::Relevance => first_seen(&state, merged, id)?,
            IssueSort::LastSeen | IssueSort::Count | IssueSort::Users => None,
        };
        let facts = IssueFacts {
            id: id.0,
            newest: issue.totals.newest,
            first_seen: first_seen.unwrap_or(issue.totals.oldest),
            count: issue.totals.count,
            users: if users_of_all { issue.users() } else { 0 },
            handled: issue.totals.handled,
        };
        rows.push((IssueKey::new(query, facts), (id, issue)));
    }
    let (mut rows, more) = page::cut_page(rows, start, query.limit);
    let next_cursor = rows.last().filter(|_| more).map(|(key, _)| page::issue_cursor(query, *key));
    let mut issues = Vec::with_capacity(rows.len());
    let mut listed: Vec<_> = rows.iter_mut().map(|(_, (id, issue))| (merged.members(*id), issue)).collect();
    details.complete(asked, &mut listed);
    for (_, (id, issue)) in rows {
        let known = match state_of(&state, merged, id)? {
            Some(known) => known,
            // Committed a moment ago and not counted yet.
            None => match newest_ever(days, &merged.members(id))? {
                Some(newest) => IssueState::of(&newest),
                None => continue,
            },
        };
        issues.push(issue_row(id, known, Some(issue), &details.names, buckets));
    }
    drop(state);
    add_counts_before(days, merged, &query.filter, query.range, &mut issues)?;
    Ok(IssuePage { issues, total, by_group, next_cursor })
}

/// Counts of own issues, put together under the issues that they are shown as.
fn shown_issues(merged: &Merged, own: Vec<(IssueId, IssueTally)>) -> Vec<(IssueId, IssueTally)> {
    if merged.is_empty() {
        return own;
    }
    let own = own.into_iter().map(|(id, issue)| (id.0, issue));
    let shown = merged.fold(own, &mut IssueTally::absorb);
    shown.into_iter().map(|(id, issue)| (IssueId(id), issue)).collect()
}

/// Counts the events of these issues in the range before this one.
fn add_counts_before(
    days: &Days,
    merged: &Merged,
    filter: &Filter,
    range: TimeRange,
    rows: &mut [IssueRow],
) -> Result<(), StoreError> {
    let Some(before) = range.before(days.oldest()) else { return Ok(()) };
    let listed = IssueSet::new("listed", rows.iter().map(|row| row.id));
    let mut tally = CountsTally::default();
    if !listed.is_empty() {
        let filter = Filter::And(vec![Filter::Issues(listed), filter.clone()]);
        scan(days, &merged.own(&filter), before, &mut tally)?;
    }
    let counts = merged.fold(tally.counts, &mut |all, more| *all += more);
    for row in rows {
        row.count_before = Some(counts.get(&row.id.0).copied().unwrap_or(0));
    }
    Ok(())
}

pub(super) fn issue(
    days: &Days,
    state: &Mutex<Issues>,
    merged: &Merged,
    id: IssueId,
    range: TimeRange,
    buckets: usize,
) -> Result<Option<IssueDetail>, StoreError> {
    if merged.shown(id) != id {
        return Ok(None);
    }
    let Some(known) = state_of(&lock(state), merged, id)? else { return Ok(None) };
    let buckets = Buckets::new(range, buckets);
    let asked = IssuesAsked { buckets, users_of_all: true };
    let mut tally = IssuesTally::new(asked);
    let of_issue = merged.own(&Filter::Equals(Field::Issue, id.to_string()));
    scan(days, &of_issue, range, &mut tally)?;
    let ids = merged.members(id);
    let ever = TimeRange { from: known.first.0, to: known.last.0.saturating_add_nanos(1) };
    let latest = |has_values: &[bool]| -> Result<Option<EventId>, StoreError> {
        match newest_of_issues(days, &ids, has_values, range)? {
            Some(found) => Ok(Some(found)),
            None => newest_of_issues(days, &ids, has_values, ever),
        }
    };
    let latest_event = latest(&[true, false])?;
    let latest_event_with_values = latest(&[true])?;
    let (issues, mut details) = tally.into_issues();
    let mut issue = shown_issues(merged, issues).pop().map(|(_, issue)| issue);
    if let Some(issue) = &mut issue {
        details.complete(asked, &mut [(ids, issue)]);
    }
    let mut rows = [issue_row(id, known.clone(), issue, &details.names, buckets)];
    add_counts_before(days, merged, &Filter::All, range, &mut rows)?;
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

pub(super) fn issue_ids(
    days: &Days,
    merged: &Merged,
    filter: &Filter,
    range: TimeRange,
) -> Result<Vec<IssueId>, StoreError> {
    let mut tally = IdsTally::default();
    scan(days, &merged.own(filter), range, &mut tally)?;
    let mut ids: Vec<IssueId> = tally.ids.into_iter().map(|id| merged.shown(IssueId(id))).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

pub(super) fn known_issues(
    state: &Mutex<Issues>,
    merged: &Merged,
    visit: &mut dyn FnMut(KnownIssue),
) -> Result<(), StoreError> {
    let mut together = KnownTogether::new(merged, visit);
    let mut after = i64::MIN;
    loop {
        // The thread that writes waits for the lock: it is held for one page at a time.
        let page = lock(state).known_after(after, KNOWN_PAGE)?;
        let is_last = page.len() < KNOWN_PAGE;
        after = page.last().map_or(after, |issue| issue.id.0.cast_signed());
        page.into_iter().for_each(|own| together.add(own));
        if is_last {
            break;
        }
    }
    let pending = lock(state).known_pending()?;
    pending.into_iter().for_each(|own| together.add(own));
    together.finish();
    Ok(())
}

/// Issues that are read at a time.
const KNOWN_PAGE: usize = 5_000;

pub(super) fn seen_in(
    days: &Days,
    merged: &Merged,
    filter: &Filter,
    range: TimeRange,
    rows_max: usize,
) -> Result<Option<Vec<SeenIn>>, StoreError> {
    let mut tally = SeenTally::new(rows_max, merged.clone());
    scan(days, &merged.own(filter), range, &mut tally)?;
    Ok(tally.into_rows())
}

fn newest_of_issues(
    days: &Days,
    ids: &[IssueId],
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
        for (id, has_values) in ids.iter().flat_map(|id| has_values.iter().map(move |values| (*id, *values)))
        {
            newest =
                newest.max(read(&day, |file| file::newest_of_issue(file, id, has_values, times))?.flatten());
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
    let sorted = |numbers: &Marks| {
        let mut texts = Vec::new();
        numbers.each(|number| texts.push(names.texts[number].clone()));
        texts.sort_unstable();
        texts
    };
    if let Some((envs, versions)) = issue.places() {
        (row.envs, row.versions) = (sorted(envs), sorted(versions));
    }
    row.handled = issue.totals.handled;
    row.count = issue.totals.count;
    row.users = Some(issue.users()).filter(|users| *users > 0);
    row.has_values = issue.totals.has_values;
    if !issue.histogram.is_empty() {
        row.histogram = issue.histogram;
    }
    row
}

pub(super) fn events(days: &Days, merged: &Merged, query: &EventQuery) -> Result<EventPage, StoreError> {
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
    scan(days, &merged.own(&query.filter), query.range, &mut tally)?;
    let mut places: Vec<Place> = tally.kept.into_sorted_vec();
    let more = places.len() > limit;
    places.truncate(limit);
    let next_cursor = places.last().filter(|_| more).map(|last| page::event_cursor(query, last.key));
    let mut events = Vec::with_capacity(places.len());
    for place in places {
        let Some(day) = days.get(place.day) else { continue };
        let stored = read(&day, |file| file::event_by_row(file, place.row))?.flatten();
        events.extend(stored.map(|stored| {
            let row = EventRow::of(&stored.event, stored.has_values);
            EventRow { issue_id: merged.shown(row.issue_id), ..row }
        }));
    }
    Ok(EventPage { events, total: tally.total, next_cursor })
}

pub(super) fn neighbours(
    days: &Days,
    merged: &Merged,
    id: EventId,
    filter: &Filter,
    range: TimeRange,
) -> Result<Option<Neighbours>, StoreError> {
    let Some(own) = event(days, id)? else { return Ok(None) };
    let of_issue = Filter::Equals(Field::Issue, own.issue_id.to_string());
    let filter = merged.own(&Filter::And(vec![of_issue, filter.clone()]));
    let key = (own.report.timestamp.as_nanos(), id.0);
    let mut tally = NeighboursTally::new(key);
    scan(days, &filter, range, &mut tally)?;
    let NeighboursTally { total, newer_count, here, ends, newer, older, .. } = tally;
    let id_of = |key: (i64, u128)| EventId(key.1);
    Ok(Some(Neighbours {
        issue_id: merged.shown(own.issue_id),
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
    merged: &Merged,
    filter: &Filter,
    range: TimeRange,
    buckets: usize,
) -> Result<Histogram, StoreError> {
    let buckets = Buckets::new(range, buckets.max(1));
    let mut tally = HistogramTally::new(buckets);
    kept_rows::count(days, &merged.own(filter), range, &mut tally)?;
    Ok(page::fold_histogram(buckets, tally.names.texts.into_iter().zip(tally.counts)))
}

pub(super) fn facet(
    days: &Days,
    merged: &Merged,
    field: &Field,
    filter: &Filter,
    range: TimeRange,
    prefix: &str,
    limit: usize,
) -> Result<Vec<FacetCount>, StoreError> {
    if *field == Field::Issue && !merged.is_empty() {
        return facet_of_issues(days, merged, filter, range, prefix, limit);
    }
    let mut tally = FacetTally::new(field, prefix);
    scan(days, &merged.own(filter), range, &mut tally)?;
    if let Some(failure) = tally.failure {
        return Err(failure);
    }
    Ok(page::order_facet(tally.counts.into_counts(merged), limit))
}

fn facet_of_issues(
    days: &Days,
    merged: &Merged,
    filter: &Filter,
    range: TimeRange,
    prefix: &str,
    limit: usize,
) -> Result<Vec<FacetCount>, StoreError> {
    let counts = issue_counts(days, merged, filter, range)?;
    let counts =
        counts.into_iter().map(|(id, events)| FacetCount { value: id.to_string(), issues: 1, events });
    Ok(page::order_facet(counts.filter(|count| count.value.starts_with(prefix)).collect(), limit))
}

pub(super) fn facets(
    days: &Days,
    merged: &Merged,
    fields: &[Field],
    filter: &Filter,
    range: TimeRange,
    limit: usize,
) -> Result<Vec<Vec<FacetCount>>, StoreError> {
    let together: Vec<Field> = fields.iter().filter(|field| has_few_values(field)).cloned().collect();
    let mut tally = FacetsTally::new(together.into());
    kept_facets::count(days, &merged.own(filter), range, &mut tally)?;
    let mut counted = tally.into_counts(merged).into_iter();
    let mut all = Vec::with_capacity(fields.len());
    for field in fields {
        let counts = if has_few_values(field) { counted.next() } else { None };
        all.push(match counts {
            Some(counts) => page::order_facet(counts, limit),
            None => facet(days, merged, field, filter, range, "", limit)?,
        });
    }
    Ok(all)
}

pub(super) fn tag_names(
    days: &Days,
    merged: &Merged,
    filter: &Filter,
    range: TimeRange,
    prefix: &str,
    limit: usize,
) -> Result<Vec<FacetCount>, StoreError> {
    let mut tally = TagNamesTally::new(prefix);
    scan(days, &merged.own(filter), range, &mut tally)?;
    Ok(page::order_facet(tally.counts.into_counts(merged), limit))
}

pub(super) fn issue_counts(
    days: &Days,
    merged: &Merged,
    filter: &Filter,
    range: TimeRange,
) -> Result<Vec<(IssueId, u64)>, StoreError> {
    let mut tally = CountsTally::default();
    scan(days, &merged.own(filter), range, &mut tally)?;
    let counts = merged.fold(tally.counts, &mut |all, more| *all += more);
    let mut counts: Vec<_> = counts.into_iter().map(|(id, count)| (IssueId(id), count)).collect();
    counts.sort_unstable();
    Ok(counts)
}

/// The newest event of these issues ever.
fn newest_ever(days: &Days, ids: &[IssueId]) -> Result<Option<Placed>, StoreError> {
    let ever = TimeRange { from: Timestamp::default(), to: Timestamp::from_nanos(i64::MAX) };
    match newest_of_issues(days, ids, &[true, false], ever)? {
        Some(newest) => event(days, newest),
        None => Ok(None),
    }
}

/// Reads a day's file; `None` when the day was deleted meanwhile.
pub(super) fn read<T>(
    day: &Day,
    read: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    match day.read(read) {
        Ok(answer) => Ok(Some(answer)),
        Err(_) if day.is_deleted() => Ok(None),
        Err(error) => Err(error),
    }
}
