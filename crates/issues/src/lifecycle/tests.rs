use proptest::prelude::*;
use reenact_model::{EventId, Timestamp};

use super::*;
use crate::Cause;

const HOUR_NS: i64 = 3_600_000_000_000;

fn at(hours: i64) -> Timestamp {
    Timestamp::from_nanos(1_795_000_000_000_000_000 + hours * HOUR_NS)
}

fn ada() -> Actor {
    Actor::Person("ada".to_owned())
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn env(env: &str, issue: &[&str], service: &[&str]) -> EnvVersions {
    EnvVersions { env: Some(env.to_owned()), issue: texts(issue), service: texts(service) }
}

/// Production knows the issue in two of three versions, staging is ahead.
fn known() -> Vec<EnvVersions> {
    vec![
        env("prod", &["1.0", "1.2"], &["1.0", "1.1", "1.2"]),
        env("staging", &["1.3"], &["1.2", "1.3"]),
        EnvVersions { env: None, ..env("", &["f00d"], &["f00d", "beef"]) },
    ]
}

fn set(set: Set) -> Request {
    Request { set: Some(set), ..Request::default() }
}

fn assign(name: Option<&str>) -> Request {
    Request { assignee: Some(name.map(str::to_owned)), ..Request::default() }
}

/// A status that somebody put there at hour 0.
fn put(request: Set) -> Status {
    let other = if request == Set::ForReview { Set::Reviewed } else { Set::ForReview };
    let before = ask(&Status::default(), &set(other), &ada(), &known(), at(-1));
    let before = before.map_or_else(Status::default, |step| step.status);
    ask(&before, &set(request), &ada(), &known(), at(0)).unwrap().status
}

fn seen<'a>(env: Option<&'a str>, version: Option<&'a str>, hours: i64) -> Occurrence<'a> {
    Occurrence { event_id: Some(EventId(7)), at: at(hours), env, version }
}

fn each_set() -> Vec<Set> {
    vec![
        Set::ForReview,
        Set::Reviewed,
        Set::Resolved(Scope::Now),
        Set::Resolved(Scope::CurrentVersion),
        Set::Resolved(Scope::NextVersion),
        Set::Ignored(Ignore::default()),
        Set::Ignored(Ignore { until: Some(at(5)), ..Ignore::default() }),
        Set::Ignored(Ignore { events: Some(3), ..Ignore::default() }),
        Set::Ignored(Ignore { users: Some(2), ..Ignore::default() }),
        Set::Excluded,
    ]
}

#[test]
fn every_state_leads_to_every_other_and_to_itself_only_on_other_terms() {
    for from in each_set() {
        let before = put(from.clone());
        for to in each_set() {
            let step = ask(&before, &set(to.clone()), &ada(), &known(), at(1));
            if from == to {
                assert_eq!(step, None, "{from:?}");
                continue;
            }
            let step = step.unwrap_or_else(|| panic!("{from:?} to {to:?}"));
            assert_eq!(step.status.state, to.state());
            assert_eq!(step.status.revision, before.revision + 1);
            assert_eq!((step.status.since, step.status.actor.clone()), (Some(at(1)), Some(ada())));
            assert_eq!(step.status.resolution.is_some(), to.state() == State::Resolved);
            assert_eq!(step.status.ignore.is_some(), to.state() == State::Ignored);
            assert!(matches!(&step.activity[..], [Activity::State { from, to, .. }]
                    if *from == before.state && *to == step.status.state));
        }
    }
    assert_eq!(ask(&Status::default(), &Request::default(), &ada(), &[], at(0)), None);
}

#[test]
fn assigning_reviews_and_nothing_else() {
    let assigned = ask(&Status::default(), &assign(Some("grace")), &ada(), &[], at(0)).unwrap();
    assert_eq!(assigned.status.state, State::Reviewed);
    assert_eq!(assigned.status.assignee.as_deref(), Some("grace"));
    assert_eq!((assigned.activity.len(), assigned.status.revision), (2, 1));
    assert_eq!(ask(&assigned.status, &assign(Some("grace")), &ada(), &[], at(1)), None);
    let other = ask(&assigned.status, &assign(Some("joan")), &ada(), &[], at(1)).unwrap();
    assert_eq!((other.status.state, other.activity.len()), (State::Reviewed, 1));
    let nobody = ask(&assigned.status, &assign(None), &ada(), &[], at(1)).unwrap();
    assert_eq!((nobody.status.state, nobody.status.assignee), (State::Reviewed, None));
    for other in each_set().into_iter().skip(1) {
        let step = ask(&put(other.clone()), &assign(Some("grace")), &ada(), &[], at(1)).unwrap();
        assert_eq!(step.status.state, other.state());
    }
    let both = Request { set: Some(Set::Resolved(Scope::Now)), ..assign(Some("grace")) };
    assert_eq!(ask(&Status::default(), &both, &ada(), &[], at(0)).unwrap().status.state, State::Resolved);
}

/// Scope, environment, version, hour of the event, whether the issue comes back.
#[test]
fn a_resolved_issue_comes_back_when_the_resolution_says_otherwise() {
    let (prod, staging, none) = (Some("prod"), Some("staging"), None);
    for (scope, env, version, hours, comes_back) in [
        // Known versions of each environment do not count, others do.
        (Scope::Now, prod, Some("1.0"), 1, false),
        (Scope::Now, prod, Some("1.2"), 1, false),
        (Scope::Now, prod, Some("1.3"), 1, true),
        (Scope::Now, prod, Some("2.0"), 1, true),
        (Scope::Now, staging, Some("1.3"), 1, false),
        (Scope::Now, staging, Some("1.2"), 1, true),
        (Scope::Now, Some("dev"), Some("1.2"), 1, true),
        (Scope::Now, none, Some("f00d"), 1, false),
        (Scope::Now, none, Some("beef"), 1, true),
        // The newest version holds the mend.
        (Scope::CurrentVersion, prod, Some("1.1"), 1, false),
        (Scope::CurrentVersion, prod, Some("0.9"), 1, false),
        (Scope::CurrentVersion, prod, Some("1.2"), 1, true),
        (Scope::CurrentVersion, prod, Some("1.10"), 1, true),
        (Scope::CurrentVersion, staging, Some("1.2"), 1, false),
        (Scope::CurrentVersion, staging, Some("1.3"), 1, true),
        (Scope::CurrentVersion, none, Some("f00d"), 1, false),
        (Scope::CurrentVersion, none, Some("beef"), 1, true),
        (Scope::CurrentVersion, none, Some("cafe"), 1, true),
        // The next version will.
        (Scope::NextVersion, prod, Some("1.2"), 1, false),
        (Scope::NextVersion, prod, Some("1.1"), 1, false),
        (Scope::NextVersion, prod, Some("1.2.1"), 1, true),
        (Scope::NextVersion, staging, Some("1.3"), 1, false),
        (Scope::NextVersion, none, Some("beef"), 1, false),
        (Scope::NextVersion, none, Some("cafe"), 1, true),
        // An environment that was not known is compared with the newest version of all.
        (Scope::NextVersion, Some("dev"), Some("beef"), 1, false),
        (Scope::NextVersion, Some("dev"), Some("d00d"), 1, true),
        // What happened before says nothing, however late it comes.
        (Scope::Now, prod, Some("2.0"), 0, false),
        (Scope::Now, prod, None, -3, false),
        (Scope::CurrentVersion, prod, Some("1.2"), -1, false),
        (Scope::NextVersion, prod, Some("2.0"), -1, false),
        // Without a version, time alone decides.
        (Scope::Now, prod, None, 1, true),
        (Scope::CurrentVersion, none, None, 1, true),
        (Scope::NextVersion, staging, None, 1, true),
    ] {
        let before = put(Set::Resolved(scope));
        let step = occurred(&before, seen(env, version, hours), at(9));
        assert_eq!(step.is_some(), comes_back, "{scope:?} {env:?} {version:?} {hours}");
        let Some(step) = step else { continue };
        let regression = Regression {
            at: at(hours),
            version: version.map(str::to_owned),
            env: env.map(str::to_owned),
            event_id: Some(EventId(7)),
        };
        assert_eq!(
            (step.status.state, step.status.regression.as_ref()),
            (State::ForReview, Some(&regression))
        );
        assert_eq!(step.activity, [Activity::Regression { regression }]);
        assert_eq!(occurred(&step.status, seen(env, version, hours + 9), at(10)), None, "once");
    }
}

#[test]
fn without_known_versions_every_version_is_another_one() {
    for scope in [Scope::Now, Scope::CurrentVersion, Scope::NextVersion] {
        let before = ask(&Status::default(), &set(Set::Resolved(scope)), &ada(), &[], at(0)).unwrap().status;
        assert_eq!(before.resolution.as_ref().unwrap().versions(), Vec::<&str>::new());
        assert!(occurred(&before, seen(None, Some("1.0"), 1), at(2)).is_some());
    }
}

#[test]
fn versions_of_mixed_forms_are_known_all_the_same() {
    let known = [EnvVersions { env: None, ..env("", &["1", "1.1", "beef"], &["aa", "1"]) }];
    let before = ask(&Status::default(), &set(Set::Resolved(Scope::NextVersion)), &ada(), &known, at(0))
        .unwrap()
        .status;
    for version in ["aa", "1", "1.1", "beef"] {
        assert_eq!(occurred(&before, seen(None, Some(version), 1), at(2)), None, "{version}");
    }
    assert!(occurred(&before, seen(None, Some("1.2"), 1), at(2)).is_some());
}

#[test]
fn only_resolved_issues_come_back() {
    for other in each_set().into_iter().filter(|set| set.state() != State::Resolved) {
        assert_eq!(occurred(&put(other), seen(None, None, 1), at(2)), None);
    }
}

#[test]
fn the_versions_of_a_resolution_are_the_newest_of_each_environment() {
    let versions = |scope| Resolution::new(scope, &known()).versions().join(" ");
    assert_eq!(versions(Scope::NextVersion), "1.2 1.3 beef");
    assert_eq!(versions(Scope::Now), "1.2 1.3 f00d");
    let many: Vec<String> = (0..KNOWN_MAX + 5).map(|number| format!("1.{number}")).collect();
    let many = [EnvVersions { env: None, issue: many.clone(), service: many }];
    let resolution = Resolution::new(Scope::Now, &many);
    assert_eq!((resolution.envs[0].issue.len(), resolution.versions()[0]), (KNOWN_MAX, "1.204"));
    let resolution = Resolution::new(Scope::NextVersion, &many);
    assert_eq!(resolution.envs[0].service, ["1.204"], "the form tells the others");
}

#[test]
fn ignoring_ends_at_its_terms() {
    let ignored = |ignore: Ignore| put(Set::Ignored(ignore));
    let for_ever = ignored(Ignore::default());
    assert_eq!(counted(&for_ever, u64::MAX, u64::MAX, at(1)), None);
    assert_eq!(time_passed(&for_ever, at(1_000_000)), None);
    let events = ignored(Ignore { events: Some(3), users: Some(9), ..Ignore::default() });
    assert_eq!(counted(&events, 2, 8, at(1)), None);
    for (count, users) in [(3, 0), (0, 9)] {
        let step = counted(&events, count, users, at(1)).unwrap();
        assert_eq!((step.status.state, step.status.actor), (State::ForReview, Some(Actor::Automatic)));
        assert_eq!((step.status.ignore, step.status.regression), (None, None));
    }
    let until = ignored(Ignore { until: Some(at(5)), ..Ignore::default() });
    assert_eq!(time_passed(&until, at(4)), None);
    assert_eq!(time_passed(&until, at(5)).unwrap().status.state, State::ForReview);
    for other in each_set().into_iter().filter(|set| set.state() != State::Ignored) {
        assert_eq!(counted(&put(other.clone()), u64::MAX, u64::MAX, at(9)), None);
        assert_eq!(time_passed(&put(other), at(9)), None);
    }
}

fn life(last_seen_days: i64, envs: Vec<EnvLife>) -> Life {
    Life { last_seen: at(-24 * last_seen_days), envs }
}

fn env_life(issue: &[&str], service: &[(&str, i64)]) -> EnvLife {
    let release = |(version, days): &(&str, i64)| Release {
        version: (*version).to_owned(),
        first_seen: at(-24 * days),
    };
    EnvLife { issue: texts(issue), service: service.iter().map(release).collect(), ..EnvLife::default() }
}

#[test]
fn what_is_over_is_resolved() {
    let outlived = || env_life(&["1.0", "1.1"], &[("1.0", 40), ("1.1", 15), ("1.2", 2)]);
    let young = || env_life(&["1.1"], &[("1.1", 13), ("1.2", 2)]);
    let just_followed = || env_life(&["1.1"], &[("1.1", 15), ("1.2", 0)]);
    let not_followed = || env_life(&["1.2"], &[("1.1", 40), ("1.2", 15)]);
    for (life, over) in [
        (life(14, vec![]), true),
        (life(13, vec![]), false),
        (life(1, vec![outlived()]), true),
        (life(1, vec![young()]), false),
        (life(1, vec![just_followed()]), false),
        (life(1, vec![not_followed()]), false),
        (life(1, vec![outlived(), young()]), false),
        (life(1, vec![EnvLife { unversioned: true, ..outlived() }]), false),
        (life(1, vec![env_life(&["f00d"], &[("f00d", 20), ("beef", 3)])]), true),
        (life(1, vec![env_life(&["beef"], &[("f00d", 20), ("beef", 19)])]), false),
        (life(15, vec![young()]), true),
    ] {
        let step = fell_quiet(&Status::default(), &life, at(0));
        assert_eq!(step.is_some(), over, "{life:?}");
        let Some(step) = step else { continue };
        assert_eq!((step.status.state, &step.status.actor), (State::Resolved, &Some(Actor::Automatic)));
    }
    let quiet = life(15, vec![]);
    for set in each_set() {
        let open = matches!(set, Set::ForReview | Set::Reviewed);
        assert_eq!(fell_quiet(&put(set.clone()), &quiet, at(48)).is_some(), open, "{set:?}");
    }
    assert_eq!(fell_quiet(&put(Set::Reviewed), &quiet, at(2)), None, "somebody has just looked at it");
}

#[test]
fn after_silence_any_event_brings_it_back_and_after_newer_versions_only_a_newer_one() {
    let quiet = fell_quiet(&Status::default(), &life(14, vec![]), at(0)).unwrap().status;
    assert!(occurred(&quiet, seen(None, Some("1.0"), 1), at(2)).is_some());
    assert_eq!(occurred(&quiet, seen(None, Some("1.0"), -1), at(2)), None);
    let lives = life(0, vec![env_life(&["1.0"], &[("1.0", 40), ("1.1", 15)])]);
    let outlived = fell_quiet(&Status::default(), &lives, at(0)).unwrap().status;
    assert_eq!(occurred(&outlived, seen(None, Some("1.0"), 1), at(2)), None);
    assert!(occurred(&outlived, seen(None, Some("1.1"), 1), at(2)).is_some());
}

#[test]
fn a_change_is_taken_back_and_does_not_come_again() {
    let resolved = put(Set::Resolved(Scope::NextVersion));
    let back = occurred(&resolved, seen(Some("prod"), Some("2.0"), 1), at(2)).unwrap().status;
    let undone = restore(&resolved, &back, &ada(), at(3)).status;
    assert_eq!((undone.state, undone.revision, &undone.regression), (State::Resolved, 3, &None));
    assert_eq!(occurred(&undone, seen(Some("prod"), Some("2.0"), 9), at(9)), None, "accepted");
    assert!(occurred(&undone, seen(Some("prod"), Some("2.1"), 9), at(9)).is_some());
    assert_eq!(occurred(&undone, seen(Some("prod"), Some("2.1"), 2), at(9)), None, "before");

    let until = put(Set::Ignored(Ignore { until: Some(at(5)), ..Ignore::default() }));
    let over = time_passed(&until, at(5)).unwrap().status;
    let undone = restore(&until, &over, &ada(), at(6)).status;
    assert_eq!((undone.state, undone.ignore), (State::Ignored, Some(Ignore::default())));

    let assigned = ask(&Status::default(), &assign(Some("grace")), &ada(), &[], at(0)).unwrap().status;
    let step = restore(&Status::default(), &assigned, &ada(), at(1));
    assert_eq!((step.status.state, step.status.assignee), (State::ForReview, None));
    assert_eq!(step.activity.len(), 2);
}

fn any_versions() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[0-9](\\.[0-9]){0,2}|[a-f]{2}", 0..4)
}

fn any_known() -> impl Strategy<Value = Vec<EnvVersions>> {
    let env = (proptest::option::of("[pq]"), any_versions(), any_versions())
        .prop_map(|(env, issue, service)| EnvVersions { env, issue, service });
    proptest::collection::vec(env, 0..3)
}

fn any_set() -> impl Strategy<Value = Set> {
    proptest::sample::select(each_set())
}

/// Something that happens to an issue.
#[derive(Clone, Debug)]
enum Happening {
    Asked(Request, Vec<EnvVersions>),
    Occurred(Option<String>, Option<String>, i64),
    Counted(u64, u64),
    TimePassed,
    FellQuiet(i64),
    Undone,
}

fn any_cause() -> impl Strategy<Value = Option<Option<Cause>>> {
    let cause = prop_oneof![Just(Cause::Timeout), Just(Cause::Unknown)];
    proptest::option::of(proptest::option::of(cause))
}

fn any_happening() -> impl Strategy<Value = Happening> {
    let name = proptest::option::of("[ab]");
    prop_oneof![
        (proptest::option::of(any_set()), proptest::option::of(name.clone()), any_cause(), any_known())
            .prop_map(|(set, assignee, cause, known)| Happening::Asked(
                Request { set, assignee, cause },
                known
            )),
        (proptest::option::of("[pq]"), proptest::option::of("[0-9]\\.[0-9]|[a-f]{2}"), -9_i64..99)
            .prop_map(|(env, version, hours)| Happening::Occurred(env, version, hours)),
        (0_u64..5, 0_u64..5).prop_map(|(events, users)| Happening::Counted(events, users)),
        Just(Happening::TimePassed),
        (0_i64..20).prop_map(Happening::FellQuiet),
        Just(Happening::Undone),
    ]
}

#[test]
fn a_cause_is_set_cleared_and_taken_back_and_moves_no_state() {
    let cause = |cause| Request { cause: Some(cause), ..Request::default() };
    let nothing = Status::default();
    assert_eq!(ask(&nothing, &cause(None), &ada(), &[], at(1)), None, "it is that of its events already");
    let set = ask(&nothing, &cause(Some(Cause::Timeout)), &ada(), &[], at(1)).unwrap();
    assert_eq!(set.activity, [Activity::Cause { from: None, to: Some(Cause::Timeout) }]);
    let expected = SetCause { cause: Cause::Timeout, actor: ada(), at: at(1) };
    assert_eq!((set.status.cause.as_ref(), set.status.state), (Some(&expected), State::ForReview));
    assert_eq!((set.status.since, set.status.revision), (None, 1));
    assert_eq!(ask(&set.status, &cause(Some(Cause::Timeout)), &ada(), &[], at(2)), None);
    let cleared = ask(&set.status, &cause(Some(Cause::Unknown)), &ada(), &[], at(2)).unwrap();
    assert_eq!(cleared.activity, [Activity::Cause { from: Some(Cause::Timeout), to: Some(Cause::Unknown) }]);
    let undone = restore(&set.status, &cleared.status, &ada(), at(3));
    assert_eq!(undone.status.cause, Some(expected));
    assert_eq!(undone.activity, [Activity::Cause { from: Some(Cause::Unknown), to: Some(Cause::Timeout) }]);
    let automatic = ask(&undone.status, &cause(None), &ada(), &[], at(4)).unwrap();
    assert_eq!((automatic.status.cause, automatic.status.revision), (None, 4));
}

proptest! {
    /// Whatever happens in whatever order: what belongs to a state is there in that state alone, revisions
    /// grow by one, each change has an entry, and the old never brings an issue back.
    #[test]
    fn what_always_holds(happenings in proptest::collection::vec(any_happening(), 0..20)) {
        let mut status = Status::default();
        let mut before = Status::default();
        for (hour, happening) in (0_i64..).zip(happenings) {
            let now = at(hour * 7);
            let step = match &happening {
                Happening::Asked(request, known) => ask(&status, request, &ada(), known, now),
                Happening::Occurred(env, version, hours) => {
                    let step = occurred(&status, seen(env.as_deref(), version.as_deref(), *hours), now);
                    if step.is_some() {
                        prop_assert!(at(*hours) > status.judged_after && status.state == State::Resolved);
                    }
                    step
                }
                Happening::Counted(events, users) => counted(&status, *events, *users, now),
                Happening::TimePassed => time_passed(&status, now),
                Happening::FellQuiet(days) => {
                    let last_seen = now.saturating_add_nanos(-24 * HOUR_NS * days);
                    fell_quiet(&status, &Life { last_seen, envs: Vec::new() }, now)
                }
                Happening::Undone => Some(restore(&before, &status, &ada(), now)),
            };
            let Some(step) = step else { continue };
            let next = step.status;
            prop_assert_eq!(next.revision, status.revision + 1);
            prop_assert_eq!(next.resolution.is_some(), next.state == State::Resolved);
            prop_assert_eq!(next.ignore.is_some(), next.state == State::Ignored);
            prop_assert!(next.regression.is_none() || matches!(next.state, State::ForReview | State::Reviewed));
            if next.state != status.state {
                prop_assert_eq!(next.since, Some(now));
                prop_assert!(!step.activity.is_empty());
            }
            if !matches!(happening, Happening::Undone) {
                before = status;
            }
            status = next;
        }
    }

    /// A resolution covers everything that was known when it was made, unless it says that the newest version
    /// is mended.
    #[test]
    fn what_was_known_does_not_come_back(known in any_known(), pick in any::<prop::sample::Index>()) {
        let resolve = |scope| {
            ask(&Status::default(), &set(Set::Resolved(scope)), &ada(), &known, at(0)).unwrap().status
        };
        // The first of several entries of an environment is the one that counts.
        let mut pairs = Vec::new();
        for (place, env) in known.iter().enumerate() {
            if known[..place].iter().all(|other| other.env != env.env) {
                pairs.extend(env.issue.iter().map(|version| (env, version)));
            }
        }
        if pairs.is_empty() {
            return Ok(());
        }
        let (env, version) = pairs[pick.index(pairs.len())];
        let event = seen(env.env.as_deref(), Some(version), 1);
        prop_assert_eq!(occurred(&resolve(Scope::Now), event, at(2)), None);
        prop_assert_eq!(occurred(&resolve(Scope::NextVersion), event, at(2)), None);
    }
}
