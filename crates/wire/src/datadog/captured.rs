//! Captured values: the JSON of a snapshot, streamed into the model within a budget.

use std::fmt;

use reenact_model::{CapturedValue, Content, Limits, NotCaptured, Variables};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::json::{JsonText, Loose};
use crate::text::cut;

/// Nesting of values that is followed at most, whatever the configuration says: each takes up to three
/// levels of JSON, and `serde_json` stops at 128.
const DEPTH_MAX: usize = 38;

/// What the values of a snapshot may still cost.
pub(super) struct Budget {
    values_left: usize,
    depth_max: usize,
    text_bytes_max: usize,
    /// Values that were left out, a container with everything in it as one.
    pub(super) dropped: u32,
    /// Whether `size` of a cut text is the true length; not so from ddtrace 2 on.
    text_size_is_true: bool,
}

impl Budget {
    /// `values_left` is what the request has left, if that is less than the limit of a snapshot.
    pub(super) fn new(limits: &Limits, values_left: usize, text_size_is_true: bool) -> Self {
        Self {
            values_left: values_left.min(limits.values_max),
            depth_max: limits.value_depth_max.min(DEPTH_MAX),
            text_bytes_max: limits.value_bytes_max,
            dropped: 0,
            text_size_is_true,
        }
    }

    pub(super) fn values_left(&self) -> usize {
        self.values_left
    }

    fn drop_one(&mut self) {
        self.dropped = self.dropped.saturating_add(1);
    }
}

/// Reads an object of names and values. A pruned object gives one name, `…`, whose value says so.
pub(super) struct VariablesSeed<'b>(pub(super) &'b mut Budget);

impl<'de> DeserializeSeed<'de> for VariablesSeed<'_> {
    type Value = Variables;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Variables, D::Error> {
        deserializer.deserialize_any(NamedVisitor { budget: self.0, depth: 0 }).map(|named| {
            let mut variables = named.values;
            if let Some(reason) = named.not_captured {
                variables.push(("…".to_owned(), CapturedValue::absent("", reason)));
            }
            Variables(variables)
        })
    }
}

/// What stands in place of a scalar where something else should be: no client is known to send one, and
/// its siblings are kept.
macro_rules! instead_of_scalars {
    ($value:expr) => {
        instead_of_scalars!($value; visit_bool(bool), visit_unit());
    };
    ($value:expr; $($visit:ident($($scalar:ty)?)),*) => {
        $(fn $visit<E: Error>(self, $(_: $scalar)?) -> Result<Self::Value, E> {
            Ok($value)
        })*

        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($value)
        }
    };
}

/// Reads over a list that stands where something else should be.
fn skip_list<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Names and values, and why there are no more.
#[derive(Default)]
struct Named {
    values: Vec<(String, CapturedValue)>,
    not_captured: Option<NotCaptured>,
}

/// The attribute in which ddtrace keeps its id of an exception; it is none of the application's.
const CLIENT_FIELD: &str = "_dd_exc_id";

struct NamedVisitor<'b> {
    budget: &'b mut Budget,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for NamedVisitor<'_> {
    type Value = Named;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Named, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NamedVisitor<'_> {
    type Value = Named;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("names and values")
    }

    fn visit_unit<E: Error>(self) -> Result<Named, E> {
        Ok(Named::default())
    }

    instead_of_scalars!(Named { not_captured: Some(NotCaptured::Unknown), ..Named::default() }; visit_bool(bool));

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Named, A::Error> {
        skip_list(seq)?;
        Ok(Named { not_captured: Some(NotCaptured::Unknown), ..Named::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named, A::Error> {
        let mut named = Named::default();
        while let Some(name) = map.next_key::<JsonText<'de>>()? {
            if name.0 == CLIENT_FIELD {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if self.budget.values_left == 0 {
                map.next_value::<IgnoredAny>()?;
                self.budget.drop_one();
                named.not_captured = Some(NotCaptured::Limit);
                continue;
            }
            let name = cut(&name.0, self.budget.text_bytes_max);
            match map.next_value_seed(ValueSeed {
                budget: self.budget,
                depth: self.depth,
                name: Some(name),
            })? {
                Slot::Value(value) => named.values.push((name.to_owned(), value)),
                Slot::Flag if name == "pruned" => named.not_captured = Some(NotCaptured::Pruned),
                Slot::Flag => named.values.push((name.to_owned(), unknown())),
            }
        }
        Ok(named)
    }
}

/// Where a value should be: one, or only `true`, as in `{"pruned": true}`.
enum Slot {
    Value(CapturedValue),
    Flag,
}

struct ValueSeed<'b, 'n> {
    budget: &'b mut Budget,
    depth: usize,
    name: Option<&'n str>,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_, '_> {
    type Value = Slot;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Slot, D::Error> {
        if self.budget.values_left == 0 || self.depth >= self.budget.depth_max {
            self.budget.drop_one();
            // Ignoring is iterative in `serde_json`: no nesting costs stack here.
            deserializer.deserialize_ignored_any(IgnoredAny)?;
            return Ok(Slot::Value(CapturedValue::absent("", NotCaptured::Limit)));
        }
        self.budget.values_left -= 1;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_, '_> {
    type Value = Slot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a captured value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Slot, E> {
        Ok(Slot::Flag)
    }

    instead_of_scalars!(Slot::Value(unknown()); visit_unit());

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Slot, A::Error> {
        skip_list(seq)?;
        Ok(Slot::Value(unknown()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Slot, A::Error> {
        let (budget, depth) = (self.budget, self.depth + 1);
        let text_bytes_max = budget.text_bytes_max;
        let mut value = CapturedValue::new(String::new(), Content::Nothing);
        while let Some(key) = map.next_key::<JsonText<'de>>()? {
            match key.0.as_ref() {
                "type" => {
                    let name = map.next_value::<Loose<'de>>()?;
                    value.type_name = cut(&name.text(), text_bytes_max).to_owned();
                }
                "value" => {
                    let text = map.next_value::<Loose<'de>>()?.text();
                    value.truncated |= text.len() > text_bytes_max;
                    value.content = Content::Scalar(cut(&text, text_bytes_max).to_owned());
                }
                "isNull" => {
                    if map.next_value::<Loose<'de>>()?.raw() == "true" {
                        value.content = Content::Null;
                    }
                }
                "truncated" => value.truncated |= map.next_value::<Loose<'de>>()?.raw() == "true",
                "size" => value.size = map.next_value::<Loose<'de>>()?.text().parse().ok(),
                "pruned" => {
                    map.next_value::<IgnoredAny>()?;
                    value.not_captured = Some(NotCaptured::Pruned);
                }
                "notCapturedReason" => {
                    let reason = map.next_value::<Loose<'de>>()?;
                    value.not_captured = Some(parse_reason(&reason.text()));
                }
                "fields" => {
                    let named = map.next_value_seed(NamedVisitor { budget: &mut *budget, depth })?;
                    value.content = Content::Fields(named.values);
                    value.not_captured = named.not_captured.or(value.not_captured);
                }
                "elements" => {
                    let (elements, reason) =
                        map.next_value_seed(ItemsSeed { budget: &mut *budget, depth })?;
                    value.content = Content::Elements(elements);
                    value.not_captured = reason.or(value.not_captured);
                }
                "entries" => {
                    let (entries, reason) =
                        map.next_value_seed(EntriesSeed { budget: &mut *budget, depth })?;
                    value.content = Content::Entries(entries);
                    value.not_captured = reason.or(value.not_captured);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if matches!(value.content, Content::Scalar(_)) && value.truncated && !budget.text_size_is_true {
            value.size = None;
        }
        if matches!(value.content, Content::Nothing) && value.not_captured.is_none() {
            value.not_captured = Some(NotCaptured::Unknown);
        }
        set_rule(&mut value, self.name);
        Ok(Slot::Value(value))
    }
}

/// Elements of a sequence.
struct ItemsSeed<'b> {
    budget: &'b mut Budget,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for ItemsSeed<'_> {
    type Value = (Vec<CapturedValue>, Option<NotCaptured>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ItemsSeed<'_> {
    type Value = (Vec<CapturedValue>, Option<NotCaptured>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("elements")
    }

    instead_of_scalars!((Vec::new(), Some(NotCaptured::Unknown)));

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let (mut items, mut reason) = (Vec::new(), None);
        while self.budget.values_left > 0 {
            let seed = ValueSeed { budget: &mut *self.budget, depth: self.depth, name: None };
            match seq.next_element_seed(seed)? {
                Some(Slot::Value(value)) => items.push(value),
                Some(Slot::Flag) => items.push(unknown()),
                None => return Ok((items, reason)),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            self.budget.drop_one();
            reason = Some(NotCaptured::Limit);
        }
        Ok((items, reason))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        pruned_list(map).map(|reason| (Vec::new(), Some(reason)))
    }
}

type Entry = (CapturedValue, CapturedValue);

/// Entries of a mapping.
struct EntriesSeed<'b> {
    budget: &'b mut Budget,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for EntriesSeed<'_> {
    type Value = (Vec<Entry>, Option<NotCaptured>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for EntriesSeed<'_> {
    type Value = (Vec<Entry>, Option<NotCaptured>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("entries")
    }

    instead_of_scalars!((Vec::new(), Some(NotCaptured::Unknown)));

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let (mut entries, mut reason) = (Vec::new(), None);
        while self.budget.values_left > 0 {
            let seed = EntrySeed { budget: &mut *self.budget, depth: self.depth };
            match seq.next_element_seed(seed)? {
                Some(entry) => entries.push(entry),
                None => return Ok((entries, reason)),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            self.budget.drop_one();
            reason = Some(NotCaptured::Limit);
        }
        Ok((entries, reason))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        pruned_list(map).map(|reason| (Vec::new(), Some(reason)))
    }
}

/// One `[key, value]`.
struct EntrySeed<'b> {
    budget: &'b mut Budget,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for EntrySeed<'_> {
    type Value = Entry;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Entry, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for EntrySeed<'_> {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key and a value")
    }

    instead_of_scalars!((unknown(), unknown()));

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Entry, A::Error> {
        let (budget, depth) = (self.budget, self.depth);
        let key = match seq.next_element_seed(ValueSeed { budget: &mut *budget, depth, name: None })? {
            Some(Slot::Value(value)) => value,
            Some(Slot::Flag) | None => unknown(),
        };
        let name = match &key.content {
            Content::Scalar(repr) => Some(unquote(repr)),
            _ => None,
        };
        let value = match seq.next_element_seed(ValueSeed { budget: &mut *budget, depth, name })? {
            Some(Slot::Value(value)) => value,
            Some(Slot::Flag) | None => unknown(),
        };
        while seq.next_element::<IgnoredAny>()?.is_some() {
            budget.drop_one();
        }
        Ok((key, value))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
        let reason = pruned_list(map)?;
        Ok((CapturedValue::absent("", reason), CapturedValue::absent("", reason)))
    }
}

/// An object where a list should be: `{"pruned": true}`.
fn pruned_list<'de, A: MapAccess<'de>>(mut map: A) -> Result<NotCaptured, A::Error> {
    let mut reason = NotCaptured::Unknown;
    while let Some(key) = map.next_key::<JsonText<'de>>()? {
        if key.0 == "pruned" {
            reason = NotCaptured::Pruned;
        }
        map.next_value::<IgnoredAny>()?;
    }
    Ok(reason)
}

fn unknown() -> CapturedValue {
    CapturedValue::absent("", NotCaptured::Unknown)
}

fn parse_reason(text: &str) -> NotCaptured {
    match text {
        "depth" => NotCaptured::Depth,
        "collectionSize" => NotCaptured::CollectionSize,
        "fieldCount" => NotCaptured::FieldCount,
        "timeout" => NotCaptured::Timeout,
        "redactedIdent" => NotCaptured::RedactedIdentifier,
        "redactedType" => NotCaptured::RedactedType,
        "concurrentModification" => NotCaptured::ConcurrentModification,
        "pruned" => NotCaptured::Pruned,
        _ => NotCaptured::Unknown,
    }
}

/// The client does not send which of its rules removed a value; name and type tell it.
fn set_rule(value: &mut CapturedValue, name: Option<&str>) {
    value.rule = match value.not_captured {
        Some(NotCaptured::RedactedIdentifier) => name.map(|name| format!("name \"{name}\" (by the client)")),
        Some(NotCaptured::RedactedType) => Some(format!("type \"{}\" (by the client)", value.type_name)),
        _ => None,
    };
}

/// The text in Python's `'text'` or `b'text'`.
fn unquote(repr: &str) -> &str {
    let text = repr.strip_prefix('b').filter(|rest| rest.starts_with(['\'', '"'])).unwrap_or(repr);
    for quote in ['\'', '"'] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}
