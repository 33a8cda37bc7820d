//! What of SQL belongs to a redacted column: the values of an `INSERT`, the parameters of a statement.

use super::Scanner;
use super::bytes::{is_name_byte, opening_quote, skip, skip_up_to};
use super::values::closing_bracket;
use crate::names::Names;
use crate::steps;

/// How far before `VALUES` the list of columns may begin, in bytes.
const COLUMNS_BYTES_MAX: usize = 4_096;

/// Words after which the name of a table stands rather than of a column.
const BEFORE_TABLE: [&str; 5] = ["into", "from", "update", "join", "table"];

/// The listed name that makes a column of `statement` a redacted one. O(bytes).
pub(crate) fn column<'a>(statement: &str, names: &'a Names) -> Option<&'a str> {
    let bytes = statement.as_bytes();
    steps::add(bytes.len());
    let mut after_table_word = false;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'\'' {
            at += 1 + memchr::memchr(b'\'', &bytes[at + 1..]).map_or(0, |length| length + 1);
            continue;
        }
        let end = skip(bytes, at, is_column_word);
        if end == at {
            at += 1;
            continue;
        }
        let word = statement.get(at..end).unwrap_or_default();
        let name = word.rsplit('.').next().unwrap_or(word);
        // The table of a column: `"tokens"."id"`.
        let is_table = bytes.get(skip_up_to(bytes, end, 4, |b| b"\"`]\\".contains(&b))) == Some(&b'.');
        if !after_table_word
            && !is_table
            && let Some(listed) = names.matched(name)
        {
            return Some(listed);
        }
        after_table_word = BEFORE_TABLE.iter().any(|table| table.eq_ignore_ascii_case(word));
        at = end;
    }
    None
}

impl Scanner<'_> {
    /// `(id, password) VALUES (1, 'secret'), (…)`: all literals, since columns and values are in any order.
    pub(super) fn inserted(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let after_word = trimmed(bytes, at);
        let begins = after_word
            .checked_sub(6)
            .filter(|begins| bytes[*begins..after_word].eq_ignore_ascii_case(b"values"));
        let Some(begins) = begins else { return at + 1 };
        let columns_end = trimmed(bytes, begins);
        if columns_end == 0 || bytes[columns_end - 1] != b')' {
            return at + 1;
        }
        let columns_from = columns_end.saturating_sub(COLUMNS_BYTES_MAX);
        let open = memchr::memrchr(b'(', &bytes[columns_from..columns_end]);
        steps::add(columns_end - columns_from - open.unwrap_or(0));
        let Some(open) = open else { return at + 1 };
        let columns = String::from_utf8_lossy(&bytes[columns_from + open..columns_end]);
        if column(&columns, self.names).is_none() {
            return at + 1;
        }
        let limit = self.frames().limit(at);
        let mut tuple = at;
        loop {
            let end = closing_bracket(&bytes[..limit], tuple).unwrap_or(limit);
            self.literals(tuple + 1, end);
            let comma = skip(bytes, end, |b| b.is_ascii_whitespace());
            let next = skip(bytes, (comma + 1).min(bytes.len()), |b| b.is_ascii_whitespace());
            if bytes.get(comma) != Some(&b',') || bytes.get(next) != Some(&b'(') || next >= limit {
                return end;
            }
            tuple = next;
        }
    }

    /// Redacts the texts and numbers from `start` to `end`.
    pub(super) fn literals(&mut self, start: usize, end: usize) {
        let bytes = self.bytes;
        let mut at = start;
        while at < end {
            steps::add(1);
            if let Some(quote) = opening_quote(bytes, at) {
                let prefix = skip(bytes, at, |b| b.is_ascii_alphabetic()) - at;
                at = self.quoted(at + prefix + quote.backslashes + 1, quote);
            } else if bytes[at] == b'[' && bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic) {
                // A mark, or a quoted name.
                at += memchr::memchr(b']', &bytes[at..end]).map_or(1, |length| length + 1);
            } else if bytes[at].is_ascii_digit() {
                let number = skip(bytes, at, |b| b.is_ascii_alphanumeric() || b == b'.').min(end);
                at = self.mark(at, number);
            } else if is_name_byte(bytes[at]) || matches!(bytes[at], b':' | b'%') {
                // A function, a placeholder: `:name_1`, `$1`, `%(name)s`.
                at = skip(bytes, at + 1, |b| is_name_byte(b) && b != b'-').max(at + 1);
            } else {
                at += 1;
            }
        }
    }

    /// `[parameters: (…)]` after `[SQL: …]` with a redacted column. Returns where the scan goes on, if so.
    pub(super) fn parameters(&mut self, name: &str, start: usize, after: usize) -> Option<usize> {
        let bytes = self.bytes;
        if start == 0 || bytes[start - 1] != b'[' {
            return None;
        }
        if name == "SQL" {
            self.statement = Some(after);
            return None;
        }
        let statement = if name == "parameters" { self.statement.take()? } else { return None };
        let sql = String::from_utf8_lossy(&bytes[statement..start - 1]);
        column(&sql, self.names)?;
        let value = skip(bytes, after, |b| b == b' ');
        let limit = self.frames().limit(value);
        let end = closing_bracket(&bytes[..limit], start - 1).map_or(limit, |end| end - 1);
        Some(self.mark(value.min(end), end))
    }
}

/// Whether a byte is one of a name in a statement.
pub(super) fn is_column_word(byte: u8) -> bool {
    is_name_byte(byte) && !matches!(byte, b'-' | b'$' | b'@')
}

/// The end of the bracket that opens at `open`, or the limit when it is not closed before.
pub(super) fn closed_or_limit(bytes: &[u8], open: usize, limit: usize) -> usize {
    closing_bracket(&bytes[..limit], open).unwrap_or(limit)
}

/// The end of what stands before `end`, without spaces and line breaks, also escaped ones.
fn trimmed(bytes: &[u8], end: usize) -> usize {
    let mut at = end;
    loop {
        steps::add(1);
        let before = &bytes[..at];
        if before.last().is_some_and(u8::is_ascii_whitespace) {
            at -= 1;
        } else if before.ends_with(br"\n") || before.ends_with(br"\t") {
            at -= 2;
        } else {
            return at;
        }
    }
}
