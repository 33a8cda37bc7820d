//! The spans of a chunk as a tree.

use std::collections::{HashMap, HashSet};

use reenact_model::{Limits, Span, SpanId, TraceChunk, TraceSpan};

/// Steps towards the root that are followed; guards against parents in a circle.
const ANCESTORS_MAX: usize = 10_000;

/// Finds parents among the spans of one chunk.
pub(super) struct SpanTree<'a> {
    spans: &'a [Span],
    by_id: HashMap<SpanId, usize>,
}

impl<'a> SpanTree<'a> {
    pub(super) fn new(chunk: &'a TraceChunk) -> Self {
        let by_id = chunk.spans.iter().enumerate().map(|(index, span)| (span.span_id, index)).collect();
        Self { spans: &chunk.spans, by_id }
    }

    fn parent(&self, span: &Span) -> Option<&'a Span> {
        let parent = span.parent_id.filter(|parent| *parent != span.span_id)?;
        self.by_id.get(&parent).map(|index| &self.spans[*index])
    }

    fn ancestors(&self, id: SpanId) -> impl Iterator<Item = &'a Span> {
        let first = self.by_id.get(&id).map(|index| &self.spans[*index]);
        std::iter::successors(first, |span| self.parent(span)).take(ANCESTORS_MAX)
    }

    /// How many ancestors a span has in the chunk.
    pub(super) fn depth(&self, id: SpanId) -> usize {
        self.ancestors(id).count()
    }

    /// The span by which the work entered the process: the outermost ancestor that is here.
    pub(super) fn entry(&self, id: SpanId) -> &'a Span {
        self.ancestors(id).last().unwrap_or(&self.spans[0])
    }

    /// The spans to keep with a report, in order of their start, and how many were left out: the
    /// representing span and its ancestors first, then failed ones, then the earliest.
    pub(super) fn kept(&self, id: SpanId) -> (Vec<TraceSpan>, u32) {
        let path: HashSet<SpanId> = self.ancestors(id).map(|span| span.span_id).collect();
        let mut order: Vec<&Span> = self.spans.iter().collect();
        order.sort_by_key(|span| (!path.contains(&span.span_id), !span.failed, span.start, span.span_id));
        let cut = order.len().saturating_sub(Limits::DEFAULT.trace_spans_max);
        order.truncate(Limits::DEFAULT.trace_spans_max);
        order.sort_by_key(|span| (span.start, span.span_id));
        (order.into_iter().map(trace_span).collect(), u32::try_from(cut).unwrap_or(u32::MAX))
    }
}

fn trace_span(span: &Span) -> TraceSpan {
    TraceSpan {
        span_id: span.span_id,
        parent_id: span.parent_id,
        service: span.service.clone(),
        operation: span.operation.clone(),
        resource: span.resource.clone(),
        start: span.start,
        duration_ns: span.duration_ns,
        failed: span.failed,
        has_exception: span.error.is_some() || !span.recorded.is_empty(),
    }
}
