//! The captured state of one frame.

use std::collections::BTreeMap;

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

impl Snapshot {
    /// Whether it is of a call that returned, and has its arguments as they were at entry: then it is a capture of its own.
    pub fn is_call(&self) -> bool {
        self.capture_id == Some(self.id)
    }

    /// All groups of variables that hold captured values, with the name of each.
    pub fn groups(&self) -> impl Iterator<Item = (&'static str, &Variables)> {
        let of_details = self.details.as_deref().into_iter();
        [
            ("arguments", &self.arguments),
            ("locals", &self.locals),
            ("globals", &self.globals),
            ("closure", &self.closure),
        ]
        .into_iter()
        .chain(
            of_details.flat_map(|details| [("at_raise", &details.at_raise), ("at_entry", &details.at_entry)]),
        )
    }

    /// As [`Snapshot::groups`], to change them.
    pub fn groups_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut Variables)> {
        let of_details = self.details.as_deref_mut().into_iter();
        [
            ("arguments", &mut self.arguments),
            ("locals", &mut self.locals),
            ("globals", &mut self.globals),
            ("closure", &mut self.closure),
        ]
        .into_iter()
        .chain(
            of_details.flat_map(|details| {
                [("at_raise", &mut details.at_raise), ("at_entry", &mut details.at_entry)]
            }),
        )
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
    /// What a client of ours tells in addition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<FrameDetails>>,
}

/// What a client of ours tells of a frame in addition to its values: what it takes to raise the exception again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FrameDetails {
    /// The module that the function belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The qualified name of the function: `Cart.total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qualified_name: Option<String>,
    /// The arguments that the function takes, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// Where in the code the frame was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<CodePosition>,
    /// The source around the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceLines>,
    /// What the process ran on; with the deepest frame of a capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<Runtime>,
    /// Values as they were at the raise, of those that had changed when the frame was captured.
    #[serde(skip_serializing_if = "Variables::is_empty")]
    pub at_raise: Variables,
    /// Arguments as they were when the function was entered.
    #[serde(skip_serializing_if = "Variables::is_empty")]
    pub at_entry: Variables,
}

/// An argument that a function takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// How it is given.
    pub kind: ParameterKind,
}

/// How an argument is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterKind {
    /// By position alone.
    PositionalOnly,
    /// By position or by name.
    Positional,
    /// `*args`.
    VarPositional,
    /// By name alone.
    KeywordOnly,
    /// `**kwargs`.
    VarKeyword,
}

impl ParameterKind {
    /// Every kind, in the order of a signature.
    pub const ALL: [Self; 5] =
        [Self::PositionalOnly, Self::Positional, Self::VarPositional, Self::KeywordOnly, Self::VarKeyword];
}

/// Where in its code a frame was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CodePosition {
    /// The line on which the function begins, from 1.
    pub first_line: u32,
    /// The instruction, as the offset of its bytes.
    pub instruction: u32,
    /// The flags of the code object (`co_flags`).
    pub flags: u32,
    /// The line on which the statement ends, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
    /// Where the expression begins and ends in its lines, as offsets of UTF-8 bytes from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<(u32, u32)>,
}

/// Lines of a source file, as the client has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceLines {
    /// The number of the first line, from 1.
    pub first_line: u32,
    /// The lines, without line breaks.
    pub lines: Vec<String>,
    /// The first 128 bits of the BLAKE3 hash of the whole file, in hexadecimal.
    pub file_hash: String,
}

/// What a process runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Runtime {
    /// `CPython`.
    pub implementation: String,
    /// `3.12.1`.
    pub version: String,
    /// `linux-x86_64`.
    pub platform: String,
    /// Versions of the distributions that the frames belong to.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub packages: BTreeMap<String, String>,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}
