//! What stands before a separator, and whether it is a redacted name.

use super::bytes::{Quote, is_name_byte, percent_decoded, percent_decoded_before, quote_ending_at};
use super::{NAME_BYTES_MAX, SPACES_MAX, Scanner};
use crate::marks;
use crate::steps;

/// What stands before a separator.
pub(super) struct Name<'a> {
    pub(super) text: &'a str,
    /// Where the name begins, without its quote.
    pub(super) start: usize,
    pub(super) quote: Option<Quote>,
}
impl<'a> Scanner<'a> {
    pub(super) fn is_redacted(&self, name: &Name<'_>) -> bool {
        if self.names.matched(name.text).is_some() {
            return true;
        }
        // `api key: …`: words in prose, of which the last must take part.
        if name.quote.is_some() {
            return false;
        }
        let mut start = name.start;
        for _ in 0..2 {
            if start == 0 || self.bytes[start - 1] != b' ' {
                return false;
            }
            let word_end = start - 1;
            let mut word = word_end;
            while word > self.done && word_end - word < 24 && self.bytes[word - 1].is_ascii_alphanumeric() {
                word -= 1;
            }
            if word == word_end {
                return false;
            }
            start = word;
            let end = name.start + name.text.len();
            if let Ok(phrase) = std::str::from_utf8(&self.bytes[start..end])
                && self.names.matched(&phrase.replace(' ', "")).is_some_and(|rule| !phrase.contains(rule))
            {
                return true;
            }
        }
        false
    }

    /// Whether what a name is an index of is redacted: `tokens['a']`, `users[token][0]`.
    pub(super) fn is_in_redacted(&self, name: &Name<'_>) -> bool {
        let mut start = name.start.saturating_sub(name.quote.map_or(0, |quote| quote.backslashes + 1));
        for _ in 0..4 {
            let is_index = start > self.done.max(1) && self.bytes[start - 1] == b'[';
            let Some(container) = is_index
                .then(|| start - 1)
                .filter(|open| {
                    matches!(self.bytes[open - 1], b']' | b')') || is_name_byte(self.bytes[open - 1])
                })
                .and_then(|open| self.name_before(open))
            else {
                return false;
            };
            if self.is_redacted(&container) {
                return true;
            }
            start = container.start.saturating_sub(container.quote.map_or(0, |quote| quote.backslashes + 1));
        }
        false
    }

    /// The name that ends before `end`, with spaces, a quote and a bracket between them.
    pub(super) fn name_before(&self, end: usize) -> Option<Name<'a>> {
        let bytes = self.bytes;
        let mut at = end;
        while at > self.done && end - at < SPACES_MAX && matches!(bytes[at - 1], b' ' | b'\t') {
            at -= 1;
        }
        // What a mark says is no name: `[redacted: jwt] = 1`.
        if at > self.done && bytes[at - 1] == b']' && marks::ends_with_mark(bytes, at) {
            return None;
        }
        while at > self.done && matches!(bytes[at - 1], b']' | b')') && end - at < SPACES_MAX {
            at -= 1;
        }
        // `**password**: …`
        while at > self.done && bytes[at - 1] == b'*' && end - at < SPACES_MAX {
            at -= 1;
        }
        // `{('password',): …}`
        if at > self.done && at < end && bytes[at] == b')' && bytes[at - 1] == b',' {
            at -= 1;
        }
        // `password[]=…`
        if at > self.done && at < end && bytes[at] == b']' && bytes[at - 1] == b'[' {
            at -= 1;
        }
        while let Some((b'"' | b'\'' | b']', before)) = percent_decoded_before(bytes, at) {
            at = before;
        }
        if at > self.done && bytes[at - 1] == b'`' {
            at -= 1;
        }
        let quote = quote_ending_at(bytes, at);
        if let Some(quote) = quote {
            at = at.checked_sub(1 + quote.backslashes)?;
        }
        let name_end = at;
        while at > self.done
            && name_end - at < NAME_BYTES_MAX
            && (is_name_byte(bytes[at - 1]) || (quote.is_some() && matches!(bytes[at - 1], b' ' | b'/')))
        {
            at -= 1;
        }
        if at > 0
            && let Some((_, length)) = percent_decoded(bytes, at - 1)
        {
            at = (at - 1 + length).min(name_end);
        }
        while at < name_end && (bytes[at] & 0xc0) == 0x80 {
            at += 1;
        }
        // In `…\\nAuthorization: …` the letter belongs to the escaped line break, not to the name.
        if at > 0 && bytes[at - 1] == b'\\' && name_end - at > 1 && matches!(bytes[at], b'n' | b'r' | b't') {
            at += 1;
        }
        if at == name_end {
            return None;
        }
        steps::add(end - at);
        let text = std::str::from_utf8(&bytes[at..name_end]).ok()?;
        Some(Name { text, start: at, quote })
    }
}
