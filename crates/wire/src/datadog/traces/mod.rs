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
use crate::{DecodeError, Decoded};

/// Reads an array of traces, each an array of spans, as all formats before v1 have it.
fn decode_traces<'a>(
    cursor: &mut Cursor<'a>,
    mut request: Request<'_>,
    read_span: impl FnMut(&mut Cursor<'a>, &mut Chunk<'a>) -> Result<(), ReadError>,
) -> Result<Decoded, DecodeError> {
    let result = read_traces(cursor, &mut request, read_span);
    finish(request, result)
}

fn read_traces<'a>(
    cursor: &mut Cursor<'a>,
    request: &mut Request<'_>,
    mut read_span: impl FnMut(&mut Cursor<'a>, &mut Chunk<'a>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut chunk = Chunk::default();
    let mut spans_left = request.limits.spans_max;
    let traces = cursor.array()?;
    for trace_number in 0..u64::from(traces) {
        chunk.clear();
        let at = cursor.at();
        let spans = match cursor.array() {
            Ok(spans) => spans,
            Err(error) => {
                skip_from(cursor, at, error, request, &format!("trace {trace_number}"))?;
                continue;
            }
        };
        let result =
            read_spans(cursor, &mut chunk, request, trace_number, spans, &mut spans_left, &mut read_span);
        chunk.finish(request, trace_number);
        result?;
    }
    Ok(())
}

/// Reads `spans` spans into the chunk. One with a problem is skipped to its end.
fn read_spans<'a>(
    cursor: &mut Cursor<'a>,
    chunk: &mut Chunk<'a>,
    request: &mut Request<'_>,
    trace_number: u64,
    spans: u32,
    spans_left: &mut usize,
    read_span: &mut impl FnMut(&mut Cursor<'a>, &mut Chunk<'a>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    for _ in 0..spans {
        let at = cursor.at();
        if *spans_left == 0 {
            let message = format!(
                "span {} of trace {trace_number}: the request has more than {} spans",
                chunk.span_number(),
                request.limits.spans_max
            );
            cursor.skip()?;
            request.decoded.problem(ProblemKind::TooLarge, 1, message);
            continue;
        }
        *spans_left -= 1;
        let number = chunk.span_number();
        if let Err(error) = read_span(cursor, chunk) {
            skip_from(cursor, at, error, request, &format!("span {number} of trace {trace_number}"))?;
        }
    }
    Ok(())
}

/// After an error in the value at `at`: notes it and goes on behind the value, unless the bytes end.
fn skip_from(
    cursor: &mut Cursor<'_>,
    at: usize,
    error: ReadError,
    request: &mut Request<'_>,
    place: &str,
) -> Result<(), ReadError> {
    let (kind, what) = match error {
        ReadError::Truncated { .. } => return Err(error),
        ReadError::Wrong { at, expected } => {
            (ProblemKind::Malformed, format!("expected a {expected} at byte {at}"))
        }
        ReadError::Limit { message } => (ProblemKind::TooLarge, message),
    };
    cursor.go_back(at);
    cursor.skip()?;
    request.decoded.problem(kind, 1, format!("{place}: {what}"));
    Ok(())
}

/// An error where something was decoded before becomes a problem.
fn finish(mut request: Request<'_>, result: Result<(), ReadError>) -> Result<Decoded, DecodeError> {
    if let Err(error) = result {
        let error = DecodeError::from(error);
        if request.decoded.spans_received == 0 {
            return Err(error);
        }
        request.decoded.problem(ProblemKind::Malformed, 1, error.to_string());
    }
    Ok(request.decoded)
}
