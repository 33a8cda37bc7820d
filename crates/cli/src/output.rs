//! Printing for people and for programs.

use std::io::{self, IsTerminal, Write};

/// Where results go. Colour only on a terminal, and never the only carrier of a meaning.
pub(crate) struct Out {
    stream: Box<dyn Write>,
    colour: bool,
}

/// Colours of the parts of a listing.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    Strong,
    Muted,
    Error,
    Key,
    Text,
    Number,
    Redacted,
}

impl Out {
    pub(crate) fn stdout() -> Self {
        let colour = io::stdout().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb");
        Self { stream: Box::new(io::BufWriter::new(io::stdout())), colour }
    }

    /// For what is said about results that go to the standard output; without colour.
    pub(crate) fn stderr() -> Self {
        Self { stream: Box::new(io::BufWriter::new(io::stderr())), colour: false }
    }

    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes())?;
        self.stream.write_all(b"\n")
    }

    /// A text as it is, for files and pipes.
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes())
    }

    /// `text` in a style; captured text must have gone through [`inert`].
    pub(crate) fn paint(&self, style: Style, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let code = match style {
            Style::Strong => "1",
            Style::Muted => "2",
            Style::Error => "1;31",
            Style::Key => "36",
            Style::Text => "32",
            Style::Number => "34",
            Style::Redacted => "33",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        // A reader that went away is told by the next line, or does not care.
        let _ = self.stream.flush();
    }
}

/// Captured text made harmless for a terminal: control and direction-changing characters become
/// visible escapes, so that it can neither move the cursor nor reorder what is read.
pub(crate) fn inert(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        let hides = matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{061c}' | '\u{feff}');
        if character.is_control() || hides {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// As [`inert`], but lines stay lines, each after the first behind `indent`.
pub(crate) fn inert_lines(text: &str, indent: &str) -> String {
    let lines: Vec<String> = text.trim_end_matches('\n').split('\n').map(inert).collect();
    lines.join(&format!("\n{indent}"))
}

/// Indented JSON.
pub(crate) fn json(out: &mut Out, value: &serde_json::Value) -> anyhow::Result<()> {
    out.line(&serde_json::to_string_pretty(value)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{inert, inert_lines};

    #[test]
    fn lines_stay_lines_and_are_harmless() {
        assert_eq!(inert_lines("first\nsec\rond\n", "    "), "first\n    sec\\u{d}ond");
    }

    #[test]
    fn captured_text_cannot_steer_the_terminal() {
        assert_eq!(inert("a\x1b[2Jb\u{202e}c\n"), "a\\u{1b}[2Jb\\u{202e}c\\u{a}");
        assert_eq!(inert("héllo ☃"), "héllo ☃");
    }
}
