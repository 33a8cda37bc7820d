use reenact_model::{Client, Exception, Frame, SnapshotId};
use reenact_store::{EmbeddedStore, Options};

use super::*;
use crate::policy::ChangeError;

/// A store in a folder of its own, as it is after each start.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// What one run of the server knows and does.
    fn run<T>(&self, run: impl FnOnce(&Capturing) -> T) -> T {
        let store = EmbeddedStore::open(self.0.path(), Options::DEFAULT).unwrap();
        let done = run(&Capturing::load(store.control()).unwrap());
        reenact_store::Store::close(&store).unwrap();
        done
    }
}

fn report(client: &str) -> Report {
    let frame = Frame { function: "total".into(), file: "/srv/cart.py".into(), ..Frame::default() };
    let exception = Exception { type_name: "ValueError".into(), frames: vec![frame], ..Exception::default() };
    Report {
        service: "shop".into(),
        client: Client { name: client.into(), version: None },
        exceptions: vec![exception],
        ..Report::default()
    }
}

/// Seconds after a time that is not long ago, so that nothing has expired by itself.
fn at(seconds: i64) -> Timestamp {
    crate::app::now().saturating_add_nanos(seconds * 1_000_000_000)
}

fn audit(at: Timestamp) -> AuditEntry {
    let action = "capture.asked".to_owned();
    AuditEntry { at, actor: "ada".to_owned(), address: None, action, subject: None, detail: None }
}

fn ask(capturing: &Capturing, issue: u64, client: &str, at: Timestamp) -> Option<Request> {
    capturing.ask(IssueId(issue), &report(client), &audit(at)).unwrap()
}

fn switch(service: &str, env: Option<&str>, enabled: bool) -> CaptureSwitch {
    let env = env.map(str::to_owned);
    CaptureSwitch { service: service.to_owned(), env, enabled, captures_per_second: None }
}

#[test]
fn clients_of_the_service_are_told_until_values_come() {
    Machine::new().run(|capturing| {
        let (issue, now) = (IssueId(1), at(0));
        assert_eq!(ask(capturing, 1, "ddtrace", now), None);
        let request = ask(capturing, 1, "reenact", now).unwrap();
        assert_eq!(request.expires_at, now.saturating_add_nanos(86_400_000_000_000));
        let told = capturing.config("shop", "", at(2)).capture_next;
        assert_eq!((told.len(), told[0].function.as_str()), (1, "total"));
        assert_eq!(capturing.config("other", "", at(2)).capture_next, []);
        let mut event = Placed { report: report("reenact"), ..Placed::default() };
        capturing.arrived(issue, &event);
        assert_eq!(capturing.request(issue, at(2)), Some(request));
        event.report.exceptions[0].frames[0].snapshot_id = Some(SnapshotId(1));
        capturing.arrived(issue, &event);
        assert_eq!(capturing.request(issue, at(2)), None);
    });
}

#[test]
fn a_request_ends_by_itself() {
    Machine::new().run(|capturing| {
        let now = at(0);
        ask(capturing, 1, "reenact", now).unwrap();
        let later = |seconds: i64| now.saturating_add_nanos(seconds * 1_000_000_000);
        assert!(capturing.request(IssueId(1), later(86_399)).is_some());
        assert_eq!(capturing.request(IssueId(1), later(86_400)), None);
        assert_eq!(capturing.config("shop", "", later(86_400)).capture_next, []);
    });
}

#[test]
fn requests_and_their_end_outlive_the_server() {
    let machine = Machine::new();
    let now = at(0);
    let asked = machine.run(|capturing| {
        ask(capturing, 2, "reenact", now).unwrap();
        // Twice: the second replaces the first.
        ask(capturing, 1, "reenact", now).unwrap();
        ask(capturing, 1, "reenact", at(1)).unwrap()
    });
    machine.run(|capturing| {
        assert_eq!(capturing.request(IssueId(1), at(2)), Some(asked));
        assert!(capturing.request(IssueId(2), at(2)).is_some());
        capturing.take_back(IssueId(1), &audit(at(3))).unwrap();
    });
    machine.run(|capturing| {
        assert_eq!(capturing.request(IssueId(1), at(4)), None);
        let mut event = Placed { report: report("reenact"), ..Placed::default() };
        event.report.exceptions[0].frames[0].snapshot_id = Some(SnapshotId(1));
        capturing.arrived(IssueId(2), &event);
        capturing.write_ended().unwrap();
    });
    machine.run(|capturing| assert_eq!(capturing.request(IssueId(2), at(5)), None));
}

#[test]
fn the_first_switch_that_fits_decides_and_outlives_the_server() {
    let machine = Machine::new();
    machine.run(|capturing| {
        let told = capturing.config("shop", "prod", at(0));
        assert_eq!((told.enabled, told.captures_per_second), (true, None));
        assert_eq!(capturing.switched("shop", "prod"), Switched::default());
        let slow = CaptureSwitch { captures_per_second: Some(0.5), ..switch("shop", Some("prod"), true) };
        let all = vec![slow, switch("shop*", None, false)];
        assert_eq!(capturing.switches.set(0, all, &audit(at(0))).unwrap().version, 1);
    });
    machine.run(|capturing| {
        let told = |service: &str, env: &str| {
            let told = capturing.config(service, env, at(0));
            (told.enabled, told.captures_per_second)
        };
        assert_eq!(told("shop", "prod"), (true, Some(0.5)));
        assert_eq!(told("shop", "test"), (false, None));
        assert_eq!(told("shop-worker", ""), (false, None));
        assert_eq!(told("billing", "prod"), (true, None));
        let switched = |service| capturing.switched(service, "test");
        assert_eq!(switched("shop"), Switched { enabled: Some(false), version: 1 });
        assert_eq!(switched("billing"), Switched { enabled: None, version: 1 });
    });
}

#[test]
fn switches_that_cannot_be_used_are_refused_with_their_place() {
    Machine::new().run(|capturing| {
        let refuse = |switches: Vec<CaptureSwitch>, field: &str, says: &str| {
            let Err(ChangeError::Settings(error)) = capturing.switches.set(0, switches, &audit(at(0))) else {
                panic!("{field} was taken");
            };
            assert_eq!(error.field, field);
            assert!(error.message.contains(says), "{}", error.message);
        };
        let fine = || switch("shop", None, true);
        let limited = |per_second| CaptureSwitch { captures_per_second: Some(per_second), ..fine() };
        refuse(vec![fine(), switch(" ", None, true)], "switches.1.service", "is empty");
        refuse(vec![switch("shop", Some("a\nb"), true)], "switches.0.env", "control character");
        refuse(vec![limited(-1.0)], "switches.0.captures_per_second", "from 0 to 1000");
        refuse(vec![limited(1_000.5)], "switches.0.captures_per_second", "from 0 to 1000");
        refuse(vec![limited(f64::NAN)], "switches.0.captures_per_second", "from 0 to 1000");
        refuse(vec![fine(), switch("shop", None, false)], "switches.1.service", "another switch");
        let many = (0..=500).map(|at| switch(&at.to_string(), None, true)).collect();
        refuse(many, "switches", "at most");
        let taken = capturing.switches.set(3, vec![fine()], &audit(at(0)));
        assert!(matches!(taken, Err(ChangeError::Conflict)));
    });
}
