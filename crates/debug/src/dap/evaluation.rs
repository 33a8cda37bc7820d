//! Expressions, what may follow in one, and what was raised.

use serde_json::{Value as Json, json};

use super::messages::{
    CompletionItem, CompletionsArguments, EvaluateArguments, EvaluateBody, ExceptionDetails, Hint,
};
use super::{Answered, Refused, Session, arguments, body, reason, variables};
use crate::case::{Case, StackFrame};
use crate::complete::{completed, proposals};
use crate::display;
use crate::evaluate::evaluate;
use crate::limits::{COMPLETIONS_MAX, LINE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX};
use reenact_replay::visible::visible;

/// Exceptions that are told of within each other.
const INNER_DEPTH_MAX: usize = 32;
/// Frames of one exception in its stack trace.
const TRACE_FRAMES_MAX: usize = 200;

impl Session {
    pub(super) fn evaluate(&mut self, json: &Json) -> Answered {
        let wanted: EvaluateArguments = arguments(json)?;
        let case = self.case()?;
        let frame = self.frame_or_top(case, wanted.frame_id)?;
        let text = wanted.expression.trim();
        let value = evaluate(case, frame, text);
        let value = value.map_err(|unknown| Refused::new(reason::NOT_KNOWN, unknown.to_string()))?;
        let result = match wanted.context.as_deref() {
            Some("clipboard" | "repl") => display::text(&case.graph, &value, TEXT_CHARACTERS_MAX),
            Some("variables" | "watch" | "hover") | None => display::line(&case.graph, &value),
            Some(_) => display::text(&case.graph, &value, LINE_CHARACTERS_MAX),
        };
        let type_name = visible(&variables::type_name(case, &value));
        let hint = Hint::of(variables::hint(case, &value).unwrap_or("data"));
        let parts = self.parts(value, Some(format!("({text})")).map(bare))?;
        Ok(body(EvaluateBody { result, type_name, parts, presentation_hint: hint }))
    }

    /// The frame that is named, or that which raised.
    fn frame_or_top<'c>(&self, case: &'c Case, id: Option<i64>) -> Result<&'c StackFrame, Refused> {
        match id.filter(|id| *id != 0) {
            Some(id) => self.frame(case, id),
            None => {
                let first = case.stack.first();
                first.ok_or_else(|| Refused::new(reason::NO_SUCH, "the event has no frames"))
            }
        }
    }

    pub(super) fn completions(&mut self, json: &Json) -> Answered {
        let wanted: CompletionsArguments = arguments(json)?;
        let case = self.case()?;
        let frame = self.frame_or_top(case, wanted.frame_id)?;
        // Of several lines the last ones are passed over; columns count within one.
        let line = wanted.line.unwrap_or(self.lines_from).saturating_sub(self.lines_from);
        let text =
            usize::try_from(line).ok().and_then(|line| wanted.text.split('\n').nth(line)).unwrap_or("");
        let units = usize::try_from(wanted.column.saturating_sub(self.columns_from)).unwrap_or(0);
        let before = before(text, units);
        let Some(completed) = completed(before) else { return Ok(json!({"targets": []})) };
        let length = completed.typed.encode_utf16().count() as i64;
        let start = before.encode_utf16().count() as i64 - length + self.columns_from;
        let items = proposals(case, frame, &completed).into_iter().take(COMPLETIONS_MAX);
        let items: Vec<CompletionItem> = items
            .map(|proposal| CompletionItem { label: proposal.text, kind: proposal.kind, start, length })
            .collect();
        Ok(json!({"targets": body(items)}))
    }

    pub(super) fn exception_info(&self) -> Answered {
        let case = self.case()?;
        let Some(escaped) = case.escaped() else {
            return Err(Refused::new(reason::NO_SUCH, "the event has no exception"));
        };
        Ok(json!({
            "exceptionId": visible(&escaped.type_name),
            "description": lines(&escaped.message),
            "breakMode": if case.event.handled { "always" } else { "unhandled" },
            "details": body(details(case, 0, "__exception__".to_owned(), 0)),
        }))
    }
}

/// An expression within brackets where it needs them to be followed by an attribute.
fn bare(bracketed: String) -> String {
    let inner = &bracketed[1..bracketed.len() - 1];
    let is_path = inner.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']'));
    if is_path { inner.to_owned() } else { bracketed }
}

/// The text before so many UTF-16 units.
fn before(text: &str, units: usize) -> &str {
    let mut left = units;
    for (at, character) in text.char_indices() {
        let length = character.len_utf16();
        if length > left {
            return &text[..at];
        }
        left -= length;
    }
    text
}

fn details(case: &Case, place: usize, evaluate_name: String, depth: usize) -> Option<ExceptionDetails> {
    let raised = case.exceptions.get(place)?;
    let mut inner = Vec::new();
    if depth < INNER_DEPTH_MAX {
        let name = format!("{evaluate_name}.{}", raised.previous_name());
        inner.extend(raised.previous.and_then(|previous| details(case, previous, name, depth + 1)));
        for (index, member) in raised.members.iter().enumerate() {
            let name = format!("{evaluate_name}.exceptions[{index}]");
            inner.extend(details(case, *member, name, depth + 1));
        }
    }
    let mut message = lines(&raised.message);
    for note in &raised.notes {
        message = format!("{message}\n{}", lines(note));
    }
    Some(ExceptionDetails {
        message,
        type_name: visible(raised.type_name.rsplit('.').next().unwrap_or("")),
        full_type_name: visible(&raised.type_name),
        evaluate_name,
        stack_trace: stack_trace(case, place),
        inner_exception: inner,
    })
}

/// The frames of an exception, the outermost first, as Python prints them.
fn stack_trace(case: &Case, place: usize) -> String {
    let Some(raised) = case.exceptions.get(place) else { return String::new() };
    let of_it = |frame: &&StackFrame| frame.exception == place;
    let frames = case.stack.iter().skip(raised.at).take_while(of_it).filter(|frame| !frame.is_label);
    let mut frames: Vec<&StackFrame> = frames.take(TRACE_FRAMES_MAX).collect();
    frames.reverse();
    let mut text = String::new();
    for frame in frames {
        text.push_str(&visible(&format!(
            "  File \"{}\", line {}, in {}",
            frame.file, frame.line, frame.name
        )));
        text.push('\n');
        let source = frame.source.and_then(|place| case.sources.all.get(place));
        if let Some(line) = source.and_then(|source| source.line(frame.line)) {
            text.push_str(&format!("    {}\n", visible(line.trim())));
        }
    }
    text
}

/// Lines stay lines.
fn lines(text: &str) -> String {
    text.trim_end().split('\n').map(visible).collect::<Vec<_>>().join("\n")
}
