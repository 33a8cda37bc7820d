//! Captured text made harmless for those who read it: people in a terminal or a ticket, and programs that follow words.

/// The text with every character that cannot be seen, or that changes how others are seen, as Python writes it in its
/// texts: control characters (line breaks too), marks of direction, characters without width, fillers, variation
/// selectors and tags. One selector of colours behind an emoji stays.
///
/// - **Limits:** up to ten bytes for each character of the text.
/// - **Source:** Unicode 17: categories `Cc`, `Zl`, `Zp`, and the default ignorable code points.
pub fn visible(text: &str) -> String {
    written(text, |_| false)
}

/// As [`visible`], of a text whose line breaks and tabs stay.
pub fn visible_lines(text: &str) -> String {
    written(text, |character| matches!(character, '\n' | '\t'))
}

fn written(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = None;
    for character in text.chars() {
        if stays(character) {
            shown.push(character);
        } else {
            push(&mut shown, before, character);
        }
        before = Some(character);
    }
    shown
}

/// The selector that asks for an emoji in colours.
const COLOURED: char = '\u{fe0f}';

/// Whether the selector of colours changes a character. Digits are left out: only keycaps have it behind them.
fn may_be_emoji(character: char) -> bool {
    matches!(u32::from(character),
        0xa9 | 0xae | 0x203c | 0x2049 | 0x2122 | 0x2139 | 0x2190..=0x21ff | 0x2300..=0x27bf | 0x2900..=0x2bff
        | 0x3030 | 0x303d | 0x3297 | 0x3299 | 0x1f000..=0x1faff)
}

/// At most so many characters of a text, with `…` where it has more.
pub fn cut(text: &str, characters_max: usize) -> String {
    match text.char_indices().nth(characters_max) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Whether a character is not seen as itself where it stands alone. `fixtures/hidden.txt` has them, also for the pages and for shared files.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(u32::from(character),
            0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
            | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
            | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}

/// Adds a character, which stood behind another one, as [`visible`] has it.
pub(crate) fn push(shown: &mut String, before: Option<char>, character: char) {
    let is_coloured = character == COLOURED && before.is_some_and(may_be_emoji);
    if is_coloured || !is_hidden(character) {
        shown.push(character);
        return;
    }
    match character {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        _ => match u32::from(character) {
            code @ ..0x100 => shown.push_str(&format!("\\x{code:02x}")),
            code @ ..0x1_0000 => shown.push_str(&format!("\\u{code:04x}")),
            code => shown.push_str(&format!("\\U{code:08x}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        for (text, want) in [
            ("a\x1b[2Jb", "a\\x1b[2Jb"),
            ("one\r\ntwo\t", "one\\r\\ntwo\\t"),
            ("\u{202e}gpj.exe", "\\u202egpj.exe"),
            ("zero\u{200b}width", "zero\\u200bwidth"),
            ("tag\u{e0041}", "tag\\U000e0041"),
            ("line\u{2028}break", "line\\u2028break"),
            ("héllo ☃ 😀", "héllo ☃ 😀"),
            ("⚠\u{fe0f} ❤\u{fe0f}\u{fe0f} a\u{fe0f}", "⚠\u{fe0f} ❤\u{fe0f}\\ufe0f a\\ufe0f"),
        ] {
            assert_eq!(visible(text), want);
        }
        assert_eq!(visible_lines("a\n\tb\r\u{feff}"), "a\n\tb\\r\\ufeff");
        assert_eq!((cut("héllo", 2), cut("héllo", 5)), ("hé…".to_owned(), "héllo".to_owned()));
    }

    /// The pages and shared files are compared with the same list.
    #[test]
    fn what_is_hidden_is_listed() {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for code in (char::MIN..=char::MAX).filter(|character| is_hidden(*character)).map(u32::from) {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == code => *last = code,
                _ => ranges.push((code, code)),
            }
        }
        let listed: String = ranges.iter().map(|(first, last)| format!("{first:04x}-{last:04x}\n")).collect();
        assert_eq!(listed, include_str!("../../../fixtures/hidden.txt"));
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            let shown = visible(&text);
            let mut before = None;
            for character in shown.chars() {
                let is_coloured = character == COLOURED && before.is_some_and(may_be_emoji);
                prop_assert!(is_coloured || !is_hidden(character));
                before = Some(character);
            }
        }
    }
}
