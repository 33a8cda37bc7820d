//! Secrets inside texts: messages, tracebacks, `repr` texts, addresses, headers.
//!
//! One pass from left to right. At each separator the name before it is looked up; the value after a
//! redacted name is replaced by `[redacted]`, everything else stays byte for byte. What cannot be told
//! apart is redacted: a value that is an expression is replaced up to its end. In the source lines of a
//! traceback an expression without literals stays, and what is opened and not closed ends with its line.

mod frames;
mod phrases;
mod sql;
mod tables;

use std::cell::OnceCell;

use frames::Frames;
use memchr::memchr_iter;
pub(crate) use sql::column;

use crate::marks;
use crate::names::Names;
use crate::steps;

/// What stands in the place of a redacted part of a text.
pub(crate) const MARK: &str = "[redacted]";

/// How far back a name may reach, in bytes; of longer ones the end counts.
const NAME_BYTES_MAX: usize = 128;

/// Spaces that may stand between a name and its separator, or the separator and the value.
const SPACES_MAX: usize = 64;

/// After so many values that are opened and not closed in one place all of it goes: each costs a look at it.
const UNCLOSED_MAX: usize = 8;

/// Words before a credential that say how it is meant, and are kept.
const SCHEMES: [&str; 8] = ["bearer", "basic", "token", "negotiate", "apikey", "bot", "jwt", "ntlm"];

/// Values that say nothing: types in annotations, and absence.
#[rustfmt::skip]
const PLAIN_TYPES: [&str; 13] =
    ["str", "bytes", "int", "float", "bool", "object", "dict", "list", "tuple", "set", "Any", "None", "SecretStr"];

/// The values of redacted names within `text`: ascending, without overlaps. O(bytes).
pub(crate) fn find(text: &str, names: &Names) -> Vec<(usize, usize)> {
    joined(Scanner::new(text, names).run(), tables::find(text.as_bytes(), names))
}

/// Joins what two passes found, in order.
fn joined(mut found: Vec<(usize, usize)>, further: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    if further.is_empty() {
        return found;
    }
    found.extend(further);
    found.sort_unstable();
    found.dedup_by(|next, last| {
        let overlap = next.0 < last.1;
        if overlap {
            last.1 = last.1.max(next.1);
        }
        overlap
    });
    found
}

/// As [`find`], in a text that is source code as a whole.
pub(crate) fn find_in_source(text: &str, names: &Names) -> Vec<(usize, usize)> {
    let scanner = Scanner::new(text, names);
    let _ = scanner.frames.set(Frames::of_source(text.as_bytes()));
    scanner.run()
}

/// A quote, with the backslashes that escape it: none in plain text, one in a `repr`, three within two.
#[derive(Clone, Copy, PartialEq)]
struct Quote {
    byte: u8,
    backslashes: usize,
}

/// What stands before a separator.
struct Name<'a> {
    text: &'a str,
    /// Where the name begins, without its quote.
    start: usize,
    quote: Option<Quote>,
}

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

struct Scanner<'a> {
    names: &'a Names,
    bytes: &'a [u8],
    /// Ascending, without overlaps, at character boundaries.
    found: Vec<(usize, usize)>,
    /// The end of the last redacted part; no name reaches back over it.
    done: usize,
    /// Looked for when the first value may depend on them.
    frames: OnceCell<Frames<'a>>,
    /// The end of the last expression that has no literals.
    names_end: usize,
    /// Where the last value that was opened and not closed had to end, and how many had to end there.
    unclosed: (usize, usize),
    /// Where the last `[SQL: …]` begins.
    statement: Option<usize>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, names: &'a Names) -> Self {
        Self {
            names,
            bytes: text.as_bytes(),
            found: Vec::new(),
            done: 0,
            frames: OnceCell::new(),
            names_end: 0,
            unclosed: (usize::MAX, 0),
            statement: None,
        }
    }

    fn frames(&self) -> &Frames<'a> {
        self.frames.get_or_init(|| Frames::new(self.bytes))
    }

    fn run(mut self) -> Vec<(usize, usize)> {
        let bytes = self.bytes;
        let mut at = 0;
        while let Some(sign) = bytes[at..].iter().position(|byte| IS_SIGN[usize::from(*byte)]) {
            at += sign;
            steps::add(sign);
            let next = match bytes[at] {
                b':' if bytes[at..].starts_with(b"://") => self.credentials_of_address(at),
                b'=' | b':' => self.assignment(at),
                b',' => self.pair(at),
                b'%' => self.encoded_assignment(at),
                b'-' if bytes.get(at + 1) == Some(&b'-') => self.flag(at),
                b'-' => self.short_flag(at),
                b'"' | b'\'' if at > 1 && matches!(bytes[at - 1], b' ' | b'\\') => {
                    self.quoted_in_sentence(at)
                }
                b'(' if at > 6 => self.inserted(at),
                b'<' => self.element(at),
                b'B' => self.bearer(at),
                b'\t' if at > 2 => self.tabbed(at),
                _ => at + 1,
            };
            at = next.max(at + 1).min(bytes.len());
        }
        self.found
    }

    /// `name = value`, `name: value`, `"name": value`, `name=>value`, `name == value`, `x["name"] = value`.
    fn assignment(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let operator_end = at + bytes[at..].iter().take_while(|b| matches!(b, b'=' | b'>' | b':')).count();
        let mut before = at;
        while before > self.done
            && matches!(bytes[before - 1], b'!' | b'<' | b'>' | b'+' | b'~' | b'?' | b'|')
        {
            before -= 1;
        }
        let Some(name) = self.name_before(before) else { return operator_end };
        if !self.is_redacted(&name) {
            if name.text == "input_value" && self.is_below_field(name.start) {
                return self.value(operator_end, None);
            }
            return self.parameters(name.text, name.start, operator_end).unwrap_or(operator_end);
        }
        if bytes[at] == b':' && is_exception_line(bytes, &name, self.names) {
            return operator_end;
        }
        let value = if name.quote.is_some() {
            skip(bytes, operator_end, |b| b.is_ascii_whitespace())
        } else {
            skip(bytes, operator_end, |b| matches!(b, b' ' | b'\t'))
        };
        if is_header(name.text)
            && name.quote.is_none_or(|quote| opening_quote(bytes, value).is_none_or(|open| open != quote))
            && bytes[at] == b':'
            && opening_quote(bytes, value).is_none()
        {
            return self.header_line(&name, value);
        }
        if value >= self.frames().limit(at) || self.is_of_names(&name, value) {
            return operator_end;
        }
        let in_prose = name.quote.is_none() && bytes[at] == b':' && operator_end == at + 1;
        if in_prose && matches!(bytes.get(value), Some(b'\n' | b'\r')) {
            return self.block(&name, operator_end).unwrap_or(operator_end);
        }
        self.value(
            value,
            Some(&name).filter(|name| in_prose && value > operator_end && !self.is_of_parser(name)),
        )
    }

    /// Whether the value at `start` is an expression in the code of a frame, without any literal.
    fn is_of_names(&mut self, name: &Name<'_>, start: usize) -> bool {
        if start < self.names_end {
            return true;
        }
        let frames = self.frames();
        let begins = name.start.saturating_sub(name.quote.map_or(0, |quote| quote.backslashes + 1));
        let end = frames
            .source_at(begins)
            .filter(|frame| start < frame.end && frames.is_code(frame, begins))
            .and_then(|frame| frames.end_of_names(frame, start));
        self.names_end = end.unwrap_or(self.names_end);
        end.is_some()
    }

    /// `("name", value)` and `["name", value]`, and a flag with its value in a list of arguments.
    fn pair(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let Some(name) = self.name_before(at) else { return at + 1 };
        let Some(quote) = name.quote else { return at + 1 };
        let mut opening = name.start.saturating_sub(1 + quote.backslashes);
        while opening > 0 && matches!(bytes[opening - 1], b'b' | b'B' | b'u' | b'r' | b'R' | b'f') {
            opening -= 1;
        }
        while opening > 0 && matches!(bytes[opening - 1], b' ' | b'\t' | b'\n') {
            opening -= 1;
        }
        let first_of_pair = opening > 0 && matches!(bytes[opening - 1], b'(' | b'[');
        if !(first_of_pair || name.text.starts_with("--")) || !self.is_redacted(&name) {
            return at + 1;
        }
        let value = skip(bytes, at + 1, |b| b.is_ascii_whitespace());
        if value >= self.frames().limit(at) || self.is_of_names(&name, value) {
            return at + 1;
        }
        self.value(value, None)
    }

    /// `name%3Dvalue`, `%22name%22%3A%22value%22`, also encoded more than once.
    fn encoded_assignment(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let Some((b'=' | b':', length)) = percent_decoded(bytes, at) else { return at + 1 };
        let Some(name) = self.name_before(at) else { return at + length };
        if !self.is_redacted(&name) {
            return at + length;
        }
        let mut start = at + length;
        let mut quote = None;
        while let Some((byte @ (b'"' | b'\'' | b' ' | b'+'), length)) = percent_decoded(bytes, start) {
            start += length;
            if byte == b'"' || byte == b'\'' {
                quote = Some(byte);
                break;
            }
        }
        let mut end = start;
        while end < bytes.len() {
            steps::add(1);
            match percent_decoded(bytes, end) {
                Some((byte, _)) if quote == Some(byte) => break,
                Some((b'&' | b';', _)) if quote.is_none() => break,
                Some((_, length)) => end += length,
                None if matches!(bytes[end], b'&' | b'"' | b'\'' | b'#' | b'\\' | b'<' | b'>') => break,
                None if bytes[end].is_ascii_whitespace() => break,
                None => end += 1,
            }
        }
        self.mark(start, end)
    }

    /// `--name value`; the form with `=` is an assignment.
    fn flag(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        if at > 0 && !matches!(bytes[at - 1], b' ' | b'\t' | b'\n' | b'"' | b'\'' | b'`' | b'(') {
            return at + 2;
        }
        let end = skip_up_to(bytes, at + 2, NAME_BYTES_MAX, is_name_byte);
        let value = skip(bytes, end, |b| matches!(b, b' ' | b'\t'));
        if value == end || value == bytes.len() || bytes[value] == b'-' {
            return at + 2;
        }
        let Ok(text) = std::str::from_utf8(&bytes[at + 2..end]) else { return at + 2 };
        if matches!(bytes[value], b'=' | b':' | b',') || self.names.matched(text).is_none() {
            return end;
        }
        self.value(value, None)
    }

    /// `scheme://user:password@host`.
    fn credentials_of_address(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let start = at + 3;
        let end = skip(bytes, start, |b| {
            !b.is_ascii_whitespace()
                && !matches!(b, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\')
        });
        let authority = &bytes[start..end];
        let Some(host) = memchr::memrchr(b'@', authority) else { return start };
        match memchr::memchr(b':', &authority[..host]) {
            Some(colon) => self.mark(start + colon + 1, start + host),
            None => start,
        }
    }

    /// The rest of a `Cookie` or `Authorization` line, after the scheme.
    fn header_line(&mut self, name: &Name<'a>, start: usize) -> usize {
        let bytes = self.bytes;
        if let Some(credential) = after_scheme(bytes, start) {
            return self.value(credential, None);
        }
        let enclosing = quote_ending_at(bytes, name.start).or(name.quote);
        let mut end = start;
        while end < bytes.len() && !matches!(bytes[end], b'\n' | b'\r') {
            steps::add(1);
            if bytes[end] == b'\\' || matches!(bytes[end], b'"' | b'\'') {
                let backslashes = bytes[end..].iter().take_while(|b| **b == b'\\').count();
                let after = bytes.get(end + backslashes);
                let line_ends = backslashes > 0 && matches!(after, Some(b'n' | b'r'));
                if line_ends
                    || enclosing
                        .is_some_and(|quote| after == Some(&quote.byte) && backslashes <= quote.backslashes)
                {
                    break;
                }
                end += backslashes + usize::from(backslashes == 0);
                continue;
            }
            end += 1;
        }
        self.mark(start, end)
    }

    /// Redacts the value that begins at `start`, with all that is joined to it, and in prose with the words
    /// after it. Returns its end.
    fn value(&mut self, start: usize, in_prose: Option<&Name<'_>>) -> usize {
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
    fn quoted(&mut self, opened: usize, quote: Quote) -> usize {
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

    /// Redacts a range, unless it is empty. Returns its end.
    fn mark(&mut self, start: usize, end: usize) -> usize {
        if start < end {
            self.found.push((start, end));
            self.done = end;
        }
        end
    }

    fn is_redacted(&self, name: &Name<'_>) -> bool {
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

    /// The name that ends before `end`, with spaces, a quote and a bracket between them.
    fn name_before(&self, end: usize) -> Option<Name<'a>> {
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

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'_' | b'-' | b'.' | b'$' | b'@')
}

fn skip(bytes: &[u8], from: usize, accept: impl Fn(u8) -> bool) -> usize {
    skip_up_to(bytes, from, usize::MAX, accept)
}

fn skip_up_to(bytes: &[u8], from: usize, most: usize, accept: impl Fn(u8) -> bool) -> usize {
    let count = bytes[from..].iter().take(most).take_while(|b| accept(**b)).count();
    steps::add(count);
    from + count
}

/// The quote whose last byte stands before `end`.
fn quote_ending_at(bytes: &[u8], end: usize) -> Option<Quote> {
    let byte = *bytes.get(end.checked_sub(1)?)?;
    if byte != b'"' && byte != b'\'' {
        return None;
    }
    let backslashes = bytes[..end - 1].iter().rev().take(SPACES_MAX).take_while(|b| **b == b'\\').count();
    Some(Quote { byte, backslashes })
}

/// The quote that opens a value at `at`, after the prefix of a Python literal.
fn opening_quote(bytes: &[u8], at: usize) -> Option<Quote> {
    let prefix = skip_up_to(bytes, at.min(bytes.len()), 3, |b| b.is_ascii_alphabetic());
    let is_prefix = bytes[at.min(bytes.len())..prefix].iter().all(|b| b"bBrRuUfF".contains(b));
    if !is_prefix || prefix - at.min(prefix) > 2 {
        return None;
    }
    let quote = skip(bytes, prefix, |b| b == b'\\');
    match bytes.get(quote) {
        Some(byte @ (b'"' | b'\'')) => Some(Quote { byte: *byte, backslashes: quote - prefix }),
        _ => None,
    }
}

/// The end of a bracketed part, quotes within considered.
fn closing_bracket(bytes: &[u8], start: usize) -> Option<usize> {
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
fn after_operator(bytes: &[u8], at: usize, spaced: bool) -> Option<usize> {
    let rest = &bytes[at.min(bytes.len())..];
    let operators: [&[u8]; 11] =
        [b"or ", b"and ", b"if ", b"else ", b"+ ", b"% ", b"| ", b"==", b"!=", b"= ", b"="];
    let operator = operators.into_iter().find(|operator| rest.starts_with(operator))?;
    if operator[0].is_ascii_alphabetic() && !spaced {
        return None;
    }
    Some(skip(bytes, at + operator.len(), |b| matches!(b, b' ' | b'\t')))
}

/// Where the credential begins after `Bearer `.
fn after_scheme(bytes: &[u8], start: usize) -> Option<usize> {
    let end = skip_up_to(bytes, start, 16, |b| b.is_ascii_alphanumeric());
    let word = std::str::from_utf8(&bytes[start..end]).ok()?;
    let credential = skip(bytes, end, |b| b == b' ');
    let is_scheme = SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(word));
    (is_scheme && credential > end && credential < bytes.len()).then_some(credential)
}

/// Whether the rest of the line belongs to this name.
fn is_header(name: &str) -> bool {
    let ends_with = |word: &str| {
        name.len() >= word.len()
            && name.is_char_boundary(name.len() - word.len())
            && name[name.len() - word.len()..].eq_ignore_ascii_case(word)
    };
    ends_with("cookie") || ends_with("authorization")
}

/// `app.auth.InvalidToken: message` at the beginning of a line is the type of an exception, unless its
/// last part is itself a listed name.
fn is_exception_line(bytes: &[u8], name: &Name<'_>, names: &Names) -> bool {
    let last = name.text.rsplit('.').next().unwrap_or(name.text);
    let margin = bytes[..name.start].iter().rev().take_while(|b| matches!(b, b' ' | b'|')).count();
    let begins_line = name.start == margin || bytes[name.start - margin - 1] == b'\n';
    let certain = ["Error", "Exception", "Warning"];
    let with_module = ["Exit", "Interrupt", "Expired", "Invalid"];
    let ends_as_exception = certain.iter().any(|ending| last.ends_with(ending))
        || (last.len() < name.text.len()
            && (with_module.iter().any(|ending| last.ends_with(ending)) || last.starts_with("Invalid")));
    let is_listed = names.matched(last).is_some_and(|rule| rule.len() == last.len());
    begins_line && !is_listed && ends_as_exception && last.starts_with(|c: char| c.is_ascii_uppercase())
}

/// The byte that a percent sign at `at` stands for, and how long it is written: `%3D`, `%253D`.
fn percent_decoded(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    if bytes.get(at) != Some(&b'%') {
        return None;
    }
    let mut digits = at + 1;
    while bytes.get(digits..digits + 2) == Some(b"25") && digits - at < 9 {
        digits += 2;
    }
    let hex = |at: usize| bytes.get(at).and_then(|b| (*b as char).to_digit(16));
    let (high, low) = (hex(digits)?, hex(digits + 1)?);
    Some(((high * 16 + low) as u8, digits + 2 - at))
}

/// The encoded byte that ends before `end`, and where it begins.
fn percent_decoded_before(bytes: &[u8], end: usize) -> Option<(u8, usize)> {
    for start in (end.saturating_sub(11)..=end.checked_sub(3)?).rev() {
        if let Some((byte, length)) = percent_decoded(bytes, start)
            && start + length == end
        {
            return Some((byte, start));
        }
    }
    None
}

/// What a name and its value may have between them, or before them.
const IS_SIGN: [bool; 256] = {
    let mut signs = [false; 256];
    let all = b"=:,%-\"'(<\tB";
    let mut index = 0;
    while index < all.len() {
        signs[all[index] as usize] = true;
        index += 1;
    }
    signs
};

/// Whether a text can hold anything for [`find`]: a cheap look before the scan.
pub(crate) fn may_hold_names(text: &str) -> bool {
    let bytes = text.as_bytes();
    // The quotes of a `repr` enclose all of it.
    let is_quote = |byte: Option<&u8>| matches!(byte, Some(b'\'' | b'"'));
    let start = usize::from(is_quote(bytes.first()));
    let end = bytes.len() - usize::from(bytes.len() > start && is_quote(bytes.last()));
    bytes[start..end].iter().any(|byte| IS_SIGN[usize::from(*byte)] || matches!(byte, b'|' | b';'))
}

#[cfg(test)]
mod tests;
