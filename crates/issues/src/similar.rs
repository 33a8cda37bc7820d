//! How much two errors resemble each other, and why.
//!
//! The score is a sum of three shares, each from 0 to 1 and multiplied by its weight:
//!
//! | share | weight with stacks | without | is |
//! |---|---|---|---|
//! | frames | 0.5 | – | shared frames that count, of those of both: a frame weighs 1 at the raise, 1/2 next to it, then 1/3, 1/4, 1/5 |
//! | type | 0.25 | 0.4 | 1 for the same type, 1/2 for the same class name of another module |
//! | message | 0.25 | 0.6 | shared words of the first line, of those of both; what differs between occurrences is left out |
//!
//! Frames, types and messages are normalised as for grouping, version 1. Symmetric and deterministic.

use std::collections::BTreeSet;

use reenact_model::Report;

use crate::grouping::template::frames;
use crate::grouping::v1::{normalised_message, normalised_type};

/// From this score on two errors count as similar.
pub const SIMILAR_MIN: f64 = 0.3;

/// What counts of an error when it is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// File and function of the frames that count, the raise first; five at most.
    pub frames: Vec<(String, String)>,
    /// The type.
    pub type_name: String,
    /// Words of the message, each once.
    pub words: BTreeSet<String>,
}

impl Features {
    /// What counts of a report. O(size of the stack).
    pub fn of(report: &Report) -> Self {
        let message = normalised_message(report.message());
        let words = message.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
        Self {
            frames: frames(report),
            type_name: normalised_type(report.type_name()).to_owned(),
            words: words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect(),
        }
    }
}

/// How much two errors resemble each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Similarity {
    /// From 0 to 1.
    pub score: f64,
    /// What they share, for people, the weightiest first.
    pub reasons: Vec<String>,
}

/// Compares two errors. O(words and frames).
pub fn similarity(left: &Features, right: &Features) -> Similarity {
    let mut reasons = Vec::new();
    let has_stacks = !left.frames.is_empty() && !right.frames.is_empty();
    let (of_frames, of_type, of_message) = if has_stacks { (0.5, 0.25, 0.25) } else { (0.0, 0.4, 0.6) };
    let mut score = of_frames * frames_share(left, right, &mut reasons);
    score += of_type * type_share(left, right, &mut reasons);
    score += of_message * message_share(left, right, &mut reasons);
    Similarity { score, reasons }
}

fn frames_share(left: &Features, right: &Features, reasons: &mut Vec<String>) -> f64 {
    let weight = |at: usize| 1.0 / (at as f64 + 1.0);
    let (mut shared, mut all, mut count) = (0.0, 0.0, 0);
    for (at, frame) in left.frames.iter().enumerate() {
        match right.frames.iter().position(|other| other == frame) {
            Some(other) => {
                count += 1;
                shared += weight(at.max(other));
                all += weight(at.min(other));
            }
            None => all += weight(at),
        }
    }
    let unshared = right.frames.iter().enumerate().filter(|(_, frame)| !left.frames.contains(frame));
    all += unshared.map(|(at, _)| weight(at)).sum::<f64>();
    if let (Some(raise), true) = (left.frames.first(), left.frames.first() == right.frames.first()) {
        reasons.push(format!("raised by {} in {} too", raise.1, raise.0));
    }
    if count > 0 {
        let most = left.frames.len().max(right.frames.len());
        reasons.push(format!("{count} of {most} frames in common"));
    }
    if all > 0.0 { shared / all } else { 0.0 }
}

fn type_share(left: &Features, right: &Features, reasons: &mut Vec<String>) -> f64 {
    let class = |name: &str| name.rsplit('.').next().unwrap_or("").to_owned();
    if left.type_name.is_empty() || class(&left.type_name) != class(&right.type_name) {
        return 0.0;
    }
    if left.type_name == right.type_name {
        reasons.push(format!("the same type {}", left.type_name));
        return 1.0;
    }
    reasons.push(format!("the same class name {} in another module", class(&left.type_name)));
    0.5
}

fn message_share(left: &Features, right: &Features, reasons: &mut Vec<String>) -> f64 {
    let all = left.words.union(&right.words).count();
    let shared = left.words.intersection(&right.words).count();
    if all == 0 {
        return 0.0;
    }
    if shared > 0 {
        reasons.push(match shared == all {
            true => "the same message".to_owned(),
            false => format!("{shared} of {all} words of the message in common"),
        });
    }
    shared as f64 / all as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(frames: &[&str], type_name: &str, message: &str) -> Features {
        Features {
            frames: frames.iter().map(|name| ("shop/bank.py".to_owned(), (*name).to_owned())).collect(),
            type_name: type_name.to_owned(),
            words: message.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
        }
    }

    #[track_caller]
    fn check(left: &Features, right: &Features, want: f64, reasons: &[&str]) {
        let found = similarity(left, right);
        assert!((found.score - want).abs() < 0.001, "{found:?}");
        assert!((similarity(right, left).score - want).abs() < 0.001, "it is symmetric");
        assert_eq!(found.reasons, reasons);
    }

    #[test]
    fn what_is_shared_counts_more_near_the_raise() {
        let one = features(&["charge", "pay"], "KeyError", "card declined");
        check(
            &one,
            &one,
            1.0,
            &[
                "raised by charge in shop/bank.py too",
                "2 of 2 frames in common",
                "the same type KeyError",
                "the same message",
            ],
        );
        let raise = features(&["charge", "refund"], "ValueError", "");
        check(&one, &raise, 0.25, &["raised by charge in shop/bank.py too", "1 of 2 frames in common"]);
        let caller = features(&["refund", "pay"], "ValueError", "");
        check(&one, &caller, 0.1, &["1 of 2 frames in common"]);
    }

    #[test]
    fn without_stacks_type_and_message_count() {
        let one = features(&[], "a.Timeout", "no answer from bank");
        let other = features(&["charge"], "b.Timeout", "no answer from shop");
        check(
            &one,
            &other,
            0.2 + 0.6 * 3.0 / 5.0,
            &["the same class name Timeout in another module", "3 of 5 words of the message in common"],
        );
        check(&Features::default(), &Features::default(), 0.0, &[]);
    }

    #[test]
    fn what_differs_between_occurrences_is_no_word() {
        let mut report = Report::default();
        report.exceptions.push(reenact_model::Exception {
            type_name: "builtins.KeyError".to_owned(),
            message: "Order 17 of 'x', failed".to_owned(),
            ..Default::default()
        });
        let found = Features::of(&report);
        assert_eq!(found.words.into_iter().collect::<Vec<_>>(), ["failed", "of", "order"]);
        assert_eq!(found.type_name, "KeyError");
    }
}
