//! Texts borrowed from a body, and cutting texts to a limit.

use std::borrow::Cow;
use std::ops::Deref;
use std::rc::Rc;

/// A text that is borrowed from the body, or, where that was not valid UTF-8, shared.
///
/// Cloning is cheap in both cases, so that a table of strings cannot be used to multiply memory.
#[derive(Clone, Debug)]
pub(crate) enum Text<'a> {
    Borrowed(&'a str),
    Shared(Rc<str>),
}

impl<'a> Text<'a> {
    /// From bytes that should be UTF-8; what is not becomes U+FFFD.
    pub(crate) fn from_bytes(bytes: &'a [u8]) -> Self {
        match String::from_utf8_lossy(bytes) {
            Cow::Borrowed(text) => Self::Borrowed(text),
            Cow::Owned(text) => Self::Shared(text.into()),
        }
    }

    pub(crate) fn from_owned(text: String) -> Self {
        Self::Shared(text.into())
    }
}

impl Default for Text<'_> {
    fn default() -> Self {
        Self::Borrowed("")
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Shared(text) => text,
        }
    }
}

/// The start of `text`, at most `bytes_max` long, cut between characters.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    if bytes_max >= text.len() {
        return text;
    }
    let mut end = bytes_max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// `text` if it is at most `bytes_max` long, else its head and tail around a note of what is left out.
///
/// For stack traces: the head names the root cause, the tail the exception that escaped.
pub(crate) fn cut_middle(text: &str, bytes_max: usize) -> String {
    /// Room for the note.
    const NOTE_BYTES: usize = 48;
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    if bytes_max <= NOTE_BYTES {
        return cut(text, bytes_max).to_owned();
    }
    let half = (bytes_max - NOTE_BYTES) / 2;
    let head = cut(text, half);
    let mut from = text.len() - half;
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let left_out = from - head.len();
    format!("{head}\n... {left_out} bytes left out ...\n{}", &text[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("aä", 2), "a");
        assert_eq!(cut("aä", 3), "aä");
        assert_eq!(cut("ä", 0), "");
    }

    #[test]
    fn a_long_stack_keeps_its_head_and_tail() {
        let stack = format!("head{}tail", "ä".repeat(1000));
        let shown = cut_middle(&stack, 200);
        assert!(shown.len() <= 200, "{}", shown.len());
        assert!(shown.starts_with("head") && shown.ends_with("tail"), "{shown}");
        assert!(shown.contains("bytes left out"), "{shown}");
        assert_eq!(cut_middle("short", 200), "short");
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(&*Text::from_bytes(b"a\xffb"), "a\u{fffd}b");
    }
}
