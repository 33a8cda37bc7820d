//! What a function reads beside its arguments: how near it comes.

use super::*;

const FILE: &str = "/srv/app/shop/pay.py";

/// `charge(order)` with these lines as its body, which raised on the last of them.
fn event_of(body: &str, locals: Vec<(&str, CapturedValue)>) -> Event {
    let line = u32::try_from(body.lines().count() + 1).unwrap();
    let arguments = variables(vec![("order", list(vec![]))]);
    let snapshot =
        Snapshot { id: SnapshotId(1), arguments, locals: variables(locals), ..Snapshot::default() };
    let mut event = event(vec![(frame("charge", FILE, line, 1), snapshot)]);
    event.0.exceptions[0].message = "'REGION'".to_owned();
    event
}

fn reproduction_of(event: &Event, body: &str, mode: Mode) -> Reproduction {
    let source = format!("def charge(order):\n{body}\n");
    let sources = [SourceFile { file: FILE, text: &source }];
    let options = Options { mode: Some(mode), sources: &sources, ..Options::default() };
    reproduction(&event.0, &event.1, options).unwrap()
}

fn of(mode: Mode, body: &str, locals: Vec<(&str, CapturedValue)>) -> Reproduction {
    reproduction_of(&event_of(body, locals), body, mode)
}

fn called(body: &str, locals: Vec<(&str, CapturedValue)>) -> Reproduction {
    of(Mode::Call, body, locals)
}

fn moment() -> CapturedValue {
    scalar("datetime.datetime", "datetime.datetime(2024, 2, 29, 12, 0)")
}

#[test]
fn one_value_of_several_reads_is_not_exact() {
    let three = || vec![("pick", scalar("int", "3")), ("other", scalar("int", "4"))];
    let once = called("    pick = random.choice(order)\n    return order[pick]", three());
    assert_eq!(state_in(&once, "`random.choice`"), (State::Exact, String::new()));
    for again in [
        "    pick = random.choice(order)\n    other = random.choice(order)\n    return order[pick]",
        "    first = [random.choice(order) for _ in order]\n    pick = random.choice(order)\n    return order[pick]",
        "    for _ in order:\n        if _:\n            pick = random.choice(order)\n    return order[pick]",
        "    while order:\n        text = (\n'''''')\n        pick = random.choice(order)\n    return order[pick]",
    ] {
        let made = called(again, three());
        let want = (State::Partial, "gives one value each time, and may have given others".to_owned());
        assert_eq!(state_in(&made, "`random.choice`"), want, "{again}");
        assert!(made.text.contains("patch(\"random.choice\", return_value=pick)"), "{}", made.text);
    }
    let after = "    for _ in order:\n        pass\n    pick = random.choice(order)\n    return order[pick]";
    assert_eq!(state_in(&called(after, three()), "`random.choice`").0, State::Exact);
    let now = || vec![("now", moment())];
    let time = |body: &str| state_in(&called(body, now()), "the time").0;
    assert_eq!(time("    now = datetime.now()\n    return order[now]"), State::Exact);
    assert_eq!(time("    now = datetime.now()\n    return order[datetime.now() - now]"), State::Partial);
}

#[test]
fn a_value_that_is_known_is_taken_from_whichever_read_has_it() {
    let body = "    order.append(random.random())\n    pick = random.random()\n    return order[pick]";
    let made = called(body, vec![("pick", scalar("float", "0.5"))]);
    assert!(made.text.contains("patch(\"random.random\", return_value=pick)"), "{}", made.text);
    assert_eq!(state_in(&made, "`random.random`").0, State::Partial);
}

#[test]
fn clocks_that_count_from_an_unknown_moment_are_not_set() {
    for clock in ["time.monotonic", "time.perf_counter_ns"] {
        let body = format!("    at = {clock}()\n    return order[at]");
        let made = called(&body, vec![("at", scalar("float", "12.5"))]);
        let why = "goes on from where it is here: what it gave is not set".to_owned();
        assert_eq!(state_in(&made, &format!("`{clock}`")), (State::Partial, why));
        assert!(!made.text.contains("mock"), "{}", made.text);
    }
}

#[test]
fn a_moment_that_cannot_be_written_is_that_of_the_event() {
    let body = "    now = datetime.now()\n    return order[now]";
    let cut = CapturedValue { truncated: true, ..moment() };
    let odd = scalar("datetime.datetime", "datetime.datetime(2024, 2, 29, tzinfo=<UTC>)");
    let redacted = CapturedValue::absent("datetime.datetime", NotCaptured::RedactedIdentifier);
    for value in [cut, odd, redacted] {
        let made = called(body, vec![("now", value)]);
        let (state, why) = state_in(&made, "the time");
        assert_eq!(state, State::Partial, "{}", made.text);
        assert!(why.starts_with("stands still at the time of the event"), "{why}");
        assert!(made.text.contains("    now = datetime.datetime(1970, 1, 1,"), "{}", made.text);
    }
}

#[test]
fn a_variable_of_the_environment_that_was_not_there_is_not_set() {
    let region = || vec![("region", text("eu"))];
    let line = "    region = os.environ[\"REGION\"]";
    let earlier = "    region = \"eu\"\n    region = os.environ[\"REGION\"]";
    let asked =
        "    if os.environ.get(\"REGION\"):\n        return\n    return order, os.environ[\"REGION\"]";
    let parts = "    region = (\n        os.environ[\n            \"A\"], os.environ[\"REGION\"])";
    for (mode, body) in [Mode::Call, Mode::Statement]
        .into_iter()
        .flat_map(|mode| [line, earlier, asked, parts].map(|body| (mode, body)))
    {
        let made = of(mode, body, region());
        assert!(made.text.contains("environ_with(REGION=None)"), "{mode:?}\n{}", made.text);
        assert_eq!(state_in(&made, "the environment's REGION"), (State::Exact, String::new()));
    }
    // The same key may have been missing in something else.
    for body in [
        "    region = os.environ.get(\"REGION\")",
        "    os.environ[\"REGION\"]\n    return order[\"REGION\"]",
    ] {
        let made = called(body, Vec::new());
        assert_eq!(state_in(&made, "the environment's REGION").0, State::Partial, "{}", made.text);
    }
}

#[test]
fn a_key_that_another_function_missed_says_nothing_of_the_environment() {
    let source = "def charge(order):\n    return rate(order, os.environ[\"REGION\"])\n";
    let sources = [SourceFile { file: FILE, text: source }];
    let options = Options { frame: Some(0), sources: &sources, ..Options::default() };
    let made = |function: &str, file: &str| {
        let arguments = variables(vec![("order", list(vec![]))]);
        let outer = Snapshot { id: SnapshotId(1), arguments, ..Snapshot::default() };
        let inner = Snapshot { id: SnapshotId(2), ..Snapshot::default() };
        let frames = vec![(frame("charge", FILE, 2, 1), outer), (frame(function, file, 7, 2), inner)];
        let mut event = event(frames);
        event.0.exceptions[0].message = "'REGION'".to_owned();
        let made = reproduction(&event.0, &event.1, options).unwrap();
        state_in(&made, "the environment's REGION").0
    };
    assert_eq!(made("rate", "/srv/app/shop/rates.py"), State::Partial);
    assert_eq!(made("__getitem__", "/usr/lib/python3.11/os.py"), State::Exact);
    assert_eq!(made("_Environ.__getitem__", "<frozen os>"), State::Exact);
}

#[test]
fn what_a_statement_that_raised_was_to_assign_is_from_before() {
    let body = "    pick = random.choice(order)";
    let pick = || vec![("pick", scalar("int", "3"))];
    for mode in [Mode::Call, Mode::Statement] {
        let made = of(mode, body, pick());
        assert_eq!(
            state_in(&made, "`random.choice`"),
            (State::Partial, "is drawn anew: what it gave was not captured".to_owned())
        );
    }
}

#[test]
fn a_name_that_cannot_be_written_is_said() {
    let made = called("    return os.environ[\"A B\"]", Vec::new());
    let why = "is as it is here: its name cannot be written".to_owned();
    assert_eq!(state_in(&made, "the environment's A B"), (State::Partial, why));
}

#[test]
fn every_input_says_what_it_is() {
    let made = |mode: Mode| {
        let body = "    region = os.environ[\"ZONE\"]\n    return order[region], RATES[region]";
        let mut event = event_of(body, vec![("region", text("eu"))]);
        event.1[0].globals = variables(vec![("RATES", dict(vec![]))]);
        let made = reproduction_of(&event, body, mode);
        made.fidelity.into_iter().map(|input| (input.kind, input.name)).collect::<Vec<_>>()
    };
    let named = |kind: InputKind, name: &str| (kind, name.to_owned());
    let called = [
        named(InputKind::Argument, "order"),
        named(InputKind::Global, "RATES"),
        named(InputKind::Surroundings, "the environment's ZONE"),
    ];
    assert_eq!(made(Mode::Call), called);
    let stated = [
        named(InputKind::Statement, "charge"),
        named(InputKind::Variable, "order"),
        named(InputKind::Variable, "region"),
        named(InputKind::Global, "RATES"),
    ];
    assert_eq!(made(Mode::Statement), stated);
}
