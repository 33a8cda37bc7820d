//! Calls that returned, as what the occurrences of an issue are compared with: by their arguments as they were when the
//! function was entered, which is all that is known of such a call.

use reenact_model::{Exception, Frame, Report, Snapshot, Variables};

/// What is known of an occurrence of the moments at which its functions were entered: its snapshots with the arguments at
/// entry in place of all values. Snapshots without those are left out.
pub fn entered(snapshots: &[Snapshot]) -> Vec<Snapshot> {
    let entered = |snapshot: &Snapshot| {
        let at_entry = &snapshot.details.as_ref()?.at_entry;
        let is_known = !at_entry.is_empty();
        is_known.then(|| with_arguments(snapshot, at_entry.clone()))
    };
    snapshots.iter().filter_map(entered).collect()
}

/// A call that returned as an occurrence of one frame.
pub fn of_call(call: &Snapshot) -> (Report, Vec<Snapshot>) {
    let frame = Frame {
        function: call.function.clone(),
        file: call.file.clone(),
        snapshot_id: Some(call.id),
        ..Frame::default()
    };
    let exception = Exception { frames: vec![frame], ..Exception::default() };
    let report = Report { exceptions: vec![exception], ..Report::default() };
    (report, vec![with_arguments(call, call.arguments.clone())])
}

fn with_arguments(snapshot: &Snapshot, arguments: Variables) -> Snapshot {
    Snapshot {
        id: snapshot.id,
        capture_id: snapshot.capture_id,
        function: snapshot.function.clone(),
        file: snapshot.file.clone(),
        arguments,
        ..Snapshot::default()
    }
}
