//! Rules of a project or a service on top of others.

use reenact_redact::{Redactor, RuleError, Rules};

use super::settings::{RuleSet, ServiceRules};

/// Entries of one list of rules.
const RULES_MAX: usize = 1_000;
/// Length of a name or a description, in bytes.
const NAME_BYTES_MAX: usize = 200;

/// Settings that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct SettingsError {
    /// Which setting: `services.0.rules.identifiers.2`, `groups.0.rules.1.pattern.regex`.
    pub(crate) field: String,
    /// Where in its text, in bytes.
    pub(crate) at: Option<usize>,
    /// What is wrong, and how to mend it.
    pub(crate) message: String,
}

impl SettingsError {
    pub(crate) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), at: None, message: message.into() }
    }

    pub(crate) fn within(self, start: &str) -> Self {
        Self { field: format!("{start}.{}", self.field), ..self }
    }
}

/// `rules` and what `set` adds.
pub(super) fn with(rules: &Rules, set: &RuleSet) -> Rules {
    let both = |left: &[String], right: &[String]| left.iter().chain(right).cloned().collect();
    // What is said last counts: a set takes back what was said before of the rules that it names.
    let is_all = |list: &[String]| list.iter().any(|id| id == "*");
    let on_before: &[String] = if is_all(&set.values_off) { &[] } else { &rules.values_on };
    let off_before =
        rules.values_off.iter().filter(|id| !is_all(&set.values_on) && !set.values_on.contains(id));
    Rules {
        identifiers: both(&rules.identifiers, &set.identifiers),
        excluded_identifiers: both(&rules.excluded_identifiers, &set.excluded_identifiers),
        types: both(&rules.types, &set.types),
        mode: set.mode.map_or(rules.mode, Into::into),
        values_on: both(on_before, &set.values_on),
        values_off: off_before.chain(&set.values_off).cloned().collect(),
        limits: rules.limits,
    }
}

/// Says the place in the set, whose entries are the last ones of `all`.
fn in_set(all: &Rules, set: &RuleSet, error: RuleError) -> SettingsError {
    let (all, list) = match error.list {
        "identifiers" => (&all.identifiers, &set.identifiers),
        "excluded_identifiers" => (&all.excluded_identifiers, &set.excluded_identifiers),
        "types" => (&all.types, &set.types),
        "values_on" => (&all.values_on, &set.values_on),
        _ => (&all.values_off, &set.values_off),
    };
    let at = (error.number - 1).saturating_sub(all.len() - list.len());
    let shown: String = list.get(at).map_or("", String::as_str).chars().take(40).collect();
    SettingsError::new(format!("{}.{at}", error.list), format!("`{shown}` {}", error.reason))
}

fn check_lists(set: &RuleSet) -> Result<(), SettingsError> {
    for (name, list) in [
        ("identifiers", &set.identifiers),
        ("excluded_identifiers", &set.excluded_identifiers),
        ("types", &set.types),
        ("values_on", &set.values_on),
        ("values_off", &set.values_off),
    ] {
        if list.len() > RULES_MAX {
            return Err(SettingsError::new(name, format!("there are more than {RULES_MAX} entries")));
        }
    }
    Ok(())
}

/// What `set` makes of the rules before it.
pub(super) fn compiled(before: &Rules, set: &RuleSet) -> Result<(Rules, Redactor), SettingsError> {
    check_lists(set)?;
    let all = with(before, set);
    match Redactor::new(&all) {
        Ok(redactor) => Ok((all, redactor)),
        Err(error) => Err(in_set(&all, set, error)),
    }
}

pub(super) fn check_service(configured: &Rules, service: &ServiceRules) -> Result<(), SettingsError> {
    for (field, text) in [("service", Some(&service.service)), ("env", service.env.as_ref())] {
        if let Some(text) = text {
            check_name(field, text)?;
        }
    }
    compiled(configured, &service.rules).map(drop).map_err(|error| error.within("rules"))
}

pub(crate) fn check_name(field: &str, text: &str) -> Result<(), SettingsError> {
    let problem = if text.trim().is_empty() {
        "is empty"
    } else if text.len() > NAME_BYTES_MAX {
        "is longer than 200 bytes"
    } else if text.chars().any(char::is_control) {
        "has a control character"
    } else {
        return Ok(());
    };
    Err(SettingsError::new(field, format!("the {field} {problem}")))
}
