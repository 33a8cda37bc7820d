//! Completing paths to captured values, and values at a path.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use reenact_model::{CapturedValue, Content, IssueId, Timestamp, ValuePath};
use reenact_store::query::VALUE_KEY;
use reenact_store::{FacetCount, Filter, TimeRange};

use super::failure::Failure;
use crate::App;
use crate::access::Viewer;

/// The newest matching events with values that are looked at.
const EVENTS_MAX: usize = 100;
/// Different paths or values that are counted; more are left out.
const COUNTED_MAX: usize = 10_000;
/// Length of a path or value that is offered, in bytes; longer ones are left out.
const OFFERED_BYTES_MAX: usize = 200;

/// What is asked for.
enum Asked {
    /// Paths of so many segments.
    Paths(usize),
    /// Values at the path.
    Values(ValuePath),
}

/// The commonest paths that begin with `prefix` for the key `var.`, and the commonest values that begin so for
/// `var.` and a path, among the newest matching events with values. Blocks.
pub(super) fn values(
    app: &App,
    viewer: &Viewer,
    key: &str,
    prefix: &str,
    filter: &Filter,
    range: TimeRange,
    now: Timestamp,
) -> Result<Vec<FacetCount>, Failure> {
    let path = key.strip_prefix(VALUE_KEY).unwrap_or_default();
    let asked = match path {
        "" => Asked::Paths(segments(prefix)),
        path => Asked::Values(
            ValuePath::parse(path).map_err(|error| Failure::parameter("key", error.to_string()))?,
        ),
    };
    if !viewer.permissions.see_values {
        return Err(Failure::forbidden("search captured values"));
    }
    let query = format!("completing `{key}`");
    if app.searches.is_new(viewer, &query, now) {
        app.policies.control().audit(&viewer.does("values.searched", None, Some(query)))?;
    }
    let filter = Filter::And(vec![Filter::HasValues, filter.clone()]);
    let mut events = Vec::new();
    app.store.newest_events(&filter, range, EVENTS_MAX, &mut |event| {
        events.push((app.workflow.shown(event.issue_id), event.report));
        true
    })?;
    let mut counts: BTreeMap<String, (BTreeSet<IssueId>, u64)> = BTreeMap::new();
    for (issue, report) in events {
        let mut here: HashSet<String> = HashSet::new();
        let snapshots = app.store.snapshots(&report.snapshot_ids())?;
        for snapshot in snapshots.into_iter().filter(|snapshot| !report.is_of_another(snapshot)) {
            match &asked {
                Asked::Paths(segments) => snapshot.each_value(&mut |path, _| {
                    let is_whole = path.segments().len() == *segments;
                    if is_whole {
                        here.insert(path.to_string());
                    }
                    !is_whole && here.len() < COUNTED_MAX
                }),
                Asked::Values(path) => {
                    here.extend(path.find(&snapshot).into_iter().filter_map(written));
                }
            }
        }
        for text in here {
            if text.starts_with(prefix)
                && text.len() <= OFFERED_BYTES_MAX
                && (counts.len() < COUNTED_MAX || counts.contains_key(&text))
            {
                let count = counts.entry(text).or_default();
                count.0.insert(issue);
                count.1 += 1;
            }
        }
    }
    let count = |(value, (issues, events)): (_, (BTreeSet<IssueId>, _))| FacetCount {
        value,
        issues: issues.len() as u64,
        events,
    };
    Ok(counts.into_iter().map(count).collect())
}

/// How many segments the path has that is being written.
fn segments(prefix: &str) -> usize {
    let mut in_quotes = false;
    let mut escaped = false;
    let mut segments = 1;
    for character in prefix.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = in_quotes,
            '"' => in_quotes = !in_quotes,
            '.' if !in_quotes => segments += 1,
            _ => {}
        }
    }
    segments
}

/// A scalar as a query asks for it.
fn written(value: &CapturedValue) -> Option<String> {
    match &value.content {
        Content::Null => Some("null".to_owned()),
        Content::Scalar(_) if !value.truncated => value.text().map(std::borrow::Cow::into_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::segments;

    #[test]
    fn segments_of_a_path_that_is_being_written_are_counted() {
        for (prefix, want) in [("", 1), ("ord", 1), ("order.", 2), (r#"a."b.c"#, 2), (r#"a."b\".c".d"#, 3)] {
            assert_eq!(segments(prefix), want, "{prefix}");
        }
    }
}
