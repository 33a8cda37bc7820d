//! Where issues stand: what people decide, what events and time do to it, and the timeline.
//!
//! - **Truth:** `control.sqlite`. Everything is also in memory, loaded at the start: an event costs one look
//!   into a map, and issues that nobody has touched take no room.
//! - **Changes** are made one at a time, durable before anybody sees them, and can be taken back for
//!   [`UNDO_NS`].
//! - **Judging:** after events are durable, those of resolved and of ignored issues are judged. What a crash or
//!   a failing disk leaves out is found by looking at all events since each resolution, at the start and after
//!   a failure; counts of ignored issues are counted again in the same way.
//! - **Merged issues** keep their own status, which waits; nothing moves it. Events are looked at under the issue
//!   that theirs is shown as.
//! - **Limits:** [`STATUSES_MAX`] issues have a status of their own. What was not seen and not changed for long
//!   is forgotten ([`FORGOTTEN_NS`], [`FORGOTTEN_AUTOMATIC_NS`]), except excluded issues.

mod automatic;
mod catalogue;
mod causes;
mod change;
mod counting;
mod forget;
mod judge;
mod live;
mod merge;
#[cfg(test)]
mod merge_tests;
mod moved;
mod pins;
mod terms;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use reenact_issues::lifecycle::{Release, Status};
use reenact_model::{IssueId, Timestamp};
use reenact_store::control::{Control, IssueCounts};
use reenact_store::{IssueGroups, Store, StoreError};
use tokio::sync::watch;

use crate::app::now;
use catalogue::Catalogue;
use counting::Counting;
use live::Live;

pub(crate) use causes::set_causes;
pub(crate) use change::{Asked, ChangeFailure, Selected};
pub(crate) use judge::{Judged, Seen};
pub(crate) use merge::{AskedMerge, MEMBERS_MAX, MERGED_MAX};
pub(crate) use pins::{FUNCTION_BYTES_MAX, PINS_MAX, Pin, PinFailure};
pub(crate) use terms::{FilterFailure, group_of, is_new};

const SECOND_NS: i64 = 1_000_000_000;
const DAY_NS: i64 = 86_400 * SECOND_NS;

/// Issues with a status of their own.
pub(crate) const STATUSES_MAX: usize = 100_000;
/// Issues of one change that names them.
pub(crate) const IDS_MAX: usize = 1_000;
/// Issues of one change that asks for all that match.
pub(crate) const MATCHING_MAX: usize = 10_000;
/// How long a change can be taken back, in nanoseconds: 30 days.
pub(crate) const UNDO_NS: i64 = 30 * DAY_NS;
/// After this time without an event or a change a status is forgotten, in nanoseconds: 400 days.
const FORGOTTEN_NS: i64 = 400 * DAY_NS;
/// Likewise for an issue that was resolved automatically: 90 days.
const FORGOTTEN_AUTOMATIC_NS: i64 = 90 * DAY_NS;
/// Time between two looks at dates.
const TICK: Duration = Duration::from_secs(1);
/// Ticks between two writes of counts, and between two tries to judge what may not have been.
const WRITE_TICKS: u64 = 10;
/// Ticks between two looks for issues that are over: an hour.
const AUTOMATIC_TICKS: u64 = 3_600;

/// The workflow of issues.
pub struct Workflow {
    store: Arc<dyn Store>,
    control: Arc<dyn Control>,
    live: RwLock<Live>,
    counting: Mutex<Counting>,
    catalogue: Catalogue,
    groups: Mutex<Option<IssueGroups>>,
    /// Held while a status changes.
    changing: Mutex<()>,
    /// Wakes pages: how many events and snapshots were recorded since the process began.
    recorded: watch::Sender<u64>,
    /// Whether events may not have been judged.
    behind: AtomicBool,
    stopping: AtomicBool,
    sleeping: Mutex<()>,
    wake: Condvar,
}

impl Workflow {
    /// Loads what was decided.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub fn load(store: Arc<dyn Store>, control: Arc<dyn Control>) -> Result<Arc<Self>, StoreError> {
        let live = Live::new(control.statuses()?);
        store.set_merged(live.merged().clone());
        let counting = Counting::new(control.counts()?);
        let catalogue = Catalogue::new(control.versions()?);
        Ok(Arc::new(Self {
            store,
            control,
            live: RwLock::new(live),
            counting: Mutex::new(counting),
            catalogue,
            groups: Mutex::default(),
            changing: Mutex::default(),
            recorded: watch::channel(0).0,
            behind: AtomicBool::new(true),
            stopping: AtomicBool::new(false),
            sleeping: Mutex::default(),
            wake: Condvar::new(),
        }))
    }

    /// Does what happens by itself until [`Workflow::stop`]; blocks.
    pub fn run(&self) {
        let mut tick = 0;
        while !self.is_stopping() {
            let now = now();
            self.report("dates of ignored issues", self.end_dates(now));
            // While the disk fails this fails too: it is not tried all the time.
            if tick % WRITE_TICKS == 0 && self.behind.load(Ordering::SeqCst) {
                self.report("events that may not have been judged", self.catch_up(now));
            }
            if tick % AUTOMATIC_TICKS == 0 {
                self.report("issues that are over", self.resolve_automatically(now));
                self.report("old records about issues", self.forget(now));
            }
            tick += 1;
            if tick % WRITE_TICKS == 0 {
                self.report("counts of issues", self.write_counts());
            }
            let sleeping = lock(&self.sleeping);
            if !self.is_stopping() {
                drop(self.wake.wait_timeout(sleeping, TICK));
            }
        }
        self.report("counts of issues", self.write_counts());
    }

    /// Ends [`Workflow::run`] after what it is doing; counts are written.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        let _sleeping = lock(&self.sleeping);
        self.wake.notify_all();
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn report(&self, what: &'static str, done: Result<(), StoreError>) {
        if let Err(error) = done {
            tracing::error!(%error, "the workflow failed at {what}; trying again");
        }
    }

    /// Where an issue stands.
    pub(crate) fn status(&self, id: IssueId) -> Arc<Status> {
        self.live().status(id)
    }

    /// Events and users counted since an issue was ignored, and events that were excluded.
    pub(crate) fn counts(&self, id: IssueId) -> IssueCounts {
        lock(&self.counting).counts(id)
    }

    /// The signal of what was recorded or changed.
    pub(crate) fn recorded(&self) -> &watch::Sender<u64> {
        &self.recorded
    }

    /// Notes the version of an event.
    pub(crate) fn note_version(&self, service: &str, env: &Option<String>, version: &str, at: Timestamp) {
        self.catalogue.note(service, env, version, at);
    }

    /// Environments of a service, each with its versions in the order in which they were first seen.
    pub(crate) fn releases(&self, service: &str) -> Vec<(Option<String>, Vec<Release>)> {
        self.catalogue.releases(service)
    }

    fn write_counts(&self) -> Result<(), StoreError> {
        let counts = lock(&self.counting).take_changed();
        if !counts.is_empty() {
            let written = self.control.put_counts(&counts);
            if written.is_err() {
                lock(&self.counting).give_back(&counts);
            }
            written?;
        }
        let versions = self.catalogue.changed();
        if !versions.is_empty() {
            self.control.put_versions(&versions)?;
            self.catalogue.written(&versions);
        }
        Ok(())
    }

    fn live(&self) -> RwLockReadGuard<'_, Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts statuses that are durable in force, and wakes pages.
    fn put_in_force(&self, statuses: impl Iterator<Item = (IssueId, Option<Status>)>) {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        let mut moved = false;
        for (id, status) in statuses {
            moved |= live.set(id, status);
        }
        if moved {
            live.merge();
            self.store.set_merged(live.merged().clone());
        }
        drop(live);
        *lock(&self.groups) = None;
        // The count is that of events; a page asks again all the same.
        self.recorded.send_modify(|_| ());
    }
}

/// Every state of what these locks guard is valid.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
