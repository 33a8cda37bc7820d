//! What the tools take. The comments are what agents read.

use rmcp::schemars::{self, JsonSchema};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::answer::ToolError;
use crate::limits;

/// Which issues.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SearchIssues {
    /// Terms that must all match: `service:checkout env:prod -version:1.2 error.type:KeyError is:unhandled has:values
    /// @http.status_code:>499 var.order.currency:null "card declined"`. Everything when absent.
    pub(crate) query: Option<String>,
    /// Start of the range, `now-7d` (units s, m, h, d, w) or RFC 3339; default a day before `to`.
    pub(crate) from: Option<String>,
    /// End of the range, likewise; default now.
    pub(crate) to: Option<String>,
    /// `for_review`, `reviewed`, `resolved`, `ignored` or `all` (default).
    pub(crate) state: Option<String>,
    /// `last_seen` (default), `first_seen`, `count`, `users` or `relevance`; each descending.
    pub(crate) sort: Option<String>,
    /// Issues of one answer: 1 to 50, default 10.
    pub(crate) limit: Option<usize>,
    /// Where to go on, from the answer before.
    pub(crate) cursor: Option<String>,
}

/// One issue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetIssue {
    /// Id of the issue, 16 hexadecimal digits.
    pub(crate) issue: String,
}

/// Events of an issue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListEvents {
    /// Id of the issue, 16 hexadecimal digits.
    pub(crate) issue: String,
    /// Further terms, as for search_issues.
    pub(crate) query: Option<String>,
    /// Start of the range, `now-7d` (units s, m, h, d, w) or RFC 3339; default everything that is kept.
    pub(crate) from: Option<String>,
    /// End of the range, likewise; default now.
    pub(crate) to: Option<String>,
    /// `true` for events with captured values only.
    pub(crate) has_values: Option<bool>,
    /// `newest` (default), `oldest` or `values_first`.
    pub(crate) order: Option<String>,
    /// Events of one answer: 1 to 50, default 10.
    pub(crate) limit: Option<usize>,
    /// Where to go on, from the answer before.
    pub(crate) cursor: Option<String>,
}

/// One event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetEvent {
    /// Id of the event (32 hexadecimal digits), or of an issue (16) for its newest event with values.
    pub(crate) event: String,
    /// Which exception of the chain, from 0, the root cause first; default all, the one that escaped first.
    pub(crate) exception: Option<usize>,
    /// Only this frame, from 0, the outermost call first.
    pub(crate) frame: Option<usize>,
    /// Room for the answer in tokens: 500 to 25000, default 4000.
    pub(crate) budget_tokens: Option<usize>,
}

/// One variable.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetVariable {
    /// Id of the event (32 hexadecimal digits), or of an issue (16) for its newest event with values.
    pub(crate) event: String,
    /// Name of the variable, then attributes, keys and indices with dots between: `order.lines.0.sku`,
    /// `headers."x.id"`. Brackets are understood too: `order.lines[0]`.
    pub(crate) path: String,
    /// The frame, from 0, the outermost call first; default the deepest one that has the variable.
    pub(crate) frame: Option<usize>,
    /// Which exception of the chain, from 0, the root cause first; default the one that escaped.
    pub(crate) exception: Option<usize>,
    /// `at_capture` (default), `at_raise` or `at_entry` of the function, where the event has those.
    pub(crate) moment: Option<String>,
    /// Levels to follow: 1 to 10, default 3.
    pub(crate) depth: Option<usize>,
    /// The first part (or character of a text) to show, from 0; default 0.
    pub(crate) start: Option<usize>,
    /// Parts of one answer: 1 to 500, default 50.
    pub(crate) count: Option<usize>,
    /// Room for the answer in tokens: 500 to 25000, default 4000.
    pub(crate) budget_tokens: Option<usize>,
}

/// Two events.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompareEvents {
    /// Id of the one event, 32 hexadecimal digits; its lines begin with `-`.
    pub(crate) left: String,
    /// Id of the other event; its lines begin with `+`.
    pub(crate) right: String,
    /// Differences of ids, times and addresses too; default `false`.
    pub(crate) volatile: Option<bool>,
    /// Room for the answer in tokens: 500 to 25000, default 4000.
    pub(crate) budget_tokens: Option<usize>,
}

/// A test of an event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetReproducer {
    /// Id of the event (32 hexadecimal digits), or of an issue (16) for its newest event with values.
    pub(crate) event: String,
    /// The frame whose function is called, from 0, the outermost call first; default the best one.
    pub(crate) frame: Option<usize>,
    /// `call` of the function with its arguments, or `statement` for the statement that raised alone, with its
    /// variables; default the better one.
    pub(crate) mode: Option<String>,
    /// The folder on the machine of the event that modules are imported from: `/srv/shop`; default told from the paths.
    pub(crate) root: Option<String>,
    /// Room for the answer in tokens: 500 to 25000, default 25000. A file is shown whole or not at all.
    pub(crate) budget_tokens: Option<usize>,
}

/// A state and why.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetIssueState {
    /// Id of the issue, 16 hexadecimal digits.
    pub(crate) issue: String,
    /// `for_review`, `reviewed`, `resolved` or `ignored`.
    pub(crate) state: String,
    /// Why, for the people who read the issue; 1 to 10000 bytes.
    pub(crate) comment: String,
    /// Of `resolved`: which version holds the mend, `now` (default), `current_version` or `next_version`.
    pub(crate) resolved_in: Option<String>,
    /// Of `ignored`: until when, RFC 3339; default for ever.
    pub(crate) ignored_until: Option<String>,
}

/// The arguments of a tool, or which one is wrong.
pub(crate) fn read<T: DeserializeOwned>(arguments: Option<Map<String, Value>>) -> Result<T, ToolError> {
    serde_json::from_value(Value::Object(arguments.unwrap_or_default())).map_err(|error| {
        let said = reenact_replay::visible::visible(&error.to_string());
        ToolError(format!("The arguments cannot be read: {said}. The tool's schema says what it takes."))
    })
}

/// Which id it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Id {
    Issue,
    Event,
}

/// The id of an issue or event, or what is wrong with it.
pub(crate) fn id(text: &str, allowed: &[Id]) -> Result<Id, ToolError> {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let found = match text.len() {
        16 if is_hex => Some(Id::Issue),
        32 if is_hex => Some(Id::Event),
        _ => None,
    };
    found.filter(|found| allowed.contains(found)).ok_or_else(|| {
        let wanted = match allowed {
            [Id::Issue] => "the id of an issue (16 hexadecimal digits, from search_issues)",
            [Id::Event] => "the id of an event (32 hexadecimal digits, from list_events)",
            _ => "the id of an event (32 hexadecimal digits) or of an issue (16)",
        };
        let shown = crate::answer::short(text, 40);
        ToolError(format!("`{shown}` is not {wanted}."))
    })
}

/// A number within its limits.
pub(crate) fn within(
    name: &str,
    asked: Option<usize>,
    default: usize,
    (least, most): (usize, usize),
) -> Result<usize, ToolError> {
    let asked = asked.unwrap_or(default);
    if (least..=most).contains(&asked) {
        return Ok(asked);
    }
    Err(ToolError(format!("`{name}` is from {least} to {most}, not {asked}.")))
}

/// The budget of an answer in tokens.
pub(crate) fn budget(asked: Option<usize>, default: usize) -> Result<usize, ToolError> {
    within("budget_tokens", asked, default, (limits::BUDGET_TOKENS_MIN, limits::BUDGET_TOKENS_MAX))
}

/// Adds a parameter that was given.
pub(crate) fn add(
    parameters: &mut Vec<(&'static str, String)>,
    name: &'static str,
    given: Option<impl ToString>,
) {
    if let Some(given) = given {
        parameters.push((name, given.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_are_not_known_are_refused_by_name() {
        let arguments = serde_json::json!({"issue": "x", "isue": 1}).as_object().cloned();
        let ToolError(message) = read::<GetIssue>(arguments).unwrap_err();
        assert!(message.contains("unknown field `isue`"), "{message}");
        let ToolError(message) = read::<GetIssue>(None).unwrap_err();
        assert!(message.contains("missing field `issue`"), "{message}");
    }

    #[test]
    fn ids_are_told_apart_by_their_length() {
        let event = "0".repeat(32);
        assert!(id(&event, &[Id::Event, Id::Issue]) == Ok(Id::Event));
        let ToolError(message) = id(&event, &[Id::Issue]).err().unwrap();
        assert!(message.contains("16 hexadecimal digits"), "{message}");
        let ToolError(message) = id("x\u{202e}\n", &[Id::Event]).err().unwrap();
        assert!(message.starts_with("`x\\u202e\\n` is not"), "{message}");
    }

    #[test]
    fn numbers_have_limits() {
        assert_eq!(within("limit", None, 10, (1, 50)), Ok(10));
        assert_eq!(
            within("limit", Some(51), 10, (1, 50)),
            Err(ToolError("`limit` is from 1 to 50, not 51.".to_owned()))
        );
    }
}
