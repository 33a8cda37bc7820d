use std::sync::mpsc::channel;

use reenact_issues::lifecycle::{Activity, Actor, Ignore, Request, Scope, Set, State};
use reenact_model::{IssueId, Placed, Timestamp};
use reenact_redact::Redacted;
use reenact_store::control::{AuditEntry, Control};
use reenact_store::{EmbeddedStore, Filter, Options, Write, conformance};

use super::*;

/// A store in a folder of its own, and the workflow over it.
pub(super) struct Place {
    dir: tempfile::TempDir,
    pub(super) store: Arc<dyn Store>,
    control: Arc<dyn Control>,
    pub(super) workflow: Arc<Workflow>,
}

impl Place {
    pub(super) fn new() -> Self {
        Self::in_dir(tempfile::tempdir().unwrap())
    }

    fn in_dir(dir: tempfile::TempDir) -> Self {
        let embedded = EmbeddedStore::open(dir.path(), Options::DEFAULT).unwrap();
        let control = embedded.control();
        let store: Arc<dyn Store> = Arc::new(embedded);
        let workflow = Workflow::load(Arc::clone(&store), Arc::clone(&control)).unwrap();
        Self { dir, store, control, workflow }
    }

    /// As after a crash: nothing was written at the end.
    pub(super) fn again(self) -> Self {
        let Self { dir, store, control, workflow } = self;
        drop((workflow, control));
        store.close().unwrap();
        drop(store);
        Self::in_dir(dir)
    }

    /// Stores events as a crash would leave them: not judged.
    fn store(&self, events: &[Placed]) {
        let (sender, receiver) = channel();
        let writes =
            events.iter().map(|event| Redacted::trust_in_tests(Write::Event(Box::new(event.clone()))));
        let done = Box::new(move |outcomes| drop(sender.send(outcomes)));
        self.store.submit(writes.collect(), done).unwrap();
        receiver.recv().unwrap().unwrap();
    }

    /// Stores and judges.
    pub(super) fn receive(&self, event: &Placed) {
        let report = &event.report;
        if let Some(version) = &report.version {
            self.workflow.note_version(&report.service, &report.env, version, report.timestamp);
        }
        let issue = self.workflow.shown(event.issue_id);
        if self.workflow.judged(issue) == Some(Judged::Excluded) {
            self.workflow.exclude(issue);
            return;
        }
        self.store(std::slice::from_ref(event));
        let seen = Seen::of(event, issue);
        if let Some(step) = self.workflow.judge(&seen, now()) {
            self.workflow.carry_out(&[(seen, step)], now());
        }
    }

    pub(super) fn ask(&self, issue: u64, set: Set) -> Option<String> {
        let asked = Asked {
            request: Request { set: Some(set), assignee: None, cause: None },
            actor: "ada".to_owned(),
            audit: AuditEntry::default(),
        };
        self.workflow.change(&Selected::One(IssueId(issue), None), &asked).unwrap().change_id
    }

    pub(super) fn state(&self, issue: u64) -> State {
        self.workflow.status(IssueId(issue)).state
    }

    pub(super) fn found(&self, query: &str) -> Vec<u64> {
        let filter = self.workflow.filter(query, now(), &|_| Ok(Filter::All)).unwrap();
        let ids = self.store.issue_ids(&filter, conformance::always()).unwrap();
        ids.into_iter().map(|id| id.0).collect()
    }
}

pub(super) fn event(id: u128, issue: u64, version: Option<&str>, at: Timestamp) -> Placed {
    let mut event = conformance::event(id, 0, issue);
    event.report.timestamp = at;
    event.report.received_at = now();
    event.report.version = version.map(str::to_owned);
    event.report.env = Some("prod".to_owned());
    event
}

fn days_ago(days: i64) -> Timestamp {
    now().saturating_add_nanos(-days * DAY_NS)
}

#[test]
fn a_regression_that_a_crash_left_out_is_found_at_the_start() {
    let place = Place::new();
    place.receive(&event(1, 5, Some("1.0"), days_ago(1)));
    place.ask(5, Set::Resolved(Scope::Now));
    let first = event(3, 5, Some("1.1"), now());
    place.store(&[event(2, 5, Some("1.0"), now()), first.clone(), event(4, 5, Some("1.1"), now())]);
    let place = place.again();
    assert_eq!(place.state(5), State::Resolved);
    place.workflow.catch_up(now()).unwrap();
    let status = place.workflow.status(IssueId(5));
    let regression = status.regression.as_ref().unwrap();
    assert_eq!((status.state, regression.version.as_deref()), (State::ForReview, Some("1.1")));
    assert_eq!((regression.event_id, regression.at), (Some(first.report.id), first.report.timestamp));
    place.workflow.catch_up(now()).unwrap();
    assert_eq!(place.workflow.status(IssueId(5)).revision, 2, "once");
}

#[test]
fn late_events_and_known_versions_are_not_found_at_the_start() {
    let place = Place::new();
    place.receive(&event(1, 5, Some("1.0"), days_ago(1)));
    place.ask(5, Set::Resolved(Scope::NextVersion));
    place.store(&[event(2, 5, Some("9.0"), days_ago(1)), event(3, 5, Some("1.0"), now())]);
    let place = place.again();
    place.workflow.catch_up(now()).unwrap();
    assert_eq!(place.state(5), State::Resolved);
}

#[test]
fn events_and_users_are_counted_again_at_the_start() {
    let place = Place::new();
    place.receive(&event(1, 5, None, days_ago(1)));
    place.ask(5, Set::Ignored(Ignore { users: Some(2), events: Some(5), until: None }));
    for (id, user) in [(2, "ada"), (3, "ada")] {
        let mut event = event(id, 5, None, now());
        event.report.user_id = Some(user.to_owned());
        place.receive(&event);
    }
    let counts = place.workflow.counts(IssueId(5));
    assert_eq!((counts.events, counts.users), (2, 1));
    let place = place.again();
    place.workflow.catch_up(now()).unwrap();
    let counts = place.workflow.counts(IssueId(5));
    assert_eq!((counts.events, counts.users, place.state(5)), (2, 1, State::Ignored));
    let mut other = event(4, 5, None, now());
    other.report.user_id = Some("grace".to_owned());
    place.store(&[other]);
    place.workflow.catch_up(now()).unwrap();
    assert_eq!(place.state(5), State::ForReview);
}

#[test]
fn counts_are_written_now_and_then() {
    let place = Place::new();
    place.receive(&event(1, 5, None, now()));
    place.ask(5, Set::Excluded);
    for id in 2..5 {
        place.receive(&event(id, 5, None, now()));
    }
    assert_eq!(place.workflow.counts(IssueId(5)).excluded, 3);
    place.workflow.write_counts().unwrap();
    let place = place.again();
    assert_eq!((place.workflow.counts(IssueId(5)).excluded, place.state(5)), (3, State::Excluded));
}

#[test]
fn what_is_quiet_or_outlived_is_resolved() {
    let place = Place::new();
    // Issues of one service are 7 apart.
    place.receive(&event(1, 1, None, days_ago(15)));
    place.receive(&event(2, 2, None, days_ago(13)));
    place.receive(&event(3, 3, Some("1.0"), days_ago(20)));
    place.receive(&event(4, 3, Some("1.0"), days_ago(1)));
    place.receive(&event(5, 10, Some("1.1"), days_ago(2)));
    place.receive(&event(6, 4, None, days_ago(100)));
    place.ask(2, Set::Reviewed);
    place.workflow.resolve_automatically(now()).unwrap();
    let states = [1, 2, 3, 10, 4].map(|issue| place.state(issue));
    let (over, open) = (State::Resolved, State::ForReview);
    assert_eq!(states, [over, State::Reviewed, over, open, open]);
    // Each can be taken back alone.
    let entry = place.workflow.activity(IssueId(1), None, 1).unwrap().remove(0).1;
    assert_eq!(entry.actor, Actor::Automatic);
    place.workflow.undo(&entry.change.unwrap(), "ada", &AuditEntry::default()).unwrap();
    assert_eq!([1, 3].map(|issue| place.state(issue)), [open, over]);
    place.workflow.resolve_automatically(now()).unwrap();
    assert_eq!(place.state(1), open, "somebody has just said that it is open");
}

#[test]
fn ignoring_ends_at_its_date() {
    let place = Place::new();
    place.receive(&event(1, 5, None, now()));
    let until = now().saturating_add_nanos(DAY_NS);
    place.ask(5, Set::Ignored(Ignore { until: Some(until), ..Ignore::default() }));
    let place = place.again();
    place.workflow.end_dates(until.saturating_add_nanos(-1)).unwrap();
    assert_eq!(place.state(5), State::Ignored);
    place.workflow.end_dates(until).unwrap();
    assert_eq!(place.state(5), State::ForReview);
    let entry = place.workflow.activity(IssueId(5), None, 1).unwrap().remove(0).1;
    assert!(matches!(entry.activity, Activity::State { from: State::Ignored, reason: Some(_), .. }));
}

#[test]
fn what_is_old_is_forgotten_but_not_what_is_excluded() {
    let place = Place::new();
    for issue in 1..4 {
        place.receive(&event(u128::from(issue), issue, Some("1.0"), days_ago(15)));
    }
    place.ask(1, Set::Reviewed);
    place.ask(2, Set::Excluded);
    place.workflow.resolve_automatically(now()).unwrap();
    assert_eq!(place.state(3), State::Resolved);
    let later = |days| now().saturating_add_nanos(days * DAY_NS);
    place.workflow.forget(later(89)).unwrap();
    assert_eq!(place.state(3), State::Resolved);
    place.workflow.forget(later(91)).unwrap();
    assert_eq!(
        [1, 2, 3].map(|issue| place.state(issue)),
        [State::Reviewed, State::Excluded, State::ForReview]
    );
    place.workflow.forget(later(401)).unwrap();
    let place = place.again();
    assert_eq!(
        [1, 2, 3].map(|issue| place.state(issue)),
        [State::ForReview, State::Excluded, State::ForReview]
    );
    assert_eq!(place.control.versions().unwrap(), []);
}

#[test]
fn issues_are_found_by_where_they_stand() {
    let place = Place::new();
    for issue in 1..6 {
        place.receive(&event(u128::from(issue), issue, None, days_ago(i64::try_from(issue).unwrap() - 1)));
    }
    place.ask(1, Set::Resolved(Scope::Now));
    place.ask(3, Set::Excluded);
    for (query, expected) in [
        ("is:for_review", vec![2, 4, 5]),
        ("-is:for_review", vec![1, 3]),
        ("is:resolved", vec![1]),
        ("is:excluded", vec![3]),
        ("is:new", vec![2]),
        ("-is:new -is:resolved", vec![3, 4, 5]),
        ("is:assigned", vec![]),
        ("is:unassigned service:shop-5", vec![5]),
    ] {
        assert_eq!(place.found(query), expected, "{query}");
    }
    let ignored = place.workflow.in_groups(&[group_of(State::Ignored), group_of(State::Excluded)]);
    let ids = place.store.issue_ids(&ignored, conformance::always()).unwrap();
    assert_eq!(ids, [IssueId(3)]);
    assert!(matches!(place.workflow.in_groups(&[group_of(State::ForReview)]), Filter::Not(_)));
}

#[test]
fn a_change_wakes_pages_and_knows_its_revision() {
    let place = Place::new();
    place.receive(&event(1, 5, None, now()));
    let mut woken = place.workflow.recorded().subscribe();
    place.ask(5, Set::Reviewed).unwrap();
    assert!(woken.has_changed().unwrap());
    woken.mark_unchanged();
    assert_eq!(place.ask(5, Set::Reviewed), None);
    assert!(!woken.has_changed().unwrap());
    let asked = Asked {
        request: Request { set: Some(Set::Excluded), assignee: None, cause: None },
        actor: "ada".to_owned(),
        audit: AuditEntry::default(),
    };
    let change = |revision| place.workflow.change(&Selected::One(IssueId(5), Some(revision)), &asked);
    assert!(matches!(change(0), Err(ChangeFailure::Revision)));
    assert!(change(1).is_ok());
    let missing = place.workflow.change(&Selected::One(IssueId(6), None), &asked);
    assert!(matches!(missing, Err(ChangeFailure::NotFound("issue"))));
}
