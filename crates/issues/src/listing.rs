//! Which spans of a trace are kept with its events.

use std::collections::HashSet;

use reenact_model::{Limits, Span, TraceChunk, TraceSpan};

use crate::tree::Tree;

/// Which spans of the chunk are shown with its events: those with errors and the way to them come first.
pub(crate) struct Listing {
    preferred: Vec<usize>,
}

impl Listing {
    pub(crate) fn new(chunk: &TraceChunk, tree: &Tree) -> Self {
        let most = Limits::DEFAULT.trace_spans_max;
        let mut chosen: HashSet<usize> = HashSet::new();
        let mut preferred = Vec::new();
        let failed = (0..chunk.spans.len()).filter(|index| chunk.spans[*index].failed);
        let mut by_start: Vec<usize> = (0..chunk.spans.len()).collect();
        by_start.sort_by_key(|index| (chunk.spans[*index].start, chunk.spans[*index].span_id));
        for index in failed
            .take(most)
            .flat_map(|index| std::iter::once(index).chain(tree.ancestors(index)))
            .chain(by_start)
        {
            if preferred.len() >= most {
                break;
            }
            if chosen.insert(index) {
                preferred.push(index);
            }
        }
        Self { preferred }
    }

    /// The spans to show with the exception that `spans` carry, by start, and how many are not shown.
    pub(crate) fn around(&self, chunk: &TraceChunk, tree: &Tree, spans: &[usize]) -> (Vec<TraceSpan>, u32) {
        let most = Limits::DEFAULT.trace_spans_max;
        let mut chosen: HashSet<usize> = HashSet::new();
        let own =
            spans.iter().take(most).flat_map(|index| std::iter::once(*index).chain(tree.ancestors(*index)));
        for index in own.chain(self.preferred.iter().copied()) {
            if chosen.len() >= most {
                break;
            }
            chosen.insert(index);
        }
        let mut shown: Vec<TraceSpan> = chosen.iter().map(|index| trace_span(&chunk.spans[*index])).collect();
        shown.sort_by_key(|span| (span.start, span.span_id));
        let left_out = chunk.spans.len() - chosen.len();
        (shown, u32::try_from(left_out).unwrap_or(u32::MAX))
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
