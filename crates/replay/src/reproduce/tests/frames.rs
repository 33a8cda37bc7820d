//! Which frame is called, and how.

use super::*;

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
            Options { frame: Some(frame), roots: &["/srv"], ..Options::default() },
        )
    };
    assert_eq!(of(0).unwrap().frame.function, "outer");
    assert_eq!(of(1).unwrap().frame.module, "app.shop.pay");
    assert_eq!(of(2), Err(Unreproducible::NoSuchFrame(2)));
    assert_eq!(reproduction(&event.0, &[], Options::default()), Err(Unreproducible::NoValues));
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
