//! The JSON of what sets the events of an issue apart.

use reenact_model::{CapturedValue, EventId, IssueId};
use reenact_replay::correlate as replay;
use serde::Serialize;
use utoipa::ToSchema;

use super::views;

/// What the events of the issue are compared with.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Baseline {
    /// Events of other issues of the service in which the same functions were captured.
    Others,
    /// Events of the issue before the range.
    History,
    /// Calls of the same functions that returned, by their arguments at entry; `events` counts those whose arguments at
    /// entry are known.
    Calls,
}

/// What sets the events of an issue apart. A correlation is no cause.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Correlations {
    /// What they are compared with.
    baseline: Baseline,
    /// Whether there are values that the asker may not see; then there are no findings.
    values_hidden: bool,
    /// Events with values in the range that match.
    total: u64,
    /// Those of them that were looked at: the newest 200.
    events: usize,
    /// Events of the baseline that were looked at, or calls, at most 200. Without any, findings say what is the same in all events
    /// of the issue.
    baseline_events: usize,
    /// Whether either side has fewer than 5 events: then nothing stands out, whatever the numbers.
    too_few: bool,
    /// Predicates that were counted: of a thousand that mean nothing, 25 have an interval above 0.
    comparisons: usize,
    /// Paths whose values are other ones each time, and take no part: ids, times, addresses.
    volatile: usize,
    /// The findings, those with the highest lower end of the interval first; at most 50.
    findings: Vec<CorrelationFinding>,
    /// Findings that are not listed.
    findings_left_out: usize,
}

/// A predicate that holds more often in the events of the issue; without a baseline, one that holds in all of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CorrelationFinding {
    /// What holds.
    predicate: CorrelationPredicate,
    /// In how many events of the issue.
    of_issue: CorrelationShare,
    /// In how many events of the baseline.
    of_baseline: CorrelationShare,
    /// The difference of the shares; null without a baseline.
    difference: Option<CorrelationDifference>,
    /// Whether that is more than chance would do in any of all the comparisons (Bonferroni, 95 %).
    stands_out: bool,
    /// The newest events of the issue in which it holds, at most 5.
    events: Vec<String>,
    /// An event of the baseline in which it does not.
    counterexample: Option<CorrelationEvent>,
    /// Predicates that hold in exactly the same events, at most 10.
    also: Vec<CorrelationPredicate>,
    /// Those of them that are not listed.
    also_left_out: usize,
}

/// An event of the baseline.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CorrelationEvent {
    /// 32 hexadecimal digits.
    id: String,
    /// Its issue.
    issue_id: String,
}

/// In how many events a predicate holds, of those in which that is known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CorrelationShare {
    /// How many.
    count: usize,
    /// Of how many.
    total: usize,
}

/// A difference of two shares, from -1 to 1, with its 95 % interval (Newcombe's hybrid score interval).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CorrelationDifference {
    /// The share of the issue without that of the baseline.
    value: f64,
    /// The lower end.
    low: f64,
    /// The upper end.
    high: f64,
}

/// What may hold for a path.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CorrelationCondition {
    /// It is `value`.
    Is,
    /// It is `None`.
    Null,
    /// It is a text or a container without anything in it.
    Empty,
    /// There is no such attribute, key or element.
    Missing,
    /// It is not `None`, and has the type `type`.
    HasType,
    /// It is a number, at least `number`.
    AtLeast,
    /// It is a number, at most `number`.
    AtMost,
}

/// A condition on a value of a function.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CorrelationPredicate {
    /// The function.
    function: String,
    /// Its file.
    file: String,
    /// `order.lines.0.price`.
    path: String,
    /// What holds there.
    condition: CorrelationCondition,
    /// The value of `is`; its text is cut at 4,096 bytes.
    #[schema(value_type = Option<views::CapturedValue>)]
    value: Option<CapturedValue>,
    /// The type of `has_type`.
    #[serde(rename = "type")]
    type_name: Option<String>,
    /// The number of `at_least` and `at_most`.
    number: Option<String>,
    /// A query for events in which some frame has that: `var.order.currency:"XTS"`; null where there is none.
    query: Option<String>,
}

/// What was looked at of the baseline.
pub(crate) enum Others {
    /// Events.
    Events(Vec<(IssueId, EventId)>),
    /// So many calls, which have no pages.
    Calls(usize),
}

impl Others {
    fn count(&self) -> usize {
        match self {
            Self::Events(events) => events.len(),
            Self::Calls(count) => *count,
        }
    }

    fn event(&self, place: usize) -> Option<&(IssueId, EventId)> {
        match self {
            Self::Events(events) => events.get(place),
            Self::Calls(_) => None,
        }
    }
}

impl Correlations {
    /// For somebody who may not see captured values.
    pub(crate) fn hidden(baseline: Baseline, total: u64) -> Self {
        let nothing = replay::Correlations::default();
        Self { values_hidden: total > 0, ..Self::of(baseline, total, nothing, &[], &Others::Calls(0)) }
    }

    /// What was found for these events and those of the baseline, in the order in which they were looked at.
    pub(crate) fn of(
        baseline: Baseline,
        total: u64,
        found: replay::Correlations,
        events: &[(IssueId, EventId)],
        others: &Others,
    ) -> Self {
        let finding = |finding: replay::Finding| {
            let of_issue = finding.examples.iter().filter_map(|place| events.get(*place));
            let counterexample = finding.counterexample.and_then(|place| others.event(place));
            CorrelationFinding {
                predicate: predicate(finding.predicate),
                of_issue: share(finding.of_issue),
                of_baseline: share(finding.of_baseline),
                difference: finding.difference.map(|difference| CorrelationDifference {
                    value: difference.value,
                    low: difference.low,
                    high: difference.high,
                }),
                stands_out: finding.stands_out,
                events: of_issue.map(|(_, id)| id.to_string()).collect(),
                counterexample: counterexample
                    .map(|(issue, id)| CorrelationEvent { id: id.to_string(), issue_id: issue.to_string() }),
                also: finding.also.into_iter().map(predicate).collect(),
                also_left_out: finding.also_left_out,
            }
        };
        Self {
            baseline,
            values_hidden: false,
            total,
            events: events.len(),
            baseline_events: others.count(),
            too_few: events.len().min(others.count()) < replay::FEW,
            comparisons: found.comparisons,
            volatile: found.volatile,
            findings: found.findings.into_iter().map(finding).collect(),
            findings_left_out: found.left_out,
        }
    }
}

fn share(share: replay::Share) -> CorrelationShare {
    CorrelationShare { count: share.count, total: share.total }
}

/// Length of a value in a query, in bytes; longer ones have none.
const QUERY_VALUE_BYTES_MAX: usize = 500;

/// The query for what holds.
fn query(predicate: &replay::Predicate) -> Option<String> {
    let asked = match &predicate.condition {
        replay::Condition::Is(value) => {
            let text = value.text().filter(|text| !value.truncated && text.len() <= QUERY_VALUE_BYTES_MAX)?;
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        }
        replay::Condition::Null => "null".to_owned(),
        replay::Condition::AtLeast(number) => format!(">={number}"),
        replay::Condition::AtMost(number) => format!("<={number}"),
        replay::Condition::Empty | replay::Condition::Missing | replay::Condition::HasType(_) => return None,
    };
    Some(format!("var.{}:{asked}", predicate.path))
}

fn predicate(predicate: replay::Predicate) -> CorrelationPredicate {
    use CorrelationCondition as Kind;
    let query = query(&predicate);
    let (condition, value, type_name, number) = match predicate.condition {
        replay::Condition::Is(value) => (Kind::Is, Some(value), None, None),
        replay::Condition::Null => (Kind::Null, None, None, None),
        replay::Condition::Empty => (Kind::Empty, None, None, None),
        replay::Condition::Missing => (Kind::Missing, None, None, None),
        replay::Condition::HasType(name) => (Kind::HasType, None, Some(name), None),
        replay::Condition::AtLeast(number) => (Kind::AtLeast, None, None, Some(number)),
        replay::Condition::AtMost(number) => (Kind::AtMost, None, None, Some(number)),
    };
    CorrelationPredicate {
        function: predicate.function.function,
        file: predicate.function.file,
        path: predicate.path.to_string(),
        condition,
        value,
        type_name,
        number,
        query,
    }
}

#[cfg(test)]
mod tests {
    use reenact_model::ValuePath;
    use reenact_store::query::parse;

    use super::*;

    #[track_caller]
    fn check(path: &str, condition: replay::Condition, want: Option<&str>) {
        let function = replay::Function { function: "pay".to_owned(), file: "shop.py".to_owned() };
        let path = ValuePath::parse(path).unwrap();
        let query = query(&replay::Predicate { function, path, condition });
        assert_eq!(query.as_deref(), want);
        assert!(query.is_none_or(|query| parse(&query).is_ok()));
    }

    #[test]
    fn what_holds_can_be_searched_for() {
        let text = |repr: &str| replay::Condition::Is(CapturedValue::scalar("str", repr));
        check("order.currency", text("'XTS'"), Some(r#"var.order.currency:"XTS""#));
        check(r#"h."a.b"."*""#, text(r#"'say "a\\\\b"'"#), Some(r#"var.h."a.b"."*":"say \"a\\\\b\"""#));
        check("order.0", replay::Condition::Null, Some("var.order.0:null"));
        check("count", replay::Condition::AtLeast("10".to_owned()), Some("var.count:>=10"));
        check("count", replay::Condition::Missing, None);
        check("long", text(&"x".repeat(501)), None);
    }
}
