//! What a decoder makes of a request: bounded, not yet redacted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Client, Exception, Request, Runtime, Snapshot, SnapshotId, SpanId, Timestamp, TraceId};

/// A part of an error, as one request carried it. The parts of one error arrive in any order.
#[derive(Clone, Debug, PartialEq)]
pub enum Fragment {
    /// Spans of one trace with at least one error among them.
    Trace(TraceChunk),
    /// The captured state of one frame.
    Snapshot(Snapshot),
    /// The report of a process that ended with an exception.
    Crash(CrashReport),
    /// An exception that a client of ours saw by itself, without a span that tells of it.
    Occurrence(Box<Occurrence>),
}

/// The spans of one trace that came in one request, with at least one error or handled exception, or
/// asked for because an error came in an earlier request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceChunk {
    /// The trace.
    pub trace_id: TraceId,
    /// The spans, in the order sent; at least one.
    pub spans: Vec<Span>,
    /// Spans that were sent and are not among `spans`, because of a limit.
    pub spans_dropped: u32,
    /// The client library.
    pub client: Client,
}

/// One span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    /// Its id.
    pub span_id: SpanId,
    /// The span that it is part of; `None` for a root.
    pub parent_id: Option<SpanId>,
    /// Whether the client marks it as the span by which the work entered the process.
    pub is_local_root: bool,
    /// The service.
    pub service: String,
    /// The operation: `flask.request`.
    pub operation: String,
    /// What the operation works on: `POST /pay`.
    pub resource: String,
    /// The kind of work: `web`, `db`.
    pub kind: String,
    /// When it began.
    pub start: Timestamp,
    /// How long it took, in nanoseconds.
    pub duration_ns: i64,
    /// Whether the client marked it as failed.
    pub failed: bool,
    /// The environment: `prod`.
    pub env: Option<String>,
    /// The version of the service.
    pub version: Option<String>,
    /// The programming language.
    pub language: Option<String>,
    /// The host.
    pub host: Option<String>,
    /// The source commit.
    pub commit: Option<String>,
    /// Address of the source repository.
    pub repository: Option<String>,
    /// Id of the user that the work was done for.
    pub user_id: Option<String>,
    /// The exception that the span ended with.
    pub error: Option<SpanError>,
    /// Exceptions that were seen, and handled or recorded, during the span.
    pub recorded: Vec<RecordedException>,
    /// What the client's capture said about this local trace; on its root only.
    pub replay: Replay,
    /// The other text tags, by name.
    pub tags: BTreeMap<String, String>,
    /// The other numeric tags, by name.
    pub metrics: BTreeMap<String, f64>,
    /// What a reader should know of the span: what was cut or left out; without captured text.
    pub warnings: Vec<String>,
}

/// The exception that a span ended with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanError {
    /// `module.Class`.
    pub type_name: String,
    /// The message; may be empty.
    pub message: String,
    /// The printed traceback, if any.
    pub stack: Option<String>,
    /// The client's id of the exception; the same on every span that the exception crosses.
    pub capture_id: Option<SnapshotId>,
    /// Whether the client says that it captured values on this span.
    pub captured: bool,
    /// The captured frames, by ascending number.
    pub frame_links: Vec<FrameLink>,
}

/// Says which snapshot belongs to which frame of a span's traceback.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameLink {
    /// Number of the frame over the whole chain, from 1, in the order of the printed traceback.
    pub number: u32,
    /// The snapshot.
    pub snapshot_id: SnapshotId,
    /// The frame's function.
    pub function: String,
    /// The frame's source file.
    pub file: String,
    /// The frame's line in the traceback, from 1.
    pub line_number: Option<u32>,
}

/// An exception that was handled or recorded while a span ran.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedException {
    /// When it was seen.
    pub timestamp: Timestamp,
    /// `module.Class`.
    pub type_name: String,
    /// The message.
    pub message: String,
    /// The printed traceback; only its frames can be trusted, its last line may be of another occurrence.
    pub stack: Option<String>,
    /// Further attributes.
    pub attributes: BTreeMap<String, String>,
}

/// What the client says about capturing in one local trace; its fields are `None` when it says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Whether the rate limiter let this trace capture.
    pub allowed: Option<bool>,
    /// How many snapshots the trace made.
    pub snapshot_count: Option<u32>,
    /// Why the exception of this span has no values, as a client of ours says it.
    pub skipped: Option<Skipped>,
}

/// The report of a process that ended with an exception.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CrashReport {
    /// The client's id of the report.
    pub id: String,
    /// When the process ended.
    pub timestamp: Timestamp,
    /// The service.
    pub service: String,
    /// The environment.
    pub env: Option<String>,
    /// The version of the service.
    pub version: Option<String>,
    /// `Class` or the kind of signal.
    pub type_name: String,
    /// The message.
    pub message: String,
    /// Frames, outermost call first.
    pub frames: Vec<crate::Frame>,
    /// The thread's name.
    pub thread: Option<String>,
    /// The client library.
    pub client: Client,
    /// Further tags.
    pub tags: BTreeMap<String, String>,
}

/// An exception that a client of ours saw by itself.
///
/// The JSON form is the one of native requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Occurrence {
    /// The client's id of the exception.
    pub id: SnapshotId,
    /// When it was seen.
    pub timestamp: Timestamp,
    /// The service.
    pub service: String,
    /// The environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// The version of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The source commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Address of the source repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Whether the service survived it.
    pub handled: bool,
    /// What saw it: `wsgi`, `excepthook`, `logging`.
    pub mechanism: String,
    /// The trace that was active, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// The span that was active, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_id: Option<SpanId>,
    /// What the request or job was: `POST /pay`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The web request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// Id of the user that the work was done for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The thread's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// The chain, root cause first, the exception that escaped last.
    pub exceptions: Vec<Exception>,
    /// Why it carries no values, where it carries none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Skipped>,
    /// The client library.
    pub client: Client,
    /// What the process runs on.
    pub runtime: Runtime,
    /// Further tags.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// What a reader should know: what was cut or left out; without captured text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Why a client of ours captured no values of an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skipped {
    /// The same exception was captured lately.
    RateLimited,
    /// Capturing is switched off.
    Off,
    /// Capturing took more of the process than it may.
    OverBudget,
    /// The capture was made and could not be sent.
    Lost,
    /// No frame belongs to the service's own code.
    ThirdParty,
    /// The interpreter, or the state that it was in, does not allow it.
    Unsupported,
}

impl Skipped {
    /// Every reason.
    pub const ALL: [Self; 6] =
        [Self::RateLimited, Self::Off, Self::OverBudget, Self::Lost, Self::ThirdParty, Self::Unsupported];

    /// The name in JSON and in tags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::Off => "off",
            Self::OverBudget => "over_budget",
            Self::Lost => "lost",
            Self::ThirdParty => "third_party",
            Self::Unsupported => "unsupported",
        }
    }
}
