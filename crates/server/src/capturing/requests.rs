//! Exceptions that clients capture when they come again, whatever their limits say.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use reenact_intake::RaisedAt;
use reenact_model::{IssueId, Report, Timestamp};
use reenact_store::StoreError;
use reenact_store::control::{AuditEntry, Control};
use serde::{Deserialize, Serialize};

use super::CapturingError;
use crate::app::now;

/// How long a request is kept, in nanoseconds: one day.
const KEPT_NS: i64 = 86_400_000_000_000;
/// Requests that are kept; the ones that end first give way.
const REQUESTS_MAX: usize = 1_000;
/// The client that can be asked.
const CLIENT: &str = "reenact";
/// How the names of their documents begin; the id of the issue follows.
const DOCUMENTS: &str = "capture_next/";
/// Tries to write a document while others do.
const TRIES: usize = 10;

/// A request for the values of the next event of an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) by: String,
    pub(crate) at: Timestamp,
    pub(crate) expires_at: Timestamp,
    service: String,
    raised_at: RaisedAt,
}

/// As it is stored; times in nanoseconds.
#[derive(Serialize, Deserialize)]
struct Document {
    by: String,
    at: i64,
    service: String,
    raised_at: RaisedAt,
}

/// The requests that are open.
#[derive(Debug, Default)]
pub(super) struct Requests {
    state: Mutex<State>,
    /// Held while the store is changed, so that it never lacks what is open.
    writing: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    open: HashMap<IssueId, Request>,
    /// Not open any more, and still stored.
    ended: HashSet<IssueId>,
}

impl Requests {
    pub(super) fn load(control: &dyn Control) -> Result<Self, CapturingError> {
        let mut state = State::default();
        for (name, document) in control.documents(DOCUMENTS)? {
            let wrong = |message: String| CapturingError::Stored { message: format!("`{name}`: {message}") };
            let issue = name[DOCUMENTS.len()..].parse().map_err(|_| wrong("no issue".to_owned()))?;
            let document: Document =
                serde_json::from_str(&document.body).map_err(|error| wrong(error.to_string()))?;
            let at = Timestamp::from_nanos(document.at);
            let Document { by, service, raised_at, .. } = document;
            let expires_at = at.saturating_add_nanos(KEPT_NS);
            state.open.insert(issue, Request { by, at, expires_at, service, raised_at });
        }
        Ok(Self { state: Mutex::new(state), writing: Mutex::default() })
    }

    /// See [`super::Capturing::ask`].
    pub(super) fn ask(
        &self,
        control: &dyn Control,
        issue: IssueId,
        event: &Report,
        audit: &AuditEntry,
    ) -> Result<Option<Request>, StoreError> {
        let Some(raised_at) = raised_at(event) else { return Ok(None) };
        let (by, at) = (audit.actor.clone(), audit.at);
        let expires_at = at.saturating_add_nanos(KEPT_NS);
        let request = Request { by, at, expires_at, service: event.service.clone(), raised_at };
        let _writing = lock(&self.writing);
        write(control, issue, &request, audit)?;
        let mut state = self.lock();
        state.end_expired(at);
        if state.open.len() >= REQUESTS_MAX
            && let Some(first) = state.open.iter().min_by_key(|(_, open)| open.expires_at).map(|(id, _)| *id)
        {
            state.end(first);
        }
        state.ended.remove(&issue);
        state.open.insert(issue, request.clone());
        Ok(Some(request))
    }

    pub(super) fn end(&self, issue: IssueId) {
        self.lock().end(issue);
    }

    /// The open request of an issue.
    pub(super) fn of(&self, issue: IssueId, now: Timestamp) -> Option<Request> {
        self.lock().open.get(&issue).filter(|open| open.expires_at > now).cloned()
    }

    pub(super) fn arrived(&self, issue: IssueId, event: &Report) {
        if event.client.name == CLIENT && !event.snapshot_ids().is_empty() {
            self.end(issue);
        }
    }

    /// What the clients of a service are asked.
    pub(super) fn of_service(&self, service: &str, now: Timestamp) -> Vec<RaisedAt> {
        let state = self.lock();
        let open = state.open.values().filter(|open| open.service == service && open.expires_at > now);
        open.map(|open| open.raised_at.clone()).collect()
    }

    pub(super) fn write_ended(&self, control: &dyn Control) -> Result<(), StoreError> {
        let _writing = lock(&self.writing);
        let ended: Vec<IssueId> = {
            let mut state = self.lock();
            state.end_expired(now());
            state.ended.iter().copied().collect()
        };
        for issue in ended {
            control.delete_document(&name(issue))?;
            self.lock().ended.remove(&issue);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Every state of what these locks guard is valid.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn end(&mut self, issue: IssueId) {
        if self.open.remove(&issue).is_some() {
            self.ended.insert(issue);
        }
    }

    fn end_expired(&mut self, now: Timestamp) {
        let Self { open, ended } = self;
        open.retain(|issue, request| {
            let is_open = request.expires_at > now;
            if !is_open {
                ended.insert(*issue);
            }
            is_open
        });
    }
}

fn name(issue: IssueId) -> String {
    format!("{DOCUMENTS}{issue}")
}

fn write(
    control: &dyn Control,
    issue: IssueId,
    request: &Request,
    audit: &AuditEntry,
) -> Result<(), StoreError> {
    let Request { by, at, service, raised_at, .. } = request.clone();
    let document = Document { by, at: at.as_nanos(), service, raised_at };
    let body = serde_json::to_string(&document).expect("a request is plain data");
    let name = name(issue);
    for _ in 0..TRIES {
        let from = control.document(&name)?.map_or(0, |document| document.version);
        if control.put_document(&name, from, &body, Some(audit))?.is_some() {
            return Ok(());
        }
    }
    Err(StoreError::Overloaded)
}

/// Whether the client of an event can be asked.
pub(crate) fn can_be_asked(event: &Report) -> bool {
    raised_at(event).is_some()
}

/// By what a client recognises an exception: its type and the frame that raised it.
fn raised_at(event: &Report) -> Option<RaisedAt> {
    let exception = event.exceptions.last().filter(|_| event.client.name == CLIENT)?;
    let frame = exception.frames.last()?;
    Some(RaisedAt {
        type_name: exception.type_name.clone(),
        function: frame.function.clone(),
        file: frame.file.clone(),
    })
}
