//! Snapshots packed into bytes, in which a text that repeats is written once.
//!
//! The frames of one exception hold the same objects again and again, and half of their JSON is the
//! names of its own members. Packed, they take a quarter of the bytes before compression, and most of
//! the time that compression takes goes with them.
//!
//! Packed snapshots are `length of the shapes · shapes · texts`. *Shapes* has all tags, counts and
//! numbers in order, *texts* the bytes of the texts in the order in which they are first met. Numbers
//! are variable in length (LEB128), signed ones zigzag. A text is `length << 1`, and then its bytes
//! are the next ones in *texts*, or `number << 1 | 1`, an earlier text: texts of at most
//! [`NUMBERED_BYTES_MAX`] bytes are numbered as they are first met, after those of [`WORDS`].
//! The id of a snapshot is not packed: its row in the day's file has it.

use reenact_model::{CapturedValue, Content, NotCaptured, Snapshot, SnapshotId, SpanId, TraceId, Variables};

/// Texts that have numbers in every body: what most captures hold. The order is the format.
const WORDS: [&str; 64] = [
    "",
    "str",
    "int",
    "dict",
    "list",
    "tuple",
    "NoneType",
    "bool",
    "float",
    "set",
    "bytes",
    "object",
    "type",
    "function",
    "method",
    "module",
    "True",
    "False",
    "0",
    "1",
    "2",
    "''",
    "self",
    "args",
    "kwargs",
    "request",
    "response",
    "@exception",
    "__cause__",
    "__context__",
    "__suppress_context__",
    "__notes__",
    "__traceback__",
    "cls",
    "name",
    "value",
    "key",
    "data",
    "id",
    "code",
    "status",
    "message",
    "url",
    "path",
    "headers",
    "user",
    "app",
    "environ",
    "scope",
    "receive",
    "send",
    "exc",
    "e",
    "i",
    "x",
    "n",
    "result",
    "items",
    "config",
    "datetime",
    "Decimal",
    "UUID",
    "<string>",
    "MainThread",
];
/// Length of the longest text that gets a number, in bytes.
const NUMBERED_BYTES_MAX: usize = 64;
/// Places of the table in which the writer looks for earlier texts; a power of two. Texts that fall on
/// the same place displace each other, which costs space and nothing else.
const PLACES: usize = 2_048;
/// Nesting of values; more than any limit on captures allows.
const DEPTH_MAX: usize = 256;

/// Packs snapshots.
pub(super) struct Packer<'a> {
    shapes: Vec<u8>,
    texts: Vec<u8>,
    places: Vec<Option<(&'a str, usize)>>,
    numbered: usize,
    before: Before,
}

/// What a snapshot is written in difference to: the one before it.
#[derive(Clone, Copy, Default)]
struct Before {
    timestamp: i64,
    capture: Option<SnapshotId>,
    trace: Option<TraceId>,
    span: Option<SpanId>,
}

/// The bits that say what a snapshot has, lowest first; the three ids have two of them each.
#[derive(Clone, Copy)]
enum Part {
    Capture = 0,
    Trace = 2,
    Span = 4,
    Env = 6,
    Version = 7,
    Host = 8,
    Line = 9,
    Thread = 10,
    Arguments = 11,
    Locals = 12,
    Globals = 13,
    Closure = 14,
    Dropped = 15,
}

impl Part {
    fn bit(self, set: bool) -> u64 {
        u64::from(set) << self as u32
    }

    fn is_in(self, parts: u64) -> bool {
        parts >> (self as u32) & 1 == 1
    }
}

/// How an id is written.
const ABSENT: u64 = 0;
const AS_BEFORE: u64 = 1;
const WRITTEN: u64 = 2;

fn how<T: PartialEq>(id: Option<T>, before: Option<T>) -> u64 {
    match id {
        None => ABSENT,
        id if id == before => AS_BEFORE,
        Some(_) => WRITTEN,
    }
}

/// Bits of a value's tag, above three for the kind of its content and two for its size.
const TRUNCATED: u8 = 1 << 5;
const NOT_CAPTURED: u8 = 1 << 6;
const MORE: u8 = 1 << 7;
/// Bits of the byte that follows a tag with [`MORE`].
const RULE: u8 = 1;
const REFERENCE: u8 = 2;

/// How a size is written.
const NO_SIZE: u8 = 0;
const SIZE_IS_COUNT: u8 = 1;
const SIZE_WRITTEN: u8 = 2;

impl<'a> Packer<'a> {
    pub(super) fn new() -> Self {
        let mut packer = Self {
            shapes: Vec::new(),
            texts: Vec::new(),
            places: vec![None; PLACES],
            numbered: WORDS.len(),
            before: Before::default(),
        };
        for (number, word) in WORDS.iter().enumerate() {
            packer.places[place(word)] = Some((word, number));
        }
        packer
    }

    /// Length of what is packed so far, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.shapes.len() + self.texts.len()
    }

    pub(super) fn push(&mut self, snapshot: &'a Snapshot) {
        let before = std::mem::replace(
            &mut self.before,
            Before {
                timestamp: snapshot.timestamp.as_nanos(),
                capture: snapshot.capture_id,
                trace: snapshot.trace_id,
                span: snapshot.span_id,
            },
        );
        let ids = [
            (Part::Capture, how(snapshot.capture_id, before.capture)),
            (Part::Trace, how(snapshot.trace_id, before.trace)),
            (Part::Span, how(snapshot.span_id, before.span)),
        ];
        let texts = [
            (Part::Env, &snapshot.env),
            (Part::Version, &snapshot.version),
            (Part::Host, &snapshot.host),
            (Part::Thread, &snapshot.thread),
        ];
        let variables = [
            (Part::Arguments, &snapshot.arguments),
            (Part::Locals, &snapshot.locals),
            (Part::Globals, &snapshot.globals),
            (Part::Closure, &snapshot.closure),
        ];
        let parts = ids.iter().map(|(part, how)| how << *part as u32).sum::<u64>()
            | texts.iter().map(|(part, text)| part.bit(text.is_some())).sum::<u64>()
            | variables.iter().map(|(part, names)| part.bit(!names.is_empty())).sum::<u64>()
            | Part::Line.bit(snapshot.line_number.is_some())
            | Part::Dropped.bit(snapshot.values_dropped > 0);
        self.number(parts);
        for (written, id) in ids.iter().zip([
            snapshot.capture_id.map(|id| id.0),
            snapshot.trace_id.map(|id| id.0),
            snapshot.span_id.map(|id| u128::from(id.0)),
        ]) {
            if written.1 == WRITTEN {
                self.shapes.extend(id.unwrap_or_default().to_be_bytes());
            }
        }
        self.number(zigzag(snapshot.timestamp.as_nanos().wrapping_sub(before.timestamp)));
        [&snapshot.service, &snapshot.function, &snapshot.file].into_iter().for_each(|text| self.text(text));
        texts.iter().filter_map(|(_, text)| text.as_deref()).for_each(|text| self.text(text));
        if let Some(line) = snapshot.line_number {
            self.number(line.into());
        }
        if snapshot.values_dropped > 0 {
            self.number(snapshot.values_dropped.into());
        }
        for (_, names) in variables {
            if !names.is_empty() {
                self.fields(&names.0);
            }
        }
    }

    /// All that was pushed.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut packed = Vec::with_capacity(self.bytes() + 10);
        number(&mut packed, self.shapes.len() as u64);
        packed.extend(self.shapes);
        packed.extend(self.texts);
        packed
    }

    fn value(&mut self, value: &'a CapturedValue) {
        let (kind, count) = match &value.content {
            Content::Nothing => (0, None),
            Content::Null => (1, None),
            Content::Scalar(_) => (2, None),
            Content::Fields(fields) => (3, Some(fields.len())),
            Content::Elements(elements) => (4, Some(elements.len())),
            Content::Entries(entries) => (5, Some(entries.len())),
        };
        let size = match value.size {
            None => NO_SIZE,
            Some(size) if count.is_some_and(|count| count as u64 == size) => SIZE_IS_COUNT,
            Some(_) => SIZE_WRITTEN,
        };
        let more = if value.rule.is_some() { RULE } else { 0 }
            | if value.reference.is_some() { REFERENCE } else { 0 };
        let tag = kind
            | size << 3
            | if value.truncated { TRUNCATED } else { 0 }
            | if value.not_captured.is_some() { NOT_CAPTURED } else { 0 }
            | if more != 0 { MORE } else { 0 };
        self.shapes.push(tag);
        if more != 0 {
            self.shapes.push(more);
        }
        self.text(&value.type_name);
        if let (SIZE_WRITTEN, Some(size)) = (size, value.size) {
            self.number(size);
        }
        if let Some(reason) = value.not_captured {
            self.shapes.push(code(reason));
        }
        if let Some(rule) = &value.rule {
            self.text(rule);
        }
        if let Some(reference) = value.reference {
            self.number(reference.into());
        }
        match &value.content {
            Content::Nothing | Content::Null => {}
            Content::Scalar(text) => self.text(text),
            Content::Fields(fields) => self.fields(fields),
            Content::Elements(elements) => {
                self.number(elements.len() as u64);
                elements.iter().for_each(|element| self.value(element));
            }
            Content::Entries(entries) => {
                self.number(entries.len() as u64);
                for (key, value) in entries {
                    self.value(key);
                    self.value(value);
                }
            }
        }
    }

    fn fields(&mut self, fields: &'a [(String, CapturedValue)]) {
        self.number(fields.len() as u64);
        for (name, value) in fields {
            self.text(name);
            self.value(value);
        }
    }

    fn text(&mut self, text: &'a str) {
        if text.len() <= NUMBERED_BYTES_MAX {
            let place = place(text);
            match self.places[place] {
                Some((known, number)) if known == text => return self.number((number as u64) << 1 | 1),
                _ => self.places[place] = Some((text, self.numbered)),
            }
            self.numbered += 1;
        }
        self.number((text.len() as u64) << 1);
        self.texts.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, value: u64) {
        number(&mut self.shapes, value);
    }
}

/// Where a text stands in the table: by its length, its first and its last eight bytes.
fn place(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (first, last) = match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)), 0),
    };
    let mixed = (first ^ last.rotate_left(29) ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 40) as usize % PLACES
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

/// The number of a reason; never changed.
fn code(reason: NotCaptured) -> u8 {
    match reason {
        NotCaptured::Depth => 0,
        NotCaptured::CollectionSize => 1,
        NotCaptured::FieldCount => 2,
        NotCaptured::Timeout => 3,
        NotCaptured::RedactedIdentifier => 4,
        NotCaptured::RedactedType => 5,
        NotCaptured::RedactedValue => 6,
        NotCaptured::ConcurrentModification => 7,
        NotCaptured::Pruned => 8,
        NotCaptured::Limit => 9,
        NotCaptured::Unknown => 10,
    }
}

/// Reads packed snapshots; their ids are zero. `None` when the bytes are not what [`Packer`] makes.
pub(super) fn unpack(packed: &[u8]) -> Option<Vec<Snapshot>> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reenact_model::Timestamp;

    use super::*;

    fn packed(snapshots: &[Snapshot]) -> Vec<u8> {
        let mut packer = Packer::new();
        snapshots.iter().for_each(|snapshot| packer.push(snapshot));
        packer.finish()
    }

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            proptest::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
            "[a-c]{0,3}",
            any::<String>(),
            // Around the length up to which texts are numbered, in one byte and in three.
            (62_usize..67).prop_map(|length| "x".repeat(length)),
            (20_usize..23).prop_map(|length| "\u{20ac}".repeat(length)),
        ]
    }

    fn any_value() -> impl Strategy<Value = CapturedValue> {
        let leaf =
            prop_oneof![Just(Content::Nothing), Just(Content::Null), any_text().prop_map(Content::Scalar)];
        let around = |content: BoxedStrategy<Content>| {
            (
                any_text(),
                content,
                any::<bool>(),
                prop_oneof![Just(None), (0_u64..4).prop_map(Some), any::<u64>().prop_map(Some)],
                proptest::option::of(proptest::sample::select(NotCaptured::ALL.to_vec())),
                proptest::option::of(any_text()),
                proptest::option::of(any::<u32>()),
            )
                .prop_map(|(type_name, content, truncated, size, not_captured, rule, reference)| {
                    CapturedValue { type_name, content, truncated, size, not_captured, rule, reference }
                })
                .boxed()
        };
        around(leaf.boxed()).prop_recursive(4, 24, 4, move |inner| {
            around(
                prop_oneof![
                    proptest::collection::vec((any_text(), inner.clone()), 0..4).prop_map(Content::Fields),
                    proptest::collection::vec(inner.clone(), 0..4).prop_map(Content::Elements),
                    proptest::collection::vec((inner.clone(), inner), 0..4).prop_map(Content::Entries),
                ]
                .boxed(),
            )
        })
    }

    prop_compose! {
        fn any_snapshot()(
            ids in (0_u128..3, 0_u128..3, 0_u64..3).prop_map(|(capture, trace, span)| {
                (capture.checked_sub(1), trace.checked_sub(1), span.checked_sub(1))
            }),
            timestamp in any::<i64>(),
            texts in proptest::collection::vec(any_text(), 3),
            optional in proptest::collection::vec(proptest::option::of(any_text()), 4),
            line_number in proptest::option::of(any::<u32>()),
            values_dropped in prop_oneof![Just(0), any::<u32>()],
            variables in proptest::collection::vec(
                proptest::collection::vec((any_text(), any_value()), 0..3).prop_map(Variables), 4),
        ) -> Snapshot {
            let mut variables = variables.into_iter();
            let mut next = || variables.next().unwrap();
            Snapshot {
                id: SnapshotId::default(),
                capture_id: ids.0.map(|id| SnapshotId(u128::MAX - id)),
                timestamp: Timestamp::from_nanos(timestamp),
                service: texts[0].clone(),
                env: optional[0].clone(),
                version: optional[1].clone(),
                host: optional[2].clone(),
                trace_id: ids.1.map(TraceId),
                span_id: ids.2.map(|id| SpanId(u64::MAX - id)),
                function: texts[1].clone(),
                file: texts[2].clone(),
                line_number,
                thread: optional[3].clone(),
                arguments: next(),
                locals: next(),
                globals: next(),
                closure: next(),
                values_dropped,
            }
        }
    }

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(snapshots in proptest::collection::vec(any_snapshot(), 0..4)) {
            prop_assert_eq!(unpack(&packed(&snapshots)), Some(snapshots));
        }

        #[test]
        fn other_bytes_are_refused_or_read_but_never_more(
            snapshots in proptest::collection::vec(any_snapshot(), 1..3),
            at in any::<proptest::sample::Index>(),
            byte in any::<u8>(),
            cut in any::<bool>(),
        ) {
            let mut bytes = packed(&snapshots);
            let at = at.index(bytes.len());
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] = byte;
            }
            let read = unpack(&bytes);
            if cut {
                prop_assert_eq!(read, None);
            }
        }

        #[test]
        fn any_bytes_are_read_within_their_length(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let snapshots = unpack(&bytes).unwrap_or_default();
            prop_assert!(snapshots.len() <= bytes.len());
        }
    }

    #[test]
    fn a_text_that_repeats_is_written_once() {
        let text = "a text of some length";
        let values = (0..50).map(|_| (text.to_owned(), CapturedValue::scalar(text, text))).collect();
        let snapshot = Snapshot { locals: Variables(values), ..Snapshot::default() };
        let bytes = packed(std::slice::from_ref(&snapshot));
        assert!(bytes.len() < 50 * 8 + 100, "{} bytes", bytes.len());
        assert_eq!(unpack(&bytes), Some(vec![snapshot]));
    }

    #[test]
    fn nesting_has_an_end() {
        let mut value = CapturedValue::scalar("int", "1");
        for _ in 0..DEPTH_MAX - 2 {
            value = CapturedValue::new("list", Content::Elements(vec![value]));
        }
        let deep = |value| Snapshot { locals: Variables(vec![("x".into(), value)]), ..Snapshot::default() };
        let most = deep(value.clone());
        assert_eq!(unpack(&packed(std::slice::from_ref(&most))), Some(vec![most]));
        let more = CapturedValue::new(
            "list",
            Content::Elements(vec![CapturedValue::new("list", Content::Elements(vec![value]))]),
        );
        assert_eq!(unpack(&packed(&[deep(more)])), None);
    }
}
