//! Issues that are shown as another one.

use proptest::prelude::*;
use reenact_model::{EventId, IssueId, Placed};

use super::{all_events, always, at, event, of, write};
use crate::{Field, Filter, Merged, Store};

pub(super) fn issues_are_shown_as_another_one(store: &dyn Store) {
    let mut events: Vec<Placed> = (1..=6).map(|id| event(id, id as i64, id as u64 % 3)).collect();
    for (at, event) in events.iter_mut().enumerate() {
        event.report.user_id = Some(if at < 4 { "ada" } else { "bob" }.to_owned());
    }
    write(store, events.into_iter().map(of).collect());
    let count = |store: &dyn Store, id| {
        let found = store.issue(IssueId(id), always(), 1).expect("answers");
        found.map(|issue| (issue.row.count, issue.row.users, issue.row.first_seen, issue.latest_event))
    };
    assert_eq!(count(store, 1), Some((2, Some(1), at(1), Some(EventId(4)))));
    store.set_merged(Merged::new([(IssueId(1), IssueId(2))]));
    assert_eq!(count(store, 1), None);
    assert_eq!(count(store, 2), Some((4, Some(2), at(1), Some(EventId(5)))));
    let asked = all_events(store, Filter::Equals(Field::Issue, IssueId(1).to_string()));
    assert_eq!(
        asked.events.iter().map(|event| (event.id.0, event.issue_id.0)).collect::<Vec<_>>(),
        [(5, 2), (4, 2), (2, 2), (1, 2)]
    );
    // What comes later is shown there too, keeps its own issue, and does not change the title.
    let mut later = event(7, 7, 1);
    later.report.exceptions[0].type_name = "Later".to_owned();
    write(store, vec![of(later)]);
    let title = store.issue(IssueId(2), always(), 1).expect("answers").map(|issue| issue.row.type_name);
    assert_eq!(title.as_deref(), Some(event(5, 5, 2).report.type_name()));
    assert_eq!(store.event(EventId(7)).expect("answers").map(|event| event.issue_id), Some(IssueId(1)));
    assert_eq!(count(store, 2).map(|found| found.0), Some(5));
    store.set_merged(Merged::default());
    assert_eq!(
        (count(store, 1).map(|found| found.0), count(store, 2).map(|found| found.0)),
        (Some(3), Some(2))
    );
}

/// Some of the four issues shown as others, in chains too; mostly none.
pub(super) fn any_merged() -> impl Strategy<Value = Merged> {
    let pairs = proptest::collection::vec((0_u64..4, 0_u64..4), 1..4);
    let pairs = pairs.prop_map(|pairs| {
        Merged::new(pairs.into_iter().filter(|(own, into)| own < into).map(|(a, b)| (IssueId(a), IssueId(b))))
    });
    prop_oneof![Just(Merged::default()), pairs]
}
