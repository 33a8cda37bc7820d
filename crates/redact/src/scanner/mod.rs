//! Scanner rules: what an operator adds, with an action of their choice.
//!
//! A pattern is matched in linear time: it has no look-around and no back-reference, its compiled size is
//! bounded, and so is how often it is tried on one text; what is left then is not kept. One pass over a text
//! finds the beginnings that matches can have; patterns without a fixed beginning are tried one by one. Marks of earlier redactions are never matched, so that
//! scanning again changes nothing.
//!
//! Groups of rules and their queries live outside: the caller says which rules apply to a fragment.

mod action;
mod compile;
mod mask;
mod paths;

pub use action::{Action, Side};
pub use compile::{ScannerError, ScannerProblem};
pub(crate) use mask::OPENING as MASK_OPENING;
pub use mask::{MaskKey, UnmaskError, unmask};

use std::ops::Range;

use crate::detect::Detector;
use crate::hits::RuleRef;
use crate::marks::Edit;
use crate::names::Names;
use crate::signs::Signs;

/// Matches of one pattern in one text that are replaced; the text after them is not kept.
pub(crate) const MATCHES_MAX: usize = 1_000;

/// A rule as the operator wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannerRule {
    /// Its stable id, unique among the rules.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it looks for.
    pub pattern: Pattern,
    /// Words of which one must stand near a match.
    pub keywords: Option<Keywords>,
    /// Where it looks; everywhere when empty. See [`crate::scanner`] and `docs/redaction.md` for paths.
    pub included_paths: Vec<String>,
    /// Where it does not look; wins over `included_paths`.
    pub excluded_paths: Vec<String>,
    /// What becomes of a match.
    pub action: Action,
    /// Of two rules that match the same text the one with the lower number acts.
    pub priority: u8,
    /// For how many of 100 fragments it is used, decided by the trace of the fragment, or its id.
    pub sampling_percent: u8,
}

/// What a scanner rule looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// A regular expression in the syntax of the `regex` crate.
    Regex(String),
    /// A value rule of [`crate::value_rules`], by its id, whether or not it is on elsewhere.
    Value(String),
}

/// Words that must stand near a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keywords {
    /// The words, in any case.
    pub words: Vec<String>,
    /// How many characters before or after a match they may stand.
    pub within_characters: usize,
}

/// Keys of the actions that need one.
#[derive(Clone)]
pub struct ScannerKeys {
    /// Key of [`Action::Hash`].
    pub hash: [u8; 32],
    /// Key of [`Action::Mask`].
    pub mask: MaskKey,
}

/// Compiled scanner rules.
#[derive(Clone)]
pub struct Scanner {
    /// By priority.
    rules: Vec<Compiled>,
    /// All beginnings that matches of patterns can have, of the patterns that have few.
    beginnings: aho_corasick::AhoCorasick,
    /// The rule of each of `beginnings`.
    of_beginning: Vec<usize>,
    /// The rules with a regular expression that has no beginning among them.
    without_beginning: Vec<usize>,
    /// The value rules that rules name.
    values: Option<Detector>,
    keys: ScannerKeys,
}

#[derive(Clone)]
struct Compiled {
    id: String,
    pattern: CompiledPattern,
    /// The shortest match, in bytes.
    bytes_min: usize,
    /// Sets of bytes, of each of which one is in a match.
    required: Vec<compile::ByteSet>,
    /// In lower case.
    words: Vec<String>,
    within: usize,
    included: Vec<paths::PathPattern>,
    excluded: Vec<paths::PathPattern>,
    action: Action,
    sampling_percent: u8,
}

#[derive(Clone)]
enum CompiledPattern {
    Regex(regex::Regex),
    Value(&'static str),
}

/// Which rules of a [`Scanner`] apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    chosen: Vec<bool>,
    /// What sampling is decided by, instead of the fragment.
    sampling_key: Option<u128>,
}

impl Selection {
    fn has(&self, index: usize) -> bool {
        self.chosen.get(index) == Some(&true)
    }

    /// Decides sampling by `key`, so that everything that is redacted with the same key is sampled alike:
    /// the parts of one event, or a text that stands for one. Without it the fragment decides: by its trace,
    /// or else by its own id. Texts that stand alone are not sampled without it.
    #[must_use]
    pub fn sampled_by(self, key: u128) -> Self {
        Self { sampling_key: Some(key), ..self }
    }

    /// Whether no rule applies.
    pub fn is_empty(&self) -> bool {
        !self.chosen.contains(&true)
    }
}

impl std::fmt::Debug for Scanner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.rules.iter().map(|rule| &rule.id)).finish()
    }
}

impl Scanner {
    /// Every rule.
    pub fn all(&self) -> Selection {
        Selection { chosen: vec![true; self.rules.len()], sampling_key: None }
    }

    /// The rules whose id `is_chosen`.
    pub fn select(&self, is_chosen: impl Fn(&str) -> bool) -> Selection {
        let chosen = self.rules.iter().map(|rule| is_chosen(&rule.id)).collect();
        Selection { chosen, sampling_key: None }
    }

    /// What of `selection` is used, by sampling: by its own key, or else by the one of the fragment; all of
    /// it when there is neither.
    pub(crate) fn sampled(&self, selection: &Selection, id: Option<u128>) -> Selection {
        let Some(id) = selection.sampling_key.or(id) else { return selection.clone() };
        let is_used = |rule: &Compiled| {
            if rule.sampling_percent >= 100 {
                return true;
            }
            let mut hash = blake3::Hasher::new();
            hash.update(&id.to_le_bytes()).update(rule.id.as_bytes());
            let bytes = hash.finalize();
            u16::from_le_bytes([bytes.as_bytes()[0], bytes.as_bytes()[1]]) % 100
                < u16::from(rule.sampling_percent)
        };
        let chosen =
            self.rules.iter().zip(&selection.chosen).map(|(rule, is)| *is && is_used(rule)).collect();
        Selection { chosen, sampling_key: selection.sampling_key }
    }

    /// The edits of the rules that apply to `text` at `path`, by priority; they may overlap.
    pub(crate) fn find(&self, text: &str, path: &str, selection: &Selection, names: &Names) -> Vec<Edit> {
        let mut matching = self.candidates(text, selection);
        let values = self
            .values
            .as_ref()
            .map_or(Vec::new(), |detector| detector.find(text, Signs::of(text.as_bytes()), "", names));
        if !values.is_empty() {
            matching.extend((0..self.rules.len()).filter(|index| self.rules[*index].is_among(&values)));
            matching.sort_unstable();
        }
        let mut edits = Vec::new();
        for rule in matching.into_iter().filter(|index| selection.has(*index)).map(|index| &self.rules[index])
        {
            if !rule.looks_at(path) {
                continue;
            }
            match &rule.pattern {
                CompiledPattern::Regex(regex) => {
                    let mut tries = 0;
                    for found in regex.find_iter(text) {
                        tries += 1;
                        if tries > MATCHES_MAX {
                            edits.push(Edit::unscanned(found.start()..text.len()));
                            break;
                        }
                        self.edit(rule, text, found.range(), &mut edits);
                    }
                }
                CompiledPattern::Value(id) => {
                    for found in values.iter().filter(|found| found.rule == *id) {
                        self.edit(rule, text, found.range.clone(), &mut edits);
                    }
                }
            }
        }
        edits
    }

    /// The rules with a regular expression that may match in `text`, ascending.
    fn candidates(&self, text: &str, selection: &Selection) -> Vec<usize> {
        let present = compile::ByteSet::of(text.bytes());
        let is_open = |index: usize| {
            let rule = &self.rules[index];
            selection.has(index)
                && text.len() >= rule.bytes_min
                && rule.required.iter().all(|set| set.meets(&present))
        };
        let mut found: Vec<usize> =
            self.without_beginning.iter().copied().filter(|index| is_open(*index)).collect();
        for beginning in self.beginnings.find_overlapping_iter(text) {
            let rule = self.of_beginning[beginning.pattern().as_usize()];
            if !found.contains(&rule) && is_open(rule) {
                found.push(rule);
            }
        }
        found.sort_unstable();
        found
    }

    fn edit(&self, rule: &Compiled, text: &str, range: Range<usize>, edits: &mut Vec<Edit>) {
        if range.is_empty() || !rule.has_keyword(text, &range) {
            return;
        }
        if let Some(replacement) = rule.action.replacement(text, &range, &self.keys) {
            edits.push(Edit {
                range,
                rule: RuleRef::Scanner(rule.id.clone()),
                replacement: replacement.into(),
            });
        }
    }
}

impl Compiled {
    fn is_among(&self, values: &[crate::detect::Found]) -> bool {
        matches!(self.pattern, CompiledPattern::Value(id) if values.iter().any(|found| found.rule == id))
    }

    fn looks_at(&self, path: &str) -> bool {
        !self.excluded.iter().any(|pattern| pattern.holds(path))
            && (self.included.is_empty() || self.included.iter().any(|pattern| pattern.holds(path)))
    }

    fn has_keyword(&self, text: &str, range: &Range<usize>) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let before = text[..range.start].char_indices().rev().take(self.within).last();
        let start = before.map_or(range.start, |(at, _)| at);
        let after = text[range.end..].char_indices().take(self.within).last();
        let end = after.map_or(range.end, |(at, c)| range.end + at + c.len_utf8());
        let (before, after) = (text[start..range.start].to_lowercase(), text[range.end..end].to_lowercase());
        self.words.iter().any(|word| before.contains(word.as_str()) || after.contains(word.as_str()))
    }
}

#[cfg(test)]
mod tests;
