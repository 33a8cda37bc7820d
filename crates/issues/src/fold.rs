//! Which failed spans tell of the same exception.

use std::collections::HashMap;

use reenact_model::SnapshotId;

use crate::failure::{Failure, Likeness};
use crate::tree::Tree;

/// The failures of each exception, as indices.
///
/// A chunk comes from one process, so the service does not tell exceptions apart: clients give the
/// spans of a database or a cache a service of their own, and the same exception crosses them.
pub(crate) fn fold(tree: &Tree, failures: &[Failure<'_>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut by_capture: HashMap<SnapshotId, usize> = HashMap::new();
    let mut by_likeness: HashMap<&Likeness, Vec<usize>> = HashMap::new();
    for (index, failure) in failures.iter().enumerate() {
        let Some(capture_id) = failure.error.capture_id else { continue };
        let group = *by_capture.entry(capture_id).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(index);
        let alike = by_likeness.entry(&failure.likeness).or_default();
        if !alike.contains(&group) && alike.len() < ALIKE_MAX {
            alike.push(group);
        }
    }
    // The innermost first: a span joins what came up to it from below.
    let mut without_id: Vec<usize> =
        (0..failures.len()).filter(|index| failures[*index].error.capture_id.is_none()).collect();
    // Of attempts the last one is what came up further.
    without_id.sort_by_key(|index| {
        let span = failures[*index].span;
        (std::cmp::Reverse(tree.depth[span]), std::cmp::Reverse(tree.start[span]))
    });
    for index in without_id {
        let failure = &failures[index];
        let alike = by_likeness.entry(&failure.likeness).or_default();
        let group = related_group(tree, failures, &groups, alike, failure.span).unwrap_or_else(|| {
            groups.push(Vec::new());
            alike.push(groups.len() - 1);
            groups.len() - 1
        });
        groups[group].push(index);
    }
    fold_placeless(tree, failures, &mut groups);
    for group in &mut groups {
        group.sort_unstable();
    }
    groups.sort_by_key(|group| group.first().copied());
    groups
}

/// A span of a database driver sees only the client's own frames, so it cannot tell the place. It
/// joins the occurrence of the same type and message that came up through its ancestors.
fn fold_placeless(tree: &Tree, failures: &[Failure<'_>], groups: &mut Vec<Vec<usize>>) {
    let mut placed: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (index, group) in groups.iter().enumerate() {
        if let Some(at) = group.iter().find(|at| failures[**at].likeness.2.is_some()) {
            let (type_name, message, _) = &failures[*at].likeness;
            let alike = placed.entry((type_name, message)).or_default();
            if alike.len() < ALIKE_MAX {
                alike.push(index);
            }
        }
    }
    for index in 0..groups.len() {
        let Some(first) = groups[index].first().filter(|at| failures[**at].likeness.2.is_none()) else {
            continue;
        };
        let all_placeless = groups[index].iter().all(|at| failures[*at].likeness.2.is_none());
        let (type_name, message, _) = &failures[*first].likeness;
        let Some(alike) = placed.get(&(type_name.as_str(), message.as_str())).filter(|_| all_placeless)
        else {
            continue;
        };
        if let Some(target) = related_group(tree, failures, groups, alike, failures[*first].span) {
            let members = std::mem::take(&mut groups[index]);
            groups[target].extend(members);
        }
    }
    groups.retain(|group| !group.is_empty());
}

/// Occurrences that look alike and are told apart by the tree.
const ALIKE_MAX: usize = 64;
/// Members of one occurrence that are looked at.
const MEMBERS_MAX: usize = 16;

/// Of occurrences that look alike, the one that the exception of `span` can be: each of its spans lies on
/// the span's path of the tree, or is told side by side with it ([`Tree::distance`]). A span above several
/// attempts tells of one of them only. The nearest one is taken, then the latest.
fn related_group(
    tree: &Tree,
    failures: &[Failure<'_>],
    groups: &[Vec<usize>],
    candidates: &[usize],
    span: usize,
) -> Option<usize> {
    let nearest = |group: usize| {
        let mut nearest = None;
        for member in groups[group].iter().take(MEMBERS_MAX) {
            let other = failures[*member].span;
            let found = (tree.distance(span, other)?, std::cmp::Reverse(tree.start[other]));
            nearest = Some(nearest.map_or(found, |known| std::cmp::min(known, found)));
        }
        nearest
    };
    candidates
        .iter()
        .take(ALIKE_MAX)
        .filter_map(|group| Some((nearest(*group)?, *group)))
        .min()
        .map(|(_, group)| group)
}
