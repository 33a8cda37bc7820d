//! What events do to issues.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;

use reenact_issues::lifecycle::{self, Actor, Occurrence, State, Status, Step};
use reenact_model::{EventId, IssueId, Placed, Timestamp};
use reenact_store::control::{ChangedIssue, IssueChange};
use reenact_store::{EventOrder, EventQuery, Field, Filter, IssueSet, SeenIn, StoreError, TimeRange};

use super::change::new_id;
use super::{Workflow, lock};

/// Environments and versions that are looked at to find what was not judged.
const ROWS_MAX: usize = 1_000_000;
/// Events of an issue in one version that are looked at for the first one after its resolution.
const FIRST_MAX: usize = 200;

/// An automatic change that is to be made.
pub(super) struct Move<'a> {
    pub(super) id: IssueId,
    /// What was decided, from the status as it was.
    pub(super) step: Step,
    /// Decides from another status.
    pub(super) again: Decide<'a>,
}

/// What becomes of an issue with this status.
type Decide<'a> = Box<dyn Fn(&Status) -> Option<Step> + 'a>;

/// Why events of an issue matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// They may bring it back.
    Resolved,
    /// They are counted.
    Counted,
    /// They are not kept.
    Excluded,
}

/// An event of an issue whose events matter.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    issue: IssueId,
    event: EventId,
    at: Timestamp,
    env: Option<String>,
    version: Option<String>,
    user: Option<u64>,
}

impl Seen {
    /// What matters of an event that is shown in this issue.
    pub(crate) fn of(event: &Placed, issue: IssueId) -> Self {
        let report = &event.report;
        Self {
            issue,
            event: report.id,
            at: report.timestamp,
            env: report.env.clone(),
            version: report.version.clone(),
            user: report.user_id.as_deref().map(user_hash),
        }
    }

    fn occurrence(&self) -> Occurrence<'_> {
        Occurrence {
            event_id: Some(self.event),
            at: self.at,
            env: self.env.as_deref(),
            version: self.version.as_deref(),
        }
    }
}

fn user_hash(user: &str) -> u64 {
    u64::from_le_bytes(*blake3::hash(user.as_bytes()).as_bytes().first_chunk().expect("a hash has 32 bytes"))
}

impl Workflow {
    /// Whether, and why, events of an issue matter.
    pub(crate) fn judged(&self, id: IssueId) -> Option<Judged> {
        self.live().judged(id)
    }

    /// Counts an event that is not kept.
    pub(crate) fn exclude(&self, id: IssueId) {
        lock(&self.counting).exclude(id);
    }

    /// What a durable event does to its issue, if anything; counts it.
    pub(crate) fn judge(&self, seen: &Seen, now: Timestamp) -> Option<Step> {
        let status = self.status(seen.issue);
        match status.state {
            State::Resolved => lifecycle::occurred(&status, seen.occurrence(), now),
            State::Ignored => self.count(seen, &status, now),
            State::ForReview | State::Reviewed | State::Excluded => None,
        }
    }

    /// Does what was judged of events of one request. Blocks on the disk; that is rare, since an issue comes back
    /// once.
    pub(crate) fn carry_out(&self, judged: &[(Seen, Step)], now: Timestamp) {
        let moves = judged.iter().map(|(seen, step)| Move {
            id: seen.issue,
            step: step.clone(),
            again: Box::new(|status| match status.state {
                State::Resolved => lifecycle::occurred(status, seen.occurrence(), now),
                _ => self.over(seen.issue, status, now),
            }),
        });
        if let Err(error) = self.move_all(moves.collect(), now) {
            tracing::error!(%error, "events could not be judged; trying again");
            self.behind.store(true, Ordering::SeqCst);
        }
    }

    fn count(&self, seen: &Seen, status: &Status, now: Timestamp) -> Option<Step> {
        let ignore = status.ignore.as_ref().filter(|ignore| ignore.counts())?;
        if seen.at <= status.judged_after {
            return None;
        }
        let counts = lock(&self.counting).add(seen.issue, seen.event, seen.user, ignore.users.unwrap_or(0));
        lifecycle::counted(status, counts.events, counts.users, now)
    }

    fn over(&self, id: IssueId, status: &Status, now: Timestamp) -> Option<Step> {
        let counts = self.counts(id);
        lifecycle::counted(status, counts.events, counts.users, now)
    }

    /// Makes automatic changes, each with an id of its own, all of them durable at once. Where somebody was
    /// faster it is decided anew.
    pub(super) fn move_all(&self, moves: Vec<Move<'_>>, now: Timestamp) -> Result<(), StoreError> {
        let _changing = lock(&self.changing);
        let mut moved = HashSet::new();
        let mut changes = Vec::new();
        for Move { id, step, again } in moves {
            let before = self.status(id);
            if before.merged.is_some() {
                // Since a moment ago: what happened until then is judged no more.
                continue;
            }
            let step = if before.revision + 1 == step.status.revision { Some(step) } else { again(&before) };
            let Some(step) = step.filter(|_| moved.insert(id)) else { continue };
            changes.push(IssueChange {
                id: new_id()?,
                at: now,
                actor: Actor::Automatic,
                undoes: None,
                issues: vec![ChangedIssue {
                    id,
                    before: Status::clone(&before),
                    after: step.status,
                    activity: step.activity,
                }],
            });
        }
        if !changes.is_empty() {
            self.record(changes, None)?;
        }
        Ok(())
    }

    /// As [`Self::move_all`], for one issue.
    pub(super) fn move_one(
        &self,
        id: IssueId,
        step: Step,
        now: Timestamp,
        again: &dyn Fn(&Status) -> Option<Step>,
    ) -> Result<(), StoreError> {
        self.move_all(vec![Move { id, step, again: Box::new(again) }], now)
    }

    /// Judges what was stored and may not have been judged: before a crash, or while the disk failed.
    pub(super) fn catch_up(&self, now: Timestamp) -> Result<(), StoreError> {
        self.behind.store(false, Ordering::SeqCst);
        let caught_up = self.judge_resolved(now).and_then(|()| self.count_again(now));
        if caught_up.is_err() {
            self.behind.store(true, Ordering::SeqCst);
        }
        caught_up
    }

    fn judge_resolved(&self, now: Timestamp) -> Result<(), StoreError> {
        let of = |status: &Status| status.state == State::Resolved;
        let resolved: HashMap<IssueId, Timestamp> = self
            .live()
            .all()
            .filter(|(_, status)| of(status))
            .map(|(id, status)| (id, status.judged_after))
            .collect();
        let Some(from) = resolved.values().min() else { return Ok(()) };
        let range = TimeRange { from: from.saturating_add_nanos(1), to: Timestamp::from_nanos(i64::MAX) };
        let set = IssueSet::new("resolved", resolved.keys().copied());
        let Some(rows) = self.store.seen_in(&Filter::Issues(set), range, ROWS_MAX)? else {
            tracing::warn!("too many versions to judge events again; those after now are judged");
            return Ok(());
        };
        for row in rows {
            if resolved.get(&row.issue).is_some_and(|after| row.last_seen > *after) {
                self.judge_row(&row, now)?;
            }
        }
        Ok(())
    }

    fn judge_row(&self, row: &SeenIn, now: Timestamp) -> Result<(), StoreError> {
        let status = self.status(row.issue);
        let occurrence = |event_id, at| Occurrence {
            event_id,
            at,
            env: row.env.as_deref(),
            version: row.version.as_deref(),
        };
        if lifecycle::occurred(&status, occurrence(None, row.last_seen), now).is_none() {
            return Ok(());
        }
        let Some((event, at)) = self.first_event(row, status.judged_after)? else { return Ok(()) };
        let judge = |status: &Status| lifecycle::occurred(status, occurrence(Some(event), at), now);
        match judge(&status) {
            Some(step) => self.move_one(row.issue, step, now, &judge),
            None => Ok(()),
        }
    }

    /// The first event after a time, of an issue in an environment and a version. A client whose clock is ahead
    /// gives later times to events that were there before: they do not count.
    fn first_event(
        &self,
        row: &SeenIn,
        after: Timestamp,
    ) -> Result<Option<(EventId, Timestamp)>, StoreError> {
        let is = |field: Field, value: &Option<String>| match value {
            Some(value) => Filter::Equals(field, value.clone()),
            None => Filter::Not(Box::new(Filter::StartsWith(field, String::new()))),
        };
        let query = EventQuery {
            filter: Filter::And(vec![
                Filter::Equals(Field::Issue, row.issue.to_string()),
                is(Field::Env, &row.env),
                is(Field::Version, &row.version),
            ]),
            range: TimeRange {
                from: after.saturating_add_nanos(1),
                to: row.last_seen.saturating_add_nanos(1),
            },
            order: EventOrder::Oldest,
            cursor: None,
            limit: FIRST_MAX,
        };
        for event in self.store.events(&query)?.events {
            let received_at = self.store.event(event.id)?.map(|event| event.report.received_at);
            if received_at.is_some_and(|received_at| received_at > after) {
                return Ok(Some((event.id, event.timestamp)));
            }
        }
        Ok(None)
    }

    /// Counts events and users of ignored issues from what is stored.
    fn count_again(&self, now: Timestamp) -> Result<(), StoreError> {
        let counted: Vec<IssueId> = {
            let live = self.live();
            let all = live.all().map(|(id, _)| id);
            all.filter(|id| live.judged(*id) == Some(Judged::Counted)).collect()
        };
        for id in counted {
            let status = self.status(id);
            let Some(ignore) = status.ignore.as_ref().filter(|ignore| ignore.counts()) else { continue };
            let filter = Filter::Equals(Field::Issue, id.to_string());
            let range = TimeRange {
                from: status.judged_after.saturating_add_nanos(1),
                to: Timestamp::from_nanos(i64::MAX),
            };
            let events = self.store.histogram(&filter, range, 1)?.total;
            let users: HashSet<u64> = match ignore.users {
                Some(most) => {
                    let most = usize::try_from(most).unwrap_or(usize::MAX);
                    let users = self.store.facet(&Field::User, &filter, range, "", most)?;
                    users.iter().map(|user| user_hash(&user.value)).collect()
                }
                None => HashSet::new(),
            };
            let counts = lock(&self.counting).recount(id, events, users);
            if let Some(step) = lifecycle::counted(&status, counts.events, counts.users, now) {
                self.move_one(id, step, now, &|status| self.over(id, status, now))?;
            }
        }
        Ok(())
    }
}
