//! The span tree of a chunk.

use std::collections::HashMap;

use reenact_model::{Span, SpanId, Timestamp};

use crate::failure::details;

/// The client's integration that made a span, or what its operation begins with.
fn integration(span: &Span) -> &str {
    let component = span.tags.get("component").map(String::as_str);
    component.unwrap_or_else(|| span.operation.split('.').next().unwrap_or_default())
}

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
    /// What made the span, as a number that only tells equal from different: `flask` for spans of Flask.
    pub(crate) integration: Vec<usize>,
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
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let integration = spans
            .iter()
            .map(|span| {
                let next = numbers.len();
                *numbers.entry(integration(span)).or_insert(next)
            })
            .collect();
        Self { parent, depth, start, has_details, failed_without_details, integration, entry }
    }

    /// Whether the exception of two spans that lie in different branches below `common` can be one.
    ///
    /// Web frameworks tell of an exception on spans side by side: below the request's, which failed without
    /// details of its own, or below one of their own that survived. Attempts one after another lie below a
    /// span that survived, or that failed with details.
    fn is_told_side_by_side(&self, common: usize, heads: [usize; 2]) -> bool {
        if self.failed_without_details[common] {
            return true;
        }
        let is_of_one = |span: &usize| self.integration[*span] == self.integration[common];
        !self.has_details[common]
            && heads.iter().all(is_of_one)
            && self
                .ancestors(common)
                .find(|above| self.has_details[*above] || self.failed_without_details[*above])
                .is_some_and(|above| self.failed_without_details[above] && is_of_one(&above))
    }

    /// How far two spans that tell of one exception are apart; `None` where they cannot. Smaller is nearer;
    /// spans side by side are the farthest.
    pub(crate) fn distance(&self, span: usize, other: usize) -> Option<u32> {
        if span == other {
            return Some(0);
        }
        // From each span to the root, with the child on the way.
        let way = |from: usize| std::iter::successors(Some(from), |at| self.parent[*at]).take(ANCESTORS_MAX);
        let mut above: HashMap<usize, (u32, usize)> = HashMap::new();
        let mut below = span;
        for (distance, at) in (0..).zip(way(span)) {
            above.entry(at).or_insert((distance, below));
            below = at;
        }
        if let Some((distance, _)) = above.get(&other) {
            return Some(*distance);
        }
        let mut below = other;
        for (distance, at) in (0..).zip(way(other)) {
            if at == span {
                return Some(distance);
            }
            if let Some((_, head)) = above.get(&at) {
                return self.is_told_side_by_side(at, [*head, below]).then_some(u32::MAX);
            }
            below = at;
        }
        None
    }

    pub(crate) fn ancestors(&self, span: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.parent[span], |at| self.parent[*at]).take(ANCESTORS_MAX)
    }
}
