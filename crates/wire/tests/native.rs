//! Recorded requests of our own client.

use std::fs;
use std::path::Path;

use reenact_model::{Fragment, Limits, Skipped, Timestamp};
use reenact_wire::native::v1;

fn decoded(name: &str) -> Vec<Fragment> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/native").join(name);
    let body = fs::read(&path).expect("the fixture is there");
    let decoded = v1::decode(&body, Timestamp::default(), &Limits::DEFAULT).expect("the head is understood");
    assert_eq!(decoded.problems, [], "{name}");
    decoded.fragments
}

#[test]
fn a_chain_has_its_frames_and_their_values() {
    let fragments = decoded("0.1.0-flask-chain.bin");
    let [Fragment::Occurrence(event), snapshots @ ..] = &fragments[..] else { panic!("{fragments:?}") };
    let types: Vec<_> = event.exceptions.iter().map(|exception| exception.type_name.as_str()).collect();
    assert_eq!(types, ["__main__.NoPrice", "RuntimeError"]);
    // The frame of `pay` stands in both tracebacks, and is captured once.
    let frames = event.exceptions.iter().flat_map(|exception| &exception.frames);
    let captured: Vec<_> = frames.filter_map(|frame| frame.snapshot_id).collect();
    let distinct: std::collections::BTreeSet<_> = captured.iter().collect();
    assert_eq!((captured.len(), distinct.len(), snapshots.len()), (5, 4, 4));
    let values: Vec<_> = snapshots
        .iter()
        .filter_map(|fragment| match fragment {
            Fragment::Snapshot(snapshot) => Some((snapshot.function.as_str(), snapshot.groups().count())),
            _ => None,
        })
        .collect();
    assert!(values.contains(&("price", 6)), "{values:?}");
}

#[test]
fn an_event_without_values_says_why() {
    let fragments = decoded("0.1.0-flask-skipped.bin");
    let [Fragment::Occurrence(event)] = &fragments[..] else { panic!("{fragments:?}") };
    assert_eq!(event.skipped, Some(Skipped::RateLimited));
}

#[test]
fn a_call_that_returned_is_a_capture_of_its_own() {
    let fragments = decoded("0.1.0-returned.bin");
    let [Fragment::Snapshot(call)] = &fragments[..] else { panic!("{fragments:?}") };
    assert!(call.is_call());
    let place = (call.function.as_str(), call.service.as_str(), call.version.as_deref());
    assert_eq!(place, ("price", "shop", Some("1.4.2")));
    let groups: Vec<_> = call.groups().filter(|(_, variables)| !variables.is_empty()).collect();
    let [("arguments", arguments)] = &groups[..] else { panic!("{groups:?}") };
    let names: Vec<_> = arguments.0.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["order", "discount"]);
}

#[test]
fn a_body_cut_anywhere_never_panics() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/native/0.1.0-flask.bin");
    let body = fs::read(path).unwrap();
    for end in 0..body.len() {
        if let Ok(decoded) = v1::decode(&body[..end], Timestamp::default(), &Limits::DEFAULT) {
            assert!(!decoded.problems.is_empty(), "cut at {end}");
        }
    }
}
