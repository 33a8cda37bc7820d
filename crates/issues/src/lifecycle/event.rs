//! What an event does to a resolved issue.

use std::cmp::Ordering;

use reenact_model::{EventId, Timestamp};

use super::status::{Activity, Actor, EnvVersions, Regression, Resolution, Scope, State, Status, Step};
use super::versions;

/// An event, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub struct Occurrence<'a> {
    /// The event, where it is known.
    pub event_id: Option<EventId>,
    /// When it happened.
    pub at: Timestamp,
    /// Its environment.
    pub env: Option<&'a str>,
    /// Its version.
    pub version: Option<&'a str>,
}

/// An event was seen: a resolved issue comes back unless the resolution covers the event.
///
/// What happened before the issue was resolved never brings it back, however late it arrives. Events without
/// a version always bring it back.
pub fn occurred(status: &Status, occurrence: Occurrence<'_>, now: Timestamp) -> Option<Step> {
    let resolution = status.resolution.as_ref().filter(|_| status.state == State::Resolved)?;
    if occurrence.at <= status.judged_after || covers(resolution, occurrence) {
        return None;
    }
    let regression = Regression {
        at: occurrence.at,
        version: occurrence.version.map(str::to_owned),
        env: occurrence.env.map(str::to_owned),
        event_id: occurrence.event_id,
    };
    let status = Status {
        state: State::ForReview,
        since: Some(now),
        actor: Some(Actor::Automatic),
        revision: status.revision + 1,
        assignee: status.assignee.clone(),
        resolution: None,
        ignore: None,
        regression: Some(regression.clone()),
        judged_after: now,
        merged: status.merged.clone(),
        cause: status.cause.clone(),
    };
    Some(Step { status, activity: vec![Activity::Regression { regression }] })
}

/// Whether the event was to be expected in spite of the resolution.
fn covers(resolution: &Resolution, Occurrence { env, version, .. }: Occurrence<'_>) -> bool {
    let Some(version) = version else { return false };
    if resolution.of_silence {
        return false;
    }
    let accepted = |(its_env, its): &(Option<String>, String)| its_env.as_deref() == env && its == version;
    if resolution.accepted.iter().any(accepted) {
        return true;
    }
    let known = resolution.envs.iter().find(|known| known.env.as_deref() == env);
    match resolution.scope {
        Scope::Now => known.is_some_and(|known| known.issue.iter().any(|known| known == version)),
        Scope::CurrentVersion => {
            place(resolution, known, version).is_some_and(|order| order == Ordering::Less)
        }
        // What was seen is not the next version, whatever its form.
        Scope::NextVersion => {
            known.is_some_and(|known| known.service.iter().any(|seen| seen == version))
                || place(resolution, known, version).is_some_and(|order| order != Ordering::Greater)
        }
    }
}

/// How the version stands to the one that was the newest; in an environment that was not known, to the newest
/// of all environments. `None` when no version was known.
fn place(resolution: &Resolution, known: Option<&EnvVersions>, version: &str) -> Option<Ordering> {
    if let Some((known, newest)) = known.and_then(|known| Some((known, known.newest()?))) {
        return Some(versions::compare_seen(version, newest, &known.service));
    }
    let newest = versions::newest(&resolution.versions())?.to_owned();
    let seen: Vec<&String> = resolution.envs.iter().flat_map(|known| &known.service).collect();
    Some(versions::compare_seen(version, &newest, &seen))
}
