//! What time does to issues.

use reenact_issues::lifecycle::{self, EnvLife, Life, QUIET_NS, Release, State, Status};
use reenact_model::{IssueId, Timestamp};
use reenact_store::{Field, Filter, SeenIn, StoreError, TimeRange};

use super::judge::Move;
use super::{FORGOTTEN_AUTOMATIC_NS, STATUSES_MAX, Workflow};

/// Environments and versions of the issues of one service that are looked at.
const ROWS_MAX: usize = 200_000;
/// Issues that are resolved in one go; the others wait for the next.
const RESOLVED_MAX: usize = 2_000;
/// Issues that are resolved in one transaction; people's changes wait for it.
const TOGETHER_MAX: usize = 200;
/// How far back issues are looked at for whether newer versions have them, in nanoseconds: 31 days.
const LOOK_BACK_NS: i64 = 31 * super::DAY_NS;

impl Workflow {
    /// Ends ignoring at its date.
    pub(super) fn end_dates(&self, now: Timestamp) -> Result<(), StoreError> {
        let over = self.live().over(now);
        for id in over {
            if let Some(step) = lifecycle::time_passed(&self.status(id), now) {
                self.move_one(id, step, now, &|status| lifecycle::time_passed(status, now))?;
            }
        }
        Ok(())
    }

    /// Resolves issues that are over.
    pub(super) fn resolve_automatically(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut over = self.quiet(now)?;
        for service in self.catalogue.services() {
            if over.len() >= RESOLVED_MAX || self.is_stopping() {
                break;
            }
            over.extend(self.outlived(&service, now)?);
        }
        let room = STATUSES_MAX.saturating_sub(self.live().len()).min(RESOLVED_MAX);
        if over.len() > room && room < RESOLVED_MAX {
            tracing::warn!("{STATUSES_MAX} issues have a state; no more are resolved automatically");
        }
        over.truncate(room);
        for some in over.chunks(TOGETHER_MAX) {
            if self.is_stopping() {
                break;
            }
            let mut moves = Vec::new();
            for (id, life) in some {
                let judge = |status: &Status| lifecycle::fell_quiet(status, life, now);
                if let Some(step) = judge(&self.status(*id)) {
                    moves.push(Move { id: *id, step, again: Box::new(judge) });
                }
            }
            self.move_all(moves, now)?;
        }
        Ok(())
    }

    /// Open issues without an event for a while. Those that have been so for long were never touched, and stay
    /// as they are: their status would be forgotten at once.
    fn quiet(&self, now: Timestamp) -> Result<Vec<(IssueId, Life)>, StoreError> {
        let mut found = Vec::new();
        self.store.known_issues(&mut |issue| {
            let age_ns = now.nanos_since(issue.last_seen);
            if (QUIET_NS..FORGOTTEN_AUTOMATIC_NS).contains(&age_ns) && found.len() < RESOLVED_MAX {
                let life = Life { last_seen: issue.last_seen, envs: Vec::new() };
                if lifecycle::fell_quiet(&self.status(issue.id), &life, now).is_some() {
                    found.push((issue.id, life));
                }
            }
        })?;
        Ok(found)
    }

    /// Open issues of a service that its newer versions do not have.
    fn outlived(&self, service: &str, now: Timestamp) -> Result<Vec<(IssueId, Life)>, StoreError> {
        let releases = self.catalogue.releases(service);
        let is_old = |release: &Release| now.nanos_since(release.first_seen) >= QUIET_NS;
        if !releases.iter().any(|(_, of)| of.len() > 1 && of.iter().any(is_old)) {
            return Ok(Vec::new());
        }
        let filter = Filter::Equals(Field::Service, service.to_owned());
        let range =
            TimeRange { from: now.saturating_add_nanos(-LOOK_BACK_NS), to: Timestamp::from_nanos(i64::MAX) };
        let Some(rows) = self.store.seen_in(&filter, range, ROWS_MAX)? else {
            tracing::warn!(service, "too many versions to tell which issues are over");
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for rows in rows.chunk_by(|a, b| a.issue == b.issue) {
            let status = self.status(rows[0].issue);
            if !matches!(status.state, State::ForReview | State::Reviewed) {
                continue;
            }
            let life = life(rows, &releases);
            if lifecycle::fell_quiet(&status, &life, now).is_some() {
                found.push((rows[0].issue, life));
            }
        }
        Ok(found)
    }
}

/// The life of one issue.
fn life(rows: &[SeenIn], releases: &[(Option<String>, Vec<Release>)]) -> Life {
    let mut life = Life::default();
    let mut rows: Vec<&SeenIn> = rows.iter().collect();
    rows.sort_by_key(|row| row.first_seen);
    for row in rows {
        life.last_seen = life.last_seen.max(row.last_seen);
        let at = life.envs.iter().position(|known| known.env == row.env).unwrap_or_else(|| {
            let service = releases.iter().find(|(env, _)| *env == row.env).map(|(_, of)| of.clone());
            life.envs.push(EnvLife {
                env: row.env.clone(),
                service: service.unwrap_or_default(),
                ..EnvLife::default()
            });
            life.envs.len() - 1
        });
        match &row.version {
            Some(version) => life.envs[at].issue.push(version.clone()),
            None => life.envs[at].unversioned = true,
        }
    }
    life
}
