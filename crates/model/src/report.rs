//! One assembled occurrence of an error.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::{EventId, IssueId, Skipped, Snapshot, SnapshotId, SpanId, Timestamp, TraceId};

/// One occurrence of an error: everything but the values, which are found through
/// [`Frame::snapshot_id`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Derived from what identifies the occurrence; the same for a resent one.
    pub id: EventId,
    /// When the exception was seen.
    pub timestamp: Timestamp,
    /// When it was received.
    pub received_at: Timestamp,
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
    /// The programming language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// The span that represents the error: the one nearest to the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_id: Option<SpanId>,
    /// The span above the topmost one known, while the span by which the work entered the process has
    /// not arrived: clients send a long trace in parts, its root last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_parent: Option<SpanId>,
    /// What the request or job was: `POST /pay`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The operation of the representing span.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Whether the service survived it.
    pub handled: bool,
    /// The client library.
    pub client: Client,
    /// The source commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Address of the source repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The thread's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// The client's id of the exception.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture_id: Option<SnapshotId>,
    /// What the client said about capturing.
    pub values: ValuesHint,
    /// The chain, root cause first, the exception that escaped last.
    pub exceptions: Vec<Exception>,
    /// The printed traceback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_text: Option<String>,
    /// Text tags of the representing span and of the entry span.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Numeric tags.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, f64>,
    /// Id of the impacted user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The web request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// Spans of the trace, in order of their start.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<TraceSpan>,
    /// Spans of the trace that were not kept.
    pub spans_dropped: u32,
    /// What a reader should know: a snapshot that belongs elsewhere, a stack that was cut.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A client library.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// `ddtrace`.
    pub name: String,
    /// `4.16.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What the client said about capturing, kept to explain absent values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ValuesHint {
    /// Whether the rate limiter let the trace capture; `None` when the client did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<bool>,
    /// Whether the client says that it captured values for this exception.
    pub captured: bool,
    /// How many snapshots the trace made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot_count: Option<u32>,
    /// Why there are none, as a client of ours says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Skipped>,
}

/// One exception of a chain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exception {
    /// The class name with its module, as the client gave it.
    pub type_name: String,
    /// The message.
    pub message: String,
    /// How this exception led to the next one of the chain; `None` for the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<Relation>,
    /// Notes added to it; those of a group tell of its members as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The exceptions within a group, each with the frame that raised it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Exception>,
    /// Outermost call first, raise last.
    pub frames: Vec<Frame>,
}

/// How an exception led to the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// `raise … from …`.
    Cause,
    /// Raised while this one was being handled.
    Context,
}

/// One frame of a traceback.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Frame {
    /// The function's name.
    pub function: String,
    /// The function's qualified name, where the client knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qualified_name: Option<String>,
    /// The module, where the client knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The source file.
    pub file: String,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_number: Option<u32>,
    /// Whether it is the service's own code.
    pub in_app: bool,
    /// Further identical frames that the traceback left out here.
    #[serde(skip_serializing_if = "is_zero")]
    pub repeats: u32,
    /// The source line, as printed in the traceback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_line: Option<String>,
    /// The snapshot with the frame's values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot_id: Option<SnapshotId>,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// The web request that an error belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// `POST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The address, after redaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The route that matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The answer's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u16>,
    /// What the caller says it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// One span of the trace that an error belongs to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TraceSpan {
    /// Its id.
    pub span_id: SpanId,
    /// The span that it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<SpanId>,
    /// The service.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// What the operation works on.
    pub resource: String,
    /// When it began.
    pub start: Timestamp,
    /// How long it took, in nanoseconds.
    pub duration_ns: i64,
    /// Whether it is marked as failed.
    pub failed: bool,
    /// Whether it carries an exception.
    pub has_exception: bool,
}

/// Where a report was placed, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grouping {
    /// The algorithm: `v1`.
    pub version: String,
    /// What the events of the issue have in common, as 32 hexadecimal digits, or as the client gave it.
    pub fingerprint: String,
    /// The parts that made the fingerprint, in order, for people.
    pub why: Vec<String>,
    /// The rule that decided, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<AppliedRule>,
}

impl Grouping {
    /// How the parts of [`Grouping::why`] begin that quote texts of the application.
    pub const QUOTING: [&'static str; 3] =
        ["there is no stack; the message reads \"", "message is \"", "tag."];

    /// Whether a part quotes a text of the application.
    pub fn is_quoting(part: &str) -> bool {
        Self::QUOTING.iter().any(|start| part.starts_with(start))
    }
}

/// A rule of the server as it was when it decided about an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedRule {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The template of its fingerprint.
    pub fingerprint: String,
}

/// A report that knows its issue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Placed {
    /// The occurrence.
    pub report: Report,
    /// Its issue.
    pub issue_id: IssueId,
    /// Why it is there.
    pub grouping: Grouping,
}

/// What [`Report::absorb`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absorbed {
    /// Nothing new: the same occurrence was sent again.
    Nothing,
    /// Something was added.
    Something,
}

impl Report {
    /// The exception that escaped.
    pub fn exception(&self) -> Option<&Exception> {
        self.exceptions.last()
    }

    /// The type of the exception that escaped, or an empty text.
    pub fn type_name(&self) -> &str {
        self.exception().map_or("", |exception| &exception.type_name)
    }

    /// The message of the exception that escaped, or an empty text.
    pub fn message(&self) -> &str {
        self.exception().map_or("", |exception| &exception.message)
    }

    /// The topmost span above the one that represents the error, as far as spans are known.
    pub fn entry_span_id(&self) -> Option<SpanId> {
        let mut entry = self.span_id?;
        // A cycle ends at the latest when every span was passed.
        for _ in 0..self.trace.len() {
            let span = self.trace.iter().find(|span| span.span_id == entry);
            let Some(parent) = span.and_then(|span| span.parent_id) else { break };
            if !self.trace.iter().any(|span| span.span_id == parent) {
                break;
            }
            entry = parent;
        }
        Some(entry)
    }

    /// Whether a snapshot that a frame refers to shows an earlier exception: a frame that lives long is captured once,
    /// and later exceptions refer to it.
    pub fn is_of_another(&self, snapshot: &Snapshot) -> bool {
        snapshot.capture_id.zip(self.capture_id).is_some_and(|(its, ours)| its != ours)
    }

    /// The frame that people should look at first: the innermost frame of the service's own code in
    /// the exception that escaped, else in its causes, else the innermost frame.
    pub fn culprit(&self) -> Option<&Frame> {
        self.exceptions
            .iter()
            .rev()
            .find_map(|exception| exception.frames.iter().rev().find(|frame| frame.in_app))
            .or_else(|| self.exceptions.iter().rev().find_map(|exception| exception.frames.last()))
    }

    /// The snapshots that the frames refer to, each once; those of the exceptions in groups behind the others.
    pub fn snapshot_ids(&self) -> Vec<SnapshotId> {
        let mut ids: Vec<SnapshotId> = Vec::new();
        let mut exceptions: VecDeque<&Exception> = self.exceptions.iter().collect();
        while let Some(exception) = exceptions.pop_front() {
            exceptions.extend(&exception.members);
            for id in exception.frames.iter().filter_map(|frame| frame.snapshot_id) {
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        ids
    }

    /// Takes over from `other`, a further part of the same occurrence, what this one lacks.
    ///
    /// Idempotent: absorbing the same part again changes nothing. Used when a trace arrives in
    /// several requests, or a request twice, or when the end of the process is reported as well.
    pub fn absorb(&mut self, other: &Report) -> Absorbed {
        let before = self.clone();
        if richness(other) > richness(self) {
            self.exceptions.clone_from(&other.exceptions);
            self.stack_text.clone_from(&other.stack_text);
            self.warnings.clone_from(&other.warnings);
            self.span_id = other.span_id;
            self.operation.clone_from(&other.operation);
        }
        self.absorb_context(other);
        if *self == before { Absorbed::Nothing } else { Absorbed::Something }
    }

    /// Whether the other part holds the span above the topmost one of this part.
    fn is_below(&self, other: &Report) -> bool {
        self.missing_parent.is_some_and(|missing| other.trace.iter().any(|span| span.span_id == missing))
    }

    /// The part of [`Report::absorb`] that does not look at the exceptions themselves.
    fn absorb_context(&mut self, other: &Report) {
        for (mine, theirs) in [
            (&mut self.env, &other.env),
            (&mut self.version, &other.version),
            (&mut self.host, &other.host),
            (&mut self.language, &other.language),
            (&mut self.commit, &other.commit),
            (&mut self.repository, &other.repository),
            (&mut self.thread, &other.thread),
            (&mut self.user_id, &other.user_id),
            (&mut self.resource, &other.resource),
        ] {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        }
        if self.trace_id.is_none() {
            self.trace_id = other.trace_id;
            self.span_id = other.span_id;
            self.operation.clone_from(&other.operation);
            self.capture_id = other.capture_id;
            self.missing_parent = other.missing_parent;
        }
        if self.is_below(other) {
            // What is nearer to the entry into the process knows how the work ended.
            self.missing_parent = other.missing_parent;
            self.request.clone_from(&other.request);
            self.resource.clone_from(&other.resource);
            self.handled = other.handled;
        } else if !other.is_below(self) {
            if self.request.is_none() && other.request.is_some() {
                self.request.clone_from(&other.request);
                self.resource.clone_from(&other.resource);
            }
            self.handled &= other.handled;
        }
        self.values.captured |= other.values.captured;
        self.values.allowed = self.values.allowed.or(other.values.allowed);
        self.values.snapshot_count = self.values.snapshot_count.max(other.values.snapshot_count);
        self.values.skipped = self.values.skipped.or(other.values.skipped);
        for (name, value) in &other.tags {
            self.tags.entry(name.clone()).or_insert_with(|| value.clone());
        }
        for (name, value) in &other.metrics {
            self.metrics.entry(name.clone()).or_insert(*value);
        }
        for span in &other.trace {
            if !self.trace.iter().any(|known| known.span_id == span.span_id) {
                self.trace.push(span.clone());
            }
        }
        self.trace.sort_by_key(|span| (span.start, span.span_id));
        self.spans_dropped = self.spans_dropped.max(other.spans_dropped);
    }
}

/// How much a part tells of the exceptions: frames with values, exceptions, frames, source lines.
fn richness(report: &Report) -> [usize; 4] {
    let frames = || report.exceptions.iter().flat_map(|exception| &exception.frames);
    [
        frames().filter(|frame| frame.snapshot_id.is_some()).count(),
        report.exceptions.len(),
        frames().count(),
        frames().filter(|frame| frame.source_line.is_some()).count(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_of_members_of_groups_are_of_the_event() {
        let frame = |id: u128| Frame { snapshot_id: Some(SnapshotId(id)), ..Frame::default() };
        let of = |ids: &[u128], members: Vec<Exception>| {
            let frames = ids.iter().map(|id| frame(*id)).collect();
            Exception { frames, members, ..Exception::default() }
        };
        let group = of(&[1, 2], vec![of(&[4], vec![of(&[5, 1], Vec::new())])]);
        let report = Report { exceptions: vec![group, of(&[3], Vec::new())], ..Report::default() };
        assert_eq!(report.snapshot_ids(), [1, 2, 3, 4, 5].map(SnapshotId));
    }
}
