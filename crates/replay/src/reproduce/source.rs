//! Lines of the source of a frame, and what can be told from them without reading Python's grammar: where a statement
//! begins and ends, and which functions and classes stand around it.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use reenact_model::{Frame, FrameDetails};

/// A file of source as the caller has it.
#[derive(Clone, Copy, Debug)]
pub struct SourceFile<'a> {
    /// Its path on the machine of the event.
    pub file: &'a str,
    /// Its whole text.
    pub text: &'a str,
}

/// Lines that follow each other in a file.
#[derive(Clone, Debug)]
pub(super) struct Lines<'a> {
    first: u32,
    lines: Vec<&'a str>,
    logical: Vec<Logical>,
}

/// A statement, or the header of one, over one line or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Logical {
    first: u32,
    last: u32,
    indent: usize,
}

/// A function or class that stands around a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Around<'a> {
    pub(super) name: &'a str,
    pub(super) is_class: bool,
    /// Where its header begins.
    pub(super) first_line: u32,
    /// The names in its decorators: `staticmethod`.
    pub(super) decorators: Vec<&'a str>,
}

/// Decorators that may stand before a header.
const DECORATORS_MAX: usize = 20;

/// Lines of a file that are looked at.
const LINES_MAX: usize = 50_000;

impl<'a> Lines<'a> {
    /// The whole file where the caller has it, else the lines that the client sent.
    pub(super) fn of(
        frame: &Frame,
        details: Option<&'a FrameDetails>,
        files: &[SourceFile<'a>],
    ) -> Option<Self> {
        if let Some(file) = files.iter().find(|known| known.file == frame.file) {
            return Some(Self::of_text(file.text));
        }
        let source = details?.source.as_ref().filter(|source| !source.lines.is_empty())?;
        Some(Self::new(source.first_line, source.lines.iter().map(String::as_str).collect()))
    }

    /// The lines of a whole file.
    pub(super) fn of_text(text: &'a str) -> Self {
        Self::new(1, text.lines().take(LINES_MAX).collect())
    }

    /// The statements and headers, each as one line without comments, indentation and joining backslashes.
    pub(super) fn statements(&self) -> impl Iterator<Item = String> {
        self.logical.iter().map(|part| {
            let lines = self.between(part.first, part.last).map(|(_, line)| line);
            let code =
                lines.map(|line| line.split('#').next().unwrap_or_default().trim().trim_end_matches('\\'));
            code.collect::<Vec<_>>().join(" ").trim().to_owned()
        })
    }

    fn new(first: u32, lines: Vec<&'a str>) -> Self {
        let logical = logical(first, &lines);
        Self { first, lines, logical }
    }

    fn line(&self, number: u32) -> Option<&'a str> {
        self.lines.get(usize::try_from(number.checked_sub(self.first)?).ok()?).copied()
    }

    /// Lines from one number to another, both included, with their numbers.
    pub(super) fn between(&self, first: u32, last: u32) -> impl Iterator<Item = (u32, &'a str)> {
        let numbered = (self.first..=u32::MAX).zip(self.lines.iter().copied());
        numbered.filter(move |(number, _)| (first..=last).contains(number))
    }

    /// The lines of the statement, or header of one, that a line is part of.
    pub(super) fn statement(&self, line: u32) -> Option<Vec<&'a str>> {
        let at = self.statement_at(line)?;
        Some(self.between(*at.start(), *at.end()).map(|(_, line)| line).collect())
    }

    /// Where that statement, or header, begins and ends.
    pub(super) fn statement_at(&self, line: u32) -> Option<RangeInclusive<u32>> {
        let mut parts = self.logical.iter().map(|part| part.first..=part.last);
        parts.find(|part| part.contains(&line))
    }

    /// The lines of loops from one line to another: they may run more than once.
    pub(super) fn repeated(&self, first: u32, last: u32) -> BTreeSet<u32> {
        let mut loops: Vec<usize> = Vec::new();
        let mut repeated = BTreeSet::new();
        for part in self.logical.iter().filter(|part| (first..=last).contains(&part.first)) {
            loops.retain(|indent| *indent < part.indent);
            let header = self.line(part.first).map_or("", str::trim_start);
            let header = header.strip_prefix("async ").map_or(header, str::trim_start);
            if matches!(name_at(header), "for" | "while") {
                loops.push(part.indent);
            }
            if !loops.is_empty() {
                repeated.extend(part.first..=part.last);
            }
        }
        repeated
    }

    /// The functions and classes around a line, the outermost first; `None` where a header may stand before the lines.
    pub(super) fn around(&self, line: u32) -> Option<Vec<Around<'a>>> {
        let at = self.logical.iter().rposition(|part| part.first <= line)?;
        // A line of a header, or of a decorator, is not inside of it.
        let mut indent = self.logical[at].indent;
        let mut around = Vec::new();
        for (index, part) in self.logical[..at].iter().enumerate().rev() {
            if indent == 0 {
                break;
            }
            if part.indent >= indent {
                continue;
            }
            indent = part.indent;
            let header = self.line(part.first).map_or("", str::trim_start);
            let header = header.strip_prefix("async ").map_or(header, str::trim_start);
            let (is_class, rest) = match (header.strip_prefix("def "), header.strip_prefix("class ")) {
                (Some(rest), _) => (false, rest),
                (None, Some(rest)) => (true, rest),
                (None, None) => continue,
            };
            around.push(Around {
                name: name_at(rest),
                is_class,
                first_line: part.first,
                decorators: self.decorators(index, part.indent),
            });
        }
        around.reverse();
        (indent == 0).then_some(around)
    }

    fn decorators(&self, header: usize, indent: usize) -> Vec<&'a str> {
        let before = self.logical[..header].iter().rev().take_while(|part| part.indent == indent);
        let lines = before.map_while(|part| self.line(part.first)?.trim_start().strip_prefix('@'));
        lines.map(|name| name.trim().split('(').next().unwrap_or("")).collect()
    }

    /// The first line of the body of the function whose decorators or header begin on a line.
    pub(super) fn body_of(&self, header: u32) -> u32 {
        let begins = |part: &&Logical| {
            let line = self.line(part.first).map_or("", str::trim_start);
            line.starts_with("def ") || line.starts_with("async def ")
        };
        let mut parts = self.logical.iter().skip_while(|part| part.first < header).take(DECORATORS_MAX);
        parts.find(begins).map_or(header, |part| part.last).saturating_add(1)
    }

    /// The last line of the function whose header begins on a line.
    pub(super) fn end_of(&self, header: u32) -> u32 {
        let at = self.logical.iter().position(|part| part.first == header);
        let Some(at) = at else { return header };
        let indent = self.logical[at].indent;
        let body = self.logical[at + 1..].iter().take_while(|part| part.indent > indent);
        body.last().map_or(self.logical[at].last, |part| part.last)
    }
}

/// The name that a text begins with.
fn name_at(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.find(|c: char| !is_part(c)).unwrap_or(text.len())]
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a line by itself is a whole statement, as far as that can be told: it begins like one, and leaves nothing open.
pub(super) fn is_whole(line: &str) -> bool {
    let line = line.trim();
    let begins = ["return ", "raise ", "assert ", "del ", "yield ", "while ", "with "];
    let target = line.split_once(" = ").map_or("", |(target, _)| target);
    let is_assignment =
        !target.is_empty() && target.chars().all(|c| is_part(c) || matches!(c, '.' | ' ' | ','));
    let opened = line.matches(['(', '[', '{']).count();
    (is_assignment || begins.iter().any(|word| line.starts_with(word)))
        && opened == line.matches([')', ']', '}']).count()
        && !after(line, Open::default()).is_open()
        && !line.ends_with([',', '\\'])
}

/// The names that stand in these lines, in texts and comments too.
pub(super) fn names<'a>(lines: &[&'a str]) -> BTreeSet<&'a str> {
    let words = lines.iter().flat_map(|line| line.split(|c: char| !is_part(c)));
    words.filter(|word| !word.is_empty()).collect()
}

/// What the end of a line leaves open.
#[derive(Clone, Copy, Default)]
struct Open {
    brackets: usize,
    /// The quotes of a text over several lines.
    quotes: Option<&'static str>,
    /// The line ends with a backslash.
    goes_on: bool,
}

impl Open {
    fn is_open(self) -> bool {
        self.brackets > 0 || self.quotes.is_some() || self.goes_on
    }
}

/// Lines joined where a bracket, a text or a backslash goes over their end. O(bytes).
fn logical(first: u32, lines: &[&str]) -> Vec<Logical> {
    let mut parts: Vec<Logical> = Vec::new();
    let mut open = Open::default();
    for (number, line) in (first..=u32::MAX).zip(lines) {
        let was_open = open.is_open();
        let has_code = !matches!(line.trim_start().chars().next(), None | Some('#'));
        open = after(line, open);
        match parts.last_mut() {
            Some(last) if was_open => last.last = number,
            _ if has_code => {
                let indent = line.len() - line.trim_start().len();
                parts.push(Logical { first: number, last: number, indent });
            }
            _ => {}
        }
    }
    parts
}

/// What is open behind a line.
fn after(line: &str, mut open: Open) -> Open {
    let mut rest = line;
    open.goes_on = false;
    while let Some(c) = rest.chars().next() {
        if let Some(quotes) = open.quotes {
            match (rest.find(quotes), rest.find('\\')) {
                (Some(end), Some(escape)) if escape < end => rest = behind(rest, escape + 1),
                (Some(end), _) => {
                    rest = &rest[end + quotes.len()..];
                    open.quotes = None;
                }
                (None, _) => return open,
            }
            continue;
        }
        match c {
            '#' => return open,
            '\\' if rest.len() == 1 => open.goes_on = true,
            '(' | '[' | '{' => open.brackets += 1,
            ')' | ']' | '}' => open.brackets = open.brackets.saturating_sub(1),
            '"' | '\'' => {
                let triple = if c == '"' { "\"\"\"" } else { "'''" };
                if rest.starts_with(triple) {
                    open.quotes = Some(triple);
                    rest = &rest[3..];
                } else {
                    rest = behind_text(&rest[1..], c);
                }
                continue;
            }
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
    }
    open
}

/// What stands behind the character at a byte.
fn behind(text: &str, at: usize) -> &str {
    text[at..].chars().next().map_or("", |c| &text[at + c.len_utf8()..])
}

/// What stands behind the closing quote; nothing where there is none.
pub(super) fn behind_text(text: &str, quote: char) -> &str {
    let mut rest = text;
    while let Some(at) = rest.find([quote, '\\']) {
        if rest[at..].starts_with(quote) {
            return &rest[at + 1..];
        }
        rest = behind(rest, at + 1);
    }
    ""
}

#[cfg(test)]
mod tests;
