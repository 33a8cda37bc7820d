//! The thread that brings the indexes up to date.
//!
//! It wakes after commits, reads the changes that a day's index does not hold, and commits at most
//! about once per interval. It never holds up intake: what is not indexed yet is answered from the
//! day's file.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use tantivy::indexer::IndexWriterOptions;
use tantivy::{Index, IndexWriter, TantivyDocument, Term};

use super::days::{Day, Days, lock};
use super::failure::Failure;
use super::file;
use super::index::{self, Fields, Payload};
use crate::StoreError;

/// Events between two commits of an index, at most.
const COMMIT_EVENTS_MAX: usize = 20_000;
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

    /// Works until [`Indexer::stop`].
    pub(super) fn run(&self, days: &Days) {
        let mut open: Option<OpenIndex> = None;
        let mut idle_rounds = 0;
        loop {
            let Some(number) = self.next(open.as_ref().map(|open| open.day.number)) else {
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
                None => Ok(Done::Everything),
                Some(day) if rebuild => delete_index(&day).and_then(|()| self.index_some(&day, &mut open)),
                Some(day) => self.index_some(&day, &mut open),
            };
            if rebuild && done.is_ok() {
                lock(&self.wanted).rebuild.remove(&number);
            }
            self.finish(number, done, &mut open, days);
        }
    }

    /// The next day to index; the open one first. `None` after an interval without one.
    fn next(&self, current: Option<i64>) -> Option<i64> {
        let mut wanted = lock(&self.wanted);
        if wanted.days.is_empty() || wanted.paused || wanted.stopping {
            if wanted.stopping {
                return None;
            }
            let wait = if current.is_some() { self.interval } else { Duration::from_secs(60) };
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
        Some(number)
    }

    fn finish(&self, number: i64, done: Result<Done, StoreError>, open: &mut Option<OpenIndex>, days: &Days) {
        let mut wanted = lock(&self.wanted);
        let mut pause = Some(self.interval);
        match done {
            Ok(Done::Everything) => {}
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
            return Ok(Done::Everything);
        }
        if open.is_none() {
            let (index, payload) = index::open_or_rebuild(day)?;
            if payload.seq >= goal {
                return Ok(Done::Everything);
            }
            let options = IndexWriterOptions::builder()
                .memory_budget_per_thread(self.memory_bytes)
                .num_worker_threads(1)
                .num_merge_threads(1)
                .build();
            let writer = index.writer_with_options(options).during(context)?;
            *open = Some(OpenIndex { day: Arc::clone(day), index, writer, payload });
        }
        let Some(open) = open else { return Ok(Done::Everything) };
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
            index::publish(day, payload.seq);
        }
        Ok(if count == COMMIT_EVENTS_MAX { Done::Part } else { Done::Everything })
    }
}

fn delete_index(day: &Day) -> Result<(), StoreError> {
    let folder = day.index_folder();
    *lock(&day.view) = None;
    if !folder.exists() {
        return Ok(());
    }
    std::fs::remove_dir_all(&folder).during(|| format!("deleting the index `{}`", folder.display()))
}

enum Done {
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
