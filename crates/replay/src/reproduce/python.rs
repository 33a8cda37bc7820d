//! Names and quoted texts of Python: what captured text has to pass to be written into a program.

use std::fmt;

/// A name that may stand in a program: an identifier, and no keyword.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name(String);

impl Name {
    /// The captured text as a name, if it is one.
    ///
    /// - **Limits:** 100 bytes; ASCII, Latin, Greek and Cyrillic letters, which is less than Python takes.
    pub(super) fn checked(text: &str) -> Option<Self> {
        let is_start = |c: char| c == '_' || is_letter(c);
        let mut characters = text.chars();
        let is_name = text.len() <= NAME_BYTES_MAX
            && characters.next().is_some_and(is_start)
            && characters.all(|c| is_start(c) || c.is_ascii_digit());
        (is_name && !KEYWORDS.contains(&text)).then(|| Self(text.to_owned()))
    }

    /// A name of ours.
    pub(super) fn fixed(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const NAME_BYTES_MAX: usize = 100;

fn is_letter(c: char) -> bool {
    // Letters that Python's normalisation leaves as they are.
    c.is_ascii_alphabetic()
        || matches!(c, '\u{c0}'..='\u{17e}' | '\u{391}'..='\u{3c9}' | '\u{400}'..='\u{45f}')
            && c.is_alphabetic()
            && !matches!(c, '\u{132}' | '\u{133}' | '\u{13f}' | '\u{140}' | '\u{149}')
}

/// Words that are no names, of every version of Python from 3.8 on.
const KEYWORDS: [&str; 36] = [
    "False",
    "None",
    "True",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "try",
    "while",
    "with",
    "yield",
    "__debug__",
];

/// Names with dots between them: a module, or a class in one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Dotted(Vec<Name>);

impl Dotted {
    /// The captured text as names with dots between them; 20 at most.
    pub(super) fn checked(text: &str) -> Option<Self> {
        let parts: Option<Vec<Name>> = text.split('.').take(DOTS_MAX + 1).map(Name::checked).collect();
        parts.filter(|parts| parts.len() <= DOTS_MAX).map(Self)
    }

    pub(super) fn first(&self) -> &Name {
        &self.0[0]
    }

    pub(super) fn last(&self) -> &Name {
        &self.0[self.0.len() - 1]
    }

    /// The path with a private name as it is called outside of its class: `Cart._Cart__total`.
    pub(super) fn within_class(&self) -> Self {
        let mut parts = self.0.clone();
        if let [.., class, last] = parts.as_mut_slice()
            && last.0.starts_with("__")
            && !last.0.ends_with("__")
        {
            last.0 = format!("_{}{}", class.0.trim_start_matches('_'), last.0);
        }
        Self(parts)
    }

    pub(super) fn parts(&self) -> &[Name] {
        &self.0
    }
}

const DOTS_MAX: usize = 20;

impl fmt::Display for Dotted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            write!(f, "{}{name}", if index > 0 { "." } else { "" })?;
        }
        Ok(())
    }
}

/// A Python string of these code points, which may be halves of a pair, with its quotes.
pub(super) fn quoted(text: &[u32]) -> String {
    let character = |code: u32, quote: char, out: &mut String| match char::from_u32(code) {
        Some(c) if c == quote || c == '\\' => out.extend(['\\', c]),
        Some('\n') => out.push_str("\\n"),
        Some('\r') => out.push_str("\\r"),
        Some('\t') => out.push_str("\\t"),
        Some(c) if matches!(c, ' '..='~') || !c.is_ascii() && c.is_alphanumeric() => out.push(c),
        _ if code < 0x100 => out.push_str(&format!("\\x{code:02x}")),
        _ if code < 0x1_0000 => out.push_str(&format!("\\u{code:04x}")),
        _ => out.push_str(&format!("\\U{code:08x}")),
    };
    between_quotes("", text, character)
}

/// A Python bytes literal.
pub(super) fn quoted_bytes(bytes: &[u8]) -> String {
    let character = |byte: u8, quote: char, out: &mut String| match byte {
        b'\n' => out.push_str("\\n"),
        b'\r' => out.push_str("\\r"),
        b'\t' => out.push_str("\\t"),
        b' '..=b'~' => {
            let c = char::from(byte);
            if c == quote || c == '\\' {
                out.push('\\');
            }
            out.push(c);
        }
        _ => out.push_str(&format!("\\x{byte:02x}")),
    };
    between_quotes("b", bytes, character)
}

/// With the quotes that need fewer escapes, double ones where both are the same.
fn between_quotes<T: Copy + Into<u32>>(
    prefix: &str,
    text: &[T],
    character: impl Fn(T, char, &mut String),
) -> String {
    let count =
        |quote: char| text.iter().filter(|code| Into::<u32>::into(**code) == u32::from(quote)).count();
    let quote = if count('"') > count('\'') { '\'' } else { '"' };
    let mut out = String::with_capacity(text.len() + 3);
    out.push_str(prefix);
    out.push(quote);
    for code in text {
        character(*code, quote, &mut out);
    }
    out.push(quote);
    out
}

/// Captured text for a comment or a docstring: one line that can end neither and speaks to no linter (`# noqa`), cut at
/// 120 characters.
pub(super) fn prose(text: &str) -> String {
    let mut line = String::new();
    for c in text.chars().take(PROSE_CHARACTERS_MAX) {
        line.push(match c {
            '"' => '\'',
            '\\' => '/',
            '#' => ' ',
            ' '..='~' => c,
            _ if !c.is_ascii() && c.is_alphanumeric() => c,
            _ => ' ',
        });
    }
    line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

const PROSE_CHARACTERS_MAX: usize = 120;

/// A name in lower case with underscores: `KeyError` is `key_error`. Letters and digits of ASCII only.
pub(super) fn snake_case(text: &str) -> String {
    let mut snake = String::new();
    let mut before = '_';
    for c in text.chars().take(60) {
        if c.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            snake.push('_');
        }
        if c.is_ascii_alphanumeric() {
            snake.push(c.to_ascii_lowercase());
        } else if !snake.ends_with('_') && !snake.is_empty() {
            snake.push('_');
        }
        before = c;
    }
    snake.trim_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_an_identifier_and_no_keyword() {
        for text in ["a", "_x1", "größe", "Ключ"] {
            assert_eq!(Name::checked(text).map(|name| name.to_string()).as_deref(), Some(text));
        }
        for text in
            ["", "1a", "a b", "a.b", "class", "None", "a\n", "a;b", "x=1", "ﬁ", "__import__('os')", "ª"]
        {
            assert_eq!(Name::checked(text), None, "{text}");
        }
        assert_eq!(Dotted::checked("a.b.c").unwrap().first().as_str(), "a");
        assert!(Dotted::checked("a..b").is_none() && Dotted::checked("a.<locals>.b").is_none());
    }

    #[test]
    fn quotes_are_those_that_need_fewer_escapes() {
        let of = |text: &str| quoted(&text.chars().map(u32::from).collect::<Vec<_>>());
        assert_eq!(of("it's"), "\"it's\"");
        assert_eq!(of("say \"hi\""), "'say \"hi\"'");
        assert_eq!(of("a'\"\\\n\0é\u{202e}😀"), "\"a'\\\"\\\\\\n\\x00é\\u202e\\U0001f600\"");
        assert_eq!(quoted(&[0xd800]), "\"\\ud800\"");
        assert_eq!(quoted_bytes(b"\x00a'\xff"), "b\"\\x00a'\\xff\"");
    }

    #[test]
    fn prose_is_one_line_without_quotes() {
        assert_eq!(prose("a\"\"\"\nimport os\\\t é # noqa"), "a''' import os/ é noqa");
        assert_eq!(snake_case("HTTPError of X"), "httperror_of_x");
        assert_eq!(snake_case("KeyError"), "key_error");
    }
}
