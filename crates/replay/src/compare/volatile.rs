//! Differences that say nothing, because the value is another one each time.
//!
//! A difference is volatile only between values of the same type, and never when one of them is `None`: that an id
//! is missing is worth seeing. In this order:
//!
//! | reason | recognised by |
//! |---|---|
//! | `address` | texts that are equal without their memory addresses: `<Cart object at 0x7f3a…>` |
//! | `uuid` | texts that are equal without their UUIDs, with or without hyphens; the type `UUID` |
//! | `time` | texts that are equal without their times (`2026-11-27T10:00:00`); the types of `datetime`; a number under a name with a word of time (`created_at`, `start_time`, `elapsed_ms`); a float that is a time in seconds since 1970, from 2001 to 2096 |
//! | `counter` | texts that are equal without the numbers by which Python names threads, tasks and processes: `Thread-3`, `<Task name='Task-12'>`; a number under a name with `counter`, `sequence`, `serial` or `generation` |
//! | `id` | numbers, and texts of one word with a digit, under a name that ends with a word for ids: `order_id`, `requestId`, `pid`, `fileno`, `nonce` |
//!
//! An element is called as its container is, an entry as its key.

use reenact_model::{CapturedValue, Content};

/// Why a difference says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Volatile {
    /// An address in memory.
    Address,
    /// A universally unique id.
    Uuid,
    /// A time or a duration.
    Time,
    /// A number that counts objects.
    Counter,
    /// An id of something.
    Id,
}

impl Volatile {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Uuid => "uuid",
            Self::Time => "time",
            Self::Counter => "counter",
            Self::Id => "id",
        }
    }
}

/// Last words of names that say when, or for how long.
const TIME_WORDS: [&str; 21] = [
    "at",
    "date",
    "deadline",
    "duration",
    "elapsed",
    "ended",
    "epoch",
    "expires",
    "expiry",
    "finished",
    "latency",
    "modified",
    "mtime",
    "now",
    "started",
    "time",
    "times",
    "timestamp",
    "timestamps",
    "ts",
    "uptime",
];
/// Units that may stand behind one of those.
const TIME_UNITS: [&str; 7] = ["ms", "ns", "us", "s", "sec", "seconds", "utc"];
/// Types of `datetime`.
const TIME_TYPES: [&str; 6] = ["date", "datetime", "struct_time", "time", "timedelta", "Timestamp"];
const COUNTER_WORDS: [&str; 6] = ["counter", "generation", "seq", "seqno", "sequence", "serial"];
/// Last words of names of ids.
const ID_WORDS: [&str; 14] =
    ["etag", "fd", "fileno", "guid", "hash", "id", "ident", "ids", "nonce", "oid", "pid", "pk", "tid", "uid"];
/// Those of them that name a record, not something of a process or a copy.
const RECORD_WORDS: [&str; 6] = ["guid", "id", "ids", "oid", "pk", "uid"];
/// Words that Python puts before a number that counts objects.
const COUNTED: [&str; 12] = [
    "Dummy",
    "ForkPoolWorker",
    "ForkProcess",
    "ForkServerPoolWorker",
    "ForkServerProcess",
    "Process",
    "ProcessPoolExecutor",
    "SpawnPoolWorker",
    "SpawnProcess",
    "Task",
    "Thread",
    "ThreadPoolExecutor",
];
/// Times in seconds since 1970: from 2001 to 2096.
const EPOCH_SECONDS: std::ops::Range<f64> = 1e9..4e9;
/// Digits of a memory address.
const ADDRESS_DIGITS: std::ops::RangeInclusive<usize> = 6..=16;

/// Why the difference between two values called `name` says nothing. One side may have none.
pub(crate) fn of_values(
    name: &str,
    left: Option<&CapturedValue>,
    right: Option<&CapturedValue>,
) -> Option<Volatile> {
    let one = left.or(right)?;
    let other = right.unwrap_or(one);
    if one.type_name != other.type_name {
        return None;
    }
    let type_name = one.type_name.rsplit('.').next().unwrap_or("");
    let is_empty = |value: &CapturedValue| matches!(value.content, Content::Nothing | Content::Null);
    if is_empty(one) || is_empty(other) {
        return None;
    }
    match type_name {
        "UUID" => return Some(Volatile::Uuid),
        known if TIME_TYPES.contains(&known) => return Some(Volatile::Time),
        _ => {}
    }
    match (&one.content, &other.content) {
        (Content::Scalar(one), Content::Scalar(other)) => of_texts(name, one, other),
        _ => None,
    }
}

/// Why the difference between two texts called `name` says nothing.
pub(super) fn of_texts(name: &str, left: &str, right: &str) -> Option<Volatile> {
    let ((left_rest, left_kind), (right_rest, right_kind)) =
        (without_volatile(left), without_volatile(right));
    if left_rest == right_rest && left_kind.is_some() && left_kind == right_kind {
        return left_kind;
    }
    let words = words(name);
    let both = |is: &dyn Fn(&str) -> bool| is(left) && is(right);
    let is_number = |text: &str| text.parse::<f64>().is_ok();
    let is_epoch = |text: &str| {
        text.contains('.') && text.parse::<f64>().is_ok_and(|number| EPOCH_SECONDS.contains(&number))
    };
    if both(&is_epoch) || is_time(&words) && both(&is_number) {
        return Some(Volatile::Time);
    }
    if words.iter().any(|word| COUNTER_WORDS.contains(&word.as_str())) && both(&is_number) {
        return Some(Volatile::Counter);
    }
    let is_id = words.last().is_some_and(|word| ID_WORDS.contains(&word.as_str()));
    (is_id && both(&looks_like_an_id)).then_some(Volatile::Id)
}

/// Whether a name ends with a word for the id of a record.
pub(crate) fn is_of_a_record(name: &str) -> bool {
    words(name).last().is_some_and(|word| RECORD_WORDS.contains(&word.as_str()))
}

fn is_time(words: &[String]) -> bool {
    let before = words.iter().rev().find(|word| !TIME_UNITS.contains(&word.as_str()));
    before.is_some_and(|word| TIME_WORDS.contains(&word.as_str()))
}

fn looks_like_an_id(text: &str) -> bool {
    let bare = text.trim_start_matches('b').trim_matches(['\'', '"']);
    bare.bytes().any(|byte| byte.is_ascii_digit()) && !bare.contains(char::is_whitespace)
}

/// The lower-case words of `created_at` and `requestId`.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before_is_lower = false;
    for character in name.chars() {
        let begins = !character.is_alphanumeric() || character.is_uppercase() && before_is_lower;
        if begins && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
        before_is_lower = character.is_lowercase() || character.is_ascii_digit();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// How many bytes of the beginning of a text are what it finds.
type Finder = fn(&[u8]) -> usize;

/// A text with its addresses, UUIDs, times and counts of objects replaced, and the first reason there was.
pub(super) fn without_volatile(text: &str) -> (String, Option<Volatile>) {
    const FINDERS: [(Finder, &str, Volatile); 3] = [
        (address, "0x…", Volatile::Address),
        (uuid, "uuid…", Volatile::Uuid),
        (time, "time…", Volatile::Time),
    ];
    let (mut rest, mut found) = (String::with_capacity(text.len()), None);
    let (mut at, mut kept) = (0, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        // What is found is ASCII, and begins a word, or counts the word before it.
        let in_word = at > 0 && bytes[at - 1].is_ascii_alphanumeric();
        let hit = if in_word {
            let length = object_count(&text[kept..at], &bytes[at..]);
            (length > 0).then_some((length, "-…", Volatile::Counter))
        } else {
            let mut hits = FINDERS.iter().map(|(find, mark, reason)| (find(&bytes[at..]), *mark, *reason));
            hits.find(|(length, ..)| *length > 0)
        };
        match hit {
            Some((length, mark, reason)) => {
                rest.push_str(&text[kept..at]);
                rest.push_str(mark);
                found.get_or_insert(reason);
                at += length;
                kept = at;
            }
            None => at += 1,
        }
    }
    rest.push_str(&text[kept..]);
    (rest, found)
}

fn run(bytes: &[u8], is: fn(&u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| is(byte)).count()
}

/// `0x7f3a90c01d30`
fn address(bytes: &[u8]) -> usize {
    let Some(digits) = bytes.strip_prefix(b"0x") else { return 0 };
    let count = run(digits, u8::is_ascii_hexdigit);
    if ADDRESS_DIGITS.contains(&count) && !next_is_word(digits, count) { count + 2 } else { 0 }
}

/// `0f8fad5b-d9cb-469f-a165-70867728950e`, or the same 32 digits at a stretch, with letters and numbers both.
fn uuid(bytes: &[u8]) -> usize {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let digits = run(&bytes[..bytes.len().min(33)], u8::is_ascii_hexdigit);
    if digits == 32 {
        let mixed =
            bytes[..32].iter().any(u8::is_ascii_digit) && bytes[..32].iter().any(u8::is_ascii_alphabetic);
        return if mixed && !next_is_word(bytes, 32) { 32 } else { 0 };
    }
    let mut at = 0;
    for (index, group) in GROUPS.into_iter().enumerate() {
        if index > 0 {
            if bytes.get(at) != Some(&b'-') {
                return 0;
            }
            at += 1;
        }
        let part = bytes.get(at..at + group).unwrap_or_default();
        if part.len() < group || !part.iter().all(u8::is_ascii_hexdigit) {
            return 0;
        }
        at += group;
    }
    if next_is_word(bytes, at) { 0 } else { at }
}

/// `2026-11-27`, with `T10:00:00.123456+01:00` or ` 10:00` behind it where that is there.
fn time(bytes: &[u8]) -> usize {
    const DATE: &[u8] = b"dddd-dd-dd";
    if !is_like(bytes, DATE) {
        return 0;
    }
    let mut at = DATE.len();
    if matches!(bytes.get(at), Some(b'T' | b' ')) && is_like(&bytes[at + 1..], b"dd:dd") {
        let rest = &bytes[at + 1..];
        at += 1 + run(rest, |byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'+' | b'-' | b'Z'));
    }
    if next_is_word(bytes, at) { 0 } else { at }
}

fn is_like(bytes: &[u8], pattern: &[u8]) -> bool {
    bytes.len() >= pattern.len()
        && bytes.iter().zip(pattern).all(|(byte, wanted)| match wanted {
            b'd' => byte.is_ascii_digit(),
            _ => byte == wanted,
        })
}

/// The `-12` of `Task-12`, and the `-0_3` of `ThreadPoolExecutor-0_3`.
fn object_count(before: &str, bytes: &[u8]) -> usize {
    let Some(digits) = bytes.strip_prefix(b"-") else { return 0 };
    let count = run(digits, |byte| byte.is_ascii_digit() || *byte == b'_');
    let word = before.rsplit(|character: char| !character.is_ascii_alphanumeric()).next().unwrap_or("");
    let counts = count > 0 && !next_is_word(digits, count) && COUNTED.contains(&word);
    if counts { count + 1 } else { 0 }
}

fn next_is_word(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(u8::is_ascii_alphanumeric)
}
