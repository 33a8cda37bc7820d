//! What clients are told about capturing: whether they do, how often, and what they capture next.
//!
//! - **Truth:** the switches are one document, like other settings; each request for the next capture is one of its own.
//!   Both outlive the server. A request that has ended is deleted from the store within ten seconds; after a crash in
//!   between it is open once more.
//! - **Who obeys:** clients of ours ask every ten seconds; ddtrace 4 asks every five (`DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS`),
//!   and understands on and off alone.

mod requests;
mod switches;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use reenact_intake::{ClientConfig, Switched};
use reenact_model::{IssueId, Placed, Report, Timestamp};
use reenact_store::StoreError;
use reenact_store::control::{AuditEntry, Control};

use requests::Requests;
pub(crate) use requests::{Request, can_be_asked};
pub use switches::CapturingError;
pub(crate) use switches::{CaptureSwitch, CurrentSwitches, Switches};

/// What clients are told.
pub struct Capturing {
    control: Arc<dyn Control>,
    pub(crate) switches: Switches,
    requests: Requests,
}

impl Capturing {
    /// Loads what was set and asked.
    ///
    /// # Errors
    /// [`CapturingError`] when the store fails, or what is stored cannot be used: values must not be captured where that
    /// was switched off.
    pub fn load(control: Arc<dyn Control>) -> Result<Arc<Self>, CapturingError> {
        let switches = Switches::load(Arc::clone(&control))?;
        let requests = Requests::load(&*control)?;
        Ok(Arc::new(Self { control, switches, requests }))
    }

    /// Asks for the values of the next exception like the one of `event`; `None` when its client cannot be asked.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails; then nothing is asked.
    pub(crate) fn ask(
        &self,
        issue: IssueId,
        event: &Report,
        audit: &AuditEntry,
    ) -> Result<Option<Request>, StoreError> {
        self.requests.ask(&*self.control, issue, event, audit)
    }

    /// Takes a request back. One that is not there is no error.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails; without the entry in the audit log nothing is taken back.
    pub(crate) fn take_back(&self, issue: IssueId, audit: &AuditEntry) -> Result<(), StoreError> {
        self.control.audit(audit)?;
        self.requests.end(issue);
        self.write_ended()
    }

    /// The open request of an issue.
    pub(crate) fn request(&self, issue: IssueId, now: Timestamp) -> Option<Request> {
        self.requests.of(issue, now)
    }

    /// Notes an event; one with values ends the request of its issue.
    pub(crate) fn arrived(&self, issue: IssueId, event: &Placed) {
        self.requests.arrived(issue, &event.report);
    }

    /// Deletes requests that have ended from the store.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails; the rest waits for the next time.
    pub fn write_ended(&self) -> Result<(), StoreError> {
        self.requests.write_ended(&*self.control)
    }

    /// What clients of ours are told.
    pub(crate) fn config(&self, service: &str, env: &str, now: Timestamp) -> ClientConfig {
        let switch = self.switches.of(service, env);
        ClientConfig {
            enabled: switch.as_ref().is_none_or(|switch| switch.enabled),
            captures_per_second: switch.and_then(|switch| switch.captures_per_second),
            capture_next: self.requests.of_service(service, now),
        }
    }

    /// What was set for a service.
    pub(crate) fn switched(&self, service: &str, env: &str) -> Switched {
        Switched {
            enabled: self.switches.of(service, env).map(|switch| switch.enabled),
            version: self.switches.version(),
        }
    }
}
