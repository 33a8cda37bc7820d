//! Prints how fast snapshots are redacted, beside copying them and beside the raw regex engine.
//!
//! The measurements take turns, so that a busy machine slows all of them down alike; the median counts.

#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    unused_imports,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example"
)]

#[path = "../corpus/mod.rs"]
mod corpus;

use std::hint::black_box;
use std::time::Instant;

use corpus::{Seed, Split};
use reenact_model::{CapturedValue, Content, Fragment, Snapshot, SnapshotId, Timestamp, Variables};
use reenact_redact::scanner::{Action, MaskKey, Pattern, Scanner, ScannerKeys, ScannerRule};
use reenact_redact::{Redactor, Rules};

const ROUNDS: usize = 15;

fn main() {
    for (what, make) in [
        ("values as in the corpus", snapshot as fn(u64) -> Snapshot),
        ("values as small as in recorded snapshots", small_snapshot),
    ] {
        println!("## {what}\n");
        measure(&(0..60).map(make).collect::<Vec<_>>());
    }
}

fn measure(snapshots: &[Snapshot]) {
    let texts: Vec<String> = snapshots.iter().flat_map(|s| texts_of(&s.locals)).collect();
    let bytes: usize = snapshots.iter().map(|s| serde_json::to_vec(s).unwrap().len()).sum();
    let scanner = Scanner::new(&rules(), ScannerKeys { hash: [1; 32], mask: MaskKey::new([2; 32]) }).unwrap();
    let all = scanner.all();
    let (default, names) = (Redactor::default_rules(), names_only());
    let patterns: Vec<String> = (0..100).map(pattern).collect();
    let one = regex::Regex::new(&pattern(0)).unwrap();
    let set = regex::RegexSet::new(&patterns).unwrap();
    let run = |redactor: &Redactor, with: bool| {
        let copies = snapshots.to_vec();
        let start = Instant::now();
        for snapshot in copies {
            let chosen = with.then_some((&scanner, &all));
            black_box(redactor.redact_counted(Fragment::Snapshot(snapshot), chosen));
        }
        start.elapsed().as_secs_f64()
    };
    if let Some(count) = std::env::args().nth(1).and_then(|count| count.parse::<usize>().ok()) {
        // For a profiler: the default rules alone.
        (0..count).for_each(|_| {
            black_box(run(&default, false));
        });
        return;
    }
    let timed = |work: &dyn Fn()| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    let mut times: [Vec<f64>; 7] = Default::default();
    for _ in 0..ROUNDS {
        times[0].push(timed(&|| texts.iter().for_each(|text| drop(black_box(text.clone())))));
        times[1].push(timed(&|| {
            texts.iter().for_each(|text| {
                black_box(one.is_match(text));
            })
        }));
        times[2].push(timed(&|| texts.iter().for_each(|text| drop(black_box(set.matches(text))))));
        let copies = snapshots.to_vec();
        times[3].push(timed_once(move || drop(black_box(copies))));
        times[4].push(run(&names, false));
        times[5].push(run(&default, false));
        times[6].push(run(&default, true));
    }
    println!("{} snapshots, {} texts, {:.1} MB as JSON\n", snapshots.len(), texts.len(), bytes as f64 / 1e6);
    println!("| what | MB/s | times the copy |\n|---|---|---|");
    let medians = times.map(|mut list| {
        list.sort_by(f64::total_cmp);
        list[ROUNDS / 2]
    });
    let names = [
        "copy each text",
        "one regular expression",
        "set of 100 regular expressions",
        "dropping the data",
        "names only (with dropping the data)",
        "default rules (with dropping the data)",
        "default rules and 100 scanner rules",
    ];
    for (name, median) in names.iter().zip(medians) {
        println!("| {name} | {:.0} | {:.1} |", bytes as f64 / 1e6 / median, median / medians[0]);
    }
    println!();
}

fn timed_once(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn names_only() -> Redactor {
    Redactor::new(&Rules { values_off: vec!["*".into()], ..Rules::default() }).unwrap()
}

/// 100 patterns of the kinds that operators write: a word and a number, a prefix and a code.
fn pattern(index: usize) -> String {
    match index % 3 {
        0 => format!(r"\bacct{index}-[0-9]{{6,12}}\b"),
        1 => format!(r"(?i)tenant{index}[:=]\s*[a-z0-9]{{8,16}}"),
        _ => format!(r"\b[A-Z]{{3}}{index}[0-9]{{4}}-[A-Z0-9]{{6}}\b"),
    }
}

fn rules() -> Vec<ScannerRule> {
    (0..100)
        .map(|index| ScannerRule {
            id: format!("rule_{index}"),
            name: format!("Rule {index}"),
            pattern: Pattern::Regex(pattern(index)),
            keywords: None,
            included_paths: Vec::new(),
            excluded_paths: Vec::new(),
            action: Action::Hash,
            priority: 1,
            sampling_percent: 100,
        })
        .collect()
}

/// About 90 kB of innocent values in containers, as an error of a web application has them.
fn snapshot(index: u64) -> Snapshot {
    let mut seed = Seed(index);
    let mut values: Vec<CapturedValue> = corpus::innocent(Split::Tuning, 6)
        .into_iter()
        .filter(|(kind, _)| !kind.starts_with("image"))
        .map(|(_, text)| match text.parse::<f64>() {
            Ok(_) => CapturedValue::scalar("int", text),
            Err(_) => CapturedValue::scalar("str", format!("'{text}'")),
        })
        .collect();
    values.extend((0..400).map(|_| CapturedValue::scalar("int", seed.below(10_000).to_string())));
    let mut locals = Vec::new();
    while !values.is_empty() {
        let part: Vec<CapturedValue> = values.drain(..values.len().min(8)).collect();
        let name = format!("value_{}", locals.len());
        let entries = part.into_iter().enumerate();
        let entries = entries.map(|(i, value)| (CapturedValue::scalar("str", format!("'field_{i}'")), value));
        locals.push((name, CapturedValue::new("dict", Content::Entries(entries.collect()))));
    }
    Snapshot {
        id: SnapshotId(u128::from(index)),
        service: "shop".into(),
        function: "f".into(),
        file: "f.py".into(),
        locals: Variables(locals),
        ..Snapshot::default()
    }
}

/// Objects with few values of the sizes that recorded snapshots of web applications have: of 34,000 values
/// in `fixtures`, half have at most 5 bytes, a fifth 9 to 20, a tenth more than 40; of 22,000 names 844 differ.
fn small_snapshot(index: u64) -> Snapshot {
    let mut seed = Seed(index);
    let words =
        ["id", "name", "request", "environ", "method", "path", "_headers", "loop", "created_at", "items"];
    let mut value = |_: usize| match seed.below(100) {
        0..=63 => CapturedValue::scalar("int", seed.below(100_000).to_string()),
        64..=82 => CapturedValue::scalar("str", format!("'{} order'", seed.text("abcdefghij", 6))),
        83..=89 => CapturedValue::scalar("str", format!("'/srv/app/shop/{}.py'", seed.text("abcdefghij", 8))),
        90..=94 => CapturedValue::scalar("str", format!("'{}'", "the order of today ".repeat(4))),
        _ => CapturedValue::scalar("str", format!("'{}'", "Accept: text/html, image/webp; ".repeat(7))),
    };
    let mut locals = Vec::new();
    for number in 0..120 {
        let fields = words.iter().enumerate().map(|(i, name)| ((*name).to_owned(), value(i))).collect();
        locals.push((format!("local_{number}"), CapturedValue::new("Order", Content::Fields(fields))));
    }
    Snapshot { locals: Variables(locals), ..snapshot(index) }
}

fn texts_of(variables: &Variables) -> Vec<String> {
    let mut texts = Vec::new();
    for (name, value) in &variables.0 {
        texts.push(name.clone());
        if let Content::Fields(fields) = &value.content {
            for (name, value) in fields {
                texts.push(name.clone());
                if let Content::Scalar(text) = &value.content {
                    texts.push(text.clone());
                }
            }
        }
        if let Content::Entries(entries) = &value.content {
            for value in entries.iter().flat_map(|(key, value)| [key, value]) {
                if let Content::Scalar(text) = &value.content {
                    texts.push(text.clone());
                }
            }
        }
    }
    texts
}
