//! Moves stored events to the issues that they would have if they arrived now, by the rules in force when each step
//! begins. What moves is redacted again, since the reasons of its grouping are new.

use reenact_model::{IssueId, Placed, Timestamp};
use reenact_store::{Filter, IssueSet, Matches, RegroupStep, StoreError, TimeRange};

use super::{Job, Jobs};
use crate::arrival::arrival_filter;
use crate::grouping::place_again;
use crate::policy::Facts;

/// One step. What became of issues is noted before the step counts as done.
pub(super) fn step(jobs: &Jobs, job: &Job) -> Result<RegroupStep, StoreError> {
    let range = TimeRange {
        from: Timestamp::from_nanos(job.from.unwrap_or(i64::MIN)),
        to: Timestamp::from_nanos(job.to),
    };
    work(jobs, job, range, job.position.as_deref())
}

/// Brings to its end what a job has begun that somebody ended: counts stay right.
pub(super) fn finish(jobs: &Jobs, job: &Job) -> Result<(), StoreError> {
    let nothing = TimeRange { from: Timestamp::default(), to: Timestamp::default() };
    let mut position: Option<String> = None;
    loop {
        position = work(jobs, job, nothing, position.as_deref())?.next;
        if position.is_none() {
            return Ok(());
        }
    }
}

fn work(jobs: &Jobs, job: &Job, range: TimeRange, position: Option<&str>) -> Result<RegroupStep, StoreError> {
    let (rules, policy) = (jobs.grouping.0.rules(), jobs.policies.policy());
    let filter = filter(jobs, job)?;
    let step = jobs.store.regroup(range, position, &mut |event| {
        let at = Matches { event: &event, has_values: false, has_value: &|_| false };
        if !filter.matches(at) {
            return None;
        }
        let placed: Placed = place_again(&rules, &event);
        if placed.issue_id == event.issue_id {
            return None;
        }
        let (redacted, _) = policy.choose(Facts::of_placed(&placed)).placed(placed);
        Some(redacted)
    })?;
    jobs.workflow.moved(&step.moves, &job.requested_by)?;
    Ok(step)
}

/// Which events are looked at: those of some issues, as they are shown, and that a query finds.
fn filter(jobs: &Jobs, job: &Job) -> Result<Filter, StoreError> {
    let wrong = |source: Box<dyn std::error::Error + Send + Sync>| StoreError::Engine {
        context: "reading what a job is about".to_owned(),
        source,
    };
    let found = arrival_filter(&job.query).map_err(|error| wrong(Box::new(error)))?;
    if job.issues.is_empty() {
        return Ok(found);
    }
    let mut issues = Vec::new();
    for id in &job.issues {
        let id: IssueId = id.parse().map_err(|_| wrong(format!("`{id}` is no issue").into()))?;
        issues.extend(jobs.workflow.merged().members(id));
    }
    Ok(Filter::And(vec![Filter::Issues(IssueSet::new("regrouped", issues)), found]))
}
