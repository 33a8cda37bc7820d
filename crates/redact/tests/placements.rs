//! Secrets in hundreds of places: none survives, as a message, as a captured text, as a text in a text, and
//! in a source line.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use reenact_model::{CapturedValue, Content, CrashReport, Fragment, Frame, Snapshot, SnapshotId, Variables};
use reenact_redact::Redactor;

const PLACES: &str = include_str!("../corpus/placements.txt");

/// Secrets that no value rule finds: only their place tells.
const SECRETS: [&str; 3] = ["hunter2", "correcthorse", "s3cr3t!pw"];

/// Each place, and whether it is one of a source line too.
fn places() -> Vec<(String, bool)> {
    let mut in_source = false;
    let mut places = Vec::new();
    for line in PLACES.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix("# ").filter(|_| !line.contains('§')) {
            Some(heading) => in_source = heading == "Also as a source line.",
            None => {
                let text = line.replace("\\\\n", "\u{1}").replace("\\n", "\n").replace("\\r", "\r");
                places.push((text.replace("\\t", "\t").replace('\u{1}', "\\n"), in_source));
            }
        }
    }
    places
}

/// As Python writes a text.
fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut written = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            c if c == '\\' || c == quote => written.extend(['\\', c]),
            c => written.push(c),
        }
    }
    written.push(quote);
    written
}

fn in_values(text: &str, depth: usize) -> Fragment {
    let mut value = CapturedValue::scalar("str", repr(text));
    for level in 0..depth {
        value = match level % 3 {
            0 => CapturedValue::new("list", Content::Elements(vec![value])),
            1 => CapturedValue::new("Order", Content::Fields(vec![("note".into(), value)])),
            _ => {
                let key = CapturedValue::scalar("tuple", "('note', 1)");
                CapturedValue::new("dict", Content::Entries(vec![(key, value)]))
            }
        };
    }
    Fragment::Snapshot(Snapshot {
        id: SnapshotId(1),
        service: "shop".into(),
        function: "f".into(),
        file: "f.py".into(),
        locals: Variables(vec![("note".into(), value)]),
        ..Snapshot::default()
    })
}

fn source_line(text: &str) -> Fragment {
    let frame = Frame { source_line: Some(text.to_owned()), ..Frame::default() };
    Fragment::Crash(CrashReport { frames: vec![frame], ..CrashReport::default() })
}

#[track_caller]
fn check_text(redactor: &Redactor, text: &str, secret: &str) -> String {
    let run =
        |text: &str| redactor.redact_text_explained(text.to_owned(), "error.message", None).0.into_inner();
    let once = run(text);
    assert!(!once.contains(secret), "{text:?} -> {once:?}");
    assert_eq!(run(&once), once, "a second time changes nothing");
    once
}

#[track_caller]
fn check_fragment(redactor: &Redactor, fragment: Fragment, secret: &str) {
    let once = redactor.redact(fragment).into_inner();
    let shown = format!("{once:?}");
    assert!(!shown.contains(secret), "{shown}");
    assert_eq!(redactor.redact(once.clone()).into_inner(), once, "a second time changes nothing");
}

#[test]
fn a_secret_in_any_place_goes() {
    let redactor = Redactor::default_rules();
    let places = places();
    assert!(places.len() >= 400, "{}", places.len());
    for (place, _) in &places {
        for secret in SECRETS {
            let text = place.replace('§', secret);
            check_text(&redactor, &text, secret);
            check_text(&redactor, &format!("it failed again:\n\n{text}"), secret);
            check_text(&redactor, &repr(&text), secret);
            check_text(&redactor, &repr(&repr(&text)), secret);
            for depth in [0, 1, 7] {
                check_fragment(&redactor, in_values(&text, depth), secret);
            }
        }
    }
}

#[test]
fn a_secret_in_any_place_of_a_source_line_goes() {
    let redactor = Redactor::default_rules();
    for (place, _) in places().iter().filter(|(_, in_source)| *in_source) {
        for secret in SECRETS {
            let text = place.replace('§', secret);
            check_fragment(&redactor, source_line(&text), secret);
            let frame = "Traceback (most recent call last):\n  File \"/srv/a.py\", line 3, in f\n";
            let next = "  File \"/srv/b.py\", line 9, in g\n    raise ValueError(x)\nValueError: bad\n";
            let once = check_text(&redactor, &format!("{frame}    {text}\n{next}"), secret);
            assert!(once.starts_with(frame) && once.ends_with(next), "{once}");
        }
    }
}

#[test]
fn a_secret_cut_off_by_a_limit_goes() {
    let redactor = Redactor::default_rules();
    let mut left = Vec::new();
    for (place, _) in places() {
        let (before, _) = place.split_once('§').unwrap();
        // Of these, what comes after tells.
        let told_after = [
            "'§' =",
            "'§' in",
            "§' AS",
            "'§' for key",
            "assert '§'",
            "value=\"§\"",
            "\"value\": \"§\"",
            "https://§",
        ];
        if told_after.iter().any(|after| place.contains(after)) {
            continue;
        }
        let text = format!("{before}hunter2");
        let once = redactor.redact_text_explained(text.clone(), "error.message", None).0.into_inner();
        if once.contains("hunter2") {
            left.push(text);
        }
    }
    assert!(left.is_empty(), "{left:#?}");
}
