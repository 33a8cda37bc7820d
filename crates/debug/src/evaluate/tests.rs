use serde_json::{Value as Json, json};

use super::*;
use crate::event::Event;

mod any;
mod guesses;
mod python;

fn case(locals: Json) -> Case {
    let frame = json!({
        "function": "pay", "file": "/srv/shop/pay.py", "line_number": 3, "in_app": true,
        "values": {"state": "captured", "arguments": {}, "locals": locals, "at_entry": {"gone": {"type": "int", "value": "7"}}},
    });
    let cause = json!({"type": "KeyError", "message": "'EUR'", "relation": "cause", "frames": []});
    let exception = json!({"type": "shop.Refused", "message": "no rate", "frames": [frame]});
    Case::new(Event::read(json!({"exceptions": [cause, exception]})).unwrap(), Default::default())
}

fn values() -> Case {
    let int = |value: i64| json!({"type": "int", "value": value.to_string()});
    let text = |text: &str| json!({"type": "str", "value": text});
    let order = json!({"type": "shop.Order", "ref": 1, "fields": {
        "id": int(5), "total": {"type": "Decimal", "value": "Decimal('12.50')"},
        "lines": {"type": "list", "elements": [int(1), int(2), int(3)], "size": 250, "not_captured": "collection_size"},
        "customer": {"type": "Customer", "not_captured": "depth"},
        "password": {"type": "str", "not_captured": "redacted_identifier", "rule": "name \"password\""},
        "self": {"type": "shop.Order", "ref": 1},
    }});
    case(json!({
        "order": order,
        "same": {"type": "shop.Order", "ref": 1},
        "lost": {"type": "shop.Order", "ref": 9},
        "n": int(12), "big": {"type": "int", "value": "340282366920938463463374607431768211456"},
        "ratio": {"type": "float", "value": "0.5"}, "flag": {"type": "bool", "value": "True"},
        "none": {"type": "NoneType", "is_null": true},
        "name": text("'größe'"), "cut": {"type": "str", "value": "'abc'", "size": 1000, "truncated": true},
        "data": {"type": "bytes", "value": "b'\\x00ab'"},
        "items": {"type": "list", "elements": [int(3), int(1), int(2)]},
        "pair": {"type": "tuple", "elements": [int(1), text("'a'")]},
        "tags": {"type": "set", "elements": [text("'x'"), text("'y'")]},
        "rates": {"type": "dict", "entries": [[text("'EUR'"), int(1)], [int(2), text("'two'")], [{"type": "NoneType", "is_null": true}, int(0)]]},
        "few": {"type": "dict", "size": 9, "not_captured": "collection_size", "entries": [[text("'a'"), int(1)]]},
        "headers": {"type": "shop.Headers", "fields": {"(dict)": {"type": "dict", "entries": [[text("'host'"), text("'x'")]]}, "strict": {"type": "bool", "value": "True"}}},
        "line": {"type": "shop.Line", "form": "named_tuple", "fields": {"sku": text("'A-1'"), "price": int(4)}},
        "color": {"type": "shop.Color", "form": "enum", "fields": {"_name_": text("'RED'"), "_value_": int(1)}},
        "when": {"type": "datetime", "value": "datetime.datetime(2026, 1, 2)"},
    }))
}

/// The value as text, or `!` and why there is none.
fn answer(case: &Case, text: &str) -> String {
    let frame = case.stack.iter().find(|frame| !frame.is_label).unwrap();
    match evaluate(case, frame, text) {
        Ok(value) => crate::display::text(&case.graph, &value, 400),
        Err(unknown) => format!("! {unknown}"),
    }
}

#[track_caller]
fn check(text: &str, want: &str) {
    assert_eq!(answer(&values(), text), want, "{text}");
}

#[track_caller]
fn check_unknown(text: &str, part: &str) {
    let got = answer(&values(), text);
    assert!(got.starts_with('!') && got.contains(part), "{text}: {got}");
}

#[test]
fn names_attributes_and_items() {
    check("n", "12");
    check("order.id", "5");
    check("order.self.self.id", "5");
    check("same.id", "5");
    check("items[0]", "3");
    check("items[-1]", "2");
    check("items[1:]", "[1, 2]");
    check("items[::-1]", "[2, 1, 3]");
    check("items[-2:-1]", "[1]");
    check("pair[1]", "'a'");
    check("pair[:1]", "(1,)");
    check("name[1:3]", "'rö'");
    check("data[1]", "97");
    check("data[1:]", "b'ab'");
    check("rates['EUR'] + 1", "2");
    check("rates[2]", "'two'");
    check("rates[1 + 1]", "'two'");
    check("rates[None]", "0");
    check("few['a']", "1");
    check("order.lines[2]", "3");
    check("order.lines[:2]", "[1, 2]");
    check("headers['host']", "'x'");
    check("headers.strict", "True");
    check("line.sku, line[1]", "('A-1', 4)");
    check("color.name", "'RED'");
    check("color", "<Color.RED>");
    check("gone", "7");
    check("__at_entry__.gone", "7");
    check("__exception__.message", "'no rate'");
    check("__exception__.__cause__.message", "\"'EUR'\"");
}

#[test]
fn operators() {
    check("1 + 2 * 3 ** 2", "19");
    check("-7 // 2, -7 % 2, 7 // -2, 7 % -2", "(-4, 1, -4, -1)");
    check("7 / 2, 7.5 // 2, 2 ** -1", "(3.5, 3.0, 0.5)");
    check("-2 ** 2", "-4");
    check("0x1f & 0b1111 | 32 ^ 1 << 2", "47");
    check("1e16, 1e-5, 100.0", "(1e+16, 1e-05, 100.0)");
    check("'a' + 'b' * 3", "'abbb'");
    check("[1] + [2]", "[1, 2]");
    check("1 < 2 <= 2 != 3", "True");
    check("1 == 1.0 == True", "True");
    check("n > 10 and not flag or n", "12");
    check("n if n > 100 else ratio", "0.5");
    check("none is None, n is not None", "(True, True)");
    check("order is same, order == same", "(True, True)");
    check("'EUR' in rates, 7 not in rates", "(True, True)");
    check("'x' in tags, 'rö' in name", "(True, True)");
    check("order.total > 12, order.total == 12.5 or order.total < 13", "(True, True)");
    check("order.total >= 12, order.total < 12.6, 12.5 >= order.total", "(True, True, True)");
    check("[1, (2, 'a')] == [1, (2, 'a')]", "True");
    check("items == [3, 1, 2]", "True");
    check("big > 5", "True");
    check("'b' > 'a'", "True");
    check("[1, 2] < [1, 3]", "True");
}

#[test]
fn functions() {
    check("len(items), len(rates), len(name), len(data)", "(3, 3, 5, 3)");
    check("len(order.lines), len(cut)", "(250, 1000)");
    check("type(order), type(n)", "(<class 'shop.Order'>, <class 'int'>)");
    check(
        "type(n) == int, isinstance(order, str)",
        "! what a `shop.Order` inherits from was not captured; it is a `shop.Order`",
    );
    check("isinstance(n, (str, int)), isinstance(name, int)", "(True, False)");
    check("max(items), min(3, 1), sum(items)", "(3, 1, 6)");
    check("any([0, n]), all(items)", "(True, True)");
    check("list(rates)", "['EUR', 2, None]");
    check("float(order.total) * 2, int('7'), str(n), bool('')", "(25.0, 7, '12', False)");
}

#[test]
fn what_is_not_known_says_why() {
    check_unknown("order.customer.name", "not captured: depth limit");
    check_unknown("order.password == 'x'", "redacted by rule name \"password\"");
    check("order.password", "<str: redacted by rule name \"password\">");
    check("order.customer", "<Customer: not captured: depth limit>");
    check_unknown(
        "order.lines[3]",
        "the first 3 of 250 elements were captured; not captured: limit of elements",
    );
    check_unknown("order.lines[-1]", "the first 3 of 250");
    check_unknown("sum(order.lines)", "limit of elements");
    check_unknown("9 in order.lines", "limit of elements");
    check("2 in order.lines", "True");
    check_unknown("few['z']", "no key 'z' among the 1 that were captured");
    check_unknown("'z' in few", "no key 'z'");
    check_unknown("rates['z']", "no key 'z'");
    check_unknown("items[3]", "there are 3 elements");
    check_unknown("cut == 'abcd'", "was cut");
    check("cut == 'xyz'", "False");
    check("cut[0], cut[:2]", "('a', 'ab')");
    check_unknown("cut[-1]", "was cut");
    check_unknown("cut + 'x'", "was cut");
    check_unknown("lost.id", "stands in a frame that was not kept");
    check_unknown("order.pay", "properties and methods are code, and nothing is run");
    check_unknown("order.pay()", "the method `pay` is not called: nothing is run");
    check_unknown("print(n)", "`print` is not called");
    check_unknown("order == n", "its class decides");
    check_unknown("not order", "nothing is run");
    check_unknown("nowhere", "`nowhere` was not captured in this frame");
    check_unknown("order.total + 1", "only compared here");
    check_unknown("when < when", "its class decides");
    check_unknown("1 / 0", "divides by zero");
    check_unknown("2 ** 1000", "127 bits");
    check_unknown("'x' * 10 ** 9", "at most");
    check_unknown("len", "is a function");
}

#[test]
fn the_text_of_an_expression_is_checked() {
    for (text, part) in [
        ("", "an expression is missing"),
        ("n +", "something is missing"),
        ("n n", "an operator is missing"),
        ("n = 1", "values cannot be changed"),
        ("(n", "`,` or `)` is missing"),
        ("items[", "something is missing"),
        ("items[]", "between the brackets"),
        ("items[1:2:3:4]", "three parts"),
        ("[x for x in items]", "loops are not known"),
        ("lambda: n", "nothing is run"),
        ("import os", "only expressions are known"),
        ("f'{n}'", "f-strings are not known"),
        ("'abc", "no end"),
        ("{}", "braces are not known"),
        ("n.1", "an operator is missing"),
        ("n.", "the name of an attribute"),
        ("1abc", "a number ends before a letter"),
        (&"(".repeat(100), "nested too deeply"),
        (&"-".repeat(100), "nested too deeply"),
        (&format!("n{}", "+1".repeat(300)), "too many operators"),
        (&"n".repeat(10_001), "10000 bytes at most"),
    ] {
        check_unknown(text, part);
    }
}

#[test]
fn values_that_hold_themselves_are_shown_and_compared() {
    let list = json!({"type": "list", "ref": 1, "elements": [{"type": "list", "ref": 1}]});
    let other = json!({"type": "list", "ref": 2, "elements": [{"type": "list", "ref": 2}]});
    let case = case(json!({"a": list, "b": other}));
    assert_eq!(answer(&case, "a"), "[…]");
    assert_eq!(answer(&case, "a[0][0] is a"), "True");
    assert!(answer(&case, "a == b").contains("nested too deeply"));
}

#[test]
fn sets_and_keys_that_hold_themselves_are_compared() {
    let set = |n: u32| json!({"type": "set", "ref": n, "elements": [{"type": "set", "ref": n}]});
    let key = |n: u32| json!({"type": "mappingproxy", "ref": n, "entries": [[{"type": "mappingproxy", "ref": n}, {"type": "mappingproxy", "ref": n}]]});
    let case = case(json!({"s": set(3), "t": set(4), "a": key(5), "b": key(6)}));
    for text in
        ["s == t", "s != t", "a == b", "s in t", "s in [t]", "a in b", "a[b]", "[a] < [b]", "max(s, t)"]
    {
        let got = answer(&case, text);
        assert!(got.starts_with('!') && got.len() < 300, "{text}: {got}");
    }
    assert_eq!(answer(&case, "s in s, a in a, s == s, s in [t, s]"), "(True, True, True, True)");
    assert_eq!(answer(&case, "s, a"), "({…}, mappingproxy({…: …}))");
}

#[test]
fn one_evaluation_looks_at_so_many_values() {
    let keys: Vec<Json> = (0..3_000)
        .map(|n| json!([{"type": "int", "value": n.to_string()}, {"type": "int", "value": "0"}]))
        .collect();
    let case = case(json!({"a": {"type": "dict", "entries": keys}, "b": {"type": "dict", "entries": keys}}));
    assert!(answer(&case, "a == b").contains("looks at 1000000 values at most"));
    assert_eq!(answer(&case, "a[2999]"), "0");
}
