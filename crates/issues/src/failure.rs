//! What a failed span tells of its exception.

use reenact_model::{Exception, Frame, FrameLink, Limits, Span, SpanError, TraceChunk};

use crate::links;
use crate::traceback::{self, Traceback};

/// What an exception is recognised by where the client gives no id.
pub(crate) type Likeness = (String, String, Option<(String, String, Option<u32>)>);

/// A span that failed with an exception.
pub(crate) struct Failure<'a> {
    pub(crate) span: usize,
    pub(crate) error: &'a SpanError,
    pub(crate) traceback: Traceback,
    pub(crate) likeness: Likeness,
}

/// The exception that a span failed with, if it tells of one.
pub(crate) fn details(span: &Span) -> Option<&SpanError> {
    // ddtrace 1.16 puts capture tags of an unrelated exception on spans without error details.
    span.error.as_ref().filter(|error| {
        span.failed
            && !(error.type_name.is_empty() && error.message.is_empty() && error.stack.is_none())
            && !error.stack.as_deref().is_some_and(is_told_twice)
    })
}

/// Whether the span only tells again what another trace tells: for a background task of FastAPI ddtrace
/// opens one trace for FastAPI and, around it, one for Starlette.
fn is_told_twice(stack: &str) -> bool {
    let is_wrapper =
        |line: &&str| line.contains("/starlette/patch.py\"") && line.ends_with(", in traced_task");
    stack.lines().filter(is_wrapper).count() > 1
}

pub(crate) fn failures(chunk: &TraceChunk) -> Vec<Failure<'_>> {
    let mut failures = Vec::new();
    for (span, content) in chunk.spans.iter().enumerate() {
        let Some(error) = details(content) else { continue };
        let traceback = read(error.stack.as_deref(), &error.type_name, &error.message, &error.frame_links);
        let likeness = likeness(&error.type_name, &error.message, &traceback);
        failures.push(Failure { span, error, traceback, likeness });
    }
    failures
}

/// Reads a stack, and puts right what is known better than from its text.
pub(crate) fn read(
    stack: Option<&str>,
    type_name: &str,
    message: &str,
    frame_links: &[FrameLink],
) -> Traceback {
    let stack = stack.unwrap_or("");
    // A message may look like a part of a traceback; what follows it are the exception's notes.
    let (stack, notes) = match traceback::split_at_message(stack, type_name, message) {
        Some((stack, notes)) => (stack, notes),
        None => (stack, ""),
    };
    let mut traceback = traceback::parse(stack, &Limits::DEFAULT);
    if traceback.exceptions.is_empty() {
        traceback.exceptions.push(Exception::default());
        traceback.first_frame_numbers.push(1);
    }
    links::attach(&mut traceback, frame_links);
    drop_client_frames(&mut traceback.exceptions);
    for exception in &mut traceback.exceptions {
        exception.type_name = without_builtins(&exception.type_name).to_owned();
    }
    if let Some(last) = traceback.exceptions.last_mut() {
        let same_type = short(&last.type_name) == short(type_name);
        if !type_name.is_empty() {
            without_builtins(type_name).clone_into(&mut last.type_name);
        }
        if !message.is_empty() || !same_type {
            message.clone_into(&mut last.message);
        }
        traceback::add_notes(last, notes);
    }
    traceback
}

/// Names of built-in exceptions are shown and searched for as Python prints them.
pub(crate) fn without_builtins(type_name: &str) -> &str {
    type_name.strip_prefix("builtins.").unwrap_or(type_name)
}

pub(crate) fn short(type_name: &str) -> &str {
    type_name.rsplit('.').next().unwrap_or(type_name)
}

pub(crate) fn likeness(type_name: &str, message: &str, traceback: &Traceback) -> Likeness {
    let raised_at = traceback
        .exceptions
        .last()
        .and_then(|exception| exception.frames.last())
        .filter(|frame| !is_client_file(&frame.file))
        .map(|frame| (frame.file.clone(), frame.function.clone(), frame.line_number));
    (without_builtins(type_name).to_owned(), message.to_owned(), raised_at)
}

pub(crate) fn is_client_file(file: &str) -> bool {
    file.contains("/ddtrace/internal/wrapping/") || file.contains("-packages/ddtrace/")
}

/// Leaves out the frames of the client, and the frame at the `def` line that its wrapper adds.
pub(crate) fn drop_client_frames(exceptions: &mut [Exception]) {
    for exception in exceptions {
        let frames = &mut exception.frames;
        if frames.iter().all(|frame| is_client_file(&frame.file)) {
            continue;
        }
        let mut kept: Vec<Frame> = Vec::with_capacity(frames.len());
        let mut wrapped = false;
        for mut frame in frames.drain(..) {
            if is_client_file(&frame.file) {
                wrapped |= frame.file.contains("/ddtrace/internal/wrapping/");
                continue;
            }
            if wrapped
                && let Some(before) =
                    kept.pop_if(|before| before.file == frame.file && before.function == frame.function)
            {
                frame.snapshot_id = frame.snapshot_id.or(before.snapshot_id);
            }
            wrapped = false;
            kept.push(frame);
        }
        *frames = kept;
    }
}

/// Whether the client raised an exception for its own purposes.
pub(crate) fn is_of_client(traceback: &Traceback) -> bool {
    let mut frames = traceback.exceptions.iter().flat_map(|exception| &exception.frames).peekable();
    frames.peek().is_some()
        && frames.clone().all(|frame| !frame.in_app)
        && frames.any(|frame| is_client_file(&frame.file))
}
