use reenact_issues::lifecycle::{Activity, Set, State};
use reenact_model::IssueId;
use reenact_store::control::AuditEntry;
use reenact_store::{TimeRange, conformance};

use super::merge::MergedIssues;
use super::tests::{Place, event};
use super::*;

fn merge(place: &Place, issues: &[u64], into: Option<u64>) -> Result<MergedIssues, ChangeFailure> {
    place.workflow.merge(&AskedMerge {
        issues: issues.iter().map(|id| IssueId(*id)).collect(),
        into: into.map(IssueId),
        actor: "ada".to_owned(),
        audit: AuditEntry::default(),
    })
}

fn split(place: &Place, of: u64, members: &[u64]) -> Result<String, ChangeFailure> {
    let members: Vec<IssueId> = members.iter().map(|id| IssueId(*id)).collect();
    place.workflow.split(IssueId(of), &members, "ada", &AuditEntry::default())
}

fn counts(place: &Place) -> Vec<(u64, u64)> {
    let always: TimeRange = conformance::always();
    let counts = place.store.issue_counts(&reenact_store::Filter::All, always).unwrap();
    counts.into_iter().map(|(id, count)| (id.0, count)).collect()
}

/// Issues 1 to 3 with one, two and three events.
fn three_issues() -> Place {
    let place = Place::new();
    for id in 0..6_u128 {
        let issue = match id {
            0 => 1,
            1 | 2 => 2,
            _ => 3,
        };
        place.receive(&event(id, issue, Some("1"), now()));
    }
    place
}

#[test]
fn merged_issues_stay_one_and_come_apart_again() {
    let place = three_issues();
    place.ask(1, Set::Reviewed);
    // The most events decide.
    let merged = merge(&place, &[1, 2], None).unwrap();
    assert_eq!((merged.into, merged.merged.clone()), (IssueId(2), vec![IssueId(1)]));
    assert_eq!(counts(&place), [(2, 3), (3, 3)]);
    let place = place.again();
    place.receive(&event(10, 1, Some("1"), now()));
    assert_eq!(counts(&place), [(2, 4), (3, 3)], "also after a start, and for what comes later");
    assert_eq!(place.found("issue:0000000000000001"), [2]);
    assert_eq!(place.found("is:reviewed"), [] as [u64; 0], "the state of the other one waits");
    // What was merged goes along.
    assert_eq!(merge(&place, &[1], Some(3)).unwrap().merged, [IssueId(2)]);
    assert_eq!(counts(&place), [(3, 7)]);
    let members: Vec<(u64, u64, bool)> = place
        .workflow
        .members(IssueId(2))
        .unwrap()
        .into_iter()
        .map(|member| (member.own.id.0, member.own.count, member.merged.is_some()))
        .collect();
    assert_eq!(members, [(3, 3, false), (1, 2, true), (2, 2, true)]);
    split(&place, 3, &[1]).unwrap();
    assert_eq!(counts(&place), [(1, 2), (3, 5)]);
    assert_eq!(place.state(1), State::Reviewed);
    for wrong in [1, 3, 9] {
        assert!(matches!(split(&place, 3, &[wrong]), Err(ChangeFailure::NoMember(_))), "{wrong}");
    }
}

#[test]
fn a_merge_is_taken_back_as_a_whole() {
    let place = three_issues();
    let merged = merge(&place, &[1, 2, 3], Some(1)).unwrap();
    assert_eq!(counts(&place), [(1, 6)]);
    let told = |place: &Place| place.workflow.activity(IssueId(1), None, 9).unwrap();
    let told: Vec<Activity> = told(&place).into_iter().map(|(_, entry)| entry.activity).collect();
    assert!(told.contains(&Activity::Merged { issues: vec![IssueId(2), IssueId(3)] }), "{told:?}");
    assert!(told.contains(&Activity::MergedInto { issue: IssueId(1) }), "{told:?}");
    let undone = place.workflow.undo(&merged.change_id.unwrap(), "ada", &AuditEntry::default()).unwrap();
    assert_eq!((undone.undone, undone.skipped), (3, 0));
    assert_eq!(counts(&place), [(1, 1), (2, 2), (3, 3)]);
    let newest = place.workflow.activity(IssueId(1), None, 1).unwrap().remove(0).1.activity;
    assert_eq!(newest, Activity::Split { issues: vec![IssueId(2), IssueId(3)] });
    let again = place.workflow.undo(&undone.change_id.unwrap(), "ada", &AuditEntry::default()).unwrap();
    assert_eq!((again.undone, counts(&place)), (3, vec![(1, 6)]));
}

#[test]
fn nothing_begins_or_ends_to_be_dropped_by_a_merge() {
    let place = three_issues();
    place.ask(1, Set::Excluded);
    assert!(matches!(merge(&place, &[1, 2], None), Err(ChangeFailure::ExcludedDiffers)));
    assert!(matches!(merge(&place, &[1, 2], Some(1)), Err(ChangeFailure::ExcludedDiffers)));
    place.ask(2, Set::Excluded);
    assert_eq!(merge(&place, &[1, 2], None).unwrap().into, IssueId(2));
    place.receive(&event(10, 1, Some("1"), now()));
    assert_eq!(place.workflow.counts(IssueId(2)).excluded, 1);
    assert_eq!(counts(&place), [(2, 3), (3, 3)]);
}

#[test]
fn a_resolved_issue_takes_others_in_and_still_comes_back() {
    let place = three_issues();
    place.ask(2, Set::Resolved(Default::default()));
    place.receive(&event(10, 1, Some("2"), now()));
    merge(&place, &[1, 2], Some(2)).unwrap();
    assert_eq!(place.state(2), State::Resolved);
    let place = place.again();
    place.workflow.catch_up(now()).unwrap();
    assert_eq!(place.state(2), State::Resolved, "what the other one did before brings nothing back");
    place.receive(&event(11, 1, Some("2"), now()));
    assert_eq!(place.state(2), State::Resolved, "its versions are known");
    place.receive(&event(12, 1, Some("3"), now()));
    assert_eq!(place.state(2), State::ForReview);
}

#[test]
fn what_cannot_be_merged_is_said() {
    let place = three_issues();
    assert!(matches!(merge(&place, &[1, 9], None), Err(ChangeFailure::Missing(IssueId(9)))));
    let merged = merge(&place, &[1, 2], None).unwrap();
    assert!(merged.change_id.is_some());
    assert_eq!(merge(&place, &[1, 2], None).unwrap().change_id, None, "they are one already");
    assert_eq!(
        place.ask(1, Set::Reviewed).map(|_| place.state(2)),
        Some(State::Reviewed),
        "an old id leads there"
    );
}
