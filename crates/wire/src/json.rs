//! JSON from hostile clients: element by element, tolerant of texts that are no Unicode.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::DecodeError;

/// Parses one JSON object; the error tells the place, never captured text.
pub(crate) fn parse_object<'a, T: serde::Deserialize<'a>>(text: &'a str) -> Result<T, DecodeError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.trim_start().starts_with('{') && !text.trim_start().is_empty() {
        return Err(DecodeError::Malformed { at: 0, message: "expected a JSON object".to_owned() });
    }
    serde_json::from_str(text).map_err(|error| {
        if error.is_eof() {
            DecodeError::Truncated { at: text.len() as u64, expected: "JSON object" }
        } else {
            let at = byte_at(text, error.line(), error.column());
            DecodeError::Malformed { at, message: describe(&error) }
        }
    })
}

/// The byte at a line and column, both counted from 1.
fn byte_at(text: &str, line: usize, column: usize) -> u64 {
    let lines_before = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    (lines_before + column.saturating_sub(1)) as u64
}

/// What is wrong, by place and kind alone: the messages of `serde_json` may quote captured text.
pub(crate) fn describe(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Data => "a value of another type",
        serde_json::error::Category::Eof => "the text ends",
        _ => "no JSON, or nested too deep",
    };
    format!("{kind} at line {} column {}", error.line(), error.column())
}

/// One element of an array.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    /// Its JSON text.
    pub(crate) text: &'a str,
}

impl<'a> Element<'a> {
    /// Parses the element; `serde_json` refuses nesting beyond 128 levels by itself.
    pub(crate) fn parse<T: Deserialize<'a>>(&self) -> serde_json::Result<T> {
        serde_json::from_str(self.text)
    }
}

/// The text ended inside an element, or is no array or object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    Truncated { at: usize },
    Malformed { at: usize },
}

/// Splits an array into its elements without parsing them; a single object counts as one element.
///
/// Iterative, one pass, no allocation. What is wrong inside an element shows when it is parsed, and
/// does not disturb its siblings. After a [`Broken`] there is nothing more.
pub(crate) fn elements(text: &str) -> Elements<'_> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let at = skip_space(text.as_bytes(), 0);
    let state = match text.as_bytes().get(at) {
        Some(b'[') => State::First,
        Some(b'{') => State::Single,
        Some(_) => State::Failed(Broken::Malformed { at }),
        None => State::Failed(Broken::Truncated { at }),
    };
    Elements { text, at: if state == State::First { at + 1 } else { at }, state }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    First,
    Next,
    Single,
    Failed(Broken),
    Done,
}

/// See [`elements`].
pub(crate) struct Elements<'a> {
    text: &'a str,
    at: usize,
    state: State,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Element<'a>, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let state = std::mem::replace(&mut self.state, State::Done);
        match state {
            State::Done => return None,
            State::Failed(broken) => return Some(Err(broken)),
            State::Single => {}
            State::First | State::Next => {
                self.at = skip_space(bytes, self.at);
                match (bytes.get(self.at), state) {
                    (Some(b']'), _) => return None,
                    (Some(b','), State::Next) => self.at = skip_space(bytes, self.at + 1),
                    (Some(_), State::First) => {}
                    (Some(_), _) => return Some(Err(Broken::Malformed { at: self.at })),
                    (None, _) => return Some(Err(Broken::Truncated { at: self.at })),
                }
            }
        }
        let at = self.at;
        match element_end(bytes, at) {
            Ok(end) => {
                self.at = end;
                if state != State::Single {
                    self.state = State::Next;
                }
                Some(Ok(Element { text: &self.text[at..end] }))
            }
            Err(broken) => Some(Err(broken)),
        }
    }
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}

/// The end of the value that begins at `at`, by its brackets and quotes alone.
fn element_end(bytes: &[u8], mut at: usize) -> Result<usize, Broken> {
    let begin = at;
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at + 1)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' if depth == 0 => break,
            b'}' | b']' => {
                depth -= 1;
                at += 1;
            }
            b',' if depth == 0 => break,
            _ => at += 1,
        }
        if depth == 0 && matches!(bytes[begin], b'{' | b'[' | b'"') {
            return Ok(at);
        }
    }
    match bytes.get(at) {
        None => Err(Broken::Truncated { at }),
        Some(_) if at == begin => Err(Broken::Malformed { at }),
        Some(_) => Ok(at),
    }
}

/// The place after the closing quote of the string whose content begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> Result<usize, Broken> {
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        match memchr::memchr2(b'"', b'\\', rest) {
            None => return Err(Broken::Truncated { at: bytes.len() }),
            Some(found) if rest[found] == b'"' => return Ok(at + found + 1),
            Some(found) => at += found + 2,
        }
    }
}

/// The text with `NaN`, `Infinity` and `-Infinity`, which Python's `json` writes for such numbers, as
/// texts; `None` when there are none outside of texts.
pub(crate) fn quote_odd_numbers(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut quoted = String::new();
    let (mut at, mut copied) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        if *byte == b'"' {
            at = string_end(bytes, at + 1).ok()?;
            continue;
        }
        let odd =
            ["NaN", "Infinity", "-Infinity"].into_iter().find(|odd| bytes[at..].starts_with(odd.as_bytes()));
        let begins = at == 0 || matches!(bytes[at - 1], b':' | b',' | b'[' | b' ' | b'\t' | b'\r' | b'\n');
        match odd {
            Some(odd) if begins => {
                quoted.push_str(&text[copied..at]);
                quoted.extend(["\"", odd, "\""]);
                at += odd.len();
                copied = at;
            }
            _ => at += 1,
        }
    }
    quoted.push_str(&text[copied..]);
    (copied > 0).then_some(quoted)
}

/// A JSON string, also one that is no Unicode: half a surrogate pair (`\udc80`, which Python writes
/// for undecodable file names) is kept as that visible text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct JsonText<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for JsonText<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = JsonText<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(JsonText(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(JsonText(Cow::Owned(text.to_owned())))
            }

            fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                Ok(JsonText(match std::str::from_utf8(bytes) {
                    Ok(text) => Cow::Borrowed(text),
                    Err(_) => Cow::Owned(show_surrogates(bytes)),
                }))
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(JsonText(Cow::Owned(show_surrogates(bytes))))
            }
        }
        deserializer.deserialize_bytes(TextVisitor)
    }
}

/// UTF-8 text in which surrogates, encoded in three bytes each, are shown as `\udcxx`.
fn show_surrogates(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        match std::str::from_utf8(rest) {
            Ok(text) => {
                shown.push_str(text);
                return shown;
            }
            Err(error) => {
                let (valid, invalid) = rest.split_at(error.valid_up_to());
                shown.push_str(&String::from_utf8_lossy(valid));
                rest = match invalid {
                    [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, after @ ..] => {
                        let unit = 0xd000 | u32::from(second & 0x3f) << 6 | u32::from(third & 0x3f);
                        shown.push_str(&format!("\\u{unit:04x}"));
                        after
                    }
                    [_, after @ ..] => {
                        shown.push('\u{fffd}');
                        after
                    }
                    [] => return shown,
                };
            }
        }
    }
}

/// A JSON value of any type, taken as text where it is a text, a number or a truth value.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Loose<'a>(Option<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Some(<&RawValue>::deserialize(deserializer)?)))
    }
}

impl<'a> Loose<'a> {
    /// The text; empty for null, arrays and objects.
    pub(crate) fn text(self) -> Cow<'a, str> {
        let raw = self.0.map_or("null", RawValue::get);
        match raw.as_bytes().first() {
            Some(b'"') => serde_json::from_str::<JsonText<'a>>(raw).unwrap_or_default().0,
            Some(b'n' | b'{' | b'[') | None => Cow::Borrowed(""),
            Some(_) => Cow::Borrowed(raw),
        }
    }

    /// The JSON text as sent.
    pub(crate) fn raw(self) -> &'a str {
        self.0.map_or("null", RawValue::get)
    }
}

/// Names and values of any type, in their order; at most [`LooseMap::ENTRIES_MAX`]; null counts as empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct LooseMap<'a>(pub(crate) Vec<(Cow<'a, str>, Loose<'a>)>);

impl LooseMap<'_> {
    const ENTRIES_MAX: usize = 1_024;
}

impl<'de: 'a, 'a> Deserialize<'de> for LooseMap<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapVisitor;
        impl<'de> Visitor<'de> for MapVisitor {
            type Value = LooseMap<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(LooseMap::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(name) = map.next_key::<JsonText<'de>>()? {
                    if entries.len() < LooseMap::ENTRIES_MAX {
                        entries.push((name.0, map.next_value()?));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(LooseMap(entries))
            }
        }
        deserializer.deserialize_any(MapVisitor)
    }
}

/// The first [`LooseList::ITEMS_MAX`] items of an array, and how many there were; null counts as empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct LooseList<'a> {
    pub(crate) items: Vec<Loose<'a>>,
    pub(crate) count: u64,
}

impl LooseList<'_> {
    const ITEMS_MAX: usize = 1_024;
}

impl<'de: 'a, 'a> Deserialize<'de> for LooseList<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor;
        impl<'de> Visitor<'de> for ListVisitor {
            type Value = LooseList<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(LooseList::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut list = LooseList::default();
                while list.items.len() < LooseList::ITEMS_MAX {
                    let Some(item) = seq.next_element()? else { return Ok(list) };
                    list.items.push(item);
                    list.count += 1;
                }
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    list.count += 1;
                }
                Ok(list)
            }
        }
        deserializer.deserialize_any(ListVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[Result<&str, Broken>]) {
        let got: Vec<_> = elements(text).map(|element| element.map(|element| element.text)).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn an_array_is_split_by_brackets_and_quotes_alone() {
        check(
            r#" [ {"a": "]\"}"} , [1,[2]],null ,"x"]"#,
            &[Ok(r#"{"a": "]\"}"}"#), Ok("[1,[2]]"), Ok("null "), Ok(r#""x""#)],
        );
        check("[]", &[]);
        check("{\"a\":1} trailing", &[Ok("{\"a\":1}")]);
    }

    #[test]
    fn elements_before_the_end_of_a_cut_array_are_kept() {
        check("[{},{\"a\":", &[Ok("{}"), Err(Broken::Truncated { at: 9 })]);
        check("[{},\"a\\", &[Ok("{}"), Err(Broken::Truncated { at: 7 })]);
        check("[{}", &[Ok("{}"), Err(Broken::Truncated { at: 3 })]);
        check("", &[Err(Broken::Truncated { at: 0 })]);
        check("hello", &[Err(Broken::Malformed { at: 0 })]);
        check("[{}{}]", &[Ok("{}"), Err(Broken::Malformed { at: 3 })]);
    }

    #[test]
    fn numbers_that_json_does_not_have_become_texts() {
        let got = quote_odd_numbers(r#"{"NaN": NaN, "a": [-Infinity,Infinity], "b": "x NaN \" NaN"}"#);
        let want = r#"{"NaN": "NaN", "a": ["-Infinity","Infinity"], "b": "x NaN \" NaN"}"#;
        assert_eq!(got.as_deref(), Some(want));
        assert_eq!(quote_odd_numbers(r#"{"a": "NaN", "b": 1-Infinity}"#), None);
    }

    #[test]
    fn half_a_surrogate_pair_stays_visible() {
        let text: JsonText<'_> = serde_json::from_str(r#""a\udc80b\ud83d\ude00\ud83d""#).unwrap();
        assert_eq!(text.0, "a\\udc80b😀\\ud83d");
        let map: LooseMap<'_> = serde_json::from_str(r#"{"k\udcff": "v\udc80", "n": 5, "o": {}}"#).unwrap();
        let shown: Vec<_> = map.0.iter().map(|(name, value)| format!("{name}={}", value.text())).collect();
        assert_eq!(shown, ["k\\udcff=v\\udc80", "n=5", "o="]);
    }
}
