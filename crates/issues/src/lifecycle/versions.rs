//! The order of versions.
//!
//! Numbers between dots are compared as numbers, in the forms of Semantic Versioning and of Python packages:
//! `1.10 > 1.9`, `2.0.0-rc.1 < 2.0.0`, `1.0.dev3 < 1.0a1 < 1.0 < 1.0.post1`, `release-7 < release-12`. Dates with
//! hyphens are such numbers too, and what follows one has no order: `2026-11-01 < 2026-11-02-3f2a9bc`. Others, such as
//! commits, have no order of their own; there the one seen first is the older one.

use std::cmp::Ordering;

/// Length of a version whose parts are looked at, in bytes; longer ones have no order of their own.
const BYTES_MAX: usize = 200;

/// The order of two versions by their form; `None` where the form gives none, also of two that differ in nothing that
/// has an order, such as the number of the build.
pub fn compare(left: &str, right: &str) -> Option<Ordering> {
    rank(left, right).filter(|order| order.is_ne() || left == right)
}

/// As [`compare`], but those that differ in nothing that has an order are equal: `1.4` and `1.4.0`.
pub fn rank(left: &str, right: &str) -> Option<Ordering> {
    if left == right {
        return Some(Ordering::Equal);
    }
    let (left, right) = (Version::parse(left)?, Version::parse(right)?);
    if !left.prefix.eq_ignore_ascii_case(right.prefix) {
        return None;
    }
    let numbers = left.numbers.len().max(right.numbers.len());
    let number = |version: &Version<'_>, at: usize| version.numbers.get(at).copied().unwrap_or(0);
    let by_number =
        (0..numbers).map(|at| number(&left, at).cmp(&number(&right, at))).find(|order| order.is_ne());
    by_number.or_else(|| Some(left.rest.cmp(&right.rest)))
}

/// The newest of versions that are given in the order in which they were first seen.
pub fn newest<V: AsRef<str>>(versions: &[V]) -> Option<&str> {
    let mut newest = versions.first()?.as_ref();
    for version in &versions[1..] {
        if compare(version.as_ref(), newest) != Some(Ordering::Less) {
            newest = version.as_ref();
        }
    }
    Some(newest)
}

/// How `version` stands to `base`, where `seen` are the versions that were seen when `base` was the newest, in
/// the order in which they were first seen: one that is not among them came later.
pub fn compare_seen<V: AsRef<str>>(version: &str, base: &str, seen: &[V]) -> Ordering {
    let place = |wanted: &str| seen.iter().position(|seen| seen.as_ref() == wanted);
    compare(version, base).unwrap_or_else(|| match (place(version), place(base)) {
        (Some(version), Some(base)) => version.cmp(&base),
        (Some(_), None) => Ordering::Less,
        (None, _) => Ordering::Greater,
    })
}

struct Version<'a> {
    prefix: &'a str,
    numbers: Vec<u64>,
    rest: Rest,
}

/// What follows the numbers, from the oldest to the newest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rest {
    Before(Vec<Part>),
    Release,
    After(Vec<Part>),
}

/// A number is older than a word, `dev` is older than all.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Dev,
    Number(u64),
    Word(String),
}

impl<'a> Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        if text.len() > BYTES_MAX {
            return None;
        }
        let start = text.find(|character: char| character.is_ascii_digit())?;
        let (prefix, text) = text.split_at(start);
        let prefix = if prefix.eq_ignore_ascii_case("v") { "" } else { prefix };
        if !prefix.is_empty() && !prefix.ends_with(['-', '_', '/', '@', ' ', ':']) {
            return None;
        }
        let text = text.split('+').next().unwrap_or(text);
        if let Some(numbers) = date(text) {
            return Some(Self { prefix, numbers, rest: Rest::Release });
        }
        let mut numbers = Vec::new();
        let mut rest = text;
        loop {
            let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
            numbers.push(rest[..end].parse().ok()?);
            rest = &rest[end..];
            match rest.strip_prefix('.') {
                Some(after) if after.starts_with(|character: char| character.is_ascii_digit()) => {
                    rest = after
                }
                _ => break,
            }
        }
        // A commit may begin with digits as well.
        if !rest.is_empty() && numbers.len() < 2 {
            return None;
        }
        Some(Self { prefix, numbers, rest: rest_of(rest)? })
    }
}

/// Year, month and day of a text that begins with a date: `2026-11-01`.
fn date(text: &str) -> Option<Vec<u64>> {
    let length = "2026-11-01".len();
    let is_longer = text.as_bytes().get(length).is_some_and(u8::is_ascii_digit);
    let parts: Vec<&str> = text.get(..length)?.split('-').collect();
    if is_longer || parts.iter().map(|part| part.len()).ne([4, 2, 2]) {
        return None;
    }
    parts.iter().map(|part| part.parse().ok()).collect()
}

fn rest_of(text: &str) -> Option<Rest> {
    const MARKS: [&str; 10] = ["a", "alpha", "b", "beta", "c", "rc", "pre", "preview", "post", "snapshot"];
    if text.is_empty() {
        return Some(Rest::Release);
    }
    let parts = parts_of(text)?;
    let known = match parts.first() {
        Some(Part::Word(word)) => MARKS.contains(&word.as_str()),
        Some(Part::Dev) => true,
        _ => false,
    };
    if !known && !text.starts_with('-') {
        return None;
    }
    let after = matches!(parts.first(), Some(Part::Word(word)) if word == "post");
    Some(if after { Rest::After(parts) } else { Rest::Before(parts) })
}

/// Words and numbers, at signs and where the one meets the other.
fn parts_of(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for piece in text.split(['.', '-', '_']).filter(|piece| !piece.is_empty()) {
        let mut rest = piece;
        while let Some(first) = rest.chars().next() {
            let digits = first.is_ascii_digit();
            let end = rest.find(|other: char| other.is_ascii_digit() != digits).unwrap_or(rest.len());
            let (one, after) = rest.split_at(end);
            rest = after;
            parts.push(match one.to_ascii_lowercase() {
                word if !digits && word == "dev" => Part::Dev,
                word if !digits => Part::Word(word),
                number => Part::Number(number.parse().ok()?),
            });
        }
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn rises(versions: &[&str]) {
        for (at, older) in versions.iter().enumerate() {
            for newer in &versions[at + 1..] {
                assert_eq!(compare(older, newer), Some(Ordering::Less), "{older} {newer}");
                assert_eq!(compare(newer, older), Some(Ordering::Greater), "{newer} {older}");
            }
        }
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        rises(&["1.2", "1.2.1", "1.9", "1.10", "2.0.0-alpha", "2.0.0-rc.1", "2.0.0-rc.2", "2.0.0", "v2.0.1"]);
        rises(&["1.0.dev3", "1.0a1", "1.0b2", "1.0rc1", "1.0rc10", "1.0", "1.0.post1", "1.1"]);
        rises(&["release-7", "release-12"]);
        rises(&["7", "12"]);
        rises(&["2026.01.09", "2026.1.10", "2026.2.1"]);
        rises(&[
            "2025-12-31",
            "2026-01-09",
            "2026.1.10",
            "2026-02-01-3f2a9bc",
            "2026-11-01T10:00:00",
            "2026-11-02",
        ]);
        rises(&["release-2026-01-09", "release-2026-01-10"]);
    }

    #[test]
    fn what_has_no_order_says_so() {
        for (left, right) in [
            ("1a2b3c4", "9f8e7d6"),
            ("1a23456", "2.0"),
            ("main", "1.0"),
            ("release-7", "hotfix-8"),
            ("1.0+one", "1.0+two"),
            ("abc1234", "abc1235"),
            ("1.0", "1.0.0"),
            ("2026-11-01-3f2a9bc", "2026-11-01-9f8e7d6"),
            ("2026-11-013", "2026-11-02"),
            ("2026-1-09", "2026-11-02"),
            ("", "1"),
            ("99999999999999999999.1", "1.1"),
        ] {
            assert_eq!(compare(left, right), None, "{left} {right}");
        }
        assert_eq!(compare("main", "main"), Some(Ordering::Equal));
    }

    #[test]
    fn the_newest_is_by_form_and_else_the_one_seen_last() {
        assert_eq!(newest(&["1.9", "1.10", "1.2"]), Some("1.10"));
        assert_eq!(newest(&["f00d", "beef"]), Some("beef"));
        assert_eq!(newest::<&str>(&[]), None);
        let seen = ["f00d", "beef", "cafe"];
        assert_eq!(compare_seen("f00d", "beef", &seen), Ordering::Less);
        assert_eq!(compare_seen("cafe", "beef", &seen), Ordering::Greater);
        assert_eq!(compare_seen("d00d", "cafe", &seen), Ordering::Greater);
        assert_eq!(compare_seen("1.1", "1.2", &seen), Ordering::Less);
    }

    fn any_version() -> impl Strategy<Value = String> {
        prop_oneof![
            "v?[0-9]{1,2}(\\.[0-9]{1,2}){0,3}(-?(rc|a|dev|post|x)\\.?[0-9]?)?",
            "202[0-9]-0[1-9]-[0-9]{2,3}(-[0-9a-f]{1,2})?",
            "[0-9a-f]{1,8}",
            ".{0,8}",
        ]
    }

    proptest! {
        #[test]
        fn the_order_is_an_order(a in any_version(), b in any_version(), c in any_version()) {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).map(Ordering::reverse));
            if compare(&a, &b) == Some(Ordering::Less) && compare(&b, &c) == Some(Ordering::Less) {
                prop_assert_eq!(compare(&a, &c), Some(Ordering::Less));
            }
        }
    }
}
