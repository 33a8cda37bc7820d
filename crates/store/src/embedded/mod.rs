//! The embedded store: one directory, nothing to install.
//!
//! - **Layout:** `lock`; `control.sqlite` (settings and records); `state.sqlite` (issues, derived); per UTC day
//!   `day=2026-11-22/events.sqlite` (events and snapshots, the truth) and
//!   `day=2026-11-22/index/` and `day=2026-11-22/rollup` (derived, rebuilt when missing, broken or outdated).
//! - **Promise:** what was reported done is durable (`synchronous = FULL`) and there once. It can be
//!   found at once, indexed or not.
//! - **After a crash:** SQLite replays its log; `state.sqlite` and each index say up to which change
//!   of a day they reach, and go on from there.
//! - **Operators see:** a warning when an index is rebuilt, an error that names the directory when
//!   another process has it open, or when a file is of a newer format.

mod body;
mod columns;
mod control;
mod control_issues;
mod days;
mod distinct;
mod dump;
mod facets;
mod failure;
mod file;
mod index;
mod indexer;
mod kept;
mod kept_facets;
mod kept_rows;
mod merged;
mod of_issues;
mod of_values;
mod open_day;
mod passing;
mod prepared;
mod query;
mod regroup;
mod rewrite;
mod rollup;
mod scan;
mod state;
mod tag_names;
mod tally;
mod tally_events;
mod tally_issues;
mod tally_list;
#[cfg(feature = "testing")]
mod training;
mod usage;
mod whole_issues;
mod words;
mod writer;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use fs4::fs_std::FileExt;
use reenact_model::{EventId, IssueId, Placed, Snapshot, SnapshotId, Timestamp};
use reenact_redact::Redacted;

use crate::control::Control;
use crate::{
    Change, Done, EventPage, EventQuery, FacetCount, Field, Filter, Histogram, IssueDetail, IssuePage,
    IssueQuery, KnownIssue, Merged, Neighbours, OwnIssue, RegroupStep, Regrouped, RewriteStep, SeenIn, Store,
    StoreError, StoreStats, TimeRange, Write,
};
use days::{Days, lock};
use failure::Failure;
use indexer::Indexer;
use prepared::prepare;
use state::Issues;
use writer::{Message, Writer};

pub use dump::dump;
#[cfg(feature = "testing")]
pub use training::{Bodies, uncompressed};
pub use usage::{FieldBytes, index_bytes};

/// How an embedded store works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Writes in one commit, about; whole batches are taken until it is reached.
    pub commit_batch_max: usize,
    /// Writes that may wait; a batch that would go over is refused, unless nothing waits.
    pub queue_writes_max: usize,
    /// Time between two commits of a day's index, at least.
    pub index_interval: Duration,
    /// Memory for what is being indexed, in bytes; 15,000,000 at least. Given back when idle.
    pub index_memory_bytes: usize,
    /// Days that are kept open for reading.
    pub open_days_max: usize,
    /// Events of a day that a question about words, tags or captured values has to match before it is looked which
    /// issues match as a whole; their counts stand in the day's rollup.
    pub whole_issues_min: usize,
    /// Days that ended longer ago are deleted; `None` keeps them.
    pub retention_age: Option<Duration>,
    /// The oldest days are deleted until the rest is smaller, in bytes; the newest day stays.
    pub retention_bytes: Option<u64>,
}

impl Options {
    /// Commits of 2,000 writes, a queue of 20,000, indexing twice a second with 15 MB, 64 open days,
    /// whole issues from 1,000 events on, and nothing is ever deleted.
    pub const DEFAULT: Self = Self {
        commit_batch_max: 2_000,
        queue_writes_max: 20_000,
        index_interval: Duration::from_millis(500),
        index_memory_bytes: 15_000_000,
        open_days_max: 64,
        whole_issues_min: 1_000,
        retention_age: None,
        retention_bytes: None,
    };
}

/// Room that must be left for the store to count as able to write, in bytes.
const PROBE_BYTES: usize = 1 << 20;

/// A store in one directory, opened by one process.
pub struct EmbeddedStore {
    root: PathBuf,
    options: Options,
    days: Arc<Days>,
    state: Arc<Mutex<Issues>>,
    merged: RwLock<Merged>,
    indexer: Arc<Indexer>,
    waiting: Arc<AtomicUsize>,
    queue: Mutex<Option<SyncSender<Message>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Held as long as the store is open.
    lock: Mutex<Option<fs::File>>,
    control: Arc<control::ControlFile>,
}

impl std::fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedStore").field("root", &self.root).finish_non_exhaustive()
    }
}

impl EmbeddedStore {
    /// Opens the store in `dir`, which is made if it does not exist.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when another process has it open, a file is of a newer format, or the
    /// disk fails; it names the directory or file.
    pub fn open(dir: &Path, options: Options) -> Result<Self, StoreError> {
        fs::create_dir_all(dir).during(|| format!("making the data directory `{}`", dir.display()))?;
        let lock = lock_directory(dir)?;
        let days = Arc::new(Days::open(dir, &options)?);
        let state_path = dir.join("state.sqlite");
        let mut state = state::open(&state_path)?;
        writer::catch_up(&days, &mut state)?;
        let indexer =
            Arc::new(Indexer::new(options.index_interval, options.index_memory_bytes.max(15_000_000)));
        indexer.wake(days.all().iter().map(|day| day.number).collect::<BTreeSet<_>>());
        let waiting = Arc::new(AtomicUsize::new(0));
        let (sender, receiver) = sync_channel(options.queue_writes_max.clamp(1, 100_000));
        let issues = Arc::new(Mutex::new(Issues::new(file::open_to_read(&state_path)?)));
        let writer = Writer::new(
            Arc::clone(&days),
            Arc::clone(&indexer),
            state,
            Arc::clone(&issues),
            options.commit_batch_max,
            Arc::clone(&waiting),
        );
        let writing = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(&receiver))
            .during(|| "starting the thread that writes")?;
        let (shared_indexer, shared_days) = (Arc::clone(&indexer), Arc::clone(&days));
        let indexing = thread::Builder::new()
            .name("store-indexer".to_owned())
            .spawn(move || shared_indexer.run(&shared_days))
            .during(|| "starting the thread that indexes")?;
        Ok(Self {
            root: dir.to_owned(),
            options,
            days,
            state: issues,
            merged: RwLock::default(),
            indexer,
            waiting,
            queue: Mutex::new(Some(sender)),
            threads: Mutex::new(vec![writing, indexing]),
            lock: Mutex::new(Some(lock)),
            control: Arc::new(control::ControlFile::open(dir)?),
        })
    }

    /// Settings and records in the same directory.
    pub fn control(&self) -> Arc<dyn Control> {
        Arc::clone(&self.control) as Arc<dyn Control>
    }

    /// Stops indexing, for tests of what is not indexed.
    #[doc(hidden)]
    pub fn pause_indexing(&self) {
        self.indexer.set_paused(true);
    }

    /// Goes on indexing.
    #[doc(hidden)]
    pub fn resume_indexing(&self) {
        self.indexer.set_paused(false);
    }

    /// Waits until everything is indexed, unless indexing is paused.
    #[doc(hidden)]
    pub fn wait_until_indexed(&self) {
        self.indexer.wait_until_done();
    }

    fn merged(&self) -> Merged {
        self.merged.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until everything is indexed and days have their rollups, unless indexing is paused.
    #[doc(hidden)]
    pub fn wait_until_rolled_up(&self) {
        self.indexer.wait_until_rolled_up();
    }

    /// How many answers about a day came from its rollup, for tests.
    #[doc(hidden)]
    pub fn rollups_used(&self) -> u64 {
        self.days.rollups_used.load(Ordering::Relaxed)
    }

    /// How many answers about a day came from its rollup in part, through issues that match as a whole, for tests.
    #[doc(hidden)]
    pub fn whole_issues_used(&self) -> u64 {
        self.days.whole_issues_used.load(Ordering::Relaxed)
    }

    /// How many answers about facets were counted in part before, for tests.
    #[doc(hidden)]
    pub fn facets_used(&self) -> u64 {
        self.days.facets_used.load(Ordering::Relaxed)
    }

    /// How many lists of issues and histograms were counted in part before, for tests.
    #[doc(hidden)]
    pub fn rows_used(&self) -> u64 {
        self.days.rows_used.load(Ordering::Relaxed)
    }

    /// Asks the thread that writes to delete days, and waits.
    fn delete_days(&self, days: Vec<i64>) -> Result<(), StoreError> {
        if days.is_empty() {
            return Ok(());
        }
        let (reply, answer) = sync_channel(1);
        let sender = lock(&self.queue).clone().ok_or(StoreError::Closed)?;
        sender.send(Message::DeleteDays { days, reply }).map_err(|_| StoreError::Closed)?;
        drop(sender);
        answer.recv().map_err(|_| StoreError::Closed)?
    }
}

impl Store for EmbeddedStore {
    fn submit(&self, writes: Vec<Redacted<Write>>, done: Done) -> Result<(), StoreError> {
        let Some(sender) = lock(&self.queue).clone() else { return Err(StoreError::Closed) };
        let count = writes.len();
        let before = self.waiting.fetch_add(count, Ordering::SeqCst);
        let refuse = |error| {
            self.waiting.fetch_sub(count, Ordering::SeqCst);
            Err(error)
        };
        if before > 0 && before + count > self.options.queue_writes_max {
            return refuse(StoreError::Overloaded);
        }
        let prepared = writes.into_iter().map(|write| prepare(write.into_inner())).collect();
        let writes = match prepared {
            Ok(writes) => writes,
            Err(error) => return refuse(error),
        };
        match sender.try_send(Message::Batch { writes, done }) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => refuse(StoreError::Overloaded),
            Err(TrySendError::Disconnected(_)) => refuse(StoreError::Closed),
        }
    }

    fn issues(&self, query: &IssueQuery) -> Result<IssuePage, StoreError> {
        query::issues(&self.days, &self.state, &self.merged(), query)
    }

    fn issue(
        &self,
        id: IssueId,
        range: TimeRange,
        buckets: usize,
    ) -> Result<Option<IssueDetail>, StoreError> {
        query::issue(&self.days, &self.state, &self.merged(), id, range, buckets)
    }

    fn set_merged(&self, merged: Merged) {
        *self.merged.write().unwrap_or_else(PoisonError::into_inner) = merged;
    }

    fn own_issues(&self, ids: &[IssueId]) -> Result<Vec<OwnIssue>, StoreError> {
        merged::own_issues(&self.state, ids)
    }

    fn newest_events(
        &self,
        filter: &Filter,
        range: TimeRange,
        limit: usize,
        visit: &mut dyn FnMut(Placed) -> bool,
    ) -> Result<u64, StoreError> {
        merged::newest_events(&self.days, &self.merged().own(filter), range, limit, visit)
    }

    fn issue_ids(&self, filter: &Filter, range: TimeRange) -> Result<Vec<IssueId>, StoreError> {
        query::issue_ids(&self.days, &self.merged(), filter, range)
    }

    fn known_issues(&self, visit: &mut dyn FnMut(KnownIssue)) -> Result<(), StoreError> {
        query::known_issues(&self.state, &self.merged(), visit)
    }

    fn seen_in(
        &self,
        filter: &Filter,
        range: TimeRange,
        rows_max: usize,
    ) -> Result<Option<Vec<SeenIn>>, StoreError> {
        query::seen_in(&self.days, &self.merged(), filter, range, rows_max)
    }

    fn events(&self, query: &EventQuery) -> Result<EventPage, StoreError> {
        query::events(&self.days, &self.merged(), query)
    }

    fn neighbours(
        &self,
        id: EventId,
        filter: &Filter,
        range: TimeRange,
    ) -> Result<Option<Neighbours>, StoreError> {
        query::neighbours(&self.days, &self.merged(), id, filter, range)
    }

    fn event(&self, id: EventId) -> Result<Option<Placed>, StoreError> {
        query::event(&self.days, id)
    }

    fn snapshots(&self, ids: &[SnapshotId]) -> Result<Vec<Snapshot>, StoreError> {
        query::snapshots(&self.days, ids)
    }

    fn histogram(&self, filter: &Filter, range: TimeRange, buckets: usize) -> Result<Histogram, StoreError> {
        query::histogram(&self.days, &self.merged(), filter, range, buckets)
    }

    fn facet(
        &self,
        field: &Field,
        filter: &Filter,
        range: TimeRange,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<FacetCount>, StoreError> {
        query::facet(&self.days, &self.merged(), field, filter, range, prefix, limit)
    }

    fn facets(
        &self,
        fields: &[Field],
        filter: &Filter,
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<Vec<FacetCount>>, StoreError> {
        query::facets(&self.days, &self.merged(), fields, filter, range, limit)
    }

    fn tag_names(
        &self,
        filter: &Filter,
        range: TimeRange,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<FacetCount>, StoreError> {
        query::tag_names(&self.days, &self.merged(), filter, range, prefix, limit)
    }

    fn issue_counts(&self, filter: &Filter, range: TimeRange) -> Result<Vec<(IssueId, u64)>, StoreError> {
        query::issue_counts(&self.days, &self.merged(), filter, range)
    }

    fn stats(&self) -> Result<StoreStats, StoreError> {
        let mut stats = StoreStats { disk_bytes: disk_bytes(&self.root), ..StoreStats::default() };
        for day in self.days.all() {
            let totals = day.totals();
            let indexed = index::view(&day).map_or(0, |view| view.seq);
            self.days.touch(&day);
            stats.events += totals.events.cast_unsigned();
            stats.snapshots += totals.snapshots.cast_unsigned();
            stats.events_unindexed += day.read(|connection| file::count_after(connection, indexed))?;
            let newest = totals.times.map(|(_, max)| Timestamp::from_nanos(max));
            stats.last_event_at = stats.last_event_at.max(newest);
        }
        Ok(stats)
    }

    fn probe(&self) -> Result<(), StoreError> {
        // A few bytes may fit where the next batch would not.
        let path = self.root.join("probe");
        let written = fs::File::create(&path)
            .and_then(|mut file| io::Write::write_all(&mut file, &[0; PROBE_BYTES]).and(file.sync_all()));
        let removed = fs::remove_file(&path);
        written.and(removed).during(|| format!("writing to `{}`", path.display()))?;
        let (reply, answer) = sync_channel(1);
        let sender = lock(&self.queue).clone().ok_or(StoreError::Closed)?;
        sender.send(Message::Probe { reply }).map_err(|_| StoreError::Closed)?;
        drop(sender);
        answer.recv().map_err(|_| StoreError::Closed)?
    }

    fn enforce_retention(&self, now: Timestamp) -> Result<(), StoreError> {
        if let Some(age) = self.options.retention_age {
            let age_ns = i64::try_from(age.as_nanos()).unwrap_or(i64::MAX);
            let day_kept = Timestamp::from_nanos(now.as_nanos().saturating_sub(age_ns)).day();
            self.delete_days(self.days.between(0..=day_kept - 1).iter().map(|day| day.number).collect())?;
        }
        if let Some(bytes_max) = self.options.retention_bytes {
            let days = self.days.all();
            let sizes: Vec<(i64, u64)> =
                days.iter().map(|day| (day.number, disk_bytes(&day.folder))).collect();
            let mut surplus = sizes.iter().map(|(_, bytes)| bytes).sum::<u64>().saturating_sub(bytes_max);
            let mut doomed = Vec::new();
            for (number, bytes) in sizes.iter().take(sizes.len().saturating_sub(1)) {
                if surplus == 0 {
                    break;
                }
                surplus = surplus.saturating_sub(*bytes);
                doomed.push(*number);
            }
            self.delete_days(doomed)?;
        }
        Ok(())
    }

    fn rewrite(
        &self,
        range: TimeRange,
        position: Option<&str>,
        change: Change<'_>,
    ) -> Result<RewriteStep, StoreError> {
        self.rewrite_step(range, position, change)
    }

    fn regroup(
        &self,
        range: TimeRange,
        position: Option<&str>,
        change: Regrouped<'_>,
    ) -> Result<RegroupStep, StoreError> {
        self.regroup_step(range, position, change)
    }

    fn close(&self) -> Result<(), StoreError> {
        drop(lock(&self.queue).take());
        let mut failed = false;
        let mut threads = lock(&self.threads);
        // The writer first: it ends when the queue is empty, and wakes the indexer until then.
        for thread in threads.drain(..) {
            failed |= thread.join().is_err();
            self.indexer.stop();
        }
        if let Some(file) = lock(&self.lock).take() {
            drop(file);
        }
        if failed {
            let source = "a thread of the store ended with a panic".into();
            return Err(StoreError::Engine { context: "closing the store".to_owned(), source });
        }
        Ok(())
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::error!(%error, "closing the store failed");
        }
    }
}

fn lock_directory(dir: &Path) -> Result<fs::File, StoreError> {
    let path = dir.join("lock");
    let context = || format!("locking the data directory `{}`", dir.display());
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(path).during(context)?;
    if FileExt::try_lock_exclusive(&file).during(context)? {
        return Ok(file);
    }
    let source = "another process has it open; stop that one, or give this one another directory".into();
    Err(StoreError::Engine { context: context(), source })
}

/// Size of the files below a folder, as far as they can be seen.
fn disk_bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => disk_bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
