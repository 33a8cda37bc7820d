//! Recall and false positives, as a Markdown table.

use std::collections::BTreeMap;
use std::fmt::Write;

use reenact_redact::{Redactor, RuleRef};

use super::{Aim, Secret, Split, innocent, secrets};

/// Secrets of each kind and split, and innocent values of each kind and split.
const SECRETS_EACH: usize = 8;
const INNOCENT_EACH: usize = 40;

/// The figures that the aims are about, each as a share from 0 to 1.
pub struct Report {
    pub markdown: String,
    pub certain_recall: f64,
    pub random_recall: f64,
    pub false_positives: f64,
    pub kinds: usize,
    pub secrets: usize,
    pub innocent: usize,
}

#[derive(Default)]
struct Counts {
    tuning: (usize, usize),
    held_out: (usize, usize),
}

impl Counts {
    fn of(&mut self, split: Split) -> &mut (usize, usize) {
        if split == Split::Tuning { &mut self.tuning } else { &mut self.held_out }
    }
}

/// Runs the default rules over the whole corpus.
pub fn report() -> Report {
    let redactor = Redactor::default_rules();
    let mut recall: BTreeMap<(Aim2, &str), Counts> = BTreeMap::new();
    let mut innocents: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut fired: BTreeMap<String, usize> = BTreeMap::new();
    for split in [Split::Tuning, Split::HeldOut] {
        for secret in secrets(split, SECRETS_EACH) {
            let counts = recall.entry((Aim2(secret.aim == Aim::Random), secret.kind)).or_default().of(split);
            counts.1 += 1;
            counts.0 += usize::from(is_gone(&redactor, &secret));
        }
        for (kind, text) in innocent(split, INNOCENT_EACH) {
            let counts = innocents.entry(kind).or_default().of(split);
            counts.1 += 1;
            let (after, _, changes) = redactor.redact_text_explained(text.clone(), "error.message", None);
            if *after.get() != text {
                counts.0 += 1;
                for change in changes {
                    *fired.entry(name_of(&change.rule)).or_default() += 1;
                }
            }
        }
    }
    written(&recall, &innocents, &fired)
}

/// Orders the certain kinds before the random ones.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
struct Aim2(bool);

fn is_gone(redactor: &Redactor, secret: &Secret) -> bool {
    let (after, _, _) = redactor.redact_text_explained(secret.text.clone(), "error.message", None);
    // Of an address, a pair or a key only the secret part goes: any of its last twelve characters will do.
    let part = match secret.kind {
        "url_credentials" => secret.secret.split(['@', ':']).nth(2).unwrap_or_default(),
        "connection_string" => secret.secret.rsplit('=').next().unwrap_or_default().trim_end_matches(';'),
        "azure_storage_key" => {
            secret.secret.rsplit("Key=").next().unwrap_or_default().trim_end_matches(['=', ';'])
        }
        "basic_auth" => &secret.secret[6..],
        "discord_webhook" | "slack_webhook" => secret.secret.rsplit('/').next().unwrap_or_default(),
        _ => &secret.secret,
    };
    !after.get().contains(part)
}

fn name_of(rule: &RuleRef) -> String {
    match rule {
        RuleRef::Value(id) => (*id).to_owned(),
        RuleRef::Scanner(id) => id.clone(),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn share((hit, all): (usize, usize)) -> f64 {
    if all == 0 { 0.0 } else { hit as f64 / all as f64 }
}

fn percent(counts: (usize, usize)) -> String {
    format!("{:.1} % of {}", share(counts) * 100.0, counts.1)
}

fn added(a: (usize, usize), b: (usize, usize)) -> (usize, usize) {
    (a.0 + b.0, a.1 + b.1)
}

fn written(
    recall: &BTreeMap<(Aim2, &'static str), Counts>,
    innocents: &BTreeMap<&'static str, Counts>,
    fired: &BTreeMap<String, usize>,
) -> Report {
    let mut text = String::from(HEAD);
    let _ = writeln!(text, "| kind | found by | recall, tuning | recall, held out |\n|---|---|---|---|");
    let mut totals = [Counts::default(), Counts::default()];
    for ((aim, kind), counts) in recall {
        let total = &mut totals[usize::from(aim.0)];
        total.tuning = added(total.tuning, counts.tuning);
        total.held_out = added(total.held_out, counts.held_out);
        let by = if aim.0 { "entropy" } else { "shape" };
        let _ =
            writeln!(text, "| {kind} | {by} | {} | {} |", percent(counts.tuning), percent(counts.held_out));
    }
    for (total, name) in totals.iter().zip(["shape", "entropy"]) {
        let _ = writeln!(
            text,
            "| **all by {name}** | | {} | {} |",
            percent(total.tuning),
            percent(total.held_out)
        );
    }
    let _ = writeln!(
        text,
        "\n## Innocent values\n\n| kind | changed, tuning | changed, held out |\n|---|---|---|"
    );
    let mut all = Counts::default();
    for (kind, counts) in innocents {
        all.tuning = added(all.tuning, counts.tuning);
        all.held_out = added(all.held_out, counts.held_out);
        let _ = writeln!(text, "| {kind} | {} | {} |", percent(counts.tuning), percent(counts.held_out));
    }
    let _ = writeln!(text, "| **all** | {} | {} |", percent(all.tuning), percent(all.held_out));
    let total = all.tuning.1 + all.held_out.1;
    let _ = writeln!(
        text,
        "\n## False positives by rule\n\nRules that are not listed changed no innocent value.\n"
    );
    let _ = writeln!(text, "| rule | values changed of {total} | rate |\n|---|---|---|");
    for (rule, count) in fired {
        let _ = writeln!(text, "| {rule} | {count} | {:.3} % |", *count as f64 / total as f64 * 100.0);
    }
    let certain = added(totals[0].tuning, totals[0].held_out);
    let random = added(totals[1].tuning, totals[1].held_out);
    Report {
        markdown: text,
        certain_recall: share(certain),
        random_recall: share(random),
        false_positives: share(added(all.tuning, all.held_out)),
        kinds: recall.len(),
        secrets: certain.1 + random.1,
        innocent: total,
    }
}

const HEAD: &str = "# Quality of redaction

<!-- Generated by `cargo run --release -p reenact-redact --example corpus`; a test checks that it is current. -->

What the default rules find in the corpus of `crates/redact/corpus`, and what they take for a secret that is none.
All of it is invented; a secret counts as found when it is not in the text any more, by whatever rule.
The part *tuning* was looked at while thresholds were chosen; the seed of the part *held out* was drawn when they were last changed.
Both come from the same generator with different seeds, so they say nothing about formats that the generator does not know.
Random ids in mixed case (KSUID, nanoid) cannot be told from secrets: they are redacted, and are not in the corpus.

## Secrets

";
