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
//! The id of a snapshot is not packed: the row of the store, or the head of the request, has it.
//!
//! What our client sends and what the store keeps is packed the same way; both say which way it is.

mod details;
mod unpack;

use reenact_model::{CapturedValue, Content, Form, NotCaptured, Snapshot, SnapshotId, SpanId, TraceId};

pub(crate) use unpack::leading_number;
pub use unpack::unpack;

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
pub struct Packer<'a> {
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
    Details = 16,
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
const FORM: u8 = 4;

/// How a size is written.
const NO_SIZE: u8 = 0;
const SIZE_IS_COUNT: u8 = 1;
const SIZE_WRITTEN: u8 = 2;

impl Default for Packer<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> Packer<'a> {
    /// Packs nothing yet.
    pub fn new() -> Self {
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
    pub fn bytes(&self) -> usize {
        self.shapes.len() + self.texts.len()
    }

    /// Packs one snapshot more. O(its size).
    pub fn push(&mut self, snapshot: &'a Snapshot) {
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
            | Part::Dropped.bit(snapshot.values_dropped > 0)
            | Part::Details.bit(snapshot.details.is_some());
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
        if let Some(details) = &snapshot.details {
            self.details(details);
        }
    }

    /// All that was pushed.
    pub fn finish(self) -> Vec<u8> {
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
            | if value.reference.is_some() { REFERENCE } else { 0 }
            | if value.form.is_some() { FORM } else { 0 };
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
        if let Some(form) = value.form {
            self.shapes.push(code_of_form(form));
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

/// Writes a number, seven bits a byte, the lowest first.
pub(crate) fn number(out: &mut Vec<u8>, mut value: u64) {
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

/// The number of a form; never changed.
fn code_of_form(form: Form) -> u8 {
    match form {
        Form::Enum => 0,
        Form::NamedTuple => 1,
        Form::Dataclass => 2,
        Form::Exception => 3,
        Form::Function => 4,
        Form::Method => 5,
        Form::Class => 6,
        Form::Module => 7,
        Form::Iterator => 8,
        Form::Generator => 9,
        Form::Coroutine => 10,
        Form::Array => 11,
        Form::Table => 12,
        Form::Opaque => 13,
    }
}

#[cfg(test)]
mod tests;
