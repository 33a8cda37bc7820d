//! `/v0.3/traces`, `/v0.4/traces`, `/v0.5/traces` and `/v1.0/traces`.

pub mod v04;
pub mod v05;
pub mod v10;

/// `/v0.3/traces` has the body of v0.4.
pub mod v03 {
    pub use super::v04::decode;
}

use reenact_model::ProblemKind;

use super::chunk::{Chunk, Request};
use crate::msgpack::{Cursor, ReadError};
use crate::{DecodeError, Decoded, with_article};

/// Reads an array of traces, each an array of spans, as all formats before v1 have it, then passes over
/// `surplus` further values.
fn decode_traces<'a>(
    cursor: &mut Cursor<'a>,
    mut request: Request<'_>,
    surplus: u32,
    read_span: impl FnMut(&mut Cursor<'a>, &mut Chunk<'a>) -> Result<(), ReadError>,
) -> Result<Decoded, DecodeError> {
    let result = read_traces(cursor, &mut request, read_span).and_then(|read| {
        if read == Read::Stopped {
            return Ok(());
        }
        for _ in 0..surplus {
            cursor.skip()?;
        }
        nothing_behind(cursor, &mut request);
        Ok(())
    });
    finish(request, result)
}

/// Whether the traces were read to their end, or the limit on spans was passed before.
#[derive(Clone, Copy, PartialEq)]
enum Read {
    Whole,
    Stopped,
}

/// What stands behind the traces is no part of them.
fn nothing_behind(cursor: &Cursor<'_>, request: &mut Request<'_>) {
    let bytes = cursor.bytes_left();
    if bytes > 0 {
        let at = cursor.at();
        let message =
            || format!("{bytes} bytes from byte {at} on stand behind the traces; they were not read");
        request.decoded.problem(ProblemKind::Malformed, 1, message);
    }
}

/// Counts what is not read any more, in one problem: a byte may be a span, and a body has millions.
fn stop(cursor: &Cursor<'_>, request: &mut Request<'_>, trace: u64, spans: u64, traces: u64) {
    // No more than the bytes can hold, whatever was declared.
    let items = spans.saturating_add(traces).min(cursor.bytes_left() as u64);
    let spans_max = request.limits.spans_max;
    let message =
        || format!("trace {trace}: the request has more than {spans_max} spans; the others were not read");
    let items = u32::try_from(items).unwrap_or(u32::MAX);
    request.decoded.problem(ProblemKind::TooLarge, items, message);
}

fn read_traces<'a>(
    cursor: &mut Cursor<'a>,
    request: &mut Request<'_>,
    mut read_span: impl FnMut(&mut Cursor<'a>, &mut Chunk<'a>) -> Result<(), ReadError>,
) -> Result<Read, ReadError> {
    let mut chunk = Chunk::default();
    let mut spans_left = request.limits.spans_max;
    let traces = cursor.array()?;
    for trace_number in 0..u64::from(traces) {
        chunk.clear();
        let at = cursor.at();
        let spans = match cursor.array() {
            Ok(spans) => spans,
            Err(error) if spans_left > 0 => {
                // What is no trace costs as much as a span, or more.
                spans_left -= 1;
                skip_from(cursor, at, error, request, || format!("trace {trace_number}"))?;
                continue;
            }
            Err(_) => {
                stop(cursor, request, trace_number, 0, u64::from(traces) - trace_number);
                return Ok(Read::Stopped);
            }
        };
        let result =
            read_spans(cursor, &mut chunk, request, trace_number, spans, &mut spans_left, &mut read_span);
        chunk.finish(request, trace_number);
        let unread = result?;
        if unread > 0 {
            stop(cursor, request, trace_number, unread, u64::from(traces) - trace_number - 1);
            return Ok(Read::Stopped);
        }
    }
    Ok(Read::Whole)
}

/// Reads `spans` spans into the chunk, and gives the number of those over the limit, which were not
/// read. One with a problem is skipped to its end.
fn read_spans<'a>(
    cursor: &mut Cursor<'a>,
    chunk: &mut Chunk<'a>,
    request: &mut Request<'_>,
    trace_number: u64,
    spans: u32,
    spans_left: &mut usize,
    read_span: &mut impl FnMut(&mut Cursor<'a>, &mut Chunk<'a>) -> Result<(), ReadError>,
) -> Result<u64, ReadError> {
    for index in 0..spans {
        let at = cursor.at();
        if *spans_left == 0 {
            return Ok(u64::from(spans - index));
        }
        *spans_left -= 1;
        let number = chunk.span_number();
        if let Err(error) = read_span(cursor, chunk) {
            skip_from(cursor, at, error, request, || format!("span {number} of trace {trace_number}"))?;
        }
    }
    Ok(0)
}

/// After an error in the value at `at`: notes it and goes on behind the value, unless the bytes end.
fn skip_from(
    cursor: &mut Cursor<'_>,
    at: usize,
    error: ReadError,
    request: &mut Request<'_>,
    place: impl FnOnce() -> String,
) -> Result<(), ReadError> {
    if matches!(error, ReadError::Truncated { .. }) {
        return Err(error);
    }
    cursor.go_back(at);
    cursor.skip()?;
    let problem = &mut request.decoded;
    match error {
        ReadError::Limit { message } => {
            problem.problem(ProblemKind::TooLarge, 1, || format!("{}: {message}", place()));
        }
        ReadError::Wrong { at, expected } | ReadError::Truncated { at, expected } => {
            problem.problem(ProblemKind::Malformed, 1, || {
                format!("{}: expected {} at byte {at}", place(), with_article(expected))
            });
        }
    }
    Ok(())
}

/// An error where something was decoded before becomes a problem.
fn finish(mut request: Request<'_>, result: Result<(), ReadError>) -> Result<Decoded, DecodeError> {
    if let Err(error) = result {
        let error = DecodeError::from(error);
        if request.decoded.spans_received == 0 {
            return Err(error);
        }
        request.decoded.problem(ProblemKind::Malformed, 1, || error.to_string());
    }
    Ok(request.decoded)
}
