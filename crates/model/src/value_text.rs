//! Texts of captured scalars, as people write them.

use std::borrow::Cow;

use crate::{CapturedValue, Content};

impl CapturedValue {
    /// The text of a scalar: of a string what stands between its quotes, unescaped, of anything else its `repr`;
    /// `None` for Python's `None`. Containers, and what was not captured, have none.
    ///
    /// - **Source:** Python's `repr` of `str`: `\\`, `\'`, `\"`, `\n`, `\r`, `\t`, `\xhh`, `\uhhhh`, `\Uhhhhhhhh`.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match &self.content {
            Content::Null => Some(Cow::Borrowed("None")),
            Content::Scalar(repr) => Some(unquoted(repr)),
            Content::Nothing | Content::Fields(_) | Content::Elements(_) | Content::Entries(_) => None,
        }
    }
}

/// What the `repr` of a string has between its quotes; other texts as they are. A text that was cut may have the first
/// quote alone. The escapes that are taken off are those of [`CapturedValue::text`].
pub fn unquoted(repr: &str) -> Cow<'_, str> {
    let Some(quote) = repr.chars().next().filter(|first| matches!(first, '\'' | '"')) else {
        return Cow::Borrowed(repr);
    };
    let inner = &repr[1..];
    let inner = inner.strip_suffix(quote).unwrap_or(inner);
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (character, length) = unescaped(rest).unwrap_or(('\\', 0));
        text.push(character);
        rest = &rest[length..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The character that stands behind a backslash, and how many bytes stand for it there.
fn unescaped(rest: &str) -> Option<(char, usize)> {
    let digits = match *rest.as_bytes().first()? {
        b'n' => return Some(('\n', 1)),
        b'r' => return Some(('\r', 1)),
        b't' => return Some(('\t', 1)),
        byte @ (b'\\' | b'\'' | b'"') => return Some((char::from(byte), 1)),
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        _ => return None,
    };
    let code = rest.get(1..=digits).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let character = u32::from_str_radix(code, 16).ok().and_then(char::from_u32)?;
    Some((character, digits + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NotCaptured;

    #[test]
    fn the_text_of_a_string_is_without_quotes_and_escapes() {
        for (repr, text) in [
            ("'EUR'", "EUR"),
            ("\"it's\"", "it's"),
            (r"'a\'b\\c\nd\x00\xe9\u20ac\U0001f600'", "a'b\\c\nd\0é€😀"),
            (r"'\q \x4 \ud800'", r"\q \x4 \ud800"),
            ("'cut of", "cut of"),
            ("'", ""),
            ("5", "5"),
            ("b'x'", "b'x'"),
            ("<Color.RED: 1>", "<Color.RED: 1>"),
        ] {
            assert_eq!(CapturedValue::scalar("str", repr).text().unwrap(), text);
        }
        assert_eq!(CapturedValue::new("NoneType", Content::Null).text().unwrap(), "None");
        assert_eq!(CapturedValue::absent("str", NotCaptured::Depth).text(), None);
    }
}
