//! What people ask for.

use std::collections::{HashMap, HashSet};

use reenact_issues::lifecycle::{self, Activity, Actor, EnvVersions, Request, Set, State, Status};
use reenact_model::{IssueId, Timestamp};
use reenact_store::control::{ActivityEntry, AuditEntry, ChangedIssue, IssueChange, KeptChange, Recorded};
use reenact_store::{Filter, IssueSet, SeenIn, StoreError, TimeRange};

use super::merge::tell_targets;
use super::{STATUSES_MAX, Workflow, lock};
use crate::app::now;

/// Environments and versions of the issues of one change.
const ROWS_MAX: usize = 1_000_000;

/// Which issues a change is about.
#[derive(Clone, Debug)]
pub(crate) enum Selected {
    /// One, which must have this revision where one is given.
    One(IssueId, Option<u64>),
    /// These; those that there are not are counted as missing.
    Many(Vec<IssueId>),
}

/// A change that somebody asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) actor: String,
    pub(crate) audit: AuditEntry,
}

/// What became of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    /// `None` when nothing changed.
    pub(crate) change_id: Option<String>,
    pub(crate) changed: u64,
    pub(crate) unchanged: u64,
    pub(crate) missing: u64,
}

/// What became of taking a change back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Undone {
    /// `None` when every issue was changed since.
    pub(crate) change_id: Option<String>,
    pub(crate) undone: u64,
    pub(crate) skipped: u64,
}

/// A comment that was written.
#[derive(Clone, Debug)]
pub(crate) struct Comment {
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
}

/// Why a change was not made.
#[derive(Debug)]
pub(crate) enum ChangeFailure {
    /// There is no such issue, change or comment.
    NotFound(&'static str),
    /// The issue has another revision by now.
    Revision,
    /// The change was taken back already.
    AlreadyUndone,
    /// There is no issue of this id.
    Missing(IssueId),
    /// The issue is not shown as the one that it is to be split off from.
    NoMember(IssueId),
    /// Too many issues would be shown as one.
    TooManyMembers,
    /// Too many issues are shown as others.
    TooManyMerged,
    /// Some of the issues are excluded, others are not.
    ExcludedDiffers,
    /// Too many issues have a status of their own.
    Full,
    /// Too many versions to resolve so many issues at a time.
    TooMuch,
    /// The system gives no random numbers.
    NoId,
    /// The store fails.
    Store(StoreError),
}

impl From<StoreError> for ChangeFailure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Workflow {
    /// Does what somebody asks for.
    pub(crate) fn change(&self, selected: &Selected, asked: &Asked) -> Result<Changed, ChangeFailure> {
        let (ids, missing) = self.existing(selected)?;
        // Before the lock: it may take a while, and what is seen meanwhile happened before the change.
        let known = match asked.request.set {
            Some(Set::Resolved(_)) => self.known_versions(&ids)?,
            _ => HashMap::new(),
        };
        let actor = Actor::Person(asked.actor.clone());
        let _changing = lock(&self.changing);
        let now = now();
        let mut changed = Changed { missing, ..Changed::default() };
        let mut issues = Vec::new();
        for id in ids {
            let before = self.status(id);
            if matches!(selected, Selected::One(_, Some(revision)) if *revision != before.revision) {
                return Err(ChangeFailure::Revision);
            }
            let versions = known.get(&id).map_or(&[][..], Vec::as_slice);
            match lifecycle::ask(&before, &asked.request, &actor, versions, now) {
                Some(step) => issues.push(ChangedIssue {
                    id,
                    before: Status::clone(&before),
                    after: step.status,
                    activity: step.activity,
                }),
                None => changed.unchanged += 1,
            }
        }
        if issues.is_empty() {
            return Ok(changed);
        }
        let fresh = issues.iter().filter(|issue| issue.before.revision == 0).count();
        if self.live().len() + fresh > STATUSES_MAX {
            return Err(ChangeFailure::Full);
        }
        changed.changed = issues.len() as u64;
        changed.change_id = Some(self.record_one(issues, &actor, None, now, &asked.audit)?);
        Ok(changed)
    }

    /// Takes a change back, for those of its issues that were not changed since.
    pub(crate) fn undo(&self, id: &str, actor: &str, audit: &AuditEntry) -> Result<Undone, ChangeFailure> {
        let actor = Actor::Person(actor.to_owned());
        let _changing = lock(&self.changing);
        let now = now();
        let KeptChange { undone, issues } =
            self.control.issue_change(id)?.ok_or(ChangeFailure::NotFound("change"))?;
        if undone {
            return Err(ChangeFailure::AlreadyUndone);
        }
        let mut answer = Undone::default();
        let mut changed = Vec::new();
        for (id, before, revision) in issues {
            let current = self.status(id);
            if current.revision != revision || !self.may_show(&before) {
                answer.skipped += 1;
                continue;
            }
            let step = lifecycle::restore(&before, &current, &actor, now);
            changed.push(ChangedIssue {
                id,
                before: Status::clone(&current),
                after: step.status,
                activity: step.activity,
            });
        }
        answer.undone = changed.len() as u64;
        tell_targets(&mut changed);
        if !changed.is_empty() {
            answer.change_id = Some(self.record_one(changed, &actor, Some(id), now, audit)?);
        }
        Ok(answer)
    }

    /// Whether a status may be in force again: an issue is not merged into one that was forgotten, or became
    /// excluded, meanwhile.
    fn may_show(&self, before: &Status) -> bool {
        let Some(merged) = &before.merged else { return true };
        let target = self.status(self.shown(merged.issue));
        (target.state == State::Excluded) == (before.state == State::Excluded)
    }

    /// Writes a comment.
    pub(crate) fn comment(&self, id: IssueId, actor: &str, text: String) -> Result<Comment, ChangeFailure> {
        let id = self.shown(id);
        self.existing(&Selected::One(id, None))?;
        let at = now();
        let (actor, activity) = (Actor::Person(actor.to_owned()), Activity::Comment { text });
        let number = self.control.add_activity(id, at, &actor, &activity)?;
        self.put_in_force(std::iter::empty());
        Ok(Comment { number, at })
    }

    /// Deletes a comment for good.
    pub(crate) fn delete_comment(
        &self,
        id: IssueId,
        number: u64,
        audit: &AuditEntry,
    ) -> Result<(), ChangeFailure> {
        let mut deleted = false;
        for own in self.merged().members(id) {
            deleted = deleted || self.control.delete_comment(own, number, Some(audit))?;
        }
        if !deleted {
            return Err(ChangeFailure::NotFound("comment"));
        }
        self.put_in_force(std::iter::empty());
        Ok(())
    }

    /// Entries of the timelines of an issue and of those that are shown as it, each with its own issue, the newest
    /// first.
    pub(crate) fn activity(
        &self,
        id: IssueId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(IssueId, ActivityEntry)>, StoreError> {
        let mut entries = Vec::new();
        for own in self.merged().members(id) {
            let of_own = self.control.activity(own, before, limit)?;
            entries.extend(of_own.into_iter().map(|entry| (own, entry)));
        }
        entries.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.number));
        entries.truncate(limit);
        Ok(entries)
    }

    /// Names that issues were assigned to, each with how many are now.
    pub(crate) fn assignees(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let mut counts: HashMap<String, u64> =
            self.control.assignees()?.into_iter().map(|name| (name, 0)).collect();
        for assignee in self.live().all().filter_map(|(_, status)| status.assignee.as_ref()) {
            *counts.entry(assignee.clone()).or_default() += 1;
        }
        let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
        counts.sort();
        Ok(counts)
    }

    /// Makes a change of some issues; answers with its id. The caller holds the lock.
    pub(super) fn record_one(
        &self,
        issues: Vec<ChangedIssue>,
        actor: &Actor,
        undoes: Option<&str>,
        at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<String, RecordFailure> {
        let id = new_id()?;
        let undoes = undoes.map(str::to_owned);
        let change = IssueChange { id: id.clone(), at, actor: actor.clone(), undoes, issues };
        self.record(vec![change], Some(audit))?;
        Ok(id)
    }

    /// Makes changes durable and puts them in force, all of them or none. The caller holds the lock.
    pub(super) fn record(
        &self,
        changes: Vec<IssueChange>,
        audit: Option<&AuditEntry>,
    ) -> Result<(), RecordFailure> {
        if self.control.change_issues(&changes, audit)? == Recorded::Conflict {
            return Err(RecordFailure::Conflict);
        }
        let mut counting = lock(&self.counting);
        for issue in changes.iter().flat_map(|change| &change.issues) {
            if issue.restarts_counts() {
                counting.restart(issue.id);
            } else if issue.before.state == State::Ignored && issue.after.state != State::Ignored {
                counting.end(issue.id);
            }
        }
        drop(counting);
        let issues = changes.into_iter().flat_map(|change| change.issues);
        self.put_in_force(issues.map(|issue| (issue.id, Some(issue.after))));
        Ok(())
    }

    /// Those of the issues that there are, each once, and how many there are not.
    fn existing(&self, selected: &Selected) -> Result<(Vec<IssueId>, u64), ChangeFailure> {
        let merged = self.merged();
        let wanted: HashSet<IssueId> = match selected {
            Selected::One(id, _) => HashSet::from([merged.shown(*id)]),
            Selected::Many(ids) => ids.iter().map(|id| merged.shown(*id)).collect(),
        };
        let mut found = Vec::new();
        if let Selected::One(id, _) = selected {
            let id = merged.shown(*id);
            let nothing = TimeRange { from: Timestamp::default(), to: Timestamp::default() };
            if self.store.issue(id, nothing, 0)?.is_none() {
                return Err(ChangeFailure::NotFound("issue"));
            }
            found.push(id);
        } else {
            self.store.known_issues(&mut |issue| {
                if wanted.contains(&issue.id) {
                    found.push(issue.id);
                }
            })?;
            found.sort_unstable();
            found.dedup();
        }
        let missing = (wanted.len() - found.len()) as u64;
        Ok((found, missing))
    }

    /// The versions in which issues were seen, and those of their services.
    pub(super) fn known_versions(
        &self,
        ids: &[IssueId],
    ) -> Result<HashMap<IssueId, Vec<EnvVersions>>, ChangeFailure> {
        let always = TimeRange { from: Timestamp::default(), to: Timestamp::from_nanos(i64::MAX) };
        let filter = Filter::Issues(IssueSet::new("changed", ids.iter().copied()));
        let rows = self.store.seen_in(&filter, always, ROWS_MAX)?.ok_or(ChangeFailure::TooMuch)?;
        let mut known = HashMap::new();
        for rows in rows.chunk_by(|a, b| a.issue == b.issue) {
            let envs = self.versions_of(&rows[0].service, rows);
            known.insert(rows[0].issue, envs);
        }
        Ok(known)
    }

    /// The versions of an issue and its service by environment, in the order in which they were first seen.
    pub(super) fn versions_of(&self, service: &str, rows: &[SeenIn]) -> Vec<EnvVersions> {
        let mut envs: Vec<EnvVersions> = self
            .catalogue
            .releases(service)
            .into_iter()
            .map(|(env, releases)| EnvVersions {
                env,
                issue: Vec::new(),
                service: releases.into_iter().map(|release| release.version).collect(),
            })
            .collect();
        let mut rows: Vec<&SeenIn> = rows.iter().collect();
        rows.sort_by_key(|row| row.first_seen);
        for row in rows {
            let Some(version) = &row.version else { continue };
            match envs.iter_mut().find(|known| known.env == row.env) {
                Some(known) => known.issue.push(version.clone()),
                None => envs.push(EnvVersions {
                    env: row.env.clone(),
                    issue: vec![version.clone()],
                    service: Vec::new(),
                }),
            }
        }
        envs
    }
}

/// Why a change was not recorded.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordFailure {
    /// A status has another revision: another process writes too.
    #[error("the status of an issue was changed by another process")]
    Conflict,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoId,
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<RecordFailure> for ChangeFailure {
    fn from(failure: RecordFailure) -> Self {
        match failure {
            RecordFailure::Conflict => Self::Revision,
            RecordFailure::NoId => Self::NoId,
            RecordFailure::Store(error) => Self::Store(error),
        }
    }
}

impl From<RecordFailure> for StoreError {
    fn from(failure: RecordFailure) -> Self {
        match failure {
            RecordFailure::Store(error) => error,
            other => Self::Engine { context: "changing an issue".to_owned(), source: Box::new(other) },
        }
    }
}

/// 16 hexadecimal digits.
pub(super) fn new_id() -> Result<String, RecordFailure> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|_| RecordFailure::NoId)?;
    Ok(format!("{:016x}", u64::from_be_bytes(bytes)))
}
