//! What is captured becomes no code, where the code reads the time, the environment and random numbers.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::hostile::{has_no_code_of_the_capture, hostile, hostile_value};
use super::*;

/// A line that reads the time, the environment or a random number, as far as hostile text leaves it one.
fn hostile_read() -> impl Strategy<Value = String> {
    let name = || prop_oneof![3 => prop::sample::select(&READ[..]).prop_map(str::to_owned), 1 => hostile()];
    let text = || prop_oneof![Just("REGION".to_owned()), hostile()];
    prop_oneof![
        name().prop_map(|name| format!("    {name} = datetime.now()")),
        (name(), text()).prop_map(|(name, text)| format!("    {name} = {text}.datetime.now()")),
        (name(), text()).prop_map(|(name, text)| format!("    {name} = os.environ['{text}']")),
        (name(), text()).prop_map(|(name, text)| format!("    {name} = os.getenv(\"{text}\")")),
        name().prop_map(|name| format!("    {name} = random.choice(value)")),
        name().prop_map(|name| format!("    {name} = time.time()")),
        hostile(),
    ]
}

/// Variables that these lines assign.
const READ: [&str; 3] = ["now", "region", "pick"];

/// An event of a function that reads these, and its source.
fn hostile_reads() -> impl Strategy<Value = (Event, String)> {
    let value = || {
        prop_oneof![
            hostile_value(),
            Just(scalar("datetime.datetime", "datetime.datetime(2024, 2, 29, 12, 0)")),
            hostile().prop_map(|text| super::text(&text)),
        ]
    };
    let locals = [value(), value(), value()];
    (prop::collection::vec(hostile_read(), 1..6), locals, hostile(), any::<bool>()).prop_map(
        |(lines, locals, key, is_missing)| {
            let source =
                format!("def charge(value):\n{}\n    return os.environ[\"XTS\"]\n", lines.join("\n"));
            let last = u32::try_from(source.lines().count()).expect("a few lines");
            let snapshot = Snapshot {
                id: SnapshotId(1),
                arguments: variables(vec![("value", list(vec![]))]),
                locals: variables(READ.into_iter().zip(locals).collect()),
                ..Snapshot::default()
            };
            let mut event = event(vec![(frame("charge", "/srv/app/pay.py", last, 1), snapshot)]);
            event.0.exceptions[0].message = format!("'{}'", if is_missing { "XTS" } else { &key });
            (event, source)
        },
    )
}

fn of_reads((report, snapshots): &Event, source: &str, mode: Option<Mode>) -> Option<Reproduction> {
    let sources = [SourceFile { file: "/srv/app/pay.py", text: source }];
    reproduction(report, snapshots, Options { mode, sources: &sources, ..Options::default() }).ok()
}

#[test]
fn hostile_reads_reach_what_is_set() {
    let mut runner = TestRunner::deterministic();
    let mut texts = String::new();
    for _ in 0..300 {
        let (event, source) = hostile_reads().new_tree(&mut runner).unwrap().current();
        texts.extend(of_reads(&event, &source, Some(Mode::Call)).map(|made| made.text));
    }
    for set in [
        "(frozen_clock(\"pay\", \"datetime\", now))",
        "XTS=None",
        "environ_with(REGION=\"",
        "unittest.mock.patch(\"random.choice\", return_value=pick)",
        "unittest.mock.patch(\"time.time\", return_value=",
        "pick = StandIn(",
        "frozen_clock(\"pay\", \"__import__\"",
    ] {
        assert!(texts.contains(set), "{set}");
    }
}

proptest! {
    #[test]
    fn what_the_code_reads_never_becomes_code(
        (event, source) in hostile_reads(),
        mode in prop::sample::select(&[None, Some(Mode::Call), Some(Mode::Statement)][..]),
    ) {
        if let Some(made) = of_reads(&event, &source, mode) {
            has_no_code_of_the_capture(&made)?;
        }
    }
}
