//! What is known of issues that others are shown as, and of own issues.

use std::collections::{BinaryHeap, HashMap};
use std::sync::Mutex;

use reenact_model::{IssueId, Placed};

use super::days::{Days, lock};
use super::file;
use super::query::read;
use super::scan::scan;
use super::state::{IssueState, Issues};
use super::tally_events::EventsTally;
use crate::{EventOrder, Filter, KnownIssue, Merged, OwnIssue, StoreError, TimeRange};

/// What is known of an issue and of those that are shown as it. Its title stays that of its own newest event.
pub(super) fn state_of(
    state: &Issues,
    merged: &Merged,
    id: IssueId,
) -> Result<Option<IssueState>, StoreError> {
    if !merged.has(id) {
        return state.read(id);
    }
    let mut known: Option<IssueState> = None;
    for own in merged.members(id) {
        let Some(of_own) = state.read(own)? else { continue };
        match &mut known {
            Some(known) => known.merge(of_own),
            None => known = Some(of_own),
        }
    }
    if let (Some(known), Some(own)) = (&mut known, state.read(merged.shown(id))?) {
        known.service = own.service;
        known.type_name = own.type_name;
        known.message = own.message;
        known.culprit = own.culprit;
    }
    Ok(known)
}

/// When the first of an issue and of those that are shown as it was first seen.
pub(super) fn first_seen(state: &Issues, merged: &Merged, id: IssueId) -> Result<Option<i64>, StoreError> {
    if !merged.has(id) {
        return state.first_seen(id);
    }
    let mut first = None;
    for own in merged.members(id) {
        first = first.into_iter().chain(state.first_seen(own)?).min();
    }
    Ok(first)
}

/// Shows issues that are put together under those that they are shown as, once each.
pub(super) struct KnownTogether<'a> {
    merged: &'a Merged,
    visit: &'a mut dyn FnMut(KnownIssue),
    together: HashMap<IssueId, KnownIssue>,
}

impl<'a> KnownTogether<'a> {
    pub(super) fn new(merged: &'a Merged, visit: &'a mut dyn FnMut(KnownIssue)) -> Self {
        Self { merged, visit, together: HashMap::new() }
    }

    pub(super) fn add(&mut self, own: KnownIssue) {
        if !self.merged.has(own.id) {
            return (self.visit)(own);
        }
        let shown = KnownIssue { id: self.merged.shown(own.id), ..own };
        let known = self.together.entry(shown.id).or_insert(shown);
        known.first_seen = known.first_seen.min(own.first_seen);
        known.last_seen = known.last_seen.max(own.last_seen);
    }

    pub(super) fn finish(self) {
        self.together.into_values().for_each(self.visit);
    }
}

pub(super) fn own_issues(state: &Mutex<Issues>, ids: &[IssueId]) -> Result<Vec<OwnIssue>, StoreError> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let state = lock(state);
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(known) = state.read(id)? else { continue };
        found.push(OwnIssue {
            id,
            type_name: known.type_name,
            message: known.message,
            culprit: known.culprit,
            service: known.service,
            count: known.count,
            first_seen: known.first.0,
            last_seen: known.last.0,
            newest: known.last.1,
        });
    }
    Ok(found)
}

pub(super) fn newest_events(
    days: &Days,
    filter: &Filter,
    range: TimeRange,
    limit: usize,
    visit: &mut dyn FnMut(Placed) -> bool,
) -> Result<u64, StoreError> {
    let mut tally = EventsTally {
        order: EventOrder::Newest,
        start: None,
        keep_max: limit,
        total: 0,
        kept: BinaryHeap::new(),
    };
    scan(days, filter, range, &mut tally)?;
    for place in tally.kept.into_sorted_vec() {
        let Some(day) = days.get(place.day) else { continue };
        let stored = read(&day, |file| file::event_by_row(file, place.row))?.flatten();
        if stored.is_some_and(|stored| !visit(stored.event)) {
            break;
        }
    }
    Ok(tally.total)
}
