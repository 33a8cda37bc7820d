//! Where in a text the frames of a printed traceback stand.
//!
//! Before Python 3.13 a traceback shows only the first line of a statement: a bracket or a quote that it
//! opens is never closed, and what follows is the next frame rather than the value.

use memchr::memmem;

use crate::steps;

/// How much of a frame is read to tell whether a name stands in code, in bytes.
const CODE_BYTES_MAX: usize = 1_024;

/// The longest expression that is looked at for literals, in bytes.
const EXPRESSION_BYTES_MAX: usize = 1_024;

/// One line `File "…", line 3, in f` with the source lines after it.
pub(super) struct Frame {
    /// Where the frame begins, with the line `Traceback (most recent call last):` before it.
    start: usize,
    /// Where the source lines begin.
    source: usize,
    pub(super) end: usize,
    /// What ends a line: a line break, or one that a `repr` wrote as backslashes and a letter.
    line_break: (usize, usize),
}

/// The frames of a text, ascending.
pub(super) struct Frames<'a> {
    bytes: &'a [u8],
    frames: Vec<Frame>,
}

impl<'a> Frames<'a> {
    /// Finds the frames. O(bytes).
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let mut frames: Vec<Frame> = Vec::new();
        for at in memmem::find_iter(bytes, b"File ") {
            let done = frames.last().map_or(0, |frame| frame.end);
            if at >= done
                && matches!(bytes.get(at + 5), Some(b'"' | b'\\'))
                && let Some(frame) = frame_at(bytes, at, done)
            {
                frames.push(frame);
            }
        }
        Self { bytes, frames }
    }

    /// Takes a text that is source code as a whole.
    pub(super) fn of_source(bytes: &'a [u8]) -> Self {
        let end = bytes.len();
        Self { bytes, frames: vec![Frame { start: 0, source: 0, end, line_break: (end, end) }] }
    }

    /// The frame whose source lines hold `at`.
    pub(super) fn source_at(&self, at: usize) -> Option<&Frame> {
        let after = self.frames.partition_point(|frame| frame.end <= at);
        self.frames.get(after).filter(|frame| frame.source <= at)
    }

    /// Where a value at `at` ends at the latest: with its frame, or before the next one. The line break before
    /// what follows is no part of the value, so that a frame stays one.
    pub(super) fn limit(&self, at: usize) -> usize {
        let after = self.frames.partition_point(|frame| frame.end <= at);
        let Some(frame) = self.frames.get(after) else { return self.bytes.len() };
        let end = match frame {
            frame if frame.source <= at => frame.end,
            frame if frame.start <= at => frame.source,
            frame => frame.start,
        };
        let line_break = &self.bytes[frame.line_break.0..frame.line_break.1];
        let has_break = self.bytes[at..end].ends_with(line_break);
        end - if has_break { line_break.len() } else { 0 }
    }

    /// Where a value that reaches back from `at` begins at the earliest: with its frame, or after the one before.
    pub(super) fn floor(&self, at: usize) -> usize {
        let after = self.frames.partition_point(|frame| frame.end <= at);
        match self.frames.get(after) {
            Some(frame) if frame.source <= at => frame.source,
            Some(frame) if frame.start <= at => frame.start,
            _ => after.checked_sub(1).map_or(0, |before| self.frames[before].end),
        }
    }

    /// The end of the line of `at`, within its frame.
    pub(super) fn line_end(&self, frame: &Frame, at: usize) -> usize {
        let line_break = &self.bytes[frame.line_break.0..frame.line_break.1];
        find_break(self.bytes, at, line_break).map_or(frame.end, |(end, _)| end.min(frame.end))
    }

    /// Whether `at` stands in the code of a frame: in no string and no comment.
    pub(super) fn is_code(&self, frame: &Frame, at: usize) -> bool {
        if at - frame.source > CODE_BYTES_MAX {
            return false;
        }
        let line_break = &self.bytes[frame.line_break.0..frame.line_break.1];
        let mut inside: Option<u8> = None;
        let mut index = frame.source;
        while index < at {
            steps::add(1);
            if !line_break.is_empty() && self.bytes[index..at].starts_with(line_break) {
                index += line_break.len();
                inside = inside.filter(|byte| *byte != b'#');
                continue;
            }
            let byte = self.bytes[index];
            match inside {
                Some(quote) if quote == byte && byte != b'#' => inside = None,
                None if matches!(byte, b'"' | b'\'' | b'#') => inside = Some(byte),
                // What an escape stands for cannot be told from a string within a string.
                None if byte == b'\\' => {}
                _ => {}
            }
            index += 1;
        }
        inside.is_none()
    }

    /// The end of the expression at `start` when it has names, attributes, calls and indexes only, so
    /// that it says where a secret comes from and not what it is.
    pub(super) fn end_of_names(&self, frame: &Frame, start: usize) -> Option<usize> {
        let bytes = self.bytes;
        let line_break = &bytes[frame.line_break.0..frame.line_break.1];
        let mut depth = 0_usize;
        let mut at = start;
        while at < frame.end {
            steps::add(1);
            if at - start > EXPRESSION_BYTES_MAX {
                return None;
            }
            if !line_break.is_empty() && bytes[at..frame.end].starts_with(line_break) {
                if depth == 0 {
                    return Some(at);
                }
                at += line_break.len();
                continue;
            }
            match bytes[at] {
                byte if is_letter(byte) => {
                    at += bytes[at..].iter().take_while(|b| is_letter(**b) || b.is_ascii_digit()).count();
                    continue;
                }
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth == 0 => return Some(at),
                b')' | b']' | b'}' => depth -= 1,
                b',' | b':' | b';' | b'#' if depth == 0 => return Some(at),
                b'.' if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => return None,
                b' ' | b'\n' | b'.' | b',' | b':' | b'=' | b'!' | b'<' | b'>' | b'+' | b'-' | b'*' | b'/'
                | b'%' | b'|' | b'&' | b'@' | b'^' | b'~' => {}
                _ => return None,
            }
            at += 1;
        }
        Some(at)
    }
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

/// The next line break at or after `from`: its beginning and its end.
fn find_break(bytes: &[u8], from: usize, line_break: &[u8]) -> Option<(usize, usize)> {
    if line_break.is_empty() {
        return None;
    }
    let found = if line_break.len() == 1 {
        memchr::memchr(line_break[0], &bytes[from..])
    } else {
        memmem::find(&bytes[from..], line_break)
    };
    steps::add(found.unwrap_or(bytes.len() - from));
    let found = found?;
    Some((from + found, from + found + line_break.len()))
}

/// The frame whose `File` stands at `at`, if a line begins there, two columns further in than its margin.
fn frame_at(bytes: &[u8], at: usize, done: usize) -> Option<Frame> {
    let margin = bytes[done..at].iter().rev().take_while(|b| matches!(b, b' ' | b'|')).count();
    steps::add(margin);
    let start = at - margin;
    if margin < 2 || !bytes[..at].ends_with(b"  ") {
        return None;
    }
    let line_break = break_before(bytes, start)?;
    let ending = &bytes[line_break.0..line_break.1];
    let (_, source) = find_break(bytes, at, ending).unwrap_or((bytes.len(), bytes.len()));
    let margin = &bytes[start..at - 2];
    let mut end = source;
    let mut line = source;
    while line < bytes.len() {
        let (line_end, next) = find_break(bytes, line, ending).unwrap_or((bytes.len(), bytes.len()));
        let content = &bytes[line..line_end];
        let is_blank = content.iter().all(|b| matches!(b, b' ' | b'|'));
        let is_source = content.strip_prefix(margin).is_some_and(|content| content.starts_with(b"    "));
        if is_source && !is_blank {
            end = next;
        } else if !is_blank {
            break;
        }
        line = next;
    }
    let before = &bytes[done..start - (line_break.1 - line_break.0).min(start - done)];
    let heading = memmem::rfind(&before[before.len().saturating_sub(64)..], b"Traceback (most recent")
        .map(|found| before.len() - before.len().min(64) + found + done);
    let start = heading.map_or(start, |heading| {
        heading - bytes[done..heading].iter().rev().take_while(|b| b" |+".contains(b)).count()
    });
    Some(Frame { start, source, end, line_break })
}

/// The line break that ends before `start`; at the beginning of a text the first one after it.
fn break_before(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let is_first = start == 0 || (start == 1 && matches!(bytes[0], b'"' | b'\''));
    if is_first {
        let line = memchr::memchr(b'\n', bytes).map(|at| (at, at + 1));
        return line.or_else(|| memmem::find(bytes, br"\n").map(|at| (at, at + 2))).or(Some((0, 0)));
    }
    if bytes[start - 1] == b'\n' {
        return Some((start - 1, start));
    }
    let escapes = bytes[..start - 1].iter().rev().take(16).take_while(|b| **b == b'\\').count();
    (bytes[start - 1] == b'n' && escapes > 0).then_some((start - 1 - escapes, start))
}
