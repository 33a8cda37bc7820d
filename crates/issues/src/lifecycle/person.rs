//! What people do with issues.

use reenact_model::Timestamp;

use super::merging;
use super::status::{Activity, Actor, EnvVersions, Ignore, Resolution, Scope, SetCause, State, Status, Step};
use crate::Cause;

/// Length of an assignee's name, in bytes.
pub const ASSIGNEE_BYTES_MAX: usize = 200;

/// A state to set, with its terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Set {
    /// To be looked at again.
    ForReview,
    /// Somebody has looked at it.
    Reviewed,
    /// Mended.
    Resolved(Scope),
    /// Not to be heard of.
    Ignored(Ignore),
    /// Not to be kept.
    Excluded,
}

impl Set {
    /// The state.
    pub fn state(&self) -> State {
        match self {
            Self::ForReview => State::ForReview,
            Self::Reviewed => State::Reviewed,
            Self::Resolved(_) => State::Resolved,
            Self::Ignored(_) => State::Ignored,
            Self::Excluded => State::Excluded,
        }
    }
}

/// What somebody asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Another state.
    pub set: Option<Set>,
    /// Another assignee, or none.
    pub assignee: Option<Option<String>>,
    /// Another suspected cause, or that of its events.
    pub cause: Option<Option<Cause>>,
}

/// Does what somebody asks for; `None` when it is so already. `known` are the versions of the issue and of its
/// service, for resolving. Assigning an issue that is for review reviews it, unless a state is asked for too.
pub fn ask(
    status: &Status,
    request: &Request,
    actor: &Actor,
    known: &[EnvVersions],
    now: Timestamp,
) -> Option<Step> {
    let mut next = status.clone();
    let mut activity = Vec::new();
    if let Some(assignee) = request.assignee.as_ref().filter(|assignee| **assignee != status.assignee) {
        activity.push(Activity::Assigned { from: status.assignee.clone(), to: assignee.clone() });
        next.assignee.clone_from(assignee);
    }
    let reviews = next.assignee.is_some() && !activity.is_empty() && status.state == State::ForReview;
    let set = request.set.clone().or_else(|| reviews.then_some(Set::Reviewed));
    if let Some(set) = set.filter(|set| !is_so(status, set)) {
        let (scope, ignore) = match &set {
            Set::Resolved(scope) => (Some(*scope), None),
            Set::Ignored(ignore) => (None, Some(ignore.clone())),
            Set::ForReview | Set::Reviewed | Set::Excluded => (None, None),
        };
        let to = set.state();
        next.resolution = scope.map(|scope| Resolution::new(scope, known));
        next.ignore.clone_from(&ignore);
        if !matches!(to, State::ForReview | State::Reviewed) {
            next.regression = None;
        }
        next.state = to;
        next.since = Some(now);
        next.actor = Some(actor.clone());
        next.judged_after = now;
        activity.push(Activity::State { from: status.state, to, scope, ignore, reason: None });
    }
    let was = status.cause.as_ref().map(|set| set.cause);
    if let Some(cause) = request.cause.filter(|cause| *cause != was) {
        activity.push(Activity::Cause { from: was, to: cause });
        next.cause = cause.map(|cause| SetCause { cause, actor: actor.clone(), at: now });
    }
    next.revision += 1;
    (!activity.is_empty()).then_some(Step { status: next, activity })
}

/// Whether the status is on these terms already.
fn is_so(status: &Status, set: &Set) -> bool {
    status.state == set.state()
        && match set {
            Set::Resolved(scope) => {
                status.resolution.as_ref().is_some_and(|is| is.scope == *scope && !is.of_silence)
            }
            Set::Ignored(ignore) => status.ignore.as_ref() == Some(ignore),
            Set::ForReview | Set::Reviewed | Set::Excluded => true,
        }
}

/// Takes a change back: the status is as it was `before`, with the next revision.
///
/// What happened until now is judged no more, so that it does not bring the change about again: counting for
/// [`Ignore`] begins anew, a date that has passed is dropped, and a version that came as a regression is
/// accepted.
pub fn restore(before: &Status, current: &Status, actor: &Actor, now: Timestamp) -> Step {
    let mut next = Status { revision: current.revision + 1, judged_after: now, ..before.clone() };
    if let (Some(resolution), Some(regression)) = (&mut next.resolution, &current.regression)
        && let Some(version) = &regression.version
    {
        resolution.accepted.push((regression.env.clone(), version.clone()));
        resolution.of_silence = false;
    }
    if let Some(ignore) = &mut next.ignore {
        ignore.until = ignore.until.filter(|until| *until > now);
    }
    let mut activity = Vec::new();
    if current.assignee != next.assignee {
        activity.push(Activity::Assigned { from: current.assignee.clone(), to: next.assignee.clone() });
    }
    let cause = |status: &Status| status.cause.as_ref().map(|set| set.cause);
    if cause(current) != cause(&next) {
        activity.push(Activity::Cause { from: cause(current), to: cause(&next) });
    }
    activity.extend(merging::moved(current, &next));
    let terms = |status: &Status| (status.state, status.resolution.clone(), status.ignore.clone());
    if terms(current) != terms(&next) {
        activity.push(Activity::State {
            from: current.state,
            to: next.state,
            scope: next.resolution.as_ref().map(|resolution| resolution.scope),
            ignore: next.ignore.clone(),
            reason: None,
        });
        next.actor = Some(actor.clone());
        next.since = Some(now);
    }
    Step { status: next, activity }
}
