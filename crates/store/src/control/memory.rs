//! The reference: records about issues in memory, for tests. Nothing is bounded but what the suite looks at.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use reenact_issues::lifecycle::{Activity, Actor, Status};
use reenact_model::{IssueId, Timestamp};

use super::AuditEntry;
use super::issues::{
    ACTIVITY_MAX, ActivityEntry, CHANGED_ISSUES_MAX, Forget, IssueChange, IssueCounts, IssueRecords,
    KeptChange, Recorded, ServiceVersion,
};
use crate::StoreError;

/// Records about issues in memory.
#[derive(Debug, Default)]
pub struct MemoryRecords {
    kept: Mutex<Kept>,
}

type VersionKey = (String, Option<String>, String);

#[derive(Debug, Default)]
struct Kept {
    statuses: BTreeMap<IssueId, Status>,
    changes: Vec<(String, Timestamp, KeptChange)>,
    activity: Vec<(IssueId, ActivityEntry)>,
    entries: u64,
    counts: BTreeMap<IssueId, IssueCounts>,
    assignees: BTreeMap<String, Timestamp>,
    versions: BTreeMap<VersionKey, (Timestamp, Timestamp)>,
}

impl MemoryRecords {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn change(&mut self, change: &IssueChange) {
        if let Some(undoes) = &change.undoes
            && let Some((_, _, undone)) = self.changes.iter_mut().find(|(id, _, _)| id == undoes)
        {
            undone.undone = true;
        }
        for (of, entry) in &mut self.activity {
            let is_undone = change.undoes.is_some() && entry.change == change.undoes;
            entry.undone |= is_undone && change.issues.iter().any(|issue| issue.id == *of);
        }
        for issue in &change.issues {
            self.statuses.insert(issue.id, issue.after.clone());
            if issue.restarts_counts() {
                let counts = self.counts.entry(issue.id).or_default();
                (counts.events, counts.users) = (0, 0);
            }
            for activity in &issue.activity {
                if let Activity::Assigned { to: Some(name), .. } = activity {
                    self.assignees.insert(name.clone(), change.at);
                }
                let entry = ActivityEntry {
                    number: 0,
                    at: change.at,
                    actor: change.actor.clone(),
                    change: Some(change.id.clone()),
                    revision: Some(issue.after.revision),
                    undone: false,
                    change_kept: true,
                    activity: activity.clone(),
                };
                self.add(issue.id, entry);
            }
        }
        let issues = change
            .issues
            .iter()
            .map(|issue| (issue.id, issue.before.clone(), issue.after.revision))
            .collect();
        self.changes.push((change.id.clone(), change.at, KeptChange { undone: false, issues }));
    }

    fn add(&mut self, issue: IssueId, entry: ActivityEntry) -> u64 {
        self.entries += 1;
        self.activity.push((issue, ActivityEntry { number: self.entries, ..entry }));
        let of_issue = self.activity.iter().filter(|(of, _)| *of == issue).count();
        if of_issue > ACTIVITY_MAX
            && let Some(oldest) = self.activity.iter().position(|(of, _)| *of == issue)
        {
            self.activity.remove(oldest);
        }
        self.entries
    }
}

impl IssueRecords for MemoryRecords {
    fn statuses(&self) -> Result<Vec<(IssueId, Status)>, StoreError> {
        Ok(self.lock().statuses.iter().map(|(id, status)| (*id, status.clone())).collect())
    }

    fn change_issues(&self, changes: &[IssueChange], _: Option<&AuditEntry>) -> Result<Recorded, StoreError> {
        let mut kept = self.lock();
        let revision = |id| kept.statuses.get(&id).map_or(0, |status| status.revision);
        let undone = |id: &String| {
            kept.changes.iter().find(|(known, _, _)| known == id).is_none_or(|(_, _, change)| change.undone)
        };
        let mut issues = changes.iter().flat_map(|change| &change.issues);
        if issues.any(|issue| revision(issue.id) != issue.before.revision)
            || changes.iter().filter_map(|change| change.undoes.as_ref()).any(undone)
        {
            return Ok(Recorded::Conflict);
        }
        changes.iter().for_each(|change| kept.change(change));
        Ok(Recorded::Done)
    }

    fn issue_change(&self, id: &str) -> Result<Option<KeptChange>, StoreError> {
        let kept = self.lock();
        let mut found =
            kept.changes.iter().find(|(known, _, _)| known == id).map(|(_, _, change)| change.clone());
        if let Some(change) = &mut found {
            change.issues.sort_by_key(|(id, _, _)| *id);
        }
        Ok(found)
    }

    fn add_activity(
        &self,
        issue: IssueId,
        at: Timestamp,
        actor: &Actor,
        activity: &Activity,
    ) -> Result<u64, StoreError> {
        let entry = ActivityEntry {
            number: 0,
            at,
            actor: actor.clone(),
            change: None,
            revision: None,
            undone: false,
            change_kept: false,
            activity: activity.clone(),
        };
        Ok(self.lock().add(issue, entry))
    }

    fn delete_comment(
        &self,
        issue: IssueId,
        number: u64,
        _: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        let mut kept = self.lock();
        let before = kept.activity.len();
        kept.activity.retain(|(of, entry)| {
            *of != issue || entry.number != number || !matches!(entry.activity, Activity::Comment { .. })
        });
        Ok(kept.activity.len() < before)
    }

    fn activity(
        &self,
        issue: IssueId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ActivityEntry>, StoreError> {
        let kept = self.lock();
        let mut found: Vec<ActivityEntry> = kept
            .activity
            .iter()
            .rev()
            .filter(|(of, entry)| *of == issue && before.is_none_or(|before| entry.number < before))
            .map(|(_, entry)| entry.clone())
            .take(limit)
            .collect();
        for entry in &mut found {
            let change = kept.changes.iter().find(|(id, _, _)| Some(id) == entry.change.as_ref());
            entry.change_kept = change.is_some();
            entry.undone &= change.is_some();
        }
        Ok(found)
    }

    fn put_counts(&self, counts: &[(IssueId, IssueCounts)]) -> Result<(), StoreError> {
        self.lock().counts.extend(counts.iter().copied());
        Ok(())
    }

    fn counts(&self) -> Result<Vec<(IssueId, IssueCounts)>, StoreError> {
        Ok(self.lock().counts.iter().map(|(id, counts)| (*id, *counts)).collect())
    }

    fn assignees(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.lock().assignees.keys().cloned().collect())
    }

    fn put_versions(&self, versions: &[ServiceVersion]) -> Result<(), StoreError> {
        let mut kept = self.lock();
        for seen in versions {
            let key = (seen.service.clone(), seen.env.clone(), seen.version.clone());
            let known = kept.versions.entry(key).or_insert((seen.first_seen, seen.last_seen));
            *known = (known.0.min(seen.first_seen), known.1.max(seen.last_seen));
        }
        Ok(())
    }

    fn versions(&self) -> Result<Vec<ServiceVersion>, StoreError> {
        let version = |((service, env, version), (first_seen, last_seen)): (&VersionKey, &(_, _))| {
            let (service, env, version) = (service.clone(), env.clone(), version.clone());
            ServiceVersion { service, env, version, first_seen: *first_seen, last_seen: *last_seen }
        };
        Ok(self.lock().versions.iter().map(version).collect())
    }

    fn forget_issues(&self, forget: &Forget) -> Result<(), StoreError> {
        let mut kept = self.lock();
        for id in &forget.issues {
            kept.statuses.remove(id);
            kept.counts.remove(id);
        }
        kept.activity.retain(|(_, entry)| entry.at >= forget.before);
        kept.assignees.retain(|_, used| *used >= forget.before);
        kept.versions.retain(|_, (_, last)| *last >= forget.before);
        kept.changes.retain(|(_, at, _)| *at >= forget.changes_before);
        while kept.changes.iter().map(|(_, _, change)| change.issues.len()).sum::<usize>()
            > CHANGED_ISSUES_MAX
        {
            kept.changes.remove(0);
        }
        Ok(())
    }
}
