//! How far the value after a redacted name reaches.

use memchr::memchr_iter;

use super::assignments::after_scheme;
use super::before::Name;
use super::bytes::{Quote, opening_quote, percent_decoded, skip, skip_up_to};
use super::{SPACES_MAX, Scanner};
use crate::{marks, steps};

/// After so many values that are opened and not closed in one place all of it goes: each costs a look at it.
const UNCLOSED_MAX: usize = 8;

/// Values that say nothing: types in annotations, and absence.
#[rustfmt::skip]
const PLAIN_TYPES: [&str; 13] =
    ["str", "bytes", "int", "float", "bool", "object", "dict", "list", "tuple", "set", "Any", "None", "SecretStr"];

/// How a value ended, which decides what may still belong to it.
enum Value {
    Quoted(usize),
    Plain(usize),
    Nothing,
}

/// What was opened and is not closed.
#[derive(Clone, Copy, PartialEq)]
enum Opened {
    /// A text, a list, a mapping.
    Literal,
    /// The arguments of a call, an index.
    Call,
}

impl Scanner<'_> {
    /// Redacts the value that begins at `start`, with all that is joined to it, and in prose with the words
    /// after it. Returns its end.
    pub(super) fn value(&mut self, start: usize, in_prose: Option<&Name<'_>>) -> usize {
        let bytes = self.bytes;
        let mut at = start;
        loop {
            let (mut end, quoted) = match self.value_part(at) {
                Value::Nothing => return at,
                Value::Quoted(end) => (end, true),
                Value::Plain(end) => (end, false),
            };
            let is_number = bytes[at..end].iter().all(|b| b.is_ascii_digit() || matches!(b, b' ' | b'-'));
            if let Some(name) = in_prose
                && !quoted
                && !is_number
                && !(bytes[end - 1] == b']' && marks::ends_with_mark(bytes, end))
                && self.done == end
                && let Some(last) = self.found.last_mut()
            {
                let from = last.0;
                self.found.pop();
                end = self.prose_end(name, end);
                self.mark(from, end);
            }
            let next = skip_up_to(bytes, end, SPACES_MAX, |b| matches!(b, b' ' | b'\t'));
            if quoted && opening_quote(bytes, next).is_some() {
                at = next;
            } else if let Some(operand) = after_operator(bytes, next, next > end) {
                at = operand;
            } else {
                return end;
            }
        }
    }

    fn value_part(&mut self, start: usize) -> Value {
        let bytes = self.bytes;
        if start >= bytes.len() {
            return Value::Nothing;
        }
        if let Some(quote) = opening_quote(bytes, start) {
            let prefix = skip_up_to(bytes, start, 3, |b| b.is_ascii_alphabetic()) - start;
            let opened = start + prefix + quote.backslashes + 1;
            return Value::Quoted(self.quoted(opened, quote));
        }
        if bytes[start] == b'`' {
            let rest = &bytes[start + 1..];
            let length = memchr::memchr2(b'`', b'\n', rest).unwrap_or(rest.len());
            steps::add(length);
            return Value::Quoted((self.mark(start + 1, start + 1 + length) + 1).min(bytes.len()));
        }
        let end = self.plain_end(start);
        if end == start {
            return Value::Nothing;
        }
        let text = &bytes[start..end];
        let says_nothing = PLAIN_TYPES.iter().any(|word| word.as_bytes() == text)
            && bytes
                .get(end)
                .is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b',' | b')' | b']' | b'}' | b'='));
        if !says_nothing {
            self.mark(start, end);
        }
        Value::Plain(end)
    }

    /// Redacts what a quote encloses, `opened` being the first byte within. Returns the end after the quote.
    pub(super) fn quoted(&mut self, opened: usize, quote: Quote) -> usize {
        let bytes = self.bytes;
        let one = quote.backslashes + 1;
        let again = |at: usize| {
            bytes.get(at..at + one).is_some_and(|next| {
                next[one - 1] == quote.byte && next[..one - 1].iter().all(|b| *b == b'\\')
            })
        };
        if again(opened) && !again(opened + one) {
            return opened + one;
        }
        let (start, triple) = if again(opened) { (opened + 2 * one, true) } else { (opened, false) };
        let limit = self.frames().limit(opened - 1);
        let mut closing = None;
        for found in memchr_iter(quote.byte, bytes.get(start..limit).unwrap_or_default()) {
            let at = start + found;
            let backslashes = bytes[start..at].iter().rev().take_while(|b| **b == b'\\').count();
            let closes = backslashes < quote.backslashes || backslashes % (2 * one) == quote.backslashes;
            if closes && (!triple || (again(at + 1) && again(at + 1 + one))) {
                let end = at - backslashes.min(quote.backslashes);
                closing = Some((end, at + 1 + if triple { 2 * one } else { 0 }));
                break;
            }
        }
        steps::add(closing.map_or(limit, |(end, _)| end).saturating_sub(start));
        let (end, closed) = closing.unwrap_or_else(|| {
            let end = self.unclosed_end(opened - 1, Opened::Literal).max(start);
            (end, end)
        });
        if let Some(credential) = after_scheme(&bytes[..end], start) {
            self.mark(credential, end);
        } else {
            self.mark(start, end);
        }
        closed
    }

    /// The end of a value without quotes; brackets are followed to their end.
    fn plain_end(&mut self, start: usize) -> usize {
        let bytes = self.bytes;
        let limit = self.frames().limit(start);
        let mut at = start;
        while at < limit {
            steps::add(1);
            match bytes[at] {
                b'(' | b'[' | b'{' => match closing_bracket(&bytes[..limit], at) {
                    Some(end) => at = end,
                    None => {
                        let opened = if at == start { Opened::Literal } else { Opened::Call };
                        return self.unclosed_end(at, opened);
                    }
                },
                b'<' if at == start => match memchr::memchr2(b'>', b'\n', &bytes[at..]) {
                    Some(length) if bytes[at + length] == b'>' => at += length + 1,
                    _ => at += 1,
                },
                b',' | b';' | b'&' | b')' | b']' | b'}' | b'"' | b'\'' | b'`' => break,
                b'\\' => {
                    let after = bytes[at..].iter().find(|b| **b != b'\\');
                    if matches!(after, Some(b'n' | b'r' | b't' | b'"' | b'\'') | None) {
                        break;
                    }
                    at += 1;
                }
                b'%' if matches!(percent_decoded(bytes, at), Some((b'&', _))) => break,
                byte if byte.is_ascii_whitespace() => {
                    // Groups of digits: `4111 1111 1111 1111`.
                    let digits =
                        bytes[start..at].iter().all(|b| b.is_ascii_digit() || matches!(b, b' ' | b'-'));
                    if digits && byte == b' ' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
                        at += 1;
                    } else {
                        break;
                    }
                }
                _ => at += 1,
            }
        }
        at
    }

    /// Where a value ends that is opened at `at` and not closed before its limit: in a frame with its line.
    /// Elsewhere the text was cut, and all up to the limit may belong to the value; only after a call that
    /// no indented line continues it is the line.
    fn unclosed_end(&mut self, at: usize, opened: Opened) -> usize {
        let bytes = self.bytes;
        let frames = self.frames();
        let limit = frames.limit(at);
        let line_end = match frames.source_at(at) {
            Some(frame) => frames.line_end(frame, at),
            None if opened == Opened::Literal => return limit,
            None => {
                steps::add(limit - at);
                let end = memchr::memchr(b'\n', &bytes[at..limit]).map_or(limit, |length| at + length);
                let is_continued = matches!(bytes.get(end + 1), Some(b' ' | b'\t'));
                let in_quote = bytes[at..end].iter().any(|b| matches!(b, b'"' | b'\''));
                if is_continued || in_quote { limit } else { end }
            }
        };
        let many = if self.unclosed.0 == limit { self.unclosed.1 + 1 } else { 1 };
        self.unclosed = (limit, many);
        if many > UNCLOSED_MAX { limit } else { line_end }
    }
}

/// The end of a bracketed part, quotes within considered.
pub(super) fn closing_bracket(bytes: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut inside: Option<Quote> = None;
    let mut at = start;
    while at < bytes.len() {
        steps::add(1);
        let backslashes = skip(bytes, at, |b| b == b'\\') - at;
        at += backslashes;
        let Some(byte) = bytes.get(at) else { break };
        match (byte, inside) {
            (b'"' | b'\'', None) => inside = Some(Quote { byte: *byte, backslashes }),
            (_, Some(quote)) if *byte == quote.byte => {
                let closes = backslashes < quote.backslashes
                    || backslashes % (2 * (quote.backslashes + 1)) == quote.backslashes;
                if closes {
                    inside = None;
                }
            }
            (b'(' | b'[' | b'{', None) => depth += 1,
            (b')' | b']' | b'}', None) => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where the operand begins after an operator that joins it to the value before: `a or "b"`.
pub(super) fn after_operator(bytes: &[u8], at: usize, spaced: bool) -> Option<usize> {
    let rest = &bytes[at.min(bytes.len())..];
    let operators: [&[u8]; 11] =
        [b"or ", b"and ", b"if ", b"else ", b"+ ", b"% ", b"| ", b"==", b"!=", b"= ", b"="];
    let operator = operators.into_iter().find(|operator| rest.starts_with(operator))?;
    if operator[0].is_ascii_alphabetic() && !spaced {
        return None;
    }
    Some(skip(bytes, at + operator.len(), |b| matches!(b, b' ' | b'\t')))
}
