use reenact_model::{
    CapturedValue, CrashReport, Fragment, Snapshot, SnapshotId, Span, SpanError, TraceChunk, TraceId,
    Variables,
};

use super::*;
use crate::{Mode, Redactor, Rules};

fn keys() -> ScannerKeys {
    ScannerKeys { hash: [1; 32], mask: MaskKey::new([2; 32]) }
}

fn rule(pattern: &str, action: Action) -> ScannerRule {
    ScannerRule {
        id: "tenant".into(),
        name: "Tenant".into(),
        pattern: Pattern::Regex(pattern.into()),
        keywords: None,
        included_paths: Vec::new(),
        excluded_paths: Vec::new(),
        action,
        priority: 3,
        sampling_percent: 100,
    }
}

fn redact() -> Action {
    Action::Redact { text: String::new() }
}

fn scan(rules: &[ScannerRule], text: &str) -> String {
    let scanner = Scanner::new(rules, keys()).unwrap();
    let chosen = Some((&scanner, &scanner.all())).map(|(scanner, all)| (scanner, all.clone()));
    let redactor = Redactor::default_rules();
    let run = |text: &str| {
        let with = chosen.as_ref().map(|(scanner, all)| (*scanner, all));
        redactor.redact_text_explained(text.to_owned(), "error.message", with).0.into_inner()
    };
    let once = run(text);
    assert_eq!(run(&once), once, "a second scan changes nothing");
    once
}

#[track_caller]
fn check(rules: &[ScannerRule], text: &str, want: &str) {
    assert_eq!(scan(rules, text), want);
}

#[test]
fn each_action_does_what_it_says() {
    let pattern = r"acct-[0-9]+";
    check(&[rule(pattern, redact())], "see acct-123, acct-4", "see [redacted: tenant], [redacted: tenant]");
    check(&[rule(pattern, Action::Redact { text: "<account>".into() })], "see acct-123", "see <account>");
    let partial = |characters, side| rule(pattern, Action::Partial { characters, side });
    check(&[partial(5, Side::First)], "see acct-123", "see ***123");
    check(&[partial(3, Side::Last)], "see acct-123", "see acct-***");
    check(&[partial(30, Side::Last)], "see acct-123", "see ***");
}

#[test]
fn hashes_and_masks_can_be_joined_and_masks_taken_off() {
    for action in [Action::Hash, Action::Mask] {
        let got = scan(&[rule(r"acct-[0-9]+", action)], "acct-1 acct-1 acct-2");
        let parts: Vec<&str> = got.split("] ").collect();
        assert!(!got.contains("acct") && parts[0] == parts[1] && parts[1] != parts[2], "{got}");
    }
    let text = "see acct-1 and äacct-22.";
    let masked = scan(&[rule(r"ä?acct-[0-9]+", Action::Mask)], text);
    assert_eq!(unmask(&masked, &MaskKey::new([2; 32])).unwrap(), text);
    assert_eq!(unmask(&masked, &MaskKey::new([3; 32])), Err(UnmaskError));
}

#[test]
fn keywords_must_stand_near() {
    let mut near = rule("[0-9]{4}", redact());
    near.keywords = Some(Keywords { words: vec!["Account".into()], within_characters: 10 });
    check(&[near.clone()], "account: 1234", "account: [redacted: tenant]");
    check(&[near], "account of somebody else, 1234", "account of somebody else, 1234");
}

#[test]
fn the_lower_priority_number_acts() {
    let mut first = rule("acct-[0-9]+", Action::Redact { text: "<first>".into() });
    first.id = "first".into();
    first.priority = 1;
    check(&[rule("[0-9]{3}", redact()), first], "acct-123", "<first>");
}

#[test]
fn value_rules_can_be_used_with_another_action() {
    let mut card = rule("x", Action::Partial { characters: 12, side: Side::First });
    card.pattern = Pattern::Value("payment_card".into());
    let rules = Rules { values_off: vec!["*".into()], ..Rules::default() };
    let scanner = Scanner::new(&[card], keys()).unwrap();
    let got = Redactor::new(&rules).unwrap().redact_text_explained(
        "paid with 4111111111111111".into(),
        "error.message",
        Some((&scanner, &scanner.all())),
    );
    assert_eq!(got.0.get(), "paid with ***1111");
    assert_eq!(got.1.scanner["tenant"], 1);
    assert_eq!(got.2[0].range, Some(10..26));
}

fn trace(message: &str) -> Fragment {
    let error = SpanError {
        type_name: "acct.Error1".into(),
        message: message.into(),
        stack: Some(format!("  File \"/srv/acct-1.py\", line 1, in f\n    {message}\n")),
        ..SpanError::default()
    };
    let mut span = Span { error: Some(error), service: "acct-1".into(), ..Span::default() };
    span.tags.insert("error.fingerprint".into(), "acct-1".into());
    span.tags.insert("note".into(), message.into());
    Fragment::Trace(TraceChunk { trace_id: TraceId(5), spans: vec![span], ..TraceChunk::default() })
}

fn span_of(fragment: Fragment) -> Span {
    match fragment {
        Fragment::Trace(mut chunk) => chunk.spans.remove(0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn reserved_attributes_and_frames_stay_and_paths_choose() {
    let mut everywhere = rule("acct-[0-9]", redact());
    let scanner = Scanner::new(std::slice::from_ref(&everywhere), keys()).unwrap();
    let redactor = Redactor::default_rules();
    let (got, hits) = redactor.redact_counted(trace("acct-1"), Some((&scanner, &scanner.all())));
    let span = span_of(got.into_inner());
    let error = span.error.unwrap();
    assert_eq!(error.stack.unwrap(), "  File \"/srv/acct-1.py\", line 1, in f\n    [redacted: tenant]\n");
    assert_eq!((error.type_name.as_str(), span.service.as_str()), ("acct.Error1", "acct-1"));
    assert_eq!(span.tags["error.fingerprint"], "acct-1");
    assert_eq!(hits.scanner["tenant"], 3);

    everywhere.included_paths = vec!["error".into()];
    everywhere.excluded_paths = vec!["error.stack".into()];
    let scanner = Scanner::new(&[everywhere], keys()).unwrap();
    let (got, hits) = redactor.redact_counted(trace("acct-1"), Some((&scanner, &scanner.all())));
    let span = span_of(got.into_inner());
    assert_eq!((hits.scanner["tenant"], span.tags["note"].as_str()), (1, "acct-1"));
}

#[test]
fn sampling_is_decided_by_the_fragment() {
    let mut half = rule("acct-[0-9]", redact());
    half.sampling_percent = 50;
    let scanner = Scanner::new(&[half], keys()).unwrap();
    let redactor = Redactor::default_rules();
    let used = |id: u32| {
        let report =
            CrashReport { id: format!("crash {id}"), message: "acct-1".into(), ..CrashReport::default() };
        redactor.redact_counted(Fragment::Crash(report), Some((&scanner, &scanner.all()))).1.total()
    };
    let count: u64 = (0..1_000).map(used).sum();
    assert!((400..600).contains(&count), "{count}");
    assert_eq!((0..20).map(used).collect::<Vec<_>>(), (0..20).map(used).collect::<Vec<_>>());
}

#[test]
fn bad_rules_are_refused_with_position_and_reason() {
    let problem =
        |pattern: &str| Scanner::new(&[rule(pattern, redact())], keys()).map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        problem("ab(?=c)"),
        "scanner rule `tenant` has a pattern that is wrong at byte 2: look-around, including look-ahead and look-behind, is not supported"
    );
    assert!(
        problem("a(b")
            .starts_with("scanner rule `tenant` has a pattern that is wrong at byte 1: unclosed group")
    );
    assert!(problem("a{1000}{1000}").contains("too large"));
    assert!(problem("a*").contains("matches the empty text"));
    let own = Scanner::new(&[rule("[a-z]+", Action::Redact { text: "gone".into() })], keys());
    assert_eq!(own.unwrap_err().problem, ScannerProblem::MatchesItself);
}

#[test]
fn what_is_left_after_too_many_matches_is_not_kept() {
    let got = scan(&[rule("a", Action::Redact { text: "-".into() })], &"a ".repeat(2_000));
    assert!(got.ends_with("[redacted: not scanned]") && !got.contains("a "), "{}", &got[got.len() - 60..]);
}

#[test]
fn strict_mode_keeps_types_and_frames() {
    let rules = Rules { mode: Mode::Strict, ..Rules::default() };
    let got = Redactor::new(&rules).unwrap().redact(trace("no account acct-1"));
    let span = span_of(got.into_inner());
    let error = span.error.unwrap();
    assert_eq!(error.message, "[redacted: mode (strict)]");
    assert_eq!(
        error.stack.unwrap(),
        "  File \"/srv/acct-1.py\", line 1, in f\n    [redacted: mode (strict)]\n"
    );
    assert_eq!(span.tags["note"], "[redacted: mode (strict)]");
    assert_eq!(span.tags["error.fingerprint"], "acct-1");
}

#[test]
fn what_belongs_to_one_event_is_sampled_alike() {
    let mut half = rule("acct-[0-9]", redact());
    half.sampling_percent = 50;
    let scanner = Scanner::new(&[half], keys()).unwrap();
    let redactor = Redactor::default_rules();
    let total = |fragment: Fragment, selection: &Selection| {
        let counted = redactor.redact_counted(fragment.clone(), Some((&scanner, selection)));
        let explained = redactor.redact_explained(fragment, Some((&scanner, selection)));
        assert_eq!(counted.1, explained.1, "trying a rule out samples as the real run does");
        counted.1.total() > 0
    };
    let text = |selection: &Selection| {
        let with = Some((&scanner, selection));
        redactor.redact_text_explained("acct-1".into(), "error.message", with).1.total() > 0
    };
    let trace_with = |id: u128| match trace("acct-1") {
        Fragment::Trace(chunk) => Fragment::Trace(TraceChunk { trace_id: TraceId(id), ..chunk }),
        other => other,
    };
    let mut used = 0;
    for id in 0..200_u128 {
        let own = total(trace_with(7 << 64 | id), &scanner.all());
        assert_eq!(total(snapshot_of(Some(id), 1_000 - id), &scanner.all()), own, "by the trace");
        let keyed = scanner.all().sampled_by(id);
        assert_eq!(total(trace_with(9), &keyed), total(snapshot_of(None, 4), &keyed), "by a key");
        assert_eq!(text(&keyed), total(trace_with(9), &keyed));
        assert!(text(&scanner.all()));
        used += usize::from(own);
    }
    assert!((70..130).contains(&used), "{used}");
}

fn snapshot_of(trace_id: Option<u128>, id: u128) -> Fragment {
    Fragment::Snapshot(Snapshot {
        id: SnapshotId(id),
        service: "shop".into(),
        trace_id: trace_id.map(TraceId),
        function: "f".into(),
        file: "f.py".into(),
        locals: Variables(vec![("a".into(), CapturedValue::scalar("str", "'acct-1'"))]),
        ..Snapshot::default()
    })
}

#[test]
fn rules_without_a_fixed_beginning_are_tried_where_their_bytes_are() {
    for (pattern, text, want) in [
        (r"\b[A-Z]{2}7[0-9]{2}-[a-z]+", "see AB712-ab", "see [redacted: tenant]"),
        (r"(?i)[xy]?tenant[:=] ?\w+", "TENANT: äb", "[redacted: tenant]"),
        (r"(a|bc)+[^a-z]é?", "abc1", "[redacted: tenant]"),
        (r"\p{Greek}\d", "x α5", "x [redacted: tenant]"),
        (r"(?:[0-9]-)?[0-9]{3}x*", "5-123", "[redacted: tenant]"),
    ] {
        check(&[rule(pattern, redact())], text, want);
    }
}
