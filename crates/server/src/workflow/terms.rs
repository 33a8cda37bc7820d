//! Issues by where they stand, for queries and counts.

use reenact_issues::lifecycle::{State, Status};
use reenact_model::{IssueId, Timestamp};
use reenact_store::query::{IssueTerm, OwnerTest, QueryError, parse_for_issues};
use reenact_store::{Filter, IssueBoosts, IssueGroups, IssueSet, KnownIssue, StoreError};

use super::{Workflow, lock};

/// How long an issue counts as new, in nanoseconds: 48 hours.
const NEW_NS: i64 = 48 * 3_600_000_000_000;

/// Why a query was not understood.
#[derive(Debug)]
pub(crate) enum FilterFailure {
    /// It is wrong.
    Query(QueryError),
    /// The store fails.
    Store(StoreError),
}

/// Whether an issue is new.
pub(crate) fn is_new(status: &Status, first_seen: Timestamp, now: Timestamp) -> bool {
    status.state == State::ForReview && now.nanos_since(first_seen) < NEW_NS
}

/// The number of a state's group.
pub(crate) fn group_of(state: State) -> u8 {
    State::ALL.into_iter().zip(0..).find(|(one, _)| *one == state).map_or(0, |(_, number)| number)
}

impl Workflow {
    /// Reads a query; `owned` says which issues have such owners.
    pub(crate) fn filter(
        &self,
        query: &str,
        now: Timestamp,
        owned: &dyn Fn(&OwnerTest) -> Result<Filter, StoreError>,
    ) -> Result<Filter, FilterFailure> {
        let failure = std::cell::RefCell::new(None);
        let filter_of = |term| {
            self.filter_of(&term, now, owned).unwrap_or_else(|error| {
                failure.borrow_mut().get_or_insert(error);
                Filter::All
            })
        };
        let filter = parse_for_issues(query, &filter_of).map_err(FilterFailure::Query)?;
        match failure.into_inner() {
            Some(error) => Err(FilterFailure::Store(error)),
            None => Ok(self.with_causes(filter)),
        }
    }

    fn filter_of(
        &self,
        term: &IssueTerm,
        now: Timestamp,
        owned: &dyn Fn(&OwnerTest) -> Result<Filter, StoreError>,
    ) -> Result<Filter, StoreError> {
        Ok(match term {
            // Most issues are for review, and nothing is known of them here.
            IssueTerm::State(State::ForReview) => {
                let others = self.those("not for_review", &|status| status.state != State::ForReview);
                Filter::Not(Box::new(others))
            }
            IssueTerm::State(state) => self.those(state.as_str(), &|status| status.state == *state),
            IssueTerm::Regression => self.those("regression", &|status| status.regression.is_some()),
            IssueTerm::Assigned => self.those("assigned", &|status| status.assignee.is_some()),
            IssueTerm::Unassigned => {
                Filter::Not(Box::new(self.those("assigned", &|status| status.assignee.is_some())))
            }
            IssueTerm::Assignee(name) => {
                let set = format!("assignee {name}");
                self.those(&set, &|status| status.assignee.as_ref() == Some(name))
            }
            IssueTerm::New => {
                let new = self.first_seen(&|age| age < NEW_NS, now)?;
                let is_new = |issue: &KnownIssue| is_new(&self.status(issue.id), issue.first_seen, now);
                Filter::Issues(IssueSet::new("new", new.into_iter().filter(is_new).map(|issue| issue.id)))
            }
            IssueTerm::Owner(test) => owned(test)?,
            IssueTerm::Age(comparison, age_ns) => {
                let found = self.first_seen(&|age| comparison.holds(age.cmp(age_ns)), now)?;
                let set = format!("age {comparison:?} {age_ns} at {}", now.as_nanos());
                Filter::Issues(IssueSet::new(&set, found.into_iter().map(|issue| issue.id)))
            }
        })
    }

    /// The issues whose time since they were first seen, in nanoseconds, is so.
    fn first_seen(&self, is: &dyn Fn(i64) -> bool, now: Timestamp) -> Result<Vec<KnownIssue>, StoreError> {
        let mut found = Vec::new();
        self.store.known_issues(&mut |issue| {
            if is(now.nanos_since(issue.first_seen)) {
                found.push(issue);
            }
        })?;
        Ok(found)
    }

    /// The issues of these groups.
    pub(crate) fn in_groups(&self, groups: &[u8]) -> Filter {
        let is_in = |status: &Status| groups.contains(&group_of(status.state));
        if groups.contains(&group_of(State::ForReview)) {
            return Filter::Not(Box::new(
                self.those(&format!("not in {groups:?}"), &|status| !is_in(status)),
            ));
        }
        self.those(&format!("in {groups:?}"), &is_in)
    }

    fn those(&self, name: &str, which: &dyn Fn(&Status) -> bool) -> Filter {
        Filter::Issues(self.set_of(name, which))
    }

    fn set_of(&self, name: &str, which: &dyn Fn(&Status) -> bool) -> IssueSet {
        let live = self.live();
        IssueSet::new(name, live.all().filter(|(_, status)| which(status)).map(|(id, _)| id))
    }

    /// What makes issues relevant besides their events.
    pub(crate) fn boosts(&self, now: Timestamp) -> IssueBoosts {
        IssueBoosts {
            new_after: Some(now.saturating_add_nanos(-NEW_NS)),
            not_new: self.set_of("not for_review", &|status| status.state != State::ForReview),
            regressions: self.set_of("regression", &|status| status.regression.is_some()),
        }
    }

    /// Every issue by its state, in the order of [`State::ALL`].
    pub(crate) fn groups(&self) -> IssueGroups {
        let mut kept = lock(&self.groups);
        if let Some(groups) = &*kept {
            return groups.clone();
        }
        let live = self.live();
        let of = live.all().map(|(id, status): (IssueId, _)| (id, group_of(status.state)));
        let groups = IssueGroups::new(State::ALL.len() as u8, of);
        *kept = Some(groups.clone());
        groups
    }
}
