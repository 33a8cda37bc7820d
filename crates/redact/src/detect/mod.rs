//! Secrets by how they look, wherever they stand.
//!
//! A text is swept for runs of characters long enough to hold a secret; only those are examined, so that
//! a text without any costs less than a look at every byte. Escapes (`%2D`, `\x2d`, `\u002d`, `\n`) are
//! read as what they stand for. What a sweep finds is a range of the text as it is written.
//!
//! Every sweep is linear: what is done at one place is bounded by a constant or by the run that it takes.

mod catalogue;
mod checks;
mod contact;
mod digits;
mod encoded;
mod entropy;
mod runs;
mod shapes;
mod view;
mod words;

pub use catalogue::{Category, ValueRule, value_rules};

use std::ops::Range;

use crate::names::Names;
use crate::signs::{AT, COLON, EQUALS, Signs, TILDE};

/// How far before a number a word counts as beside it, in bytes.
const KEYWORD_BYTES: usize = 48;

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) range: Range<usize>,
    pub(crate) rule: &'static str,
}

/// The value rules that are on.
#[derive(Clone, Debug)]
pub(crate) struct Detector {
    /// One bit for each rule, in the order of the catalogue.
    on: u128,
    shapes: shapes::Shapes,
    email: bool,
    phone: bool,
    ipv4: bool,
    ipv6: bool,
}

/// What a sweep reads and what it found.
struct Sweep<'a> {
    detector: &'a Detector,
    names: &'a Names,
    bytes: &'a [u8],
    /// The name that the text stands under, if any.
    context: &'a str,
    /// How many encodings the text was taken out of.
    nested: usize,
    found: Vec<Found>,
}

impl Detector {
    /// Takes a function that says which rules are on.
    pub(crate) fn new(is_on: impl Fn(&ValueRule) -> bool) -> Self {
        let on = value_rules()
            .iter()
            .enumerate()
            .filter(|(_, rule)| is_on(rule))
            .fold(0, |bits, (index, _)| bits | 1 << index);
        let mut detector =
            Self { on, shapes: shapes::Shapes::new(), email: false, phone: false, ipv4: false, ipv6: false };
        detector.email = detector.is_on("email");
        detector.phone = detector.is_on("phone");
        detector.ipv4 = detector.is_on("ipv4");
        detector.ipv6 = detector.is_on("ipv6");
        detector
    }

    #[inline(never)]
    pub(crate) fn is_on(&self, rule: &str) -> bool {
        value_rules().iter().position(|known| known.id == rule).is_some_and(|index| self.on >> index & 1 == 1)
    }

    /// The secrets in `text`, ascending and without overlaps. Allocates only when there are any, or escapes.
    pub(crate) fn find(&self, text: &str, signs: Signs, context: &str, names: &Names) -> Vec<Found> {
        self.find_nested(text.as_bytes(), signs, context, names, 0)
    }

    fn find_nested(
        &self,
        bytes: &[u8],
        signs: Signs,
        context: &str,
        names: &Names,
        nested: usize,
    ) -> Vec<Found> {
        if bytes.len() < runs::SHORTEST || self.on == 0 || !signs.may_hold_values() {
            return Vec::new();
        }
        match signs.has_code().then(|| view::decoded(bytes)).flatten() {
            None => self.sweep(bytes, signs, context, names, nested),
            Some(view) => {
                let mut found = self.sweep(&view.bytes, Signs::of(&view.bytes), context, names, nested);
                for found in &mut found {
                    found.range = view.offsets[found.range.start]..view.offsets[found.range.end];
                }
                found
            }
        }
    }

    fn sweep(&self, bytes: &[u8], signs: Signs, context: &str, names: &Names, nested: usize) -> Vec<Found> {
        let has = |sign: u16| signs.has(sign);
        let mut sweep = Sweep { detector: self, names, bytes, context, nested, found: Vec::new() };
        if signs.may_hold_keys() && bytes.len() >= contact::KEY_BYTES_MIN {
            sweep.private_keys();
        }
        if has(COLON) {
            sweep.addresses();
        }
        if has(EQUALS) && bytes.len() >= contact::KEY_BYTES_MIN {
            sweep.connection_keys();
        }
        if has(AT | COLON) {
            sweep.contacts();
        }
        if has(TILDE) {
            sweep.azure_secrets();
        }
        if signs.has_words() {
            sweep.words();
        }
        if signs.has_numbers() {
            sweep.digits();
        }
        if !sweep.found.is_empty() {
            sweep.found = merged(sweep.found);
        }
        if signs.has_words() {
            sweep.random_and_encoded();
        }
        if sweep.found.is_empty() { sweep.found } else { merged(sweep.found) }
    }
}

impl Sweep<'_> {
    fn push(&mut self, rule: &'static str, range: Range<usize>) {
        if !range.is_empty() && self.detector.is_on(rule) {
            self.found.push(Found { range, rule });
        }
    }

    /// Whether one of the lower-case `keywords` stands shortly before `at`, or in the name of the text.
    fn is_beside(&self, at: usize, keywords: &[&str]) -> bool {
        let before = &self.bytes[at.saturating_sub(KEYWORD_BYTES)..at];
        crate::steps::add(before.len() * keywords.len());
        keywords.iter().any(|keyword| has_word(before, keyword) || has_word(self.context.as_bytes(), keyword))
    }
}

/// Whether `keyword` is in `text` in any case, as a word.
fn has_word(text: &[u8], keyword: &str) -> bool {
    let keyword = keyword.as_bytes();
    text.windows(keyword.len()).enumerate().any(|(at, window)| {
        window.eq_ignore_ascii_case(keyword)
            && (at == 0 || !text[at - 1].is_ascii_alphabetic() || text[at].is_ascii_uppercase())
            && text.get(at + keyword.len()).is_none_or(|next| !next.is_ascii_lowercase())
    })
}

/// Sorts and joins what overlaps; the first of two that begin together gives its rule.
fn merged(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|found| (found.range.start, std::cmp::Reverse(found.range.end)));
    let mut joined: Vec<Found> = Vec::with_capacity(found.len());
    for next in found {
        match joined.last_mut() {
            Some(last) if next.range.start < last.range.end => {
                last.range.end = last.range.end.max(next.range.end);
            }
            _ => joined.push(next),
        }
    }
    joined
}

#[cfg(test)]
mod tests;
