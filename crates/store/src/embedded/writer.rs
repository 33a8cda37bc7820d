//! The one thread that writes.
//!
//! It takes whatever waits, writes it in one transaction per touched day, commits, and only then
//! reports. A crash between the commits of two days loses nothing that was reported, and what is sent
//! again finds itself. Counts of issues are kept in memory at once and written after a while; a crash
//! before that is made good from the files of the days.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reenact_model::{Absorbed, IssueId, Outcome, Report, SnapshotId};
use rusqlite::Connection;

use super::days::{Days, lock};
use super::failure::Failure;
use super::file;
use super::indexer::Indexer;
use super::open_day::OpenDay;
use super::prepared::{Prepared, PreparedEvent, SnapshotBody, Snapshots};
use super::regroup::{self, Moving, Regroup};
use super::rewrite::{self, DayChanges, Rewrite};
use super::state::{self, Changes, Counted, Issues};
use crate::memory::day_of;
use crate::{Done, Outcomes, StoreError};

/// Days before or after an event's own in which its snapshots are looked for to tell whether it has
/// values. A frame may live for days; reading snapshots by id has no such limit.
pub(super) const VALUES_DAYS_MAX: i64 = 14;
/// Day files open for writing between two commits.
const OPEN_MAX: usize = 16;
/// Time after which counts of issues are written to `state.sqlite`.
const COUNTS_INTERVAL: Duration = Duration::from_millis(250);

/// What the thread is asked to do.
pub(super) enum Message {
    Batch { writes: Vec<Prepared>, done: Done },
    DeleteDays { days: Vec<i64>, reply: SyncSender<Result<(), StoreError>> },
    Rewrite(Rewrite),
    Regroup(Regroup),
    Probe { reply: SyncSender<Result<(), StoreError>> },
}

pub(super) struct Writer {
    days: Arc<Days>,
    indexer: Arc<Indexer>,
    state: Connection,
    issues: Arc<Mutex<Issues>>,
    counts_written: Instant,
    /// Whether `state.sqlite` lacks events of some day, because counting failed.
    behind: bool,
    open: BTreeMap<i64, OpenDay>,
    commit_batch_max: usize,
    /// Writes in the queue.
    pub(super) waiting: Arc<AtomicUsize>,
}

impl Writer {
    pub(super) fn new(
        days: Arc<Days>,
        indexer: Arc<Indexer>,
        state: Connection,
        issues: Arc<Mutex<Issues>>,
        commit_batch_max: usize,
        waiting: Arc<AtomicUsize>,
    ) -> Self {
        Self {
            days,
            indexer,
            state,
            issues,
            counts_written: Instant::now(),
            behind: false,
            open: BTreeMap::new(),
            commit_batch_max: commit_batch_max.max(1),
            waiting,
        }
    }

    /// Works until every sender is gone and the queue is empty.
    pub(super) fn run(mut self, queue: &Receiver<Message>) {
        let mut left_over = None;
        loop {
            let message = match left_over.take().map_or_else(|| queue.recv_timeout(COUNTS_INTERVAL), Ok) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => {
                    self.write_counts();
                    let Ok(message) = queue.recv() else { break };
                    message
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            match message {
                Message::DeleteDays { days, reply } => {
                    self.write_counts();
                    drop(reply.send(self.delete_days(&days)));
                }
                Message::Rewrite(rewrite) => self.rewrite(rewrite),
                Message::Regroup(regroup) => self.regroup(regroup),
                Message::Probe { reply } => drop(reply.send(self.probe())),
                Message::Batch { writes, done } => {
                    let mut count = writes.len();
                    let mut batches = vec![(writes, done)];
                    while count < self.commit_batch_max {
                        match queue.try_recv() {
                            Ok(Message::Batch { writes, done }) => {
                                count += writes.len();
                                batches.push((writes, done));
                            }
                            Ok(other) => {
                                left_over = Some(other);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    self.waiting.fetch_sub(count, Ordering::SeqCst);
                    self.commit(batches);
                    if self.counts_written.elapsed() >= COUNTS_INTERVAL {
                        self.write_counts();
                    }
                }
            }
        }
        self.write_counts();
    }

    /// Brings `state.sqlite` up to date.
    fn write_counts(&mut self) {
        let mut issues = lock(&self.issues);
        if self.behind {
            // What the files of the days hold is counted from them.
            issues.pending = Changes::default();
            self.behind = catch_up(&self.days, &mut self.state).is_err();
        } else if !issues.pending.is_empty() {
            if state::apply(&mut self.state, &issues.pending).is_err() {
                tracing::warn!("counting events of issues failed; trying again with the next commit");
                self.behind = true;
            }
            issues.pending = Changes::default();
        }
        self.counts_written = Instant::now();
    }

    fn commit(&mut self, batches: Vec<(Vec<Prepared>, Done)>) {
        let together: Vec<&[Prepared]> = batches.iter().map(|(writes, _)| writes.as_slice()).collect();
        match self.try_commit(&together) {
            Ok(outcomes) => {
                for ((_, done), outcomes) in batches.into_iter().zip(outcomes) {
                    done(Ok(outcomes));
                }
            }
            Err(error) if batches.len() == 1 => {
                if let Some((_, done)) = batches.into_iter().next() {
                    done(Err(error));
                }
            }
            // One batch must not fail the others.
            Err(_) => {
                for (writes, done) in batches {
                    let outcomes = self.try_commit(&[&writes]);
                    done(outcomes.map(|mut outcomes| outcomes.pop().unwrap_or_default()));
                }
            }
        }
        while self.open.len() > OPEN_MAX {
            self.open.pop_first();
        }
    }

    fn try_commit(&mut self, batches: &[&[Prepared]]) -> Result<Vec<Outcomes>, StoreError> {
        let mut changes = Changes::default();
        let written = self.write(batches, &mut changes);
        let committed = written.and_then(|outcomes| self.commit_days(&mut changes).map(|()| outcomes));
        if committed.is_err() {
            // What some days have committed by now is counted from their files.
            self.behind = true;
            self.roll_back();
        }
        if self.behind {
            self.write_counts();
        } else {
            lock(&self.issues).pending.append(changes);
        }
        committed
    }

    fn write(&mut self, batches: &[&[Prepared]], changes: &mut Changes) -> Result<Vec<Outcomes>, StoreError> {
        let mut all = Vec::with_capacity(batches.len());
        for writes in batches {
            let mut outcomes = Outcomes::with_capacity(writes.len());
            for write in *writes {
                match write {
                    Prepared::Event(event) => outcomes.push(self.write_event(event, changes)?),
                    Prepared::Part(part) => {
                        let outcome = self.absorb(part, changes)?;
                        outcomes.push(outcome.unwrap_or(Outcome::Filtered));
                    }
                    Prepared::Snapshots(snapshots) => self.write_snapshots(snapshots, &mut outcomes)?,
                }
            }
            all.push(outcomes);
        }
        Ok(all)
    }

    fn commit_days(&mut self, changes: &mut Changes) -> Result<(), StoreError> {
        let mut touched = BTreeSet::new();
        for open in self.open.values_mut() {
            let Some(totals) = open.pending else { continue };
            file::write_totals(&open.connection, &totals)?;
            open.connection
                .execute_batch("COMMIT")
                .during(|| format!("committing to `{}`", open.day.folder.display()))?;
            open.pending = None;
            open.committed = totals;
            open.day.set_totals(totals);
            touched.insert(open.day.number);
            changes.reach(open.day.number, Counted { row: totals.events, seq: totals.seq });
        }
        self.forget_values();
        self.indexer.wake(touched);
        Ok(())
    }

    /// Forgets what was known of the values of events that were changed. All days are committed by then: what is
    /// read from now on is new.
    fn forget_values(&mut self) {
        for open in self.open.values_mut().filter(|open| !open.forgotten.is_empty()) {
            lock(&open.day.values).forget(&std::mem::take(&mut open.forgotten));
        }
    }

    /// Forgets what was known of the values of all events that can have snapshots of this day.
    fn forget_values_near(&self, number: i64) {
        for near in self.days.between(number - VALUES_DAYS_MAX..=number + VALUES_DAYS_MAX) {
            lock(&near.values).clear();
        }
    }

    fn roll_back(&mut self) {
        self.forget_values();
        for open in self.open.values_mut() {
            // SQLite itself rolls back when the disk is full.
            let is_open = open.pending.take().is_some() && !open.connection.is_autocommit();
            if is_open && open.connection.execute_batch("ROLLBACK").is_err() {
                tracing::warn!("rolling back a failed commit failed");
            }
        }
        // A connection whose roll-back failed is of no use.
        self.open.retain(|_, open| open.connection.is_autocommit());
    }

    /// The day's file, if the day exists.
    fn existing(&mut self, number: i64) -> Result<Option<&mut OpenDay>, StoreError> {
        if !self.open.contains_key(&number) {
            let Some(day) = self.days.get(number) else { return Ok(None) };
            self.open.insert(number, OpenDay::new(day)?);
        }
        Ok(self.open.get_mut(&number))
    }

    fn write_event(
        &mut self,
        PreparedEvent { event, body }: &PreparedEvent,
        changes: &mut Changes,
    ) -> Result<Outcome, StoreError> {
        if let Some(outcome) = self.absorb(&event.report, changes)? {
            return Ok(outcome);
        }
        let number = day_of(event.report.timestamp, event.report.received_at);
        let ids = event.report.snapshot_ids();
        let has_values = self.any_snapshot(number, &ids)?;
        self.days.get_or_create(number)?;
        if let Some(open) = self.existing(number)? {
            open.insert(event, body, has_values, &ids)?;
        }
        changes.add(event, 1);
        Ok(Outcome::Stored)
    }

    /// Merges a further part into its event; `None` when the event is not there.
    fn absorb(&mut self, part: &Report, changes: &mut Changes) -> Result<Option<Outcome>, StoreError> {
        let number = day_of(part.timestamp, part.received_at);
        // The parts of one occurrence can differ in their time around midnight.
        for near in [number, number - 1, number + 1] {
            let Some(open) = self.existing(near)? else { continue };
            let Some(mut known) = file::event_by_id(&open.connection, part.id)? else { continue };
            let before = known.event.report.snapshot_ids();
            if known.event.report.absorb(part) == Absorbed::Nothing {
                return Ok(Some(Outcome::Duplicate));
            }
            let after = known.event.report.snapshot_ids();
            known.has_values = self.any_snapshot(near, &after)?;
            changes.add(&known.event, 0);
            let Some(open) = self.existing(near)? else { continue };
            open.update(&known, &before, &after)?;
            return Ok(Some(Outcome::Stored));
        }
        Ok(None)
    }

    /// Whether one of the snapshots is here, seen from the day of an event.
    fn any_snapshot(&mut self, number: i64, ids: &[SnapshotId]) -> Result<bool, StoreError> {
        if ids.is_empty() {
            return Ok(false);
        }
        let mut near = self.days.between(number - VALUES_DAYS_MAX..=number + VALUES_DAYS_MAX);
        near.sort_by_key(|day| (day.number - number).abs());
        for day in near {
            let Some(open) = self.existing(day.number)? else { continue };
            for id in ids {
                if file::has_snapshot(&open.connection, *id)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn write_snapshots(&mut self, snapshots: &Snapshots, outcomes: &mut Outcomes) -> Result<(), StoreError> {
        let first = outcomes.len();
        let mut seen: HashSet<SnapshotId> = HashSet::new();
        for (id, day) in &snapshots.ids {
            let known = match self.existing(*day)? {
                Some(open) => file::has_snapshot(&open.connection, *id)?,
                None => false,
            };
            outcomes.push(if known || !seen.insert(*id) { Outcome::Duplicate } else { Outcome::Stored });
        }
        for body in &snapshots.bodies {
            let fresh: Vec<(i64, SnapshotId)> = (0..)
                .zip(&body.members)
                .filter(|(_, member)| outcomes[first + **member] == Outcome::Stored)
                .map(|(ordinal, member)| (ordinal, snapshots.ids[*member].0))
                .collect();
            if !fresh.is_empty() {
                self.write_body(body, &fresh)?;
            }
        }
        Ok(())
    }

    fn write_body(&mut self, body: &SnapshotBody, fresh: &[(i64, SnapshotId)]) -> Result<(), StoreError> {
        self.days.get_or_create(body.day)?;
        if let Some(open) = self.existing(body.day)? {
            open.insert_snapshots(&body.body, fresh)?;
        }
        for near in self.days.between(body.day - VALUES_DAYS_MAX..=body.day + VALUES_DAYS_MAX) {
            let Some(open) = self.existing(near.number)? else { continue };
            for (_, id) in fresh {
                open.give_values(*id, near.number == body.day)?;
            }
        }
        Ok(())
    }

    /// Writes to the file of the newest day, or of the issues, and leaves it as it was.
    fn probe(&mut self) -> Result<(), StoreError> {
        let Some(newest) = self.days.all().pop() else { return state::probe(&self.state) };
        let Some(open) = self.existing(newest.number)? else { return Ok(()) };
        let written = open.probe().and_then(|()| self.commit_days(&mut Changes::default()));
        if written.is_err() {
            self.roll_back();
        }
        written
    }

    fn rewrite(&mut self, rewrite: Rewrite) {
        match rewrite {
            Rewrite::Day { day, changes, reply } => {
                let written = self.rewrite_day(day, &changes);
                if written.is_err() {
                    self.roll_back();
                }
                drop(reply.send(written));
            }
            Rewrite::Messages { changes, reply } => {
                self.write_counts();
                drop(reply.send(state::change_messages(&mut self.state, &changes)));
            }
            Rewrite::Purge { day: Some(day), reply } => {
                let purged = match self.existing(day) {
                    Ok(Some(open)) => rewrite::purge(&open.connection),
                    other => other.map(drop),
                };
                drop(reply.send(purged));
            }
            Rewrite::Purge { day: None, reply } => drop(reply.send(rewrite::purge(&self.state))),
        }
    }

    fn rewrite_day(&mut self, number: i64, changes: &DayChanges) -> Result<Vec<i64>, StoreError> {
        let Some(open) = self.existing(number)? else { return Ok(Vec::new()) };
        let mut seq = open.totals()?.seq;
        let again = rewrite::write_day(&open.connection, changes, &mut seq)?;
        open.totals()?.seq = seq;
        let mut changes = Changes::default();
        self.commit_days(&mut changes)?;
        self.forget_values_near(number);
        lock(&self.issues).pending.append(changes);
        Ok(again)
    }

    fn regroup(&mut self, regroup: Regroup) {
        match regroup {
            Regroup::Events { day, moving, reply } => {
                let moved = self.move_events(day, &moving);
                if moved.is_err() {
                    self.roll_back();
                }
                drop(reply.send(moved));
            }
            Regroup::Settle { issues, reply } => drop(reply.send(self.settle(&issues))),
            Regroup::Forget { reply } => {
                let forgotten = self.forget_moves();
                if forgotten.is_err() {
                    self.roll_back();
                }
                drop(reply.send(forgotten));
            }
        }
    }

    fn move_events(&mut self, number: i64, moving: &[Moving]) -> Result<Vec<i64>, StoreError> {
        let Some(open) = self.existing(number)? else { return Ok(Vec::new()) };
        let mut changes = Changes::default();
        let again = regroup::write_moves(open, moving, &mut changes)?;
        self.commit_days(&mut changes)?;
        if self.behind {
            self.write_counts();
        } else {
            lock(&self.issues).pending.append(changes);
        }
        Ok(again)
    }

    /// Brings `state.sqlite` up to date, or says that it cannot be.
    fn count(&mut self) -> Result<(), StoreError> {
        self.write_counts();
        if !self.behind {
            return Ok(());
        }
        let source = "counting events failed; it is tried again".into();
        Err(StoreError::Engine { context: "counting moved events".to_owned(), source })
    }

    fn settle(&mut self, issues: &[IssueId]) -> Result<(), StoreError> {
        self.count()?;
        for id in issues {
            let Some(known) = state::read(&self.state, *id)? else { continue };
            let settled = regroup::settled(&self.days, *id, known)?;
            state::replace(&self.state, *id, settled.as_ref())?;
        }
        Ok(())
    }

    /// Deletes the notes about moved events: they are counted by now.
    fn forget_moves(&mut self) -> Result<(), StoreError> {
        self.count()?;
        for day in self.days.all() {
            if let Some(open) = self.existing(day.number)? {
                regroup::forget_moves(open)?;
            }
        }
        Ok(())
    }

    fn delete_days(&mut self, numbers: &[i64]) -> Result<(), StoreError> {
        let deleted = self.try_delete_days(numbers);
        if deleted.is_err() {
            self.roll_back();
        }
        deleted
    }

    fn try_delete_days(&mut self, numbers: &[i64]) -> Result<(), StoreError> {
        for number in numbers {
            self.open.remove(number);
            let Some(aside) = self.days.take_out(*number)? else { continue };
            state::forget_day(&self.state, *number)?;
            self.take_values(&aside.join("events.sqlite"), *number)?;
            self.forget_values_near(*number);
            std::fs::remove_dir_all(&aside).during(|| format!("deleting `{}`", aside.display()))?;
        }
        Ok(())
    }

    /// Events of other days that had values from a deleted day only lose their mark.
    fn take_values(&mut self, deleted: &std::path::Path, number: i64) -> Result<(), StoreError> {
        let context = || "unmarking events whose values were deleted";
        for near in self.days.between(number - VALUES_DAYS_MAX..=number + VALUES_DAYS_MAX) {
            let Some(open) = self.existing(near.number)? else { continue };
            let connection = &open.connection;
            connection
                .execute("ATTACH ?1 AS deleted", [deleted.to_string_lossy().as_ref()])
                .during(context)?;
            let rows = connection
                .prepare(
                    "SELECT DISTINCT row FROM deleted.snapshot JOIN main.link ON snapshot_id = id
                     WHERE row IN (SELECT row FROM main.event WHERE has_values = 1)",
                )
                .and_then(|mut sql| {
                    sql.query_map([], |row| row.get::<_, i64>(0))?.collect::<Result<Vec<i64>, _>>()
                });
            connection.execute_batch("DETACH deleted").during(context)?;
            for row in rows.during(context)? {
                let Some(open) = self.existing(near.number)? else { continue };
                let Some(known) = file::event_by_row(&open.connection, row)? else { continue };
                let ids = known.event.report.snapshot_ids();
                if !self.any_snapshot(near.number, &ids)?
                    && let Some(open) = self.existing(near.number)?
                {
                    open.mark(row, false)?;
                }
            }
        }
        self.commit_days(&mut Changes::default())
    }
}

/// Counts the events that the files of the days hold and `state.sqlite` does not know.
pub(super) fn catch_up(days: &Days, state: &mut Connection) -> Result<(), StoreError> {
    let counted = state::read_counted(state)?;
    for number in counted.keys().filter(|number| days.get(**number).is_none()) {
        state::forget_day(state, *number)?;
    }
    for day in days.all() {
        let from = counted.get(&day.number).copied().unwrap_or_default();
        if from.seq >= day.totals().seq {
            continue;
        }
        // One transaction for the whole day: an updated row moves behind newer ones, so that a
        // position in the middle could not tell which rows are counted.
        let mut changes = Changes::default();
        let mut reached = from;
        day.read(|connection| {
            file::events_after(connection, from.seq, usize::MAX, &mut |stored| {
                changes.add(&stored.event, u64::from(stored.row > from.row));
                reached.seq = stored.seq;
                reached.row = reached.row.max(stored.row);
                Ok(())
            })?;
            regroup::count_moves(connection, from.seq, from.row, &mut changes)
        })?;
        changes.reach(day.number, reached);
        state::apply(state, &changes)?;
    }
    Ok(())
}
