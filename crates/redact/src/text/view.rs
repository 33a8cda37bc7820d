//! A text as it reads when escapes and entities are taken off, so that rules see what a reader sees.

use crate::steps;

/// How many backslashes one escape may have: of texts within texts.
const BACKSLASHES_MAX: usize = 64;

/// The text, and where each byte of it, and its end, stands in the text that it was taken from.
pub(super) struct View {
    pub(super) text: String,
    offsets: Vec<usize>,
}

impl View {
    fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), offsets: Vec::with_capacity(bytes + 1) }
    }

    fn push(&mut self, c: char, at: usize) {
        self.text.push(c);
        self.offsets.resize(self.text.len(), at);
    }

    /// The range of the original text.
    pub(super) fn range(&self, (start, end): (usize, usize)) -> (usize, usize) {
        (self.offsets[start], self.offsets[end])
    }
}

/// The view of a text, if it differs: the inside of a `repr`, or a text with escapes in it. O(bytes).
pub(super) fn of(text: &str) -> Option<View> {
    steps::add(text.len());
    unquoted(text).or_else(|| plain(text))
}

/// What the quotes of a `repr` enclose, with one level of escapes taken off. The last quote may be cut off.
fn unquoted(text: &str) -> Option<View> {
    let bytes = text.as_bytes();
    let start = bytes.iter().take(2).take_while(|b| b"bB".contains(b)).count();
    let quote = *bytes.get(start).filter(|b| matches!(b, b'\'' | b'"'))?;
    memchr::memchr(b'\\', bytes)?;
    let mut view = View::with_capacity(bytes.len());
    let mut differs = false;
    let mut at = start + 1;
    while at < bytes.len() {
        if bytes[at] == quote {
            view.offsets.push(at);
            return (differs && at + 1 == bytes.len()).then_some(view);
        }
        let (c, length) = match bytes[at] {
            b'\\' => escaped(bytes, at, 1).unwrap_or(('\\', 1)),
            _ => (text[at..].chars().next()?, 0),
        };
        differs |= length > 1;
        view.push(c, at);
        at += if length == 0 { c.len_utf8() } else { length };
    }
    view.offsets.push(bytes.len());
    differs.then_some(view)
}

/// Line breaks, tabs and characters that are written as escapes or entities, and signs of other alphabets.
/// Quotes that backslashes escape stay so: they tell which text they belong to.
fn plain(text: &str) -> Option<View> {
    let bytes = text.as_bytes();
    let begins = |at: usize| IS_BEGINNING[usize::from(bytes[at])];
    let first = (0..bytes.len()).find(|at| begins(*at) && read(text, *at).is_some())?;
    let mut view = View::with_capacity(bytes.len());
    view.text.push_str(&text[..first]);
    view.offsets.extend(0..first);
    let mut at = first;
    while at < bytes.len() {
        let found = if begins(at) { read(text, at) } else { None };
        let (c, length) = match found {
            Some(found) => found,
            None if bytes[at].is_ascii() => (bytes[at] as char, 1),
            None => text[at..].chars().next().map(|c| (c, c.len_utf8()))?,
        };
        view.push(c, at);
        at += length;
    }
    view.offsets.push(bytes.len());
    Some(view)
}

/// Whether a byte may begin something that stands for another character.
const IS_BEGINNING: [bool; 256] = {
    let mut beginnings = [false; 256];
    let all = b"\\&%\xef\xe2\xc2";
    let mut index = 0;
    while index < all.len() {
        beginnings[all[index] as usize] = true;
        index += 1;
    }
    beginnings
};

/// What the characters at `at` stand for, if not themselves, and how long they are.
fn read(text: &str, at: usize) -> Option<(char, usize)> {
    let bytes = text.as_bytes();
    match bytes[at] {
        b'\\' => {
            let count = bytes[at..].iter().take(BACKSLASHES_MAX).take_while(|b| **b == b'\\').count();
            match bytes.get(at + count) {
                Some(b'n' | b'r' | b't' | b'x' | b'u') => escaped(bytes, at, count),
                _ => None,
            }
        }
        b'&' => entity(bytes, at),
        b'%' => space(bytes, at),
        _ => sign(text[at..].chars().next()?),
    }
}

/// What an escape of so many backslashes stands for, and how long it is.
fn escaped(bytes: &[u8], at: usize, backslashes: usize) -> Option<(char, usize)> {
    let letter = at + backslashes;
    let number = |digits: usize| {
        let value = (letter + 1..=letter + digits).try_fold(0, |sum, at| {
            Some(sum * 16 + bytes.get(at).and_then(|byte| (*byte as char).to_digit(16))?)
        })?;
        Some((char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER), backslashes + 1 + digits))
    };
    match bytes.get(letter)? {
        b'n' => Some(('\n', backslashes + 1)),
        b'r' => Some(('\r', backslashes + 1)),
        b't' => Some(('\t', backslashes + 1)),
        b'x' => number(2),
        b'u' => number(4),
        byte @ (b'\\' | b'\'' | b'"') => Some((*byte as char, backslashes + 1)),
        _ => None,
    }
}

/// `&quot;`, `&#34;`, `&#x22;`.
fn entity(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let rest = &bytes[at + 1..bytes.len().min(at + 9)];
    let length = rest.iter().position(|b| *b == b';')?;
    let name = std::str::from_utf8(&rest[..length]).ok()?;
    let c = match name {
        "quot" => '"',
        "apos" => '\'',
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "colon" => ':',
        "equals" => '=',
        "nbsp" => ' ',
        name => {
            let number = name.strip_prefix('#')?;
            let value = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(value)?
        }
    };
    Some((c, length + 2))
}

/// `%20`, also encoded more than once.
fn space(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    super::bytes::percent_decoded(bytes, at)
        .filter(|(byte, _)| *byte == b' ')
        .map(|(_, length)| (' ', length))
}

/// What a sign of another alphabet stands for: full-width forms, quotes of printed texts.
fn sign(c: char) -> Option<(char, usize)> {
    let plain = match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0)?,
        '“' | '”' | '„' | '«' | '»' => '"',
        '‘' | '’' | '‚' | '‹' | '›' => '\'',
        '\u{a0}' | '\u{202f}' => ' ',
        _ => return None,
    };
    Some((plain, c.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<&str>) {
        assert_eq!(of(text).map(|view| view.text).as_deref(), want, "{text}");
    }

    #[test]
    fn escapes_are_taken_off() {
        check("plain", None);
        check("'plain'", None);
        check(r"'a\nb\'c\\d'", Some("a\nb'c\\d"));
        check(r"b'a\x3db", Some("a=b"));
        check(r#"a\\nb \"c\" \u0022d\u0022"#, Some("a\nb \\\"c\\\" \"d\""));
        check("&quot;a&#61;b&#x22; 5 & 6", Some("\"a=b\" 5 & 6"));
        check("“a”＝ｂ a%20b%2520c", Some("\"a\"=b a b c"));
    }

    #[test]
    fn ranges_lead_back() {
        let view = of(r"'ab\ncd'").unwrap();
        assert_eq!((view.range((0, 5)), view.range((3, 5))), ((1, 7), (5, 7)));
    }
}
