//! The captured state of one frame.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::value::{OwnedPairs, Pairs};
use crate::{CapturedValue, SnapshotId, SpanId, Timestamp, TraceId};

/// Names and values, in the order of the client.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variables(pub Vec<(String, CapturedValue)>);

impl Variables {
    /// Whether there is no name at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of `name`, the first one if a client sent it twice.
    pub fn get(&self, name: &str) -> Option<&CapturedValue> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl Serialize for Variables {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Pairs(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Variables {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        OwnedPairs::deserialize(deserializer).map(|pairs| Self(pairs.0))
    }
}

/// The captured state of one frame, as one client sent it.
///
/// Found by `id` alone: a frame that lives long is captured once, and later exceptions refer to it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The client's id of this snapshot.
    pub id: SnapshotId,
    /// The client's id of the exception that it was captured for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_id: Option<SnapshotId>,
    /// When the frame was captured.
    pub timestamp: Timestamp,
    /// The service of the process.
    pub service: String,
    /// The environment of the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// The version of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The trace that was active, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// The span that was active, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<SpanId>,
    /// The function of the frame.
    pub function: String,
    /// The source file of the frame.
    pub file: String,
    /// The line that the frame was at when it was captured, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_number: Option<u32>,
    /// The thread's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// Arguments, keyword-only and variadic ones included.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub arguments: Variables,
    /// Local variables.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub locals: Variables,
    /// Global variables that the frame's code names.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub globals: Variables,
    /// Variables of enclosing functions, where the client tells them apart.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub closure: Variables,
    /// Parts of the snapshot that went over our limits and were left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub values_dropped: u32,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}
