//! `/v0.6/stats`: how often each kind of work ran and failed; the true counts when traces are sampled.

use reenact_model::Limits;

use crate::msgpack::{Cursor, ReadError};
use crate::{DecodeError, check_size};

/// What one stats request held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Spans of time.
    pub buckets: u64,
    /// Kinds of work, over all buckets.
    pub groups: u64,
    /// How often they ran.
    pub hits: u64,
    /// How often they failed.
    pub errors: u64,
}

/// Counts what one request of client-computed statistics holds.
///
/// - **Limits:** `limits.body_bytes_max`; O(bytes) time, no allocation.
/// - **Source:** Datadog Agent `/v0.6/stats`; recorded in `fixtures/ddtrace/4.16-stats`.
///
/// # Errors
/// [`DecodeError::Truncated`] or [`DecodeError::Malformed`] when the body is not such a map.
pub fn decode(body: &[u8], limits: &Limits) -> Result<Stats, DecodeError> {
    check_size(body, limits.body_bytes_max)?;
    let mut stats = Stats::default();
    let mut cursor = Cursor::new(body);
    each_entry(&mut cursor, b"Stats", |cursor| {
        for _ in 0..cursor.array()? {
            stats.buckets += 1;
            each_entry(cursor, b"Stats", |cursor| {
                for _ in 0..cursor.array()? {
                    stats.groups += 1;
                    read_group(cursor, &mut stats)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    })?;
    Ok(stats)
}

/// Reads a map, of it only the value called `name`.
fn each_entry<'a>(
    cursor: &mut Cursor<'a>,
    name: &[u8],
    mut read: impl FnMut(&mut Cursor<'a>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    for _ in 0..cursor.map()? {
        if cursor.byte_string()? == name {
            read(cursor)?;
        } else {
            cursor.skip()?;
        }
    }
    Ok(())
}

fn read_group(cursor: &mut Cursor<'_>, stats: &mut Stats) -> Result<(), ReadError> {
    for _ in 0..cursor.map()? {
        match cursor.byte_string()? {
            b"Hits" => stats.hits = stats.hits.saturating_add(cursor.u64()?),
            b"Errors" => stats.errors = stats.errors.saturating_add(cursor.u64()?),
            _ => cursor.skip()?,
        }
    }
    Ok(())
}
