//! Events that move to other issues, through crashes.

use super::*;

use conformance::regroup::{elsewhere, regroup};

fn some(ids: std::ops::Range<u128>) -> Vec<Write> {
    let one = |id: u128| {
        let mut event = event(id, (id * 7 % 90) as i64, id as u64 % 4);
        event.report.user_id = Some(format!("user-{}", id % 13));
        Write::Event(Box::new(event))
    };
    ids.map(one).collect()
}

/// A crash after each step, with the step's position lost and with it kept; counts follow exactly once.
#[test]
fn moving_goes_on_after_a_crash() {
    let dirs = tempfile::tempdir().unwrap();
    let reference = reenact_store::MemoryStore::with_retention(RETENTION);
    write(&reference, some(0..400));
    regroup(&reference, always());
    let dir = dirs.path().join("begun");
    let store = open(&dir);
    write(&store, some(0..400));
    let (mut position, mut steps) = (None::<String>, 0);
    loop {
        let before = position.clone();
        let step = store.regroup(always(), position.as_deref(), &mut elsewhere).unwrap();
        position = step.next;
        for (name, from) in [("lost", &before), ("kept", &position)] {
            if from.is_none() && name == "kept" {
                continue;
            }
            let crashed = dirs.path().join(format!("{name}-{steps}"));
            copy(&dir, &crashed);
            let again = open(&crashed);
            let mut position = from.clone();
            loop {
                position = again.regroup(always(), position.as_deref(), &mut elsewhere).unwrap().next;
                if position.is_none() {
                    break;
                }
            }
            assert_eq!(issue_counts(&again), issue_counts(&reference), "{name} after step {steps}");
            conformance::ask_random(&again, &reference, 20);
        }
        steps += 1;
        if position.is_none() {
            break;
        }
    }
    assert!(steps > 8, "{steps} steps");
    store.wait_until_rolled_up();
    conformance::ask_random(&store, &reference, 60);
    // Nothing is counted again after a restart.
    store.close().unwrap();
    drop(store);
    let store = open(&dir);
    assert_eq!(issue_counts(&store), issue_counts(&reference));
}

/// Counts that were not written when the server was killed, of an event that was counted nowhere yet.
#[test]
fn what_arrived_and_moved_before_a_crash_is_counted_once() {
    let dirs = tempfile::tempdir().unwrap();
    let (dir, crashed) = (dirs.path().join("a"), dirs.path().join("b"));
    let reference = reenact_store::MemoryStore::with_retention(RETENTION);
    let store = open(&dir);
    // The file of counts as it was before anything arrived.
    fs::create_dir_all(&crashed).unwrap();
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("state.sqlite")) {
            fs::copy(&path, crashed.join(path.file_name().unwrap())).unwrap();
        }
    }
    let stale = dirs.path().join("stale");
    fs::rename(&crashed, &stale).unwrap();
    write(&store, some(0..120));
    write(&reference, some(0..120));
    store.regroup(always(), None, &mut elsewhere).unwrap();
    copy(&dir, &crashed);
    for entry in fs::read_dir(&crashed).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("state.sqlite")) {
            fs::remove_file(path).unwrap();
        }
    }
    for entry in fs::read_dir(&stale).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, crashed.join(path.file_name().unwrap())).unwrap();
    }
    let again = open(&crashed);
    regroup(&again, always());
    regroup(&reference, always());
    assert_eq!(issue_counts(&again), issue_counts(&reference));
    conformance::ask_random(&again, &reference, 20);
}
