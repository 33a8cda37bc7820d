use proptest::prelude::*;
use reenact_model::{
    CodePosition, FrameDetails, Parameter, ParameterKind, Runtime, SourceLines, Timestamp, Variables,
};

use super::*;

fn unpack(packed: &[u8]) -> Option<Vec<Snapshot>> {
    super::unpack(packed, usize::MAX)
}

fn packed(snapshots: &[Snapshot]) -> Vec<u8> {
    let mut packer = Packer::new();
    snapshots.iter().for_each(|snapshot| packer.push(snapshot));
    packer.finish()
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
        "[a-c]{0,3}",
        any::<String>(),
        // Around the length up to which texts are numbered, in one byte and in three.
        (62_usize..67).prop_map(|length| "x".repeat(length)),
        (20_usize..23).prop_map(|length| "\u{20ac}".repeat(length)),
    ]
}

fn any_value() -> impl Strategy<Value = CapturedValue> {
    let leaf = prop_oneof![Just(Content::Nothing), Just(Content::Null), any_text().prop_map(Content::Scalar)];
    let around = |content: BoxedStrategy<Content>| {
        (
            any_text(),
            content,
            any::<bool>(),
            prop_oneof![Just(None), (0_u64..4).prop_map(Some), any::<u64>().prop_map(Some)],
            proptest::option::of(proptest::sample::select(NotCaptured::ALL.to_vec())),
            proptest::option::of(any_text()),
            proptest::option::of(any::<u32>()),
            proptest::option::of(proptest::sample::select(Form::ALL.to_vec())),
        )
            .prop_map(|(type_name, content, truncated, size, not_captured, rule, reference, form)| {
                CapturedValue { type_name, content, truncated, size, not_captured, rule, reference, form }
            })
            .boxed()
    };
    around(leaf.boxed()).prop_recursive(4, 24, 4, move |inner| {
        around(
            prop_oneof![
                proptest::collection::vec((any_text(), inner.clone()), 0..4).prop_map(Content::Fields),
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Content::Elements),
                proptest::collection::vec((inner.clone(), inner), 0..4).prop_map(Content::Entries),
            ]
            .boxed(),
        )
    })
}

fn any_variables() -> impl Strategy<Value = Variables> {
    proptest::collection::vec((any_text(), any_value()), 0..3).prop_map(Variables)
}

fn any_code() -> impl Strategy<Value = CodePosition> {
    let numbers = (any::<u32>(), any::<u32>(), any::<u32>());
    (numbers, any::<Option<u32>>(), any::<Option<(u32, u32)>>()).prop_map(
        |((first_line, instruction, flags), end_line, columns)| CodePosition {
            first_line,
            instruction,
            flags,
            end_line,
            columns,
        },
    )
}

prop_compose! {
    fn any_details()(
        module in proptest::option::of(any_text()),
        qualified_name in proptest::option::of(any_text()),
        parameters in proptest::collection::vec(
            (any_text(), proptest::sample::select(ParameterKind::ALL.to_vec()))
                .prop_map(|(name, kind)| Parameter { name, kind }), 0..3),
        code in proptest::option::of(any_code()),
        source in proptest::option::of(
            (any::<u32>(), proptest::collection::vec(any_text(), 0..3), any_text())
                .prop_map(|(first_line, lines, file_hash)| SourceLines { first_line, lines, file_hash })),
        runtime in proptest::option::of(
            (proptest::collection::vec(any_text(), 3), proptest::collection::btree_map(any_text(), any_text(), 0..3))
                .prop_map(|(texts, packages)| Runtime {
                    implementation: texts[0].clone(),
                    version: texts[1].clone(),
                    platform: texts[2].clone(),
                    packages,
                })),
        at_raise in any_variables(),
        at_entry in any_variables(),
    ) -> FrameDetails {
        FrameDetails { module, qualified_name, parameters, code, source, runtime, at_raise, at_entry }
    }
}

prop_compose! {
    fn any_snapshot()(
        details in proptest::option::of(any_details().prop_map(Box::new)),
        ids in (0_u128..3, 0_u128..3, 0_u64..3).prop_map(|(capture, trace, span)| {
            (capture.checked_sub(1), trace.checked_sub(1), span.checked_sub(1))
        }),
        timestamp in any::<i64>(),
        texts in proptest::collection::vec(any_text(), 3),
        optional in proptest::collection::vec(proptest::option::of(any_text()), 4),
        line_number in proptest::option::of(any::<u32>()),
        values_dropped in prop_oneof![Just(0), any::<u32>()],
        variables in proptest::collection::vec(any_variables(), 4),
    ) -> Snapshot {
        let mut variables = variables.into_iter();
        let mut next = || variables.next().unwrap();
        Snapshot {
            id: SnapshotId::default(),
            capture_id: ids.0.map(|id| SnapshotId(u128::MAX - id)),
            timestamp: Timestamp::from_nanos(timestamp),
            service: texts[0].clone(),
            env: optional[0].clone(),
            version: optional[1].clone(),
            host: optional[2].clone(),
            trace_id: ids.1.map(TraceId),
            span_id: ids.2.map(|id| SpanId(u64::MAX - id)),
            function: texts[1].clone(),
            file: texts[2].clone(),
            line_number,
            thread: optional[3].clone(),
            arguments: next(),
            locals: next(),
            globals: next(),
            closure: next(),
            values_dropped,
            details,
        }
    }
}

proptest! {
    #[test]
    fn what_was_packed_is_unpacked(snapshots in proptest::collection::vec(any_snapshot(), 0..4)) {
        prop_assert_eq!(unpack(&packed(&snapshots)), Some(snapshots));
    }

    #[test]
    fn other_bytes_are_refused_or_read_but_never_more(
        snapshots in proptest::collection::vec(any_snapshot(), 1..3),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = packed(&snapshots);
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] = byte;
        }
        let read = unpack(&bytes);
        if cut {
            prop_assert_eq!(read, None);
        }
    }

    #[test]
    fn any_bytes_are_read_within_their_length(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let snapshots = unpack(&bytes).unwrap_or_default();
        prop_assert!(snapshots.len() <= bytes.len());
    }
}

#[test]
fn a_text_that_repeats_is_written_once() {
    let text = "a text of some length";
    let values = (0..50).map(|_| (text.to_owned(), CapturedValue::scalar(text, text))).collect();
    let snapshot = Snapshot { locals: Variables(values), ..Snapshot::default() };
    let bytes = packed(std::slice::from_ref(&snapshot));
    assert!(bytes.len() < 50 * 8 + 100, "{} bytes", bytes.len());
    assert_eq!(unpack(&bytes), Some(vec![snapshot]));
}

#[test]
fn texts_have_an_end() {
    let values = (0..50).map(|_| ("a".to_owned(), CapturedValue::scalar("a", "a"))).collect();
    let bytes = packed(&[Snapshot { locals: Variables(values), ..Snapshot::default() }]);
    // Service, function and file; of each value its name, type and content.
    assert!(super::unpack(&bytes, 153).is_some());
    assert_eq!(super::unpack(&bytes, 152), None);
}

#[test]
fn nesting_has_an_end() {
    let mut value = CapturedValue::scalar("int", "1");
    for _ in 0..DEPTH_MAX - 2 {
        value = CapturedValue::new("list", Content::Elements(vec![value]));
    }
    let deep = |value| Snapshot { locals: Variables(vec![("x".into(), value)]), ..Snapshot::default() };
    let most = deep(value.clone());
    assert_eq!(unpack(&packed(std::slice::from_ref(&most))), Some(vec![most]));
    let more = CapturedValue::new(
        "list",
        Content::Elements(vec![CapturedValue::new("list", Content::Elements(vec![value]))]),
    );
    assert_eq!(unpack(&packed(&[deep(more)])), None);
}
