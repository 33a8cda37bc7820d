use proptest::prelude::*;
use reenact_model::{CapturedValue, Content, Exception, Frame, NotCaptured, Report, Request, Snapshot};
use reenact_model::{SnapshotId, Timestamp, Variables};

use super::*;

fn scalar(type_name: &str, text: &str) -> CapturedValue {
    CapturedValue::scalar(type_name, text)
}

fn frame(function: &str, line_number: u32) -> Frame {
    let (function, file) = (function.to_owned(), "shop.py".to_owned());
    Frame { function, file, line_number: Some(line_number), in_app: true, ..Frame::default() }
}

fn raised(type_name: &str, frames: Vec<Frame>) -> Exception {
    Exception { type_name: type_name.to_owned(), message: "no".to_owned(), frames, ..Exception::default() }
}

fn report(exceptions: Vec<Exception>) -> Report {
    Report { service: "shop".to_owned(), exceptions, ..Report::default() }
}

/// One frame with these locals.
fn with_locals(locals: Vec<(&str, CapturedValue)>) -> (Report, Vec<Snapshot>) {
    let only = Frame { snapshot_id: Some(SnapshotId(1)), ..frame("pay", 5) };
    let locals = Variables(locals.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    let snapshot = Snapshot { id: SnapshotId(1), locals, ..Snapshot::default() };
    (report(vec![raised("ValueError", vec![only])]), vec![snapshot])
}

type Owned = (Report, Vec<Snapshot>);

fn compared(left: &Owned, right: &Owned) -> Comparison {
    let side = |(report, snapshots): &'_ Owned| (report.clone(), snapshots.clone());
    let (left, right) = (side(left), side(right));
    compare(Side { report: &left.0, snapshots: &left.1 }, Side { report: &right.0, snapshots: &right.1 })
}

/// `outcome path volatile` of each path that is not the same.
fn differences(left: Vec<(&str, CapturedValue)>, right: Vec<(&str, CapturedValue)>) -> Vec<String> {
    let comparison = compared(&with_locals(left), &with_locals(right));
    let paths = &comparison.exceptions[0].frames[0].paths;
    let differ = paths.iter().filter(|path| path.outcome != Outcome::Same);
    differ
        .map(|path| {
            let volatile = path.volatile.map_or("", Volatile::as_str);
            format!("{} {} {volatile}", path.outcome.as_str(), path.path).trim_end().to_owned()
        })
        .collect()
}

#[track_caller]
fn check_frames(left: &[(&str, u32)], right: &[(&str, u32)], want: &str) {
    let side = |frames: &[(&str, u32)]| {
        let frames = frames.iter().map(|(function, line)| frame(function, *line)).collect();
        (report(vec![raised("ValueError", frames)]), Vec::new())
    };
    let comparison = compared(&side(left), &side(right));
    let text = |place: &Option<Place>| place.as_ref().map_or("-".to_owned(), |place| place.index.to_string());
    let got: Vec<String> = comparison.exceptions[0]
        .frames
        .iter()
        .map(|pair| format!("{}{}", text(&pair.left), text(&pair.right)))
        .collect();
    assert_eq!(got.join(" "), want);
}

#[test]
fn frames_are_aligned_by_function_and_file() {
    check_frames(&[("main", 1), ("pay", 5)], &[("main", 1), ("pay", 7)], "00 11");
    check_frames(&[("main", 1), ("cache", 2), ("pay", 5)], &[("main", 1), ("pay", 5)], "00 1- 21");
    check_frames(&[("main", 1), ("a", 2), ("pay", 5)], &[("main", 1), ("b", 2), ("pay", 5)], "00 1- -1 22");
    check_frames(&[], &[("main", 1)], "-0");
    // Crossed: one of them.
    check_frames(&[("a", 1), ("b", 1)], &[("b", 1), ("a", 1)], "0- 10 -1");
}

#[test]
fn of_a_recursion_the_innermost_calls_belong_together() {
    let (deep, shallow) =
        ([("main", 1), ("f", 3), ("f", 3), ("f", 3), ("g", 9)], [("main", 1), ("f", 3), ("g", 9)]);
    check_frames(&deep, &shallow, "00 1- 2- 31 42");
    check_frames(&shallow, &deep, "00 -1 -2 13 24");
    // The call on the same line first.
    check_frames(&[("f", 1), ("f", 2), ("f", 3)], &[("f", 1), ("f", 4)], "00 1- 21");
    check_frames(&[("f", 7), ("f", 2), ("f", 9)], &[("f", 2)], "0- 10 2-");
}

#[test]
fn exceptions_that_escaped_are_compared_whatever_their_type() {
    let chain = |types: &[&str]| {
        (report(types.iter().map(|type_name| raised(type_name, Vec::new())).collect()), Vec::new())
    };
    let pairs = |left: &[&str], right: &[&str]| {
        let comparison = compared(&chain(left), &chain(right));
        comparison.exceptions.iter().map(|pair| (pair.left, pair.right)).collect::<Vec<_>>()
    };
    assert_eq!(pairs(&["KeyError", "ValueError"], &["ValueError"]), [(Some(0), None), (Some(1), Some(0))]);
    assert_eq!(pairs(&["KeyError"], &["TypeError", "ValueError"]), [(None, Some(0)), (Some(0), Some(1))]);
}

#[test]
fn values_are_compared_part_by_part() {
    let order = |price: &str, more: Option<&str>| {
        let mut fields = vec![("price".to_owned(), scalar("int", price))];
        fields.extend(more.map(|name| (name.to_owned(), scalar("str", "'x'"))));
        CapturedValue::new("Order", Content::Fields(fields))
    };
    let list = |all: &[&str]| {
        CapturedValue::new("list", Content::Elements(all.iter().map(|text| scalar("int", text)).collect()))
    };
    let set = |all: &[&str]| CapturedValue { type_name: "set".to_owned(), ..list(all) };
    let dict = |key: &str, text: &str| {
        CapturedValue::new("dict", Content::Entries(vec![(scalar("str", key), scalar("str", text))]))
    };
    let none = || CapturedValue::new("NoneType", Content::Null);
    for (left, right, want) in [
        (order("1", None), order("1", None), &[][..]),
        (order("1", None), order("2", None), &["differs value.price"]),
        (order("1", Some("a")), order("1", Some("b")), &["only_left value.a", "only_right value.b"]),
        (list(&["1", "2"]), list(&["1", "3", "4"]), &["differs value[1]", "only_right value[2]"]),
        (set(&["1", "2"]), set(&["2", "3"]), &["only_left value{1}", "only_right value{3}"]),
        (dict("'a'", "'x'"), dict("'a'", "'y'"), &["differs value['a']"]),
        (dict("'a'", "'x'"), dict("'b'", "'x'"), &["only_left value['a']", "only_right value['b']"]),
        (list(&[]), list(&[]), &[]),
        (list(&[]), none(), &["differs value"]),
        (list(&["1"]), CapturedValue { size: Some(5), ..list(&["1"]) }, &["differs value"]),
        (scalar("int", "1"), scalar("bool", "1"), &["differs value"]),
        (
            CapturedValue::absent("str", NotCaptured::RedactedIdentifier),
            CapturedValue::absent("str", NotCaptured::RedactedIdentifier),
            &["unknown value"],
        ),
        (CapturedValue::absent("str", NotCaptured::Depth), scalar("str", "'a'"), &["differs value"]),
        (CapturedValue { reference: Some(1), ..none() }, CapturedValue { reference: Some(2), ..none() }, &[]),
    ] {
        assert_eq!(differences(vec![("value", left)], vec![("value", right)]), want);
    }
}

#[test]
fn volatile_differences_are_marked() {
    for (name, type_name, left, right, want) in [
        ("cart", "Cart", "<Cart at 0x7f3a90c01d30>", "<Cart at 0x7f3a90c01e40>", "address"),
        ("cart", "Cart", "<Cart at 0x7f3a90c01d30>", "<Bag at 0x7f3a90c01e40>", ""),
        ("flags", "str", "'0x1f'", "'0x2f'", ""),
        ("key", "uuid.UUID", "UUID('x')", "UUID('y')", "uuid"),
        (
            "key",
            "str",
            "'0f8fad5b-d9cb-469f-a165-70867728950e'",
            "'1f8fad5b-d9cb-469f-a165-70867728950e'",
            "uuid",
        ),
        ("key", "str", "'0f8fad5bd9cb469fa16570867728950e'", "'1f8fad5bd9cb469fa16570867728950e'", "uuid"),
        ("text", "str", "'seen 2026-11-27T10:00:00Z'", "'seen 2026-11-28 11:30'", "time"),
        ("when", "datetime.datetime", "datetime(1)", "datetime(2)", "time"),
        ("created_at", "int", "17", "18", "time"),
        ("elapsedMs", "float", "1.5", "2.5", "time"),
        ("value", "float", "1764237600.5", "1764237601.5", "time"),
        ("value", "int", "1764237600", "1764237601", ""),
        ("at", "str", "'north'", "'south'", ""),
        ("thread", "str", "'Thread-3 (run)'", "'Thread-12 (run)'", "counter"),
        ("thread", "str", "'ThreadPoolExecutor-0_1'", "'ThreadPoolExecutor-0_2'", "counter"),
        ("invoice", "str", "'INV-12'", "'INV-13'", ""),
        ("sequence_number", "int", "3", "4", "counter"),
        ("order_id", "int", "3", "4", "id"),
        ("requestId", "str", "'a1'", "'b2'", "id"),
        ("customer_id", "str", "'guest'", "'anonymous'", ""),
        ("paid", "bool", "True", "False", ""),
        ("amount", "int", "3", "-3", ""),
        ("period", "str", "'2026-11'", "'2026-12'", ""),
    ] {
        let got = differences(vec![(name, scalar(type_name, left))], vec![(name, scalar(type_name, right))]);
        assert_eq!(got, [format!("differs {name} {want}").trim_end()], "{left} {right}");
    }
    // That an id is missing says something.
    let none = CapturedValue::new("NoneType", Content::Null);
    assert_eq!(
        differences(vec![("order_id", scalar("int", "3"))], vec![("order_id", none)]),
        ["differs order_id"]
    );
    assert_eq!(differences(vec![("pid", scalar("int", "3"))], vec![]), ["only_left pid id"]);
    // Keys with an address are the same key.
    let dict = |address: &str| {
        CapturedValue::new("dict", Content::Entries(vec![(scalar("A", address), scalar("int", "1"))]))
    };
    assert!(
        differences(vec![("d", dict("<A at 0x7f3a90c0>"))], vec![("d", dict("<A at 0x7f3a90c1>"))])
            .is_empty()
    );
}

#[test]
fn what_differs_besides_values_is_told() {
    let mut left = report(vec![raised("ValueError", Vec::new())]);
    left.tags.insert("region".to_owned(), "north".to_owned());
    left.version = Some("1.0".to_owned());
    left.request = Some(Request { status_code: Some(500), ..Request::default() });
    let mut right = report(vec![raised("ValueError", Vec::new())]);
    right.timestamp = Timestamp::from_nanos(5_000_000);
    right.tags.insert("region".to_owned(), "south".to_owned());
    right.metrics.insert("amount".to_owned(), 5.0);
    let facts = compared(&(left, Vec::new()), &(right, Vec::new())).facts;
    let told: Vec<String> = facts
        .iter()
        .filter(|fact| fact.outcome != Outcome::Same)
        .map(|fact| {
            format!("{} {} {}", fact.outcome.as_str(), fact.name, fact.volatile.map_or("", Volatile::as_str))
        })
        .collect();
    assert_eq!(
        told,
        [
            "differs timestamp time",
            "only_left version ",
            "only_left request.status_code ",
            "differs tags.region ",
            "only_right tags.amount ",
        ]
    );
}

#[test]
fn frames_with_values_on_one_side_have_no_paths() {
    let left = with_locals(vec![("a", scalar("int", "1"))]);
    let right = (left.0.clone(), Vec::new());
    let comparison = compared(&left, &right);
    let pair = &comparison.exceptions[0].frames[0];
    let has_values = |place: &Option<Place>| place.as_ref().map(|place| place.has_values);
    assert_eq!((has_values(&pair.left), has_values(&pair.right)), (Some(true), Some(false)));
    assert!(pair.paths.is_empty());
}

#[test]
fn what_is_over_the_limits_is_counted() {
    let many = |count: usize, text: &str| {
        let elements = vec![scalar("int", text); count];
        vec![("many", CapturedValue::new("list", Content::Elements(elements)))]
    };
    let count = DIFFERENCES_MAX + 7;
    let comparison = compared(&with_locals(many(count, "1")), &with_locals(many(count, "2")));
    assert_eq!((comparison.counts.differs, comparison.paths_left_out), (count as u64, 7));
    assert_eq!(comparison.exceptions[0].frames[0].paths.len(), DIFFERENCES_MAX);
    // A value that one side alone has is bounded.
    let long = scalar("str", &"é".repeat(TEXT_BYTES_MAX));
    let comparison = compared(&with_locals(vec![("a", long)]), &with_locals(many(count, "2")));
    let paths = &comparison.exceptions[0].frames[0].paths;
    let [text, list] = &paths[..] else { panic!("{} paths", paths.len()) };
    assert!(
        matches!(&text.left, Some(CapturedValue { truncated: true, content: Content::Scalar(text), .. }) if text.len() <= TEXT_BYTES_MAX)
    );
    assert!(
        matches!(&list.right, Some(CapturedValue { content: Content::Elements(shown), size: Some(size), .. })
        if shown.len() == PARTS_MAX && *size == count as u64)
    );
}

fn any_value() -> impl Strategy<Value = CapturedValue> {
    let text = proptest::sample::select(vec![
        "1",
        "2",
        "'a'",
        "'b'",
        "<A at 0x7f3a90c01d30>",
        "<A at 0x7f3a90c01d31>",
        "1764237600.5",
        "'Task-1'",
        "",
    ]);
    let leaf = prop_oneof![
        text.prop_map(|text| scalar("int", text)),
        Just(CapturedValue::new("NoneType", Content::Null)),
        Just(CapturedValue::absent("str", NotCaptured::Depth)),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let names = proptest::sample::select(vec!["a", "b", "user_id", "at"]).prop_map(str::to_owned);
        let list = proptest::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            (list, any::<bool>()).prop_map(|(parts, set)| {
                CapturedValue::new(if set { "set" } else { "list" }, Content::Elements(parts))
            }),
            proptest::collection::vec((names, inner.clone()), 0..4)
                .prop_map(|parts| CapturedValue::new("A", Content::Fields(parts))),
            proptest::collection::vec((inner.clone(), inner), 0..4)
                .prop_map(|parts| CapturedValue::new("dict", Content::Entries(parts))),
        ]
    })
}

prop_compose! {
    fn any_occurrence()(
        exceptions in proptest::collection::vec(
            (
                proptest::sample::select(vec!["KeyError", "ValueError"]),
                proptest::collection::vec(
                    (proptest::sample::select(vec!["f", "g"]), 0_u32..3, proptest::option::of(0_usize..3)),
                    0..6,
                ),
            ),
            0..3,
        ),
        values in proptest::collection::vec(proptest::collection::vec(any_value(), 0..3), 3),
        version in proptest::option::of(proptest::sample::select(vec!["1", "2"])),
    ) -> Owned {
        let frames = |frames: Vec<(&str, u32, Option<usize>)>| {
            let of = |(function, line, snapshot): (&str, u32, Option<usize>)| Frame {
                snapshot_id: snapshot.map(|index| SnapshotId(index as u128)),
                ..frame(function, line)
            };
            frames.into_iter().map(of).collect()
        };
        let exceptions = exceptions.into_iter().map(|(name, all)| raised(name, frames(all))).collect();
        let snapshot = |(index, values): (usize, Vec<CapturedValue>)| {
            let locals = values.into_iter().zip(["a", "b", "created_at"]);
            Snapshot {
                id: SnapshotId(index as u128),
                locals: Variables(locals.map(|(value, name)| (name.to_owned(), value)).collect()),
                ..Snapshot::default()
            }
        };
        let report = Report { version: version.map(str::to_owned), ..report(exceptions) };
        (report, values.into_iter().enumerate().map(snapshot).collect())
    }
}

/// The comparison with the sides exchanged, apart from values that are the same.
fn mirrored(mut comparison: Comparison) -> Comparison {
    let turned = |outcome| match outcome {
        Outcome::OnlyLeft => Outcome::OnlyRight,
        Outcome::OnlyRight => Outcome::OnlyLeft,
        other => other,
    };
    let turn = |facts: &mut Vec<Fact>| {
        for fact in facts {
            fact.outcome = turned(fact.outcome);
            std::mem::swap(&mut fact.left, &mut fact.right);
        }
    };
    turn(&mut comparison.facts);
    std::mem::swap(&mut comparison.counts.only_left, &mut comparison.counts.only_right);
    for pair in &mut comparison.exceptions {
        std::mem::swap(&mut pair.left, &mut pair.right);
        turn(&mut pair.facts);
        for frame in &mut pair.frames {
            std::mem::swap(&mut frame.left, &mut frame.right);
            for path in frame.paths.iter_mut().filter(|path| path.outcome != Outcome::Same) {
                path.outcome = turned(path.outcome);
                std::mem::swap(&mut path.left, &mut path.right);
            }
        }
    }
    comparison
}

fn in_order(mut comparison: Comparison) -> Comparison {
    for frame in comparison.exceptions.iter_mut().flat_map(|pair| &mut pair.frames) {
        for path in frame.paths.iter_mut().filter(|path| path.outcome == Outcome::Same) {
            path.left = None;
        }
        frame.paths.sort_by_key(|path| format!("{path:?}"));
    }
    comparison
}

proptest! {
    #[test]
    fn nothing_differs_from_itself(one in any_occurrence()) {
        let comparison = compared(&one, &one);
        let counts = comparison.counts;
        prop_assert_eq!((counts.differs, counts.only_left, counts.only_right, counts.volatile), (0, 0, 0, 0));
        prop_assert!(comparison.facts.iter().all(|fact| fact.outcome == Outcome::Same));
        for pair in &comparison.exceptions {
            prop_assert_eq!(pair.left, pair.right);
            prop_assert!(pair.frames.iter().all(|frame| frame.left == frame.right));
        }
    }

    #[test]
    fn swapping_the_sides_mirrors(left in any_occurrence(), right in any_occurrence()) {
        let swapped = mirrored(compared(&right, &left));
        prop_assert_eq!(in_order(swapped), in_order(compared(&left, &right)));
    }
}
