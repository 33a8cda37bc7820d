use proptest::prelude::{Strategy, any};
use proptest::prop_oneof;

use super::*;
use crate::{Comparison, Test, ValueCondition, ValuePattern, ValueTest};

#[track_caller]
fn check(query: &str, want: Filter) {
    assert_eq!(parse(query), Ok(want), "{query}");
}

#[track_caller]
fn refused(query: &str, at: usize, part: &str) {
    let error = parse(query).unwrap_err();
    assert_eq!(error.at, at, "{error}");
    assert!(error.message.contains(part), "{error}");
}

fn is(field: Field, value: &str) -> Filter {
    Filter::Equals(field, value.into())
}

#[test]
fn terms_are_keys_with_values_and_words() {
    check("", Filter::All);
    check("service:checkout", is(Field::Service, "checkout"));
    check(
        " -env:dev  error.type:ValueError ",
        Filter::And(vec![Filter::Not(Box::new(is(Field::Env, "dev"))), is(Field::ErrorType, "ValueError")]),
    );
    check("cardDeclined", Filter::Words(vec!["card".into(), "declined".into()]));
    check("\"card declined\"", Filter::Words(vec!["card".into(), "declined".into()]));
    check("has:values", Filter::HasValues);
    check("-has:values", Filter::Not(Box::new(Filter::HasValues)));
    check("is:unhandled", Filter::Handled(false));
    check("@http.status_code:500", is(Field::Tag("http.status_code".into()), "500"));
}

#[test]
fn quotes_keep_spaces_colons_and_stars() {
    check("resource:\"GET /a b\"", is(Field::Resource, "GET /a b"));
    check(r#"version:"1\"2\\3""#, is(Field::Version, r#"1"2\3"#));
    check("service:\"a*\"", is(Field::Service, "a*"));
    check("service:a*", Filter::StartsWith(Field::Service, "a".into()));
    check("resource:http://x", is(Field::Resource, "http://x"));
    check(r#"-@"odd \"key":a"#, Filter::Not(Box::new(is(Field::Tag("odd \"key".into()), "a"))));
    check(
        r#"@"a:b":>3 "#,
        Filter::Passes(Field::Tag("a:b".into()), Test::Compares(Comparison::Greater, "3".into())),
    );
    check("(code 3)", Filter::And(vec![Filter::Words(vec!["code".into()]), Filter::Words(vec!["3".into()])]));
}

#[test]
fn mistakes_are_explained_where_they_are() {
    refused("env:prod servce:x", 9, "did you mean `service`?");
    refused("zzzzzz:x", 0, "@zzzzzz:value");
    refused("service:", 0, "no value");
    refused("a \"open", 2, "not closed");
    refused("--", 0, "no letters");
    refused("-", 0, "stands alone");
    refused("has:cake", 0, "knows `values`");
    refused("cause:timeot", 0, "`timeout`");
    refused("NOT service:x", 0, "`-service:checkout`");
    refused("a (service:x OR b)", 2, "`service:(a OR b)`");
    refused("declin*", 0, "`error.type:declin*`");
    refused("@:x", 0, "name of the tag is missing");
    refused(r#"a @"odd key" b"#, 2, r#"`@"odd key":value`"#);
    refused("var:x", 0, "`var.name:value`");
    refused("message:declined", 0, "without one");
    refused("function:charge", 0, "did you mean `frame.function`?");
    refused("evn:prod", 0, "did you mean `env`?");
    refused("fo:x", 0, "@fo:value");
    refused("größe foo:x", 8, "@foo:value");
    assert!(parse("größe foo:x").unwrap_err().to_string().ends_with("(at character 7)"));
    refused(&"x".repeat(5000), 0, "longer");
    refused(&"x ".repeat(65), 128, "more than 64 terms");
}

#[test]
fn issues_are_asked_for_where_they_are_known() {
    let asked = std::cell::RefCell::new(Vec::new());
    let filter_of = |term| {
        asked.borrow_mut().push(term);
        Filter::HasValues
    };
    let query = "is:resolved -is:new is:regression is:unassigned assignee:\"ada l\" is:handled";
    let filter = parse_for_issues(query, &filter_of).unwrap();
    assert!(matches!(filter, Filter::And(all) if all.len() == 6 && all[0] == Filter::HasValues));
    let terms = [
        IssueTerm::State(State::Resolved),
        IssueTerm::New,
        IssueTerm::Regression,
        IssueTerm::Unassigned,
        IssueTerm::Assignee("ada l".to_owned()),
    ];
    assert_eq!(*asked.borrow(), terms);
    let error = parse_for_issues("is:done", &filter_of).unwrap_err();
    assert!(error.message.contains("`for_review`"), "{error}");
    refused("is:resolved", 0, "`handled` and `unhandled` only");
    refused("assignee:ada", 0, "unknown key");
}

#[test]
fn values_are_lists_comparisons_ranges_and_patterns() {
    let like = |field, parts: &[&str]| {
        Filter::Passes(field, Test::Like(parts.iter().map(|part| (*part).to_owned()).collect()))
    };
    let than = |field, comparison, operand: &str| {
        Filter::Passes(field, Test::Compares(comparison, operand.to_owned()))
    };
    let status = || Field::Tag("http.status_code".to_owned());
    check(
        "env:(prod OR \"a b\" OR st*)",
        Filter::Or(vec![
            is(Field::Env, "prod"),
            is(Field::Env, "a b"),
            Filter::StartsWith(Field::Env, "st".into()),
        ]),
    );
    check("-env:(dev)", Filter::Not(Box::new(Filter::Or(vec![is(Field::Env, "dev")]))));
    check("is:(handled OR unhandled)", Filter::Or(vec![Filter::Handled(true), Filter::Handled(false)]));
    check("resource:*pay*", like(Field::Resource, &["", "pay", ""]));
    check("service:a*b", like(Field::Service, &["a", "b"]));
    check("env:*", Filter::StartsWith(Field::Env, String::new()));
    check("@http.status_code:>499", than(status(), Comparison::Greater, "499"));
    check(
        "@http.status_code:(<400 OR >=500)",
        Filter::Or(vec![than(status(), Comparison::Less, "400"), than(status(), Comparison::AtLeast, "500")]),
    );
    check("version:<=1.4", than(Field::Version, Comparison::AtMost, "1.4"));
    check(
        "@http.status_code:[400 TO 499]",
        Filter::And(vec![
            than(status(), Comparison::AtLeast, "400"),
            than(status(), Comparison::AtMost, "499"),
        ]),
    );
    check("@size:[5 TO *]", than(Field::Tag("size".into()), Comparison::AtLeast, "5"));
    check("version:[* TO 1.4]", than(Field::Version, Comparison::AtMost, "1.4"));
    check("frame.function:charge", is(Field::Function, "charge"));
    check("frame.file:*/pay.py", like(Field::File, &["", "/pay.py"]));

    refused("a env:(prod OR", 6, "not closed");
    refused("env:(prod staging)", 10, "`OR` between");
    refused("env:()", 5, "missing");
    refused("env:(a OR (b OR c))", 10, "no other");
    refused("a OR b", 2, "side by side");
    refused("service:>5", 0, "cannot be compared");
    refused("is:>5", 0, "cannot be compared");
    refused("@size:>large", 0, "a number");
    refused("@size:>", 6, "missing");
    refused("@size:[1 to 2]", 6, "[10 TO 20]");
    refused("@size:[1 TO 2", 6, "[10 TO 20]");
    refused("@size:[* TO *]", 0, "`@size:*`");
    refused("var.size:[* TO *]", 0, "`var.size:*`");
    refused(&format!("env:({})", vec!["x"; 65].join(" OR ")), 0, "more than 64");
    refused("age:<2d", 0, "unknown key");
}

#[test]
fn values_pass_or_not() {
    let like = |value: &str, pattern: &str| {
        Test::Like(pattern.split('*').map(str::to_owned).collect()).holds(&Field::Resource, value)
    };
    for (value, pattern, want) in [
        ("GET /pay", "*pay*", true),
        ("GET /pay", "GET*pay", true),
        ("GET /pay", "GET*p", false),
        ("aba", "ab*ba", false),
        ("abba", "ab*ba", true),
        ("abab", "a*b*b", true),
        ("ab", "a*b*b", false),
        ("", "*", true),
    ] {
        assert_eq!(like(value, pattern), want, "{value} {pattern}");
    }
    let compares = |field: Field, value: &str, comparison, operand: &str| {
        Test::Compares(comparison, operand.to_owned()).holds(&field, value)
    };
    let tag = || Field::Tag("t".to_owned());
    assert!(compares(tag(), "500", Comparison::Greater, "499"));
    assert!(!compares(tag(), "1000", Comparison::Less, "499"));
    assert!(compares(tag(), "-1.5", Comparison::AtMost, "-1.5"));
    assert!(!compares(tag(), "many", Comparison::Greater, "499"));
    assert!(compares(Field::Version, "1.10.0", Comparison::Greater, "1.9"));
    assert!(!compares(Field::Version, "f3a9c1", Comparison::Greater, "1.9"));
    for (comparison, holds) in [
        (Comparison::AtLeast, true),
        (Comparison::AtMost, true),
        (Comparison::Less, false),
        (Comparison::Greater, false),
    ] {
        assert_eq!(compares(Field::Version, "1.10.0", comparison, "1.10"), holds);
        assert_eq!(compares(Field::Version, "v1.10+build.7", comparison, "1.10"), holds);
        assert!(!compares(Field::Version, "f3a9c1", comparison, "f3a9c2"));
    }
}

#[test]
fn captured_values_are_asked_for_by_their_path() {
    let value =
        |path: &str, test| Filter::Value(ValueCondition { path: ValuePattern::parse(path).unwrap(), test });
    check("var.order.currency:null", value("order.currency", ValueTest::Null));
    check("var.order.currency:\"null\"", value("order.currency", ValueTest::Is("null".into())));
    check("-var.order:*", Filter::Not(Box::new(value("order", ValueTest::Exists))));
    check("var.x:a*", value("x", ValueTest::Like(vec!["a".into(), String::new()])));
    check("var.total:>=9.5", value("total", ValueTest::Compares(Comparison::AtLeast, "9.5".into())));
    check("var.total:[1 TO 2]", value("total", ValueTest::Between("1".into(), "2".into())));
    check("var.total:[1 TO *]", value("total", ValueTest::Compares(Comparison::AtLeast, "1".into())));
    check(
        "var.x:(1 OR null)",
        Filter::Or(vec![value("x", ValueTest::Is("1".into())), value("x", ValueTest::Null)]),
    );
    check(
        r#"var.headers."a b:\"c".0:x env:prod"#,
        Filter::And(vec![value(r#"headers."a b:\"c".0"#, ValueTest::Is("x".into())), is(Field::Env, "prod")]),
    );
    check("var.**.sku:A-1", value("**.sku", ValueTest::Is("A-1".into())));
    refused("var.:x", 0, "name is missing");
    refused("a var.x..y:1", 2, "name is missing");
    refused("var.x:", 0, "no value");
    refused("var.x:>a", 0, "compared with a number");
    refused("var.x.\"open", 6, "not closed");
    // Rules and settings know fields of events only.
    assert!(parse_with("var.x:1", &|key| field_of_key(key)).is_err());
}

#[test]
fn the_age_of_issues_is_compared() {
    let asked = std::cell::RefCell::new(Vec::new());
    let filter_of = |term| {
        asked.borrow_mut().push(term);
        Filter::All
    };
    parse_for_issues("age:<2d age:>=30m -age:>1w", &filter_of).unwrap();
    let hour = 3_600_000_000_000;
    assert_eq!(
        *asked.borrow(),
        [
            IssueTerm::Age(Comparison::Less, 48 * hour),
            IssueTerm::Age(Comparison::AtLeast, hour / 2),
            IssueTerm::Age(Comparison::Greater, 7 * 24 * hour),
        ]
    );
    for wrong in ["age:2d", "age:<2", "age:<d", "age:<2y", "age:<é", "age:<99999999999w"] {
        let error = parse_for_issues(wrong, &filter_of).unwrap_err();
        assert!(error.message.contains("`age:` is compared"), "{wrong} {error}");
    }
}

#[test]
fn owners_are_names_forms_or_words() {
    let asked = std::cell::RefCell::new(Vec::new());
    let filter_of = |term| {
        asked.borrow_mut().push(term);
        Filter::All
    };
    let query =
        r#"owner:@org/pay owner:ada@example.org owner:@org/* owner:* owner:none -owner:unknown owner:"none""#;
    parse_for_issues(query, &filter_of).unwrap();
    let like = OwnerTest::Like(vec!["@org/".into(), String::new()]);
    let want = [
        OwnerTest::Is("@org/pay".into()),
        OwnerTest::Is("ada@example.org".into()),
        like.clone(),
        OwnerTest::Anybody,
        OwnerTest::Nobody,
        OwnerTest::Unknown,
        OwnerTest::Is("none".into()),
    ];
    assert_eq!(*asked.borrow(), want.map(IssueTerm::Owner));
    assert!(
        parse_for_issues("owner:>a", &filter_of).unwrap_err().message.contains("`owner:` cannot be compared")
    );
    assert!(parse_with("owner:a", &|key| field_of_key(key)).is_err(), "rules know nothing of issues");

    let owners = ["@Org/Pay".to_owned(), "ada@example.org".to_owned()];
    let holds = |test: &OwnerTest| (test.holds(Some(&owners)), test.holds(Some(&[])), test.holds(None));
    assert_eq!(holds(&OwnerTest::Is("@org/pay".into())), (true, false, false));
    assert_eq!(holds(&OwnerTest::Is("@org".into())), (false, false, false));
    assert_eq!(holds(&like), (true, false, false));
    assert_eq!(holds(&OwnerTest::Anybody), (true, false, false));
    assert_eq!(holds(&OwnerTest::Nobody), (false, true, false));
    assert_eq!(holds(&OwnerTest::Unknown), (false, false, true));
}

#[test]
fn each_value_that_a_key_names_is_read() {
    let filter_of = |_| Filter::HasValues;
    for key in &KEYS {
        for value in key.values {
            let query = format!("{}:{value}", key.name);
            assert!(parse_for_issues(&query, &filter_of).is_ok(), "{query}");
        }
        assert_eq!(
            key.of_issues,
            key.field.is_none()
                && parse(&format!("{}:x", key.name))
                    .is_err_and(|error| { error.message.contains("unknown key") }),
            "{}",
            key.name
        );
    }
    let states =
        State::ALL.iter().all(|state| key("is").is_some_and(|is| is.values.contains(&state.as_str())));
    assert!(states);
}

/// Queries as text, with what they mean.
fn written() -> impl Strategy<Value = (String, Filter)> {
    // Causes are of a few names.
    let fields: Vec<_> = KEYS
        .iter()
        .filter_map(|key| Some((key.name, key.field.clone().filter(|field| *field != Field::Cause)?)))
        .collect();
    let key = proptest::sample::select(fields);
    let lowered = |field: &Field, text: &str| match field {
        Field::TraceId | Field::Issue => text.to_ascii_lowercase(),
        _ => text.to_owned(),
    };
    let exact = (key.clone(), ".*").prop_map(move |((key, field), text)| {
        (format!("{key}:{}", quoted(&text)), is(field.clone(), &lowered(&field, &text)))
    });
    let plain = (key.clone(), "[a-z0-9_.:/-]{1,8}")
        .prop_map(|((key, field), text)| (format!("{key}:{text}"), is(field, &text)));
    let starts = (key.clone(), "[a-z0-9_.:/-]{0,8}")
        .prop_map(|((key, field), text)| (format!("{key}:{text}*"), Filter::StartsWith(field, text)));
    let list = (key, proptest::collection::vec("[a-z0-9]{1,4}", 1..4)).prop_map(|((key, field), values)| {
        let any = values.iter().map(|value| is(field.clone(), value)).collect();
        (format!("{key}:( {} )", values.join("  OR ")), Filter::Or(any))
    });
    let number = (prop_oneof!["[a-z._]{1,8}", ".{1,6}"], -1000_i32..1000).prop_map(|(tag, number)| {
        let test = Test::Compares(Comparison::AtLeast, number.to_string());
        (format!("{}:>={number}", tag_key(&tag)), Filter::Passes(Field::Tag(tag), test))
    });
    let words = "[a-z0-9]{1,6}( [a-z0-9]{1,6}){0,2}"
        .prop_map(|text: String| (quoted(&text), Filter::Words(crate::words(&text))));
    let term = prop_oneof![exact, plain, starts, list, number, words];
    let signed = (any::<bool>(), term).prop_map(|(negated, (text, filter))| {
        if negated { (format!("-{text}"), Filter::Not(Box::new(filter))) } else { (text, filter) }
    });
    proptest::collection::vec(signed, 2..6).prop_map(|terms| {
        let (texts, filters): (Vec<_>, Vec<_>) = terms.into_iter().unzip();
        (texts.join("  "), Filter::And(filters))
    })
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_fail_otherwise(text in ".*") {
        if let Err(error) = parse(&text) {
            proptest::prop_assert!(text.is_char_boundary(error.at.min(text.len())));
        }
    }

    #[test]
    fn no_text_of_signs_makes_the_parser_fail_otherwise(text in "[a-b:\"()\\[\\]<>=* OR-]{0,30}") {
        if let Err(error) = parse(&text) {
            proptest::prop_assert!(text.is_char_boundary(error.at.min(text.len())));
        }
    }

    #[test]
    fn what_is_written_is_what_is_read((text, want) in written()) {
        proptest::prop_assert_eq!(parse(&text), Ok(want), "{}", text);
    }
}
