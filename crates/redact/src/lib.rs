//! Redaction: identifier, type and text rules, and the only maker of [`Redacted`].
//!
//! Pure: no socket, file, clock, environment, thread or async. What this crate promises: a value
//! under a redacted name, attribute or key does not come out of [`Redactor`], at any depth.
//!
//! The stages, in order: types, names (variables, attributes, keys, pairs, tags), then in texts: names,
//! values that look secret, scanner rules. Where two overlap, the earlier stage's mark stands for both.
//! When in doubt a value is redacted; what goes over a limit of the scan is not kept. Redacting again
//! changes nothing. `docs/redaction.md` says the same for operators.
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

mod detect;
mod fragments;
mod hits;
mod known_names;
mod marks;
mod names;
mod redacted;
pub mod scanner;
mod signs;
mod steps;
mod stored;
mod text;
mod types;
mod values;
mod walk;

pub use detect::{Category, ValueRule, value_rules};
pub use hits::{Change, Hits, RuleRef};
pub use redacted::{Plain, Redacted};
use reenact_model::Fragment;
use scanner::{Scanner, Selection};
use walk::Walk;

/// The names that are redacted by default, in lower case and without separators.
pub fn default_identifiers() -> impl Iterator<Item = &'static str> {
    names::DOCUMENTED.iter().chain(&names::FURTHER).copied()
}

/// Whether `text` has the form of `pattern`, in which `*` stands for any text. O(pattern × text).
pub fn has_form(pattern: &str, text: &str) -> bool {
    types::is_match(pattern, text)
}

/// How much is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// What a rule finds is redacted.
    #[default]
    Targeted,
    /// Of captured values only numbers, booleans and `None` are kept, of mappings and objects the shape;
    /// of exceptions the type and the frames, of tags the reserved ones.
    Strict,
}

/// How far a scan goes; what is beyond is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanLimits {
    /// Nesting of values.
    pub depth_max: usize,
    /// Length of one text, in bytes; of longer ones the beginning is kept.
    pub text_bytes_max: usize,
    /// Length of all texts of one fragment, in bytes.
    pub fragment_bytes_max: usize,
}

impl ScanLimits {
    /// The limits in force unless the settings say otherwise; above what decoders let through.
    pub const DEFAULT: Self = Self { depth_max: 64, text_bytes_max: 1 << 20, fragment_bytes_max: 64 << 20 };
}

impl Default for ScanLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Rules in addition to the default ones.
///
/// The defaults are the 85 names that ddtrace documents and further evident ones (`cardnumber`, `iban`),
/// and the [`value_rules`] that are on by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Names to redact, in any spelling: `tenant_key`, `X-Tenant-Key`.
    pub identifiers: Vec<String>,
    /// Names that are not redacted; they win over every other rule about names.
    pub excluded_identifiers: Vec<String>,
    /// Types to redact, with or without module; `*` stands for any text.
    pub types: Vec<String>,
    /// How much is kept.
    pub mode: Mode,
    /// Value rules to switch on, by id.
    pub values_on: Vec<String>,
    /// Value rules to switch off, by id; wins over `values_on`. In both `*` stands for those that neither
    /// names.
    pub values_off: Vec<String>,
    /// How far a scan goes.
    pub limits: ScanLimits,
}

/// A rule that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule {number} of `{list}` {reason}")]
pub struct RuleError {
    /// Which list: a field of [`Rules`].
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
    values: detect::Detector,
    mode: Mode,
    limits: ScanLimits,
}

/// The longest rule, in bytes.
const RULE_BYTES_MAX: usize = 200;

impl Redactor {
    /// Compiles `rules` together with the default ones.
    ///
    /// - **Limits:** a rule has at most 200 bytes.
    ///
    /// # Errors
    /// [`RuleError`] for the first rule that is empty, too long, unknown, or has no letter or digit to match.
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
        for (list, entries) in [("values_on", &rules.values_on), ("values_off", &rules.values_off)] {
            let is_known = |entry: &str| entry == "*" || value_rules().iter().any(|rule| rule.id == entry);
            if let Some(index) = entries.iter().position(|entry| !is_known(entry)) {
                return Err(RuleError { list, number: index + 1, reason: "is not the id of a value rule" });
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
            values: detect::Detector::new(|rule| {
                let named = |list: &[String], id: &str| list.iter().any(|entry| entry == id);
                for id in [rule.id, "*"] {
                    if named(&rules.values_off, id) || named(&rules.values_on, id) {
                        return !named(&rules.values_off, id);
                    }
                }
                rule.on_by_default
            }),
            mode: rules.mode,
            limits: rules.limits,
        }
    }

    /// The same rules in [`Mode::Strict`], for what leaves the house.
    pub fn strict(&self) -> Self {
        Self { mode: Mode::Strict, ..self.clone() }
    }

    /// Whether the value rule of this id is used.
    pub fn uses_value_rule(&self, id: &str) -> bool {
        self.values.is_on(id)
    }

    /// Redacts a fragment in place. O(size of the fragment); never fails.
    pub fn redact(&self, fragment: Fragment) -> Redacted<Fragment> {
        self.redact_counted(fragment, None).0
    }

    /// Redacts a fragment, with the chosen scanner rules too, and counts what they did.
    pub fn redact_counted(
        &self,
        fragment: Fragment,
        scanner: Option<(&Scanner, &Selection)>,
    ) -> (Redacted<Fragment>, Hits) {
        let mut walk = Walk::new(self, scanner, &fragment);
        let redacted = walk.redact(fragment);
        (redacted, walk.hits)
    }

    /// Redacts a fragment and lists every change; for people who try rules out, at the cost of memory.
    pub fn redact_explained(
        &self,
        fragment: Fragment,
        scanner: Option<(&Scanner, &Selection)>,
    ) -> (Redacted<Fragment>, Hits, Vec<Change>) {
        let mut walk = Walk::new(self, scanner, &fragment).explaining();
        let redacted = walk.redact(fragment);
        let changes = walk.changes.take().unwrap_or_default();
        (redacted, walk.hits, changes)
    }

    /// Redacts a text that stands alone, as a message at `path` would be, and lists every change.
    pub fn redact_text_explained(
        &self,
        text: String,
        path: &str,
        scanner: Option<(&Scanner, &Selection)>,
    ) -> (Redacted<String>, Hits, Vec<Change>) {
        let mut walk = Walk::of_text(self, scanner, path).explaining();
        let mut text = text;
        walk.message(&mut text);
        let changes = walk.changes.take().unwrap_or_default();
        (Redacted::new(text), walk.hits, changes)
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
