//! What becomes of issues whose stored events moved to others.
//!
//! - **Told:** each of them has an entry in its timeline.
//! - **Judged no more:** what moved brings no resolved issue back, and does not count for an ignored one.
//! - **Empty ones:** an issue of which no event is left is shown as the one that has most of them, so that its address,
//!   its comments and its timeline stay; one that nobody has touched takes its state and assignee over. Excluded issues
//!   are left alone: that would begin or end dropping events.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use reenact_issues::lifecycle::{self, Activity, Actor, State, Status};
use reenact_model::{IssueId, Timestamp};
use reenact_store::control::{ChangedIssue, IssueChange};
use reenact_store::{IssueMove, StoreError};

use super::change::new_id;
use super::{Workflow, lock};
use crate::app::now;

/// Issues that one entry of a timeline names.
const NAMED_MAX: usize = 20;

impl Workflow {
    /// Notes that stored events moved. Doing it twice notes it twice and changes nothing else.
    pub(crate) fn moved(&self, moves: &[IssueMove], actor: &str) -> Result<(), StoreError> {
        let mut by_issue: BTreeMap<IssueId, Vec<IssueMove>> = BTreeMap::new();
        for one in moves {
            by_issue.entry(one.from).or_default().push(*one);
        }
        let actor = Actor::Person(actor.to_owned());
        for (from, mut parts) in by_issue {
            // Where both are shown as one issue nobody sees a difference.
            parts.retain(|part| self.shown(part.to) != self.shown(from));
            parts.sort_by_key(|part| (Reverse(part.events), part.to));
            if !parts.is_empty() {
                self.moved_from(from, &parts, &actor)?;
            }
        }
        Ok(())
    }

    fn moved_from(&self, from: IssueId, parts: &[IssueMove], actor: &Actor) -> Result<(), StoreError> {
        let is_empty = self.store.own_issues(&[from])?.is_empty();
        let _changing = lock(&self.changing);
        let now = now();
        let mut issues = Vec::new();
        for part in parts {
            let id = self.shown(part.to);
            let entry = Activity::MovedIn { issue: from, events: part.events };
            let before = self.status(id);
            match before.state {
                State::Resolved | State::Ignored => {
                    let mut step = lifecycle::take_in(&before, Vec::new(), &[], now);
                    step.activity = vec![entry];
                    add(&mut issues, id, &before, step.status, step.activity);
                }
                State::ForReview | State::Reviewed | State::Excluded => {
                    self.control.add_activity(id, now, actor, &entry)?;
                }
            }
        }
        let out = Activity::MovedOut {
            issues: parts.iter().map(|part| part.to).take(NAMED_MAX).collect(),
            events: parts.iter().map(|part| part.events).sum(),
        };
        self.control.add_activity(from, now, actor, &out)?;
        if is_empty && let Some(most) = parts.first() {
            self.hand_over(from, self.shown(most.to), (actor, now), &mut issues);
        }
        if issues.is_empty() {
            // Pages look again.
            self.put_in_force(std::iter::empty());
            return Ok(());
        }
        let change = IssueChange { id: new_id()?, at: now, actor: actor.clone(), undoes: None, issues };
        Ok(self.record(vec![change], None)?)
    }

    /// Shows an issue of which nothing is left as the one that has most of its events.
    fn hand_over(
        &self,
        from: IssueId,
        into: IssueId,
        (actor, now): (&Actor, Timestamp),
        issues: &mut Vec<ChangedIssue>,
    ) {
        let (before, target) = (self.status(from), self.status(into));
        let merged = self.merged();
        let is_alone = merged.members(from).len() == 1 && before.merged.is_none() && from != into;
        let is_excluded = before.state == State::Excluded || target.state == State::Excluded;
        if !is_alone || is_excluded || self.check(&merged, into, &[from], 1).is_err() {
            return;
        }
        let step = lifecycle::merge_into(&before, into, actor, now);
        let merged_activity = Activity::Merged { issues: vec![from] };
        if target.revision == 0 && before.revision > 0 {
            let status = Status {
                revision: 1,
                merged: None,
                judged_after: now,
                since: before.since,
                ..Status::clone(&before)
            };
            add(issues, into, &target, status, vec![merged_activity]);
        } else {
            let taken = lifecycle::take_in(&target, vec![from], &[], now);
            add(issues, into, &target, taken.status, taken.activity);
        }
        add(issues, from, &before, step.status, step.activity);
    }
}

/// Adds a change of an issue, or adds to the one that is there.
fn add(issues: &mut Vec<ChangedIssue>, id: IssueId, before: &Status, after: Status, activity: Vec<Activity>) {
    match issues.iter_mut().find(|issue| issue.id == id) {
        Some(issue) => issue.activity.extend(activity),
        None => issues.push(ChangedIssue { id, before: before.clone(), after, activity }),
    }
}
