//! The way through one fragment: limits, stages on each text, counts and changes.

use std::borrow::Cow;

use reenact_model::{Fragment, Report, TraceId};

use crate::hits::{Change, Hits, RuleRef};
use crate::known_names::KnownNames;
use crate::marks::{self, Edit, STRICT};
use crate::scanner::{Scanner, Selection};
use crate::signs::Signs;
use crate::{Mode, Redacted, Redactor, text};

/// How much before the cut of a long text goes with the rest: a secret may reach over the cut.
const CUT_BYTES: usize = 4_096;

/// How often a text is scanned again after edits.
const ROUNDS_MAX: usize = 6;

/// The shortest text that any rule finds something in, in bytes: `a=b`.
const TEXT_BYTES_MIN: usize = 3;

pub(crate) struct Walk<'a> {
    pub(crate) redactor: &'a Redactor,
    scanner: Option<(&'a Scanner, Selection)>,
    pub(crate) hits: Hits,
    pub(crate) known_names: KnownNames<'a>,
    /// `None` unless somebody wants to know.
    pub(crate) changes: Option<Vec<Change>>,
    /// Where the walk is; kept up to date only if `needs_path`.
    path: String,
    needs_path: bool,
    /// Bytes of text that may still be scanned.
    budget: usize,
    pub(crate) depth: usize,
    /// Whether texts are source code.
    in_source: bool,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        redactor: &'a Redactor,
        scanner: Option<(&'a Scanner, &Selection)>,
        fragment: &Fragment,
    ) -> Self {
        let id = match fragment {
            Fragment::Trace(chunk) => lower_half(chunk.trace_id),
            Fragment::Snapshot(snapshot) => match snapshot.trace_id {
                Some(trace) => lower_half(trace),
                None => snapshot.capture_id.unwrap_or(snapshot.id).0,
            },
            Fragment::Crash(report) => {
                report.id.bytes().fold(0, |id, byte| id * 31 % (1 << 64) + u128::from(byte))
            }
            Fragment::Occurrence(occurrence) => occurrence.trace_id.map_or(occurrence.id.0, lower_half),
        };
        let scanner = scanner.map(|(scanner, selection)| (scanner, scanner.sampled(selection, Some(id))));
        Self::start(redactor, scanner, String::new())
    }

    /// Sampled as its trace was, or by the event's own id where it has none.
    pub(crate) fn of_stored(
        redactor: &'a Redactor,
        scanner: Option<(&'a Scanner, &Selection)>,
        event: &Report,
    ) -> Self {
        let id = event.trace_id.map_or(event.id.0, lower_half);
        let scanner = scanner.map(|(scanner, selection)| (scanner, scanner.sampled(selection, Some(id))));
        Self::start(redactor, scanner, String::new())
    }

    /// Samples only by a key of the selection: whoever tries a rule out wants to see it.
    pub(crate) fn of_text(
        redactor: &'a Redactor,
        scanner: Option<(&'a Scanner, &Selection)>,
        path: &str,
    ) -> Self {
        let scanner = scanner.map(|(scanner, selection)| (scanner, scanner.sampled(selection, None)));
        Self::start(redactor, scanner, path.to_owned())
    }

    fn start(redactor: &'a Redactor, scanner: Option<(&'a Scanner, Selection)>, path: String) -> Self {
        let scanner = scanner.filter(|(_, selection)| !selection.is_empty());
        Self {
            redactor,
            needs_path: scanner.is_some(),
            scanner,
            hits: Hits::default(),
            known_names: KnownNames::new(),
            changes: None,
            path,
            budget: redactor.limits.fragment_bytes_max,
            depth: 0,
            in_source: false,
        }
    }

    pub(crate) fn explaining(mut self) -> Self {
        self.changes = Some(Vec::new());
        self.needs_path = true;
        self
    }

    pub(crate) fn redact(&mut self, mut fragment: Fragment) -> Redacted<Fragment> {
        match &mut fragment {
            Fragment::Trace(chunk) => chunk.spans.iter_mut().for_each(|span| self.span(span)),
            Fragment::Snapshot(snapshot) => self.snapshot(snapshot),
            Fragment::Crash(report) => self.crash(report),
            Fragment::Occurrence(occurrence) => self.occurrence(occurrence),
        }
        Redacted::new(fragment)
    }

    /// Does `work` one name further down.
    pub(crate) fn within(&mut self, name: &str, work: impl FnOnce(&mut Self)) {
        if !self.needs_path {
            return work(self);
        }
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        work(self);
        self.path.truncate(length);
    }

    /// Does `work` at an element of a list.
    pub(crate) fn within_element(&mut self, index: usize, work: impl FnOnce(&mut Self)) {
        if self.needs_path { self.within(&index.to_string(), work) } else { work(self) }
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.redactor.mode == Mode::Strict
    }

    /// Notes a value that went as a whole.
    pub(crate) fn note(&mut self, rule: RuleRef, replacement: &str) {
        self.hits.count(&rule);
        if let Some(changes) = &mut self.changes {
            changes.push(Change {
                path: self.path.clone(),
                range: None,
                rule,
                replacement: replacement.to_owned(),
            });
        }
    }

    /// Redacts the text of an exception or a tag, which goes as a whole in strict mode.
    pub(crate) fn message(&mut self, text: &mut String) {
        if self.is_strict() {
            self.replace_strict(text);
        } else {
            self.text(text, "");
        }
    }

    /// Redacts a source line, which goes as a whole in strict mode.
    pub(crate) fn source_line(&mut self, text: &mut String) {
        self.in_source = true;
        self.message(text);
        self.in_source = false;
    }

    /// Redacts lines of source code that follow each other. What a secret took is left empty: lines keep their numbers.
    pub(crate) fn source_lines(&mut self, lines: &mut Vec<String>) {
        if self.is_strict() {
            return lines.iter_mut().for_each(|line| self.source_line(line));
        }
        let whole = lines.join("\n");
        let mut text = whole.clone();
        self.source_line(&mut text);
        if text == whole {
            return;
        }
        let mut redacted: Vec<String> = text.split('\n').map(str::to_owned).collect();
        let missing = lines.len().saturating_sub(redacted.len());
        let same_at_end = redacted
            .iter()
            .rev()
            .zip(lines.iter().rev())
            .take_while(|(after, before)| after == before)
            .count();
        let at = redacted.len() - same_at_end.min(redacted.len());
        redacted.splice(at..at, std::iter::repeat_n(String::new(), missing));
        *lines = redacted;
    }

    pub(crate) fn replace_strict(&mut self, text: &mut String) {
        if !text.is_empty() && text != STRICT {
            STRICT.clone_into(text);
            self.note(RuleRef::Strict, STRICT);
        }
    }

    /// Redacts a text by what is in it; `context` is the name that it stands under.
    pub(crate) fn text(&mut self, text: &mut String, context: &str) {
        let edits = self.edits(text, context);
        self.settle(text, context, edits, |_, _| true);
    }

    /// Redacts a printed traceback. Its lines that name a file and a function stay, for grouping.
    pub(crate) fn stack(&mut self, text: &mut String) {
        if self.is_strict() {
            let strict = strict_stack(text);
            if strict != *text {
                *text = strict;
                self.note(RuleRef::Strict, STRICT);
            }
            return;
        }
        let edits = self.edits(text, "");
        self.settle(text, "", edits, |text, edit| {
            edit.rule == RuleRef::Name || !is_in_frame_line(text, edit)
        });
    }

    /// Makes the edits that `may` be made, and those that a mark in the place of a secret brings about: what
    /// stood beside the secret now stands alone. A text that does not come to rest is not kept.
    pub(crate) fn settle(
        &mut self,
        text: &mut String,
        context: &str,
        mut edits: Vec<Edit>,
        may: fn(&str, &Edit) -> bool,
    ) {
        for round in 0..ROUNDS_MAX {
            edits.retain(|edit| may(text, edit));
            if edits.is_empty() {
                return;
            }
            self.apply(text, edits, round == 0);
            edits = self.edits(text, context);
        }
        edits.retain(|edit| may(text, edit));
        if !edits.is_empty() {
            self.apply(text, vec![Edit::unscanned(0..text.len())], false);
        }
    }

    /// Makes edits; their ranges are told only while they are ones of the text as it was.
    fn apply(&mut self, text: &mut String, edits: Vec<Edit>, is_original: bool) {
        let edited = marks::edited(text, &edits);
        for edit in edits {
            self.hits.count(&edit.rule);
            if let Some(changes) = &mut self.changes {
                changes.push(Change {
                    path: self.path.clone(),
                    range: is_original.then_some(edit.range),
                    rule: edit.rule,
                    replacement: edit.replacement.into_owned(),
                });
            }
        }
        *text = edited;
    }

    /// What all stages change in a text. O(bytes); allocates only when something is found.
    pub(crate) fn edits(&mut self, whole: &str, context: &str) -> Vec<Edit> {
        if whole.len() < TEXT_BYTES_MIN {
            return Vec::new();
        }
        let scanned = self.scannable(whole);
        let text = &whole[..scanned];
        let redactor = self.redactor;
        let mut edits = Vec::new();
        if scanned < whole.len() {
            let mut kept = scanned.saturating_sub(CUT_BYTES);
            while !whole.is_char_boundary(kept) {
                kept -= 1;
            }
            edits.push(Edit::unscanned(kept..whole.len()));
        }
        let signs = Signs::of(text.as_bytes());
        if signs.may_hold_names() {
            let find = if self.in_source { text::find_in_source } else { text::find };
            edits.extend(find(text, signs, &redactor.names).into_iter().map(|(start, end)| Edit {
                range: start..end,
                rule: RuleRef::Name,
                replacement: Cow::Borrowed(text::MARK),
            }));
        }
        if signs.may_hold_values() {
            let found = redactor.values.find(text, signs, context, &redactor.names);
            edits.extend(found.into_iter().map(|found| Edit {
                range: found.range,
                rule: RuleRef::Value(found.rule),
                replacement: Cow::Owned(format!("[redacted: {}]", found.rule)),
            }));
        }
        if let Some((scanner, selection)) = &self.scanner {
            edits.extend(scanner.find(text, &self.path, selection, &redactor.names));
        }
        if edits.is_empty() { edits } else { marks::settled(whole, edits) }
    }

    /// How much of a text is scanned; takes it from the budget.
    fn scannable(&mut self, text: &str) -> usize {
        let mut length = text.len().min(self.redactor.limits.text_bytes_max).min(self.budget);
        while !text.is_char_boundary(length) {
            length -= 1;
        }
        self.budget -= length;
        length
    }
}

/// Of the id of a trace some clients send only this.
fn lower_half(trace: TraceId) -> u128 {
    trace.0 & u128::from(u64::MAX)
}

/// Whether an edit is in a line `File "…", line 3, in f`.
fn is_in_frame_line(text: &str, edit: &Edit) -> bool {
    let start = text[..edit.range.start].rfind('\n').map_or(0, |at| at + 1);
    let line = text[start..].trim_start_matches([' ', '|', '+', '-']);
    let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    line.starts_with("File \"") && edit.range.end <= end
}

/// A traceback with its file lines and the types of its exceptions.
fn strict_stack(text: &str) -> String {
    let mut strict = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches('\n');
        let inner = content.trim_start_matches([' ', '|', '+', '-']);
        let is_structure = inner.is_empty()
            || inner == STRICT
            || inner.starts_with("File \"")
            || inner.starts_with("Traceback (")
            || inner.starts_with("During handling of the above")
            || inner.starts_with("The above exception was");
        let margin = &content[..content.len() - inner.len()];
        strict.push_str(margin);
        let type_end =
            inner.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(inner.len());
        let is_type = margin.is_empty() && type_end > 0 && inner[type_end..].starts_with(": ");
        if is_structure || (margin.is_empty() && type_end == inner.len()) {
            strict.push_str(inner);
        } else if is_type {
            strict.push_str(&inner[..type_end + 2]);
            strict.push_str(STRICT);
        } else {
            strict.push_str(STRICT);
        }
        strict.push_str(&line[content.len()..]);
    }
    strict
}
