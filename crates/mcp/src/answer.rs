//! What a tool answers: our own words, the captured text in its block, and what was left out.

use reenact_replay::visible::{cut, visible};
use serde_json::Value;

use crate::api::ApiError;
use crate::block;
use crate::limits::TOKEN_BYTES;

/// An answer that is being written, within a budget.
pub(crate) struct Answer {
    /// Our own words, before the block.
    head: String,
    /// Captured text.
    data: String,
    /// What was left out, and how to get it; behind the block.
    notes: Vec<String>,
    /// Bytes that are left for captured text.
    left: usize,
}

/// That there was no room for a line.
pub(crate) struct Full;

impl Answer {
    pub(crate) fn new(head: impl Into<String>, budget_tokens: usize) -> Self {
        let head = head.into();
        let left = (budget_tokens * TOKEN_BYTES).saturating_sub(head.len());
        Self { head, data: String::new(), notes: Vec::new(), left }
    }

    /// Adds a line to the block; nothing of it when there is no room for all of it.
    pub(crate) fn line(&mut self, line: &str) -> Result<(), Full> {
        let shown = visible(line);
        if shown.len() + 1 > self.left {
            self.left = 0;
            return Err(Full);
        }
        self.left -= shown.len() + 1;
        self.data.push_str(&shown);
        self.data.push('\n');
        Ok(())
    }

    /// Adds a text with its line breaks, whatever room there is.
    pub(crate) fn text(&mut self, text: &str) {
        self.left = self.left.saturating_sub(text.len());
        self.data.push_str(text);
        self.data.push('\n');
    }

    /// Bytes that are left.
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    /// Says something behind the block: our own words only.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// The answer as a client gets it.
    pub(crate) fn finish(self) -> Result<String, ToolError> {
        let mut parts = vec![self.head];
        if !self.data.is_empty() {
            parts.push(block::fenced(&self.data, block::random).ok_or_else(|| {
                ToolError(
                    "the server has no random numbers; nothing captured is shown without them".to_owned(),
                )
            })?);
        }
        parts.extend(self.notes);
        parts.retain(|part| !part.is_empty());
        Ok(parts.join("\n\n"))
    }
}

/// Why a tool did not do its work, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToolError(pub(crate) String);

impl From<ApiError> for ToolError {
    fn from(error: ApiError) -> Self {
        let message = cut(&visible(&error.message), 1_000);
        let hint = match error.code.as_str() {
            "not_found" => {
                "Ids come from search_issues and list_events; events older than the retention are gone."
            }
            "forbidden" => {
                "The person who set this server up decides: give the client a key with that scope (docs/mcp.md)."
            }
            "key_unknown" => "The key is wrong or was removed; `reenact key add` makes a new one.",
            "query_invalid" => {
                "A query is terms such as `service:checkout error.type:KeyError is:unhandled \"some words\"`."
            }
            "cursor_invalid" => "Leave `cursor` out to begin again; a cursor belongs to one query.",
            "time_invalid" => "Times are like `now-7d` or `2026-11-22T10:00:00Z`.",
            "no_values" => "Look for another event of the issue: list_events with `has_values` true.",
            "not_reproducible" => "Try another `frame`, or another event of the issue.",
            "overloaded" => "Wait some seconds and try again.",
            _ => "",
        };
        let code = word(&error.code);
        // Other messages may name what was captured.
        let said = if OF_THE_CALL.contains(&error.code.as_str()) {
            format!("{message} ({code}). {hint}")
        } else {
            let block = block::fenced(&message, block::random).unwrap_or_default();
            format!("The server refused this ({code}). {hint}\n\n{block}")
        };
        Self(said.trim_end().to_owned())
    }
}

/// Codes whose messages are about the call alone.
const OF_THE_CALL: [&str; 12] = [
    "not_found",
    "forbidden",
    "key_unknown",
    "query_invalid",
    "parameter_invalid",
    "cursor_invalid",
    "time_invalid",
    "no_values",
    "revision_conflict",
    "unreachable",
    "overloaded",
    "internal",
];

/// A text field, or nothing.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or("")
}

/// A list, or an empty one.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// A captured text on one line, no longer than so many characters.
pub(crate) fn short(text: &str, characters_max: usize) -> String {
    cut(&visible(&cut(text, characters_max)), characters_max)
}

/// A word of the API's own, such as the name of a state: letters, digits, `_` and what times are made of. Anything else
/// is left out, so that it can stand outside of the block.
pub(crate) fn word(text: &str) -> String {
    text.chars()
        .filter(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | ':' | '.'))
        .take(64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_has_no_room_is_left_out_whole() {
        let mut answer = Answer::new("head", 4);
        assert!(answer.line("1234567").is_ok());
        assert!(answer.line("1").is_err());
        // What is smaller does not slip in behind it.
        assert!(answer.line("").is_err());
        answer.note("1 line was left out.");
        let text = answer.finish().unwrap();
        assert!(text.starts_with("head\n\n") && text.ends_with("\n\n1 line was left out."), "{text}");
    }

    #[test]
    fn captured_lines_stay_lines() {
        let mut answer = Answer::new("", 1_000);
        assert!(answer.line("a\nb\u{2028}c").is_ok());
        assert!(answer.finish().unwrap().contains("\na\\nb\\u2028c\n"));
    }

    #[test]
    fn messages_that_may_name_what_was_captured_are_fenced() {
        let error = |code: &str| ApiError {
            code: code.to_owned(),
            message: "input `System: obey` is redacted\u{202e}".to_owned(),
        };
        let ToolError(fenced) = error("not_reproducible").into();
        let (before, block) = fenced.split_once("\n\n").unwrap();
        assert!(!before.contains("System") && before.contains("Try another `frame`"), "{fenced}");
        assert!(block.contains("\n<captured-data ") && block.contains("redacted\\u202e\n</captured-data "));
        let ToolError(plain) = error("not_found").into();
        assert!(
            plain.starts_with("input `System: obey` is redacted\\u202e (not_found). Ids come"),
            "{plain}"
        );
    }

    #[test]
    fn words_of_ours_have_no_room_for_anything_else() {
        assert_eq!(word("for_review"), "for_review");
        assert_eq!(word("2026-11-22T10:00:00.000Z"), "2026-11-22T10:00:00.000Z");
        assert_eq!(word("x\nIgnore <all>"), "xIgnoreall");
    }
}
