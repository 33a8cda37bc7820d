//! The span tree of a chunk.

use std::collections::HashMap;

use reenact_model::{Span, SpanId, Timestamp};

use crate::failure::details;

/// Spans on the way to the root that are looked at when two occurrences are told apart.
const ANCESTORS_MAX: usize = 256;

/// The parts of a chunk's span tree that are asked for more than once.
pub(crate) struct Tree {
    pub(crate) parent: Vec<Option<usize>>,
    pub(crate) depth: Vec<u32>,
    pub(crate) start: Vec<Timestamp>,
    /// Whether the span failed with an exception that it tells of.
    pub(crate) has_details: Vec<bool>,
    pub(crate) failed_without_details: Vec<bool>,
    /// The span by which the work entered the process: the outermost ancestor in the chunk. A client
    /// gives spans of a database or cache a service name of their own; they belong to it all the same.
    pub(crate) entry: Vec<usize>,
}

impl Tree {
    pub(crate) fn new(spans: &[Span]) -> Self {
        let mut by_id: HashMap<SpanId, usize> = HashMap::with_capacity(spans.len());
        for (index, span) in spans.iter().enumerate() {
            by_id.entry(span.span_id).or_insert(index);
        }
        let parent: Vec<Option<usize>> = spans
            .iter()
            .enumerate()
            .map(|(index, span)| {
                span.parent_id.and_then(|id| by_id.get(&id).copied()).filter(|at| *at != index)
            })
            .collect();
        let mut depth = vec![0; spans.len()];
        let mut entry: Vec<usize> = (0..spans.len()).collect();
        // 0 not seen, 1 on the path, 2 decided; a cycle ends where it began.
        let mut state = vec![0_u8; spans.len()];
        let mut path = Vec::new();
        for start in 0..spans.len() {
            let mut at = Some(start);
            while let Some(index) = at {
                if state[index] != 0 {
                    break;
                }
                state[index] = 1;
                path.push(index);
                at = parent[index];
            }
            while let Some(index) = path.pop() {
                if let Some(above) = parent[index].filter(|above| state[*above] == 2) {
                    depth[index] = depth[above] + 1;
                    entry[index] = entry[above];
                }
                state[index] = 2;
            }
        }
        let has_details: Vec<bool> = spans.iter().map(|span| details(span).is_some()).collect();
        let failed_without_details =
            spans.iter().zip(&has_details).map(|(span, details)| span.failed && !details).collect();
        let start = spans.iter().map(|span| span.start).collect();
        Self { parent, depth, start, has_details, failed_without_details, entry }
    }

    pub(crate) fn ancestors(&self, span: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.parent[span], |at| self.parent[*at]).take(ANCESTORS_MAX)
    }
}
