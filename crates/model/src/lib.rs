//! The nouns of Reenact, and nothing else.
//!
//! Everything here is plain data: no socket, file, clock, environment, thread or async.
//! A type's name says how far it is trusted: a [`Fragment`] is bounded but came from outside, a
//! [`Report`] is one assembled occurrence, a [`Placed`] report knows its issue.

mod fragment;
mod ids;
mod limits;
mod outcome;
mod path_text;
mod report;
mod snapshot;
mod time;
mod value;
mod value_path;
mod value_text;

pub use fragment::{
    CrashReport, Fragment, FrameLink, Occurrence, RecordedException, Replay, Skipped, Span, SpanError,
    TraceChunk,
};
pub use ids::{EventId, IssueId, ParseIdError, SnapshotId, SpanId, TraceId};
pub use limits::Limits;
pub use outcome::{Outcome, Problem, ProblemKind};
pub use path_text::{ParsePathError, PathPart, PathProblem};
pub use report::{
    Absorbed, AppliedRule, Client, Exception, Frame, Grouping, Placed, Relation, Report, Request, TraceSpan,
    ValuesHint,
};
pub use snapshot::{
    CodePosition, FrameDetails, Parameter, ParameterKind, Runtime, Snapshot, SourceLines, Variables,
};
pub use time::{ParseTimestampError, Timestamp};
pub use value::{CapturedValue, Content, Form, NotCaptured};
pub use value_path::ValuePath;
pub use value_text::unquoted;
