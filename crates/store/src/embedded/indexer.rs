//! The thread that brings the indexes up to date.
//!
//! It wakes after commits, reads the changes that a day's index does not hold, and commits at most
//! about once per interval. It never holds up intake: what is not indexed yet is answered from the
//! day's file. When nothing came for a day for a while, it makes the day's rollup.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use tantivy::indexer::IndexWriterOptions;
use tantivy::{Index, IndexWriter, TantivyDocument, Term};

use super::days::{Day, Days, lock};
use super::failure::Failure;
use super::file;
use super::index::{self, Fields, Payload};
use super::rollup;
use crate::StoreError;

/// Events between two commits of an index, at most.
const COMMIT_EVENTS_MAX: usize = 20_000;
/// How long nothing must have come for a day before its rollup is made, in intervals, and further for each event:
/// making one takes about a tenth of that.
const QUIET_INTERVALS: u32 = 4;
const QUIET_PER_EVENT: Duration = Duration::from_millis(1);
/// Rounds without work after which the memory of the index writer is given back.
const IDLE_ROUNDS: u32 = 10;

/// What the thread and the others share.
#[derive(Debug)]
pub(super) struct Indexer {
    wanted: Mutex<Wanted>,
    changed: Condvar,
    interval: Duration,
    memory_bytes: usize,
}

#[derive(Debug, Default)]
struct Wanted {
    days: BTreeSet<i64>,
    /// Days whose index is deleted and made anew: its terms hold what was replaced.
    rebuild: BTreeSet<i64>,
    /// Days that may need another rollup, and from when on it can be made.
    rollups: BTreeMap<i64, Instant>,
    working: bool,
    paused: bool,
    stopping: bool,
}

/// The open index of one day.
struct OpenIndex {
    day: Arc<Day>,
    index: Index,
    writer: IndexWriter<TantivyDocument>,
    payload: Payload,
}

impl Indexer {
    pub(super) fn new(interval: Duration, memory_bytes: usize) -> Self {
        Self { wanted: Mutex::default(), changed: Condvar::new(), interval, memory_bytes }
    }

    /// Asks for these days to be indexed.
    pub(super) fn wake(&self, days: BTreeSet<i64>) {
        lock(&self.wanted).days.extend(days);
        self.changed.notify_all();
    }

    /// Deletes the index of a day, and has it made anew; waits until the old one is gone.
    pub(super) fn rebuild(&self, day: i64) {
        let mut wanted = lock(&self.wanted);
        wanted.rebuild.insert(day);
        wanted.days.insert(day);
        self.changed.notify_all();
        while !wanted.stopping && !wanted.paused && wanted.rebuild.contains(&day) {
            wanted = self.changed.wait(wanted).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    pub(super) fn stop(&self) {
        lock(&self.wanted).stopping = true;
        self.changed.notify_all();
    }

    pub(super) fn set_paused(&self, paused: bool) {
        let mut wanted = lock(&self.wanted);
        wanted.paused = paused;
        self.changed.notify_all();
        while paused && wanted.working {
            wanted = self.changed.wait(wanted).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    /// Waits until nothing is left to index.
    pub(super) fn wait_until_done(&self) {
        let mut wanted = lock(&self.wanted);
        while !wanted.stopping && !wanted.paused && (wanted.working || !wanted.days.is_empty()) {
            wanted = self.changed.wait(wanted).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    /// Waits until nothing is left to index, and each day has its rollup.
    pub(super) fn wait_until_rolled_up(&self) {
        let mut wanted = lock(&self.wanted);
        while !wanted.stopping
            && !wanted.paused
            && (wanted.working || !wanted.days.is_empty() || !wanted.rollups.is_empty())
        {
            wanted = self.changed.wait(wanted).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    /// Works until [`Indexer::stop`].
    pub(super) fn run(&self, days: &Days) {
        let mut open: Option<OpenIndex> = None;
        let mut idle_rounds = 0;
        loop {
            let next = self.next(open.as_ref().map(|open| open.day.number));
            if let Some(Work::RollUp(number)) = next {
                self.roll_up(number, days);
                continue;
            }
            let Some(Work::Index(number)) = next else {
                idle_rounds += 1;
                let stopping = lock(&self.wanted).stopping;
                if open.is_some() && (stopping || idle_rounds >= IDLE_ROUNDS) {
                    close(open.take());
                }
                if stopping {
                    return;
                }
                continue;
            };
            idle_rounds = 0;
            if open.as_ref().is_some_and(|open| open.day.number != number || open.day.is_deleted()) {
                close(open.take());
            }
            let rebuild = lock(&self.wanted).rebuild.contains(&number);
            if rebuild {
                close(open.take());
            }
            let done = match days.get(number) {
                None => Ok(Done::Nothing),
                Some(day) if rebuild => delete_index(&day).and_then(|()| self.index_some(&day, &mut open)),
                Some(day) => self.index_some(&day, &mut open),
            };
            if rebuild && done.is_ok() {
                lock(&self.wanted).rebuild.remove(&number);
            }
            self.finish(number, done, &mut open, days);
        }
    }

    /// The next thing to do: rollups that are due, then the open day. `None` after an interval without one.
    fn next(&self, current: Option<i64>) -> Option<Work> {
        let mut wanted = lock(&self.wanted);
        if let Some(number) = wanted.due_rollup() {
            return Some(Work::RollUp(number));
        }
        if wanted.days.is_empty() || wanted.paused || wanted.stopping {
            if wanted.stopping {
                return None;
            }
            let is_waiting = current.is_some() || !wanted.rollups.is_empty();
            let wait = if is_waiting { self.interval } else { Duration::from_secs(60) };
            wanted = match self.changed.wait_timeout(wanted, wait) {
                Ok((wanted, _)) => wanted,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        if wanted.paused || wanted.stopping {
            return None;
        }
        let number =
            current.filter(|day| wanted.days.contains(day)).or_else(|| wanted.days.last().copied())?;
        wanted.days.remove(&number);
        wanted.working = true;
        Some(Work::Index(number))
    }

    /// Makes a day's rollup, unless it has one.
    fn roll_up(&self, number: i64, days: &Days) {
        if let Some(day) = days.get(number)
            && let Err(error) = roll_up(&day)
            && !day.is_deleted()
        {
            tracing::warn!(day = number, %error, "making the rollup of a day failed; its index answers");
        }
        lock(&self.wanted).working = false;
        self.changed.notify_all();
    }

    fn finish(&self, number: i64, done: Result<Done, StoreError>, open: &mut Option<OpenIndex>, days: &Days) {
        let mut wanted = lock(&self.wanted);
        let mut pause = Some(self.interval);
        match done {
            Ok(Done::Nothing) => {
                wanted.rollups.entry(number).or_insert_with(Instant::now);
            }
            Ok(Done::Everything) => {
                let events = days.get(number).map_or(0, |day| day.totals().events);
                let quiet = self.interval * QUIET_INTERVALS
                    + QUIET_PER_EVENT * u32::try_from(events).unwrap_or(u32::MAX);
                wanted.rollups.insert(number, Instant::now() + quiet);
            }
            Ok(Done::Part) => {
                wanted.days.insert(number);
                pause = None;
            }
            Err(error) => {
                *open = None;
                if let Some(day) = days.get(number) {
                    tracing::warn!(day = number, %error, "indexing a day failed; trying again");
                    // Looks at the checksums again, and rebuilds what is broken.
                    day.checked.store(false, std::sync::atomic::Ordering::Relaxed);
                    *lock(&day.view) = None;
                    wanted.days.insert(number);
                    pause = Some(self.interval.max(Duration::from_secs(1)));
                }
            }
        }
        wanted.working = false;
        self.changed.notify_all();
        // Lets commits gather, so that they become one segment.
        if let Some(pause) = pause
            && !wanted.stopping
        {
            let still = |wanted: &mut Wanted| !wanted.stopping;
            drop(self.changed.wait_timeout_while(wanted, pause, still));
        }
    }

    fn index_some(&self, day: &Arc<Day>, open: &mut Option<OpenIndex>) -> Result<Done, StoreError> {
        let context = || format!("indexing `{}`", day.folder.display());
        let goal = day.totals().seq;
        if goal == 0 {
            // Snapshots alone: there is nothing to index yet.
            return Ok(Done::Nothing);
        }
        if open.is_none() {
            let (index, payload) = index::open_or_rebuild(day)?;
            if payload.seq >= goal {
                return Ok(Done::Nothing);
            }
            let options = IndexWriterOptions::builder()
                .memory_budget_per_thread(self.memory_bytes)
                .num_worker_threads(1)
                .num_merge_threads(1)
                .build();
            let writer = index.writer_with_options(options).during(context)?;
            *open = Some(OpenIndex { day: Arc::clone(day), index, writer, payload });
        }
        let Some(open) = open else { return Ok(Done::Nothing) };
        let fields = index::schema().1;
        let mut payload = open.payload;
        let mut count = 0;
        day.read(|connection| {
            file::events_after(connection, payload.seq, COMMIT_EVENTS_MAX, &mut |stored| {
                add(&open.writer, &fields, &stored, open.payload).during(context)?;
                payload = Payload::new(stored.seq, payload.row.max(stored.row));
                count += 1;
                Ok(())
            })
        })?;
        if count > 0 {
            let mut commit = open.writer.prepare_commit().during(context)?;
            commit.set_payload(&payload.to_text()?);
            commit.commit().during(context)?;
            open.payload = payload;
            index::publish(day, payload);
        }
        Ok(if count == COMMIT_EVENTS_MAX { Done::Part } else { Done::Everything })
    }
}

fn delete_index(day: &Day) -> Result<(), StoreError> {
    let folder = day.index_folder();
    *lock(&day.view) = None;
    rollup::delete(day)?;
    if !folder.exists() {
        return Ok(());
    }
    std::fs::remove_dir_all(&folder).during(|| format!("deleting the index `{}`", folder.display()))
}

fn roll_up(day: &Day) -> Result<(), StoreError> {
    let Some(view) = index::view(day) else { return Ok(()) };
    match day.totals().events {
        1..=rollup::EVENTS_MAX => rollup::make(day, &view),
        _ => rollup::delete(day),
    }
}

impl Wanted {
    /// Takes a day whose rollup can be made now.
    fn due_rollup(&mut self) -> Option<i64> {
        if self.paused || self.stopping || !self.rebuild.is_empty() {
            return None;
        }
        let now = Instant::now();
        let number = self.rollups.iter().rev().find(|(_, from)| **from <= now).map(|(number, _)| *number)?;
        self.rollups.remove(&number);
        // What comes first changes the index again.
        if self.days.contains(&number) {
            return None;
        }
        self.working = true;
        Some(number)
    }
}

enum Work {
    Index(i64),
    RollUp(i64),
}

enum Done {
    /// There was nothing to do.
    Nothing,
    Everything,
    Part,
}

fn add(
    writer: &IndexWriter<TantivyDocument>,
    fields: &Fields,
    stored: &file::StoredEvent,
    committed: Payload,
) -> tantivy::Result<()> {
    if stored.row <= committed.row {
        writer.delete_term(Term::from_field_u64(fields.row, stored.row.cast_unsigned()));
    }
    writer.add_document(index::document(fields, stored)).map(drop)
}

/// Lets running merges finish, and gives the writer's memory back.
fn close(open: Option<OpenIndex>) {
    let Some(open) = open else { return };
    if open.writer.wait_merging_threads().is_err() {
        tracing::debug!(day = open.day.number, "a merge of the index did not finish");
    }
    drop(open.index);
}
