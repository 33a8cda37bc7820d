//! `/v0.4/traces`: an array of traces, each an array of spans, each a map with names as keys.

use reenact_model::Limits;

use super::super::chunk::{Chunk, RawSpan, Request};
use super::super::{Awaited, ClientInfo};
use crate::msgpack::{Cursor, ReadError};
use crate::text::Text;
use crate::{DecodeError, Decoded, check_size};

/// Attributes of one span event that are read.
const EVENT_ATTRIBUTES_MAX: usize = 256;

/// Decodes the traces of one v0.3 or v0.4 request into fragments.
///
/// Lenient per span: one that is wrongly typed or breaks a limit becomes a problem, its siblings are
/// kept. A trace without an error and without a recorded exception is counted and makes no fragment,
/// unless it is `awaited`.
///
/// - **Limits:** `limits.body_bytes_max`, `spans_max`, `trace_spans_max` (spans with an error are
///   kept beyond it), `tags_max`, `text_bytes_max`, `stack_bytes_max`, `span_events_max`. O(bytes)
///   time; borrows from `body` until an error is found; copies at most twice `body_bytes_max` of text.
/// - **Units:** `start` and `duration` are nanoseconds, as sent.
/// - **Source:** Datadog Agent `/v0.4/traces`; recorded in `fixtures/ddtrace/*-v04`, `1.16-flask-v03`.
///
/// # Errors
/// [`DecodeError::TooLarge`] before reading; [`DecodeError::Truncated`] and [`DecodeError::Malformed`]
/// when not one span could be decoded. When some could, the same is a problem in [`Decoded`].
pub fn decode(
    body: &[u8],
    client: &ClientInfo<'_>,
    limits: &Limits,
    awaited: Awaited<'_>,
) -> Result<Decoded, DecodeError> {
    check_size(body, limits.body_bytes_max)?;
    let request = Request::new(client, limits, awaited);
    super::decode_traces(&mut Cursor::new(body), request, 0, |cursor, chunk| {
        chunk.read_span(|chunk, span| read_span(cursor, chunk, span))
    })
}

fn read_span<'a>(
    cursor: &mut Cursor<'a>,
    chunk: &mut Chunk<'a>,
    span: &mut RawSpan<'a>,
) -> Result<(), ReadError> {
    for _ in 0..cursor.map()? {
        match cursor.byte_string()? {
            b"service" => span.service = cursor.text()?,
            b"name" => span.name = cursor.text()?,
            b"resource" => span.resource = cursor.text()?,
            b"type" => span.kind = cursor.text()?,
            b"trace_id" => span.trace_id = cursor.u64()?,
            b"span_id" => span.span_id = cursor.u64()?,
            b"parent_id" => span.parent_id = cursor.u64()?,
            b"start" => span.start = cursor.i64()?,
            b"duration" => span.duration = cursor.i64()?,
            b"error" => span.failed = cursor.i64()? != 0,
            b"meta" => {
                for _ in 0..cursor.map()? {
                    let (name, value) = (cursor.text()?, cursor.text()?);
                    chunk.tag(name, value)?;
                }
            }
            b"metrics" => {
                for _ in 0..cursor.map()? {
                    let (name, value) = (cursor.text()?, cursor.f64()?);
                    chunk.metric(name, value)?;
                }
            }
            b"span_events" => {
                for _ in 0..cursor.array()? {
                    read_event(cursor, chunk)?;
                }
            }
            _ => cursor.skip()?,
        }
    }
    Ok(())
}

fn read_event<'a>(cursor: &mut Cursor<'a>, chunk: &mut Chunk<'a>) -> Result<(), ReadError> {
    let (mut name, mut time, mut attributes) = (Text::default(), 0, Vec::new());
    for _ in 0..cursor.map()? {
        match cursor.byte_string()? {
            b"name" => name = cursor.text()?,
            b"time_unix_nano" => time = cursor.i64()?,
            b"attributes" => {
                for _ in 0..cursor.map()? {
                    let (name, value) = (cursor.text()?, read_attribute(cursor)?);
                    if attributes.len() < EVENT_ATTRIBUTES_MAX {
                        attributes.push((name, value));
                    }
                }
            }
            _ => cursor.skip()?,
        }
    }
    chunk.event(&name, time, attributes);
    Ok(())
}

/// A typed value as text: `{type: 0, string_value: "..."}`. An array is shown with its items.
fn read_attribute<'a>(cursor: &mut Cursor<'a>) -> Result<Text<'a>, ReadError> {
    let mut value = Text::default();
    for _ in 0..cursor.map()? {
        match cursor.byte_string()? {
            b"string_value" | b"bool_value" | b"int_value" | b"double_value" => {
                value = cursor.scalar_text()?
            }
            b"array_value" => {
                let mut shown = String::from("[");
                for _ in 0..cursor.map()? {
                    if cursor.byte_string()? == b"values" {
                        for index in 0..cursor.array()? {
                            shown.push_str(if index == 0 { "" } else { ", " });
                            for _ in 0..cursor.map()? {
                                match cursor.byte_string()? {
                                    b"type" => cursor.skip()?,
                                    _ => shown.push_str(&cursor.scalar_text()?),
                                }
                            }
                        }
                    } else {
                        cursor.skip()?;
                    }
                }
                shown.push(']');
                value = Text::from_owned(shown);
            }
            _ => cursor.skip()?,
        }
    }
    Ok(value)
}
