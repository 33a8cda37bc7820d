//! Any text, and any expression over any values.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{answer, case, values};
use crate::evaluate::*;

fn any_value() -> impl Strategy<Value = Json> {
    let kind = || {
        proptest::sample::select(vec![
            "int", "str", "bool", "float", "bytes", "list", "dict", "set", "X", "Decimal", "", "type",
        ])
    };
    let scalar = proptest::sample::select(vec![
        "1",
        "-5",
        "'a'",
        "\"",
        "b'\\xff'",
        "nan",
        "True",
        "Decimal('1e5')",
        "",
        "99999999999999999999999999999999999999999",
    ]);
    let form = proptest::sample::select(vec![
        Json::Null,
        json!("enum"),
        json!("named_tuple"),
        json!("dataclass"),
        json!("function"),
        json!("class"),
    ]);
    let reason = proptest::sample::select(vec![
        Json::Null,
        json!("depth"),
        json!("redacted_value"),
        json!("collection_size"),
    ]);
    let leaf = (kind(), scalar, form, 0..4_u32, reason, any::<bool>()).prop_map(
        |(kind, text, form, reference, reason, cut)| {
            let mut value = json!({"type": kind, "truncated": cut});
            match reference {
                0 => value["value"] = json!(text),
                1 => value["is_null"] = json!(true),
                _ => value["ref"] = json!(reference),
            }
            for (key, set) in [("form", form), ("not_captured", reason)] {
                if !set.is_null() {
                    value[key] = set;
                }
            }
            value
        },
    );
    leaf.prop_recursive(4, 40, 4, move |inner| {
        let field = proptest::sample::select(vec![
            "a", "b", "_name_", "_value_", "(dict)", "(list)", "(int)", "(args)",
        ]);
        let fields = proptest::collection::btree_map(field, inner.clone(), 0..4);
        let elements = proptest::collection::vec(inner.clone(), 0..4);
        let entries = proptest::collection::vec((inner.clone(), inner), 0..4);
        (
            prop_oneof![
                fields.prop_map(|all| json!({"type": "X", "fields": all})),
                (proptest::sample::select(vec!["list", "tuple", "set", "QuerySet"]), elements)
                    .prop_map(|(kind, all)| json!({"type": kind, "elements": all})),
                (proptest::sample::select(vec!["dict", "mappingproxy", "OrderedDict", "Counter"]), entries)
                    .prop_map(|(kind, all)| json!({"type": kind, "entries": all})),
            ],
            0..4_u32,
            proptest::option::of(0..9_u64),
        )
            .prop_map(|(mut value, reference, size)| {
                if reference > 0 {
                    value["ref"] = json!(reference);
                }
                if let Some(size) = size {
                    value["size"] = json!(size);
                }
                value
            })
    })
}

fn any_expression() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(vec![
        "a",
        "b",
        "c",
        "1",
        "-1",
        "0",
        "2.5",
        "'a'",
        "''",
        "b'a'",
        "None",
        "True",
        "[]",
        "(1,)",
        "[1, 'a']",
        "99999999999999999999",
    ]);
    let leaf = leaf.prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operator = proptest::sample::select(vec![
            "+", "-", "*", "/", "//", "%", "**", "&", "|", "^", "<<", ">>", "==", "!=", "<", "<=", ">", ">=",
            "in", "not in", "is", "is not", "and", "or", ",",
        ]);
        let function = proptest::sample::select(crate::evaluate::FUNCTIONS.to_vec());
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(left, operator, right)| format!("({left} {operator} {right})")),
            (inner.clone(), inner.clone()).prop_map(|(of, index)| format!("{of}[{index}]")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(of, from, to)| format!("{of}[{from}:{to}]")),
            (inner.clone(), inner.clone()).prop_map(|(of, step)| format!("{of}[::{step}]")),
            (function, inner.clone()).prop_map(|(function, of)| format!("{function}({of})")),
            inner.clone().prop_map(|of| format!("{of}.a")),
            inner.clone().prop_map(|of| format!("(not {of})")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(one, condition, other)| format!("({one} if {condition} else {other})")),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_answered(text in r#"[a-z0-9 .,:()\[\]'"+*/%<>=!&|^~{}\\-]{0,40}"#) {
        answer(&values(), &text);
    }

    #[test]
    fn any_expression_over_any_values_is_answered(a in any_value(), b in any_value(), text in any_expression()) {
        let case = case(json!({"a": a, "b": b, "c": {"type": "list", "ref": 1}}));
        answer(&case, &text);
    }

    #[test]
    fn whole_numbers_are_computed_as_python_does(left in -50..50_i64, right in -50..50_i64) {
        let case = values();
        if right != 0 {
            let (quotient, rest) = (left.div_euclid(right), left.rem_euclid(right));
            // Euclid's rest is never negative, Python's has the sign of the divisor.
            let (quotient, rest) = if rest != 0 && right < 0 { (quotient - 1, rest + right) } else { (quotient, rest) };
            prop_assert_eq!(answer(&case, &format!("{left} // {right}")), quotient.to_string());
            prop_assert_eq!(answer(&case, &format!("{left} % {right}")), rest.to_string());
        }
        let is_less = (left as f64) < format!("{right}.5").parse::<f64>().unwrap();
        prop_assert_eq!(answer(&case, &format!("{left} < {right}.5")), if is_less { "True" } else { "False" });
    }

    #[test]
    fn a_quoted_text_is_read_as_it_was(text in ".{0,30}") {
        let quoted = crate::display::quoted(&text);
        prop_assert_eq!(crate::expression::parse(&quoted), Ok(Expression::Text(text)));
    }
}
