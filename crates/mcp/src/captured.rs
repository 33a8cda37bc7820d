//! The captured values of an event's frames.
//!
//! Objects that appear more than once have numbers, which are those of one capture: the content of an object of one frame
//! may stand in a frame of another exception.

use reenact_model::{CapturedValue, Variables};
use serde_json::Value;

use crate::answer::list;

/// The variables of a frame, in the order in which they are shown.
pub(crate) const SCOPES: [&str; 4] = ["arguments", "locals", "closure", "globals"];
/// Values at other moments than that of the capture.
pub(crate) const MOMENTS: [&str; 2] = ["at_raise", "at_entry"];

/// One group of a frame's values: those of a scope, or of another moment.
pub(crate) fn variables(frame: &Value, group: &str) -> Variables {
    let of = |(name, value): (&String, &Value)| {
        Some((name.clone(), serde_json::from_value::<CapturedValue>(value.clone()).ok()?))
    };
    let all = frame["values"][group].as_object().into_iter().flatten();
    Variables(all.filter_map(of).collect())
}

/// Whether the values of a frame were captured for an earlier exception, with numbers of their own.
pub(crate) fn is_of_earlier(frame: &Value) -> bool {
    frame["values"]["earlier_occurrence"] == true
}

/// The variables of a frame.
pub(crate) fn of_frame(frame: &Value) -> Vec<Variables> {
    SCOPES.map(|scope| variables(frame, scope)).into()
}

/// The variables that were captured for these exceptions, those of members of groups too.
pub(crate) fn of_exceptions(exceptions: &[Value]) -> Vec<Variables> {
    let mut all = Vec::new();
    for exception in exceptions {
        let frames = list(exception, "frames").iter().filter(|frame| !is_of_earlier(frame));
        all.extend(frames.flat_map(of_frame));
        for chain in list(exception, "members") {
            all.extend(of_exceptions(chain.as_array().map_or(&[], Vec::as_slice)));
        }
    }
    all
}
