//! Issues that are shown as one, and taken apart again.
//!
//! A merge is a change like any other: it is in the statuses, durable before anybody sees it, and can be taken
//! back. The store is told which issue is shown as which whenever that changes.

use std::collections::{BTreeMap, BTreeSet};

use reenact_issues::lifecycle::{self, Activity, Actor, EnvVersions, State, Status, Step};
use reenact_model::{IssueId, Timestamp};
use reenact_store::control::{AuditEntry, ChangedIssue};
use reenact_store::{Merged, OwnIssue, StoreError, TimeRange};

use super::change::ChangeFailure;
use super::{STATUSES_MAX, Workflow, lock};
use crate::app::now;

/// Issues that are shown as one, itself included.
pub(crate) const MEMBERS_MAX: usize = 200;
/// Issues that are shown as another one, in all.
pub(crate) const MERGED_MAX: usize = 20_000;

/// A merge that somebody asks for.
#[derive(Clone, Debug)]
pub(crate) struct AskedMerge {
    pub(crate) issues: Vec<IssueId>,
    /// The issue that gets the events of the others; `None` for the one with the most events.
    pub(crate) into: Option<IssueId>,
    pub(crate) actor: String,
    pub(crate) audit: AuditEntry,
}

/// What became of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MergedIssues {
    /// `None` when they were one issue already.
    pub(crate) change_id: Option<String>,
    pub(crate) into: IssueId,
    /// Issues that were shown as themselves until now.
    pub(crate) merged: Vec<IssueId>,
}

/// An own issue that is shown as another one, or as itself among others.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) own: OwnIssue,
    /// How it came here; `None` for the issue itself.
    pub(crate) merged: Option<lifecycle::MergedInto>,
}

impl Workflow {
    /// The issue that an own issue is shown as.
    pub(crate) fn shown(&self, own: IssueId) -> IssueId {
        self.live().merged().shown(own)
    }

    /// Which issues are shown as others.
    pub(crate) fn merged(&self) -> Merged {
        self.live().merged().clone()
    }

    /// The own issues that are shown as this one, itself first, with what is known of each ever.
    pub(crate) fn members(&self, id: IssueId) -> Result<Vec<Member>, StoreError> {
        let ids = self.merged().members(id);
        let owns = self.store.own_issues(&ids)?;
        let member = |own: &IssueId| {
            let own = owns.iter().find(|one| one.id == *own)?.clone();
            Some(Member { merged: self.status(own.id).merged.clone(), own })
        };
        Ok(ids.iter().filter_map(member).collect())
    }

    /// Shows issues as one. Its state stays, that of the others waits until they are split off.
    pub(crate) fn merge(&self, asked: &AskedMerge) -> Result<MergedIssues, ChangeFailure> {
        let shown: BTreeSet<IssueId> =
            asked.issues.iter().chain(&asked.into).map(|id| self.shown(*id)).collect();
        let into = self.target(&shown, asked.into.map(|id| self.shown(id)))?;
        let sources: Vec<IssueId> = shown.into_iter().filter(|id| *id != into).collect();
        // Before the lock: it may take a while.
        let known = match self.status(into).state {
            State::Resolved => self.known_versions(&sources)?.into_values().flatten().collect(),
            _ => Vec::new(),
        };
        let actor = Actor::Person(asked.actor.clone());
        let _changing = lock(&self.changing);
        let now = now();
        let merged = self.merged();
        if sources.iter().chain([&into]).any(|id| merged.shown(*id) != *id) {
            return Err(ChangeFailure::Revision);
        }
        if sources.is_empty() {
            return Ok(MergedIssues { change_id: None, into, merged: sources });
        }
        let members: Vec<IssueId> = sources.iter().flat_map(|id| merged.members(*id)).collect();
        self.check(&merged, into, &sources, members.len())?;
        let issues = self.joined(into, &sources, &members, (&known, &actor, now));
        let change_id = Some(self.record_one(issues, &actor, None, now, &asked.audit)?);
        Ok(MergedIssues { change_id, into, merged: sources })
    }

    fn joined(
        &self,
        into: IssueId,
        sources: &[IssueId],
        members: &[IssueId],
        (known, actor, now): (&[EnvVersions], &Actor, Timestamp),
    ) -> Vec<ChangedIssue> {
        let target = self.status(into);
        let step = lifecycle::take_in(&target, sources.to_vec(), known, now);
        let mut issues = vec![changed(into, &target, step)];
        for id in members {
            let before = self.status(*id);
            issues.push(changed(*id, &before, lifecycle::merge_into(&before, into, actor, now)));
        }
        issues
    }

    /// Shows some of an issue's own issues as themselves again.
    pub(crate) fn split(
        &self,
        id: IssueId,
        members: &[IssueId],
        actor: &str,
        audit: &AuditEntry,
    ) -> Result<String, ChangeFailure> {
        let members: BTreeSet<IssueId> = members.iter().copied().collect();
        let _changing = lock(&self.changing);
        let now = now();
        let id = self.shown(id);
        let mut issues = Vec::new();
        for member in &members {
            let before = self.status(*member);
            let is_here = before.merged.is_some() && self.shown(*member) == id;
            let step = lifecycle::split_from(&before, now).filter(|_| is_here);
            let step = step.ok_or(ChangeFailure::NoMember(*member))?;
            issues.push(changed(*member, &before, step));
        }
        let target = self.status(id);
        issues.push(changed(id, &target, lifecycle::give_back(&target, members.into_iter().collect())));
        let actor = Actor::Person(actor.to_owned());
        Ok(self.record_one(issues, &actor, None, now, audit)?)
    }

    /// The issue that gets the events of the others. All of them have to be there.
    fn target(&self, shown: &BTreeSet<IssueId>, into: Option<IssueId>) -> Result<IssueId, ChangeFailure> {
        let nothing = TimeRange { from: Timestamp::default(), to: Timestamp::default() };
        let mut most: Option<(u64, std::cmp::Reverse<Timestamp>, std::cmp::Reverse<IssueId>)> = None;
        for id in shown {
            let issue = self.store.issue(*id, nothing, 0)?.ok_or(ChangeFailure::Missing(*id))?;
            let key = (issue.count_total, std::cmp::Reverse(issue.row.first_seen), std::cmp::Reverse(*id));
            most = most.max(Some(key));
        }
        let most = most.map(|(_, _, id)| id.0).ok_or(ChangeFailure::NotFound("issue"))?;
        Ok(into.unwrap_or(most))
    }

    /// Refuses what is too much, and what would begin or end dropping events without anybody saying so.
    pub(super) fn check(
        &self,
        merged: &Merged,
        into: IssueId,
        sources: &[IssueId],
        members: usize,
    ) -> Result<(), ChangeFailure> {
        if merged.members(into).len() + members > MEMBERS_MAX {
            return Err(ChangeFailure::TooManyMembers);
        }
        if merged.len() + sources.len() > MERGED_MAX {
            return Err(ChangeFailure::TooManyMerged);
        }
        let is_excluded = |id: &IssueId| self.status(*id).state == State::Excluded;
        if sources.iter().any(|id| is_excluded(id) != is_excluded(&into)) {
            return Err(ChangeFailure::ExcludedDiffers);
        }
        let ids = sources.iter().chain([&into]);
        let fresh = ids.filter(|id| self.status(**id).revision == 0).count();
        if self.live().len() + fresh > STATUSES_MAX { Err(ChangeFailure::Full) } else { Ok(()) }
    }
}

/// Adds to the timelines of issues that others left, or came back to, by an undo.
pub(super) fn tell_targets(issues: &mut [ChangedIssue]) {
    let into = |status: &Status| status.merged.as_ref().map(|merged| merged.issue);
    let (mut left, mut came): (BTreeMap<_, Vec<IssueId>>, BTreeMap<_, Vec<IssueId>>) = Default::default();
    for issue in issues.iter() {
        let (before, after) = (into(&issue.before), into(&issue.after));
        if before != after {
            if let Some(of) = before {
                left.entry(of).or_default().push(issue.id);
            }
            if let Some(of) = after {
                came.entry(of).or_default().push(issue.id);
            }
        }
    }
    for issue in issues {
        issue.activity.extend(left.remove(&issue.id).map(|issues| Activity::Split { issues }));
        issue.activity.extend(came.remove(&issue.id).map(|issues| Activity::Merged { issues }));
    }
}

fn changed(id: IssueId, before: &Status, step: Step) -> ChangedIssue {
    ChangedIssue { id, before: before.clone(), after: step.status, activity: step.activity }
}
