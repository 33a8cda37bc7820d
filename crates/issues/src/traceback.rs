//! Reads the text of a printed Python traceback.
//!
//! Lenient: what is whole is kept, what was cut becomes a problem. One pass over the lines, linear time.
//! Source: CPython `traceback.print_exception`, 3.8 to 3.14; recorded in `fixtures/ddtrace`.

use reenact_model::{Exception, Frame, Limits, Relation};

/// The chain that a traceback text tells about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traceback {
    /// Root cause first, the exception that escaped last.
    pub exceptions: Vec<Exception>,
    /// For each exception the number of its first kept frame, counted from 1 over the whole chain with
    /// repeated frames expanded, as ddtrace numbers them.
    pub first_frame_numbers: Vec<u32>,
    /// What was cut or left out, for people.
    pub problems: Vec<String>,
}

const BEGIN: &str = "Traceback (most recent call last):";
const GROUP_BEGIN: &str = "+ Exception Group Traceback (most recent call last):";
const CAUSE: &str = "The above exception was the direct cause of the following exception:";
const CONTEXT: &str = "During handling of the above exception, another exception occurred:";
/// What ddtrace 4.16 ends a cut text with.
const CUT: &str = "<truncated>...";
/// Exceptions within a group that are kept as notes.
const NOTES_MAX: usize = 20;
/// Length of one of these notes, in bytes.
const NOTE_BYTES_MAX: usize = 300;

/// Parses the text of a traceback; a text that is none becomes one exception without frames.
///
/// Exceptions within a group become notes of the group. Notes of Python 3.11 cannot be told from the
/// lines of a message and stay in the message.
///
/// - **Limits:** `limits.frames_max` frames per exception, the innermost stay; `limits.chain_max`
///   exceptions, of which the one that escaped always stays; O(bytes) time.
pub fn parse(text: &str, limits: &Limits) -> Traceback {
    let mut parser =
        Parser { limits, result: Traceback::default(), current: None, next_number: 1, group: None };
    for line in text.lines() {
        parser.line(line);
    }
    parser.finish(None);
    parser.result
}

/// Whether a file is the service's own code: not Python's library, not an installed package.
pub fn is_in_app(file: &str) -> bool {
    let file = file.replace('\\', "/");
    !(file.contains("/site-packages/")
        || file.contains("/dist-packages/")
        || file.contains("/lib/python3.")
        || file.contains("/lib64/python3.")
        || file.starts_with("<frozen "))
}

struct Current {
    exception: Exception,
    first_number: u32,
    /// Whether the line with type and message has been seen.
    named: bool,
}

struct Parser<'a> {
    limits: &'a Limits,
    result: Traceback,
    current: Option<Current>,
    next_number: u32,
    /// Indentation of the margin of the group being read.
    group: Option<usize>,
}

impl Parser<'_> {
    fn line(&mut self, raw: &str) {
        if raw.contains(CUT) {
            self.problem("the client cut the traceback");
        }
        let trimmed = raw.trim_start_matches(' ');
        let indent = raw.len() - trimmed.len();
        let Some(margin) = self.group else { return self.plain_line(raw) };
        if indent == margin && trimmed.starts_with('|') {
            let rest = &trimmed[1..];
            return self.plain_line(rest.strip_prefix(' ').unwrap_or(rest));
        }
        if indent >= margin && trimmed.starts_with(['|', '+']) {
            return self.line_within_group(trimmed);
        }
        if !trimmed.is_empty() {
            self.group = None;
            self.plain_line(raw);
        }
    }

    fn plain_line(&mut self, line: &str) {
        let trimmed = line.trim();
        match trimmed {
            CAUSE => return self.finish(Some(Relation::Cause)),
            CONTEXT => return self.finish(Some(Relation::Context)),
            _ => {}
        }
        match &self.current {
            None if trimmed == BEGIN => self.start(),
            None if trimmed == GROUP_BEGIN => {
                self.group = Some(line.len() - line.trim_start_matches(' ').len());
                self.start();
            }
            None if trimmed.is_empty() => {}
            None if frame_line(line).is_some() => {
                self.problem("the beginning of the traceback is missing");
                self.start();
                self.line_of_stack(line);
            }
            None => {
                self.start();
                self.name(line);
            }
            Some(current) if current.named => self.line_of_message(line),
            Some(_) => self.line_of_stack(line),
        }
    }

    fn line_of_stack(&mut self, line: &str) {
        if let Some((file, line_number, function)) = frame_line(line) {
            return match function {
                Some(function) => self.frame(file, line_number, function),
                None => self.note(format!("in {file}, line {line_number}")),
            };
        }
        if let Some(count) = repeated(line) {
            let Some(frame) = self.current.as_mut().and_then(|current| current.exception.frames.last_mut())
            else {
                return;
            };
            frame.repeats = frame.repeats.saturating_add(count);
            self.next_number = self.next_number.saturating_add(count);
            return;
        }
        if line.trim().is_empty() || line.trim() == BEGIN {
            return;
        }
        if !line.starts_with(' ') {
            if line.trim() != CUT {
                self.name(line);
            }
            return;
        }
        let is_caret_line = line.trim().bytes().all(|byte| matches!(byte, b'^' | b'~' | b' '));
        if let Some(frame) = self.current.as_mut().and_then(|current| current.exception.frames.last_mut())
            && frame.source_line.is_none()
            && !is_caret_line
        {
            frame.source_line = Some(line.trim().to_owned());
        }
    }

    fn line_of_message(&mut self, line: &str) {
        let bytes_max = self.limits.text_bytes_max;
        if let Some(current) = &mut self.current
            && current.exception.message.len() + line.len() < bytes_max
        {
            current.exception.message.push('\n');
            current.exception.message.push_str(line);
        }
    }

    /// Exceptions within a group are told in short.
    fn line_within_group(&mut self, trimmed: &str) {
        let content = trimmed.trim_start_matches(['|', '+', '-']);
        let content = content.strip_prefix(' ').unwrap_or(content);
        let is_rule = trimmed.starts_with('+');
        let tells = !is_rule
            && !content.starts_with([' ', '|', '+'])
            && !content.is_empty()
            && content != BEGIN
            && ![CAUSE, CONTEXT].contains(&content);
        if tells {
            self.note(content.to_owned());
        }
    }

    fn start(&mut self) {
        self.current =
            Some(Current { exception: Exception::default(), first_number: self.next_number, named: false });
    }

    fn frame(&mut self, file: &str, line_number: u32, function: &str) {
        let frames_max = self.limits.frames_max.max(1);
        let Some(current) = &mut self.current else { return };
        current.exception.frames.push(Frame {
            function: function.to_owned(),
            file: file.to_owned(),
            line_number: Some(line_number),
            in_app: is_in_app(file),
            ..Frame::default()
        });
        self.next_number = self.next_number.saturating_add(1);
        if current.exception.frames.len() >= 2 * frames_max {
            drop_outermost(current, frames_max);
            self.problem("outer frames of a deep traceback were left out");
        }
    }

    fn note(&mut self, mut note: String) {
        if let Some(current) = &mut self.current
            && current.exception.notes.len() < NOTES_MAX
        {
            let end = (0..=NOTE_BYTES_MAX.min(note.len())).rev().find(|at| note.is_char_boundary(*at));
            note.truncate(end.unwrap_or(0));
            current.exception.notes.push(note);
        }
    }

    /// The line with type and message.
    fn name(&mut self, line: &str) {
        let Some(current) = &mut self.current else { return };
        current.named = true;
        let (type_name, message) = split_name(line.trim_end());
        current.exception.type_name = type_name.to_owned();
        current.exception.message = message.to_owned();
    }

    fn finish(&mut self, relation: Option<Relation>) {
        let Some(mut current) = self.current.take() else {
            if let Some(last) = self.result.exceptions.last_mut() {
                last.relation = relation.or(last.relation);
            }
            return;
        };
        self.group = None;
        let frames_max = self.limits.frames_max.max(1);
        if current.exception.frames.len() > frames_max {
            drop_outermost(&mut current, frames_max);
            self.problem("outer frames of a deep traceback were left out");
        }
        if !current.named {
            self.problem("the end of the traceback is missing");
        }
        let message = current.exception.message.trim_end().len();
        current.exception.message.truncate(message);
        current.exception.relation = relation;
        if self.result.exceptions.len() >= self.limits.chain_max.max(1) {
            self.result.exceptions.pop();
            self.result.first_frame_numbers.pop();
            self.problem("exceptions of a long chain were left out");
        }
        self.result.exceptions.push(current.exception);
        self.result.first_frame_numbers.push(current.first_number);
    }

    fn problem(&mut self, problem: &str) {
        if !self.result.problems.iter().any(|known| known == problem) {
            self.result.problems.push(problem.to_owned());
        }
    }
}

fn drop_outermost(current: &mut Current, frames_max: usize) {
    let surplus = current.exception.frames.len() - frames_max;
    for frame in current.exception.frames.drain(..surplus) {
        current.first_number = current.first_number.saturating_add(1).saturating_add(frame.repeats);
    }
}

/// `  File "…", line N, in func`; the function is missing where a syntax error was found.
fn frame_line(line: &str) -> Option<(&str, u32, Option<&str>)> {
    let rest = line.trim_start().strip_prefix("File \"")?;
    if !line.starts_with("  ") || line.starts_with("     ") {
        return None;
    }
    let (file, rest) = rest.split_once("\", line ")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let line_number = rest[..digits].parse().ok()?;
    match rest[digits..].trim_end() {
        "" => Some((file, line_number, None)),
        tail => Some((file, line_number, Some(tail.strip_prefix(", in ")?))),
    }
}

fn repeated(line: &str) -> Option<u32> {
    let rest = line.trim().strip_prefix("[Previous line repeated ")?;
    rest.split_once(" more time")?.0.parse().ok()
}

/// Splits `module.Class: message`; a line of another shape is a message alone.
fn split_name(line: &str) -> (&str, &str) {
    let (type_name, message) = match line.split_once(": ") {
        Some(parts) => parts,
        None => (line.strip_suffix(':').unwrap_or(line), ""),
    };
    let is_type = type_name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && type_name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '<' | '>'));
    if is_type { (type_name, message) } else { ("", line) }
}

#[cfg(test)]
#[path = "traceback_tests.rs"]
pub(crate) mod tests;
