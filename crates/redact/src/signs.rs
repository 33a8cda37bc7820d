//! One look at each byte of a text, which tells what rules could find anything in it at all.

use crate::steps;

/// What a text has. The quotes around a `repr` do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signs {
    bits: u16,
    /// The longest run of letters, digits and `+ / _ - .`.
    word: usize,
    /// The longest run of digits, spaces, `-` and `.`.
    number: usize,
}

/// What may stand between a name and its value, or before them.
const SEPARATOR: u16 = 1;
/// What begins an escape or an entity, or a sign that stands for a plain one.
const ESCAPE: u16 = 1 << 1;
pub(crate) const DIGIT: u16 = 1 << 2;
const HYPHEN: u16 = 1 << 3;
pub(crate) const COLON: u16 = 1 << 4;
pub(crate) const EQUALS: u16 = 1 << 5;
pub(crate) const AT: u16 = 1 << 6;
pub(crate) const TILDE: u16 = 1 << 7;
/// A quote or a bracket, which every literal in a statement has.
const QUOTE: u16 = 1 << 8;
const LINE: u16 = 1 << 9;
/// What separates the cells of a table.
const CELL: u16 = 1 << 10;
/// A percent sign or a backslash.
const CODE: u16 = 1 << 11;
const SPACE: u16 = 1 << 12;
const IN_WORD: u16 = 1 << 14;
const IN_NUMBER: u16 = 1 << 15;

/// The shortest runs that value rules look at, in bytes.
const WORD_BYTES_MIN: usize = 12;
const NUMBER_BYTES_MIN: usize = 6;
/// The shortest word that sentences are looked at for, in bytes.
const SAID_BYTES_MIN: usize = 6;

const fn with(mut table: [u16; 256], all: &[u8], sign: u16) -> [u16; 256] {
    let mut index = 0;
    while index < all.len() {
        table[all[index] as usize] |= sign;
        index += 1;
    }
    table
}

const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_alphanumeric() {
            table[byte] |= IN_WORD;
        }
        if b.is_ascii_digit() {
            table[byte] |= DIGIT | IN_NUMBER;
        }
        byte += 1;
    }
    // `B` begins `Bearer`, after which a token needs no sign.
    table = with(table, b"=:,%-\"'(<\tB|;\\&\xef", SEPARATOR);
    table = with(table, b"%\\&\xef\xe2\xc2", ESCAPE);
    table = with(table, b"%\\", CODE);
    table = with(table, b"-", HYPHEN);
    table = with(table, b":", COLON);
    table = with(table, b"=", EQUALS);
    table = with(table, b"@", AT);
    table = with(table, b"~", TILDE);
    table = with(table, b"'\"([", QUOTE);
    table = with(table, b" ", SPACE);
    table = with(table, b"\n", LINE);
    table = with(table, b"|,;\t", CELL);
    table = with(table, b"+/_-.", IN_WORD);
    with(table, b" -.", IN_NUMBER)
};

impl Signs {
    /// Looks at a text, without the quotes of a `repr`. O(bytes).
    pub(crate) fn of(text: &[u8]) -> Self {
        let is_quote = |byte: Option<&u8>| matches!(byte, Some(b'\'' | b'"'));
        let start = usize::from(is_quote(text.first()));
        let end = text.len() - usize::from(text.len() > start && is_quote(text.last()));
        steps::add(text.len());
        let (mut bits, mut word, mut number) = (0, 0, 0);
        let (mut word_now, mut number_now) = (0_usize, 0_usize);
        for byte in &text[start..end] {
            let sign = TABLE[usize::from(*byte)];
            bits |= sign;
            word_now = if sign & IN_WORD != 0 { word_now + 1 } else { 0 };
            number_now = if sign & IN_NUMBER != 0 { number_now + 1 } else { 0 };
            word = word.max(word_now);
            number = number.max(number_now);
        }
        Self { bits, word, number }
    }

    pub(crate) fn has(self, sign: u16) -> bool {
        self.bits & sign != 0
    }

    /// Whether names with values may be in the text.
    pub(crate) fn may_hold_names(self) -> bool {
        self.has_separators() || self.may_hold_sentences()
    }

    /// Whether there is anything that may stand between a name and its value, or before them.
    pub(crate) fn has_separators(self) -> bool {
        self.has(SEPARATOR)
    }

    /// Whether a sentence may say a secret, a long word after another one.
    pub(crate) fn may_hold_sentences(self) -> bool {
        self.has(SPACE) && self.word >= SAID_BYTES_MIN
    }

    /// Whether a value rule may find anything.
    pub(crate) fn may_hold_values(self) -> bool {
        self.has(COLON | AT | TILDE | EQUALS | CODE)
            || self.has_words()
            || self.has_numbers()
            || self.may_hold_keys()
    }

    /// Whether there is a run of letters and digits that is long enough for a token.
    pub(crate) fn has_words(self) -> bool {
        self.word >= WORD_BYTES_MIN
    }

    /// Whether there is a run of digits that is long enough for a number.
    pub(crate) fn has_numbers(self) -> bool {
        self.number >= NUMBER_BYTES_MIN && self.has(DIGIT)
    }

    /// Whether there may be five hyphens, with which a key in PEM begins.
    pub(crate) fn may_hold_keys(self) -> bool {
        self.number >= 5 && self.has(HYPHEN)
    }

    pub(crate) fn may_hold_tables(self) -> bool {
        (self.has(LINE | CODE) && self.has(CELL)) || self.has(CELL) && self.has(SEPARATOR)
    }

    pub(crate) fn may_hold_aligned(self) -> bool {
        self.has(LINE)
    }

    pub(crate) fn may_hold_statements(self) -> bool {
        self.has(QUOTE)
    }

    /// Whether there may be escapes as value rules read them.
    pub(crate) fn has_code(self) -> bool {
        self.has(CODE)
    }

    /// Whether the text may read otherwise once escapes are taken off.
    pub(crate) fn may_be_escaped(self) -> bool {
        self.has(ESCAPE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_words_without_signs_cannot_hold_anything() {
        for text in ["'a short text'", "b'ab'", "field_7", "été 12.5", ""] {
            let signs = Signs::of(text.trim_start_matches('b').as_bytes());
            assert!(!signs.may_hold_names() && !signs.may_hold_values(), "{text}");
        }
        for text in ["'a=b'", "abcdefghijk1", "1 23 45", "a%20b", "a@b"] {
            let signs = Signs::of(text.as_bytes());
            assert!(signs.may_hold_names() || signs.may_hold_values(), "{text}");
        }
    }
}
