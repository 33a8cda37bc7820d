//! How paths to captured values are written: names with dots between them, in quotes where they need them.

use std::fmt;

/// A part of a path as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathPart {
    /// A name, key or index. One that is empty, or that has white space, a control character or one of
    /// `. " : , * ( ) \`, stands in double quotes, within which `\"` and `\\` are a quote and a backslash.
    Name(String),
    /// `*`, any one name.
    One,
    /// `**`, any number of names, also none.
    Any,
}

/// A text that is no path of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsePathError {
    /// Where in the text, in bytes.
    pub at: usize,
    /// What is wrong there.
    pub problem: PathProblem,
}

/// What is wrong with the text of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathProblem {
    /// Nothing stands between two dots, or before or behind one.
    SegmentMissing,
    /// This character stands in double quotes only.
    QuotesNeeded(char),
    /// A quote that is opened is not closed.
    QuoteOpen,
    /// Behind a closing quote is something other than a dot.
    DotMissing,
    /// Behind a backslash is something other than a quote or a backslash.
    EscapeUnknown,
    /// More than [`PathPart::COUNT_MAX`] segments.
    TooManySegments,
    /// More than [`PathPart::BYTES_MAX`] bytes.
    TooLong,
}

impl fmt::Display for ParsePathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at;
        match self.problem {
            PathProblem::SegmentMissing => {
                write!(f, "a name is missing at byte {at}; an empty one is written `\"\"`")
            }
            PathProblem::QuotesNeeded(character) => write!(
                f,
                "`{}` at byte {at} stands in double quotes only: `order.\"a.b\"`",
                character.escape_debug()
            ),
            PathProblem::QuoteOpen => write!(f, "the quote at byte {at} is not closed"),
            PathProblem::DotMissing => write!(f, "a dot is missing at byte {at}, behind the closing quote"),
            PathProblem::EscapeUnknown => {
                write!(f, "the backslash at byte {at} stands before a quote or a backslash only")
            }
            PathProblem::TooManySegments => {
                write!(f, "a path has up to {} names", PathPart::COUNT_MAX)
            }
            PathProblem::TooLong => write!(f, "a path has up to {} bytes", PathPart::BYTES_MAX),
        }
    }
}

impl std::error::Error for ParsePathError {}

impl PathPart {
    /// Parts of one path: a variable, and values nested as deep as they are kept.
    pub const COUNT_MAX: usize = 33;
    /// Length of the text of one path, in bytes.
    pub const BYTES_MAX: usize = 1_000;

    /// Reads the text of a path, all of it: its parts, and where in the text each begins, in bytes.
    ///
    /// # Errors
    /// [`ParsePathError`] with the place, in bytes, and what is wrong there.
    pub fn read(text: &str) -> Result<Vec<(usize, Self)>, ParsePathError> {
        let fails = |at, problem| Err(ParsePathError { at, problem });
        if text.len() > Self::BYTES_MAX {
            return fails(Self::BYTES_MAX, PathProblem::TooLong);
        }
        let mut parts = Vec::new();
        let mut at = 0;
        loop {
            if parts.len() == Self::COUNT_MAX {
                return fails(at, PathProblem::TooManySegments);
            }
            let rest = &text[at..];
            let (part, length) = if rest.starts_with('"') { quoted(rest, at)? } else { bare(rest, at)? };
            parts.push((at, part));
            at += length;
            match text[at..].chars().next() {
                None => return Ok(parts),
                Some('.') => at += 1,
                Some(_) => return fails(at, PathProblem::DotMissing),
            }
        }
    }

    /// Writes a path.
    pub(crate) fn write_names(f: &mut fmt::Formatter<'_>, names: &[String]) -> fmt::Result {
        for (index, name) in names.iter().enumerate() {
            f.write_str(if index > 0 { "." } else { "" })?;
            write_name(f, name)?;
        }
        Ok(())
    }
}

impl fmt::Display for PathPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write_name(f, name),
            Self::One => f.write_str("*"),
            Self::Any => f.write_str("**"),
        }
    }
}

fn write_name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    if !name.is_empty() && !name.contains(needs_quotes) {
        return f.write_str(name);
    }
    f.write_str("\"")?;
    for character in name.chars() {
        f.write_str(if matches!(character, '"' | '\\') { "\\" } else { "" })?;
        write!(f, "{character}")?;
    }
    f.write_str("\"")
}

fn needs_quotes(character: char) -> bool {
    matches!(character, '.' | '"' | ':' | ',' | '*' | '(' | ')' | '\\')
        || character.is_whitespace()
        || character.is_control()
}

/// A part without quotes, and its length; `at` is where it begins.
fn bare(rest: &str, at: usize) -> Result<(PathPart, usize), ParsePathError> {
    let end = rest.find('.').unwrap_or(rest.len());
    let part = match &rest[..end] {
        "" => return Err(ParsePathError { at, problem: PathProblem::SegmentMissing }),
        "*" => PathPart::One,
        "**" => PathPart::Any,
        name => match name.char_indices().find(|(_, character)| needs_quotes(*character)) {
            Some((index, character)) => {
                let problem = PathProblem::QuotesNeeded(character);
                return Err(ParsePathError { at: at + index, problem });
            }
            None => PathPart::Name(name.to_owned()),
        },
    };
    Ok((part, end))
}

/// A part in quotes, and its length with them; `at` is where it begins.
fn quoted(rest: &str, at: usize) -> Result<(PathPart, usize), ParsePathError> {
    let mut name = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Ok((PathPart::Name(name), index + 1)),
            '\\' => match characters.next() {
                Some((_, escaped @ ('"' | '\\'))) => name.push(escaped),
                _ => return Err(ParsePathError { at: at + index, problem: PathProblem::EscapeUnknown }),
            },
            other => name.push(other),
        }
    }
    Err(ParsePathError { at, problem: PathProblem::QuoteOpen })
}
