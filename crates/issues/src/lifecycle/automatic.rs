//! What happens by itself.

use std::cmp::Ordering;

use reenact_model::Timestamp;

use super::status::{Activity, Actor, EnvVersions, Resolution, Scope, State, Status, Step};
use super::versions;

const DAY_NS: i64 = 86_400_000_000_000;
/// After this time without an event an issue is resolved, and a version counts as old; in nanoseconds: 14 days.
pub const QUIET_NS: i64 = 14 * DAY_NS;
/// How long a newer version must have been seen before the absence of an issue from it says something, in
/// nanoseconds: one day.
pub const NEWER_VERSION_AGE_NS: i64 = DAY_NS;

/// Events and users were counted for an ignored issue; it is for review again when there were so many.
pub fn counted(status: &Status, events: u64, users: u64, now: Timestamp) -> Option<Step> {
    let ignore = status.ignore.as_ref().filter(|_| status.state == State::Ignored)?;
    let reason = match (ignore.events, ignore.users) {
        (Some(most), _) if events >= most => format!("{events} events since it was ignored"),
        (_, Some(most)) if users >= most => format!("{users} users since it was ignored"),
        _ => return None,
    };
    Some(moved(status, State::ForReview, None, reason, now))
}

/// Time has passed; an ignored issue is for review again at its date.
pub fn time_passed(status: &Status, now: Timestamp) -> Option<Step> {
    let ignore = status.ignore.as_ref().filter(|_| status.state == State::Ignored)?;
    ignore.until.filter(|until| *until <= now)?;
    Some(moved(status, State::ForReview, None, "the date until which it was ignored".to_owned(), now))
}

/// A version of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The version.
    pub version: String,
    /// When it was first seen in the environment.
    pub first_seen: Timestamp,
}

/// An issue in one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvLife {
    /// The environment.
    pub env: Option<String>,
    /// Versions in which the issue was seen, in the order in which they were.
    pub issue: Vec<String>,
    /// Whether it was also seen without a version.
    pub unversioned: bool,
    /// Versions of the service, in the order in which they were first seen.
    pub service: Vec<Release>,
}

/// What decides whether an issue is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// The newest event.
    pub last_seen: Timestamp,
    /// Where it was seen.
    pub envs: Vec<EnvLife>,
}

/// Resolves an open issue that was quiet for [`QUIET_NS`], or that in every environment was last seen in a
/// version that old and is absent from all newer ones, one of which is there for [`NEWER_VERSION_AGE_NS`].
///
/// After silence any event brings it back; an outlived issue comes back with a newer version, so that what
/// is left of the old one does not.
pub fn fell_quiet(status: &Status, life: &Life, now: Timestamp) -> Option<Step> {
    if !matches!(status.state, State::ForReview | State::Reviewed) {
        return None;
    }
    // What somebody has just set stays for a while.
    if status.since.is_some_and(|since| now.nanos_since(since) < NEWER_VERSION_AGE_NS) {
        return None;
    }
    if now.nanos_since(life.last_seen) >= QUIET_NS {
        let resolution = Resolution { of_silence: true, ..Resolution::default() };
        let reason = "no event for 14 days".to_owned();
        return Some(moved(status, State::Resolved, Some(resolution), reason, now));
    }
    if life.envs.is_empty() || !life.envs.iter().all(|env| is_outlived(env, now)) {
        return None;
    }
    let known: Vec<EnvVersions> = life
        .envs
        .iter()
        .map(|env| EnvVersions {
            env: env.env.clone(),
            issue: env.issue.clone(),
            service: env.service.iter().map(|release| release.version.clone()).collect(),
        })
        .collect();
    let resolution = Resolution::new(Scope::Now, &known);
    let reason = "absent from the versions after one that is 14 days old".to_owned();
    Some(moved(status, State::Resolved, Some(resolution), reason, now))
}

fn is_outlived(env: &EnvLife, now: Timestamp) -> bool {
    let Some(last) = versions::newest(&env.issue).filter(|_| !env.unversioned) else { return false };
    let order: Vec<&str> = env.service.iter().map(|release| release.version.as_str()).collect();
    let age_ns = |release: &Release| now.nanos_since(release.first_seen);
    let is_old = env.service.iter().any(|release| release.version == last && age_ns(release) >= QUIET_NS);
    let is_followed = env.service.iter().any(|release| {
        age_ns(release) >= NEWER_VERSION_AGE_NS
            && versions::compare_seen(&release.version, last, &order) == Ordering::Greater
    });
    is_old && is_followed
}

fn moved(status: &Status, to: State, resolution: Option<Resolution>, reason: String, now: Timestamp) -> Step {
    let scope = resolution.as_ref().map(|resolution| resolution.scope);
    let entry = Activity::State { from: status.state, to, scope, ignore: None, reason: Some(reason) };
    let status = Status {
        state: to,
        since: Some(now),
        actor: Some(Actor::Automatic),
        revision: status.revision + 1,
        assignee: status.assignee.clone(),
        resolution,
        ignore: None,
        regression: None,
        judged_after: now,
        merged: status.merged.clone(),
        cause: status.cause.clone(),
    };
    Step { status, activity: vec![entry] }
}
