//! What looks as if it could be answered, and is not known from what was captured.

use serde_json::{Value as Json, json};

use super::{answer, case};

/// Answers over such local variables; a wanted `!…` is a part of the reason.
#[track_caller]
fn check_all(locals: Json, wanted: &[(&str, &str)]) {
    let case = case(locals);
    for (text, want) in wanted {
        let got = answer(&case, text);
        match want.strip_prefix('!') {
            Some(part) => assert!(got.starts_with('!') && got.contains(part), "{text}: {got}"),
            None => assert_eq!(got, *want, "{text}"),
        }
    }
}

fn scalar(kind: &str, text: &str) -> Json {
    json!({"type": kind, "value": text})
}

fn int(value: i64) -> Json {
    scalar("int", &value.to_string())
}

#[test]
fn what_was_cut_is_not_taken_for_whole() {
    check_all(
        json!({
            "cut": {"type": "str", "value": "'abc'", "size": 1000, "truncated": true},
            "open": {"type": "str", "value": "'abc'", "truncated": true},
            "digits": {"type": "str", "value": "'123'", "truncated": true},
            "data": {"type": "bytes", "value": "b'abc'", "truncated": true},
            "few": {"type": "list", "elements": [int(1), int(2)], "size": 9, "not_captured": "collection_size"},
            "long": {"type": "int", "value": "123456", "truncated": true},
            "some": {"type": "list", "elements": [int(1), int(2)], "not_captured": "timeout"},
            "whole": {"type": "dict", "entries": [[int(1), int(1)], [int(2), int(2)]]},
            "part": {"type": "dict", "entries": [[int(1), int(1)]], "size": 2, "not_captured": "collection_size"},
        }),
        &[
            ("cut * 2", "!was cut"),
            ("2 * cut", "!was cut"),
            ("long == 123456", "!its class decides"),
            ("bool(long)", "!was cut"),
            ("long + 1", "!not known here"),
            ("cut * 0, cut * -1", "('', '')"),
            ("cut + ''", "!was cut"),
            ("str(cut)", "!was cut"),
            ("str(data)", "!was cut"),
            ("str(few)", "!`repr` shows"),
            ("int(digits)", "!was cut"),
            ("float(digits)", "!was cut"),
            ("open[1:3], open[:3], open[2:1], open[9:9]", "('bc', 'abc', '', '')"),
            ("open[5:9]", "!was cut"),
            ("open[3:]", "!was cut"),
            ("open[9:]", "!was cut"),
            ("data[5:9]", "!was cut"),
            ("some[5:9]", "!the first 2 elements"),
            ("few[5:7]", "!the first 2 elements"),
            ("few[9:20]", "[]"),
            ("few + few", "!limit of elements"),
            ("few * 2", "!not known here"),
            ("whole == part", "!limit of elements"),
            ("part == whole", "!limit of elements"),
        ],
    );
}

#[test]
fn what_counts_as_true_is_told_where_it_is_known() {
    let locals = json!({
        "f0": scalar("fractions.Fraction", "Fraction(0, 1)"), "f1": scalar("Fraction", "Fraction(-3, 2)"),
        "r0": scalar("range", "range(5, 5)"), "r1": scalar("range", "range(5, 0, -1)"), "r2": scalar("range", "range(0, 3, -1)"),
        "c0": scalar("complex", "0j"), "c1": scalar("complex", "(-0+1e-05j)"), "c2": scalar("complex", "nanj"),
        "t0": scalar("datetime.timedelta", "datetime.timedelta(0)"), "t1": scalar("timedelta", "datetime.timedelta(days=-1, seconds=86399)"),
        "d0": scalar("decimal.Decimal", "Decimal('0E+400')"), "d1": scalar("Decimal", "Decimal('1E-400')"), "d2": scalar("Decimal", "Decimal('NaN')"),
        "d3": scalar("Decimal", "Decimal('-0.000')"), "d4": scalar("Decimal", "Decimal('-Infinity')"),
        "u": scalar("uuid.UUID", "UUID('00000000-0000-0000-0000-000000000000')"), "day": scalar("datetime.date", "datetime.date(1, 1, 1)"),
        "path": scalar("pathlib.PosixPath", "PosixPath('.')"),
        "x": scalar("shop.Money", "Money(0)"), "n": scalar("NotImplementedType", "NotImplemented"),
        "e": {"type": "shop.Color", "form": "enum", "value": "Color.NONE"},
        "array": {"type": "numpy.ndarray", "form": "array", "elements": [int(0)]},
    });
    check_all(
        locals,
        &[
            ("bool(f0), bool(f1)", "(False, True)"),
            ("bool(r0), bool(r1), bool(r2)", "(False, True, False)"),
            ("bool(c0), bool(c1), bool(c2)", "(False, True, True)"),
            ("bool(t0), bool(t1)", "(False, True)"),
            ("bool(d0), bool(d1), bool(d2), bool(d3), bool(d4)", "(False, True, True, False, True)"),
            ("bool(u), bool(day), bool(path)", "(True, True, True)"),
            ("bool(x)", "!its class may decide"),
            ("not n", "!its class may decide"),
            ("e or 1", "!its class may decide"),
            ("1 if array else 2", "!its class may decide"),
        ],
    );
}

#[test]
fn values_of_other_classes_are_equal_where_it_is_known() {
    let locals = json!({
        "r": scalar("range", "range(0, 0)"), "s": scalar("range", "range(5, 5)"), "r2": scalar("range", "range(0, 0)"),
        "c": scalar("complex", "0j"), "d": scalar("complex", "-0j"), "f": scalar("Fraction", "Fraction(1, 1)"), "one": scalar("complex", "(1+0j)"),
        "p": scalar("pathlib.PosixPath", "PosixPath('a')"), "q": scalar("pathlib.PurePosixPath", "PurePosixPath('a')"), "b": scalar("pathlib.PosixPath", "PosixPath('b')"),
        "n": scalar("Decimal", "Decimal('NaN')"), "m": scalar("Decimal", "Decimal('NaN')"),
        "x": scalar("shop.Money", "Money(0)"), "y": scalar("shop.Money", "Money(0)"),
        "day": scalar("datetime.date", "datetime.date(1, 1, 1)"), "night": scalar("datetime.date", "datetime.date(1, 1, 2)"),
        "e": {"type": "shop.A", "form": "enum", "fields": {"_name_": scalar("str", "'X'"), "_value_": int(1)}},
        "g": {"type": "shop.B", "form": "enum", "fields": {"_name_": scalar("str", "'X'"), "_value_": int(1)}},
        "e2": {"type": "shop.A", "form": "enum", "fields": {"_name_": scalar("str", "'X'"), "_value_": int(1)}},
        "e3": {"type": "shop.A", "form": "enum", "fields": {"_name_": scalar("str", "'Y'"), "_value_": int(2)}},
        "o": {"type": "shop.Order", "fields": {"a": int(1)}},
        "basket": {"type": "shop.Basket", "elements": [int(1)]}, "list": {"type": "list", "elements": [int(1)]},
        "query": {"type": "shop.QuerySet", "elements": [int(7), int(8)]},
        "first": {"type": "collections.OrderedDict", "entries": [[int(1), int(1)], [int(2), int(2)]]},
        "second": {"type": "collections.OrderedDict", "entries": [[int(2), int(2)], [int(1), int(1)]]},
        "plain": {"type": "dict", "entries": [[int(2), int(2)], [int(1), int(1)]]},
        "none": {"type": "collections.Counter", "entries": []}, "zero": {"type": "collections.Counter", "entries": [[int(1), int(0)]]},
        "call": {"type": "function", "form": "function", "value": "shop.pay"}, "again": {"type": "function", "form": "function", "value": "shop.pay"},
    });
    check_all(
        locals,
        &[
            ("r == r2", "True"),
            ("r == s", "!its class decides"),
            ("c == d", "!its class decides"),
            ("f == one", "!its class decides"),
            ("p == q", "!its class decides"),
            ("p == b, p != b, day == night, day == day", "(False, True, False, True)"),
            ("n == m, n == n", "(False, False)"),
            ("x == y", "!its class decides"),
            ("e == e2, e is e2, e == e3, e is e3", "(True, True, False, False)"),
            ("e == g", "!its class decides"),
            ("o == None", "!its class decides"),
            ("o is None, day == None, e == None, [] == None", "(False, False, False, False)"),
            ("basket == list", "!its class decides"),
            ("query[0]", "7"),
            ("first == second, first == plain, plain == second", "(False, True, True)"),
            ("none == zero", "!its class decides"),
            ("zero == zero, none == none", "(True, True)"),
            ("call == again", "!same object was not captured"),
            ("call == call", "True"),
        ],
    );
}

#[test]
fn nan_is_in_a_container_when_it_is_that_object() {
    check_all(
        json!({"x": scalar("float", "nan"), "y": scalar("float", "nan"), "list": {"type": "list", "elements": [scalar("float", "nan")]},
            "dict": {"type": "dict", "entries": [[scalar("float", "nan"), int(1)]]}}),
        &[
            ("x == x, x == y", "(False, False)"),
            ("x in [x], [x] == [x], (x,) <= (x,), list == list", "(True, True, True, True)"),
            ("x in [y]", "!same object was not captured"),
            ("x in list", "!same object was not captured"),
            ("[x] < [y]", "!same object was not captured"),
            ("dict[x]", "!same object was not captured"),
            ("x in dict", "!same object was not captured"),
            ("1 in list, 1 in dict", "(False, False)"),
        ],
    );
}

#[test]
fn two_places_are_two_objects_where_the_client_numbers_objects() {
    let list = |reference: Option<u32>| {
        let mut list = json!({"type": "list", "elements": []});
        if let Some(reference) = reference {
            list["ref"] = json!(reference);
        }
        list
    };
    let tuple = json!({"type": "tuple", "elements": []});
    let wanted = |is: &'static str| {
        [
            ("a is b", is),
            ("a is t", "False"),
            ("a is []", "False"),
            ("t is ()", "!same object"),
            ("a is a", "True"),
        ]
    };
    check_all(json!({"a": list(None), "b": list(None), "t": tuple}), &wanted("!same object"));
    check_all(json!({"a": list(None), "b": list(None), "t": tuple, "c": list(Some(1))}), &wanted("False"));
    check_all(json!({"a": list(Some(2)), "b": list(Some(1)), "t": tuple}), &wanted("False"));
}

#[test]
fn classes_that_something_may_inherit_from_are_not_denied() {
    let class = |name: &str| json!({"type": "type", "form": "class", "value": name});
    check_all(
        json!({"iterable": class("collections.abc.Iterable"), "lost": {"type": "type", "not_captured": "depth"},
            "flag": scalar("numpy.bool", "True")}),
        &[
            ("isinstance([], iterable)", "!was not captured"),
            ("isinstance([], (str, iterable))", "!was not captured"),
            ("isinstance([], (str, lost))", "!was not captured"),
            ("isinstance([], (lost, list)), isinstance([], (str, int))", "(True, False)"),
            ("isinstance(flag, bool)", "!was not captured"),
            ("type(flag) == bool", "False"),
        ],
    );
}

#[test]
fn attributes_of_members_are_those_of_members_alone() {
    let fields = json!({"_name_": scalar("str", "'X'"), "_value_": int(1)});
    check_all(
        json!({
            "member": {"type": "shop.A", "form": "enum", "fields": fields},
            "untold": {"type": "shop.A", "fields": fields},
            "order": {"type": "shop.Order", "fields": {"_value_": int(1)}},
        }),
        &[
            ("member.name, member.value, untold.name", "('X', 1, 'X')"),
            ("order._value_", "1"),
            ("order.value", "!nothing is run"),
        ],
    );
}

#[test]
fn what_python_refuses_is_not_answered() {
    check_all(
        json!({"d": {"type": "dict", "entries": [[int(1), int(1)]]}, "s": {"type": "set", "elements": [int(1)]},
            "big": scalar("int", &"9".repeat(400)), "when": scalar("datetime.datetime", "datetime.datetime(2026, 1, 2)"),
            "zero": scalar("Decimal", "Decimal('-0')")}),
        &[
            ("[1] in d", "!no key"),
            ("d[d]", "!no key"),
            ("[1] in s", "!in no set"),
            ("float(big)", "!no number"),
            ("str(when)", "!`repr` shows"),
            ("float(zero)", "-0.0"),
        ],
    );
}
#[test]
fn empty_sets_are_shown_as_python_makes_them() {
    check_all(
        json!({"f": {"type": "frozenset", "elements": []}, "s": {"type": "set", "elements": []},
            "g": {"type": "frozenset", "elements": [int(1)]}, "h": {"type": "frozenset", "elements": [], "size": 3, "not_captured": "collection_size"}}),
        &[("f", "frozenset()"), ("s", "set()"), ("g", "frozenset({1})"), ("h", "frozenset({… 3 more})")],
    );
}
