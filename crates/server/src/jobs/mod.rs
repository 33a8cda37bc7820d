//! Long work that goes on after a restart: today, redacting again what is stored.
//!
//! A job is a document; after each step its position is written, so that a crash loses one step at most.
//! One job works at a time, on a thread of its own.

mod scrub;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use reenact_model::Timestamp;
use reenact_store::control::{AuditEntry, Control};
use reenact_store::{Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::app::now;
use crate::policy::{ChangeError, Policies};

/// What job documents are called.
const START: &str = "job/";
/// Jobs that ended and are still listed.
const ENDED_MAX: usize = 50;

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Running,
    Done,
    Cancelled,
    Failed,
}

/// A job as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) state: State,
    pub(crate) requested_by: String,
    pub(crate) created_at: i64,
    pub(crate) finished_at: Option<i64>,
    /// The range that it works on, in nanoseconds; `None` is everything.
    pub(crate) from: Option<i64>,
    pub(crate) to: i64,
    pub(crate) position: Option<String>,
    pub(crate) done: u64,
    pub(crate) total: u64,
    pub(crate) changed: u64,
    /// By the text of the rule.
    pub(crate) hits: BTreeMap<String, u64>,
    pub(crate) error: Option<String>,
}

/// The jobs and the thread that does them.
pub struct Jobs {
    store: Arc<dyn Store>,
    control: Arc<dyn Control>,
    policies: Arc<Policies>,
    stopping: AtomicBool,
    /// Held while a job's document changes.
    changing: Mutex<()>,
    wake: Condvar,
}

impl Jobs {
    /// The jobs that `control` knows; those that were running go on when [`Jobs::run`] does.
    pub fn new(store: Arc<dyn Store>, control: Arc<dyn Control>, policies: Arc<Policies>) -> Arc<Self> {
        Arc::new(Self {
            store,
            control,
            policies,
            stopping: AtomicBool::new(false),
            changing: Mutex::default(),
            wake: Condvar::new(),
        })
    }

    /// Does jobs until [`Jobs::stop`]; blocks.
    pub fn run(&self) {
        while !self.is_stopping() {
            match self.next() {
                Ok(Some(job)) => self.work(job),
                Ok(None) => self.wait(),
                Err(error) => {
                    tracing::error!(error = describe(&error), "jobs cannot be read; trying again");
                    self.wait();
                }
            }
        }
    }

    /// Ends after the step under way; the job goes on after the next start.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        let _changing = self.lock();
        self.wake.notify_all();
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self) {
        let changing = self.lock();
        if !self.is_stopping() {
            drop(self.wake.wait_timeout(changing, std::time::Duration::from_secs(5)));
        }
    }

    /// All jobs, the newest first.
    pub(crate) fn all(&self) -> Result<Vec<Job>, StoreError> {
        let mut jobs: Vec<Job> = self
            .control
            .documents(START)?
            .into_iter()
            .filter_map(|(_, document)| serde_json::from_str(&document.body).ok())
            .collect();
        jobs.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        Ok(jobs)
    }

    pub(crate) fn one(&self, id: &str) -> Result<Option<Job>, StoreError> {
        let document = self.control.document(&format!("{START}{id}"))?;
        Ok(document.and_then(|document| serde_json::from_str(&document.body).ok()))
    }

    /// Asks for stored data to be redacted again.
    pub(crate) fn scrub(
        &self,
        id: String,
        from: Option<Timestamp>,
        to: Timestamp,
        audit: &AuditEntry,
    ) -> Result<Job, ChangeError> {
        let stats = self.store.stats()?;
        let job = Job {
            id,
            state: State::Running,
            requested_by: audit.actor.clone(),
            created_at: now().as_nanos(),
            finished_at: None,
            from: from.map(Timestamp::as_nanos),
            to: to.as_nanos(),
            position: None,
            done: 0,
            total: stats.events + stats.snapshots,
            changed: 0,
            hits: BTreeMap::new(),
            error: None,
        };
        let _changing = self.lock();
        self.forget_old()?;
        self.put(&job, Some(audit))?;
        self.wake.notify_all();
        Ok(job)
    }

    /// Ends a job after the step under way; `None` when there is none of that id. One that has ended stays
    /// as it is.
    pub(crate) fn cancel(&self, id: &str, audit: &AuditEntry) -> Result<Option<Job>, StoreError> {
        let _changing = self.lock();
        let Some(mut job) = self.one(id)? else { return Ok(None) };
        if job.state == State::Running {
            job.state = State::Cancelled;
            job.finished_at = Some(now().as_nanos());
            self.put(&job, Some(audit))?;
        }
        Ok(Some(job))
    }

    /// The oldest job that is not done.
    fn next(&self) -> Result<Option<Job>, StoreError> {
        Ok(self.all()?.into_iter().rev().find(|job| job.state == State::Running))
    }

    fn put(&self, job: &Job, audit: Option<&AuditEntry>) -> Result<(), StoreError> {
        let name = format!("{START}{}", job.id);
        let version = self.control.document(&name)?.map_or(0, |document| document.version);
        let body = serde_json::to_string(job).expect("a job is plain data");
        self.control.put_document(&name, version, &body, audit)?;
        Ok(())
    }

    fn forget_old(&self) -> Result<(), StoreError> {
        let ended = self.all()?.into_iter().filter(|job| job.state != State::Running).skip(ENDED_MAX);
        for job in ended {
            self.control.delete_document(&format!("{START}{}", job.id))?;
        }
        Ok(())
    }

    /// Does a job to its end, or until told to stop.
    fn work(&self, mut job: Job) {
        while !self.is_stopping() {
            let step = scrub::step(&*self.store, &self.policies, &job);
            let _changing = self.lock();
            // It may have been cancelled meanwhile.
            match self.one(&job.id) {
                Ok(Some(known)) if known.state == State::Running => {}
                _ => return,
            }
            match step {
                Ok((step, hits)) => {
                    job.done += step.looked_at;
                    job.changed += step.changed;
                    for (rule, count) in hits {
                        *job.hits.entry(rule).or_default() += count;
                    }
                    job.position = step.next;
                    if job.position.is_none() {
                        job.state = State::Done;
                    }
                }
                Err(error) => {
                    job.state = State::Failed;
                    job.error = Some(describe(&error));
                    tracing::error!(job = job.id, error = describe(&error), "a job failed");
                }
            }
            if job.state != State::Running {
                job.finished_at = Some(now().as_nanos());
            }
            if let Err(error) = self.put(&job, None) {
                tracing::error!(job = job.id, error = describe(&error), "a job's progress cannot be kept");
                return;
            }
            if job.state != State::Running {
                return;
            }
        }
    }
}

fn describe(error: &StoreError) -> String {
    let chain = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
