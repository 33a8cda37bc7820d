//! One suite for every engine: each answers as [`MemoryStore`] does.

mod merged;
mod random;
pub mod records;
pub mod regroup;

use std::sync::mpsc::channel;
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use reenact_model::{
    CapturedValue, Content, EventId, Exception, Frame, IssueId, Outcome, Placed, Report, Snapshot,
    SnapshotId, SpanId, Timestamp, TraceId, Variables,
};
use reenact_redact::Redacted;

use random::{any_event, batches, nested_filter, question};

use crate::{
    Comparison, EventOrder, EventPage, EventQuery, Field, Filter, IssueBoosts, IssueGroups, IssueQuery,
    IssueSet, IssueSort, KnownIssue, MemoryStore, Merged, Outcomes, Store, StoreError, Stored, Test,
    TimeRange, ValueCondition, ValuePattern, ValueTest, Write,
};

/// Makes a fresh, empty store whose retention is [`RETENTION`].
pub type Make<'a> = &'a mut dyn FnMut() -> Box<dyn Store>;

/// The age at which the stores of the suite delete days.
pub const RETENTION: Duration = Duration::from_secs(10 * 86_400);

const DAY_NS: i64 = 86_400_000_000_000;
const HOUR_NS: i64 = 3_600_000_000_000;

/// Runs the whole suite.
///
/// # Panics
/// When the store answers otherwise than it should.
pub fn run(make: Make<'_>) {
    the_same_event_twice_is_one(&*make());
    a_further_part_is_merged(&*make());
    a_part_without_its_event_is_dropped(&*make());
    snapshots_are_found_however_they_arrive(&*make());
    a_cursor_of_another_query_is_refused(&*make());
    what_is_unknown_is_absent(&*make());
    old_days_are_deleted(&*make());
    merged::issues_are_shown_as_another_one(&*make());
    what_is_rewritten_is_gone(&*make());
    regroup::events_move_to_other_issues(&*make());
    nothing_is_taken_after_close(&*make());
    run_random(make, 24, &mut |_| {});
}

/// Compares random events and questions with the reference. `settle` is called between writing and
/// asking; an engine may finish indexing in it, or not.
///
/// # Panics
/// When the store answers otherwise than the reference.
pub fn run_random(make: Make<'_>, cases: u32, settle: &mut dyn FnMut(&dyn Store)) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    // The runner wants `Fn`; it never calls it twice at once.
    let calls = std::cell::RefCell::new((make, settle));
    let outcome =
        runner.run(&(batches(), proptest::collection::vec(question(), 12)), |(batches, questions)| {
            let mut calls = calls.borrow_mut();
            let store = (calls.0)();
            let reference = MemoryStore::with_retention(RETENTION);
            for (number, batch) in batches.iter().enumerate() {
                prop_assert_eq!(write(&*store, batch.clone()), write(&reference, batch.clone()));
                if number == batches.len() / 2 {
                    (calls.1)(&*store);
                }
            }
            for question in &questions {
                compare(&*store, &reference, question)?;
            }
            (calls.1)(&*store);
            for question in &questions {
                compare(&*store, &reference, question)?;
            }
            Ok(())
        });
    if let Err(error) = outcome {
        panic!("the engine and the reference differ: {error}");
    }
}

/// Compares the answers to random questions over what both stores hold.
///
/// # Panics
/// When the store answers otherwise than the reference.
pub fn ask_random(store: &dyn Store, reference: &MemoryStore, questions: u32) {
    let config = Config { cases: questions, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&question(), |question| compare(store, reference, &question));
    if let Err(error) = outcome {
        panic!("the engine and the reference differ: {error}");
    }
}

/// Compares the answers to deeply nested random filters over one set of random events.
///
/// # Panics
/// When the store answers otherwise than the reference.
pub fn run_filters(store: &dyn Store, filters: u32, settle: &mut dyn FnMut(&dyn Store)) {
    let config = |cases| Config { cases, failure_persistence: None, ..Config::default() };
    let reference = MemoryStore::with_retention(RETENTION);
    let mut runner = TestRunner::new(config(1));
    for _ in 0..400 {
        let writes = any_event().new_tree(&mut runner).expect("a tree").current();
        let writes = vec![of(writes)];
        assert_eq!(write(store, writes.clone()), write(&reference, writes));
    }
    settle(store);
    let outcome = TestRunner::new(config(filters)).run(&nested_filter(5, 24), |filter| {
        let found = |store: &dyn Store| {
            let page = store.events(&EventQuery {
                filter: filter.clone(),
                range: always(),
                order: EventOrder::Oldest,
                cursor: None,
                limit: 100,
            })?;
            let ids: Vec<u128> = page.events.iter().map(|event| event.id.0).collect();
            Ok::<_, StoreError>((page.total, ids))
        };
        prop_assert_eq!(found(store)?, found(&reference)?, "events of {:?}", filter);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("the engine and the reference differ: {error}");
    }
}

/// Writes and waits until it is durable.
///
/// # Panics
/// When the store fails.
pub fn write(store: &dyn Store, writes: Vec<Write>) -> Outcomes {
    let (sender, receiver) = channel();
    let writes = writes.into_iter().map(Redacted::trust_in_tests).collect();
    let done = Box::new(move |outcomes| drop(sender.send(outcomes)));
    store.submit(writes, done).expect("the store takes writes");
    receiver.recv().expect("the store reports once").expect("the store keeps what it takes")
}

/// An event that looks like one of a small web service.
pub fn event(id: u128, hours: i64, issue: u64) -> Placed {
    let frame = |function: &str, file: &str| Frame {
        function: function.to_owned(),
        file: file.to_owned(),
        line_number: Some(12),
        in_app: true,
        ..Frame::default()
    };
    let exception = Exception {
        type_name: "shop.errors.PaymentError".to_owned(),
        message: format!("order {issue} cannot be payed"),
        frames: vec![frame("pay_order", "/app/shop/views.py"), frame("charge", "/app/shop/bank.py")],
        ..Exception::default()
    };
    let report = Report {
        id: EventId(id),
        timestamp: at(hours),
        received_at: at(hours),
        service: format!("shop-{}", issue % 7),
        trace_id: Some(TraceId(id / 2)),
        span_id: Some(SpanId(id as u64)),
        exceptions: vec![exception],
        ..Report::default()
    };
    Placed { report, issue_id: IssueId(issue), ..Placed::default() }
}

/// A snapshot with one variable.
pub fn snapshot(id: u128, hours: i64) -> Snapshot {
    Snapshot {
        id: SnapshotId(id),
        timestamp: at(hours),
        service: "shop-1".to_owned(),
        function: "charge".to_owned(),
        file: "/app/shop/bank.py".to_owned(),
        line_number: Some(12),
        arguments: Variables(vec![("amount".to_owned(), CapturedValue::scalar("int", id.to_string()))]),
        locals: Variables(vec![("order".to_owned(), order(id))]),
        ..Snapshot::default()
    }
}

/// A value with parts, which differ with the id.
fn order(id: u128) -> CapturedValue {
    let currency = match id % 3 {
        0 => CapturedValue::new("NoneType", Content::Null),
        1 => CapturedValue::scalar("str", "'EUR'"),
        _ => CapturedValue::scalar("str", "'SEK'"),
    };
    let lines = (0..id % 4).map(|line| CapturedValue::scalar("float", format!("{line}.5"))).collect();
    let fields = vec![
        ("currency".to_owned(), currency),
        ("lines".to_owned(), CapturedValue::new("list", Content::Elements(lines))),
    ];
    CapturedValue::new("Order", Content::Fields(fields))
}

/// Hours after the beginning of the suite's time, the midnight before 2026-11-20.
pub fn at(hours: i64) -> Timestamp {
    Timestamp::from_nanos(20_777 * DAY_NS + hours * HOUR_NS)
}

/// All of the suite's time.
pub fn always() -> TimeRange {
    TimeRange { from: Timestamp::default(), to: Timestamp::from_nanos(i64::MAX) }
}

fn with_snapshot(mut event: Placed, id: u128) -> Placed {
    event.report.exceptions[0].frames[1].snapshot_id = Some(SnapshotId(id));
    event
}

fn of(event: Placed) -> Write {
    Write::Event(Box::new(event))
}

fn all_events(store: &dyn Store, filter: Filter) -> EventPage {
    let query = EventQuery { filter, range: always(), order: EventOrder::Newest, cursor: None, limit: 200 };
    store.events(&query).expect("the store answers")
}

fn the_same_event_twice_is_one(store: &dyn Store) {
    let batch = vec![of(event(1, 5, 9)), of(event(1, 5, 9))];
    assert_eq!(write(store, batch.clone()), [Outcome::Stored, Outcome::Duplicate]);
    assert_eq!(write(store, batch), [Outcome::Duplicate, Outcome::Duplicate]);
    assert_eq!(store.event(EventId(1)).expect("answers"), Some(event(1, 5, 9)));
    assert_eq!(all_events(store, Filter::All).total, 1);
    let issue = store.issue(IssueId(9), always(), 4).expect("answers").expect("is there");
    assert_eq!((issue.count_total, issue.row.count), (1, 1));
    assert_eq!(store.stats().expect("answers").events, 1);
}

fn a_further_part_is_merged(store: &dyn Store) {
    write(store, vec![of(event(1, 24, 9))]);
    // The second part says that it happened just before midnight.
    let mut part = with_snapshot(event(1, 23, 9), 77);
    part.report.env = Some("prod".to_owned());
    part.report.tags.insert("region".to_owned(), "eu".to_owned());
    assert_eq!(write(store, vec![of(part.clone())]), [Outcome::Stored]);
    assert_eq!(write(store, vec![of(part)]), [Outcome::Duplicate]);
    let merged = store.event(EventId(1)).expect("answers").expect("is there");
    assert_eq!(merged.report.timestamp, at(24));
    assert_eq!(merged.report.env.as_deref(), Some("prod"));
    let filter = Filter::Equals(Field::Tag("region".to_owned()), "eu".to_owned());
    assert_eq!(all_events(store, filter).total, 1);
    assert_eq!(all_events(store, Filter::All).total, 1);
    assert_eq!(store.issue(IssueId(9), always(), 0).expect("answers").expect("is there").count_total, 1);
}

fn a_part_without_its_event_is_dropped(store: &dyn Store) {
    let mut part = event(1, 0, 5).report;
    part.user_id = Some("late".to_owned());
    let part = || Write::Part(Box::new(part.clone()));
    assert_eq!(write(store, vec![part()]), [Outcome::Filtered]);
    assert_eq!(all_events(store, Filter::All).total, 0);
    let mut first = event(1, 0, 5);
    first.report.user_id = None;
    assert_eq!(
        write(store, vec![of(first), part(), part()]),
        [Outcome::Stored, Outcome::Stored, Outcome::Duplicate]
    );
    let stored = store.event(EventId(1)).expect("it can be read").expect("it is there");
    assert_eq!(stored.report.user_id.as_deref(), Some("late"));
    assert_eq!(all_events(store, Filter::All).total, 1);
}

fn snapshots_are_found_however_they_arrive(store: &dyn Store) {
    write(store, vec![Write::Snapshots(vec![snapshot(1, 5), snapshot(1, 5), snapshot(2, 5)])]);
    write(store, vec![of(with_snapshot(event(1, 5, 9), 1)), of(with_snapshot(event(2, 30, 9), 3))]);
    assert_eq!(all_events(store, Filter::HasValues).events[0].id, EventId(1));
    let late = vec![Write::Snapshots(vec![snapshot(3, 20), snapshot(2, 5)])];
    assert_eq!(write(store, late), [Outcome::Stored, Outcome::Duplicate]);
    assert_eq!(all_events(store, Filter::HasValues).total, 2);
    let ids = [SnapshotId(3), SnapshotId(9), SnapshotId(1), SnapshotId(1)];
    let mut found = store.snapshots(&ids).expect("answers");
    found.sort_by_key(|snapshot| snapshot.id);
    assert_eq!(found, [snapshot(1, 5), snapshot(3, 20)]);
    assert_eq!(store.stats().expect("answers").snapshots, 3);
}

fn a_cursor_of_another_query_is_refused(store: &dyn Store) {
    write(store, (1..=5).map(|id| of(event(id, 5, id as u64))).collect());
    let mut query = EventQuery {
        filter: Filter::All,
        range: always(),
        order: EventOrder::Oldest,
        cursor: None,
        limit: 2,
    };
    let mut seen = Vec::new();
    loop {
        let page = store.events(&query).expect("answers");
        assert_eq!(page.total, 5);
        seen.extend(page.events.iter().map(|event| event.id.0));
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
    query.cursor = Some("beef".to_owned());
    assert!(matches!(store.events(&query), Err(StoreError::Cursor)));
}

fn what_is_unknown_is_absent(store: &dyn Store) {
    write(store, vec![of(event(1, 5, 9))]);
    assert_eq!(store.event(EventId(2)).expect("answers"), None);
    assert_eq!(store.issue(IssueId(2), always(), 3).expect("answers"), None);
    assert_eq!(store.neighbours(EventId(2), &Filter::All, always()).expect("answers"), None);
    assert!(store.snapshots(&[SnapshotId(1)]).expect("answers").is_empty());
}

fn old_days_are_deleted(store: &dyn Store) {
    write(store, vec![Write::Snapshots(vec![snapshot(1, 5)]), of(with_snapshot(event(1, 5, 9), 1))]);
    write(store, vec![of(with_snapshot(event(2, 26, 9), 1))]);
    assert_eq!(all_events(store, Filter::HasValues).total, 2);
    // A wrong clock does not make an event live longer.
    let mut ahead = event(3, 24 * 300, 8);
    ahead.report.received_at = at(6);
    write(store, vec![of(ahead)]);
    let now = Timestamp::from_nanos(at(24).as_nanos() + RETENTION.as_nanos() as i64);
    store.enforce_retention(now).expect("deletes");
    let left = all_events(store, Filter::All);
    assert_eq!(left.events.iter().map(|event| event.id.0).collect::<Vec<_>>(), [2]);
    assert!(!left.events[0].has_values);
    assert_eq!(store.event(EventId(1)).expect("answers"), None);
    assert!(store.snapshots(&[SnapshotId(1)]).expect("answers").is_empty());
    let issue = store.issue(IssueId(9), always(), 1).expect("answers").expect("is there");
    assert_eq!((issue.count_total, issue.row.count, issue.row.first_seen), (2, 1, at(5)));
    // The folder of a deleted day can come back.
    assert_eq!(write(store, vec![of(event(4, 5, 7))]), [Outcome::Stored]);
    assert_eq!(store.issue(IssueId(7), always(), 1).expect("answers").expect("is there").count_total, 1);
}

fn what_is_rewritten_is_gone(store: &dyn Store) {
    let snapshots: Vec<Snapshot> = (1..4).map(|id| snapshot(id, 5)).collect();
    write(
        store,
        vec![Write::Snapshots(snapshots), of(with_snapshot(event(1, 5, 9), 1)), of(event(2, 80, 8))],
    );
    write(store, (10..200).map(|id| of(event(id, 30, 7))).collect());
    let words = |store: &dyn Store, word: &str| all_events(store, Filter::Words(vec![word.to_owned()])).total;
    assert_eq!((words(store, "payed"), words(store, "changed")), (192, 0));
    let mut change = |stored: Stored| match stored {
        Stored::Event(event) if event.issue_id == IssueId(8) => None,
        Stored::Event(mut event) => {
            "changed".clone_into(&mut event.report.exceptions[0].message);
            Some(Redacted::trust_in_tests(Stored::Event(event)))
        }
        Stored::Snapshots(mut snapshots) => {
            snapshots.iter_mut().for_each(|snapshot| "changed".clone_into(&mut snapshot.function));
            Some(Redacted::trust_in_tests(Stored::Snapshots(snapshots)))
        }
        Stored::Message { service, text } if text.contains("order 8") => {
            drop((service, text));
            None
        }
        Stored::Message { service, .. } => {
            Some(Redacted::trust_in_tests(Stored::Message { service, text: "changed".to_owned() }))
        }
    };
    let (mut position, mut looked_at, mut changed) = (None, 0, 0);
    loop {
        let step = store.rewrite(always(), position.as_deref(), &mut change).expect("rewrites");
        looked_at += step.looked_at;
        changed += step.changed;
        position = step.next;
        if position.is_none() {
            break;
        }
    }
    assert_eq!((looked_at, changed), (195, 194));
    assert_eq!((words(store, "payed"), words(store, "changed")), (1, 191));
    let kept = store.snapshots(&[SnapshotId(1), SnapshotId(3)]).expect("answers");
    assert!(kept.len() == 2 && kept.iter().all(|snapshot| snapshot.function == "changed"), "{kept:?}");
    let message = |id| store.issue(IssueId(id), always(), 1).expect("answers").expect("is there").row.message;
    assert_eq!((message(9), message(8)), ("changed".to_owned(), "order 8 cannot be payed".to_owned()));
    assert_eq!(all_events(store, Filter::HasValues).total, 1);
    assert!(matches!(store.rewrite(always(), Some("x"), &mut |_| None), Err(StoreError::Cursor)));
    // Another range.
    let range = TimeRange { from: at(70), to: at(90) };
    let mut seen = 0;
    let mut position = None;
    loop {
        let mut count = |stored: Stored| {
            seen += u64::from(matches!(stored, Stored::Event(_)));
            None
        };
        position = store.rewrite(range, position.as_deref(), &mut count).expect("rewrites").next;
        if position.is_none() {
            break;
        }
    }
    assert_eq!(seen, 1);
}

fn nothing_is_taken_after_close(store: &dyn Store) {
    store.close().expect("closes");
    let refused = store.submit(Vec::new(), Box::new(|_| panic!("`done` is not called")));
    assert!(matches!(refused, Err(StoreError::Closed)));
    store.close().expect("closes twice");
}

/// A question with everything that the verbs take.
#[derive(Clone, Debug)]
struct Question {
    filter: Filter,
    range: TimeRange,
    sort: IssueSort,
    order: EventOrder,
    limit: usize,
    buckets: usize,
    groups: IssueGroups,
    shown: Option<Vec<u8>>,
    boosts: IssueBoosts,
    merged: Merged,
    field: Field,
    prefix: String,
    id: u128,
}

fn compare(store: &dyn Store, reference: &dyn Store, question: &Question) -> Result<(), TestCaseError> {
    let Question { filter, range, .. } = question;
    store.set_merged(question.merged.clone());
    reference.set_merged(question.merged.clone());
    let mut events = EventQuery {
        filter: filter.clone(),
        range: *range,
        order: question.order,
        cursor: None,
        limit: question.limit,
    };
    for _ in 0..3 {
        let page = reference.events(&events)?;
        prop_assert_eq!(&store.events(&events)?, &page, "events of {:?}", events);
        events.cursor = page.next_cursor;
        if events.cursor.is_none() {
            break;
        }
    }
    let mut issues = IssueQuery {
        filter: filter.clone(),
        range: *range,
        sort: question.sort,
        cursor: None,
        limit: question.limit,
        buckets: question.buckets,
        groups: question.groups.clone(),
        shown: question.shown.clone(),
        boosts: question.boosts.clone(),
    };
    for _ in 0..3 {
        let page = reference.issues(&issues)?;
        prop_assert_eq!(&store.issues(&issues)?, &page, "issues of {:?}", issues);
        prop_assert_eq!(&store.issues(&issues)?, &page, "asked again: issues of {:?}", issues);
        issues.cursor = page.next_cursor;
        if issues.cursor.is_none() {
            break;
        }
    }
    prop_assert_eq!(store.issue_ids(filter, *range)?, reference.issue_ids(filter, *range)?);
    let seen_in = |store: &dyn Store| store.seen_in(filter, *range, question.limit * 4);
    prop_assert_eq!(seen_in(store)?, seen_in(reference)?, "where {:?} was seen", filter);
    prop_assert_eq!(known_issues(store)?, known_issues(reference)?);
    prop_assert_eq!(
        store.histogram(filter, *range, question.buckets)?,
        reference.histogram(filter, *range, question.buckets)?
    );
    let facet = |store: &dyn Store| store.facet(&question.field, filter, *range, &question.prefix, 3);
    prop_assert_eq!(facet(store)?, facet(reference)?, "facet {:?} of {:?}", question, filter);
    let fields = [Field::Env, question.field.clone(), Field::Version, Field::Service];
    let facets = |store: &dyn Store| store.facets(&fields, filter, *range, 3);
    let counted = facets(reference)?;
    prop_assert_eq!(&facets(store)?, &counted, "facets {:?} of {:?}", fields, filter);
    prop_assert_eq!(&facets(store)?, &counted, "asked again");
    let names = |store: &dyn Store| store.tag_names(filter, *range, &question.prefix, 3);
    prop_assert_eq!(names(store)?, names(reference)?, "tags {:?}", question);
    prop_assert_eq!(store.issue_counts(filter, *range)?, reference.issue_counts(filter, *range)?);
    let id = EventId(question.id);
    prop_assert_eq!(store.neighbours(id, filter, *range)?, reference.neighbours(id, filter, *range)?);
    prop_assert_eq!(store.event(id)?, reference.event(id)?);
    let newest = |store: &dyn Store| {
        let mut events = Vec::new();
        let total = store.newest_events(filter, *range, question.limit, &mut |event| {
            events.push((event.report.id, event.issue_id));
            events.len() < 5
        })?;
        Ok::<_, StoreError>((total, events))
    };
    prop_assert_eq!(newest(store)?, newest(reference)?, "newest events of {:?}", filter);
    let own = [3, 0, 1, 0].map(IssueId);
    prop_assert_eq!(store.own_issues(&own)?, reference.own_issues(&own)?);
    let issue = IssueId(question.id as u64 % 4);
    prop_assert_eq!(
        store.issue(issue, *range, question.buckets)?,
        reference.issue(issue, *range, question.buckets)?
    );
    Ok(())
}

fn known_issues(store: &dyn Store) -> Result<Vec<KnownIssue>, StoreError> {
    let mut known = Vec::new();
    store.known_issues(&mut |issue| known.push(issue))?;
    known.sort_by_key(|issue| issue.id);
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_passes_its_own_suite() {
        run(&mut || Box::new(MemoryStore::with_retention(RETENTION)));
    }
}
