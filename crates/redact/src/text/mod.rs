//! Secrets inside texts: messages, tracebacks, `repr` texts, addresses, headers.
//!
//! One pass from left to right. At each separator the name before it is looked up; the value after a
//! redacted name is replaced by `[redacted]`, everything else stays byte for byte. What cannot be told
//! apart is redacted: a value that is an expression is replaced up to its end. In the source lines of a
//! traceback an expression without literals stays, and what is opened and not closed ends with its line.

mod aligned;
mod assignments;
mod before;
mod bytes;
mod calls;
mod flags;
mod frames;
mod markup;
mod phrases;
mod said;
mod sql;
mod statements;
mod tables;
mod values;
mod view;

use std::cell::OnceCell;

use frames::Frames;
pub(crate) use sql::column;

use crate::names::Names;
use crate::signs::Signs;
use crate::steps;

/// What stands in the place of a redacted part of a text.
pub(crate) const MARK: &str = "[redacted]";

/// How many times escapes are taken off.
const VIEWS_MAX: usize = 3;

/// How far back a name may reach, in bytes; of longer ones the end counts.
const NAME_BYTES_MAX: usize = 128;

/// Spaces that may stand between a name and its separator, or the separator and the value.
const SPACES_MAX: usize = 64;

/// The values of redacted names within `text`: ascending, without overlaps. O(bytes).
pub(crate) fn find(text: &str, signs: Signs, names: &Names) -> Vec<(usize, usize)> {
    find_within(text, signs, names, 0)
}

fn find_within(text: &str, signs: Signs, names: &Names, taken_off: usize) -> Vec<(usize, usize)> {
    let mut found = if signs.has_separators() { Scanner::new(text, names, signs).run() } else { Vec::new() };
    if taken_off == 0 && signs.may_hold_sentences() {
        found = joined(found, said::find(text, signs, names));
    }
    if signs.may_hold_tables() {
        found = joined(found, tables::find(text.as_bytes(), names));
    }
    if signs.may_hold_aligned() {
        found = joined(found, aligned::find(text.as_bytes(), names));
    }
    if taken_off >= VIEWS_MAX || !signs.may_be_escaped() {
        return found;
    }
    let Some(view) = view::of(text) else { return found };
    let within = Signs::of(view.text.as_bytes());
    if !within.may_hold_names() {
        return found;
    }
    let within = find_within(&view.text, within, names, taken_off + 1);
    joined(found, within.into_iter().map(|range| view.range(range)).collect())
}

/// Joins what two passes found, in order.
fn joined(mut found: Vec<(usize, usize)>, further: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    if further.is_empty() {
        return found;
    }
    found.extend(further);
    found.sort_unstable();
    found.dedup_by(|next, last| {
        let overlap = next.0 < last.1;
        if overlap {
            last.1 = last.1.max(next.1);
        }
        overlap
    });
    found
}

/// As [`find`], in a text that is source code as a whole.
pub(crate) fn find_in_source(text: &str, signs: Signs, names: &Names) -> Vec<(usize, usize)> {
    let scanner = Scanner::new(text, names, signs);
    let _ = scanner.frames.set(Frames::of_source(text.as_bytes()));
    let found = scanner.run();
    if signs.may_hold_sentences() { joined(found, said::find(text, signs, names)) } else { found }
}

struct Scanner<'a> {
    signs: Signs,
    names: &'a Names,
    bytes: &'a [u8],
    /// Ascending, without overlaps, at character boundaries.
    found: Vec<(usize, usize)>,
    /// The end of the last redacted part; no name reaches back over it.
    done: usize,
    /// Looked for when the first value may depend on them.
    frames: OnceCell<Frames<'a>>,
    /// The end of the last expression that has no literals.
    names_end: usize,
    /// Where the last value that was opened and not closed had to end, and how many had to end there.
    unclosed: (usize, usize),
    /// What was found apart from the pass, in any order.
    apart: Vec<(usize, usize)>,
    /// Up to where a sibling tells that what stands under `value` is a secret.
    told_until: usize,
    /// The last value under such a name, which no sibling told of yet.
    value_untold: Option<usize>,
    /// How many elements of markup were looked at whose end was not found.
    elements_unclosed: usize,
    /// Where the last `[SQL: …]` begins.
    statement: Option<usize>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, names: &'a Names, signs: Signs) -> Self {
        Self {
            signs,
            names,
            bytes: text.as_bytes(),
            found: Vec::new(),
            done: 0,
            frames: OnceCell::new(),
            names_end: 0,
            unclosed: (usize::MAX, 0),
            apart: Vec::new(),
            told_until: 0,
            value_untold: None,
            elements_unclosed: 0,
            statement: None,
        }
    }

    fn frames(&self) -> &Frames<'a> {
        self.frames.get_or_init(|| Frames::new(self.bytes))
    }

    fn run(mut self) -> Vec<(usize, usize)> {
        let bytes = self.bytes;
        let mut at = 0;
        while let Some(sign) = bytes[at..].iter().position(|byte| IS_SIGN[usize::from(*byte)]) {
            at += sign;
            steps::add(sign);
            let next = match bytes[at] {
                b':' if bytes[at..].starts_with(b"://") => self.credentials_of_address(at),
                b':' => match self.credentials_without_scheme(at) {
                    Some(end) => end,
                    None => self.assignment(at),
                },
                b'=' => self.assignment(at),
                b',' => self.pair(at),
                b'%' => self.encoded_assignment(at),
                b'-' if bytes.get(at + 1) == Some(&b'-') => {
                    let end = self.flag(at);
                    if bytes[at + 2..].starts_with(b"user")
                        || bytes[at + 2..].starts_with(b"proxy-user")
                        || bytes[at + 2..].starts_with(b"auth")
                    {
                        self.short_flag(at).max(end)
                    } else {
                        end
                    }
                }
                b'-' => self.short_flag(at),
                b'"' | b'\'' if at > 1 && matches!(bytes[at - 1], b' ' | b'\\') => {
                    self.quoted_in_sentence(at)
                }
                b'(' if at > 1 => {
                    self.call(at);
                    if at > 6 { self.inserted(at) } else { at + 1 }
                }
                b'<' => self.element(at),
                b'B' => self.bearer(at),
                b'\t' if at > 2 => self.tabbed(at),
                _ => at + 1,
            };
            at = next.max(at + 1).min(bytes.len());
        }
        let found = std::mem::take(&mut self.found);
        self.done = 0;
        if self.signs.may_hold_statements() {
            self.statements();
        }
        self.found.append(&mut self.apart);
        joined(found, self.found)
    }

    /// Redacts a range, unless it is empty. Returns its end.
    fn mark(&mut self, start: usize, end: usize) -> usize {
        if start < end {
            self.found.push((start, end));
            self.done = end;
        }
        end
    }
}

/// What a name and its value may have between them, or before them.
const IS_SIGN: [bool; 256] = {
    let mut signs = [false; 256];
    let all = b"=:,%-\"'(<\tB";
    let mut index = 0;
    while index < all.len() {
        signs[all[index] as usize] = true;
        index += 1;
    }
    signs
};

#[cfg(test)]
mod tests;
