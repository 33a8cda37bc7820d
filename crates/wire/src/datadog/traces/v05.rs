//! `/v0.5/traces`: a table of strings, then traces whose spans are arrays of indices into it.

use reenact_model::Limits;

use super::super::chunk::{Chunk, RawSpan, Request};
use super::super::{Awaited, ClientInfo};
use crate::msgpack::{Cursor, ReadError};
use crate::text::Text;
use crate::{DecodeError, Decoded, check_size};

/// Strings of one table; 20 MB of traces have some 100,000.
pub(super) const STRINGS_MAX: usize = 2_000_000;

/// Fields of a span.
const SPAN_FIELDS: u32 = 12;

/// Decodes the traces of one v0.5 request into fragments.
///
/// As [`super::v04::decode`]; a span that refers to a string that is not in the table is a problem.
///
/// - **Limits:** as v0.4, and 2,000,000 strings in the table.
/// - **Units:** `start` and `duration` are nanoseconds, as sent.
/// - **Source:** Datadog Agent `/v0.5/traces`; recorded in `fixtures/ddtrace/*-v05`.
///
/// # Errors
/// As v0.4; also [`DecodeError::Malformed`] when the table has too many strings.
pub fn decode(
    body: &[u8],
    client: &ClientInfo<'_>,
    limits: &Limits,
    awaited: Awaited<'_>,
) -> Result<Decoded, DecodeError> {
    check_size(body, limits.body_bytes_max)?;
    let mut cursor = Cursor::new(body);
    let at = cursor.at();
    let parts = cursor.array()?;
    if parts < 2 {
        return Err(ReadError::Wrong { at, expected: "array of strings and traces" }.into());
    }
    let strings = read_strings(&mut cursor)?;
    let request = Request::new(client, limits, awaited);
    super::decode_traces(&mut cursor, request, parts - 2, |cursor, chunk| {
        chunk.read_span(|chunk, span| read_span(cursor, &strings, chunk, span))
    })
}

fn read_strings<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<Text<'a>>, ReadError> {
    let count = cursor.array()? as usize;
    if count > STRINGS_MAX {
        return Err(ReadError::Limit { message: format!("more than {STRINGS_MAX} strings in the table") });
    }
    let mut strings = Vec::new();
    for _ in 0..count {
        strings.push(cursor.text()?);
    }
    Ok(strings)
}

fn read_span<'a>(
    cursor: &mut Cursor<'a>,
    strings: &[Text<'a>],
    chunk: &mut Chunk<'a>,
    span: &mut RawSpan<'a>,
) -> Result<(), ReadError> {
    let at = cursor.at();
    let fields = cursor.array()?;
    if fields < SPAN_FIELDS {
        return Err(ReadError::Wrong { at, expected: "span of 12 fields" });
    }
    let string = |cursor: &mut Cursor<'a>| {
        let at = cursor.at();
        let index = usize::try_from(cursor.u64()?).unwrap_or(usize::MAX);
        strings
            .get(index)
            .cloned()
            .ok_or(ReadError::Wrong { at, expected: "index into the table of strings" })
    };
    span.service = string(cursor)?;
    span.name = string(cursor)?;
    span.resource = string(cursor)?;
    span.trace_id = cursor.u64()?;
    span.span_id = cursor.u64()?;
    span.parent_id = cursor.u64()?;
    span.start = cursor.i64()?;
    span.duration = cursor.i64()?;
    span.failed = cursor.i64()? != 0;
    for _ in 0..cursor.map()? {
        let (name, value) = (string(cursor)?, string(cursor)?);
        chunk.tag(name, value)?;
    }
    for _ in 0..cursor.map()? {
        let (name, value) = (string(cursor)?, cursor.f64()?);
        chunk.metric(name, value)?;
    }
    span.kind = string(cursor)?;
    for _ in SPAN_FIELDS..fields {
        cursor.skip()?;
    }
    Ok(())
}
