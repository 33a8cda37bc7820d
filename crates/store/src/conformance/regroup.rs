//! Events that move to other issues.

use reenact_model::{IssueId, Placed};
use reenact_redact::Redacted;

use super::{RETENTION, always, ask_random, at, event, of, write};
use crate::{IssueMove, MemoryStore, Store, StoreError, TimeRange};

/// Some events of issue 1 go to a new one, all of issue 2 to 3; the others stay.
pub fn elsewhere(mut event: Placed) -> Option<Redacted<Placed>> {
    let to = match (event.issue_id.0, event.report.id.0 % 3) {
        (1, 0) => 7,
        (2, _) => 3,
        _ => return None,
    };
    event.issue_id = IssueId(to);
    Some(Redacted::trust_in_tests(event))
}

/// Moves events to the end; how many were looked at and moved, and from where to where.
///
/// # Panics
/// When the store fails.
pub fn regroup(store: &dyn Store, range: TimeRange) -> (u64, u64, Vec<IssueMove>) {
    let (mut position, mut done) = (None, (0, 0, Vec::new()));
    loop {
        let step = store.regroup(range, position.as_deref(), &mut elsewhere).expect("moves events");
        done.0 += step.looked_at;
        done.1 += step.moved;
        done.2.extend(step.moves);
        position = step.next;
        if position.is_none() {
            done.2.sort_unstable_by_key(|one| (one.from, one.to));
            return done;
        }
    }
}

/// What is known ever of issues, whatever is left of them.
fn ever(store: &dyn Store) -> Vec<(u64, i64, i64, u64, Option<String>)> {
    let mut known = Vec::new();
    store.known_issues(&mut |issue| known.push(issue)).expect("answers");
    known.sort_unstable_by_key(|issue| issue.id);
    let one = |issue: crate::KnownIssue| {
        let detail = store.issue(issue.id, always(), 1).expect("answers").expect("is there");
        let (first, last) = (issue.first_seen.as_nanos(), issue.last_seen.as_nanos());
        (issue.id.0, first, last, detail.count_total, detail.last_version)
    };
    known.into_iter().map(one).collect()
}

pub(super) fn events_move_to_other_issues(store: &dyn Store) {
    let reference = MemoryStore::with_retention(RETENTION);
    let both = |events: Vec<Placed>| {
        let writes: Vec<_> = events.into_iter().map(of).collect();
        assert_eq!(write(store, writes.clone()), write(&reference, writes));
    };
    let check = || {
        assert_eq!(ever(store), ever(&reference));
        ask_random(store, &reference, 30);
    };
    let some = |id: u128| {
        let mut event = event(id, (id * 7 % 90) as i64, id as u64 % 4);
        event.report.version = Some(format!("1.{id}"));
        event.report.user_id = Some(format!("user-{}", id % 13));
        event
    };
    both((1..=300).map(some).collect());
    // Of a range first, then of everything, then there is nothing left to move.
    let range = TimeRange { from: at(20), to: at(40) };
    assert_eq!(regroup(store, range), regroup(&reference, range));
    check();
    let (looked_at, moved, moves) = regroup(store, always());
    let (wanted, wanted_moved, wanted_moves) = regroup(&reference, always());
    assert_eq!((looked_at, moved, &moves), (wanted, wanted_moved, &wanted_moves));
    assert_eq!((looked_at, moves.len()), (300, 2));
    check();
    assert_eq!(store.own_issues(&[IssueId(2)]).expect("answers"), []);
    assert_eq!(regroup(store, always()), (300, 0, Vec::new()));
    // A later part of an event stays where the event is now; new events come where they belong.
    let mut part = some(2);
    part.report.tags.insert("region".to_owned(), "eu".to_owned());
    both(vec![part, some(302), some(303)]);
    check();
    assert!(matches!(store.regroup(always(), Some("x"), &mut |_| None), Err(StoreError::Cursor)));
}
