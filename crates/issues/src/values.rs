//! Why values are there, or absent (for each, one sentence for people).

use reenact_model::{Frame, Report, Timestamp};

/// How long a snapshot may be under way, in nanoseconds, before it counts as lost: two minutes.
/// Clients send within seconds and try three times, 30 seconds each.
const PENDING_NS: i64 = 120 * 1_000_000_000;
/// Snapshots that a client makes per trace.
const FRAME_BUDGET: u32 = 8;

/// Whether values are there, or the reason that they are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuesState {
    /// `captured`, `rate_limited`, `off`, `third_party`, `over_budget`, `lost`, `pending`, `unknown`.
    pub state: &'static str,
    /// One sentence for people.
    pub reason: String,
}

fn state(state: &'static str, reason: impl Into<String>) -> ValuesState {
    ValuesState { state, reason: reason.into() }
}

/// The state of an event of whose snapshots `found` are here.
pub fn event_state(report: &Report, found: usize, now: Timestamp) -> ValuesState {
    let linked = report.snapshot_ids().len();
    if found > 0 && found >= linked {
        return state("captured", format!("values of {} were captured", frames(found)));
    }
    if found > 0 {
        return state("captured", format!("values of {found} of {} have arrived", frames(linked)));
    }
    if linked > 0 {
        return under_way(report, now);
    }
    absent(report)
}

/// The state of one frame, whose snapshot is here if `has_snapshot`; `found` snapshots of the event are.
pub fn frame_state(
    report: &Report,
    frame: &Frame,
    has_snapshot: bool,
    found: usize,
    now: Timestamp,
) -> ValuesState {
    if has_snapshot {
        return state("captured", "values were captured");
    }
    if frame.snapshot_id.is_some() {
        return under_way(report, now);
    }
    if !frame.in_app {
        return state("third_party", "third-party code: the client captures the service's own frames only");
    }
    if found > 0 || !report.snapshot_ids().is_empty() {
        return state(
            "over_budget",
            format!(
                "over the budget: the client captures up to {FRAME_BUDGET} frames of a trace, innermost first"
            ),
        );
    }
    absent(report)
}

fn under_way(report: &Report, now: Timestamp) -> ValuesState {
    if now.nanos_since(report.received_at) < PENDING_NS {
        return state("pending", "the values were captured and are still under way");
    }
    state("lost", "the client captured values, but they never arrived, or are older than the retention")
}

/// Why a report refers to no snapshot at all.
fn absent(report: &Report) -> ValuesState {
    let own_frames =
        report.exceptions.iter().flat_map(|exception| &exception.frames).any(|frame| frame.in_app);
    if report.values.allowed == Some(false) {
        return state(
            "rate_limited",
            "rate limited: the client captures one exception per second and process, and another one had its turn",
        );
    }
    if report.values.snapshot_count.is_some_and(|count| count >= FRAME_BUDGET) {
        return state(
            "over_budget",
            format!(
                "over the budget: earlier exceptions of this trace used up its {FRAME_BUDGET} captured frames"
            ),
        );
    }
    if !own_frames && report.values.allowed.is_some() {
        return state(
            "third_party",
            "no frame of the service's own code took part; the client captures only those",
        );
    }
    if report.values.allowed == Some(true) && report.values.captured {
        return state("over_budget", "the client used its budget for this trace on another exception");
    }
    if report.values.allowed == Some(true) {
        return state(
            "rate_limited",
            "rate limited: the client captured this same exception less than an hour ago",
        );
    }
    if report.handled && report.capture_id.is_none() {
        return state("off", "the client captures no values for handled exceptions");
    }
    if report.client.name == "ddtrace" {
        return state(
            "off",
            "capturing is off in this service: set DD_EXCEPTION_REPLAY_ENABLED=true \
             (clients before 2.12: DD_EXCEPTION_DEBUGGING_ENABLED=true)",
        );
    }
    state("unknown", "the client does not say why it sent no values")
}

fn frames(count: usize) -> String {
    if count == 1 { "1 frame".to_owned() } else { format!("{count} frames") }
}

#[cfg(test)]
mod tests {
    use reenact_model::{Client, Exception, SnapshotId, ValuesHint};

    use super::*;

    fn report(hint: ValuesHint, snapshot: Option<u128>) -> Report {
        let frame = Frame { in_app: true, snapshot_id: snapshot.map(SnapshotId), ..Frame::default() };
        Report {
            client: Client { name: "ddtrace".into(), version: None },
            values: hint,
            received_at: Timestamp::from_millis(1_000),
            exceptions: vec![Exception { frames: vec![frame], ..Exception::default() }],
            ..Report::default()
        }
    }

    #[track_caller]
    fn check(hint: ValuesHint, snapshot: Option<u128>, found: usize, seconds_later: i64, want: &str) {
        let now = Timestamp::from_millis(1_000 + seconds_later * 1_000);
        assert_eq!(event_state(&report(hint, snapshot), found, now).state, want);
    }

    #[test]
    fn each_reason_has_its_evidence() {
        let silent = ValuesHint::default();
        let allowed = ValuesHint { allowed: Some(true), ..silent };
        check(silent, Some(1), 1, 0, "captured");
        check(silent, Some(1), 0, 5, "pending");
        check(silent, Some(1), 0, 500, "lost");
        check(ValuesHint { allowed: Some(false), ..silent }, None, 0, 0, "rate_limited");
        check(allowed, None, 0, 0, "rate_limited");
        check(ValuesHint { snapshot_count: Some(8), ..allowed }, None, 0, 0, "over_budget");
        check(silent, None, 0, 0, "off");
    }

    #[test]
    fn frames_without_values_say_why() {
        let one = report(ValuesHint::default(), Some(1));
        let library = Frame { in_app: false, ..Frame::default() };
        let own = Frame { in_app: true, ..Frame::default() };
        let now = Timestamp::from_millis(1_000);
        assert_eq!(frame_state(&one, &library, false, 1, now).state, "third_party");
        assert_eq!(frame_state(&one, &own, false, 1, now).state, "over_budget");
    }
}
