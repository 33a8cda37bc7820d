//! Rules as written to rules that can be used.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::{Action, Compiled, CompiledPattern, Pattern, Scanner, ScannerKeys, ScannerRule, paths};
use crate::detect::{Detector, value_rules};

/// Rules of one scanner.
const RULES_MAX: usize = 1_000;
/// Length of a pattern, a chosen text or a keyword, in bytes.
const TEXT_BYTES_MAX: usize = 2_000;
/// Size of one compiled pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;
/// The shortest beginning that is worth looking for, in bytes.
const BEGINNING_BYTES_MIN: usize = 2;

/// A scanner rule that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("scanner rule `{rule}` {problem}")]
pub struct ScannerError {
    /// The id of the rule.
    pub rule: String,
    /// What is wrong with it.
    pub problem: ScannerProblem,
}

/// What is wrong with a scanner rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScannerProblem {
    /// The pattern cannot be read.
    #[error("has a pattern that is wrong at byte {at}: {reason}")]
    Pattern {
        /// Where in the pattern, in bytes from 0.
        at: usize,
        /// What is wrong there.
        reason: String,
    },
    /// The pattern, with its repetitions, is too large.
    #[error("has a pattern that is too large; use fewer or smaller repetitions")]
    TooLarge,
    /// The pattern matches a text of no characters.
    #[error("has a pattern that matches the empty text")]
    MatchesNothing,
    /// The chosen text would be redacted again.
    #[error("has a text that its own pattern matches")]
    MatchesItself,
    /// There is no value rule of this id.
    #[error("names a value rule that does not exist")]
    UnknownValueRule,
    /// A path is not well formed.
    #[error("has a path that is not well formed: names with single dots between, at most 20, `**` twice")]
    Path,
    /// Another part is not as it should be.
    #[error("{0}")]
    Other(&'static str),
}

impl Scanner {
    /// Compiles rules; their order counts among those of the same priority.
    ///
    /// - **Limits:** 1,000 rules; a pattern, text or keyword has at most 2,000 bytes, a compiled pattern 1 MiB.
    ///
    /// # Errors
    /// [`ScannerError`] for the first rule that cannot be used, with the position in its pattern.
    pub fn new(rules: &[ScannerRule], keys: ScannerKeys) -> Result<Self, ScannerError> {
        let mut ordered: Vec<&ScannerRule> = rules.iter().collect();
        ordered.sort_by_key(|rule| rule.priority);
        let mut compiled: Vec<Compiled> = Vec::with_capacity(rules.len());
        for rule in ordered {
            let error = |problem| ScannerError { rule: rule.id.clone(), problem };
            if compiled.len() >= RULES_MAX {
                return Err(error(ScannerProblem::Other("is over the limit of 1000 rules")));
            }
            if compiled.iter().any(|known| known.id == rule.id) {
                return Err(error(ScannerProblem::Other("has an id that another rule has")));
            }
            compiled.push(compile(rule).map_err(error)?);
        }
        let mut beginnings: Vec<Vec<u8>> = Vec::new();
        let mut of_beginning = Vec::new();
        let mut without_beginning = Vec::new();
        for (index, rule) in compiled.iter_mut().enumerate() {
            let CompiledPattern::Regex(regex) = &rule.pattern else { continue };
            let Known { bytes_min, beginnings: own, required } = known_of(regex.as_str());
            rule.bytes_min = bytes_min;
            rule.required = required;
            if own.is_empty() {
                without_beginning.push(index);
            }
            of_beginning.extend(own.iter().map(|_| index));
            beginnings.extend(own);
        }
        let beginnings = aho_corasick::AhoCorasick::new(beginnings)
            .map_err(|_| ScannerError { rule: String::from("*"), problem: ScannerProblem::TooLarge })?;
        let names_value = |id: &str| {
            compiled.iter().any(|rule| matches!(rule.pattern, CompiledPattern::Value(known) if known == id))
        };
        let values = value_rules().iter().any(|rule| names_value(rule.id));
        let values = values.then(|| Detector::new(|rule| names_value(rule.id)));
        Ok(Self { rules: compiled, beginnings, of_beginning, without_beginning, values, keys })
    }
}

fn compile(rule: &ScannerRule) -> Result<Compiled, ScannerProblem> {
    if rule.id.is_empty() || rule.id.len() > 100 || !rule.id.bytes().all(is_id_byte) {
        return Err(ScannerProblem::Other(
            "needs an id of small letters, digits, `_` and `-`, with at most 100 bytes",
        ));
    }
    if rule.sampling_percent > 100 {
        return Err(ScannerProblem::Other("has a sampling percentage over 100"));
    }
    let pattern = match &rule.pattern {
        Pattern::Regex(pattern) => CompiledPattern::Regex(regex(pattern)?),
        Pattern::Value(id) => {
            let known = value_rules().iter().find(|known| known.id == id);
            CompiledPattern::Value(known.ok_or(ScannerProblem::UnknownValueRule)?.id)
        }
    };
    let action = match &rule.action {
        Action::Redact { text } if text.is_empty() => {
            Action::Redact { text: format!("[redacted: {}]", rule.id) }
        }
        Action::Redact { text } => {
            if text.len() > TEXT_BYTES_MAX {
                return Err(ScannerProblem::Other("has a text of more than 2000 bytes"));
            }
            if matches!(&pattern, CompiledPattern::Regex(regex) if regex.is_match(text)) {
                return Err(ScannerProblem::MatchesItself);
            }
            rule.action.clone()
        }
        Action::Partial { characters: 0, .. } => {
            return Err(ScannerProblem::Other("redacts 0 characters"));
        }
        action => action.clone(),
    };
    let (words, within) = match &rule.keywords {
        Some(keywords) => {
            let bad = |word: &String| word.trim().is_empty() || word.len() > TEXT_BYTES_MAX;
            if keywords.words.is_empty()
                || keywords.words.iter().any(bad)
                || keywords.within_characters > 1_000
            {
                return Err(ScannerProblem::Other(
                    "needs keywords that are not empty, within at most 1000 characters",
                ));
            }
            (keywords.words.iter().map(|word| word.to_lowercase()).collect(), keywords.within_characters)
        }
        None => (Vec::new(), 0),
    };
    let patterns = |paths: &[String]| -> Result<Vec<_>, _> {
        paths.iter().map(|path| paths::PathPattern::new(path).ok_or(ScannerProblem::Path)).collect()
    };
    Ok(Compiled {
        id: rule.id.clone(),
        pattern,
        bytes_min: 0,
        required: Vec::new(),
        words,
        within,
        included: patterns(&rule.included_paths)?,
        excluded: patterns(&rule.excluded_paths)?,
        action,
        sampling_percent: rule.sampling_percent,
    })
}

fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
}

fn regex(pattern: &str) -> Result<regex::Regex, ScannerProblem> {
    if pattern.is_empty() {
        return Err(ScannerProblem::MatchesNothing);
    }
    if pattern.len() > TEXT_BYTES_MAX {
        return Err(ScannerProblem::TooLarge);
    }
    if let Err(error) = regex_syntax::Parser::new().parse(pattern) {
        let (at, reason) = match &error {
            regex_syntax::Error::Parse(error) => (error.span().start.offset, error.kind().to_string()),
            regex_syntax::Error::Translate(error) => (error.span().start.offset, error.kind().to_string()),
            _ => (0, String::from("cannot be read")),
        };
        return Err(ScannerProblem::Pattern { at, reason });
    }
    let regex = regex::RegexBuilder::new(pattern)
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|_| ScannerProblem::TooLarge)?;
    if regex.is_match("") { Err(ScannerProblem::MatchesNothing) } else { Ok(regex) }
}

/// What is known of all matches of a pattern.
struct Known {
    /// The length of the shortest one, in bytes.
    bytes_min: usize,
    /// All beginnings; none when there are too many.
    beginnings: Vec<Vec<u8>>,
    /// Sets of bytes, of each of which one is in a match.
    required: Vec<ByteSet>,
}

/// Sets of bytes that are asked for at most.
const REQUIRED_MAX: usize = 12;

fn known_of(pattern: &str) -> Known {
    let Ok(hir) = regex_syntax::Parser::new().parse(pattern) else {
        return Known { bytes_min: 0, beginnings: Vec::new(), required: Vec::new() };
    };
    let bytes_min = hir.properties().minimum_len().unwrap_or(0);
    let sequence = regex_syntax::hir::literal::Extractor::new().extract(&hir);
    let literals = sequence.literals().unwrap_or_default();
    let is_useful = literals.iter().all(|literal| literal.len() >= BEGINNING_BYTES_MIN);
    let beginnings = literals.iter().map(|literal| literal.as_bytes().to_vec());
    let mut required = Vec::new();
    require(&hir, &mut required);
    required.sort_by_key(ByteSet::count);
    required.dedup();
    required.truncate(REQUIRED_MAX);
    Known { bytes_min, beginnings: if is_useful { beginnings.collect() } else { Vec::new() }, required }
}

/// Adds what every match of `hir` has in it.
fn require(hir: &Hir, required: &mut Vec<ByteSet>) {
    match hir.kind() {
        HirKind::Literal(literal) => {
            required.extend(literal.0.iter().map(|byte| ByteSet::of([*byte])));
        }
        HirKind::Class(Class::Unicode(class)) => {
            let mut set = ByteSet::default();
            for range in class.ranges() {
                let last = u32::from(range.end()).min(0x7f);
                (u32::from(range.start())..=last).for_each(|code| set.insert(code as u8));
                if u32::from(range.end()) > 0x7f {
                    (0x80..=0xff).for_each(|byte| set.insert(byte));
                }
            }
            required.push(set);
        }
        HirKind::Class(Class::Bytes(class)) => {
            let mut set = ByteSet::default();
            for range in class.ranges() {
                (range.start()..=range.end()).for_each(|byte| set.insert(byte));
            }
            required.push(set);
        }
        HirKind::Repetition(repetition) if repetition.min > 0 => require(&repetition.sub, required),
        HirKind::Capture(capture) => require(&capture.sub, required),
        HirKind::Concat(parts) => parts.iter().for_each(|part| require(part, required)),
        _ => {}
    }
}

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ByteSet([u64; 4]);

impl ByteSet {
    pub(super) fn of(bytes: impl IntoIterator<Item = u8>) -> Self {
        let mut set = Self::default();
        bytes.into_iter().for_each(|byte| set.insert(byte));
        set
    }

    fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn count(&self) -> u32 {
        self.0.iter().map(|part| part.count_ones()).sum()
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).any(|(own, other)| own & other != 0)
    }
}
