//! Reading packed snapshots.

use std::collections::BTreeMap;

use reenact_model::{
    CapturedValue, CodePosition, Content, Form, FrameDetails, NotCaptured, Parameter, ParameterKind, Runtime,
    Snapshot, SnapshotId, SourceLines, SpanId, TraceId, Variables,
};

use super::details::{Detail, code_of_kind};
use super::{
    ABSENT, AS_BEFORE, Before, DEPTH_MAX, FORM, MORE, NOT_CAPTURED, NUMBERED_BYTES_MAX, Part, REFERENCE,
    RULE, SIZE_IS_COUNT, SIZE_WRITTEN, TRUNCATED, WORDS, code, code_of_form,
};

/// Reads packed snapshots; their ids are zero. `None` when the bytes are not what [`super::Packer`] makes.
///
/// - **Limits:** nesting of 256 values, and `texts_max` texts, names and values that are the same as earlier ones
///   counted each time: what refers to an earlier text takes two bytes, and its copy many more.
pub fn unpack(packed: &[u8], texts_max: usize) -> Option<Vec<Snapshot>> {
    let mut head = Shapes(packed);
    let length = head.length()?;
    let (shapes, texts) = head.0.split_at_checked(length)?;
    let mut reader = Reader {
        shapes: Shapes(shapes),
        texts: std::str::from_utf8(texts).ok()?,
        numbered: WORDS.to_vec(),
        before: Before::default(),
        texts_left: texts_max,
    };
    let mut snapshots = Vec::new();
    while !reader.shapes.0.is_empty() {
        snapshots.push(reader.snapshot()?);
    }
    reader.texts.is_empty().then_some(snapshots)
}

/// A number, and what follows it.
pub(crate) fn leading_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut shapes = Shapes(bytes);
    Some((shapes.number()?, shapes.0))
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
    texts_left: usize,
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
            details: if Part::Details.is_in(parts) { Some(Box::new(self.details()?)) } else { None },
        })
    }

    fn details(&mut self) -> Option<FrameDetails> {
        let parts = self.shapes.number()?;
        Some(FrameDetails {
            module: self.text_if(Detail::Module.is_in(parts))?,
            qualified_name: self.text_if(Detail::QualifiedName.is_in(parts))?,
            parameters: if Detail::Parameters.is_in(parts) { self.parameters()? } else { Vec::new() },
            code: if Detail::Code.is_in(parts) { Some(self.code(parts)?) } else { None },
            source: if Detail::Source.is_in(parts) { Some(self.source()?) } else { None },
            runtime: if Detail::Runtime.is_in(parts) { Some(self.runtime()?) } else { None },
            at_raise: self.variables_if(Detail::AtRaise.is_in(parts))?,
            at_entry: self.variables_if(Detail::AtEntry.is_in(parts))?,
        })
    }

    fn parameters(&mut self) -> Option<Vec<Parameter>> {
        let count = self.shapes.count()?;
        (0..count)
            .map(|_| Some(Parameter { name: self.text()?, kind: self.shapes.byte().and_then(kind)? }))
            .collect()
    }

    fn code(&mut self, parts: u64) -> Option<CodePosition> {
        let mut part = || u32::try_from(self.shapes.number()?).ok();
        Some(CodePosition {
            first_line: part()?,
            instruction: part()?,
            flags: part()?,
            end_line: if Detail::EndLine.is_in(parts) { Some(part()?) } else { None },
            columns: if Detail::Columns.is_in(parts) { Some((part()?, part()?)) } else { None },
        })
    }

    fn source(&mut self) -> Option<SourceLines> {
        let first_line = u32::try_from(self.shapes.number()?).ok()?;
        let file_hash = self.text()?;
        let count = self.shapes.count()?;
        let lines = (0..count).map(|_| self.text()).collect::<Option<_>>()?;
        Some(SourceLines { first_line, lines, file_hash })
    }

    fn runtime(&mut self) -> Option<Runtime> {
        let (implementation, version, platform) = (self.text()?, self.text()?, self.text()?);
        let count = self.shapes.count()?;
        let packages: BTreeMap<_, _> =
            (0..count).map(|_| Some((self.text()?, self.text()?))).collect::<Option<_>>()?;
        Some(Runtime { implementation, version, platform, packages })
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
        self.texts_left = self.texts_left.checked_sub(1)?;
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
        self.variables_if(part.is_in(parts))
    }

    fn variables_if(&mut self, is_there: bool) -> Option<Variables> {
        if is_there { self.fields(DEPTH_MAX).map(Variables) } else { Some(Variables::default()) }
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
        let form = match more & FORM {
            0 => None,
            _ => Some(self.shapes.byte().and_then(form)?),
        };
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
            form,
        })
    }
}

fn reason(code_of: u8) -> Option<NotCaptured> {
    NotCaptured::ALL.into_iter().find(|reason| code(*reason) == code_of)
}

fn form(code_of: u8) -> Option<Form> {
    Form::ALL.into_iter().find(|form| code_of_form(*form) == code_of)
}

fn kind(code_of: u8) -> Option<ParameterKind> {
    ParameterKind::ALL.into_iter().find(|kind| code_of_kind(*kind) == code_of)
}
