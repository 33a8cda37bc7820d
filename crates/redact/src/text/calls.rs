//! Secrets that something beside them tells of: the function they are given to, the target they are
//! assigned to together with others, a sibling in the same mapping, what they are compared with.

use super::Scanner;
use super::before::Name;
use super::bytes::{is_name_byte, opening_quote, quote_ending_at, skip_up_to};
use super::sql::closed_or_limit;
use crate::steps;

/// How far a mapping, a call or a list of targets is followed, in bytes.
const REACH_BYTES_MAX: usize = 1_024;

/// Keys whose value names what [`TOLD`] keys of the same mapping hold.
const TELLING: [&str; 6] = ["name", "key", "field", "header", "loc", "Name"];
const TOLD: [&str; 9] = ["value", "values", "val", "data", "content", "default", "input", "ctx", "Value"];

/// Endings of types of exceptions, whose arguments are messages.
const EXCEPTIONS: [&str; 6] = ["Error", "Exception", "Warning", "Expired", "Invalid", "Missing"];

/// Functions whose second argument is a password, in lower case and without `_`.
const LOGINS: [&str; 5] = ["authenticate", "login", "logon", "signin", "reauthenticate"];

/// Words between a name and the colon before its value: `API key provided: …`.
const CONNECTORS: [&str; 12] = [
    "is", "was", "provided", "given", "supplied", "received", "used", "entered", "value", "got", "found",
    "for",
];

impl Scanner<'_> {
    /// Does `work` apart from the pass: what it redacts may lie before or after where the pass is.
    pub(super) fn apart(&mut self, work: impl FnOnce(&mut Self)) {
        let found = std::mem::take(&mut self.found);
        let (done, names_end) = (self.done, self.names_end);
        work(self);
        let apart = std::mem::replace(&mut self.found, found);
        self.apart.extend(apart);
        (self.done, self.names_end) = (done, names_end);
    }

    /// `set_password('secret')`, `SecretStr('secret')`; `token in ('secret', …)`.
    pub(super) fn call(&mut self, at: usize) {
        let bytes = self.bytes;
        let mut end = at;
        if bytes[at - 1] == b' ' {
            end -= 1;
        }
        if end == 0 || !is_name_byte(bytes[end - 1]) {
            return;
        }
        let Some(word) = self.word_before(end) else { return };
        if word.text == "in" && end < at {
            return self.membership(&word, at);
        }
        let last = word.text.rsplit('.').next().unwrap_or_default();
        let begins = word.start + word.text.len() - last.len();
        let plain = last.replace('_', "").to_ascii_lowercase();
        if end == at && LOGINS.contains(&plain.as_str()) {
            let limit = self.frames().limit(at).min(at + REACH_BYTES_MAX);
            return self.apart(|scanner| scanner.arguments(at + 1, limit, 1));
        }
        let before = &bytes[begins.saturating_sub(6)..begins];
        if opening_quote(bytes, at + 1).is_none() && end < at
            || self.names.matched(last).is_none()
            || EXCEPTIONS.iter().any(|ending| last.ends_with(ending))
            || before.ends_with(b"def ")
            || before.ends_with(b"class ")
            || self.is_of_parser(&word)
            || before.to_ascii_lowercase().ends_with(b"token ")
        {
            return;
        }
        let limit = self.frames().limit(at).min(at + REACH_BYTES_MAX);
        self.apart(|scanner| scanner.arguments(at + 1, limit, 0));
    }

    /// Redacts the texts that are arguments of a call as such, not within another one, after the first few.
    fn arguments(&mut self, start: usize, limit: usize, mut skipped: usize) {
        let bytes = self.bytes;
        // Which argument it is counts only for those without a name.
        let are_positional = skipped > 0;
        let mut depth = 0_usize;
        let mut at = start;
        while at < limit {
            steps::add(1);
            match bytes[at] {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth == 0 => return,
                b',' if depth == 0 => skipped = skipped.saturating_sub(1),
                b')' | b']' | b'}' => depth -= 1,
                b'\n' => return,
                b'"' | b'\'' | b'\\' => {
                    if let Some(quote) = opening_quote(bytes, at) {
                        let opened = at + quote.backslashes + 1;
                        let known = self.found.len();
                        let is_keyword = are_positional && bytes[start..at].ends_with(b"=");
                        at = self.quoted(opened, quote).max(at + 1);
                        if depth > 0 || skipped > 0 || is_keyword {
                            self.found.truncate(known);
                        }
                        continue;
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    fn membership(&mut self, word: &Name<'_>, at: usize) {
        let Some(mut before) = word.start.checked_sub(1).and_then(|end| self.word_before(end)) else {
            return;
        };
        if before.text == "not" {
            let Some(further) = before.start.checked_sub(1).and_then(|end| self.word_before(end)) else {
                return;
            };
            before = further;
        }
        if self.names.matched(before.text).is_some() {
            let limit = self.frames().limit(at).min(at + REACH_BYTES_MAX);
            let end = closed_or_limit(self.bytes, at, limit);
            self.apart(|scanner| scanner.literals(at + 1, end));
        }
    }

    /// `'secret' == password`: `at` is where the operator begins, `end` where it ends.
    pub(super) fn compared_before(&mut self, at: usize, end: usize) {
        let bytes = self.bytes;
        let start = skip_up_to(bytes, end, 8, |b| b == b' ');
        let stop = skip_up_to(bytes, start, 128, |b| is_name_byte(b) && b != b'-');
        let name = std::str::from_utf8(&bytes[start..stop]).unwrap_or_default();
        if name.is_empty() || self.names.matched(name).is_none() {
            return;
        }
        let mut before = at;
        while before > 0 && at - before < 8 && matches!(bytes[before - 1], b' ' | b'!' | b'=') {
            before -= 1;
        }
        let Some(quote) = quote_ending_at(bytes, before) else { return };
        let close = before - 1 - quote.backslashes;
        let from = close.saturating_sub(REACH_BYTES_MAX).max(self.frames().floor(close));
        steps::add(close - from);
        if let Some(open) = memchr::memrchr(quote.byte, &bytes[from..close]) {
            self.apart(|scanner| {
                let _ = scanner.mark(from + open + 1, close);
            });
        }
    }

    /// `user, password = 'a', 'secret'`: all texts and numbers when one of the targets is redacted.
    pub(super) fn targets(&mut self, name: &Name<'_>, at: usize) {
        let bytes = self.bytes;
        let is_target = |b: u8| is_name_byte(b) || b", *()[]".contains(&b);
        let from = name.start.saturating_sub(256);
        let length = bytes[from..name.start].iter().rev().take_while(|b| is_target(**b)).count();
        steps::add(length);
        let start = name.start - length;
        let begins = start == 0 || matches!(bytes[start - 1], b'\n' | b'"' | b'\'' | b';' | b'n');
        let Ok(all) = std::str::from_utf8(&bytes[start..name.start + name.text.len()]) else { return };
        let mut parts = all.split(',').map(|part| part.trim_matches([' ', '*', '(', ')', '[', ']']));
        let are_names = parts.clone().all(|part| !part.contains([' ', '(']));
        if !begins || length == 0 || !are_names || !all.contains(',') {
            return;
        }
        if parts.any(|part| self.names.matched(part).is_some()) {
            let limit = self.frames().limit(at).min(at + REACH_BYTES_MAX);
            let end = memchr::memchr(b'\n', &bytes[at..limit]).map_or(limit, |length| at + length);
            self.apart(|scanner| scanner.literals(at + 1, end));
        }
    }

    /// Notes what `name` tells about its siblings: `{'name': 'password', 'value': 'secret'}`.
    pub(super) fn telling(&mut self, name: &Name<'_>, value: usize) {
        let bytes = self.bytes;
        if TOLD.contains(&name.text) {
            self.value_untold = Some(value);
            return;
        }
        if !TELLING.contains(&name.text) {
            return;
        }
        let limit = self.frames().limit(value).min(value + REACH_BYTES_MAX);
        let start = skip_up_to(bytes, value, 8, |b| b == b' ');
        let (end, is_redacted) = if matches!(bytes.get(start), Some(b'(' | b'[')) {
            let end = closed_or_limit(bytes, start, limit).min(start + 256).min(limit);
            let text = String::from_utf8_lossy(&bytes[start..end]);
            (end, text.split(['\'', '"', '\\']).any(|part| self.names.matched(part).is_some()))
        } else {
            let Some(quote) = opening_quote(bytes, start) else { return };
            let open = skip_up_to(bytes, start, 8, |b| b != quote.byte) + 1;
            let end = skip_up_to(bytes, open.min(bytes.len()), 128, |b| b != quote.byte && b != b'\\');
            let text = std::str::from_utf8(&bytes[open.min(end)..end]).unwrap_or_default();
            (end + quote.backslashes + 1, self.names.matched(text).is_some())
        };
        if !is_redacted || end > limit {
            return;
        }
        if let Some(value) = self.value_untold.take()
            && value + REACH_BYTES_MAX > start
            && self.call_end(value, name.start) >= name.start
        {
            self.apart(|scanner| {
                let start = skip_up_to(scanner.bytes, value, 64, |b| b.is_ascii_whitespace());
                let _ = scanner.value(start, None);
            });
        }
        self.part_of_form(end, limit);
        self.told_until = self.call_end(end, limit);
    }

    /// Whether a sibling has told that what stands under `name` is a secret.
    pub(super) fn is_told(&self, name: &Name<'_>) -> bool {
        name.start < self.told_until && TOLD.contains(&name.text)
    }

    /// `Content-Disposition: form-data; name="password"`, an empty line, and the secret.
    fn part_of_form(&mut self, end: usize, limit: usize) {
        let bytes = self.bytes;
        let before = &bytes[end.saturating_sub(256)..end];
        steps::add(before.len() + 256);
        let line = before.rsplit(|b| *b == b'\n').next().unwrap_or_default();
        if memchr::memmem::find(&line.to_ascii_lowercase(), b"form-data").is_none() {
            return;
        }
        let head = &bytes[end..limit.min(end + 512)];
        let Some((empty, length)) = [b"\r\n\r\n".as_slice(), b"\n\n"]
            .iter()
            .find_map(|line| memchr::memmem::find(head, line).map(|at| (at, line.len())))
        else {
            return;
        };
        let start = end + empty + length;
        if self.apart.last().is_some_and(|last| start < last.1) {
            return;
        }
        let rest = &bytes[start..self.frames().limit(start).max(start)];
        let stop = memchr::memmem::find(rest, b"\n--").unwrap_or(rest.len());
        steps::add(stop);
        let stop = if stop > 0 && rest[stop - 1] == b'\r' { stop - 1 } else { stop };
        self.apart(|scanner| {
            let _ = scanner.mark(start, start + stop);
        });
    }

    /// `info("password=%s", "secret")`: the arguments of a text that has a place beside a redacted name.
    pub(super) fn formatted(&mut self, place: usize) {
        let bytes = self.bytes;
        let is_place = match bytes.get(place) {
            Some(b'%') => bytes.get(place + 1).is_some_and(|b| b"srd(".contains(b)),
            Some(b'{') => true,
            _ => false,
        };
        if !is_place {
            return;
        }
        let limit = self.frames().limit(place).min(place + REACH_BYTES_MAX);
        let close = skip_up_to(bytes, place, 256, |b| !matches!(b, b'"' | b'\'' | b'\n' | b'\\'));
        let Some(quote) = opening_quote(bytes, close) else { return };
        let after = skip_up_to(bytes, close + quote.backslashes + 1, 8, |b| b == b' ');
        let rest = &bytes[after.min(limit)..limit];
        let start = match rest.first() {
            Some(b',' | b'%') => after + 1,
            Some(b'.') if rest.starts_with(b".format(") => after + 8,
            _ => return,
        };
        let end = self.call_end(start, limit);
        self.apart(|scanner| scanner.literals(start, end));
    }

    /// `API key provided: secret`, `password for user 'a': secret`: whether a redacted name stands before
    /// the words that lead to the colon.
    pub(super) fn leads_to_colon(&self, name: &Name<'_>) -> bool {
        let mut start = name.start.saturating_sub(name.quote.map_or(0, |quote| quote.backslashes + 1));
        let mut after = name.text;
        for _ in 0..4 {
            let begins = start > 0 && self.bytes[start - 1] == b' ';
            let Some(word) = begins.then(|| self.word_before(start - 1)).flatten() else { return false };
            let leads = CONNECTORS.iter().any(|known| known.eq_ignore_ascii_case(after));
            if leads && self.is_redacted(&word) {
                return true;
            }
            (start, after) = (word.start, word.text);
        }
        false
    }
}
