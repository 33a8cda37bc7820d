//! Long work that goes on after a restart: redacting again what is stored, and moving stored events to other issues.
//!
//! A job is a document; after each step its position is written, so that a crash loses one step at most.
//! One job works at a time, on a thread of its own.

mod regroup;
mod scrub;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use reenact_model::{IssueId, Timestamp};
use reenact_store::control::{AuditEntry, Control};
use reenact_store::{Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::app::now;
use crate::grouping::Grouping;
use crate::policy::{ChangeError, Policies};
use crate::workflow::Workflow;

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

/// What a job does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Redacts again.
    #[default]
    Scrub,
    /// Moves events to other issues.
    Regroup,
}

/// What stored events are to be grouped again.
#[derive(Debug)]
pub(crate) struct Regroup {
    /// All when empty.
    pub(crate) issues: Vec<IssueId>,
    /// All when empty.
    pub(crate) query: String,
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Timestamp,
}

/// A job as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) kind: Kind,
    /// Of which issues events are regrouped; of all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) issues: Vec<String>,
    /// Which of their events.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) query: String,
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
    grouping: Arc<Grouping>,
    workflow: Arc<Workflow>,
    stopping: AtomicBool,
    /// Held while a job's document changes.
    changing: Mutex<()>,
    wake: Condvar,
}

impl Jobs {
    /// The jobs that `control` knows; those that were running go on when [`Jobs::run`] does.
    pub fn new(
        store: Arc<dyn Store>,
        control: Arc<dyn Control>,
        policies: Arc<Policies>,
        grouping: Arc<Grouping>,
        workflow: Arc<Workflow>,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            control,
            policies,
            grouping,
            workflow,
            stopping: AtomicBool::new(false),
            changing: Mutex::default(),
            wake: Condvar::new(),
        })
    }

    /// Does jobs until [`Jobs::stop`]; blocks.
    pub fn run(&self) {
        self.finish_ended();
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
        let job = Job { total: stats.events + stats.snapshots, ..begun(id, from, to, audit) };
        self.start(job, audit)
    }

    /// Asks for stored events to be grouped again, by the rules in force.
    pub(crate) fn regroup(&self, id: String, asked: Regroup, audit: &AuditEntry) -> Result<Job, ChangeError> {
        let job = Job {
            kind: Kind::Regroup,
            issues: asked.issues.iter().map(ToString::to_string).collect(),
            query: asked.query,
            total: self.store.stats()?.events,
            ..begun(id, asked.from, asked.to, audit)
        };
        self.start(job, audit)
    }

    fn start(&self, job: Job, audit: &AuditEntry) -> Result<Job, ChangeError> {
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
            let step = self.step(&job);
            let changing = self.lock();
            // It may have been cancelled meanwhile.
            match self.one(&job.id) {
                Ok(Some(known)) if known.state == State::Running => {}
                _ => {
                    drop(changing);
                    return self.finish(&job);
                }
            }
            match step {
                Ok(step) => {
                    job.done += step.looked_at;
                    job.changed += step.changed;
                    for (rule, count) in step.hits {
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
                drop(changing);
                if job.state == State::Failed {
                    self.finish(&job);
                }
                return;
            }
        }
    }
}

/// What one step of a job did.
struct Step {
    looked_at: u64,
    changed: u64,
    hits: BTreeMap<String, u64>,
    next: Option<String>,
}

impl Jobs {
    fn step(&self, job: &Job) -> Result<Step, StoreError> {
        Ok(match job.kind {
            Kind::Scrub => {
                let (step, hits) = scrub::step(&*self.store, &self.policies, job)?;
                Step { looked_at: step.looked_at, changed: step.changed, hits, next: step.next }
            }
            Kind::Regroup => {
                let step = regroup::step(self, job)?;
                let (looked_at, changed) = (step.looked_at, step.moved);
                Step { looked_at, changed, hits: BTreeMap::new(), next: step.next }
            }
        })
    }

    /// Leaves in order what the newest job that moved events has done, when the server ended before it could. What was
    /// left in order already takes no time.
    fn finish_ended(&self) {
        match self.all() {
            Ok(jobs) => {
                let newest = jobs.iter().find(|job| job.kind == Kind::Regroup);
                let ended = newest.filter(|job| matches!(job.state, State::Cancelled | State::Failed));
                ended.into_iter().for_each(|job| self.finish(job));
            }
            Err(error) => tracing::error!(error = describe(&error), "jobs cannot be read"),
        }
    }

    /// Leaves what a job has done in order when it ended before its end.
    fn finish(&self, job: &Job) {
        if job.kind == Kind::Regroup
            && let Err(error) = regroup::finish(self, job)
        {
            let error = describe(&error);
            tracing::error!(
                job = job.id,
                error,
                "the times of issues may be wrong until events are grouped again"
            );
        }
    }
}

/// A job at its beginning.
fn begun(id: String, from: Option<Timestamp>, to: Timestamp, audit: &AuditEntry) -> Job {
    Job {
        id,
        kind: Kind::default(),
        issues: Vec::new(),
        query: String::new(),
        state: State::Running,
        requested_by: audit.actor.clone(),
        created_at: now().as_nanos(),
        finished_at: None,
        from: from.map(Timestamp::as_nanos),
        to: to.as_nanos(),
        position: None,
        done: 0,
        total: 0,
        changed: 0,
        hits: BTreeMap::new(),
        error: None,
    }
}

fn describe(error: &StoreError) -> String {
    let chain = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
