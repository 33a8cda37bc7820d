//! `/v1.0/traces`: maps with numbers as keys, and strings that are sent once and referred to by index.
//!
//! No recorded client uses it yet; the format follows the Datadog Agent's public description
//! (`pkg/proto/datadog/trace/idx`, `pkg/proto/pbgo/trace/idx`), and is not checked against a recording.

use reenact_model::Limits;

use super::super::chunk::{Chunk, RawSpan, Request};
use super::super::{Awaited, ClientInfo};
use super::Read;
use super::v05::STRINGS_MAX;
use crate::msgpack::{Cursor, ReadError};
use crate::text::{Text, cut};
use crate::{DecodeError, Decoded, check_size};

/// Attributes of the payload, a chunk or an event that are read.
const ATTRIBUTES_MAX: usize = 256;

type Attributes<'a> = Vec<(Text<'a>, Text<'a>)>;

/// Decodes the traces of one v1 request into fragments.
///
/// As [`super::v04::decode`]. A span cannot be skipped without its strings, as later ones may refer
/// to them: after a wrongly typed value the rest of the payload is one problem.
///
/// - **Limits:** as v0.4; 2,000,000 strings; attributes nested at most `limits.depth_max`.
/// - **Units:** `start` and `duration` are nanoseconds.
/// - **Source:** Datadog Agent, `pkg/proto/datadog/trace/idx/*.proto` and their MessagePack form.
///
/// # Errors
/// As v0.4.
pub fn decode(
    body: &[u8],
    client: &ClientInfo<'_>,
    limits: &Limits,
    awaited: Awaited<'_>,
) -> Result<Decoded, DecodeError> {
    check_size(body, limits.body_bytes_max)?;
    let mut request = Request::new(client, limits, awaited);
    let mut reader = Reader {
        cursor: Cursor::new(body),
        strings: vec![Text::default()],
        depth_max: limits.depth_max,
        text_bytes_max: limits.text_bytes_max,
    };
    let result = reader.payload(&mut request).map(|read| {
        if read == Read::Whole {
            super::nothing_behind(&reader.cursor, &mut request);
        }
    });
    super::finish(request, result)
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    strings: Vec<Text<'a>>,
    depth_max: usize,
    text_bytes_max: usize,
}

/// What holds for all chunks of a payload.
#[derive(Default)]
struct Payload<'a> {
    language: Text<'a>,
    env: Text<'a>,
    host: Text<'a>,
    version: Text<'a>,
    attributes: Attributes<'a>,
}

impl<'a> Reader<'a> {
    fn payload(&mut self, request: &mut Request<'_>) -> Result<Read, ReadError> {
        let mut payload = Payload::default();
        for _ in 0..self.cursor.map()? {
            match self.cursor.u64()? {
                1 => self.table()?,
                3 => payload.language = self.string()?,
                5 => {
                    let version = self.string()?;
                    request.client_version(&version);
                }
                7 => payload.env = self.string()?,
                8 => payload.host = self.string()?,
                9 => payload.version = self.string()?,
                10 => payload.attributes = self.attributes()?,
                11 => {
                    let mut chunk = Chunk::default();
                    let mut spans_left = request.limits.spans_max;
                    let chunks = u64::from(self.cursor.array()?);
                    for number in 0..chunks {
                        chunk.clear();
                        let result = self.chunk(&mut chunk, &payload, &mut spans_left);
                        chunk.finish(request, number);
                        let unread = result?;
                        // A chunk without spans costs as much as one.
                        spans_left = spans_left.saturating_sub(usize::from(chunk.span_number() == 0));
                        if unread > 0 || spans_left == 0 && number + 1 < chunks {
                            super::stop(&self.cursor, request, number, unread, chunks - number - 1);
                            return Ok(Read::Stopped);
                        }
                    }
                }
                _ => self.string_or_skip()?,
            }
        }
        Ok(Read::Whole)
    }

    /// Reads one chunk; gives the number of spans over the limit, which were not read.
    fn chunk(
        &mut self,
        chunk: &mut Chunk<'a>,
        payload: &Payload<'a>,
        spans_left: &mut usize,
    ) -> Result<u64, ReadError> {
        for (name, value) in [
            ("language", &payload.language),
            ("env", &payload.env),
            ("_dd.hostname", &payload.host),
            ("version", &payload.version),
        ] {
            if !value.is_empty() {
                chunk.shared.push((Text::Borrowed(name), value.clone()));
            }
        }
        chunk.shared.extend(payload.attributes.iter().cloned());
        for _ in 0..self.cursor.map()? {
            match self.cursor.u64()? {
                3 => {
                    let attributes = self.attributes()?;
                    let room = (2 * ATTRIBUTES_MAX).saturating_sub(chunk.shared.len());
                    chunk.shared.extend(attributes.into_iter().take(room));
                }
                4 => {
                    let spans = self.cursor.array()?;
                    for index in 0..spans {
                        if *spans_left == 0 {
                            return Ok(u64::from(spans - index));
                        }
                        *spans_left -= 1;
                        chunk.read_span(|chunk, span| self.span(chunk, span))?;
                    }
                }
                6 => {
                    let bytes = self.cursor.byte_string()?;
                    let id = bytes.iter().rev().take(16).rev();
                    chunk.trace_id = Some(id.fold(0, |id, byte| id << 8 | u128::from(*byte)));
                }
                _ => self.string_or_skip()?,
            }
        }
        Ok(0)
    }

    fn span(&mut self, chunk: &mut Chunk<'a>, span: &mut RawSpan<'a>) -> Result<(), ReadError> {
        for _ in 0..self.cursor.map()? {
            match self.cursor.u64()? {
                1 => span.service = self.string()?,
                2 => span.name = self.string()?,
                3 => span.resource = self.string()?,
                4 => span.span_id = self.cursor.u64()?,
                5 => span.parent_id = self.cursor.u64()?,
                6 => span.start = self.cursor.i64()?,
                7 => span.duration = self.cursor.i64()?,
                8 => span.failed = self.cursor.i64()? != 0,
                9 => self.span_attributes(chunk)?,
                10 => span.kind = self.string()?,
                11 => {
                    for _ in 0..self.cursor.array()? {
                        self.link()?;
                    }
                }
                12 => {
                    for _ in 0..self.cursor.array()? {
                        self.event(chunk)?;
                    }
                }
                13 => self.tag(chunk, "env")?,
                14 => self.tag(chunk, "version")?,
                15 => self.tag(chunk, "component")?,
                16 => {
                    let kind = match self.cursor.u64()? {
                        1 => "internal",
                        2 => "server",
                        3 => "client",
                        4 => "producer",
                        5 => "consumer",
                        _ => continue,
                    };
                    chunk.tag(Text::Borrowed("span.kind"), Text::Borrowed(kind))?;
                }
                _ => self.string_or_skip()?,
            }
        }
        Ok(())
    }

    fn tag(&mut self, chunk: &mut Chunk<'a>, name: &'static str) -> Result<(), ReadError> {
        let value = self.string()?;
        if value.is_empty() { Ok(()) } else { chunk.tag(Text::Borrowed(name), value) }
    }

    /// Attributes with a number are metrics, all others are tags.
    fn span_attributes(&mut self, chunk: &mut Chunk<'a>) -> Result<(), ReadError> {
        for _ in 0..self.cursor.array()? / 3 {
            let name = self.string()?;
            match self.cursor.u64()? {
                3 | 4 => {
                    let value = self.cursor.f64()?;
                    chunk.metric(name, value)?;
                }
                kind => {
                    let value = self.value(kind, 0)?;
                    chunk.tag(name, value)?;
                }
            }
        }
        Ok(())
    }

    fn attributes(&mut self) -> Result<Attributes<'a>, ReadError> {
        let mut attributes = Vec::new();
        for _ in 0..self.cursor.array()? / 3 {
            let name = self.string()?;
            let kind = self.cursor.u64()?;
            let value = self.value(kind, 0)?;
            if attributes.len() < ATTRIBUTES_MAX {
                attributes.push((name, value));
            }
        }
        Ok(attributes)
    }

    /// A value of the given kind as text.
    fn value(&mut self, kind: u64, depth: usize) -> Result<Text<'a>, ReadError> {
        let at = self.cursor.at();
        if depth > self.depth_max.min(128) {
            return Err(ReadError::Limit {
                message: format!("attributes nested deeper than {}", self.depth_max),
            });
        }
        match kind {
            1 => self.string(),
            2..=4 => self.cursor.scalar_text(),
            5 => {
                let bytes = self.cursor.byte_string()?;
                Ok(Text::from_owned(format!("{} bytes", bytes.len())))
            }
            6 | 7 => {
                let mut shown = String::from(if kind == 6 { "[" } else { "{" });
                let width = if kind == 6 { 2 } else { 3 };
                for index in 0..self.cursor.array()? / width {
                    let name = if kind == 7 { Some(self.string()?) } else { None };
                    let kind = self.cursor.u64()?;
                    let value = self.value(kind, depth + 1)?;
                    if shown.len() < self.text_bytes_max {
                        shown.push_str(if index == 0 { "" } else { ", " });
                        if let Some(name) = name {
                            shown.push_str(cut(&name, self.text_bytes_max));
                            shown.push_str(": ");
                        }
                        shown.push_str(cut(&value, self.text_bytes_max));
                    }
                }
                shown.push(if kind == 6 { ']' } else { '}' });
                Ok(Text::from_owned(shown))
            }
            _ => Err(ReadError::Wrong { at, expected: "attribute of a known kind" }),
        }
    }

    fn link(&mut self) -> Result<(), ReadError> {
        for _ in 0..self.cursor.map()? {
            match self.cursor.u64()? {
                3 => {
                    self.attributes()?;
                }
                _ => self.string_or_skip()?,
            }
        }
        Ok(())
    }

    fn event(&mut self, chunk: &mut Chunk<'a>) -> Result<(), ReadError> {
        let (mut time, mut name, mut attributes) = (0, Text::default(), Vec::new());
        for _ in 0..self.cursor.map()? {
            match self.cursor.u64()? {
                1 => time = self.cursor.i64()?,
                2 => name = self.string()?,
                3 => attributes = self.attributes()?,
                _ => self.string_or_skip()?,
            }
        }
        chunk.event(&name, time, attributes);
        Ok(())
    }

    fn table(&mut self) -> Result<(), ReadError> {
        for _ in 0..self.cursor.array()? {
            let string = self.cursor.text()?;
            if !string.is_empty() {
                self.remember(string)?;
            }
        }
        Ok(())
    }

    /// A string that is sent here for the first time, or the index of one that was sent before.
    fn string(&mut self) -> Result<Text<'a>, ReadError> {
        let at = self.cursor.at();
        if self.cursor.is_text_next() {
            let string = self.cursor.text()?;
            if !string.is_empty() {
                self.remember(string.clone())?;
            }
            return Ok(string);
        }
        let index = usize::try_from(self.cursor.u64()?).unwrap_or(usize::MAX);
        self.strings
            .get(index)
            .cloned()
            .ok_or(ReadError::Wrong { at, expected: "index of a string sent before" })
    }

    fn remember(&mut self, string: Text<'a>) -> Result<(), ReadError> {
        if self.strings.len() >= STRINGS_MAX {
            return Err(ReadError::Limit { message: format!("more than {STRINGS_MAX} strings") });
        }
        self.strings.push(string);
        Ok(())
    }

    /// Passes a value that is not needed, but may be a string that is referred to later.
    fn string_or_skip(&mut self) -> Result<(), ReadError> {
        if self.cursor.is_text_next() {
            self.string()?;
            return Ok(());
        }
        self.cursor.skip()
    }
}
