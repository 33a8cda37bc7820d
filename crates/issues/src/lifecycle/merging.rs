//! Issues that are shown as another one.

use reenact_model::{IssueId, Timestamp};

use super::status::{Activity, Actor, EnvVersions, KNOWN_MAX, MergedInto, Scope, State, Status, Step};

/// Shows an issue as another one. The rest of its status waits until it is split off again.
pub fn merge_into(status: &Status, issue: IssueId, actor: &Actor, now: Timestamp) -> Step {
    let merged = Some(MergedInto { issue, actor: actor.clone(), at: now });
    Step {
        status: Status { merged, revision: status.revision + 1, ..status.clone() },
        activity: vec![Activity::MergedInto { issue }],
    }
}

/// Takes in the events of other issues, which were seen in these versions. The state stays.
///
/// What those issues did until now is judged no more, so that it neither brings the issue back nor ends that it is
/// ignored; counting for [`super::Ignore`] begins anew. Their versions are known to a resolution that names none.
pub fn take_in(status: &Status, issues: Vec<IssueId>, known: &[EnvVersions], now: Timestamp) -> Step {
    let mut next = Status { revision: status.revision + 1, ..status.clone() };
    if matches!(next.state, State::Resolved | State::Ignored) {
        next.judged_after = now;
    }
    if let Some(resolution) = next.resolution.as_mut().filter(|resolution| resolution.scope == Scope::Now) {
        for more in known {
            let at = resolution.envs.iter().position(|known| known.env == more.env).unwrap_or_else(|| {
                resolution.envs.push(EnvVersions { env: more.env.clone(), ..EnvVersions::default() });
                resolution.envs.len() - 1
            });
            let versions = &mut resolution.envs[at].issue;
            for version in &more.issue {
                if !versions.contains(version) {
                    versions.push(version.clone());
                }
            }
            let surplus = versions.len().saturating_sub(KNOWN_MAX);
            versions.drain(..surplus);
        }
    }
    Step { status: next, activity: vec![Activity::Merged { issues }] }
}

/// Shows an issue as itself again, with the state that it had; `None` when it is so already. What happened until
/// now is judged no more.
pub fn split_from(status: &Status, now: Timestamp) -> Option<Step> {
    let from = status.merged.as_ref()?.issue;
    let mut next =
        Status { merged: None, revision: status.revision + 1, judged_after: now, ..status.clone() };
    if let Some(ignore) = &mut next.ignore {
        ignore.until = ignore.until.filter(|until| *until > now);
    }
    Some(Step { status: next, activity: vec![Activity::SplitFrom { issue: from }] })
}

/// Gives back other issues. The state stays.
pub fn give_back(status: &Status, issues: Vec<IssueId>) -> Step {
    Step {
        status: Status { revision: status.revision + 1, ..status.clone() },
        activity: vec![Activity::Split { issues }],
    }
}

/// What the timeline says of where an issue is shown, when one status follows another.
pub(super) fn moved(before: &Status, after: &Status) -> Option<Activity> {
    let into = |status: &Status| status.merged.as_ref().map(|merged| merged.issue);
    match (into(before), into(after)) {
        (before, after) if before == after => None,
        (_, Some(issue)) => Some(Activity::MergedInto { issue }),
        (Some(issue), None) => Some(Activity::SplitFrom { issue }),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Occurrence, Request, Set, ask, occurred, restore};
    use super::*;

    const A: IssueId = IssueId(1);
    const T: IssueId = IssueId(2);

    fn ada() -> Actor {
        Actor::Person("ada".to_owned())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    fn known(version: &str) -> Vec<EnvVersions> {
        vec![EnvVersions { issue: vec![version.to_owned()], ..EnvVersions::default() }]
    }

    fn set(set: Set, versions: &[EnvVersions]) -> Status {
        let request = Request { set: Some(set), ..Request::default() };
        ask(&Status::default(), &request, &ada(), versions, at(10)).unwrap().status
    }

    #[test]
    fn a_state_waits_until_the_issue_is_split_off() {
        let reviewed = set(Set::Reviewed, &[]);
        let merged = merge_into(&reviewed, T, &ada(), at(20));
        assert_eq!(merged.activity, [Activity::MergedInto { issue: T }]);
        assert_eq!(merged.status.merged, Some(MergedInto { issue: T, actor: ada(), at: at(20) }));
        let back = split_from(&merged.status, at(30)).unwrap();
        assert_eq!((back.status.state, back.status.merged, back.status.revision), (State::Reviewed, None, 3));
        assert_eq!(back.activity, [Activity::SplitFrom { issue: T }]);
        assert_eq!(split_from(&reviewed, at(30)), None);
    }

    #[test]
    fn what_another_issue_did_before_brings_nothing_back() {
        let resolved = set(Set::Resolved(Scope::Now), &known("1"));
        let seen = |version, seconds| Occurrence {
            event_id: None,
            at: at(seconds),
            env: None,
            version: Some(version),
        };
        assert!(occurred(&resolved, seen("2", 15), at(40)).is_some());
        let with = take_in(&resolved, vec![A], &known("2"), at(20));
        assert_eq!(with.activity, [Activity::Merged { issues: vec![A] }]);
        assert_eq!(with.status.state, State::Resolved);
        assert!(occurred(&with.status, seen("3", 15), at(40)).is_none(), "it happened before the merge");
        assert!(occurred(&with.status, seen("2", 30), at(40)).is_none(), "the version was known");
        assert!(occurred(&with.status, seen("3", 30), at(40)).is_some());
    }

    #[test]
    fn undoing_tells_where_the_issue_is_shown() {
        let merged = merge_into(&Status::default(), T, &ada(), at(20)).status;
        let back = restore(&Status::default(), &merged, &ada(), at(30));
        assert_eq!((back.status.merged, back.activity), (None, vec![Activity::SplitFrom { issue: T }]));
        let again = restore(&merged, &Status { revision: 2, ..Status::default() }, &ada(), at(40));
        assert_eq!(again.activity, [Activity::MergedInto { issue: T }]);
    }
}
