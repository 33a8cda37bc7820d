use proptest::prelude::*;
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

#[test]
fn what_is_shared_is_one_variable_and_cycles_are_closed() {
    let customer = shared(1, object("shop.models.Customer", vec![("name", text("Ada"))]));
    let event = charge(vec![("orders", list(vec![customer, again(1)])), ("customer", again(1))]);
    assert_eq!(
        body(&event),
        "    customer = obj(Customer, name=\"Ada\")\n    orders = [customer, customer]\n    \
         return raised(charge, orders=orders, customer=customer)"
    );
    let node =
        shared(2, object("shop.models.Node", vec![("parent", again(2)), ("children", list(vec![again(2)]))]));
    assert_eq!(
        body(&charge(vec![("node", node)])),
        "    node = obj(Node)\n    fill(node, parent=node, children=[node])\n    return raised(charge, node=node)"
    );
    let rows = shared(3, list(vec![scalar("int", "1"), again(3)]));
    assert!(body(&charge(vec![("rows", rows)])).starts_with("    rows = []\n    rows.extend([1, rows])\n"));
}

#[test]
fn iterators_are_made_anew_with_what_remains() {
    let iterator = |type_name: &str, fields: Vec<(&str, CapturedValue)>| CapturedValue {
        form: Some(Form::Iterator),
        ..object(type_name, fields)
    };
    let over = |type_name: &str, position: &str, sequence: CapturedValue| {
        iterator(type_name, vec![("(position)", scalar("int", position)), ("(sequence)", sequence)])
    };
    let letters = || list(vec![text("a"), text("b"), text("c")]);
    let pair = || dict(vec![("a", scalar("int", "1")), ("b", scalar("int", "2"))]);
    let tuple = |items| CapturedValue::new("tuple", Content::Elements(items));
    let range = || iterator("range_iterator", vec![("(rest)", scalar("range", "range(2, 5)"))]);
    let set = CapturedValue::new("set", Content::Elements(vec![text("a"), text("b")]));
    let cases = [
        (over("list_iterator", "1", letters()), "iter([\"b\", \"c\"])"),
        (over("list_reverseiterator", "1", letters()), "iter([\"b\", \"a\"])"),
        (over("str_ascii_iterator", "1", text("abc")), "itertools.islice(\"abc\", 1, None)"),
        (over("dict_keyiterator", "0", pair()), "iter({\"a\": 1, \"b\": 2})"),
        (over("dict_itemiterator", "1", pair()), "itertools.islice({\"a\": 1, \"b\": 2}.items(), 1, None)"),
        (
            over("dict_reversevalueiterator", "1", pair()),
            "itertools.islice(reversed({\"a\": 1, \"b\": 2}.values()), 1, None)",
        ),
        (over("set_iterator", "1", set), "iter([\"b\"])"),
        (iterator("list_iterator", vec![]), "iter(())"),
        (range(), "iter(range(2, 5))"),
        (
            iterator(
                "enumerate",
                vec![("(index)", scalar("int", "1")), ("(iterator)", over("list_iterator", "1", letters()))],
            ),
            "enumerate(iter([\"b\", \"c\"]), 1)",
        ),
        (
            iterator(
                "zip",
                vec![(
                    "(iterators)",
                    tuple(vec![range(), over("tuple_iterator", "0", tuple(vec![text("x")]))]),
                )],
            ),
            "zip(iter(range(2, 5)), iter((\"x\",)))",
        ),
    ];
    for (value, want) in cases {
        let event = charge(vec![("rows", value)]);
        assert!(body(&event).contains(&format!("rows = {want}\n")), "{want}: {}", body(&event));
        let is_at_start = want == "iter({\"a\": 1, \"b\": 2})";
        let kept = if is_at_start { State::Exact } else { State::Partial };
        assert_eq!(state(&event, "rows").0, kept, "{want}");
    }
    let whole = CapturedValue { size: Some(9), ..letters() };
    assert_eq!(state(&charge(vec![("rows", over("list_iterator", "1", whole))]), "rows").0, State::Partial);
    let shared_list = shared(1, letters());
    let event = charge(vec![("found", shared_list), ("rows", over("list_iterator", "1", again(1)))]);
    assert!(body(&event).contains("    rows = itertools.islice(found, 1, None)\n"), "{}", body(&event));
    assert_eq!(state(&charge(vec![("rows", iterator("chain", vec![]))]), "rows").0, State::StandIn);
}

#[test]
fn tables_are_made_of_their_columns() {
    let int = |number: &str| scalar("int", number);
    let array = |dtype: &str, items: Vec<CapturedValue>, size: Option<u64>| {
        let shape = CapturedValue::new("tuple", Content::Elements(vec![int("2")]));
        let data = CapturedValue { size, ..list(items) };
        let fields = vec![("(dtype)", scalar("numpy.dtype", dtype)), ("(shape)", shape), ("(data)", data)];
        CapturedValue { form: Some(Form::Array), ..object("numpy.ndarray", fields) }
    };
    let numbers = || array("int64", vec![int("1"), int("2")], Some(2));
    let table =
        |type_name: &str, fields| CapturedValue { form: Some(Form::Table), ..object(type_name, fields) };
    let columns =
        |number| dict(vec![("a", number), ("b", array("object", vec![text("x"), list(vec![])], Some(2)))]);
    let rows = |text: &str| ("(index)", scalar("range", text));
    let whole = charge(vec![(
        "table",
        table("pandas.DataFrame", vec![rows("range(0, 2)"), ("(columns)", columns(numbers()))]),
    )]);
    let text_of = made(&whole).text;
    let want = "    table = DataFrame({\"a\": array([1, 2], dtype=\"int64\"), \"b\": fromiter([\"x\", []], dtype=\"object\")})\n";
    assert!(text_of.contains(want), "{text_of}");
    assert!(text_of.contains("from pandas import DataFrame\n"), "{text_of}");
    assert_eq!(state(&whole, "table").0, State::Exact);
    let series =
        table("pandas.Series", vec![("(name)", text("a")), rows("range(4, 6)"), ("(data)", numbers())]);
    let event = charge(vec![("column", series)]);
    let want = "    column = Series(array([1, 2], dtype=\"int64\"), index=range(4, 6), name=\"a\")\n";
    assert!(body(&event).contains(want), "{}", body(&event));
    let cut = array("int64", vec![int("1")], Some(2));
    let event = charge(vec![(
        "table",
        table("pandas.DataFrame", vec![rows("range(4, 6)"), ("(columns)", columns(cut))]),
    )]);
    assert!(!body(&event).contains("index="), "{}", body(&event));
    assert_eq!(state(&event, "table").0, State::Partial);
    let event = charge(vec![("table", table("pandas.DataFrame", vec![("_attrs", dict(vec![]))]))]);
    assert_eq!(state(&event, "table").0, State::StandIn);
}

#[test]
fn objects_of_every_form_are_made_without_calling_their_classes() {
    let with = |form: Form, value: CapturedValue| CapturedValue { form: Some(form), ..value };
    let base =
        object("shop.Odd", vec![("(dict)", dict(vec![("a", scalar("int", "1"))])), ("extra", text("x"))]);
    let error = object(
        "shop.NoPrice",
        vec![("(args)", CapturedValue::new("tuple", Content::Elements(vec![text("x")])))],
    );
    let cases = [
        (
            with(
                Form::Enum,
                object("shop.Color", vec![("_name_", text("RED")), ("_value_", scalar("int", "1"))]),
            ),
            "Color.RED",
        ),
        (with(Form::NamedTuple, object("shop.Point", vec![("x", scalar("int", "1"))])), "obj(Point, [1])"),
        (with(Form::Class, scalar("type", "shop.models.Cart.Line")), "Cart.Line"),
        (with(Form::Class, scalar("type", "int")), "int"),
        (with(Form::Function, scalar("function", "shop.tools.slug")), "slug"),
        (base, "obj(Odd, {\"a\": 1}, extra=\"x\")"),
        (with(Form::Exception, error), "obj(NoPrice, \"x\")"),
        (
            object("shop.Odd", vec![("a b", scalar("int", "1")), ("class", text("x"))]),
            "obj(Odd, **{\"a b\": 1, \"class\": \"x\"})",
        ),
        (object("SimpleNamespace", vec![("a", scalar("int", "1"))]), "obj(SimpleNamespace, a=1)"),
        (CapturedValue::new("deque", Content::Elements(vec![text("a")])), "collections.deque([\"a\"])"),
        (CapturedValue::new("set", Content::Elements(vec![])), "set()"),
        (CapturedValue { size: Some(0), ..CapturedValue::absent("dict", NotCaptured::Depth) }, "{}"),
    ];
    for (value, want) in cases {
        let body = body(&charge(vec![("value", value)]));
        assert!(body.contains(&format!("value = {want}\n")), "{want}: {body}");
    }
}

#[test]
fn functions_of_python_are_not_given_to_the_code() {
    let with = |form: Form, name: &str| CapturedValue { form: Some(form), ..scalar("function", name) };
    for value in [
        with(Form::Function, "os.system"),
        with(Form::Class, "subprocess.Popen"),
        with(Form::Function, "builtins.exec"),
        object("os.system", vec![("a", scalar("int", "1"))]),
    ] {
        let body = body(&charge(vec![("value", value)]));
        assert!(body.contains("value = StandIn("), "{body}");
    }
}

#[test]
fn a_class_without_a_module_is_looked_for() {
    let event = charge(vec![("cart", object("Cart", vec![("lines", list(vec![]))]))]);
    assert_eq!(
        body(&event),
        "    Cart = class_named(\"Cart\", \"shop.pay\")\n    cart = obj(Cart, lines=[])\n    \
         return raised(charge, cart=cart)"
    );
}

#[test]
fn what_is_not_exact_is_said() {
    let mut cut = scalar("str", "'abc");
    (cut.truncated, cut.size) = (true, Some(900));
    let mut long = list(vec![scalar("int", "1")]);
    long.size = Some(250);
    let secret = CapturedValue {
        rule: Some("name \"pw\"".to_owned()),
        ..CapturedValue::absent("str", NotCaptured::RedactedIdentifier)
    };
    let deep = dict(vec![("inner", CapturedValue::absent("Rates", NotCaptured::Depth))]);
    let event = charge(vec![
        ("cut", cut),
        ("long", long),
        ("deep", deep),
        ("pw", secret),
        ("socket", object("socket", vec![])),
    ]);
    for (name, want, why) in [
        ("cut", State::Partial, "`cut` was cut at 3 of 900 characters"),
        ("long", State::Partial, "`long` has 1 of 250 elements"),
        ("deep", State::Partial, "`deep['inner']` was not captured: nested too deep"),
        ("pw", State::Redacted, "`pw` was redacted by name \"pw\": fill it in"),
        ("socket", State::StandIn, "`socket` keeps its state where it cannot be read"),
    ] {
        assert_eq!(state(&event, name), (want, why.to_owned()));
    }
    assert!(
        body(&event).contains("    socket_ = StandIn(\"socket\")\n")
            || body(&event).contains("    socket = StandIn(\"socket\")\n")
    );
}

fn outer_and(inner: (Frame, Snapshot)) -> Event {
    let outer = Snapshot {
        id: SnapshotId(9),
        arguments: variables(vec![("n", scalar("int", "1"))]),
        ..Snapshot::default()
    };
    event(vec![(frame("outer", "/srv/app/shop/pay.py", 3, 9), outer), inner])
}

#[test]
fn frames_that_cannot_be_called_are_passed_over_and_it_is_said_why() {
    let empty = || Snapshot { id: SnapshotId(1), ..Snapshot::default() };
    let of = |function: &str, file: &str| (frame(function, file, 12, 1), empty());
    let nested = Snapshot { closure: variables(vec![("x", text("a"))]), ..empty() };
    let function = Snapshot { arguments: variables(vec![("case", object("function", vec![]))]), ..empty() };
    let method = Snapshot {
        arguments: variables(vec![("self", CapturedValue::new("NoneType", Content::Null))]),
        ..empty()
    };
    for (inner, reason) in [
        (of("<lambda>", "/srv/app/shop/pay.py"), "no name"),
        (of("<listcomp>", "/srv/app/shop/pay.py"), "no function"),
        (of("<module>", "/srv/app/shop/pay.py"), "body of a module"),
        (of("total", "/srv/app/shop/my-pay.py"), "no name to import"),
        (of("system", "/srv/app/os.py"), "module of Python itself"),
        ((frame("is_free", "/srv/app/shop/pay.py", 12, 1), nested), "inside another function"),
        ((frame("run", "/srv/app/shop/pay.py", 12, 1), function), "`case`"),
        ((frame("make", "/srv/app/shop/pay.py", 12, 1), method), "class that the method belongs to"),
        ((frame("total", "/srv/app/shop/pay.py", 12, 77), empty()), "not captured"),
    ] {
        let made = made(&outer_and(inner));
        assert_eq!(made.frame.function, "outer", "{reason}");
        assert!(made.passed_over[0].reason.contains(reason), "{:?}", made.passed_over);
    }
}

#[test]
fn a_frame_can_be_asked_for() {
    let inner = Snapshot { id: SnapshotId(1), ..Snapshot::default() };
    let event = outer_and((frame("inner", "/srv/app/shop/pay.py", 12, 1), inner));
    let of = |frame: usize| {
        reproduction(
            &event.0,
            &event.1,
            Options { frame: Some(frame), root: Some("/srv"), ..Options::default() },
        )
    };
    assert_eq!(of(0).unwrap().frame.function, "outer");
    assert_eq!(of(1).unwrap().frame.module, "app.shop.pay");
    assert_eq!(of(2), Err(Unreproducible::NoSuchFrame(2)));
    assert_eq!(reproduction(&event.0, &[], Options::default()), Err(Unreproducible::NoValues));
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
fn a_method_is_called_as_its_signature_says_and_changes_are_said() {
    let event = native();
    let called = as_mode(&event, Mode::Call);
    assert!(
        body_of(&called).ends_with("    return raised(Cart.total, cart, rows, *more, tax=tax, **named)"),
        "{}",
        called.text
    );
    assert_eq!(
        state_in(&called, "rows"),
        (State::Changed, "`rows` is changed on line 11, before the raise".to_owned())
    );
    assert_eq!(called.frame.file_hash.as_deref(), Some("0123"));
    let mut entered = event;
    let details = entered.1[0].details.as_mut().unwrap();
    details.at_entry = variables(vec![("rows", list(vec![scalar("int", "7")]))]);
    assert_eq!(state(&entered, "rows").0, State::Exact);
    assert!(body(&entered).contains("    rows = [7]\n"));
}

#[test]
fn where_an_argument_was_changed_the_statement_runs_alone() {
    let made = made(&native());
    assert_eq!((made.mode, made.frame.function.as_str()), (Mode::Statement, "Cart.total"));
    assert!(
        body_of(&made).ends_with(
            "    module = importlib.import_module(\"shop.cart\")\n    rows = []\n    \
             return raised(statement(module, 12, \"total\"), rows=rows)"
        ),
        "{}",
        made.text
    );
    assert!(made.passed_over[0].reason.contains("`rows` is changed on line 11"), "{:?}", made.passed_over);
    assert_eq!(state_in(&made, "Cart.total").0, State::Partial);
    assert_eq!(state_in(&made, "rows").0, State::Exact);
}

#[test]
fn what_cannot_be_called_is_run_as_a_statement() {
    let inner = |closure| Snapshot {
        id: SnapshotId(1),
        arguments: variables(vec![("_Cart__rate", scalar("int", "0")), ("a b", text("x"))]),
        locals: variables(vec![("count", scalar("int", "1")), ("(exception)", text("x"))]),
        closure,
        ..Snapshot::default()
    };
    let closure = || variables(vec![("total", list(vec![])), ("__class__", text("x"))]);
    for (function, line) in
        [("<lambda>", "\"<lambda>\""), ("Cart.inner", "\"inner\""), ("<genexpr>", "\"<genexpr>\"")]
    {
        let event = event(vec![(frame(function, "/srv/app/shop/pay.py", 12, 1), inner(closure()))]);
        let want = format!(
            "return raised(statement(module, 12, {line}), _Cart__rate=_Cart__rate, count=count, total=total)"
        );
        assert!(body(&event).ends_with(&want), "{}", body(&event));
    }
    let class = shared(4, object("shop.pay.Rate", vec![("a", scalar("int", "1"))]));
    let body_of_module =
        Snapshot { id: SnapshotId(1), globals: variables(vec![("RATE", class)]), ..Snapshot::default() };
    let event = event(vec![(frame("<module>", "/srv/app/shop/pay.py", 12, 1), body_of_module)]);
    assert_eq!(
        body(&event).rsplit_once("does\n").unwrap().1,
        "    module = loaded(\"shop.pay\")\n    RATE = obj(module.Rate, a=1)\n    \
         return raised(statement(module, 12, \"<module>\"), RATE=RATE)"
    );
    assert!(!made(&event).text.contains("from shop"));
}

#[test]
fn the_printed_line_tells_which_variables_the_statement_needs() {
    let names = |line: &str| {
        let mut made = charge(vec![("a", scalar("int", "1")), ("b", scalar("int", "0")), ("c", text("x"))]);
        made.0.exceptions[0].frames[0].source_line = Some(line.to_owned());
        as_mode(&made, Mode::Statement)
            .fidelity
            .into_iter()
            .skip(1)
            .map(|input| input.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names("return a / b"), ["a", "b"]);
    assert_eq!(names("a / b,"), ["a", "b", "c"]);
}

#[test]
fn the_outermost_function_and_the_statement_are_offered() {
    let inner = Snapshot { id: SnapshotId(1), ..Snapshot::default() };
    let made = made(&outer_and((frame("inner", "/srv/app/shop/pay.py", 12, 1), inner)));
    let offers: Vec<_> =
        made.offers.iter().map(|offer| (offer.mode, offer.frame, offer.function.as_str())).collect();
    assert_eq!(offers, [(Mode::Call, 0, "outer"), (Mode::Statement, 1, "inner")]);
}

#[test]
fn the_source_of_the_caller_tells_classes_and_changes() {
    let source = "class Cart:\n    class Line:\n        @classmethod\n        def parse(cls, text, rows=None):\n            \
                  rows.pop()\n            return text[9]\n\n    @staticmethod\n    def rate(a):\n        return a[9]\n\n    \
                  def add(self, a):\n        def inner():\n            return a[9]\n        return inner()\n";
    let sources = [SourceFile { file: "/srv/app/shop/pay.py", text: source }];
    let options = Options { sources: &sources, mode: Some(Mode::Call), ..Options::default() };
    let of = |function: &str, line: u32, arguments: Vec<(&str, CapturedValue)>| {
        let snapshot = Snapshot { id: SnapshotId(1), arguments: variables(arguments), ..Snapshot::default() };
        let event = event(vec![(frame(function, "/srv/app/shop/pay.py", line, 1), snapshot)]);
        reproduction(&event.0, &event.1, options)
    };
    let class = || object("type", vec![]);
    let parse = of("parse", 6, vec![("cls", class()), ("text", text("a")), ("rows", list(vec![]))]).unwrap();
    assert!(
        body_of(&parse).ends_with("return raised(Cart.Line.parse, text=text, rows=rows)"),
        "{}",
        parse.text
    );
    assert_eq!(state_in(&parse, "rows").1, "`rows` is changed on line 5, before the raise");
    assert_eq!(state_in(&parse, "text").0, State::Exact);
    let rate = of("rate", 10, vec![("a", text("a"))]).unwrap();
    assert!(body_of(&rate).ends_with("return raised(Cart.rate, a=a)"), "{}", rate.text);
    assert!(of("inner", 14, vec![]).is_err());
    // Without the source the class is looked for by the file that is made.
    let without = charge(vec![("cls", class()), ("text", text("a"))]);
    assert!(
        body(&without).ends_with("return raised(method_at(\"shop.pay\", \"charge\", 12), text=text)"),
        "{}",
        body(&without)
    );
    let private = Snapshot {
        id: SnapshotId(1),
        arguments: variables(vec![("self", object("shop.pay.Cart", vec![]))]),
        ..Snapshot::default()
    };
    let hidden = Frame {
        qualified_name: Some("_Cart.__rate".to_owned()),
        ..frame("__rate", "/srv/app/shop/pay.py", 3, 1)
    };
    assert!(body(&event(vec![(hidden, private)])).ends_with("raised(_Cart._Cart__rate, cart)"));
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

/// The program without what stands between quotes and without comments.
fn skeleton(program: &str) -> String {
    let mut skeleton = String::new();
    let mut rest = program;
    while let Some(c) = rest.chars().next() {
        if let Some(inner) = rest.strip_prefix("\"\"\"") {
            rest = inner.split_once("\"\"\"").expect("the docstring ends").1;
        } else if c == '#' {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if matches!(c, '"' | '\'') {
            let mut escaped = false;
            let end = rest[1..].char_indices().find(|(_, inner)| {
                assert_ne!(*inner, '\n', "a string ends in its line: {program}");
                let is_end = *inner == c && !escaped;
                escaped = *inner == '\\' && !escaped;
                is_end
            });
            rest = &rest[end.expect("the string ends").0 + 2..];
            skeleton.push('$');
        } else {
            skeleton.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    skeleton
}

/// What is called in a program whose strings were taken out.
fn called(skeleton: &str) -> Vec<&str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let calls = skeleton.match_indices('(').map(|(at, _)| {
        let before = &skeleton[..at];
        &before[before
            .rfind(|c| !is_part(c))
            .map_or(0, |start| start + before[start..].chars().next().map_or(1, char::len_utf8))..]
    });
    calls.filter(|name| !name.is_empty()).collect()
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,20}",
        Just("'); import os; os.system('id') #".to_owned()),
        Just("\"\"\"\nimport os\n\"\"\"".to_owned()),
        Just("\\'); evil() #".to_owned()),
        Just("os.system".to_owned()),
        Just("evil()".to_owned()),
        Just("'x' + evil() + 'y'".to_owned()),
        Just("datetime.datetime(evil())".to_owned()),
        Just("subprocess.Popen".to_owned()),
        Just("__import__".to_owned()),
        Just("a\nevil()".to_owned()),
        Just("a\r\u{2028}evil()".to_owned()),
        Just("\\\nevil()".to_owned()),
    ]
}

/// Types whose parts become arguments of functions of Python.
const ITERATORS: [&str; 9] = [
    "list_iterator",
    "list_reverseiterator",
    "dict_itemiterator",
    "set_iterator",
    "range_iterator",
    "enumerate",
    "zip",
    "map",
    "callable_iterator",
];

/// Names of parts that are no attributes.
const PARTS: [&str; 13] = [
    "(position)",
    "(sequence)",
    "(rest)",
    "(index)",
    "(iterator)",
    "(iterators)",
    "(sentinel)",
    "(dtype)",
    "(shape)",
    "(data)",
    "(columns)",
    "(name)",
    "(maxlen)",
];

fn hostile_value() -> impl Strategy<Value = CapturedValue> {
    let form = prop::option::of(prop::sample::select(&Form::ALL[..]));
    let leaf =
        (hostile(), hostile(), form.clone(), any::<bool>()).prop_map(|(kind, text, form, truncated)| {
            CapturedValue { form, truncated, ..CapturedValue::scalar(kind, text) }
        });
    leaf.prop_recursive(3, 24, 4, move |inner| {
        let kinds = prop_oneof![
            Just("list".to_owned()),
            Just("dict".to_owned()),
            Just("tuple".to_owned()),
            Just("deque".to_owned()),
            Just("defaultdict".to_owned()),
            prop::sample::select(&ITERATORS[..]).prop_map(str::to_owned),
            hostile()
        ];
        let names = prop_oneof![
            hostile(),
            Just("(args)".to_owned()),
            Just("(dict)".to_owned()),
            Just("_name_".to_owned()),
            Just("_value_".to_owned()),
            Just("(function)".to_owned()),
            Just("(self)".to_owned()),
            prop::sample::select(&PARTS[..]).prop_map(str::to_owned),
            Just("a".to_owned())
        ];
        let content = prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Content::Elements),
            prop::collection::vec((inner.clone(), inner.clone()), 0..4).prop_map(Content::Entries),
            prop::collection::vec((names, inner), 0..4).prop_map(Content::Fields),
            Just(Content::Nothing),
        ];
        (kinds, content, form.clone(), prop::option::of(0_u32..3)).prop_map(
            |(kind, content, form, reference)| CapturedValue {
                form,
                reference,
                ..CapturedValue::new(kind, content)
            },
        )
    })
}

/// What a body may call; nothing of it is named by what was captured.
const CALLED: [&str; 64] = [
    "contextlib.ExitStack",
    "stack.enter_context",
    "frozen_clock",
    "environ_with",
    "unittest.mock.patch",
    "unittest.mock.patch.multiple",
    "statement",
    "loaded",
    "method_at",
    "importlib.import_module",
    "raised",
    "obj",
    "fill",
    "class_named",
    "StandIn",
    "spread",
    "set",
    "frozenset",
    "float",
    "complex",
    "range",
    "slice",
    "bytearray",
    "collections.deque",
    "collections.OrderedDict",
    "collections.Counter",
    "collections.defaultdict",
    "types.MappingProxyType",
    "value.timestamp",
    "decimal.Decimal",
    "fractions.Fraction",
    "uuid.UUID",
    "datetime.datetime",
    "datetime.date",
    "datetime.time",
    "datetime.timedelta",
    "datetime.timezone",
    "zoneinfo.ZoneInfo",
    "pathlib.Path",
    "pathlib.PurePosixPath",
    "pathlib.PureWindowsPath",
    "pathlib.PurePath",
    "ipaddress.IPv4Address",
    "ipaddress.IPv6Address",
    "ipaddress.IPv4Network",
    "ipaddress.IPv6Network",
    "array",
    "reproduce",
    "outcome",
    "value.extend",
    "value.update",
    "other.extend",
    "other.update",
    "iter",
    "enumerate",
    "zip",
    "map",
    "filter",
    "reversed",
    "itertools.islice",
    "fromiter",
    "DataFrame",
    "Series",
    ".reshape",
];

proptest! {
    #[test]
    fn captured_text_never_becomes_code(
        value in hostile_value(), other in hostile_value(), name in hostile(), function in hostile(), file in hostile(),
        message in hostile(), version in hostile(), kind in hostile(), text_of_lines in hostile(),
        mode in prop::sample::select(&[None, Some(Mode::Call), Some(Mode::Statement)][..]),
    ) {
        let arguments = variables(vec![("value", value.clone()), ("other", other), (name.as_str(), value.clone())]);
        let arguments = if Name::checked(&name).is_some() { arguments } else { variables(vec![("value", value.clone())]) };
        let globals = variables(vec![(name.as_str(), value)]);
        let snapshot = Snapshot { id: SnapshotId(1), arguments, globals, ..Snapshot::default() };
        let function = if Name::checked(&function).is_some() { function } else { "charge".to_owned() };
        let mut made = event(vec![(frame(&function, &format!("/srv/app/{}.py", if file.len() > 3 { "pay" } else { &file }), 1, 1), snapshot)]);
        made.0.version = Some(version.clone());
        made.0.service = version;
        made.0.exceptions[0].message = message;
        made.0.exceptions[0].type_name = kind;
        let sources = [SourceFile { file: "/srv/app/pay.py", text: &text_of_lines }];
        let options = Options { mode, sources: &sources, ..Options::default() };
        let Ok(made) = reproduction(&made.0, &made.1, options) else { return Ok(()) };
        let skeleton = skeleton(&made.text);
        let helpers = ["def raised", "def obj(", "def class_named(", "class StandIn", "def spread(", "def statement(", "def loaded(", "def method_at("];
        let end = helpers.iter().filter_map(|helper| skeleton.find(helper)).min().expect("helpers follow");
        let own = &skeleton[..end];
        for name in called(own) {
            let is_test = name.starts_with("test_");
            let is_method = [".extend", ".update", ".reshape", ".timestamp", ".patch.multiple", ".values", ".items"]
                .iter()
                .any(|method| name.ends_with(method));
            prop_assert!(CALLED.contains(&name) || is_test || is_method, "calls `{name}`:\n{}", made.text);
        }
        for line in own.lines().filter(|line| line.starts_with("    ") && !line.starts_with("     ")) {
            let known = ["    return ", "    error = ", "    expected = ", "    assert ", "    with ", "    fill(", "    args, kwargs = ", "    )", "    ]", "    }"];
            let is_known = line.trim().is_empty()
                || known.iter().any(|start| line.starts_with(start))
                || line.contains(" = ")
                || line.contains(".extend(")
                || line.contains(".update(")
                || line.trim_end().ends_with(',');
            prop_assert!(is_known, "the line {line:?} of\n{}", made.text);
        }
        // The name of the test has letters and digits of the type's name.
        let own = own.replace(made.file_name.trim_end_matches(".py"), "");
        prop_assert!(!own.contains("evil"), "{}", made.text);
    }
}
