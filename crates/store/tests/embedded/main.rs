//! The embedded store against the suite, and through crashes.
#![cfg(feature = "testing")]
#![allow(missing_docs, clippy::unwrap_used)]

mod moved;
mod rollups;

use std::fs;
use std::path::{Path, PathBuf};

use reenact_model::{EventId, IssueId, Outcome};
use reenact_redact::Redacted;
use reenact_store::conformance::{self, RETENTION, always, at, event, snapshot, write};
use reenact_store::embedded::dump;
use reenact_store::{
    EmbeddedStore, EventOrder, EventQuery, Filter, IssueBoosts, IssueGroups, IssueQuery, IssueSort, Options,
    Store, Stored, Write,
};

fn options() -> Options {
    Options {
        index_interval: std::time::Duration::from_millis(1),
        retention_age: Some(RETENTION),
        whole_issues_min: 1,
        ..Options::DEFAULT
    }
}

fn open(dir: &Path) -> EmbeddedStore {
    EmbeddedStore::open(dir, options()).unwrap()
}

fn events(store: &dyn Store) -> Vec<u128> {
    let query = EventQuery {
        filter: Filter::Words(vec!["order".to_owned()]),
        range: always(),
        order: EventOrder::Oldest,
        cursor: None,
        limit: 200,
    };
    store.events(&query).unwrap().events.iter().map(|event| event.id.0).collect()
}

fn issue_counts(store: &dyn Store) -> Vec<(u64, u64)> {
    let query = IssueQuery {
        filter: Filter::All,
        range: always(),
        sort: IssueSort::FirstSeen,
        cursor: None,
        limit: 200,
        buckets: 2,
        groups: IssueGroups::default(),
        shown: None,
        boosts: IssueBoosts::default(),
    };
    let issues = store.issues(&query).unwrap().issues;
    let mut counts: Vec<_> = issues
        .iter()
        .map(|row| (row.id.0, store.issue(row.id, always(), 1).unwrap().unwrap().count_total))
        .collect();
    counts.sort_unstable();
    counts
}

/// Two days with two events each.
fn fill(store: &EmbeddedStore) {
    let batch = [event(1, 1, 5), event(2, 2, 6), event(3, 25, 5), event(4, 26, 6)];
    write(store, batch.into_iter().map(|event| Write::Event(Box::new(event))).collect());
}

#[track_caller]
fn check_filled(store: &EmbeddedStore) {
    assert_eq!(events(store), [1, 2, 3, 4]);
    assert_eq!(issue_counts(store), [(5, 2), (6, 2)]);
    store.wait_until_indexed();
    assert_eq!(store.stats().unwrap().events_unindexed, 0);
    assert_eq!(events(store), [1, 2, 3, 4]);
}

fn days(dir: &Path) -> Vec<PathBuf> {
    let mut days: Vec<PathBuf> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    days.sort();
    days
}

/// A copy of the files as a crash would leave them. What the store deletes meanwhile, as files that were merged into others,
/// is no part of it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            match fs::copy(&path, &target) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                copied => _ = copied.unwrap(),
            }
        }
    }
}

#[test]
fn the_embedded_store_passes_the_suite() {
    let dirs = tempfile::tempdir().unwrap();
    let mut number = 0;
    conformance::run(&mut || {
        number += 1;
        Box::new(open(&dirs.path().join(number.to_string())))
    });
}

#[test]
fn nested_filters_find_what_they_say() {
    let dir = tempfile::tempdir().unwrap();
    let store = std::sync::Arc::new(open(dir.path()));
    let indexed = std::sync::Arc::clone(&store);
    conformance::run_filters(&Shared(store), 3000, &mut |_| indexed.wait_until_indexed());
}

/// Half of the events indexed, the rest and all updates of them not.
#[test]
fn random_questions_are_answered_with_half_of_the_index() {
    let dirs = tempfile::tempdir().unwrap();
    let mut number = 0;
    let last = std::cell::RefCell::new(None::<std::sync::Arc<EmbeddedStore>>);
    conformance::run_random(
        &mut || {
            number += 1;
            let store = std::sync::Arc::new(open(&dirs.path().join(number.to_string())));
            *last.borrow_mut() = Some(std::sync::Arc::clone(&store));
            Box::new(Shared(store))
        },
        60,
        &mut |_| {
            let last = last.borrow();
            let store = last.as_ref().unwrap();
            store.resume_indexing();
            store.wait_until_indexed();
            store.pause_indexing();
        },
    );
}

/// A store that the test can still reach.
struct Shared(std::sync::Arc<EmbeddedStore>);

impl Store for Shared {
    fn submit(
        &self,
        writes: Vec<reenact_redact::Redacted<Write>>,
        done: reenact_store::Done,
    ) -> Result<(), reenact_store::StoreError> {
        self.0.submit(writes, done)
    }
    fn set_merged(&self, merged: reenact_store::Merged) {
        self.0.set_merged(merged);
    }
    fn own_issues(&self, ids: &[IssueId]) -> Result<Vec<reenact_store::OwnIssue>, reenact_store::StoreError> {
        self.0.own_issues(ids)
    }
    fn newest_events(
        &self,
        filter: &Filter,
        range: reenact_store::TimeRange,
        limit: usize,
        visit: &mut dyn FnMut(reenact_model::Placed) -> bool,
    ) -> Result<u64, reenact_store::StoreError> {
        self.0.newest_events(filter, range, limit, visit)
    }
    fn issues(&self, query: &IssueQuery) -> Result<reenact_store::IssuePage, reenact_store::StoreError> {
        self.0.issues(query)
    }
    fn issue(
        &self,
        id: IssueId,
        range: reenact_store::TimeRange,
        buckets: usize,
    ) -> Result<Option<reenact_store::IssueDetail>, reenact_store::StoreError> {
        self.0.issue(id, range, buckets)
    }
    fn issue_ids(
        &self,
        filter: &Filter,
        range: reenact_store::TimeRange,
    ) -> Result<Vec<IssueId>, reenact_store::StoreError> {
        self.0.issue_ids(filter, range)
    }
    fn known_issues(
        &self,
        visit: &mut dyn FnMut(reenact_store::KnownIssue),
    ) -> Result<(), reenact_store::StoreError> {
        self.0.known_issues(visit)
    }
    fn seen_in(
        &self,
        filter: &Filter,
        range: reenact_store::TimeRange,
        rows_max: usize,
    ) -> Result<Option<Vec<reenact_store::SeenIn>>, reenact_store::StoreError> {
        self.0.seen_in(filter, range, rows_max)
    }
    fn events(&self, query: &EventQuery) -> Result<reenact_store::EventPage, reenact_store::StoreError> {
        self.0.events(query)
    }
    fn neighbours(
        &self,
        id: EventId,
        filter: &Filter,
        range: reenact_store::TimeRange,
    ) -> Result<Option<reenact_store::Neighbours>, reenact_store::StoreError> {
        self.0.neighbours(id, filter, range)
    }
    fn event(&self, id: EventId) -> Result<Option<reenact_model::Placed>, reenact_store::StoreError> {
        self.0.event(id)
    }
    fn snapshots(
        &self,
        ids: &[reenact_model::SnapshotId],
    ) -> Result<Vec<reenact_model::Snapshot>, reenact_store::StoreError> {
        self.0.snapshots(ids)
    }
    fn histogram(
        &self,
        filter: &Filter,
        range: reenact_store::TimeRange,
        buckets: usize,
    ) -> Result<reenact_store::Histogram, reenact_store::StoreError> {
        self.0.histogram(filter, range, buckets)
    }
    fn facet(
        &self,
        field: &reenact_store::Field,
        filter: &Filter,
        range: reenact_store::TimeRange,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<reenact_store::FacetCount>, reenact_store::StoreError> {
        self.0.facet(field, filter, range, prefix, limit)
    }
    fn facets(
        &self,
        fields: &[reenact_store::Field],
        filter: &Filter,
        range: reenact_store::TimeRange,
        limit: usize,
    ) -> Result<Vec<Vec<reenact_store::FacetCount>>, reenact_store::StoreError> {
        self.0.facets(fields, filter, range, limit)
    }
    fn tag_names(
        &self,
        filter: &Filter,
        range: reenact_store::TimeRange,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<reenact_store::FacetCount>, reenact_store::StoreError> {
        self.0.tag_names(filter, range, prefix, limit)
    }
    fn issue_counts(
        &self,
        filter: &Filter,
        range: reenact_store::TimeRange,
    ) -> Result<Vec<(reenact_model::IssueId, u64)>, reenact_store::StoreError> {
        self.0.issue_counts(filter, range)
    }
    fn stats(&self) -> Result<reenact_store::StoreStats, reenact_store::StoreError> {
        self.0.stats()
    }
    fn enforce_retention(&self, now: reenact_model::Timestamp) -> Result<(), reenact_store::StoreError> {
        self.0.enforce_retention(now)
    }
    fn probe(&self) -> Result<(), reenact_store::StoreError> {
        self.0.probe()
    }
    fn rewrite(
        &self,
        range: reenact_store::TimeRange,
        position: Option<&str>,
        change: reenact_store::Change<'_>,
    ) -> Result<reenact_store::RewriteStep, reenact_store::StoreError> {
        self.0.rewrite(range, position, change)
    }

    fn regroup(
        &self,
        range: reenact_store::TimeRange,
        position: Option<&str>,
        change: reenact_store::Regrouped<'_>,
    ) -> Result<reenact_store::RegroupStep, reenact_store::StoreError> {
        self.0.regroup(range, position, change)
    }

    fn close(&self) -> Result<(), reenact_store::StoreError> {
        self.0.close()
    }
}

#[test]
fn a_crash_at_any_moment_keeps_what_was_acknowledged_once() {
    let dirs = tempfile::tempdir().unwrap();
    let store = open(&dirs.path().join("a"));
    fill(&store);
    // The process did not close anything: its log files are still there.
    copy(&dirs.path().join("a"), &dirs.path().join("b"));
    let crashed = open(&dirs.path().join("b"));
    check_filled(&crashed);
    assert_eq!(write(&crashed, vec![Write::Event(Box::new(event(1, 1, 5)))]), [Outcome::Duplicate]);
    check_filled(&crashed);
}

#[test]
fn a_missing_broken_or_cut_index_is_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    for damage in 0..3 {
        let store = open(dir.path());
        if damage == 0 {
            fill(&store);
        }
        check_filled(&store);
        drop(store);
        for day in days(dir.path()) {
            let index = day.join("index");
            if damage == 0 {
                fs::remove_dir_all(&index).unwrap();
                continue;
            }
            for entry in fs::read_dir(&index).unwrap() {
                let path = entry.unwrap().path();
                let mut bytes = fs::read(&path).unwrap();
                let is_json = path.extension().is_some_and(|extension| extension == "json");
                match damage {
                    1 if !is_json && bytes.len() > 8 => bytes[4] ^= 0xff,
                    2 if is_json => bytes.truncate(bytes.len() / 2),
                    _ => continue,
                }
                fs::write(&path, bytes).unwrap();
            }
        }
    }
    check_filled(&open(dir.path()));
}

#[test]
fn garbage_behind_the_log_is_ignored() {
    let dirs = tempfile::tempdir().unwrap();
    let store = open(&dirs.path().join("a"));
    fill(&store);
    copy(&dirs.path().join("a"), &dirs.path().join("b"));
    for day in days(&dirs.path().join("b")) {
        let log = day.join("events.sqlite-wal");
        let mut bytes = fs::read(&log).unwrap();
        bytes.extend([0x5a; 5_000]);
        fs::write(&log, bytes).unwrap();
    }
    check_filled(&open(&dirs.path().join("b")));
}

#[test]
fn lost_issue_state_is_counted_again_from_the_days() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store);
    let mut part = event(1, 1, 5);
    part.report.env = Some("prod".to_owned());
    write(&store, vec![Write::Event(Box::new(part))]);
    drop(store);
    for entry in fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("state.sqlite") {
            fs::remove_file(path).unwrap();
        }
    }
    check_filled(&open(dir.path()));
}

#[test]
fn a_directory_is_opened_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let error = EmbeddedStore::open(dir.path(), options()).unwrap_err();
    assert!(error.to_string().contains(&dir.path().display().to_string()), "{error}");
    drop(store);
    open(dir.path());
}

#[test]
fn the_oldest_days_go_when_there_is_too_much() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(dir.path(), Options { retention_bytes: Some(1), ..options() }).unwrap();
    fill(&store);
    store.enforce_retention(at(30)).unwrap();
    assert_eq!(events(&store), [3, 4]);
    assert_eq!(days(dir.path()).len(), 1);
}

#[test]
fn a_newer_format_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store);
    drop(store);
    let file = days(dir.path())[0].join("events.sqlite");
    let mut bytes = fs::read(&file).unwrap();
    // `user_version` in the file's header.
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(&file, bytes).unwrap();
    let error = EmbeddedStore::open(dir.path(), options()).unwrap_err();
    let reason = std::error::Error::source(&error).unwrap().to_string();
    assert!(reason.contains("format 99"), "{reason}");
}

#[test]
fn a_dump_shows_bodies_and_terms() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store);
    write(&store, vec![Write::Snapshots(vec![snapshot(7, 1)])]);
    store.wait_until_indexed();
    store.close().unwrap();
    let mut out = Vec::new();
    dump(dir.path(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    for expected in
        ["\"amount\"", "cannot be payed", "term words=payed", "column service=shop-5", "issue id=5"]
    {
        assert!(text.contains(expected), "{expected} is not in the dump");
    }
}

#[test]
fn nothing_that_was_rewritten_is_left_in_any_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store);
    write(&store, vec![Write::Snapshots(vec![snapshot(1, 5), snapshot(2, 5)])]);
    store.wait_until_rolled_up();
    let everything = |dir: &Path| {
        let mut out = Vec::new();
        dump(dir, &mut out).unwrap();
        let mut raw = vec![out];
        let mut folders = vec![dir.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    raw.push(fs::read(&path).unwrap());
                }
            }
        }
        raw
    };
    let holds = |raw: &[Vec<u8>], text: &str| {
        raw.iter().any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    };
    assert!(holds(&everything(dir.path()), "payed"));
    let mut change = |stored: Stored| {
        Some(Redacted::trust_in_tests(match stored {
            Stored::Event(mut event) => {
                "gone".clone_into(&mut event.report.exceptions[0].message);
                Stored::Event(event)
            }
            Stored::Message { service, .. } => Stored::Message { service, text: "gone".to_owned() },
            snapshots @ Stored::Snapshots(_) => snapshots,
        }))
    };
    let mut position = None;
    loop {
        position = store.rewrite(always(), position.as_deref(), &mut change).unwrap().next;
        if position.is_none() {
            break;
        }
    }
    // Nothing is closed or waited for, but that files stay where they are: it is gone when the last step is done.
    store.pause_indexing();
    assert!(!holds(&everything(dir.path()), "payed"));
    store.close().unwrap();
    drop(store);
    let store = open(dir.path());
    assert_eq!(issue_counts(&store), [(5, 2), (6, 2)]);
    store.wait_until_rolled_up();
    assert!(!holds(&everything(dir.path()), "payed"));
}
