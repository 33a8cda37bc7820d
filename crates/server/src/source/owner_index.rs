//! Which issues have which owners, for `owner:` in queries.
//!
//! An issue has the owners that its page shows: those of the frame that people should look at first in its newest event,
//! by CODEOWNERS of HEAD. The file of that frame is looked for once for each issue, in the background when there are
//! many, and remembered; whose it is follows from the rules, which are read again when HEAD has moved.
//!
//! - **Limits:** [`ISSUES_MAX`] issues; one clone is read at a time besides those of pages.
//! - **Late:** a new HEAD or other settings are seen after [`CHECKED_EVERY`]; an issue whose newest events come from
//!   another file after [`LOOKED_AGAIN_NS`]. What was not looked at yet counts as unknown.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reenact_model::{IssueId, Timestamp};
use reenact_source::ObjectId;
use reenact_source::owners::Owners;
use reenact_store::query::OwnerTest;
use reenact_store::{Filter, IssueSet, KnownIssue, StoreError, TimeRange};

use super::checked::opened;
use super::located::located;
use super::owned::{culprit, with_culprit_alone};
use super::settings::{Repositories, RepositorySetting};
use crate::App;
use crate::app::now;
use crate::named;

/// Issues that are remembered; the owners of others are unknown.
const ISSUES_MAX: usize = 200_000;
/// Time that a query spends on issues that were not looked at yet; the rest is left to the background.
const QUERY_MAX: Duration = Duration::from_secs(1);
/// Time that the background works before others have their turn.
const TURN_MAX: Duration = Duration::from_millis(100);
/// Time between two looks at settings and HEADs.
const CHECKED_EVERY: Duration = Duration::from_secs(3);
/// After this time an issue is looked at again when it has newer events, or when its file was not found, in
/// nanoseconds: 10 minutes.
const LOOKED_AGAIN_NS: i64 = 600_000_000_000;

/// The owners of issues.
#[derive(Default)]
pub(crate) struct OwnerIndex {
    known: Mutex<Known>,
    /// Whether issues are left to look at.
    behind: Mutex<bool>,
    wake: Condvar,
    stopping: AtomicBool,
}

#[derive(Default)]
struct Known {
    checked: Option<Instant>,
    /// The version of the settings.
    version: u64,
    repositories: Repositories,
    /// By the id of the repository.
    rules: HashMap<String, Rules>,
    issues: HashMap<IssueId, Culprit>,
}

/// The owners of a repository's files.
struct Rules {
    head: ObjectId,
    /// `None` when it has no CODEOWNERS.
    owners: Option<Owners>,
    /// Of files that were asked for; `None` when there is no such file of rules.
    of_path: HashMap<Arc<str>, Option<Arc<[String]>>>,
}

/// The file that an issue's owners follow from.
struct Culprit {
    looked_at: Timestamp,
    last_seen: Timestamp,
    /// Its repository's id, and its path there; `None` where no file is found.
    file: Option<(String, Arc<str>)>,
}

impl OwnerIndex {
    /// The issues whose owners are so. Blocks, for [`QUERY_MAX`] at most when many issues were not looked at yet.
    pub(crate) fn filter(&self, app: &App, test: &OwnerTest, now: Timestamp) -> Result<Filter, StoreError> {
        let known = self.refreshed(app, now)?;
        if *test == OwnerTest::Unknown {
            // Most may be, and of some nothing is here.
            let others = known.which("owner known", &|owners| owners.is_some());
            return Ok(Filter::Not(Box::new(Filter::Issues(others))));
        }
        Ok(Filter::Issues(known.which(&format!("owner {test:?}"), &|owners| test.holds(owners))))
    }

    /// For each of these issues its owners; `None` where they are not known. Blocks as [`OwnerIndex::filter`].
    pub(crate) fn of(
        &self,
        app: &App,
        issues: impl Iterator<Item = IssueId>,
        now: Timestamp,
    ) -> Result<Vec<Option<Arc<[String]>>>, StoreError> {
        let known = self.refreshed(app, now)?;
        Ok(issues.map(|id| known.owners(id)).collect())
    }

    /// Looks at issues that queries have left, until [`OwnerIndex::stop`]; blocks.
    pub(crate) fn run(&self, app: &App) {
        while self.wait() {
            let mut known = self.lock();
            match known.refresh(app, now(), TURN_MAX) {
                Ok(behind) => self.set_behind(behind),
                Err(error) => {
                    tracing::error!(%error, "the owners of issues could not be looked up");
                    self.set_behind(false);
                }
            }
            drop(known);
            std::thread::yield_now();
        }
    }

    /// Ends [`OwnerIndex::run`] after its turn.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        let _behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        self.wake.notify_all();
    }

    /// Waits for work; false at the end.
    fn wait(&self) -> bool {
        let mut behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        while !*behind && !self.stopping.load(Ordering::SeqCst) {
            behind = self.wake.wait(behind).unwrap_or_else(PoisonError::into_inner);
        }
        !self.stopping.load(Ordering::SeqCst)
    }

    fn set_behind(&self, is: bool) {
        *self.behind.lock().unwrap_or_else(PoisonError::into_inner) = is;
        if is {
            self.wake.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refreshed(&self, app: &App, now: Timestamp) -> Result<MutexGuard<'_, Known>, StoreError> {
        let mut known = self.lock();
        if known.refresh(app, now, QUERY_MAX)? {
            self.set_behind(true);
        }
        Ok(known)
    }
}

impl Known {
    /// Looks at what is new, for `time` at most beside the list of the issues; whether something is left.
    fn refresh(&mut self, app: &App, now: Timestamp, time: Duration) -> Result<bool, StoreError> {
        let is_checked = self.checked.is_some_and(|checked| checked.elapsed() < CHECKED_EVERY);
        if !is_checked {
            self.check(app)?;
            self.checked = Some(Instant::now());
        }
        if self.rules.is_empty() {
            return Ok(false);
        }
        let (mut due, mut seen) = (Vec::new(), HashSet::new());
        app.store.known_issues(&mut |issue| {
            if !is_checked {
                seen.insert(issue.id);
            }
            if self.is_due(&issue, now) {
                due.push(issue);
            }
        })?;
        if !is_checked {
            self.issues.retain(|id, _| seen.contains(id));
        }
        // The newest first: they are asked for most, and neighbours in time ran the same commit.
        due.sort_unstable_by_key(|issue| std::cmp::Reverse(issue.last_seen));
        // Without the list of the issues, so that each turn comes on.
        let looking = Instant::now();
        for issue in due {
            if looking.elapsed() >= time {
                return Ok(true);
            }
            self.look(app, &issue, now)?;
        }
        Ok(false)
    }

    /// Reads settings, and rules where HEAD has moved.
    fn check(&mut self, app: &App) -> Result<(), StoreError> {
        let (version, repositories) = named::load::<RepositorySetting>(app.policies.control())?;
        if version != self.version {
            *self = Self { version, ..Self::default() };
        }
        self.repositories = Repositories { repositories };
        for setting in &self.repositories.repositories {
            let known = self.rules.get(&setting.id);
            match read(app, setting, known.map(|rules| rules.head)) {
                Some(Reading::Same) => {}
                Some(Reading::New(rules)) => {
                    self.rules.insert(setting.id.clone(), rules);
                    // What was not found may be there now.
                    self.issues.retain(|_, culprit| culprit.file.is_some());
                }
                None => drop(self.rules.remove(&setting.id)),
            }
        }
        for (repository, path) in self.issues.values().filter_map(|culprit| culprit.file.as_ref()) {
            if let Some(rules) = self.rules.get_mut(repository) {
                rules.learn(path);
            }
        }
        Ok(())
    }

    fn is_due(&self, issue: &KnownIssue, now: Timestamp) -> bool {
        match self.issues.get(&issue.id) {
            None => self.issues.len() < ISSUES_MAX,
            Some(known) => {
                now.nanos_since(known.looked_at) >= LOOKED_AGAIN_NS
                    && (known.file.is_none() || known.last_seen < issue.last_seen)
            }
        }
    }

    /// Finds the file of an issue's newest event.
    fn look(&mut self, app: &App, issue: &KnownIssue, now: Timestamp) -> Result<(), StoreError> {
        let file = self.file_of(app, issue)?;
        if let Some((repository, path)) = &file
            && let Some(rules) = self.rules.get_mut(repository)
        {
            rules.learn(path);
        }
        let culprit = Culprit { looked_at: now, last_seen: issue.last_seen, file };
        self.issues.insert(issue.id, culprit);
        Ok(())
    }

    fn file_of(&self, app: &App, issue: &KnownIssue) -> Result<Option<(String, Arc<str>)>, StoreError> {
        let newest = TimeRange { from: issue.last_seen, to: issue.last_seen.saturating_add_nanos(1) };
        let Some(detail) = app.store.issue(issue.id, newest, 0)? else { return Ok(None) };
        if self.repositories.of_service(&detail.row.service).is_none() {
            return Ok(None);
        }
        let event = detail.latest_event.map(|event| app.store.event(event)).transpose()?.flatten();
        let Some(alone) = event.as_ref().and_then(with_culprit_alone) else { return Ok(None) };
        let Ok(located) = located(app, &alone)? else { return Ok(None) };
        let path = culprit(&alone, &located).and_then(|frame| frame.path.as_deref());
        Ok(path.map(|path| (located.setting.id.clone(), Arc::from(path))))
    }

    fn owners(&self, id: IssueId) -> Option<Arc<[String]>> {
        let (repository, path) = self.issues.get(&id)?.file.as_ref()?;
        self.rules.get(repository)?.of_path.get(path)?.clone()
    }

    fn which(&self, name: &str, is: &dyn Fn(Option<&[String]>) -> bool) -> IssueSet {
        let ids = self.issues.keys().copied();
        IssueSet::new(name, ids.filter(|id| is(self.owners(*id).as_deref())))
    }
}

/// What a look at a repository says.
enum Reading {
    Same,
    New(Rules),
}

/// Reads the rules of HEAD, unless it is still `known`; `None` when the clone cannot be read.
fn read(app: &App, setting: &RepositorySetting, known: Option<ObjectId>) -> Option<Reading> {
    let repository = opened(setting, &app.sources.roots).ok()?;
    let head = repository.head().ok()?.commit.id;
    if known == Some(head) {
        return Some(Reading::Same);
    }
    let owners = repository.owners(head).ok()?.map(|(_, owners)| owners);
    Some(Reading::New(Rules { head, owners, of_path: HashMap::new() }))
}

impl Rules {
    /// Notes whose a file is.
    fn learn(&mut self, path: &Arc<str>) {
        if self.of_path.contains_key(path) {
            return;
        }
        let owners = self.owners.as_ref().map(|owners| {
            let mut names: Vec<String> = Vec::new();
            for owner in owners.of(path).into_iter().flat_map(|owned| owned.owners) {
                if !names.contains(&owner) {
                    names.push(owner);
                }
            }
            Arc::from(names)
        });
        self.of_path.insert(Arc::clone(path), owners);
    }
}
