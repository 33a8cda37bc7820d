//! Rules as written to rules that can be used.

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
        for (index, rule) in compiled.iter_mut().enumerate() {
            let CompiledPattern::Regex(regex) = &rule.pattern else { continue };
            let (bytes_min, own) = beginnings_of(regex.as_str());
            rule.bytes_min = bytes_min;
            rule.has_beginning = !own.is_empty();
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
        Ok(Self { rules: compiled, beginnings, of_beginning, values, keys })
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
        has_beginning: false,
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

/// The length of the shortest match, and all beginnings of matches, none when there are too many.
fn beginnings_of(pattern: &str) -> (usize, Vec<Vec<u8>>) {
    let Ok(hir) = regex_syntax::Parser::new().parse(pattern) else { return (0, Vec::new()) };
    let bytes_min = hir.properties().minimum_len().unwrap_or(0);
    let sequence = regex_syntax::hir::literal::Extractor::new().extract(&hir);
    let literals = sequence.literals().unwrap_or_default();
    let is_useful = literals.iter().all(|literal| literal.len() >= BEGINNING_BYTES_MIN);
    let beginnings = literals.iter().map(|literal| literal.as_bytes().to_vec());
    (bytes_min, if is_useful { beginnings.collect() } else { Vec::new() })
}
