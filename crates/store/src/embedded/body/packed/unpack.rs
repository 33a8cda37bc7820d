//! Reading packed snapshots.

use reenact_model::{CapturedValue, Content, NotCaptured, Snapshot, SnapshotId, SpanId, TraceId, Variables};

use super::{
    ABSENT, AS_BEFORE, Before, DEPTH_MAX, MORE, NOT_CAPTURED, NUMBERED_BYTES_MAX, Part, REFERENCE, RULE,
    SIZE_IS_COUNT, SIZE_WRITTEN, TRUNCATED, WORDS, code,
};

/// Reads packed snapshots; their ids are zero. `None` when the bytes are not what [`Packer`] makes.
pub(in super::super) fn unpack(packed: &[u8]) -> Option<Vec<Snapshot>> {
    let mut head = Shapes(packed);
    let length = head.length()?;
    let (shapes, texts) = head.0.split_at_checked(length)?;
    let mut reader = Reader {
        shapes: Shapes(shapes),
        texts: std::str::from_utf8(texts).ok()?,
        numbered: WORDS.to_vec(),
        before: Before::default(),
    };
    let mut snapshots = Vec::new();
    while !reader.shapes.0.is_empty() {
        snapshots.push(reader.snapshot()?);
    }
    reader.texts.is_empty().then_some(snapshots)
}

struct Shapes<'a>(&'a [u8]);

impl Shapes<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    /// A count of things of which each takes a byte at least.
    fn count(&mut self) -> Option<usize> {
        self.length().filter(|count| *count <= self.0.len())
    }

    fn id(&mut self) -> Option<u128> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u128::from_be_bytes(*bytes))
    }
}

struct Reader<'a> {
    shapes: Shapes<'a>,
    texts: &'a str,
    numbered: Vec<&'a str>,
    before: Before,
}

impl Reader<'_> {
    fn snapshot(&mut self) -> Option<Snapshot> {
        let parts = self.shapes.number()?;
        let before = self.before;
        let capture = self.id(Part::Capture, parts, before.capture.map(|id| id.0))?;
        let trace = self.id(Part::Trace, parts, before.trace.map(|id| id.0))?;
        let span = self.id(Part::Span, parts, before.span.map(|id| id.0.into()))?;
        let difference = self.shapes.number()?;
        let difference = (difference >> 1).cast_signed() ^ -(difference & 1).cast_signed();
        self.before = Before {
            timestamp: before.timestamp.wrapping_add(difference),
            capture: capture.map(SnapshotId),
            trace: trace.map(TraceId),
            span: span.map(u64::try_from).transpose().ok()?.map(SpanId),
        };
        let (service, function, file) = (self.text()?, self.text()?, self.text()?);
        let env = self.text_if(Part::Env.is_in(parts))?;
        let version = self.text_if(Part::Version.is_in(parts))?;
        let host = self.text_if(Part::Host.is_in(parts))?;
        let thread = self.text_if(Part::Thread.is_in(parts))?;
        let line = if Part::Line.is_in(parts) { Some(self.shapes.number()?) } else { None };
        let dropped = if Part::Dropped.is_in(parts) { self.shapes.number()? } else { 0 };
        Some(Snapshot {
            id: SnapshotId::default(),
            capture_id: self.before.capture,
            timestamp: reenact_model::Timestamp::from_nanos(self.before.timestamp),
            service,
            env,
            version,
            host,
            trace_id: self.before.trace,
            span_id: self.before.span,
            function,
            file,
            line_number: line.map(u32::try_from).transpose().ok()?,
            thread,
            arguments: self.variables(Part::Arguments, parts)?,
            locals: self.variables(Part::Locals, parts)?,
            globals: self.variables(Part::Globals, parts)?,
            closure: self.variables(Part::Closure, parts)?,
            values_dropped: u32::try_from(dropped).ok()?,
        })
    }

    fn id(&mut self, part: Part, parts: u64, before: Option<u128>) -> Option<Option<u128>> {
        match parts >> (part as u32) & 3 {
            ABSENT => Some(None),
            AS_BEFORE => Some(before),
            _ => self.shapes.id().map(Some),
        }
    }

    fn text_if(&mut self, is_there: bool) -> Option<Option<String>> {
        if is_there { self.text().map(Some) } else { Some(None) }
    }

    fn text(&mut self) -> Option<String> {
        let number = self.shapes.length()?;
        if number & 1 == 1 {
            return self.numbered.get(number >> 1).map(|text| (*text).to_owned());
        }
        let (text, rest) = self.texts.split_at_checked(number >> 1)?;
        self.texts = rest;
        if text.len() <= NUMBERED_BYTES_MAX {
            self.numbered.push(text);
        }
        Some(text.to_owned())
    }

    fn variables(&mut self, part: Part, parts: u64) -> Option<Variables> {
        if part.is_in(parts) { self.fields(DEPTH_MAX).map(Variables) } else { Some(Variables::default()) }
    }

    fn fields(&mut self, depth: usize) -> Option<Vec<(String, CapturedValue)>> {
        (0..self.shapes.count()?).map(|_| Some((self.text()?, self.value(depth)?))).collect()
    }

    fn value(&mut self, depth: usize) -> Option<CapturedValue> {
        let depth = depth.checked_sub(1)?;
        let tag = self.shapes.byte()?;
        let more = if tag & MORE != 0 { self.shapes.byte()? } else { 0 };
        let type_name = self.text()?;
        let written_size = if tag >> 3 & 3 == SIZE_WRITTEN { Some(self.shapes.number()?) } else { None };
        let not_captured = match tag & NOT_CAPTURED {
            0 => None,
            _ => Some(self.shapes.byte().and_then(reason)?),
        };
        let rule = self.text_if(more & RULE != 0)?;
        let reference = if more & REFERENCE != 0 { Some(self.shapes.number()?) } else { None };
        let mut count = None;
        let content = match tag & 7 {
            0 => Content::Nothing,
            1 => Content::Null,
            2 => Content::Scalar(self.text()?),
            3 => {
                let fields = self.fields(depth)?;
                count = Some(fields.len() as u64);
                Content::Fields(fields)
            }
            4 => {
                let elements: Vec<_> =
                    (0..self.shapes.count()?).map(|_| self.value(depth)).collect::<Option<_>>()?;
                count = Some(elements.len() as u64);
                Content::Elements(elements)
            }
            5 => {
                let entries: Vec<_> = (0..self.shapes.count()?)
                    .map(|_| Some((self.value(depth)?, self.value(depth)?)))
                    .collect::<Option<_>>()?;
                count = Some(entries.len() as u64);
                Content::Entries(entries)
            }
            _ => return None,
        };
        Some(CapturedValue {
            type_name,
            content,
            truncated: tag & TRUNCATED != 0,
            size: if tag >> 3 & 3 == SIZE_IS_COUNT { count } else { written_size },
            not_captured,
            rule,
            reference: reference.map(u32::try_from).transpose().ok()?,
        })
    }
}

fn reason(code_of: u8) -> Option<NotCaptured> {
    NotCaptured::ALL.into_iter().find(|reason| code(*reason) == code_of)
}
