//! A name, a separator and a value: assignments, pairs, flags, headers, addresses.

use super::before::Name;
use super::bytes::{is_name_byte, opening_quote, percent_decoded, quote_ending_at, skip, skip_up_to};
use super::{NAME_BYTES_MAX, Scanner};
use crate::names::Names;
use crate::steps;

/// Words before a credential that say how it is meant, and are kept.
const SCHEMES: [&str; 8] = ["bearer", "basic", "token", "negotiate", "apikey", "bot", "jwt", "ntlm"];

/// The longest part of an address that is looked at for a secret, in bytes.
const AUTHORITY_BYTES_MAX: usize = 512;

impl<'a> Scanner<'a> {
    /// `name = value`, `name: value`, `"name": value`, `name=>value`, `name == value`, `x["name"] = value`.
    pub(super) fn assignment(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let operator_end = at + bytes[at..].iter().take_while(|b| matches!(b, b'=' | b'>' | b':')).count();
        let mut before = at;
        while before > self.done
            && matches!(bytes[before - 1], b'!' | b'<' | b'>' | b'+' | b'~' | b'?' | b'|')
        {
            before -= 1;
        }
        let Some(name) = self.name_before(before) else { return operator_end };
        let is_equal = bytes[at] == b'=' && operator_end == at + 1 && before == at;
        if is_equal && bytes[at - 1] == b' ' && name.quote.is_none() {
            self.targets(&name, at);
        }
        if bytes[at] == b'=' && operator_end == at + 2 {
            self.compared_before(at, operator_end);
        } else if bytes[before] == b'!' {
            self.compared_before(before, operator_end);
        }
        let in_query = name.start > 0 && matches!(bytes[name.start - 1], b'?' | b'&');
        let is_redacted = (in_query && name.text == "sig")
            || self.is_redacted(&name)
            || self.is_in_redacted(&name)
            || self.is_told(&name);
        let is_colon = bytes[at] == b':' && operator_end == at + 1;
        if !(is_redacted || is_colon && self.leads_to_colon(&name)) {
            if name.text == "input_value" && self.is_below_field(name.start) {
                return self.value(operator_end, None);
            }
            self.telling(&name, operator_end);
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
        self.formatted(value);
        let in_prose = name.quote.is_none() && bytes[at] == b':' && operator_end == at + 1;
        let limit = self.frames().limit(at);
        // A line that goes on with the next one.
        let value = match bytes.get(value..value + 2) {
            Some(b"\\\n") => Some(skip(bytes, value + 1, |b| b.is_ascii_whitespace()))
                .filter(|value| *value < limit)
                .unwrap_or(value),
            _ => value,
        };
        // What YAML writes before a value: a tag, an anchor, the sign of a block.
        let value = match bytes.get(value) {
            Some(b'&' | b'!') if in_prose => {
                let end = skip(bytes, value, |b| !b.is_ascii_whitespace());
                skip(bytes, end, |b| b == b' ')
            }
            Some(b'|' | b'>') if in_prose => {
                skip(bytes, value, |b| b"|>-+".contains(&b) || b.is_ascii_digit())
            }
            // What Markdown writes around a name.
            Some(b'*') if in_prose => skip(bytes, value, |b| matches!(b, b'*' | b' ')),
            _ => value,
        };
        if in_prose && matches!(bytes.get(value), Some(b'\n' | b'\r')) {
            return self.block(&name, value).unwrap_or(operator_end);
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
    pub(super) fn pair(&mut self, at: usize) -> usize {
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
        let value = skip(bytes, at + 1, |b| b.is_ascii_whitespace());
        if self.is_name_of_next(value) {
            return at + 1;
        }
        // In a call or a sequence: `setattr(user, 'password', 'secret')`.
        let is_among = opening > 0
            && matches!(bytes[opening - 1], b',' | b'{')
            && !name.text.contains([' ', '/'])
            && quote_ending_at(bytes, skip_back(bytes, at)).is_some()
            && opening_quote(bytes, value).is_some();
        if !(first_of_pair || is_among || name.text.starts_with("--")) || !self.is_redacted(&name) {
            return at + 1;
        }
        if value >= self.frames().limit(at) || self.is_of_names(&name, value) {
            return at + 1;
        }
        self.value(value, None)
    }

    /// Whether a quoted name stands at `at` with a quoted value after it: `set('auth', 'token', 'secret')`.
    fn is_name_of_next(&self, at: usize) -> bool {
        let bytes = self.bytes;
        let Some(quote) = opening_quote(bytes, at) else { return false };
        let open = skip_up_to(bytes, at, 8, |b| b != quote.byte) + 1;
        let end = skip_up_to(bytes, open.min(bytes.len()), 64, |b| is_name_byte(b) || b == b' ');
        let text = std::str::from_utf8(&bytes[open.min(end)..end]).unwrap_or_default();
        let comma = skip_up_to(bytes, end, 8, |b| b == b'\\' || b == quote.byte);
        let next = skip_up_to(bytes, (comma + 1).min(bytes.len()), 8, |b| b == b' ');
        comma > end
            && bytes.get(comma) == Some(&b',')
            && opening_quote(bytes, next).is_some()
            && self.names.matched(text).is_some()
    }

    /// `name%3Dvalue`, `%22name%22%3A%22value%22`, also encoded more than once.
    pub(super) fn encoded_assignment(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let Some((b'=' | b':', length)) = percent_decoded(bytes, at) else {
            if at > 1
                && bytes[at - 1] == b' '
                && self.word_before(at - 1).is_some_and(|word| self.is_redacted(&word))
            {
                self.formatted(at);
            }
            return at + 1;
        };
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
    pub(super) fn flag(&mut self, at: usize) -> usize {
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
    pub(super) fn credentials_of_address(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let start = at + 3;
        let end = skip(bytes, start, |b| {
            !b.is_ascii_whitespace()
                && !matches!(b, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\')
        });
        let authority = &bytes[start..end];
        let Some(host) = memchr::memrchr(b'@', authority) else {
            // What is no port is a password whose text was cut before the host.
            return match memchr::memchr(b':', authority) {
                Some(colon) if !may_be_port(&authority[colon + 1..]) && authority[0] != b'[' => {
                    self.mark(start + colon + 1, end)
                }
                _ => start,
            };
        };
        match memchr::memchr(b':', &authority[..host]) {
            Some(colon) => self.mark(start + colon + 1, start + host),
            // Over HTTP a name alone is a token.
            None if is_http(bytes, at) => self.mark(start, start + host),
            None => start,
        }
    }

    /// `//user:secret@host`, an address without its scheme. `at` is the colon.
    pub(super) fn credentials_without_scheme(&mut self, at: usize) -> Option<usize> {
        let bytes = self.bytes;
        let user = self.word_before(at)?;
        let slashes = user.start.checked_sub(2)?;
        let begins =
            bytes[slashes..].starts_with(b"//") && slashes.checked_sub(1).is_none_or(|b| bytes[b] != b':');
        if !begins {
            return None;
        }
        let is_of_secret = |b: u8| !b.is_ascii_whitespace() && !b"/?#\"'<>`\\".contains(&b);
        let end = skip_up_to(bytes, at + 1, AUTHORITY_BYTES_MAX, is_of_secret);
        let within = &bytes[at + 1..end];
        match memchr::memrchr(b'@', within) {
            Some(host) => Some(self.mark(at + 1, at + 1 + host)),
            // The text was cut before the host.
            None if end == bytes.len() && !may_be_port(within) => Some(self.mark(at + 1, end)),
            None => None,
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
}

/// Where what stands before `at` and its spaces ends.
fn skip_back(bytes: &[u8], at: usize) -> usize {
    at - bytes[..at].iter().rev().take(8).take_while(|b| **b == b' ').count()
}

/// A port, or a place for one in a text to be filled in; an IPv6 address without its brackets.
fn may_be_port(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
        || text.eq_ignore_ascii_case(b"port")
        || text.iter().any(|b| b"{}%<>$[]():,;*".contains(b))
        || text[0].is_ascii_digit() && text.len() < 6
}

/// Whether a scheme that ends before `at` is HTTP.
fn is_http(bytes: &[u8], at: usize) -> bool {
    let scheme = bytes[at.saturating_sub(5)..at].to_ascii_lowercase();
    scheme.ends_with(b"http") || scheme == b"https"
}

/// Where the credential begins after `Bearer `.
pub(super) fn after_scheme(bytes: &[u8], start: usize) -> Option<usize> {
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
