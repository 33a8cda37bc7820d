//! Redaction: identifier, type and text rules, and the only maker of [`Redacted`].
//!
//! Pure: no socket, file, clock, environment, thread or async. What this crate promises: a value
//! under a redacted name, attribute or key does not come out of [`Redactor`], at any depth.
//!
//! The stages, in order: types, names (variables, attributes, keys, pairs, tags), then names within
//! texts. When in doubt a value is redacted. Redacting again changes nothing.
//!
//! Redacted data cannot be made elsewhere, nor can a closure bring other data in:
//!
//! ```compile_fail
//! let _ = reenact_redact::Redacted::<String>::new(String::from("secret"));
//! ```
//!
//! ```compile_fail
//! fn smuggle(mark: reenact_redact::Redacted<String>, secret: String) -> reenact_redact::Redacted<String> {
//!     mark.derive(move |text| text + &secret)
//! }
//! ```

mod fragments;
mod names;
mod redacted;
mod text;
mod types;
mod values;

pub use redacted::{Plain, Redacted};
use reenact_model::Fragment;

/// Rules in addition to the default ones.
///
/// The defaults are the 85 names that ddtrace documents and further evident ones (`cardnumber`, `iban`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Names to redact, in any spelling: `tenant_key`, `X-Tenant-Key`.
    pub identifiers: Vec<String>,
    /// Names that are not redacted; they win over every other rule about names.
    pub excluded_identifiers: Vec<String>,
    /// Types to redact, with or without module; `*` stands for any text.
    pub types: Vec<String>,
}

/// A rule that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule {number} of `{list}` {reason}")]
pub struct RuleError {
    /// Which list: `identifiers`, `excluded_identifiers` or `types`.
    pub list: &'static str,
    /// Its place in the list, from 1.
    pub number: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// The compiled rules.
#[derive(Clone, Debug)]
pub struct Redactor {
    names: names::Names,
    types: types::Types,
}

/// The longest rule, in bytes.
const RULE_BYTES_MAX: usize = 200;

impl Redactor {
    /// Compiles `rules` together with the default ones.
    ///
    /// - **Limits:** a rule has at most 200 bytes.
    ///
    /// # Errors
    /// [`RuleError`] for the first rule that is empty, too long, or has no letter or digit to match.
    pub fn new(rules: &Rules) -> Result<Self, RuleError> {
        for (list, entries) in
            [("identifiers", &rules.identifiers), ("excluded_identifiers", &rules.excluded_identifiers)]
        {
            for (index, entry) in entries.iter().enumerate() {
                let reason = check_rule(entry).or_else(|| {
                    names::normalised(entry).is_empty().then_some("has no letter or digit to match")
                });
                if let Some(reason) = reason {
                    return Err(RuleError { list, number: index + 1, reason });
                }
            }
        }
        for (index, entry) in rules.types.iter().enumerate() {
            if let Some(reason) = check_rule(entry) {
                return Err(RuleError { list: "types", number: index + 1, reason });
            }
        }
        Ok(Self::compiled(rules))
    }

    /// The default rules alone.
    pub fn default_rules() -> Self {
        Self::compiled(&Rules::default())
    }

    fn compiled(rules: &Rules) -> Self {
        Self {
            names: names::Names::new(
                rules.identifiers.iter().map(String::as_str),
                rules.excluded_identifiers.iter().map(String::as_str),
            ),
            types: types::Types::new(rules.types.iter().map(String::as_str)),
        }
    }

    /// Redacts a fragment in place. O(size of the fragment); never fails.
    pub fn redact(&self, mut fragment: Fragment) -> Redacted<Fragment> {
        match &mut fragment {
            Fragment::Trace(chunk) => chunk.spans.iter_mut().for_each(|span| self.redact_span(span)),
            Fragment::Snapshot(snapshot) => self.redact_snapshot(snapshot),
            Fragment::Crash(report) => self.redact_crash(report),
        }
        Redacted::new(fragment)
    }

    fn redact_text(&self, text: &mut String) {
        if text::may_hold_names(text) {
            text::redact_text(text, &self.names);
        }
    }
}

fn check_rule(entry: &str) -> Option<&'static str> {
    if entry.trim().is_empty() {
        Some("is empty")
    } else if entry.len() > RULE_BYTES_MAX {
        Some("is longer than 200 bytes")
    } else if entry.chars().any(char::is_control) {
        Some("has a control character")
    } else {
        None
    }
}

/// A rule about names, as people see it.
fn name_rule(listed: &str) -> String {
    format!("name \"{listed}\"")
}

#[cfg(test)]
mod tests;
