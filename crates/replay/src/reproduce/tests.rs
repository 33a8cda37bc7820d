mod frames;
mod frozen;
mod hostile;
mod hostile_reads;
mod values;

use reenact_model::{
    CapturedValue, CodePosition, Content, Exception, Form, Frame, FrameDetails, NotCaptured, Parameter,
    ParameterKind, Report, Snapshot, SnapshotId, SourceLines, Variables,
};

use super::python::Name;
use super::*;

fn scalar(type_name: &str, text: &str) -> CapturedValue {
    CapturedValue::scalar(type_name, text)
}

fn text(text: &str) -> CapturedValue {
    scalar("str", &format!("'{text}'"))
}

fn list(items: Vec<CapturedValue>) -> CapturedValue {
    CapturedValue::new("list", Content::Elements(items))
}

fn dict(entries: Vec<(&str, CapturedValue)>) -> CapturedValue {
    CapturedValue::new(
        "dict",
        Content::Entries(entries.into_iter().map(|(key, value)| (text(key), value)).collect()),
    )
}

fn object(type_name: &str, fields: Vec<(&str, CapturedValue)>) -> CapturedValue {
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    CapturedValue::new(type_name, Content::Fields(fields))
}

fn shared(number: u32, value: CapturedValue) -> CapturedValue {
    CapturedValue { reference: Some(number), ..value }
}

fn again(number: u32) -> CapturedValue {
    shared(number, CapturedValue::new("", Content::Nothing))
}

fn variables(of: Vec<(&str, CapturedValue)>) -> Variables {
    Variables(of.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn frame(function: &str, file: &str, line: u32, id: u128) -> Frame {
    Frame {
        function: function.to_owned(),
        file: file.to_owned(),
        line_number: Some(line),
        in_app: true,
        snapshot_id: Some(SnapshotId(id)),
        ..Frame::default()
    }
}

type Event = (Report, Vec<Snapshot>);

/// A `KeyError` that goes through these frames, outermost first.
fn event(frames: Vec<(Frame, Snapshot)>) -> Event {
    let (frames, snapshots): (Vec<Frame>, Vec<Snapshot>) = frames.into_iter().unzip();
    let exception = Exception {
        type_name: "builtins.KeyError".to_owned(),
        message: "'XTS' of <Rates at 0x7f12ab>".to_owned(),
        frames,
        ..Exception::default()
    };
    let report = Report { service: "shop".to_owned(), exceptions: vec![exception], ..Report::default() };
    (report, snapshots)
}

/// As Datadog's client sends it: one frame of `charge` with these arguments.
fn charge(arguments: Vec<(&str, CapturedValue)>) -> Event {
    let snapshot = Snapshot { id: SnapshotId(1), arguments: variables(arguments), ..Snapshot::default() };
    event(vec![(frame("charge", "/srv/app/shop/pay.py", 12, 1), snapshot)])
}

fn made(event: &Event) -> Reproduction {
    reproduction(&event.0, &event.1, Options::default()).unwrap()
}

fn as_mode(event: &Event, mode: Mode) -> Reproduction {
    reproduction(&event.0, &event.1, Options { mode: Some(mode), ..Options::default() }).unwrap()
}

/// The body of `reproduce()` behind its docstring.
fn body(event: &Event) -> String {
    body_of(&made(event))
}

fn body_of(made: &Reproduction) -> String {
    let (_, rest) = made.text.split_once("raises.\"\"\"\n").unwrap();
    rest.split_once("\n\n\ndef test_").unwrap().0.to_owned()
}

fn state(event: &Event, name: &str) -> (State, String) {
    state_in(&made(event), name)
}

fn state_in(made: &Reproduction, name: &str) -> (State, String) {
    let fidelity = made.fidelity.clone();
    let input = fidelity.into_iter().find(|input| input.name == name).unwrap();
    (input.state, input.why)
}

#[test]
fn a_function_is_called_with_its_arguments() {
    let order = dict(vec![("currency", text("XTS")), ("total", scalar("int", "10"))]);
    let event = charge(vec![("order", order), ("rate", scalar("Decimal", "Decimal('1.10')"))]);
    assert_eq!(
        body(&event),
        "    order = {\"currency\": \"XTS\", \"total\": 10}\n    rate = decimal.Decimal(\"1.10\")\n    \
         return raised(charge, order=order, rate=rate)"
    );
    let made = made(&event);
    assert!(made.text.contains("\nfrom shop.pay import charge\n"), "{}", made.text);
    assert!(
        made.text.contains("expected = (\"KeyError\", \"'XTS' of <Rates at 0x...>\", \"shop/pay.py:12\")")
    );
    assert_eq!(
        (made.file_name.as_str(), made.frame.module.as_str()),
        ("test_charge_key_error.py", "shop.pay")
    );
    assert!(made.fidelity.iter().all(|input| input.state == State::Exact));
}

fn outer_and(inner: (Frame, Snapshot)) -> Event {
    let outer = Snapshot {
        id: SnapshotId(9),
        arguments: variables(vec![("n", scalar("int", "1"))]),
        ..Snapshot::default()
    };
    event(vec![(frame("outer", "/srv/app/shop/pay.py", 3, 9), outer), inner])
}

/// As our own client sends it.
fn native() -> Event {
    let parameter = |name: &str, kind| Parameter { name: name.to_owned(), kind };
    let details = FrameDetails {
        module: Some("shop.cart".to_owned()),
        qualified_name: Some("Cart.total".to_owned()),
        parameters: vec![
            parameter("self", ParameterKind::Positional),
            parameter("rows", ParameterKind::Positional),
            parameter("more", ParameterKind::VarPositional),
            parameter("tax", ParameterKind::KeywordOnly),
            parameter("named", ParameterKind::VarKeyword),
        ],
        code: Some(CodePosition { first_line: 10, ..CodePosition::default() }),
        source: Some(SourceLines {
            first_line: 10,
            lines: ["def total(self, rows, *more, tax, **named):", "    rows.pop()", "    return rows[0]"]
                .map(str::to_owned)
                .to_vec(),
            file_hash: "0123".to_owned(),
        }),
        ..FrameDetails::default()
    };
    let arguments = variables(vec![
        ("self", object("shop.cart.Cart", vec![("owner", text("Ada"))])),
        ("rows", list(vec![])),
        ("more", CapturedValue::new("tuple", Content::Elements(vec![scalar("int", "1")]))),
        ("tax", scalar("decimal.Decimal", "decimal.Decimal('0.2')")),
        ("named", dict(vec![("key", scalar("datetime.date", "datetime.date(2024, 1, 2)"))])),
    ]);
    let snapshot =
        Snapshot { id: SnapshotId(1), arguments, details: Some(Box::new(details)), ..Snapshot::default() };
    event(vec![(frame("total", "/srv/app/shop/cart.py", 12, 1), snapshot)])
}

#[test]
fn what_the_code_reads_beside_its_arguments_is_set_where_it_is_known() {
    let source = "def charge(order):\n    now = datetime.now()\n    day = dt.date.today()\n    later = timezone.now()\n    \
                  region = os.environ[\"REGION\"]\n    zone = os.getenv('ZONE')\n    key = os.environ[\"KEY\"]\n    \
                  pick = random.choice(order)\n    other = random.random() + 1\n    return os.environ[\"XTS\"]\n";
    let locals = variables(vec![
        ("now", scalar("datetime.datetime", "datetime.datetime(2024, 2, 29, 12, 0)")),
        ("region", text("eu")),
        ("zone", CapturedValue::new("NoneType", Content::Null)),
        ("pick", scalar("int", "3")),
        ("other", scalar("float", "1.5")),
    ]);
    let arguments = variables(vec![("order", list(vec![]))]);
    let snapshot = Snapshot { id: SnapshotId(1), arguments, locals, ..Snapshot::default() };
    let mut event = event(vec![(frame("charge", "/srv/app/shop/pay.py", 10, 1), snapshot)]);
    event.0.exceptions[0].message = "'XTS'".to_owned();
    let sources = [SourceFile { file: "/srv/app/shop/pay.py", text: source }];
    let options = Options { sources: &sources, ..Options::default() };
    let made = reproduction(&event.0, &event.1, options).unwrap();
    let want = "    order = []\n    now = datetime.datetime(2024, 2, 29, 12, 0)\n    pick = 3\n    \
                with contextlib.ExitStack() as stack:\n        stack.enter_context(frozen_clock(\"shop.pay\", \"datetime\", now))\n        \
                stack.enter_context(frozen_clock(\"shop.pay\", \"dt\", now))\n        \
                stack.enter_context(environ_with(REGION=\"eu\", ZONE=None, XTS=None))\n        \
                stack.enter_context(unittest.mock.patch(\"random.choice\", return_value=pick))\n        return raised(charge, order=order)";
    assert!(body_of(&made).ends_with(want), "{}", made.text);
    let said = |name: &str| state_in(&made, name);
    assert_eq!(made.fidelity.iter().filter(|input| input.name == "the time").count(), 2);
    assert_eq!(said("the environment's KEY").0, State::Partial);
    assert_eq!(said("the environment's XTS").0, State::Exact);
    assert_eq!(said("`random.random`").1, "is drawn anew: what it gave was not captured");
    insta::assert_snapshot!("frozen", made.text);
    let without = charge(vec![("order", list(vec![]))]);
    let day = [SourceFile {
        file: "/srv/app/shop/pay.py",
        text: "def charge(order):\n\n\n\n\n\n\n\n\n\n\n    return order[date.today()], time.time()\n",
    }];
    let made = reproduction(&without.0, &without.1, Options { sources: &day, ..Options::default() }).unwrap();
    assert!(made.text.contains("    now = datetime.datetime(1970, 1, 1, 0, 0, 0, 0, tzinfo=datetime.timezone(datetime.timedelta()))\n"), "{}", made.text);
    assert!(
        made.text.contains("stack.enter_context(frozen_clock(\"shop.pay\", \"date\", now))"),
        "{}",
        made.text
    );
}

#[test]
fn whole_files_are_as_they_were_reviewed() {
    insta::assert_snapshot!("method", as_mode(&native(), Mode::Call).text);
    insta::assert_snapshot!("statement", made(&native()).text);
    let socket = object("socket", vec![("timeout", scalar("float", "1.5"))]);
    let event = charge(vec![
        ("sock", socket),
        ("cart", object("Cart", vec![])),
        ("rest", CapturedValue::new("tuple", Content::Elements(vec![]))),
    ]);
    insta::assert_snapshot!("stand_in", made(&event).text);
}
