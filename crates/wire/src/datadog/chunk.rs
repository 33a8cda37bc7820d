//! From borrowed spans to the model.
//!
//! Every trace format fills a [`Chunk`] with borrowed spans; only a trace with an error or a
//! recorded exception is then turned into owned model data. The buffers are used again for the next
//! trace, so that a trace of no interest costs no allocation.

mod error;
mod events;

use std::ops::Range;

use reenact_model::{
    Client, Fragment, Limits, ProblemKind, Replay, Skipped, Span, SpanId, Timestamp, TraceChunk, TraceId,
};

use super::Awaited;
use crate::Decoded;
use crate::msgpack::ReadError;
use crate::text::{Text, cut};

/// Tags of one trace that are looked at; bounds memory, far above what clients send.
const TRACE_TAGS_MAX: usize = 1 << 20;

/// One span, as sent, borrowed from the body.
#[derive(Clone, Debug, Default)]
pub(super) struct RawSpan<'a> {
    pub(super) service: Text<'a>,
    pub(super) name: Text<'a>,
    pub(super) resource: Text<'a>,
    pub(super) kind: Text<'a>,
    pub(super) trace_id: u64,
    pub(super) span_id: u64,
    pub(super) parent_id: u64,
    pub(super) start: i64,
    pub(super) duration: i64,
    pub(super) failed: bool,
    meta: Range<usize>,
    metrics: Range<usize>,
    events: Range<usize>,
    number: usize,
    may_have_exceptions: bool,
}

/// One event of a span that came with typed attributes.
#[derive(Clone, Debug, Default)]
struct RawEvent<'a> {
    time: i64,
    attributes: Vec<(Text<'a>, Text<'a>)>,
}

/// The spans of one trace while it is read.
#[derive(Default)]
pub(super) struct Chunk<'a> {
    spans: Vec<RawSpan<'a>>,
    meta: Vec<(Text<'a>, Text<'a>)>,
    metrics: Vec<(Text<'a>, f64)>,
    events: Vec<RawEvent<'a>>,
    /// Tags of all spans of the chunk, where the format has them.
    pub(super) shared: Vec<(Text<'a>, Text<'a>)>,
    /// The whole trace id, where the format has it.
    pub(super) trace_id: Option<u128>,
    /// Spans that were read, those that had a problem included.
    number: usize,
}

impl<'a> Chunk<'a> {
    /// Makes room for the next trace.
    pub(super) fn clear(&mut self) {
        self.spans.clear();
        self.meta.clear();
        self.metrics.clear();
        self.events.clear();
        self.shared.clear();
        self.trace_id = None;
        self.number = 0;
    }

    pub(super) fn tag(&mut self, name: Text<'a>, value: Text<'a>) -> Result<(), ReadError> {
        if self.meta.len() + self.metrics.len() >= TRACE_TAGS_MAX {
            return Err(too_many_tags());
        }
        self.meta.push((name, value));
        Ok(())
    }

    pub(super) fn metric(&mut self, name: Text<'a>, value: f64) -> Result<(), ReadError> {
        if self.meta.len() + self.metrics.len() >= TRACE_TAGS_MAX {
            return Err(too_many_tags());
        }
        self.metrics.push((name, value));
        Ok(())
    }

    /// Keeps an event of the span that is being read, if it is an exception.
    pub(super) fn event(&mut self, name: &str, time: i64, attributes: Vec<(Text<'a>, Text<'a>)>) {
        if name == events::EXCEPTION {
            self.events.push(RawEvent { time, attributes });
        }
    }

    /// Reads one span with `read` and adds it. What a failed read left behind is removed.
    pub(super) fn read_span(
        &mut self,
        read: impl FnOnce(&mut Self, &mut RawSpan<'a>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let (meta, metrics, events) = (self.meta.len(), self.metrics.len(), self.events.len());
        let mut span = RawSpan { number: self.number, ..RawSpan::default() };
        self.number += 1;
        match read(self, &mut span) {
            Ok(()) => {
                span.meta = meta..self.meta.len();
                span.metrics = metrics..self.metrics.len();
                span.events = events..self.events.len();
                span.may_have_exceptions = !span.events.is_empty()
                    || self.meta[span.meta.clone()]
                        .iter()
                        .any(|(name, value)| &**name == "events" && events::may_have_exceptions(value));
                self.spans.push(span);
                Ok(())
            }
            Err(error) => {
                self.meta.truncate(meta);
                self.metrics.truncate(metrics);
                self.events.truncate(events);
                Err(error)
            }
        }
    }

    /// How many spans were read, those with a problem included.
    pub(super) fn span_number(&self) -> usize {
        self.number
    }

    /// Turns the chunk into a fragment if there is an error in it, and counts it in any case.
    pub(super) fn finish(&self, request: &mut Request<'_>, trace_number: u64) {
        let decoded = &mut request.decoded;
        decoded.traces_received += 1;
        decoded.spans_received += self.spans.len() as u64;
        let is_awaited = || {
            self.spans.iter().any(|span| (request.awaited)(span.trace_id))
                || self.trace_id.is_some_and(|id| (request.awaited)(id as u64))
        };
        if !self.spans.iter().any(RawSpan::is_of_interest) && !is_awaited() {
            // A trace of broken spans alone is counted by its problems.
            decoded.traces_without_error += u64::from(!self.spans.is_empty() || self.number == 0);
            return;
        }
        match self.to_model(request, trace_number) {
            Some(chunk) => request.decoded.fragments.push(Fragment::Trace(chunk)),
            None => request.decoded.traces_without_error += 1,
        }
    }

    /// `None` when no span turns out to have an error.
    fn to_model(&self, request: &mut Request<'_>, trace_number: u64) -> Option<TraceChunk> {
        let id_low = self.spans.iter().map(|span| span.trace_id).find(|id| *id != 0).unwrap_or(0);
        let trace_id = TraceId(self.trace_id.unwrap_or_else(|| {
            let high = self.first_tag("_dd.p.tid").and_then(|text| u64::from_str_radix(text, 16).ok());
            u128::from(high.unwrap_or(0)) << 64 | u128::from(id_low)
        }));
        let shared = Shared {
            language: self.first_tag("language").or(Some(request.language).filter(|name| !name.is_empty())),
            commit: self.first_tag("_dd.git.commit.sha").or_else(|| self.first_tag("git.commit.sha")),
            repository: self
                .first_tag("_dd.git.repository_url")
                .or_else(|| self.first_tag("git.repository_url")),
            host: self.first_tag("_dd.hostname"),
        };
        let wanted = self.wanted(request.limits.trace_spans_max);
        let mut chunk = TraceChunk { trace_id, client: request.client.clone(), ..TraceChunk::default() };
        let mut has_error = false;
        for (span, wanted) in self.spans.iter().zip(wanted) {
            if !wanted {
                chunk.spans_dropped = chunk.spans_dropped.saturating_add(1);
                continue;
            }
            let place = Place { span: span.number, trace: trace_number };
            if span.span_id == 0 || (self.trace_id.is_none() && span.trace_id == 0) {
                request.problem(ProblemKind::Malformed, place, "has no id");
            } else if self.trace_id.is_none() && span.trace_id != id_low {
                request.problem(ProblemKind::Malformed, place, "belongs to another trace");
            } else if request.text_left == 0 {
                request.problem(ProblemKind::TooLarge, place, "is over the limit on text of one request");
            } else {
                let span = self.span(span, &shared, request, place);
                has_error |= span.failed || !span.recorded.is_empty();
                chunk.spans.push(span);
            }
        }
        (has_error || (request.awaited)(trace_id.0 as u64)).then_some(chunk)
    }

    /// Which spans to keep: those with an error, then the roots, then the others in their order,
    /// until there are `spans_max`. Spans with an error are kept beyond that: each may be an event.
    fn wanted(&self, spans_max: usize) -> Vec<bool> {
        let mut wanted: Vec<bool> = self.spans.iter().map(RawSpan::is_of_interest).collect();
        let mut left = spans_max.saturating_sub(wanted.iter().filter(|wanted| **wanted).count());
        for roots_only in [true, false] {
            for (wanted, span) in wanted.iter_mut().zip(&self.spans) {
                if left > 0 && !*wanted && (!roots_only || span.parent_id == 0) {
                    *wanted = true;
                    left -= 1;
                }
            }
        }
        wanted
    }

    /// The first value of a tag that clients put on the first span of a chunk only.
    fn first_tag(&self, name: &str) -> Option<&str> {
        let of_spans = self.spans.iter().flat_map(|span| &self.meta[span.meta.clone()]);
        let (_, value) = self.shared.iter().chain(of_spans).find(|(known, _)| &**known == name)?;
        Some(&**value).filter(|value| !value.is_empty())
    }

    fn span(&self, raw: &RawSpan<'a>, shared: &Shared<'_>, request: &mut Request<'_>, place: Place) -> Span {
        let mut span = Span {
            span_id: SpanId(raw.span_id),
            parent_id: Some(SpanId(raw.parent_id)).filter(|id| id.0 != 0),
            service: request.named_text("the service name", &raw.service),
            operation: request.text(&raw.name),
            resource: request.named_text("the resource", &raw.resource),
            kind: request.text(&raw.kind),
            start: Timestamp::from_nanos(raw.start),
            duration_ns: raw.duration.max(0),
            failed: raw.failed,
            ..Span::default()
        };
        let meta = &self.meta[raw.meta.clone()];
        let mut tags_left_out = 0_usize;
        for (name, value) in self.shared.iter().chain(meta) {
            match &**name {
                "env" => span.env = request.optional(value),
                "version" => span.version = request.optional(value),
                "language" => span.language = request.optional(value),
                "_dd.hostname" => span.host = request.optional(value),
                "_dd.git.commit.sha" | "git.commit.sha" => span.commit = request.optional(value),
                "_dd.git.repository_url" | "git.repository_url" => span.repository = request.optional(value),
                "usr.id" | "user.id" | "enduser.id" if span.user_id.is_none() => {
                    span.user_id = request.optional(value);
                }
                "_dd.debug.error.trace_captured" => span.replay.allowed = parse_bool(value),
                "_reenact.skipped" => span.replay.skipped = parse_skipped(value),
                "runtime-id" => span.is_local_root = true,
                "events" if raw.may_have_exceptions => {}
                name if raw.failed && error::is_error_tag(name) => {}
                name if is_internal(name) => {}
                name if span.tags.len() < request.limits.tags_max => {
                    span.tags.insert(request.text(name), request.text(value));
                }
                // A name that is there already may be counted too: to look would cost its length.
                _ => tags_left_out += 1,
            }
        }
        tags_left_out += self.metrics(raw, &mut span, request);
        if tags_left_out > 0 {
            let message = format!(
                "has {tags_left_out} tags over the limit of {}; they are left out",
                request.limits.tags_max
            );
            request.note(place, &message);
            let tags_max = request.limits.tags_max;
            request.warnings.push(format!("{tags_left_out} tags over the limit of {tags_max} were left out"));
        }
        for (mine, theirs) in [
            (&mut span.language, shared.language),
            (&mut span.commit, shared.commit),
            (&mut span.repository, shared.repository),
            (&mut span.host, shared.host),
        ] {
            if let (None, Some(text)) = (&mine, theirs) {
                *mine = request.optional(text);
            }
        }
        if raw.failed {
            span.error = error::span_error(meta, request);
        }
        if raw.may_have_exceptions {
            span.recorded = events::recorded(meta, &self.events[raw.events.clone()], request, place);
        }
        span.warnings = std::mem::take(&mut request.warnings);
        span
    }

    /// Sets the numeric tags; gives the number of those left out.
    fn metrics(&self, raw: &RawSpan<'a>, span: &mut Span, request: &mut Request<'_>) -> usize {
        let mut left_out = 0;
        for (name, value) in &self.metrics[raw.metrics.clone()] {
            match &**name {
                "_dd.debug.error.snapshot_count" => {
                    span.replay = Replay { snapshot_count: Some(*value as u32), ..span.replay };
                }
                name if is_internal(name) => {}
                name if span.metrics.len() < request.limits.tags_max => {
                    span.metrics.insert(request.text(name), *value);
                }
                _ => left_out += 1,
            }
        }
        left_out
    }
}

impl RawSpan<'_> {
    fn is_of_interest(&self) -> bool {
        self.failed || self.may_have_exceptions
    }
}

/// Tags of the first span of a chunk that hold for all of them.
struct Shared<'t> {
    language: Option<&'t str>,
    commit: Option<&'t str>,
    repository: Option<&'t str>,
    host: Option<&'t str>,
}

/// Where a problem is.
#[derive(Clone, Copy)]
struct Place {
    span: usize,
    trace: u64,
}

/// What is decoded of one request so far, and what it may still cost.
pub(super) struct Request<'r> {
    pub(super) decoded: Decoded,
    pub(super) limits: &'r Limits,
    awaited: Awaited<'r>,
    client: Client,
    language: &'r str,
    /// Bytes of text that may still be copied into the model. A table of strings lets a small body
    /// refer to a long text very often; this bounds what comes of it.
    text_left: usize,
    /// JSON text of `events` tags that may still be read, in bytes: a table of strings lets many spans
    /// refer to one.
    events_left: usize,
    /// What a reader of the span that is being made should know.
    warnings: Vec<String>,
}

impl<'r> Request<'r> {
    pub(super) fn new(client: &super::ClientInfo<'r>, limits: &'r Limits, awaited: Awaited<'r>) -> Self {
        Self {
            decoded: Decoded::default(),
            limits,
            awaited,
            client: client.to_client(),
            language: client.language,
            text_left: limits.body_bytes_max.saturating_mul(2),
            events_left: limits.body_bytes_max,
            warnings: Vec::new(),
        }
    }

    /// Takes what the payload itself says about the client, where the headers said nothing.
    pub(super) fn client_version(&mut self, version: &str) {
        if self.client.version.is_none() && !version.is_empty() {
            self.client.version = Some(cut(version, 64).to_owned());
        }
    }

    fn text(&mut self, text: &str) -> String {
        let kept = cut(text, self.limits.text_bytes_max.min(self.text_left));
        self.text_left -= kept.len();
        kept.to_owned()
    }

    /// As [`Self::text`]; a cut becomes a warning.
    fn named_text(&mut self, name: &str, text: &str) -> String {
        let kept = self.text(text);
        if kept.len() < text.len() {
            self.warnings.push(format!("{name} was cut: {} of {} bytes are kept", kept.len(), text.len()));
        }
        kept
    }

    fn optional(&mut self, text: &str) -> Option<String> {
        if text.is_empty() { None } else { Some(self.text(text)) }
    }

    fn stack(&mut self, text: &str) -> Option<String> {
        if text.is_empty() {
            return None;
        }
        let kept = crate::text::cut_middle(text, self.limits.stack_bytes_max.min(self.text_left));
        self.text_left -= kept.len();
        Some(kept)
    }

    fn problem(&mut self, kind: ProblemKind, place: Place, what: &str) {
        self.decoded.problem(kind, 1, || format!("span {} of trace {}: {what}", place.span, place.trace));
    }

    /// A problem that cost no span.
    fn note(&mut self, place: Place, what: &str) {
        let message = || format!("span {} of trace {}: {what}", place.span, place.trace);
        self.decoded.problem(ProblemKind::TooLarge, 0, message);
    }
}

fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "1" => Some(true),
        "false" | "False" | "0" => Some(false),
        _ => None,
    }
}

fn parse_skipped(text: &str) -> Option<Skipped> {
    Skipped::ALL.into_iter().find(|reason| reason.as_str() == text)
}

/// Tags that clients write for the Agent, not for people.
fn is_internal(name: &str) -> bool {
    name.starts_with('_') || matches!(name, "runtime-id" | "error.debug_info_captured")
}

fn too_many_tags() -> ReadError {
    ReadError::Limit { message: format!("the trace has more than {TRACE_TAGS_MAX} tags") }
}
