//! Secrets in sentences and lists: `password is 'secret'`, `Bearer secret`.

use super::before::Name;
use super::bytes::{before_escape, is_name_byte, opening_quote, skip, skip_up_to};
use super::values::after_operator;
use super::{NAME_BYTES_MAX, SPACES_MAX, Scanner};

/// The longest quoted part of a sentence, in bytes.
const QUOTED_BYTES_MAX: usize = 1_024;

/// How far back the line above is looked for, in bytes.
const LINE_BYTES_MAX: usize = 1_024;

/// Words between a name and its value.
pub(super) const VERBS: [&str; 9] =
    ["is", "was", "are", "to", "equals", "changed", "set", "reset", "updated"];

/// Words before a name of which `from` tells the value: `changed password from 'secret'`.
const CHANGES: [&str; 4] = ["changed", "reset", "updated", "rotated"];

/// Words before `token` that say that a parser speaks, of its own tokens.
const OF_PARSERS: [&str; 6] = ["unexpected", "expected", "expecting", "illegal", "near", "undefined"];

impl<'a> Scanner<'a> {
    /// `password is 'secret'`, `token "secret" rejected`, `IDENTIFIED BY 'secret'`.
    pub(super) fn quoted_in_sentence(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let backslashes = bytes[self.done..at].iter().rev().take(8).take_while(|b| **b == b'\\').count();
        let open = at - backslashes;
        if open < 2 || bytes[open - 1] != b' ' || open <= self.done {
            return at + 1;
        }
        let Some(mut word) = self.word_before(open - 1) else { return at + 1 };
        let is_verb = |word: &Name<'_>| VERBS.iter().any(|known| known.eq_ignore_ascii_case(word.text));
        let identified = word.text.eq_ignore_ascii_case("by")
            && lowered_tail(&bytes[..word.start], 64).contains("identified");
        for _ in 0..2 {
            if is_verb(&word) && word.start > 0 {
                let Some(before) = self.word_before(word.start - 1) else { return at + 1 };
                word = before;
            }
        }
        if word.text.eq_ignore_ascii_case("from") && word.start > 0 {
            let Some(before) = self.word_before(word.start - 1) else { return at + 1 };
            let change = before.start.checked_sub(1).and_then(|end| self.word_before(end));
            if change
                .is_some_and(|change| CHANGES.iter().any(|known| known.eq_ignore_ascii_case(change.text)))
            {
                word = before;
            }
        }
        if !identified {
            if !self.is_redacted(&word) {
                return at + 1;
            }
            if self.is_of_parser(&word) {
                return at + 1;
            }
        }
        let Some(quote) = opening_quote(bytes, open) else { return at + 1 };
        match self.sentence_quote_end(at + 1, quote.byte) {
            Some(end) if self.is_name_of_value(at + 1, end) => at + 1,
            Some(end) => self.mark(at + 1, before_escape(bytes, at + 1, end, quote)),
            None => at + 1,
        }
    }

    /// Whether what stands in quotes is itself a redacted name with a value after it: `bad token "pin": "1234"`.
    fn is_name_of_value(&self, start: usize, end: usize) -> bool {
        let bytes = self.bytes;
        let name_end = end - bytes[start..end].iter().rev().take_while(|b| **b == b'\\').count();
        let separator = skip_up_to(bytes, (end + 1).min(bytes.len()), SPACES_MAX, |b| b == b' ');
        matches!(bytes.get(separator), Some(b':' | b'='))
            && std::str::from_utf8(&bytes[start..name_end])
                .is_ok_and(|name| self.names.matched(name).is_some())
    }

    /// Where the part that a quote opens before `start` ends, if it is one and no placeholder.
    fn sentence_quote_end(&self, start: usize, quote: u8) -> Option<usize> {
        let bytes = self.bytes;
        let within = &bytes[start..bytes.len().min(start + QUOTED_BYTES_MAX)];
        let first = *within.first()?;
        let cannot_begin = b",)]}:;. \t\r\n\\";
        if cannot_begin.contains(&first) || first == quote {
            return None;
        }
        let stop = memchr::memchr2(quote, b'\n', within);
        crate::steps::add(stop.unwrap_or(within.len()));
        let length = match stop {
            Some(length) if within[length] == quote => length,
            // The text was cut.
            None if start + within.len() == bytes.len() => within.len(),
            _ => return None,
        };
        let content = &within[..length];
        let is_placeholder = (content[0] == b'%' && length < 4)
            || content.starts_with(b"%(")
            || (content[0] == b'{' && content[length - 1] == b'}');
        let goes_on = within.get(length + 1).is_some_and(u8::is_ascii_alphanumeric);
        (!is_placeholder && !goes_on).then_some(start + length)
    }

    /// Whether a parser speaks, of its own tokens: `unexpected token`.
    pub(super) fn is_of_parser(&self, name: &Name<'_>) -> bool {
        let before = name.start.checked_sub(1).and_then(|end| self.word_before(end));
        before.is_some_and(|before| OF_PARSERS.iter().any(|word| word.eq_ignore_ascii_case(before.text)))
    }

    /// The word that ends at `end`.
    pub(super) fn word_before(&self, end: usize) -> Option<Name<'a>> {
        let bytes = self.bytes;
        let before = bytes.get(self.done..end)?;
        let length = before.iter().rev().take(NAME_BYTES_MAX).take_while(|b| is_name_byte(**b)).count();
        let text = std::str::from_utf8(&bytes[end - length..end]).ok().filter(|text| !text.is_empty())?;
        Some(Name { text, start: end - length, quote: None })
    }

    /// `Bearer secret`, where no name stands before. A word of letters alone is one of a sentence.
    pub(super) fn bearer(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let is_word = bytes[at..].get(..7).is_some_and(|word| word.eq_ignore_ascii_case(b"bearer "));
        if !is_word || at.checked_sub(1).is_some_and(|before| bytes[before].is_ascii_alphanumeric()) {
            return at + 1;
        }
        let start = skip(bytes, at + 7, |b| b == b' ');
        let end = skip(bytes, start, |b| b.is_ascii_alphanumeric() || b"._~+/=-".contains(&b));
        let token = bytes[start..end].strip_suffix(b".").unwrap_or(&bytes[start..end]);
        let is_mixed = token.iter().any(|b| !b.is_ascii_alphabetic())
            || token.iter().skip(1).any(u8::is_ascii_uppercase) && token.iter().any(u8::is_ascii_lowercase);
        let is_parameter = token.ends_with(b"=") && matches!(bytes.get(end), Some(b'"' | b'\'' | b'\\'));
        // `BEARER = …` is an assignment.
        let is_token = token.iter().any(u8::is_ascii_alphanumeric) && token[0] != b'=';
        if is_token && (is_mixed || token.len() > 20) && !is_parameter {
            self.mark(start, start + token.len())
        } else {
            at + 1
        }
    }

    /// `password<tab>secret`, alone on a line.
    pub(super) fn tabbed(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let Some(name) = self.name_before(at) else { return at + 1 };
        let begins = name.start == 0 || matches!(bytes[name.start - 1], b'\n' | b'"' | b'\'');
        if !begins || !self.is_redacted(&name) {
            return at + 1;
        }
        let end = skip(bytes, at + 1, |b| !matches!(b, b'\n' | b'\r' | b'\t' | b'"' | b'\''));
        if bytes.get(end) == Some(&b'\t') { at + 1 } else { self.mark(at + 1, end) }
    }

    /// The end of a value in prose whose first word ends at `end`: `password: some words`. Further words
    /// belong to it, up to a sign that ends a value, or the name of the next one.
    pub(super) fn prose_end(&self, name: &Name<'_>, end: usize) -> usize {
        let bytes = self.bytes;
        let limit = self.frames().limit(name.start);
        let is_list = name.text.ends_with(['s', 'S']);
        let mut last = end;
        loop {
            let comma = usize::from(is_list && bytes.get(last) == Some(&b','));
            let word = skip(bytes, last + comma, |b| matches!(b, b' ' | b'\t'));
            if word == last || word >= limit {
                return last;
            }
            let stop = skip(bytes, word, |b| {
                !b.is_ascii_whitespace()
                    && !matches!(b, b',' | b';' | b'"' | b'\'' | b'`' | b'|' | b')' | b'}' | b'\\')
            });
            let is_next_name = bytes[word..stop].iter().any(|b| matches!(b, b'=' | b':'));
            let begins_bracket = matches!(bytes.get(word), Some(b'(' | b'[' | b'{' | b'-' | b'#'));
            let is_operator = after_operator(bytes, word, true).is_some();
            if stop == word || is_operator || stop > limit || is_next_name || begins_bracket {
                return last;
            }
            last = stop;
        }
    }

    /// `password:` with the value on the lines below, further in. `at` is after the colon.
    pub(super) fn block(&mut self, name: &Name<'_>, at: usize) -> Option<usize> {
        let bytes = self.bytes;
        let indent = bytes[..name.start].iter().rev().take_while(|b| matches!(b, b' ' | b'-')).count();
        let line = name.start - indent;
        if line > 0 && bytes[line - 1] != b'\n' {
            return None;
        }
        let limit = self.frames().limit(name.start);
        let mut from = skip(bytes, at, |b| matches!(b, b' ' | b'\t' | b'\r'));
        let mut value = None;
        while from < limit && bytes[from] == b'\n' {
            let content = skip(bytes, from + 1, |b| b == b' ');
            let end = skip(bytes, content, |b| b != b'\n');
            if content - from - 1 <= indent || content == end || end > limit {
                break;
            }
            value = Some((value.map_or(content, |(start, _)| start), end));
            from = end;
        }
        if value.is_none() && from + 1 < limit && bytes[from] == b'\n' {
            // Not further in: a single word, as one types it.
            let content = skip(bytes, from + 1, |b| b == b' ');
            let end = skip(bytes, content, |b| !b.is_ascii_whitespace());
            let is_alone = bytes.get(end).is_none_or(|b| matches!(b, b'\n' | b'\r')) && end <= limit;
            let is_word = !bytes[content..end].iter().any(|b| b"=:<>()[]{}\"'".contains(b));
            if is_alone && is_word && bytes[content..end].iter().any(u8::is_ascii_alphanumeric) {
                value = Some((content, end));
            }
        }
        value.map(|(start, end)| self.mark(start, end))
    }

    /// Whether the line above the one of `at` is the name of a redacted field, as pydantic writes it.
    pub(super) fn is_below_field(&self, at: usize) -> bool {
        let from = at.saturating_sub(LINE_BYTES_MAX);
        crate::steps::add(at - from);
        let before = &self.bytes[from..at];
        let (break_at, length) = match memchr::memrchr(b'\n', before) {
            Some(found) => (found, 1),
            None => match memchr::memmem::rfind(before, br"\n") {
                Some(found) => (found, 2),
                None => return false,
            },
        };
        if !before[break_at + length..].starts_with(b"  ") {
            return false;
        }
        let end = before[..break_at].iter().rposition(|b| *b != b'\\').map_or(0, |last| last + 1);
        let is_field = |b: u8| is_name_byte(b) || b == b'[' || b == b']';
        let field = before[..end].iter().rev().take_while(|b| is_field(**b)).count();
        let start = end - field;
        // The letter of an escaped line break is none of the field.
        let start = start + usize::from(start > 0 && before[start - 1] == b'\\');
        let begins = start == 0 || matches!(before[start - 1], b'\n' | b' ' | b'|' | b'n' | b'\'' | b'"');
        begins
            && std::str::from_utf8(&before[start..end]).is_ok_and(|name| self.names.matched(name).is_some())
    }
}

/// The last bytes as text in lower case.
pub(super) fn lowered_tail(bytes: &[u8], most: usize) -> String {
    String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(most)..]).to_ascii_lowercase()
}
