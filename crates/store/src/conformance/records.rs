//! One suite for every keeper of [`IssueRecords`].

use reenact_issues::lifecycle::{self, Activity, Actor, Request, Set, Status};
use reenact_model::{IssueId, Timestamp};

use super::at;
use crate::control::{
    ACTIVITY_MAX, ChangedIssue, Forget, IssueChange, IssueCounts, IssueRecords, Recorded, ServiceVersion,
};

/// Makes a fresh, empty keeper.
pub type Make<'a> = &'a mut dyn FnMut() -> Box<dyn IssueRecords>;

/// Runs the whole suite.
///
/// # Panics
/// When the keeper answers otherwise than it should.
pub fn run(make: Make<'_>) {
    a_change_is_made_as_a_whole(&*make());
    a_change_is_taken_back_once(&*make());
    timelines_are_read_backwards_in_pages(&*make());
    a_timeline_has_a_limit(&*make());
    counts_begin_anew_when_an_issue_is_ignored(&*make());
    versions_widen(&*make());
    what_is_old_is_forgotten(&*make());
}

fn ada() -> Actor {
    Actor::Person("ada".to_owned())
}

fn asked(before: &Status, set: Set, assignee: Option<&str>, hours: i64) -> (Status, Vec<Activity>) {
    let request =
        Request { set: Some(set), assignee: assignee.map(|name| Some(name.to_owned())), cause: None };
    let step = lifecycle::ask(before, &request, &ada(), &[], at(hours)).expect("something changes");
    (step.status, step.activity)
}

fn changed(id: u64, before: &Status, set: Set, hours: i64) -> ChangedIssue {
    let (after, activity) = asked(before, set, Some("grace"), hours);
    ChangedIssue { id: IssueId(id), before: before.clone(), after, activity }
}

fn change(id: &str, hours: i64, issues: Vec<ChangedIssue>) -> IssueChange {
    IssueChange { id: id.to_owned(), at: at(hours), actor: ada(), undoes: None, issues }
}

fn make_one(records: &dyn IssueRecords, change: &IssueChange) -> Recorded {
    records.change_issues(std::slice::from_ref(change), None).expect("answers")
}

fn sorted(records: &dyn IssueRecords) -> Vec<(IssueId, Status)> {
    let mut statuses = records.statuses().expect("answers");
    statuses.sort_by_key(|(id, _)| *id);
    statuses
}

fn a_change_is_made_as_a_whole(records: &dyn IssueRecords) {
    let (high, low) = (u64::MAX, 1);
    let issues = vec![
        changed(high, &Status::default(), Set::Excluded, 1),
        changed(low, &Status::default(), Set::Reviewed, 1),
    ];
    let first = change("c1", 1, issues.clone());
    assert_eq!(make_one(records, &first), Recorded::Done);
    let expected = vec![(IssueId(low), issues[1].after.clone()), (IssueId(high), issues[0].after.clone())];
    assert_eq!(sorted(records), expected);
    assert_eq!(records.assignees().expect("answers"), ["grace"]);
    // One of them was changed meanwhile: neither is.
    let late = vec![
        changed(low, &issues[1].after, Set::Excluded, 2),
        changed(high, &Status::default(), Set::Reviewed, 2),
    ];
    let refused =
        make_one(records, &change("c2", 2, vec![ChangedIssue { activity: vec![], ..late[1].clone() }]));
    assert_eq!(refused, Recorded::Conflict);
    let mut both = late;
    both[0].activity.clear();
    assert_eq!(make_one(records, &change("c3", 2, both)), Recorded::Conflict);
    // So with several changes.
    let other = change("c4", 2, vec![changed(7, &Status::default(), Set::Reviewed, 2)]);
    let stale = change("c5", 2, vec![changed(low, &Status::default(), Set::Excluded, 2)]);
    let refused = records.change_issues(&[other, stale], None).expect("answers");
    assert_eq!((refused, records.issue_change("c4").expect("answers")), (Recorded::Conflict, None));
    assert_eq!(sorted(records), expected);
    assert_eq!(records.issue_change("c2").expect("answers"), None);
    assert_eq!(records.activity(IssueId(low), None, 9).expect("answers").len(), 2);
}

fn a_change_is_taken_back_once(records: &dyn IssueRecords) {
    let issue = changed(5, &Status::default(), Set::Excluded, 1);
    let other = changed(6, &Status::default(), Set::Excluded, 1);
    let made = change("c1", 1, vec![issue.clone(), other]);
    assert_eq!(make_one(records, &made), Recorded::Done);
    let kept = records.issue_change("c1").expect("answers").expect("is kept");
    let before = |id| (IssueId(id), Status::default(), 1);
    assert_eq!((kept.undone, kept.issues), (false, vec![before(5), before(6)]));
    let step = lifecycle::restore(&Status::default(), &issue.after, &ada(), at(2));
    let back = ChangedIssue {
        id: IssueId(5),
        before: issue.after.clone(),
        after: step.status.clone(),
        activity: step.activity,
    };
    let undo = IssueChange { undoes: Some("c1".to_owned()), ..change("c2", 2, vec![back]) };
    assert_eq!(make_one(records, &undo), Recorded::Done);
    assert!(records.issue_change("c1").expect("answers").expect("is kept").undone);
    // The other issue was left out, and does not say that it was undone.
    let left_out = records.activity(IssueId(6), None, 9).expect("answers");
    assert!(!left_out.is_empty() && left_out.iter().all(|entry| !entry.undone && entry.change_kept));
    let again = IssueChange { id: "c3".to_owned(), issues: Vec::new(), ..undo };
    assert_eq!(make_one(records, &again), Recorded::Conflict);
    let unknown = IssueChange { undoes: Some("none".to_owned()), ..again };
    assert_eq!(make_one(records, &unknown), Recorded::Conflict);
    let entries = records.activity(IssueId(5), None, 9).expect("answers");
    let told: Vec<_> =
        entries.iter().map(|entry| (entry.change.as_deref(), entry.undone, entry.revision)).collect();
    assert_eq!(told[0], (Some("c2"), false, Some(2)));
    assert_eq!(told[told.len() - 1], (Some("c1"), true, Some(1)));
    assert_eq!(sorted(records)[0], (IssueId(5), step.status));
}

fn comment(text: &str) -> Activity {
    Activity::Comment { text: text.to_owned() }
}

fn timelines_are_read_backwards_in_pages(records: &dyn IssueRecords) {
    let mut numbers = Vec::new();
    for (hours, text) in ["one", "two", "three"].into_iter().enumerate() {
        numbers
            .push(records.add_activity(IssueId(3), at(hours as i64), &ada(), &comment(text)).expect("adds"));
        records.add_activity(IssueId(4), at(0), &ada(), &comment("other")).expect("adds");
    }
    let page = records.activity(IssueId(3), None, 2).expect("answers");
    assert_eq!(page.iter().map(|entry| entry.number).collect::<Vec<_>>(), [numbers[2], numbers[1]]);
    assert_eq!((page[0].at, &page[0].actor, &page[0].activity), (at(2), &ada(), &comment("three")));
    assert_eq!((page[0].change.as_ref(), page[0].undone, page[0].change_kept), (None, false, false));
    let page = records.activity(IssueId(3), Some(numbers[1]), 2).expect("answers");
    assert_eq!(page.iter().map(|entry| entry.number).collect::<Vec<_>>(), [numbers[0]]);
    // A comment goes with its own number and issue alone, and nothing else is a comment.
    assert!(!records.delete_comment(IssueId(4), numbers[1], None).expect("answers"));
    assert!(records.delete_comment(IssueId(3), numbers[1], None).expect("answers"));
    assert!(!records.delete_comment(IssueId(3), numbers[1], None).expect("answers"));
    assert_eq!(records.activity(IssueId(3), None, 9).expect("answers").len(), 2);
    let made = change("c1", 1, vec![changed(3, &Status::default(), Set::Excluded, 1)]);
    make_one(records, &made);
    let newest = records.activity(IssueId(3), None, 1).expect("answers").remove(0);
    assert!(!records.delete_comment(IssueId(3), newest.number, None).expect("answers"));
}

fn a_timeline_has_a_limit(records: &dyn IssueRecords) {
    for _ in 0..ACTIVITY_MAX + 3 {
        records.add_activity(IssueId(3), at(0), &ada(), &comment("again")).expect("adds");
    }
    assert_eq!(records.activity(IssueId(3), None, 2 * ACTIVITY_MAX).expect("answers").len(), ACTIVITY_MAX);
}

fn counts_begin_anew_when_an_issue_is_ignored(records: &dyn IssueRecords) {
    let counts = IssueCounts { excluded: 4, events: 5, users: 6 };
    records.put_counts(&[(IssueId(u64::MAX), counts), (IssueId(8), counts)]).expect("writes");
    let ignored = changed(8, &Status::default(), Set::Ignored(lifecycle::Ignore::default()), 1);
    make_one(records, &change("c1", 1, vec![ignored.clone()]));
    let restarted = IssueCounts { excluded: 4, ..IssueCounts::default() };
    let all = |records: &dyn IssueRecords| {
        let mut counts = records.counts().expect("answers");
        counts.sort_by_key(|(id, _)| *id);
        counts
    };
    assert_eq!(all(records), [(IssueId(8), restarted), (IssueId(u64::MAX), counts)]);
    records.put_counts(&[(IssueId(8), counts)]).expect("writes");
    let request = Request { set: None, assignee: Some(None), cause: None };
    let step = lifecycle::ask(&ignored.after, &request, &ada(), &[], at(2)).expect("changes");
    let assigned =
        ChangedIssue { id: IssueId(8), before: ignored.after, after: step.status, activity: step.activity };
    make_one(records, &change("c2", 2, vec![assigned]));
    assert_eq!(all(records)[0].1, counts, "assigning does not count anew");
}

fn versions_widen(records: &dyn IssueRecords) {
    let seen = |env: Option<&str>, first: i64, last: i64| ServiceVersion {
        service: "shop".to_owned(),
        env: env.map(str::to_owned),
        version: "1.0".to_owned(),
        first_seen: at(first),
        last_seen: at(last),
    };
    records
        .put_versions(&[seen(None, 5, 6), seen(Some(""), 5, 6), seen(Some("prod"), 5, 6)])
        .expect("writes");
    records.put_versions(&[seen(None, 4, 5), seen(Some("prod"), 7, 8)]).expect("writes");
    let mut versions = records.versions().expect("answers");
    versions.sort_by(|a, b| a.env.cmp(&b.env));
    assert_eq!(versions, [seen(None, 4, 6), seen(Some(""), 5, 6), seen(Some("prod"), 5, 8)]);
}

fn what_is_old_is_forgotten(records: &dyn IssueRecords) {
    for (id, hours) in [(1, 1), (2, 5)] {
        let made =
            change(&format!("c{id}"), hours, vec![changed(id, &Status::default(), Set::Excluded, hours)]);
        make_one(records, &made);
        records.put_counts(&[(IssueId(id), IssueCounts::default())]).expect("writes");
        records
            .put_versions(&[ServiceVersion {
                service: format!("shop-{id}"),
                env: None,
                version: "1".to_owned(),
                first_seen: at(0),
                last_seen: at(hours),
            }])
            .expect("writes");
    }
    records.add_activity(IssueId(2), at(1), &ada(), &comment("old")).expect("adds");
    let forget = Forget { issues: vec![IssueId(1)], before: at(2), changes_before: at(3) };
    records.forget_issues(&forget).expect("forgets");
    assert_eq!(sorted(records).iter().map(|(id, _)| id.0).collect::<Vec<_>>(), [2]);
    assert_eq!(records.counts().expect("answers").len(), 1);
    assert_eq!(records.versions().expect("answers").len(), 1);
    // What happened at hour 1 is too old to be told.
    assert_eq!(records.activity(IssueId(1), None, 9).expect("answers"), []);
    let left = records.activity(IssueId(2), None, 9).expect("answers");
    assert!(left.len() == 2 && left.iter().all(|entry| entry.change_kept), "{left:?}");
    assert_eq!(records.issue_change("c1").expect("answers"), None);
    assert!(records.issue_change("c2").expect("answers").is_some());
    // A change that can no longer be taken back is still told.
    let forget = Forget { changes_before: at(9), before: Timestamp::default(), issues: Vec::new() };
    records.forget_issues(&forget).expect("forgets");
    let left = records.activity(IssueId(2), None, 9).expect("answers");
    assert!(left.len() == 2 && left.iter().all(|entry| !entry.change_kept), "{left:?}");
    assert_eq!(records.assignees().expect("answers"), ["grace"]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::MemoryRecords;

    #[test]
    fn the_reference_passes_its_own_suite() {
        run(&mut || Box::new(MemoryRecords::default()));
    }
}
