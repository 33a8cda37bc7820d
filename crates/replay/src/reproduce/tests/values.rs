//! Captured values as Python writes them.

use super::*;

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
    // The largest position that there can be, and one that there cannot.
    for name in ["list_iterator", "list_reverseiterator", "reversed", "str_ascii_iterator"] {
        let at = |position: &str| state(&charge(vec![("rows", over(name, position, letters()))]), "rows").0;
        let want = if name.contains("reverse") { State::StandIn } else { State::Partial };
        assert_eq!(at("9223372036854775807"), want, "{name}");
        for beyond in ["9223372036854775808", "18446744073709551615", "99999999999999999999"] {
            assert_eq!(at(beyond), State::StandIn, "{name}");
        }
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
