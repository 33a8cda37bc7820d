use proptest::prelude::*;
use reenact_model::{CapturedValue, Form, FrameDetails, Runtime, Variables};

use super::*;

fn received() -> Timestamp {
    Timestamp::from_nanos(7)
}

fn client() -> Client {
    Client { name: "reenact".into(), version: Some("0.1.0".into()) }
}

fn occurrence() -> Occurrence {
    let frame = Frame {
        function: "total".into(),
        file: "/srv/cart.py".into(),
        line_number: Some(3),
        in_app: true,
        snapshot_id: Some(SnapshotId(9)),
        ..Frame::default()
    };
    let exception = Exception {
        type_name: "ValueError".into(),
        message: "no price".into(),
        frames: vec![frame],
        ..Exception::default()
    };
    Occurrence {
        id: SnapshotId(5),
        timestamp: Timestamp::from_nanos(3),
        service: "shop".into(),
        mechanism: "wsgi".into(),
        exceptions: vec![exception],
        client: client(),
        ..Occurrence::default()
    }
}

fn snapshot() -> Snapshot {
    let value = CapturedValue { form: Some(Form::Dataclass), ..CapturedValue::scalar("cart.Cart", "1") };
    let details = FrameDetails { runtime: Some(Runtime::default()), ..FrameDetails::default() };
    Snapshot {
        id: SnapshotId(9),
        capture_id: Some(SnapshotId(5)),
        service: "shop".into(),
        locals: Variables(vec![("cart".into(), value)]),
        details: Some(Box::new(details)),
        ..Snapshot::default()
    }
}

fn fragments() -> Vec<Fragment> {
    vec![Fragment::Occurrence(Box::new(occurrence())), Fragment::Snapshot(snapshot())]
}

fn decoded(body: &[u8]) -> Result<Decoded, DecodeError> {
    decode(body, received(), &Limits::DEFAULT)
}

/// A body with this head and these packed snapshots.
fn body(head: &str, packed: &[u8]) -> Vec<u8> {
    let mut body = MAGIC.to_vec();
    crate::packed::number(&mut body, head.len() as u64);
    body.extend(head.as_bytes());
    body.extend(packed);
    body
}

#[test]
fn what_was_encoded_is_decoded() {
    let got = decoded(&encode(&client(), &fragments())).unwrap();
    assert_eq!((got.fragments, got.problems), (fragments(), Vec::new()));
    assert_eq!(got.snapshots_received, 1);
}

#[test]
fn a_broken_part_does_not_take_the_others_down() {
    let whole = encode(&client(), &fragments());
    let cut = decoded(&whole[..whole.len() - 1]).unwrap();
    assert_eq!(cut.fragments, fragments()[..1]);
    assert_eq!(cut.problems.len(), 1);
    let packed = Packer::new().finish();
    let head = r#"{"occurrences": [{"timestamp": "yesterday"}, {"service": "shop"}, 5], "later": 1}"#;
    let got = decoded(&body(head, &packed)).unwrap();
    let [Fragment::Occurrence(kept)] = &got.fragments[..] else { panic!("{:?}", got.fragments) };
    assert_eq!((kept.service.as_str(), kept.timestamp), ("shop", received()));
    assert_eq!(got.problems.len(), 2);
    assert!(!got.problems.iter().any(|problem| problem.message.contains("yesterday")));
}

#[test]
fn other_bodies_are_refused_with_the_reason() {
    let reason = |body: &[u8]| decoded(body).unwrap_err().to_string();
    assert_eq!(reason(b"{}"), "payload is malformed at byte 0: these are no captures");
    assert_eq!(
        reason(b"RNT\x02"),
        "payload is malformed at byte 3: version 2 of captures is not known; 1 is"
    );
    assert_eq!(reason(b"RNT\x01"), "payload ends at byte 4 inside a number");
    assert_eq!(reason(b"RNT\x01\x09{}"), "payload ends at byte 7 inside a head");
    assert_eq!(reason(&body("[]", &[])), "payload is malformed at byte 0: expected a JSON object");
    let limits = Limits { body_bytes_max: 3, ..Limits::DEFAULT };
    assert!(matches!(decode(b"RNT\x01", received(), &limits), Err(DecodeError::TooLarge { .. })));
}

#[test]
fn what_is_over_a_limit_is_cut() {
    let long = Occurrence {
        service: "é".repeat(20_000),
        exceptions: vec![
            Exception {
                frames: vec![Frame::default(); 300],
                members: vec![Exception::default(); 30],
                ..Exception::default()
            };
            30
        ],
        tags: (0..300).map(|tag| (tag.to_string(), String::new())).collect(),
        ..occurrence()
    };
    let body = encode(&client(), &[Fragment::Occurrence(Box::new(long))]);
    let got = decoded(&body).unwrap();
    let [Fragment::Occurrence(kept)] = &got.fragments[..] else { panic!("{:?}", got.fragments) };
    assert_eq!((kept.service.len(), kept.exceptions.len(), kept.tags.len()), (25_000, 20, 256));
    assert_eq!((kept.exceptions[0].frames.len(), kept.exceptions[0].members.len()), (250, 20));
    let many = vec![Fragment::Snapshot(snapshot()); 3];
    let limits = Limits { snapshots_max: 2, ..Limits::DEFAULT };
    let got = decode(&encode(&client(), &many), received(), &limits).unwrap();
    assert_eq!((got.fragments.len(), got.problems.len()), (2, 1));
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_read(
        bytes in proptest::collection::vec(any::<u8>(), 0..100),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let _ = decoded(&bytes);
        let mut whole = encode(&client(), &fragments());
        let at = at.index(whole.len());
        whole[at] = byte;
        if let Ok(got) = decoded(&whole) {
            prop_assert!(got.fragments.len() <= 2);
        }
    }
}
