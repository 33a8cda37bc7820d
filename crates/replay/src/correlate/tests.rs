use proptest::prelude::*;
use reenact_model::{Content, Exception, Frame, NotCaptured, Report, SnapshotId, Variables};

use super::*;

type Owned = (Report, Vec<Snapshot>);
type Fields = Vec<(&'static str, CapturedValue)>;

fn text(text: &str) -> CapturedValue {
    CapturedValue::scalar("str", format!("'{text}'"))
}

fn int(number: usize) -> CapturedValue {
    CapturedValue::scalar("int", number.to_string())
}

fn null() -> CapturedValue {
    CapturedValue::new("NoneType", Content::Null)
}

fn object(fields: Fields) -> CapturedValue {
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
    CapturedValue::new("Order", Content::Fields(fields.collect()))
}

/// An occurrence with one captured frame of `pay`, below one of `main` without values.
fn occurrence(id: usize, locals: Fields) -> Owned {
    let id = id as u128 + 1;
    let frame = |function: &str, snapshot: Option<u128>| Frame {
        function: function.to_owned(),
        file: "shop.py".to_owned(),
        snapshot_id: snapshot.map(SnapshotId),
        ..Frame::default()
    };
    let frames = vec![frame("main", None), frame("pay", Some(id))];
    let report =
        Report { exceptions: vec![Exception { frames, ..Exception::default() }], ..Report::default() };
    let locals = locals.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    (report, vec![Snapshot { id: SnapshotId(id), locals: Variables(locals), ..Snapshot::default() }])
}

/// Numbers of snapshots that no other occurrence of a test has.
static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

fn next() -> usize {
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

fn sides(all: &[Owned]) -> Vec<Side<'_>> {
    all.iter().map(|(report, snapshots)| Side { report, snapshots }).collect()
}

fn run(of_issue: &[Owned], of_baseline: &[Owned]) -> Correlations {
    correlate(&sides(of_issue), &sides(of_baseline))
}

fn said(predicate: &Predicate) -> String {
    let path = &predicate.path;
    match &predicate.condition {
        Condition::Is(value) => format!("{path} is {}", value.text().unwrap_or_default()),
        Condition::Null => format!("{path} is None"),
        Condition::Empty => format!("{path} is empty"),
        Condition::Missing => format!("{path} is missing"),
        Condition::HasType(name) => format!("{path} has type {name}"),
        Condition::AtLeast(number) => format!("{path} >= {number}"),
        Condition::AtMost(number) => format!("{path} <= {number}"),
    }
}

/// `predicate x/N y/M`, and what it is folded with.
fn lines(correlations: &Correlations) -> Vec<String> {
    let line = |finding: &Finding| {
        let (issue, baseline) = (finding.of_issue, finding.of_baseline);
        let also: Vec<String> = finding.also.iter().map(|also| format!("; {}", said(also))).collect();
        format!(
            "{} {}/{} {}/{}{}{}",
            said(&finding.predicate),
            issue.count,
            issue.total,
            baseline.count,
            baseline.total,
            if finding.stands_out { " !" } else { "" },
            also.join("")
        )
    };
    correlations.findings.iter().map(line).collect()
}

fn of(count: usize, locals: impl Fn(usize) -> Fields) -> Vec<Owned> {
    (0..count).map(|index| occurrence(next(), locals(index))).collect()
}

#[test]
fn the_value_that_sets_them_apart_comes_first() {
    let currencies = ["EUR", "USD", "SEK"];
    let issue =
        of(40, |index| vec![("order", object(vec![("currency", text("XTS")), ("total", int(index % 7))]))]);
    let baseline = of(40, |index| {
        vec![("order", object(vec![("currency", text(currencies[index % 3])), ("total", int(index % 7))]))]
    });
    let found = run(&issue, &baseline);
    assert_eq!(lines(&found), ["order.currency is XTS 40/40 0/40 !"]);
    let finding = &found.findings[0];
    assert_eq!((finding.examples.as_slice(), finding.counterexample), (&[0, 1, 2, 3, 4][..], Some(0)));
    assert_eq!(finding.predicate.function.function, "pay");
}

#[test]
fn predicates_of_the_same_occurrences_are_one() {
    let issue = of(20, |_| vec![("country", text("SE")), ("tier", text("b")), ("rate", null())]);
    let baseline = of(20, |_| vec![("country", text("DE")), ("tier", text("a")), ("rate", int(3))]);
    assert_eq!(lines(&run(&issue, &baseline)), ["country is SE 20/20 0/20 !; tier is b; rate is None"]);
}

#[test]
fn none_types_emptiness_and_what_is_missing_are_found() {
    let mapping = |entries: Vec<(&str, CapturedValue)>| {
        let entries = entries.into_iter().map(|(key, value)| (text(key), value));
        CapturedValue::new("dict", Content::Entries(entries.collect()))
    };
    let list = |count| CapturedValue::new("list", Content::Elements((0..count).map(|_| text("x")).collect()));
    let check = |issue: CapturedValue, baseline: CapturedValue, want: &str| {
        let issue = of(20, |_| vec![("a", issue.clone())]);
        let baseline = of(20, |_| vec![("a", baseline.clone())]);
        assert_eq!(lines(&run(&issue, &baseline))[0], want);
    };
    check(null(), text("x"), "a is None 20/20 0/20 !");
    check(list(0), list(2), "a is empty 20/20 0/20 !; a.0 is missing; a.1 is missing");
    check(mapping(vec![]), mapping(vec![("k", text("v"))]), "a is empty 20/20 0/20 !; a.k is missing");
    check(
        mapping(vec![("b", int(1))]),
        mapping(vec![("k", int(1))]),
        "a.b is 1 20/20 0/20 !; a.k is missing; a.b has type int",
    );
    check(
        object(vec![("b", list(1))]),
        object(vec![("b", null())]),
        "a.b.0 is x 20/20 0/20 !; a.b has type list; a.b.0 has type str",
    );
}

#[test]
fn a_number_that_parts_them_is_found() {
    let issue = of(20, |index| vec![("quantity", int(100 + index))]);
    let baseline = of(20, |index| vec![("quantity", int(10 + index))]);
    assert_eq!(lines(&run(&issue, &baseline)), ["quantity >= 100 20/20 0/20 !"]);
    assert_eq!(lines(&run(&baseline, &issue)), ["quantity <= 29 20/20 0/20 !"]);
}

#[test]
fn few_occurrences_make_nothing_certain() {
    let issue = of(3, |_| vec![("a", text("x")), ("b", text("y"))]);
    let baseline = of(3, |_| vec![("a", text("z")), ("b", text("y"))]);
    assert_eq!(lines(&run(&issue, &baseline)), ["a is x 3/3 0/3"]);
    assert_eq!(lines(&run(&issue[..1], &baseline)), Vec::<String>::new());
    assert_eq!(lines(&run(&[], &baseline)), Vec::<String>::new());
}

#[test]
fn what_is_volatile_is_hidden_unless_a_record_comes_back() {
    let issue = of(20, |index| {
        vec![
            ("created_at", CapturedValue::scalar("float", "1764241234.5")),
            ("cart", CapturedValue::scalar("Cart", "<Cart at 0x7f3a90c01d30>")),
            ("pid", int(4711)),
            ("order_id", int(9_000 + index)),
            ("tenant_id", int(7)),
        ]
    });
    let baseline = of(20, |index| {
        vec![
            ("created_at", CapturedValue::scalar("float", "1764249999.5")),
            ("cart", CapturedValue::scalar("Cart", "<Cart at 0x7f3a90c01d38>")),
            ("pid", int(4712)),
            ("order_id", int(1_000 + index)),
            ("tenant_id", int(index)),
        ]
    });
    let found = run(&issue, &baseline);
    assert_eq!(lines(&found), ["tenant_id is 7 20/20 1/20 !"]);
    assert_eq!(found.volatile, 4);
}

#[test]
fn what_is_not_known_is_not_counted() {
    let absent = |reason| CapturedValue::absent("str", reason);
    let issue = of(30, |index| match index % 3 {
        0 => vec![("a", text("x")), ("secret", absent(NotCaptured::RedactedIdentifier))],
        1 => vec![("a", absent(NotCaptured::Depth)), ("secret", text("[redacted: jwt] x"))],
        // Assigned later.
        _ => vec![("secret", CapturedValue { rule: Some("r".to_owned()), ..text("s") })],
    });
    let baseline = of(30, |_| vec![("a", text("y")), ("secret", text("plain"))]);
    assert_eq!(lines(&run(&issue, &baseline)), ["a is x 10/10 0/30 !"]);
    // Nor is it known what is missing in something that was cut.
    let cut = |not_captured| {
        let rest = Content::Entries(vec![(text("b"), text("v"))]);
        CapturedValue { not_captured, ..CapturedValue::new("dict", rest) }
    };
    let whole = Content::Entries(vec![(text("b"), text("v")), (text("k"), text("v"))]);
    let baseline = of(30, |_| vec![("a", CapturedValue::new("dict", whole.clone()))]);
    let found = |not_captured| lines(&run(&of(30, |_| vec![("a", cut(not_captured))]), &baseline));
    assert_eq!(found(None), ["a.k is missing 30/30 0/30 !"]);
    assert_eq!(found(Some(NotCaptured::CollectionSize)), Vec::<String>::new());
}

#[test]
fn without_a_baseline_what_is_constant_is_listed() {
    let issue = of(6, |index| vec![("b", text("x")), ("a", null()), ("c", int(index))]);
    let found = run(&issue, &[]);
    assert_eq!(lines(&found), ["a is None 6/6 0/0", "b is x 6/6 0/0"]);
    assert!(found.findings.iter().all(|finding| finding.difference.is_none() && !finding.stands_out));
    assert_eq!(lines(&run(&issue[..1], &[])), Vec::<String>::new());
}

#[test]
fn only_the_same_function_of_the_same_file_is_compared() {
    let issue = of(20, |_| vec![("a", text("x"))]);
    let mut elsewhere = of(20, |_| vec![("a", text("y"))]);
    for (report, _) in &mut elsewhere {
        report.exceptions[0].frames[1].file = "other.py".to_owned();
    }
    assert_eq!(lines(&run(&issue, &elsewhere)), Vec::<String>::new());
    let names: Vec<String> = functions(&sides(&issue)).into_iter().map(|one| one.function).collect();
    assert_eq!(names, ["pay"]);
}

#[test]
fn a_frame_that_lives_long_counts_once() {
    // The client captured the frame of a worker's loop at its first exception, and refers to it ever since.
    let shared = |id: u128, value: &str| {
        let mut all = of(20, |_| vec![("a", text(value))]);
        for (report, snapshots) in &mut all {
            report.exceptions[0].frames[1].snapshot_id = Some(SnapshotId(id));
            snapshots[0].id = SnapshotId(id);
        }
        all
    };
    assert_eq!(lines(&run(&shared(1, "x"), &shared(2, "y"))), Vec::<String>::new());
    let mut of_another = of(20, |_| vec![("a", text("x"))]);
    for (report, snapshots) in &mut of_another {
        (report.capture_id, snapshots[0].capture_id) = (Some(SnapshotId(1)), Some(SnapshotId(2)));
    }
    assert!(functions(&sides(&of_another)).is_empty());
}

#[test]
fn limits_hold() {
    let many = |value: usize| {
        of(SAMPLES_MAX + 50, move |index| {
            let elements = (0..VALUES_MAX).map(|element| int(element + index)).collect();
            vec![("first", int(value)), ("many", CapturedValue::new("list", Content::Elements(elements)))]
        })
    };
    let found = run(&many(1), &many(2));
    assert_eq!(found.findings[0].of_issue, Share { count: SAMPLES_MAX, total: SAMPLES_MAX });
    assert!(found.findings.len() <= FINDINGS_MAX);
    assert!(found.findings.iter().all(|finding| finding.also.len() <= ALSO_MAX));
}

/// Values of six variables that have nothing to do with each other.
fn any_noise() -> impl Strategy<Value = Vec<[u8; 6]>> {
    proptest::collection::vec(proptest::array::uniform6(0_u8..4), 80)
}

fn noisy(noise: &[u8; 6], planted: Option<CapturedValue>) -> Owned {
    const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    let mut locals: Fields =
        NAMES.into_iter().zip(noise).map(|(name, value)| (name, int(usize::from(*value)))).collect();
    locals.extend(planted.map(|planted| ("planted", planted)));
    occurrence(next(), locals)
}

proptest! {
    #[test]
    fn a_planted_cause_is_found_first(noise in any_noise(), kind in 0_u8..3, exceptions in 0_usize..3) {
        let (cause, other) = match kind {
            0 => (text("XTS"), text("EUR")),
            1 => (null(), text("EUR")),
            _ => (text("5"), int(5)),
        };
        // A few of the baseline have the cause too.
        let planted = |index: usize| if index < 40 + exceptions { cause.clone() } else { other.clone() };
        let all: Vec<Owned> =
            noise.iter().enumerate().map(|(index, noise)| noisy(noise, Some(planted(index)))).collect();
        let found = run(&all[..40], &all[40..]);
        let first = &found.findings[0];
        prop_assert_eq!(first.predicate.path.to_string(), "planted");
        prop_assert!(first.stands_out);
        prop_assert_eq!(first.of_issue, Share { count: 40, total: 40 });
        prop_assert_eq!(first.of_baseline, Share { count: exceptions, total: 40 });
    }

    #[test]
    fn the_order_of_the_occurrences_changes_no_ranking(noise in any_noise()) {
        let all: Vec<Owned> = noise.iter().map(|noise| noisy(noise, None)).collect();
        let mut turned = all.clone();
        turned[..40].reverse();
        turned[40..].reverse();
        let (one, other) = (run(&all[..40], &all[40..]), run(&turned[..40], &turned[40..]));
        prop_assert_eq!(lines(&one), lines(&other));
    }

    #[test]
    fn shares_and_intervals_are_consistent(noise in any_noise(), split in 1_usize..79) {
        let all: Vec<Owned> = noise.iter().map(|noise| noisy(noise, None)).collect();
        for finding in run(&all[..split], &all[split..]).findings {
            let difference = finding.difference.unwrap();
            prop_assert!(0.0 < difference.low && difference.low <= difference.value);
            prop_assert!(difference.value <= difference.high && difference.high <= 1.0);
            prop_assert!(finding.of_issue.count <= finding.of_issue.total);
            prop_assert!(finding.examples.iter().all(|event| *event < split));
        }
    }
}

#[test]
fn occurrences_are_compared_with_calls_by_their_arguments_at_entry() {
    let named = |fields: Fields| {
        Variables(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let failed: Vec<Owned> = (0..20)
        .map(|index| {
            let (report, mut snapshots) = occurrence(next(), vec![("local", int(index))]);
            let details = reenact_model::FrameDetails {
                at_entry: named(vec![("currency", null()), ("count", int(index))]),
                ..Default::default()
            };
            snapshots[0].arguments = named(vec![("currency", text("changed"))]);
            snapshots[0].details = Some(Box::new(details));
            (report, snapshots)
        })
        .collect();
    let entered: Vec<Owned> =
        failed.iter().map(|(report, snapshots)| (report.clone(), entered(snapshots))).collect();
    let returned: Vec<Owned> = (0..20)
        .map(|index| {
            let id = SnapshotId(next() as u128 + 1);
            let call = Snapshot {
                id,
                capture_id: Some(id),
                function: "pay".into(),
                file: "shop.py".into(),
                arguments: named(vec![("currency", text("EUR")), ("count", int(index))]),
                ..Snapshot::default()
            };
            assert!(call.is_call());
            of_call(&call)
        })
        .collect();
    let found = run(&entered, &returned);
    let first = &found.findings[0];
    assert_eq!(said(&first.predicate), "currency is None");
    assert_eq!((first.of_issue.count, first.of_baseline.count, first.of_baseline.total), (20, 0, 20));
    assert!(first.stands_out);
    let (_, without) = occurrence(next(), vec![("local", int(1))]);
    assert!(super::entered(&without).is_empty());
}
