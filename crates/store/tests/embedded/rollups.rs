//! Counts that closed days keep.

use super::*;
use reenact_store::{Field, TimeRange};

/// Half of the events in rollups; the rest, late ones and updates beside them, then everything.
#[test]
fn random_questions_are_answered_from_rollups() {
    let dirs = tempfile::tempdir().unwrap();
    let mut number = 0;
    let used = std::cell::Cell::new((0, 0, 0, 0));
    let last = std::cell::RefCell::new(None::<std::sync::Arc<EmbeddedStore>>);
    conformance::run_random(
        &mut || {
            number += 1;
            let store = std::sync::Arc::new(open(&dirs.path().join(number.to_string())));
            if let Some(before) = last.borrow_mut().replace(std::sync::Arc::clone(&store)) {
                let (rollups, whole_issues, facets, rows) = used.get();
                used.set((
                    rollups + before.rollups_used(),
                    whole_issues + before.whole_issues_used(),
                    facets + before.facets_used(),
                    rows + before.rows_used(),
                ));
            }
            Box::new(Shared(store))
        },
        60,
        &mut |_| {
            let last = last.borrow();
            let store = last.as_ref().unwrap();
            store.resume_indexing();
            store.wait_until_rolled_up();
            store.pause_indexing();
        },
    );
    let (rollups, whole_issues, facets, rows) = used.get();
    assert!(rows > 100, "rows were known {rows} times");
    assert!(facets > 500, "facets were known {facets} times");
    assert!(rollups > 1_000, "rollups were used {rollups} times");
    assert!(whole_issues > 1_000, "issues matched as a whole {whole_issues} times");
}

/// Files that hold the text.
fn holding(dir: &Path, text: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(path);
            }
        }
    }
    found
}

/// Eight days of events, some with a host that is to be removed.
fn of_days(ids: std::ops::Range<u128>) -> Vec<Write> {
    ids.map(|id| {
        let mut event = event(id, id as i64 * 5 % 190, id as u64 % 4);
        event.report.env = [None, Some("prod"), Some("staging")][id as usize % 3].map(str::to_owned);
        event.report.version = Some(format!("1.{}", id % 5));
        event.report.host =
            Some(if id % 7 == 0 { "secretive-1".to_owned() } else { format!("web-{}", id % 3) });
        event.report.user_id = (id % 4 > 0).then(|| format!("user-{}", id % 11));
        Write::Event(Box::new(event))
    })
    .collect()
}

#[test]
fn facets_that_are_known_follow_what_changes() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    write(&store, of_days(0..300));
    let fields = [Field::Host, Field::Version];
    let ask = || {
        let before = store.facets_used();
        let facets = store.facets(&fields, &Filter::All, always(), 20).unwrap();
        let events = |value: &str| facets.iter().flatten().find(|count| count.value == value).unwrap().events;
        ((events("web-1"), events("1.3")), store.facets_used() > before)
    };
    assert_eq!(ask(), ((86, 60), false));
    assert_eq!(ask(), ((86, 60), true));
    // To the newest day, then to the oldest one.
    let late = |id: u128, hour: i64| {
        let mut event = event(id, hour, 1);
        (event.report.host, event.report.version) = (Some("web-1".to_owned()), Some("1.3".to_owned()));
        Write::Event(Box::new(event))
    };
    write(&store, vec![late(1_000, 189)]);
    assert_eq!(ask(), ((87, 61), true));
    write(&store, vec![late(1_001, 1)]);
    assert_eq!(ask(), ((88, 62), false));
    assert_eq!(ask(), ((88, 62), true));
    let one_day = TimeRange { from: at(24), to: at(48) };
    let before = store.facets_used();
    for _ in 0..2 {
        store.facets(&fields, &Filter::All, one_day, 20).unwrap();
    }
    assert_eq!(store.facets_used(), before, "one day alone is counted each time");
}

#[test]
fn rollups_follow_late_events_scrubs_retention_and_crashes() {
    let dirs = tempfile::tempdir().unwrap();
    let (dir, crashed) = (dirs.path().join("a"), dirs.path().join("b"));
    let reference = reenact_store::MemoryStore::with_retention(RETENTION);
    let store = open(&dir);
    let both = |store: &EmbeddedStore, writes: Vec<Write>| {
        assert_eq!(write(store, writes.clone()), write(&reference, writes));
    };
    let check = |store: &EmbeddedStore| {
        let before = (store.rollups_used(), store.facets_used());
        conformance::ask_random(store, &reference, 60);
        assert!(store.facets_used() > before.1 + 10);
        store.rollups_used() - before.0
    };
    both(&store, of_days(0..300));
    store.wait_until_rolled_up();
    assert!(check(&store) > 100);
    // Late events for days with rollups: not indexed, then indexed, then rolled up again.
    store.pause_indexing();
    both(&store, of_days(300..330));
    assert!(check(&store) > 100);
    store.resume_indexing();
    store.wait_until_indexed();
    check(&store);
    store.wait_until_rolled_up();
    assert!(check(&store) > 100);
    // An event that is in a rollup changes.
    store.pause_indexing();
    let mut part = event(3, 15, 3);
    part.report.tags.insert("region".to_owned(), "eu".to_owned());
    both(&store, vec![Write::Event(Box::new(part))]);
    check(&store);
    // A crash after the commit, before the index and the rollup know of it.
    copy(&dir, &crashed);
    let other = open(&crashed);
    check(&other);
    other.wait_until_rolled_up();
    assert!(check(&other) > 100);
    drop(other);
    // A broken rollup is not believed, and made again.
    let rollups: Vec<PathBuf> = days(&crashed).iter().map(|day| day.join("rollup")).collect();
    for rollup in &rollups {
        let mut bytes = fs::read(rollup).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(rollup, bytes).unwrap();
    }
    let other = open(&crashed);
    check(&other);
    other.wait_until_rolled_up();
    assert!(check(&other) > 100);
    drop(other);
    // What is redacted again is in no rollup.
    store.resume_indexing();
    store.wait_until_rolled_up();
    assert!(holding(&dir, "secretive").iter().any(|path| path.ends_with("rollup")));
    let mut change = |stored: Stored| match stored {
        Stored::Event(mut event) if event.report.host.as_deref() == Some("secretive-1") => {
            event.report.host = Some("gone".to_owned());
            Some(Redacted::trust_in_tests(Stored::Event(event)))
        }
        _ => None,
    };
    for store in [&store as &dyn Store, &reference] {
        let mut position = None;
        loop {
            position = store.rewrite(always(), position.as_deref(), &mut change).unwrap().next;
            if position.is_none() {
                break;
            }
        }
    }
    // Files come and go while an index is made.
    store.pause_indexing();
    assert_eq!(holding(&dir, "secretive"), Vec::<PathBuf>::new());
    check(&store);
    store.resume_indexing();
    store.wait_until_rolled_up();
    assert!(check(&store) > 100);
    // Days go with their rollups.
    let now = reenact_model::Timestamp::from_nanos(at(72).as_nanos() + RETENTION.as_nanos() as i64);
    store.enforce_retention(now).unwrap();
    reference.enforce_retention(now).unwrap();
    assert!(check(&store) > 50);
}

fn list(filter: &Filter, range: TimeRange, sort: IssueSort) -> IssueQuery {
    IssueQuery {
        filter: filter.clone(),
        range,
        sort,
        cursor: None,
        limit: 3,
        buckets: 5,
        groups: IssueGroups::default(),
        shown: None,
        boosts: IssueBoosts::default(),
    }
}

#[test]
fn a_part_of_a_day_is_told_by_its_rollup() {
    let dir = tempfile::tempdir().unwrap();
    let reference = reenact_store::MemoryStore::with_retention(RETENTION);
    let store = open(dir.path());
    for store in [&store as &dyn Store, &reference] {
        write(store, of_days(0..600));
    }
    store.wait_until_rolled_up();
    let fields = [Field::Service, Field::Env, Field::Version, Field::Host, Field::User];
    let filters = [
        Filter::All,
        Filter::Not(Box::new(Filter::Equals(Field::Env, "prod".to_owned()))),
        Filter::Equals(Field::Issue, IssueId(2).to_string()),
        Filter::Issues(reenact_store::IssueSet::new("two", [IssueId(3), IssueId(1), IssueId(77)])),
    ];
    for (from, to) in [(3, 9), (0, 20), (5, 24), (7, 41), (19, 26), (30, 31), (100, 103)] {
        let range = TimeRange { from: at(from), to: at(to) };
        let days = (to - 1) / 24 - from / 24 + 1;
        for filter in &filters {
            let before = store.rollups_used();
            for sort in [IssueSort::LastSeen, IssueSort::Count, IssueSort::Users, IssueSort::Relevance] {
                let query = list(filter, range, sort);
                assert_eq!(store.issues(&query).unwrap(), reference.issues(&query).unwrap());
            }
            assert!(store.rollups_used() - before >= 4 * days as u64, "of {from} to {to}");
            let before = store.rollups_used();
            let histogram = store.histogram(filter, range, 7).unwrap();
            assert_eq!(histogram, reference.histogram(filter, range, 7).unwrap());
            assert_eq!(store.rollups_used() - before, days as u64);
            let facets = store.facets(&fields, filter, range, 20).unwrap();
            assert_eq!(facets, reference.facets(&fields, filter, range, 20).unwrap());
        }
    }
    drop(store);
    // The columns of one are broken.
    let rollup = days(dir.path())[0].join("rollup");
    let mut bytes = fs::read(&rollup).unwrap();
    let last = bytes.len() - 40;
    bytes[last] ^= 1;
    fs::write(&rollup, &bytes).unwrap();
    let range = TimeRange { from: at(3), to: at(9) };
    let query = list(&Filter::All, range, IssueSort::Users);
    let store = open(dir.path());
    assert_eq!(store.issues(&query).unwrap(), reference.issues(&query).unwrap());
    store.wait_until_rolled_up();
    let before = store.rollups_used();
    assert_eq!(store.issues(&query).unwrap(), reference.issues(&query).unwrap());
    assert!(store.rollups_used() > before && fs::read(&rollup).unwrap() != bytes);
}

#[test]
fn matching_rows_that_are_known_follow_what_changes() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let reference = reenact_store::MemoryStore::with_retention(RETENTION);
    let both = |writes: Vec<Write>| {
        for store in [&store as &dyn Store, &reference] {
            write(store, writes.clone());
        }
        store.wait_until_indexed();
    };
    let with_values = |id: u128, hours: i64, snapshots: [u128; 2]| {
        let mut event = event(id, hours, 2);
        for (frame, snapshot) in event.report.exceptions[0].frames.iter_mut().zip(snapshots) {
            frame.snapshot_id = Some(reenact_model::SnapshotId(snapshot));
        }
        Write::Event(Box::new(event))
    };
    both(of_days(0..300));
    both(vec![with_values(900, 30, [1, 2]), with_values(901, 50, [3, 4])]);
    both(vec![Write::Snapshots(vec![snapshot(1, 30), snapshot(3, 50)])]);
    let amount = |amount: &str| {
        Filter::Value(reenact_store::ValueCondition {
            path: reenact_store::ValuePattern::parse("amount").unwrap(),
            test: reenact_store::ValueTest::Is(amount.to_owned()),
        })
    };
    let filters = [
        Filter::Equals(Field::Host, "web-1".to_owned()),
        Filter::Words(vec!["order".to_owned()]),
        Filter::Or(vec![amount("2"), amount("3")]),
    ];
    // Whether all of it was known before.
    let ask = |is_known: bool| {
        for filter in &filters {
            for sort in [IssueSort::Count, IssueSort::Users] {
                let query = list(filter, always(), sort);
                let before = store.rows_used();
                assert_eq!(store.issues(&query).unwrap(), reference.issues(&query).unwrap());
                assert_eq!(store.rows_used() > before, is_known || sort == IssueSort::Users, "{filter:?}");
            }
            let before = store.rows_used();
            let histogram = store.histogram(filter, always(), 6).unwrap();
            assert_eq!(histogram, reference.histogram(filter, always(), 6).unwrap());
            assert_eq!(store.rows_used(), before + 1);
        }
    };
    ask(false);
    ask(true);
    // The newest day is counted anyway.
    both(vec![with_values(902, 189, [5, 6])]);
    ask(true);
    both(vec![with_values(903, 31, [7, 8])]);
    ask(false);
    ask(true);
    // A further snapshot of an event that has one already.
    both(vec![Write::Snapshots(vec![snapshot(2, 30)])]);
    ask(false);
    ask(true);
    store.wait_until_rolled_up();
    ask(true);
}
