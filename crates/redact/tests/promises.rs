//! What the crate promises, over random data: no secret survives, nothing else changes, and a second time
//! changes nothing.

#![allow(missing_docs, unreachable_pub, dead_code, unused_imports, clippy::unwrap_used, reason = "tests")]

#[path = "../corpus/mod.rs"]
mod corpus;

use corpus::{Aim, Seed, Split, innocent, secrets};
use proptest::prelude::*;
use reenact_model::{
    CapturedValue, Content, CrashReport, Fragment, Frame, Grouping, NotCaptured, Placed, RecordedException,
    Snapshot, SnapshotId, Span, SpanError, TraceChunk, Variables,
};
use reenact_redact::{Mode, Redactor, Rules, ScanLimits};

fn snapshot(locals: Vec<(String, CapturedValue)>) -> Fragment {
    Fragment::Snapshot(Snapshot {
        id: SnapshotId(1),
        service: "shop".into(),
        function: "f".into(),
        file: "f.py".into(),
        locals: Variables(locals),
        ..Snapshot::default()
    })
}

fn scalar(type_name: &str, repr: String) -> CapturedValue {
    CapturedValue::scalar(type_name, repr)
}

/// A value with `text` in it, in one of ten places.
fn holding(text: &str, place: usize) -> CapturedValue {
    let quoted = scalar("str", format!("'{text}'"));
    let plain = scalar("int", "1".into());
    let list = |values| CapturedValue::new("list", Content::Elements(values));
    match place {
        0 => quoted,
        1 => scalar("bytes", format!("b'{text}'")),
        2 => scalar("str", format!("'{} {text} {}'", "lorem ipsum ".repeat(200), "dolor sit ".repeat(200))),
        3 => list(vec![plain, quoted]),
        4 => CapturedValue::new("dict", Content::Entries(vec![(quoted, plain)])),
        5 => CapturedValue::new("dict", Content::Entries(vec![(plain, quoted)])),
        6 => CapturedValue::new("Order", Content::Fields(vec![("note".into(), quoted)])),
        7 => list(vec![scalar("tuple", format!("('note', '{text}')"))]),
        8 => scalar("str", format!("'{{\"note\": \"{text}\", \"a\": [1, 2]}}'")),
        _ => scalar("str", format!("'https://shop.example/pay?a=1&b={text}&c=2'")),
    }
}

fn nested(mut value: CapturedValue, depth: usize) -> CapturedValue {
    for level in 0..depth {
        value = match level % 3 {
            0 => CapturedValue::new("list", Content::Elements(vec![value])),
            1 => CapturedValue::new("Box", Content::Fields(vec![("inner".into(), value)])),
            _ => {
                let key = scalar("str", "'inner'".into());
                CapturedValue::new("dict", Content::Entries(vec![(key, value)]))
            }
        };
    }
    value
}

/// A trace or a crash with `text` in one of nine places.
fn telling(text: &str, place: usize) -> Fragment {
    let mut span = Span::default();
    let mut error = SpanError { type_name: "ValueError".into(), message: "a".into(), ..SpanError::default() };
    match place {
        0 => error.message = format!("it failed with {text} again"),
        1 => {
            error.stack = Some(format!("  File \"/a.py\", line 1, in f\n    call('{text}')\nValueError: a\n"))
        }
        2 => error.stack = Some(format!("ValueError: {text}\n\nThe above exception was the direct cause\n")),
        3 => span.resource = format!("GET /a?b={text}"),
        4 => drop(span.tags.insert("note".into(), text.into())),
        5 => drop(span.tags.insert("http.url".into(), format!("http://shop.example/?q={text}"))),
        6 => span.recorded.push(RecordedException { message: text.into(), ..RecordedException::default() }),
        7 => {
            let frame = Frame { source_line: Some(format!("key = \"{text}\"")), ..Frame::default() };
            return Fragment::Crash(CrashReport { frames: vec![frame], ..CrashReport::default() });
        }
        _ => return Fragment::Crash(CrashReport { message: text.into(), ..CrashReport::default() }),
    }
    span.error = Some(error);
    Fragment::Trace(TraceChunk { spans: vec![span], ..TraceChunk::default() })
}

fn check_gone(fragment: Fragment, secret: &str) -> Result<(), TestCaseError> {
    let redactor = Redactor::default_rules();
    let once = redactor.redact(fragment).into_inner();
    let shown = format!("{once:?}");
    prop_assert!(
        !shown.contains(secret) && !shown.contains(&format!("{secret:?}")),
        "{} in {}",
        secret,
        shown
    );
    prop_assert_eq!(redactor.redact(once.clone()).into_inner(), once);
    Ok(())
}

/// Secrets that stand for themselves, without keyword and text around.
fn certain() -> Vec<(&'static str, String)> {
    let keyword =
        ["ca_sin", "de_tax_id", "es_dni", "in_aadhaar", "nl_bsn", "pl_pesel", "se_personnummer", "uk_nhs"];
    let partly = [
        "url_credentials",
        "connection_string",
        "azure_storage_key",
        "discord_webhook",
        "slack_webhook",
        "basic_auth",
    ];
    secrets(Split::HeldOut, 4)
        .into_iter()
        .filter(|s| s.aim == Aim::Certain && !keyword.contains(&s.kind) && !partly.contains(&s.kind))
        .map(|s| (s.kind, s.secret))
        .collect()
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn hex_escaped(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("\\x{b:02x}") })
        .collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_500) })]

    #[test]
    fn a_secret_never_survives_in_values(index in 0_usize..10_000, place in 0_usize..10, depth in 0_usize..20) {
        let all = certain();
        let (_, secret) = &all[index % all.len()];
        check_gone(snapshot(vec![("a".into(), nested(holding(secret, place), depth))]), secret)?;
    }

    #[test]
    fn a_secret_never_survives_in_texts(index in 0_usize..10_000, place in 0_usize..9) {
        let all = certain();
        let (_, secret) = &all[index % all.len()];
        check_gone(telling(secret, place), secret)?;
    }

    #[test]
    fn a_secret_never_survives_encoded(index in 0_usize..10_000, place in 0_usize..9, encoding in 0_usize..8) {
        let all = certain();
        let (kind, secret) = &all[index % all.len()];
        prop_assume!(*kind != "private_key" && !kind.starts_with("encoded"));
        let secret = match encoding {
            0 => percent_encoded(secret),
            1 => percent_encoded(&percent_encoded(secret)),
            2 => hex_escaped(secret),
            3 => hexadecimal(format!("note={secret}").as_bytes()),
            4 => hexadecimal(format!("{{\"note\": \"{secret}\"}}").as_bytes()).to_uppercase(),
            5 => hexadecimal(corpus::base64(format!("note={secret}").as_bytes()).as_bytes()),
            6 => corpus::base64(format!("note={secret}").as_bytes()),
            _ => corpus::base64(format!("{{\"note\": \"{secret}\"}}").as_bytes()),
        };
        check_gone(telling(&secret, place), &secret)?;
    }

    #[test]
    fn redacting_again_changes_nothing(text in "([a-zA-Z0-9=:,'\"\\\\(){}\\[\\]%&@/._ -]|password|sk_live_|eyJhbGciOiJub25lIn0\\.|4111 1111 1111 1111|://a:b@|\\[redacted|: jwt\\]|\n){0,60}") {
        let redactor = Redactor::default_rules();
        let run = |text: String| redactor.redact_text_explained(text, "error.message", None).0.into_inner();
        let once = run(text);
        prop_assert_eq!(run(once.clone()), once);
    }

    #[test]
    fn any_bytes_are_taken(text in ".{0,80}", parts in proptest::collection::vec("[%\\\\x0-9a-fA-F~@:=-]{1,30}", 0..6)) {
        let text = format!("{text}{}", parts.concat());
        let rules = Rules { values_on: vec!["*".into()], ..Rules::default() };
        let (after, _, changes) = Redactor::new(&rules).unwrap().redact_text_explained(text.clone(), "tags.a", None);
        prop_assert_eq!(changes.is_empty(), *after.get() == text);
    }
}

#[test]
fn innocent_values_stay_byte_for_byte() {
    let redactor = Redactor::default_rules();
    for (kind, text) in innocent(Split::HeldOut, 10) {
        // The corpus shows how many of these go by a name in them, or by chance.
        if matches!(kind, "code" | "test name" | "matrix" | "image") {
            continue;
        }
        let fragment = snapshot(vec![("a".into(), scalar("str", format!("'{text}'")))]);
        assert_eq!(redactor.redact(fragment.clone()).into_inner(), fragment, "{kind}");
    }
}

#[test]
fn strict_mode_keeps_numbers_and_shapes() {
    let redactor = Redactor::new(&Rules { mode: Mode::Strict, ..Rules::default() }).unwrap();
    let list = CapturedValue::new(
        "list",
        Content::Elements(vec![
            scalar("int", "5".into()),
            scalar("bool", "True".into()),
            scalar("float", "-1.5e-07".into()),
            scalar("Decimal", "Decimal('12.50')".into()),
            scalar("str", "'anything'".into()),
            scalar("int", "anything".into()),
        ]),
    );
    let Fragment::Snapshot(got) = redactor.redact(snapshot(vec![("a".into(), list.clone())])).into_inner()
    else {
        panic!("a snapshot stays one")
    };
    let (Content::Elements(got), Content::Elements(had)) = (&got.locals.0[0].1.content, &list.content) else {
        panic!("a list stays one")
    };
    assert_eq!(got[..4], had[..4]);
    for value in &got[4..] {
        assert_eq!(value.not_captured, Some(NotCaptured::RedactedValue));
        assert_eq!(value.rule.as_deref(), Some("mode (strict)"));
    }
}

#[test]
fn strict_mode_takes_texts_out_of_the_reasons_of_what_is_stored() {
    let redactor = Redactor::new(&Rules { mode: Mode::Strict, ..Rules::default() }).unwrap();
    let why = |part: &str| {
        let grouping = Grouping { why: vec![part.to_owned()], ..Grouping::default() };
        let placed = Placed { grouping, ..Placed::default() };
        redactor.redact_placed(placed, None).0.into_inner().grouping.why.remove(0)
    };
    for quoting in [
        "there is no stack; the message reads \"no card for Ada\"",
        "message is \"no card for Ada\"",
        "tag.customer is \"Ada\"",
    ] {
        assert_eq!(why(quoting), "[redacted: mode (strict)]");
    }
    for other in
        ["error type is \"KeyError\"", "frames: charge in shop/bank.py", "the rule \"message\" decides"]
    {
        assert_eq!(why(other), other);
    }
}

#[test]
fn what_is_beyond_a_limit_is_not_kept() {
    let limits = ScanLimits { depth_max: 4, text_bytes_max: 10_000, fragment_bytes_max: 30_000 };
    let redactor = Redactor::new(&Rules { limits, ..Rules::default() }).unwrap();
    let deep = nested(scalar("str", "'innermost'".into()), 6);
    let long = scalar("str", format!("'{}innermost'", "word ".repeat(4_000)));
    let many =
        (0..20).map(|i| (format!("v{i}"), scalar("str", format!("'{}innermost'", "word ".repeat(900)))));
    let mut all = vec![("a".into(), deep), ("b".into(), long)];
    all.extend(many);
    let once = redactor.redact(snapshot(all)).into_inner();
    let shown = format!("{once:?}");
    assert_eq!(shown.matches("innermost").count(), 3, "what fits into 30,000 bytes after the long one");
    assert!(shown.contains("limit (depth)") && shown.contains("[redacted: not scanned]"));
}
