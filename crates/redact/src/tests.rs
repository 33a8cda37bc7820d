//! The promises of the whole crate.

use proptest::prelude::*;
use reenact_model::{
    CapturedValue, Content, Fragment, NotCaptured, Snapshot, SnapshotId, Span, SpanError, TraceChunk,
    Variables,
};

use crate::names::{DOCUMENTED, FURTHER};
use crate::{Redactor, RuleError, Rules};

const SECRET: &str = "hunter2hunter2";

fn snapshot(locals: Vec<(String, CapturedValue)>) -> Snapshot {
    Snapshot {
        id: SnapshotId(1),
        service: "shop".into(),
        function: "f".into(),
        file: "f.py".into(),
        locals: Variables(locals),
        ..Snapshot::default()
    }
}

fn redacted_locals(
    redactor: &Redactor,
    locals: Vec<(String, CapturedValue)>,
) -> Vec<(String, CapturedValue)> {
    match redactor.redact(Fragment::Snapshot(snapshot(locals))).into_inner() {
        Fragment::Snapshot(snapshot) => snapshot.locals.0,
        other => panic!("{other:?}"),
    }
}

fn redact_text(redactor: &Redactor, text: &mut String) {
    *text = redactor.redact_text_explained(std::mem::take(text), "error.message", None).0.into_inner();
}

fn text(repr: &str) -> CapturedValue {
    CapturedValue::scalar("str", repr)
}

#[test]
fn a_redacted_value_keeps_its_type_and_nothing_else() {
    let value = CapturedValue { size: Some(7), truncated: true, reference: Some(1), ..text("'hunter2'") };
    let got = redacted_locals(&Redactor::default_rules(), vec![("user_password".into(), value)]);
    let want = CapturedValue {
        rule: Some("name \"password\"".into()),
        ..CapturedValue::absent("str", NotCaptured::RedactedIdentifier)
    };
    assert_eq!(got[0].1, want);
}

#[test]
fn redacted_types_go_with_all_beneath() {
    let rules = Rules { types: vec!["Secret*".into()], ..Rules::default() };
    let value = CapturedValue::new("shop.SecretVault", Content::Fields(vec![("a".into(), text("'x'"))]));
    let got = redacted_locals(&Redactor::new(&rules).unwrap(), vec![("a".into(), value)]);
    assert_eq!(got[0].1.not_captured, Some(NotCaptured::RedactedType));
    assert_eq!(got[0].1.rule.as_deref(), Some("type \"Secret*\""));
    assert_eq!(got[0].1.content, Content::Nothing);
}

#[test]
fn bad_rules_are_refused_with_their_place() {
    let rules = Rules { identifiers: vec!["a".into(), "-_".into()], ..Rules::default() };
    let error = Redactor::new(&rules).unwrap_err();
    assert_eq!(
        error,
        RuleError { list: "identifiers", number: 2, reason: "has no letter or digit to match" }
    );
    assert_eq!(error.to_string(), "rule 2 of `identifiers` has no letter or digit to match");
}

#[test]
fn tags_and_metrics_go_by_key_and_reserved_ones_stay() {
    let mut span = Span::default();
    for (key, value) in [
        ("http.request.headers.authorization", "Bearer x"),
        ("usr.id", "7"),
        ("http.status_code", "500"),
        ("http.url", "http://x/?token=hunter2&a=1"),
        ("error.fingerprint", "token=1"),
    ] {
        span.tags.insert(key.into(), value.into());
    }
    span.metrics.insert("card_number".into(), 4111.0);
    span.metrics.insert("process_id".into(), 1.0);
    let chunk = TraceChunk { spans: vec![span], ..TraceChunk::default() };
    let Fragment::Trace(chunk) = Redactor::default_rules().redact(Fragment::Trace(chunk)).into_inner() else {
        panic!("a trace stays a trace")
    };
    let tag = |key: &str| chunk.spans[0].tags[key].as_str();
    assert_eq!(tag("http.request.headers.authorization"), "[redacted: name \"authorization\"]");
    assert_eq!(tag("usr.id"), "7");
    assert_eq!(tag("http.status_code"), "500");
    assert_eq!(tag("http.url"), "http://x/?token=[redacted]&a=1");
    assert_eq!(tag("error.fingerprint"), "token=1");
    assert_eq!(tag("card_number"), "[redacted: name \"cardnumber\"]");
    assert_eq!(chunk.spans[0].metrics.len(), 1);
}

fn name() -> impl Strategy<Value = String> {
    let listed: Vec<&str> = DOCUMENTED.iter().chain(&FURTHER).copied().collect();
    (proptest::sample::select(listed), 0..5).prop_map(|(name, style)| match style {
        0 => name.to_owned(),
        1 => name.to_uppercase(),
        2 => format!("my_{name}"),
        3 => format!("X-{name}"),
        _ => format!("{name}_value"),
    })
}

fn around(name: String, style: u8) -> CapturedValue {
    let key = text(&format!("'{name}'"));
    match style {
        0 => CapturedValue::new("dict", Content::Entries(vec![(key, text(SECRET))])),
        1 => CapturedValue::new("tuple", Content::Elements(vec![key, text(SECRET)])),
        2 => CapturedValue::new("A", Content::Fields(vec![(name, text(SECRET))])),
        3 => {
            let tuple = CapturedValue::new("tuple", Content::Elements(vec![key, text("'x'")]));
            CapturedValue::new("dict", Content::Entries(vec![(tuple, text(SECRET))]))
        }
        4 => {
            let key = CapturedValue::scalar("bytes", format!("b'{name}'"));
            CapturedValue::new(
                "dict",
                Content::Entries(vec![(
                    key,
                    CapturedValue::new("list", Content::Elements(vec![text(SECRET)])),
                )]),
            )
        }
        _ => text(&format!("'{{\"{name}\": \"{SECRET}\"}}'")),
    }
}

fn escaped(text: &str, level: u32) -> String {
    (0..level)
        .fold(text.to_owned(), |text, _| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\'', "\\'"))
}

#[track_caller]
fn check_siblings(entries: &[(&str, CapturedValue)], want_gone: &[&str]) {
    let fields: Vec<_> = entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let keyed: Vec<_> =
        entries.iter().map(|(name, value)| (text(&format!("'{name}'")), value.clone())).collect();
    let redactor = Redactor::default_rules();
    let is_gone = |value: &CapturedValue| value.not_captured == Some(NotCaptured::RedactedIdentifier);
    for value in [
        CapturedValue::new("A", Content::Fields(fields)),
        CapturedValue::new("dict", Content::Entries(keyed)),
    ] {
        let once = redacted_locals(&redactor, vec![("a".into(), value)]);
        let gone: Vec<bool> = match &once[0].1.content {
            Content::Fields(fields) => fields.iter().map(|(_, value)| is_gone(value)).collect(),
            Content::Entries(entries) => entries.iter().map(|(_, value)| is_gone(value)).collect(),
            other => panic!("{other:?}"),
        };
        let want: Vec<bool> = entries.iter().map(|(name, _)| want_gone.contains(name)).collect();
        assert_eq!(gone, want);
        assert_eq!(redacted_locals(&redactor, once.clone()), once);
    }
}

#[test]
fn siblings_tell_what_a_value_is() {
    let insert = text("'INSERT INTO u (id, password) VALUES (?, ?)'");
    let list = CapturedValue::new("tuple", Content::Elements(vec![text("2"), text("'S'")]));
    check_siblings(&[("name", text("'password'")), ("value", text("'S'")), ("id", text("1"))], &["value"]);
    check_siblings(&[("name", text("'colour'")), ("value", text("'S'"))], &[]);
    check_siblings(&[("header", text("'X-Api-Key'")), ("value", list.clone())], &["value"]);
    check_siblings(
        &[("statement", insert.clone()), ("params", list.clone()), ("orig", text("'a'"))],
        &["params"],
    );
    check_siblings(&[("parameters", list.clone()), ("sql", insert)], &["parameters"]);
    check_siblings(&[("query", text("'SELECT id FROM tokens'")), ("args", list)], &[]);
    let loc = CapturedValue::new("tuple", Content::Elements(vec![text("'user'"), text("'password'")]));
    check_siblings(&[("type", text("'a'")), ("loc", loc), ("input", text("'S'"))], &["input"]);
}

#[test]
fn a_name_in_a_sequence_or_an_enumeration_counts() {
    let redactor = Redactor::default_rules();
    let sequence = ["'u'", "'password'", "'S'", "'a'"].map(text).to_vec();
    let member = CapturedValue::new("Field", Content::Fields(vec![("_value_".into(), text("'password'"))]));
    let entries = vec![(member, text("'S'"))];
    let once = redacted_locals(
        &redactor,
        vec![
            ("a".into(), CapturedValue::new("tuple", Content::Elements(sequence))),
            ("b".into(), CapturedValue::new("dict", Content::Entries(entries))),
        ],
    );
    let shown = format!("{once:?}");
    assert!(!shown.contains("'S'") && shown.contains("'a'"), "{shown}");
    assert_eq!(redacted_locals(&redactor, once.clone()), once);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_secret_never_survives_in_values(name in name(), style in 0_u8..6, depth in 0_usize..6) {
        let mut value = around(name, style);
        for level in 0..depth {
            value = if level % 2 == 0 {
                CapturedValue::new("list", Content::Elements(vec![value]))
            } else {
                CapturedValue::new("B", Content::Fields(vec![("a".into(), value)]))
            };
        }
        let redactor = Redactor::default_rules();
        let once = redacted_locals(&redactor, vec![("a".into(), value)]);
        let shown = format!("{once:?}");
        prop_assert!(!shown.contains(SECRET), "{}", shown);
        prop_assert_eq!(redacted_locals(&redactor, once.clone()), once);
    }

    #[test]
    fn a_secret_never_survives_in_texts(name in name(), style in 0_usize..17, level in 0_u32..3,
                                        before in "[ a-z(,\n]{0,12}", after in "[ ,;)&\n]{0,3}") {
        let plain = [
            format!("{name}={SECRET}"), format!("{name}: {SECRET}"), format!("{name} = '{SECRET}'"),
            format!("\"{name}\": \"{SECRET}\""), format!("'{name}': '{SECRET}'"), format!("{name}=>{SECRET}"),
            format!("('{name}', '{SECRET}')"), format!("?a=1&{name}={SECRET}"), format!(" --{name} {SECRET}"),
            format!("{name}=Secret('{SECRET}')"), format!("{name}: str = '{SECRET}'"), format!("%26{name}%3D{SECRET}"),
            format!("{name} is '{SECRET}'"), format!("<{name}>{SECRET}</{name}>"), format!("{name}: some {SECRET} words"),
            format!("INSERT INTO u (id, {name}) VALUES (1, '{SECRET}')"),
            format!("[SQL: INSERT INTO u (id, {name}) VALUES (?, ?)] [parameters: (1, '{SECRET}')]"),
        ];
        let text = format!("{before} {}{after}", escaped(&plain[style], level));
        let redactor = Redactor::default_rules();
        let mut once = text.clone();
        redact_text(&redactor, &mut once);
        prop_assert!(!once.contains(SECRET), "{} -> {}", text, once);
        let mut twice = once.clone();
        redact_text(&redactor, &mut twice);
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn any_text_can_be_redacted_twice_with_one_result(text in "([a-z=:,'\"\\\\(){}<>/\\[\\]%& -]|password|token|Bearer|é|€|𝄞|\n){0,40}") {
        let redactor = Redactor::default_rules();
        let mut once = text;
        redact_text(&redactor, &mut once);
        let mut twice = once.clone();
        redact_text(&redactor, &mut twice);
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn the_frames_of_a_traceback_stay(line in "([a-z=:,'\"\\\\(){}\\[\\]%& #-]|password|token|\"\"\"|1){0,24}", margin in "(  \\| )?") {
        let frame = format!("{margin}  File \"/srv/a.py\", line 3, in f\n");
        let text = format!("{margin}Traceback (most recent call last):\n{frame}{margin}    {line}\n{frame}{margin}    x\n{margin}E: a\n");
        let redactor = Redactor::default_rules();
        let mut once = text.clone();
        redact_text(&redactor, &mut once);
        prop_assert_eq!(once.matches(&frame).count(), 2, "{} -> {}", text, once);
        prop_assert_eq!(once.lines().count(), text.lines().count());
        let mut twice = once.clone();
        redact_text(&redactor, &mut twice);
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn texts_without_listed_words_stay(text in "([b-d0-9=:,'\"\\\\(){}%&\n -]|alpha|beta){0,60}") {
        // What looks random is another matter: `alpha0alpha5c61betabetabeta` does.
        let may_look_random = |word: &str| word.len() >= 20 && word.bytes().filter(u8::is_ascii_digit).count() >= 2;
        prop_assume!(!text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(may_look_random));
        let mut got = text.clone();
        redact_text(&Redactor::default_rules(), &mut got);
        prop_assert_eq!(got, text);
    }

    #[test]
    fn spans_lose_secrets_in_messages_and_stacks(name in name()) {
        let error = SpanError { message: format!("{name}={SECRET}"), stack: Some(format!("    f({name}='{SECRET}')")), ..SpanError::default() };
        let chunk = TraceChunk { spans: vec![Span { error: Some(error), resource: format!("/?{name}={SECRET}"), ..Span::default() }], ..TraceChunk::default() };
        let got = Redactor::default_rules().redact(Fragment::Trace(chunk));
        let shown = format!("{got:?}");
        prop_assert!(!shown.contains(SECRET));
    }
}

/// Inputs that make careless searches slow, each as often as it takes to fill `bytes`.
fn hostile(bytes: usize) -> Vec<String> {
    let parts = [
        "eyJ-",
        "://a:b@",
        "-----BEGIN PRIVATE KEY",
        "password=",
        "\"'",
        "[redacted",
        "[masked: ",
        "1 ",
        "4111 ",
        "%25",
        "\\",
        "sk-ant-",
        "a=",
        "Q~",
        "DE89 ",
        "://",
        "{[(",
        "AKIA",
        "ya29.",
        "a.",
        "M.",
        "=%3D",
        "--a ",
        "ssn 1",
        "password=f(",
        "password='",
        "password=(\n",
        "    token=(\n",
        "\n  File \"a\n    token=(\n",
        "\\\\n  File \"\\n    token=f(token=",
        "password: a ",
        "password:\n  a\n",
        "token 'a ",
        "<token>",
        "(token) VALUES (",
        "[SQL: token] [parameters: ",
        "input_value=",
        "token,a\n1,",
        "| token | a |\n",
        "mysql -p ",
        "Bearer ",
        "token\t",
        "insert into a (token) select '",
        "select token from a where '",
        "\"select token in (\", ('",
        "update a set token=?; args=(",
        "failing row contains (",
        "duplicate entry '",
        "f.token('a', g(",
        "token in ('",
        "a, token = ",
        "{'name': 'token', ",
        "value='a', name='token'",
        "loc=('token', ",
        "form-data; name='token'\n\n",
        "<token><a>",
        "<a key='token' ",
        "<key>token</key>",
        "'a' == token ",
        "\\x3d",
        "\\\\n",
        "&quot;",
        "token%20",
        "＝",
        "70696e3d",
        "AB 12 34 ",
        "x[token][",
        "token for a: ",
        "curl -u a:b ",
        "'-u', 'a:b', ",
        " token  a\n",
        "token,",
        "token1",
        "token a,",
        "token is was ",
        "login a token 1",
        "//token:",
        "login(a, '",
    ];
    parts.iter().map(|part| part.repeat(bytes / part.len())).collect()
}

/// 16 times as much takes 16 times as many steps when linear, 256 times when quadratic.
#[test]
fn no_input_takes_more_than_linear_steps() {
    let redactor = Redactor::new(&Rules { values_on: vec!["*".into()], ..Rules::default() }).unwrap();
    let steps = |begins: &str, text: &str| {
        crate::steps::take();
        redact_text(&redactor, &mut format!("{begins}{text}"));
        crate::steps::take()
    };
    let frame = "Traceback (most recent call last):\n  File \"a\", line 1, in f\n";
    for begins in ["", frame, "'"] {
        for (small, large) in hostile(4 << 10).iter().zip(&hostile(64 << 10)) {
            let (few, many) = (steps(begins, small), steps(begins, large));
            assert!(many < 40 * few, "{few} {many} for {:?}", &small[..20]);
            assert!(many < 800 * (64 << 10), "{many} for {:?}", &small[..20]);
        }
    }
}
