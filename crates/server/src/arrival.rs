//! What rules about events that arrive have in common: those of grouping and those of volume.

use reenact_model::Placed;
use reenact_store::{Filter, Matches, query};

use crate::policy::SettingsError;

/// Length of the name of a rule, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 100;
/// Length of the id of a rule, in bytes.
pub(crate) const ID_BYTES_MAX: usize = 32;

/// Checks the id, which may be empty still, and the name of the rule with this number.
pub(crate) fn check_head(at: usize, id: &str, name: &str) -> Result<(), SettingsError> {
    let field = |name: &str| format!("rules.{at}.{name}");
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if id.len() > ID_BYTES_MAX || !id.chars().all(is_letter) {
        let message = format!("an id has 1 to {ID_BYTES_MAX} letters, digits, `-` and `_`");
        return Err(wrong(&field("id"), None, message));
    }
    let is_plain = !name.chars().any(char::is_control);
    if name.trim().is_empty() || name.len() > NAME_BYTES_MAX || !is_plain {
        let message = format!("a name has 1 to {NAME_BYTES_MAX} bytes and no control characters");
        return Err(wrong(&field("name"), None, message));
    }
    Ok(())
}

/// The query of the rule with this number, over what is known of an event when it arrives.
pub(crate) fn filter(at: usize, query: &str) -> Result<Filter, SettingsError> {
    let field = format!("rules.{at}.query");
    let filter = query::parse_with(query, &query::field_of_key)
        .map_err(|error| wrong(&field, Some(error.at), error.message))?;
    if asks_for_values(&filter) {
        let message = "captured values are not known yet when an event is placed: leave `has:values` out";
        return Err(wrong(&field, query.find("has:"), message.to_owned()));
    }
    Ok(filter)
}

/// Whether an event that arrives matches.
pub(crate) fn matches(filter: &Filter, event: &Placed) -> bool {
    filter.matches(Matches { event, has_values: false, has_value: &|_| false })
}

/// Gives the rule with this number an id where it has none.
pub(crate) fn name_rule(at: usize, id: &mut String) -> Result<(), SettingsError> {
    if id.is_empty() {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).map_err(|_| {
            let message = "the system gives no random numbers; give an id";
            wrong(&format!("rules.{at}.id"), None, message.to_owned())
        })?;
        *id = format!("{:016x}", u64::from_be_bytes(bytes));
    }
    Ok(())
}

pub(crate) fn wrong(field: &str, at: Option<usize>, message: String) -> SettingsError {
    SettingsError { field: field.to_owned(), at, message }
}

fn asks_for_values(filter: &Filter) -> bool {
    match filter {
        Filter::And(filters) | Filter::Or(filters) => filters.iter().any(asks_for_values),
        Filter::Not(inner) => asks_for_values(inner),
        Filter::HasValues => true,
        _ => false,
    }
}
