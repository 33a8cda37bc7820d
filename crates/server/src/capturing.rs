//! What clients of ours are told: exceptions to capture when they come again, whatever their limits say.
//!
//! Known in memory alone: a request that a restart forgets is asked again, and one that nobody repeats ends by itself.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use reenact_intake::{ClientConfig, RaisedAt};
use reenact_model::{IssueId, Placed, Report, Timestamp};

/// How long a request is kept, in nanoseconds: one day.
const KEPT_NS: i64 = 86_400_000_000_000;
/// Requests that are kept; the ones that end first give way.
const REQUESTS_MAX: usize = 1_000;
/// The client that can be asked.
const CLIENT: &str = "reenact";

/// A request for the values of the next event of an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) by: String,
    pub(crate) at: Timestamp,
    pub(crate) expires_at: Timestamp,
    service: String,
    raised_at: RaisedAt,
}

/// The requests that are open.
#[derive(Debug, Default)]
pub struct Capturing {
    requests: Mutex<HashMap<IssueId, Request>>,
}

impl Capturing {
    /// Asks for the values of the next exception like the one of `event`; `None` when its client cannot be asked.
    pub(crate) fn ask(&self, issue: IssueId, event: &Report, by: String, at: Timestamp) -> Option<Request> {
        let request = Request {
            by,
            at,
            expires_at: at.saturating_add_nanos(KEPT_NS),
            service: event.service.clone(),
            raised_at: raised_at(event)?,
        };
        let mut requests = self.lock();
        requests.retain(|_, open| open.expires_at > at);
        if requests.len() >= REQUESTS_MAX
            && let Some(first) = requests.iter().min_by_key(|(_, open)| open.expires_at).map(|(id, _)| *id)
        {
            requests.remove(&first);
        }
        requests.insert(issue, request.clone());
        Some(request)
    }

    /// Takes a request back. One that is not there is no error.
    pub(crate) fn take_back(&self, issue: IssueId) {
        self.lock().remove(&issue);
    }

    /// The open request of an issue.
    pub(crate) fn request(&self, issue: IssueId, now: Timestamp) -> Option<Request> {
        self.lock().get(&issue).filter(|open| open.expires_at > now).cloned()
    }

    /// Notes an event; one with values ends the request of its issue.
    pub(crate) fn arrived(&self, issue: IssueId, event: &Placed) {
        if event.report.client.name == CLIENT && !event.report.snapshot_ids().is_empty() {
            self.take_back(issue);
        }
    }

    /// What the clients of a service are told.
    pub(crate) fn config(&self, service: &str, now: Timestamp) -> ClientConfig {
        let requests = self.lock();
        let open = requests.values().filter(|open| open.service == service && open.expires_at > now);
        ClientConfig { capture_next: open.map(|open| open.raised_at.clone()).collect() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IssueId, Request>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

#[cfg(test)]
mod tests {
    use reenact_model::{Client, Exception, Frame, SnapshotId};

    use super::*;

    fn report(client: &str) -> Report {
        let frame = Frame { function: "total".into(), file: "/srv/cart.py".into(), ..Frame::default() };
        let exception =
            Exception { type_name: "ValueError".into(), frames: vec![frame], ..Exception::default() };
        Report {
            service: "shop".into(),
            client: Client { name: client.into(), version: None },
            exceptions: vec![exception],
            ..Report::default()
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn clients_of_the_service_are_told_until_values_come() {
        let capturing = Capturing::default();
        let issue = IssueId(1);
        assert_eq!(capturing.ask(issue, &report("ddtrace"), "a".into(), at(1)), None);
        let request = capturing.ask(issue, &report("reenact"), "a".into(), at(1)).unwrap();
        assert_eq!(request.expires_at, at(86_401));
        let told = capturing.config("shop", at(2)).capture_next;
        assert_eq!((told.len(), told[0].function.as_str()), (1, "total"));
        assert_eq!(capturing.config("other", at(2)).capture_next, []);
        let mut event = Placed { report: report("reenact"), ..Placed::default() };
        capturing.arrived(issue, &event);
        assert_eq!(capturing.request(issue, at(2)), Some(request));
        event.report.exceptions[0].frames[0].snapshot_id = Some(SnapshotId(1));
        capturing.arrived(issue, &event);
        assert_eq!(capturing.request(issue, at(2)), None);
    }

    #[test]
    fn a_request_ends_by_itself() {
        let capturing = Capturing::default();
        capturing.ask(IssueId(1), &report("reenact"), "a".into(), at(1)).unwrap();
        assert!(capturing.request(IssueId(1), at(86_400)).is_some());
        assert_eq!(capturing.request(IssueId(1), at(86_401)), None);
        assert_eq!(capturing.config("shop", at(86_401)).capture_next, []);
        for issue in 0..=REQUESTS_MAX as u64 {
            capturing.ask(IssueId(issue), &report("reenact"), "a".into(), at(90_000 + issue as i64)).unwrap();
        }
        assert_eq!(capturing.config("shop", at(91_001)).capture_next.len(), REQUESTS_MAX);
        assert_eq!(capturing.request(IssueId(0), at(91_001)), None);
    }
}
