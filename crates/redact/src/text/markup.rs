//! Secrets in markup: `<password>secret</password>`, `<param name="password" value="secret"/>`.

use super::NAME_BYTES_MAX;
use super::Scanner;
use super::bytes::{before_escape, is_name_byte, opening_quote, skip_up_to};
use crate::steps;

/// The longest tag that is read, in bytes.
const TAG_BYTES_MAX: usize = 1_024;

/// How far the end of an element with elements in it is looked for, in bytes.
const ELEMENT_BYTES_MAX: usize = 64 << 10;

/// After so many elements whose end is not found the rest of the text goes: each costs a look at it.
const UNCLOSED_MAX: usize = 8;

/// Attributes that say what an element holds.
const TELLING: [&[u8]; 7] = [b"name", b"key", b"id", b"field", b"type", b"property", b"header"];

impl Scanner<'_> {
    /// `<password>secret</password>`, also with elements around the text; and what attributes tell of.
    pub(super) fn element(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let end = skip_up_to(bytes, at + 1, NAME_BYTES_MAX, |b| is_name_byte(b) || b == b':');
        let Ok(name) = std::str::from_utf8(&bytes[at + 1..end]) else { return at + 1 };
        if name.is_empty() {
            return at + 1;
        }
        let is_redacted = self.names.matched(name).is_some();
        let next = bytes.get(end);
        if !is_redacted && next == Some(&b'>') && matches!(name, "key" | "name" | "string") {
            return self.listed_key(end + 1).unwrap_or(at + 1);
        }
        let is_tag = next.is_some_and(|b| matches!(b, b'>' | b'/' | b'\\') || b.is_ascii_whitespace());
        if !is_tag || (!is_redacted && next != Some(&b' ')) {
            return at + 1;
        }
        let limit = self.frames().limit(at);
        let closes = skip_up_to(bytes, end, TAG_BYTES_MAX, |b| b != b'>' && b != b'<');
        if closes >= limit || bytes[closes] != b'>' {
            return at + 1;
        }
        let is_told = !is_redacted && self.attributes(end, closes);
        if bytes[closes - 1] == b'/' || !(is_redacted || is_told) {
            return if is_told { closes } else { at + 1 };
        }
        self.content(name, closes + 1, limit, is_redacted).unwrap_or(if is_told { closes } else { at + 1 })
    }

    /// Redacts what the element holds whose content begins at `start`.
    fn content(&mut self, name: &str, start: usize, limit: usize, is_redacted: bool) -> Option<usize> {
        let bytes = self.bytes;
        let rest = &bytes[start..limit];
        if rest.starts_with(b"<![CDATA[") {
            let length = memchr::memmem::find(rest, b"]]>").unwrap_or(rest.len());
            return Some(self.mark(start + 9, start + length.max(9)));
        }
        let next = memchr::memchr(b'<', rest);
        steps::add(next.unwrap_or(rest.len()));
        let begins = rest.first().is_some_and(|b| !b.is_ascii_whitespace());
        let Some(length) = next else {
            // The text was cut.
            return begins.then(|| self.mark(start, limit));
        };
        if rest.get(length + 1) == Some(&b'/') {
            let is_blank = rest[..length].iter().all(u8::is_ascii_whitespace);
            return Some(if is_blank { start + length } else { self.mark(start, start + length) });
        }
        let closing = format!("</{name}");
        let within = &rest[..rest.len().min(ELEMENT_BYTES_MAX)];
        let found = memchr::memmem::find(within, closing.as_bytes());
        steps::add(found.unwrap_or(within.len()));
        match found {
            Some(length) => Some(self.mark(start, start + length)),
            None => {
                self.elements_unclosed += 1;
                let is_cut = is_redacted && rest.first() == Some(&b'<') || rest.starts_with(b"\n");
                (is_cut || self.elements_unclosed > UNCLOSED_MAX).then(|| self.mark(start, limit))
            }
        }
    }

    /// `<key>password</key><string>secret</string>`: `start` is where the text of the first one begins.
    fn listed_key(&mut self, start: usize) -> Option<usize> {
        let bytes = self.bytes;
        let end = skip_up_to(bytes, start, NAME_BYTES_MAX, |b| b != b'<');
        let name = std::str::from_utf8(&bytes[start..end]).ok()?;
        self.names.matched(name)?;
        let after = skip_up_to(bytes, end, NAME_BYTES_MAX, |b| b != b'>') + 1;
        let value = skip_up_to(bytes, after.min(bytes.len()), 64, |b| b.is_ascii_whitespace());
        if bytes.get(end + 1) != Some(&b'/') || bytes.get(value) != Some(&b'<') {
            return None;
        }
        let limit = self.frames().limit(start);
        let open = skip_up_to(bytes, value, NAME_BYTES_MAX, |b| b != b'>') + 1;
        let close = skip_up_to(bytes, open.min(bytes.len()), TAG_BYTES_MAX, |b| b != b'<');
        (close <= limit && open < close).then(|| self.mark(open, close))
    }

    /// Whether an attribute from `start` to `end` names a secret; redacts the value beside it.
    fn attributes(&mut self, start: usize, end: usize) -> bool {
        let bytes = self.bytes;
        let (mut is_told, mut value) = (false, None);
        let mut at = start;
        while at < end {
            let name_end = skip_up_to(bytes, at, NAME_BYTES_MAX, is_name_byte).min(end);
            if name_end == at || bytes[name_end] != b'=' {
                at = name_end.max(at + 1);
                continue;
            }
            let Some(quote) = opening_quote(bytes, name_end + 1) else {
                at = name_end + 1;
                continue;
            };
            let open = (name_end + 2 + quote.backslashes).min(end);
            let length = memchr::memchr(quote.byte, &bytes[open..end]);
            steps::add(end - open);
            let Some(length) = length else { break };
            let content = (open, before_escape(bytes, open, open + length, quote));
            let name = &bytes[at..name_end];
            if TELLING.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                let text = std::str::from_utf8(&bytes[content.0..content.1]).unwrap_or_default();
                is_told |= self.names.matched(text).is_some();
            } else if name.eq_ignore_ascii_case(b"value") || name.eq_ignore_ascii_case(b"content") {
                value = Some(content);
            }
            at = open + length + 1;
        }
        if is_told && let Some((start, end)) = value {
            self.mark(start, end);
        }
        is_told
    }
}
