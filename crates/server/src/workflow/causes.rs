//! Suspected causes that somebody set: they stand for those of the issues' events.

use reenact_issues::Cause;
use reenact_model::IssueId;
use reenact_store::{Field, Filter, IssueSet};

use super::Workflow;

impl Workflow {
    /// The issues whose cause somebody set.
    pub(crate) fn causes(&self) -> Vec<(IssueId, Cause)> {
        let live = self.live();
        live.all().filter_map(|(id, status)| Some((id, status.cause.as_ref()?.cause))).collect()
    }

    /// A filter in which conditions on causes mean those that were set where there are such.
    pub(super) fn with_causes(&self, filter: Filter) -> Filter {
        if !asks_for_causes(&filter) {
            return filter;
        }
        let set = self.causes();
        if set.is_empty() { filter } else { with(filter, &set) }
    }
}

/// The issues whose cause somebody set, as a set.
pub(crate) fn set_causes(causes: &[(IssueId, Cause)]) -> Filter {
    Filter::Issues(IssueSet::new("cause set", causes.iter().map(|(id, _)| *id)))
}

fn asks_for_causes(filter: &Filter) -> bool {
    match filter {
        Filter::And(filters) | Filter::Or(filters) => filters.iter().any(asks_for_causes),
        Filter::Not(inner) => asks_for_causes(inner),
        condition => passes(condition, "").is_some(),
    }
}

fn with(filter: Filter, set: &[(IssueId, Cause)]) -> Filter {
    let all = |filters: Vec<Filter>| filters.into_iter().map(|filter| with(filter, set)).collect();
    match filter {
        Filter::And(filters) => Filter::And(all(filters)),
        Filter::Or(filters) => Filter::Or(all(filters)),
        Filter::Not(inner) => Filter::Not(Box::new(with(*inner, set))),
        condition if passes(&condition, "").is_some() => {
            let name = format!("cause set, {condition:?}");
            let those = set.iter().filter(|(_, cause)| passes(&condition, cause.as_str()) == Some(true));
            let those = Filter::Issues(IssueSet::new(&name, those.map(|(id, _)| *id)));
            let others = Filter::Not(Box::new(set_causes(set)));
            Filter::Or(vec![Filter::And(vec![condition, others]), those])
        }
        condition => condition,
    }
}

/// Whether a cause passes a condition on causes; `None` for another condition.
fn passes(condition: &Filter, cause: &str) -> Option<bool> {
    match condition {
        Filter::Equals(Field::Cause, value) => Some(cause == value),
        Filter::StartsWith(Field::Cause, start) => Some(cause.starts_with(start.as_str())),
        Filter::Passes(field @ Field::Cause, test) => Some(test.holds(field, cause)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use reenact_store::Test;

    use super::*;

    #[test]
    fn a_cause_that_was_set_stands_for_that_of_the_events() {
        let is = |cause: &str| Filter::Equals(Field::Cause, cause.to_owned());
        assert!(asks_for_causes(&Filter::Not(Box::new(is("timeout")))));
        assert!(!asks_for_causes(&Filter::And(vec![Filter::HasValues])));
        let set = [(IssueId(1), Cause::Timeout), (IssueId(2), Cause::MissingItem)];
        for (condition, those) in [
            (is("timeout"), vec![1]),
            (is("network"), vec![]),
            (Filter::StartsWith(Field::Cause, "missing_".to_owned()), vec![2]),
            (
                Filter::Passes(Field::Cause, Test::Like(vec![String::new(), "t".to_owned(), String::new()])),
                vec![1, 2],
            ),
        ] {
            let Filter::Or(parts) = with(condition.clone(), &set) else { panic!() };
            let others = Filter::Not(Box::new(set_causes(&set)));
            assert_eq!(parts[0], Filter::And(vec![condition, others]));
            let Filter::Issues(found) = &parts[1] else { panic!() };
            let mut found: Vec<u64> = found.iter().map(|id| id.0).collect();
            found.sort_unstable();
            assert_eq!(found, those);
        }
    }

    #[test]
    fn names_of_causes_are_those_that_are_kept() {
        for cause in Cause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.as_str());
        }
    }
}
