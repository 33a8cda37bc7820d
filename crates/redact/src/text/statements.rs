//! Statements of SQL that name a redacted column: what is compared with it, selected beside it, and given
//! to the statement as parameters.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use super::Scanner;
use super::bytes::{Quote, is_name_byte, opening_quote, quote_ending_at, skip_up_to};
use super::sql::{closed_or_limit, column, is_column_word};
use crate::steps;

/// The shortest text that holds a statement with a secret, in bytes.
const TEXT_BYTES_MIN: usize = 20;

/// The longest statement that is read, in bytes.
const STATEMENT_BYTES_MAX: usize = 8_192;

/// How many statements of one text are read.
const STATEMENTS_MAX: usize = 64;

/// How statements begin, and what servers print of rows without saying the columns.
const BEGINNINGS: [&str; 8] = [
    "insert into ",
    "replace into ",
    "update ",
    "select ",
    "delete from ",
    "set password ",
    "failing row contains (",
    "duplicate entry '",
];

/// What may stand between a column and what it is compared with.
const OPERATORS: [&str; 9] = ["not", "like", "ilike", "rlike", "regexp", "in", "between", "similar", "is"];

/// What may stand there after one of these.
const FURTHER_OPERATORS: [&str; 6] = ["to", "distinct", "from", "any", "all", "and"];

impl Scanner<'_> {
    /// Looks for statements in all of the text.
    pub(super) fn statements(&mut self) {
        static ALL: OnceLock<Option<AhoCorasick>> = OnceLock::new();
        let bytes = self.bytes;
        if bytes.len() < TEXT_BYTES_MIN {
            return;
        }
        let all =
            ALL.get_or_init(|| AhoCorasick::builder().ascii_case_insensitive(true).build(BEGINNINGS).ok());
        let Some(all) = all else { return };
        steps::add(bytes.len());
        let mut from = 0;
        for beginning in all.find_iter(bytes).take(STATEMENTS_MAX) {
            let at = beginning.start();
            if at < from
                || at
                    .checked_sub(1)
                    .is_some_and(|before| is_name_byte(bytes[before]) && !is_escaped_letter(bytes, before))
            {
                continue;
            }
            from = match beginning.pattern().as_usize() {
                6 => self.failing_row(beginning.end()),
                7 => self.duplicate(beginning.end()),
                _ => self.statement(at),
            };
        }
    }

    /// `Failing row contains (1, secret).`: the columns are not told, so that all of it goes.
    fn failing_row(&mut self, start: usize) -> usize {
        let limit = self.frames().limit(start);
        let end = closed_or_limit(self.bytes, start - 1, limit);
        self.mark(start, end.saturating_sub(1).max(start))
    }

    /// `Duplicate entry 'secret' for key 'users.token'`.
    fn duplicate(&mut self, start: usize) -> usize {
        let bytes = self.bytes;
        let line = &bytes[start..bytes.len().min(start + 1_024)];
        steps::add(line.len());
        let Some(end) = memchr::memmem::find(line, b"' for key ") else { return start };
        let key = start + end + 10;
        let name = skip_up_to(bytes, key + 1, 128, is_name_byte);
        let name = String::from_utf8_lossy(&bytes[(key + 1).min(name)..name]);
        if self.names.matched(&name).is_some() { self.mark(start, start + end) } else { start }
    }

    /// The statement that begins at `at`. Returns where the next one may begin.
    fn statement(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let limit = self.frames().limit(at).min(at + STATEMENT_BYTES_MAX);
        let (end, quote) = self.statement_end(at, limit);
        let text = String::from_utf8_lossy(&bytes[at..end]);
        if !is_statement(&text) || column(&text, self.names).is_none() {
            return at + 6;
        }
        self.compared(at, end);
        if text[..4].eq_ignore_ascii_case("set ") {
            self.literals(at, end);
        }
        if text[..7].eq_ignore_ascii_case("insert ") {
            self.selected_for_insert(at, end);
        }
        let Some(quote) = quote else { return self.printed_parameters(end, limit) };
        if let Some(length) = memchr::memchr(b';', text.as_bytes()) {
            self.printed_parameters(at + length, end);
        }
        self.given_parameters(at, end, quote, limit)
    }

    /// Where the statement ends, and the quote around it, if any.
    fn statement_end(&self, at: usize, limit: usize) -> (usize, Option<Quote>) {
        let bytes = self.bytes;
        let mut begins = at;
        while begins > 0 && at - begins < 64 && bytes[begins - 1].is_ascii_whitespace() {
            begins -= 1;
        }
        let Some(quote) = quote_ending_at(bytes, begins) else {
            let end = memchr::memchr2(b';', b']', &bytes[at..limit]).map_or(limit, |length| at + length);
            return (end, None);
        };
        let is_triple = begins >= 3 && bytes[begins - 2] == quote.byte && bytes[begins - 3] == quote.byte;
        for found in memchr::memchr_iter(quote.byte, &bytes[at..limit]) {
            let end = at + found;
            let backslashes = bytes[at..end].iter().rev().take_while(|b| **b == b'\\').count();
            let one = quote.backslashes + 1;
            let closes = backslashes < quote.backslashes || backslashes % (2 * one) == quote.backslashes;
            let thrice = bytes.get(end..end + 3).is_some_and(|three| three.iter().all(|b| *b == quote.byte));
            if closes && (!is_triple || thrice) {
                return (end - backslashes.min(quote.backslashes), Some(quote));
            }
        }
        (limit, Some(quote))
    }

    /// What redacted columns are compared with: `password LIKE 'a'`, `token IN (…)`, `'a' = password`,
    /// `'a' AS password`.
    fn compared(&mut self, start: usize, end: usize) {
        let bytes = self.bytes;
        let mut at = start;
        while at < end {
            steps::add(1);
            let word = skip_up_to(bytes, at, end - at, is_column_word);
            if word == at {
                at += 1;
                continue;
            }
            let name = String::from_utf8_lossy(&bytes[at..word]);
            let name = name.rsplit('.').next().unwrap_or_default();
            let is_redacted = self.names.matched(name).is_some();
            if is_redacted {
                self.before_column(at, start);
            }
            at = if is_redacted { self.after_column(word, end).max(word) } else { word };
        }
    }

    fn before_column(&mut self, at: usize, start: usize) {
        let bytes = self.bytes;
        let mut before = at;
        while before > start && b" ()\"`".contains(&bytes[before - 1]) && at - before < 64 {
            before -= 1;
        }
        let sign = before;
        while before > start && b"=<>!".contains(&bytes[before - 1]) {
            before -= 1;
        }
        let is_alias = before >= start + 3 && bytes[before - 3..before].eq_ignore_ascii_case(b" as");
        if sign == before && !is_alias {
            return;
        }
        if is_alias {
            before -= 3;
        }
        while before > start && bytes[before - 1] == b' ' {
            before -= 1;
        }
        let Some(quote) = quote_ending_at(bytes, before) else { return };
        let close = before - 1 - quote.backslashes;
        let Some(open) = memchr::memrchr(quote.byte, &bytes[start..close]) else { return };
        steps::add(close - start);
        if close - start - open < 1_024 {
            self.mark(start + open + 1, close);
        }
    }

    fn after_column(&mut self, word: usize, end: usize) -> usize {
        let bytes = self.bytes;
        let mut at = skip_up_to(bytes, word, 8, |b| b" )\"`]\\".contains(&b)).min(end);
        let mut has_operator = false;
        while at < end {
            let sign = skip_up_to(bytes, at, 3, |b| b"=<>!~".contains(&b));
            let next = skip_up_to(bytes, at, 10, |b| b.is_ascii_alphabetic());
            let is_one_of = |list: &[&str]| {
                list.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(&bytes[at..next]))
            };
            let is_operator = is_one_of(&OPERATORS) || (has_operator && is_one_of(&FURTHER_OPERATORS));
            if sign > at || (is_operator && opening_quote(bytes, at).is_none()) {
                has_operator = true;
                at = skip_up_to(bytes, sign.max(if sign > at { sign } else { next }), 64, |b| b == b' ');
            } else if has_operator && bytes[at] == b'(' {
                let close = closed_or_limit(bytes, at, end);
                self.literals(at + 1, close);
                return close;
            } else if has_operator && let Some(quote) = opening_quote(bytes, at) {
                let prefix = skip_up_to(bytes, at, 3, |b| b.is_ascii_alphabetic()) - at;
                at = self.quoted(at + prefix + quote.backslashes + 1, quote).min(end);
                at = skip_up_to(bytes, at, 64, |b| b == b' ');
            } else {
                break;
            }
        }
        at.min(end)
    }

    /// `INSERT INTO … (…, password) SELECT 1, 'secret'`.
    fn selected_for_insert(&mut self, at: usize, end: usize) {
        let bytes = self.bytes;
        let text = bytes[at..end].to_ascii_lowercase();
        let Some(close) = memchr::memchr(b')', &text) else { return };
        let Some(select) = memchr::memmem::find(&text[close..], b"select ") else { return };
        let columns = String::from_utf8_lossy(&text[..close]);
        if columns.contains('(') && column(&columns, self.names).is_some() {
            self.literals(at + close + select, end);
        }
    }

    /// `; args=('secret', 1)` after a statement, as loggers print it.
    fn printed_parameters(&mut self, end: usize, limit: usize) -> usize {
        let bytes = self.bytes;
        let at = skip_up_to(bytes, end, 8, |b| b == b';' || b.is_ascii_whitespace());
        let word = skip_up_to(bytes, at, 16, |b| b.is_ascii_alphabetic());
        let known = [b"args".as_slice(), b"params", b"parameters", b"bind", b"binds"];
        let value = skip_up_to(bytes, word, 4, |b| matches!(b, b'=' | b':' | b' '));
        let is_bracket = matches!(bytes.get(value), Some(b'(' | b'[' | b'{'));
        if !is_bracket || !known.iter().any(|known| known.eq_ignore_ascii_case(&bytes[at..word])) {
            return end;
        }
        let close = closed_or_limit(bytes, value, limit);
        self.literals(value + 1, close);
        close
    }

    /// `execute("… password = ?", ("secret",))`: all literals up to the end of the call, when the statement
    /// has a place for them.
    fn given_parameters(&mut self, start: usize, end: usize, quote: Quote, limit: usize) -> usize {
        let bytes = self.bytes;
        let closes = |b: u8| b == quote.byte || b == b'\\';
        let mut at = skip_up_to(bytes, end, 3 * (quote.backslashes + 1), closes);
        // Further texts that are joined to this one, and the end of a call around it: `text("…")`.
        loop {
            let next = skip_up_to(bytes, at, 64, |b| b.is_ascii_whitespace() || b == b')');
            let Some(more) = opening_quote(bytes, next).filter(|more| more.byte == quote.byte) else {
                at = next;
                break;
            };
            let open = skip_up_to(bytes, next, 80, |b| b != quote.byte) + 1;
            let Some(length) = memchr::memchr(more.byte, &bytes[open.min(limit)..limit]) else {
                return end;
            };
            at = open + length + 1;
        }
        let has_parameters = at < limit && matches!(bytes[at], b',' | b'%');
        if !has_parameters || !has_place(&bytes[start..at]) {
            return end;
        }
        let close = self.call_end(at + 1, limit);
        self.literals(at + 1, close);
        close
    }

    /// Where the call ends whose arguments go on at `at`.
    pub(super) fn call_end(&self, at: usize, limit: usize) -> usize {
        let bytes = self.bytes;
        let mut depth = 0_usize;
        let mut index = at;
        let last_close = memchr::memrchr3(b')', b']', b'}', bytes.get(at..limit).unwrap_or_default());
        let last_close = last_close.map_or(at, |length| at + length);
        steps::add(limit.saturating_sub(at));
        while index < limit {
            steps::add(1);
            match bytes[index] {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth == 0 => return index,
                b')' | b']' | b'}' => depth -= 1,
                byte @ (b'"' | b'\'') => {
                    let rest = &bytes[index + 1..limit];
                    index += memchr::memchr2(byte, b'\n', rest).map_or(rest.len(), |length| length + 1);
                }
                b';' | b'\n' if depth == 0 && index >= last_close => return index,
                _ => {}
            }
            index += 1;
        }
        limit
    }
}

/// Whether a statement has a place for a parameter: `?`, `%s`, `%(a)s`, `:a`, `$1`, `@a`, `{}`.
fn has_place(statement: &[u8]) -> bool {
    steps::add(statement.len());
    statement.windows(2).any(|pair| match pair[0] {
        b'%' => matches!(pair[1], b's' | b'(' | b'd' | b'r' | b'b'),
        b':' | b'@' => is_column_word(pair[1]) || pair[1] == b'\'',
        b'$' => pair[1].is_ascii_digit() || pair[1] == b'{',
        first => first == b'?' || first == b'{',
    })
}

/// Whether the byte is the letter of an escaped line break.
fn is_escaped_letter(bytes: &[u8], at: usize) -> bool {
    matches!(bytes[at], b'n' | b't' | b'r') && at > 0 && bytes[at - 1] == b'\\'
}

/// Whether a text that begins as one goes on as a statement.
fn is_statement(text: &str) -> bool {
    let lowered = text.as_bytes().to_ascii_lowercase();
    let has = |word: &[u8]| memchr::memmem::find(&lowered, word).is_some();
    match lowered.first() {
        Some(b'u') => has(b" set ") || has(b"\nset "),
        Some(b's') if lowered.starts_with(b"select") => {
            has(b" from ") || has(b"\nfrom ") || has(b" as ") || has(b"\\nfrom ")
        }
        _ => true,
    }
}
