//! Why values are absent.

use reenact_model::{Client, Frame, Placed, Skipped, Timestamp};

/// The state of the values of an event or a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuesState {
    /// `captured`, `rate_limited`, `off`, `third_party`, `over_budget`, `lost`, `pending`,
    /// `client_too_old`, `unsupported` or `unknown`.
    pub state: &'static str,
    /// One sentence for people.
    pub reason: String,
}

/// Snapshots are sent on their own, up to seconds after the trace; later they are taken for lost.
pub const PENDING_SECONDS: i64 = 60;

/// What ddtrace 4.16 captures at most in one trace, unless told otherwise.
const CLIENT_SNAPSHOTS_MAX: u32 = 8;

/// The first version of ddtrace that captures values.
const FIRST_WITH_VALUES: (u32, u32) = (1, 16);
/// The first version whose switch is called `DD_EXCEPTION_REPLAY_ENABLED`.
const FIRST_WITH_REPLAY_SWITCH: (u32, u32) = (2, 12);
/// The first version that captures the same exception once an hour.
const FIRST_WITH_HOURLY_LIMIT: (u32, u32) = (2, 20);

/// The first version that is known to be switched by the server.
const FIRST_WITH_REMOTE_SWITCH: (u32, u32) = (4, 16);

/// Major and minor version of a ddtrace client.
fn ddtrace_version(client: &Client) -> Option<(u32, u32)> {
    let mut parts = client.version.as_deref().filter(|_| client.name == "ddtrace")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Says whether the event has values, `found` being how many of its snapshots are stored.
pub fn values_state(placed: &Placed, now: Timestamp, found: usize) -> ValuesState {
    let report = &placed.report;
    let referred = report.snapshot_ids().len();
    if found > 0 {
        let frames = if found == 1 { "one frame" } else { "frames" };
        return match found {
            1 => state("captured", format!("The values of {frames} were captured.")),
            _ => state("captured", format!("The values of {found} {frames} were captured.")),
        };
    }
    if referred > 0 {
        return missing(report.received_at, now);
    }
    let has_frames = report.exceptions.iter().any(|exception| !exception.frames.is_empty());
    let has_own_frames =
        report.exceptions.iter().flat_map(|exception| &exception.frames).any(|frame| frame.in_app);
    let used_up = report.values.snapshot_count.is_some_and(|count| count >= CLIENT_SNAPSHOTS_MAX);
    if let Some(skipped) = report.values.skipped {
        return said(skipped.as_str(), told(skipped));
    }
    if report.trace_id.is_none() {
        return said("unknown", "The process ended with this exception, and such reports carry no values.");
    }
    if report.values.allowed == Some(false) {
        return said(
            "rate_limited",
            "The client captures one exception per second, and another one came just before.",
        );
    }
    if !has_frames {
        return said(
            "unknown",
            "The error was reported without a traceback, so there was no frame to capture.",
        );
    }
    if !has_own_frames {
        return said(
            "third_party",
            "The exception passed only through installed packages, which are not captured.",
        );
    }
    let version = ddtrace_version(&report.client);
    if let Some(version) = version.filter(|version| *version < FIRST_WITH_VALUES) {
        let (major, minor) = version;
        return state(
            "client_too_old",
            format!("ddtrace {major}.{minor} does not capture values; 1.16 and later versions do."),
        );
    }
    match report.values.allowed {
        None if report.handled => {
            said("off", "The exception was handled, and the client captured no values for it.")
        }
        None if report.client.name == "ddtrace" => {
            let switch = match version {
                Some(version) if version < FIRST_WITH_REPLAY_SWITCH => "DD_EXCEPTION_DEBUGGING_ENABLED",
                _ => "DD_EXCEPTION_REPLAY_ENABLED",
            };
            let also = match version {
                Some(version) if version >= FIRST_WITH_REMOTE_SWITCH => {
                    ", as does a switch under Settings, Captures"
                }
                _ => "",
            };
            state(
                "off",
                format!("Exception Replay is off in the service; {switch}=true switches it on{also}."),
            )
        }
        None => said("unknown", "The client did not say why it captured no values."),
        Some(_) if report.values.captured || used_up => said(
            "over_budget",
            "Earlier exceptions of the same trace used up the frames that the client captures per trace.",
        ),
        Some(_) if version.is_some_and(|version| version < FIRST_WITH_HOURLY_LIMIT) => {
            said("unknown", "The client captured no frame of this exception and did not say why.")
        }
        Some(_) => said(
            "rate_limited",
            "The client captures the same exception once an hour per process; an earlier event of this issue may have values.",
        ),
    }
}

/// Says why a frame has no values; `found` is whether its snapshot is stored.
pub fn frame_values_state(placed: &Placed, frame: &Frame, now: Timestamp, found: bool) -> ValuesState {
    if frame.snapshot_id.is_some() {
        return if found {
            said("captured", "The values of this frame were captured.")
        } else {
            missing(placed.report.received_at, now)
        };
    }
    if !frame.in_app {
        return said("third_party", "The frame is in an installed package, which is not captured.");
    }
    if !placed.report.snapshot_ids().is_empty() {
        return said(
            "over_budget",
            "The client captures a limited number of frames per trace, the innermost first.",
        );
    }
    values_state(placed, now, 0)
}

/// What a client of ours says, in a sentence.
fn told(skipped: Skipped) -> &'static str {
    match skipped {
        Skipped::RateLimited => {
            "The client had captured the same exception lately; an earlier event of this issue has values."
        }
        Skipped::Off => {
            "Captures are switched off for this service and environment, under Settings, Captures."
        }
        Skipped::OverBudget => {
            "Capturing values had used up the share of time that it may take in the process."
        }
        Skipped::Lost => "The values were captured, and the client could not send them.",
        Skipped::ThirdParty => {
            "The exception passed only through installed packages, which are not captured."
        }
        Skipped::Unsupported => "The state that the interpreter was in did not allow a capture.",
    }
}

fn missing(received_at: Timestamp, now: Timestamp) -> ValuesState {
    let age_nanos = now.as_nanos().saturating_sub(received_at.as_nanos());
    if age_nanos < PENDING_SECONDS * 1_000_000_000 {
        said("pending", "The client captured values that have not arrived yet.")
    } else {
        said("lost", "The client captured values, but they never arrived.")
    }
}

fn said(name: &'static str, reason: &str) -> ValuesState {
    state(name, reason.to_owned())
}

fn state(name: &'static str, reason: String) -> ValuesState {
    ValuesState { state: name, reason }
}

#[cfg(test)]
mod tests {
    use reenact_model::{Exception, Report, TraceId, ValuesHint};

    use super::*;

    #[track_caller]
    fn check(version: &str, allowed: Option<bool>, want: &str, in_reason: &str) {
        let frame = Frame { in_app: true, ..Frame::default() };
        let report = Report {
            trace_id: Some(TraceId(1)),
            client: Client { name: "ddtrace".into(), version: Some(version.into()) },
            exceptions: vec![Exception { frames: vec![frame], ..Exception::default() }],
            values: ValuesHint { allowed, ..ValuesHint::default() },
            ..Report::default()
        };
        let got = values_state(&Placed { report, ..Placed::default() }, Timestamp::default(), 0);
        assert_eq!(got.state, want, "{got:?}");
        assert!(got.reason.contains(in_reason), "{got:?}");
    }

    #[test]
    fn the_reason_fits_the_version_of_the_client() {
        check("1.4.2", None, "client_too_old", "1.4");
        check("1.16.4", None, "off", "DD_EXCEPTION_DEBUGGING_ENABLED");
        check("4.16.0", None, "off", "DD_EXCEPTION_REPLAY_ENABLED");
        check("4.16.0", Some(false), "rate_limited", "one exception per second");
        check("4.16.0", Some(true), "rate_limited", "once an hour");
        check("2.8.0", Some(true), "unknown", "did not say why");
        check("unreadable", None, "off", "DD_EXCEPTION_REPLAY_ENABLED");
    }
}
