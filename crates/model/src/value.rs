//! Captured values of variables.

use std::borrow::Cow;

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The value of one variable, attribute, element, key or entry, as far as it was captured.
///
/// The JSON form is the one of the API and of stored bodies: `{"type": "int", "value": "5"}`.
/// `content` and `not_captured` can stand together: the first 100 elements, and that there were more.
#[derive(Clone, Debug, PartialEq)]
pub struct CapturedValue {
    /// The type's name as the client gave it; qualified where the client knows the module.
    pub type_name: String,
    /// What was captured.
    pub content: Content,
    /// Whether a text was cut.
    pub truncated: bool,
    /// How large the original was: characters of a text, elements of a container.
    pub size: Option<u64>,
    /// Why (more of) the value is absent.
    pub not_captured: Option<NotCaptured>,
    /// The rule that removed it, for the redaction reasons: `name "password"`.
    pub rule: Option<String>,
    /// Number of the object within its capture, where an object appears more than once. Its content stands at one
    /// of its places; the others have [`Content::Nothing`] and no reason.
    pub reference: Option<u32>,
    /// What kind of thing it is, where the client tells.
    pub form: Option<Form>,
}

/// What kind of thing a value is, which neither its type nor its content tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// A member of an enumeration.
    Enum,
    /// A tuple with names.
    NamedTuple,
    /// A dataclass, or an object of a library that makes such.
    Dataclass,
    /// An exception.
    Exception,
    /// A function; the content is its name with its module.
    Function,
    /// A function bound to an object.
    Method,
    /// A class; the content is its name with its module.
    Class,
    /// A module; the content is its name.
    Module,
    /// An iterator.
    Iterator,
    /// A generator.
    Generator,
    /// A coroutine, or an asynchronous generator.
    Coroutine,
    /// An array of numbers.
    Array,
    /// A table of columns.
    Table,
    /// State that only compiled code can read.
    Opaque,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 14] = [
        Self::Enum,
        Self::NamedTuple,
        Self::Dataclass,
        Self::Exception,
        Self::Function,
        Self::Method,
        Self::Class,
        Self::Module,
        Self::Iterator,
        Self::Generator,
        Self::Coroutine,
        Self::Array,
        Self::Table,
        Self::Opaque,
    ];

    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enum => "enum",
            Self::NamedTuple => "named_tuple",
            Self::Dataclass => "dataclass",
            Self::Exception => "exception",
            Self::Function => "function",
            Self::Method => "method",
            Self::Class => "class",
            Self::Module => "module",
            Self::Iterator => "iterator",
            Self::Generator => "generator",
            Self::Coroutine => "coroutine",
            Self::Array => "array",
            Self::Table => "table",
            Self::Opaque => "opaque",
        }
    }
}

/// The captured content of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Nothing, see [`CapturedValue::not_captured`].
    Nothing,
    /// Python's `None`, or a name without a value.
    Null,
    /// Python's `repr` text of a scalar; strings have their quotes.
    Scalar(String),
    /// Attributes of an object, in the order of the client.
    Fields(Vec<(String, CapturedValue)>),
    /// Elements of a sequence or set.
    Elements(Vec<CapturedValue>),
    /// Keys and values of a mapping.
    Entries(Vec<(CapturedValue, CapturedValue)>),
}

/// Why a value, or the rest of it, is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotCaptured {
    /// Nested deeper than the client follows.
    Depth,
    /// More elements than the client takes.
    CollectionSize,
    /// More attributes than the client takes.
    FieldCount,
    /// The time budget of the capture was used up.
    Timeout,
    /// The name is one of the redacted identifiers.
    RedactedIdentifier,
    /// The type is one of the redacted types.
    RedactedType,
    /// The value itself looks secret.
    RedactedValue,
    /// Another thread changed the object meanwhile.
    ConcurrentModification,
    /// The client cut it out to keep the capture small.
    Pruned,
    /// Our own limit on a hostile or oversized capture.
    Limit,
    /// The client gave no reason, or one that we do not know.
    Unknown,
}

impl NotCaptured {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Depth,
        Self::CollectionSize,
        Self::FieldCount,
        Self::Timeout,
        Self::RedactedIdentifier,
        Self::RedactedType,
        Self::RedactedValue,
        Self::ConcurrentModification,
        Self::Pruned,
        Self::Limit,
        Self::Unknown,
    ];

    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Depth => "depth",
            Self::CollectionSize => "collection_size",
            Self::FieldCount => "field_count",
            Self::Timeout => "timeout",
            Self::RedactedIdentifier => "redacted_identifier",
            Self::RedactedType => "redacted_type",
            Self::RedactedValue => "redacted_value",
            Self::ConcurrentModification => "concurrent_modification",
            Self::Pruned => "pruned",
            Self::Limit => "limit",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a redaction rule removed the value.
    pub fn is_redacted(self) -> bool {
        matches!(self, Self::RedactedIdentifier | Self::RedactedType | Self::RedactedValue)
    }
}

impl CapturedValue {
    /// A value with the given content and nothing else.
    pub fn new(type_name: impl Into<String>, content: Content) -> Self {
        Self {
            type_name: type_name.into(),
            content,
            truncated: false,
            size: None,
            not_captured: None,
            rule: None,
            reference: None,
            form: None,
        }
    }

    /// A scalar by its `repr` text.
    pub fn scalar(type_name: impl Into<String>, repr: impl Into<String>) -> Self {
        Self::new(type_name, Content::Scalar(repr.into()))
    }

    /// A value that is absent for a reason.
    pub fn absent(type_name: impl Into<String>, reason: NotCaptured) -> Self {
        Self { not_captured: Some(reason), ..Self::new(type_name, Content::Nothing) }
    }
}

impl Serialize for CapturedValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &self.type_name)?;
        match &self.content {
            Content::Nothing => {}
            Content::Null => map.serialize_entry("is_null", &true)?,
            Content::Scalar(text) => map.serialize_entry("value", text)?,
            Content::Fields(fields) => map.serialize_entry("fields", &Pairs(fields))?,
            Content::Elements(elements) => map.serialize_entry("elements", elements)?,
            Content::Entries(entries) => map.serialize_entry("entries", entries)?,
        }
        if let Some(size) = self.size {
            map.serialize_entry("size", &size)?;
        }
        if self.truncated {
            map.serialize_entry("truncated", &true)?;
        }
        if let Some(reason) = self.not_captured {
            map.serialize_entry("not_captured", reason.as_str())?;
        }
        if let Some(rule) = &self.rule {
            map.serialize_entry("rule", rule)?;
        }
        if let Some(reference) = self.reference {
            map.serialize_entry("ref", &reference)?;
        }
        if let Some(form) = self.form {
            map.serialize_entry("form", form.as_str())?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for CapturedValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = CapturedValue;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a captured value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CapturedValue, A::Error> {
        let mut value = CapturedValue::new(String::new(), Content::Nothing);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "type" => value.type_name = map.next_value()?,
                "value" => value.content = Content::Scalar(map.next_value()?),
                "is_null" => {
                    map.next_value::<bool>()?;
                    value.content = Content::Null;
                }
                "fields" => value.content = Content::Fields(map.next_value::<OwnedPairs>()?.0),
                "elements" => value.content = Content::Elements(map.next_value()?),
                "entries" => value.content = Content::Entries(map.next_value()?),
                "size" => value.size = Some(map.next_value()?),
                "truncated" => value.truncated = map.next_value()?,
                "not_captured" => {
                    let name = map.next_value::<Cow<'de, str>>()?;
                    let reason = NotCaptured::ALL.into_iter().find(|reason| reason.as_str() == name);
                    value.not_captured = Some(reason.ok_or_else(|| A::Error::custom("unknown reason"))?);
                }
                "rule" => value.rule = Some(map.next_value()?),
                "ref" => value.reference = Some(map.next_value()?),
                "form" => {
                    let name = map.next_value::<Cow<'de, str>>()?;
                    let form = Form::ALL.into_iter().find(|form| form.as_str() == name);
                    value.form = Some(form.ok_or_else(|| A::Error::custom("unknown form"))?);
                }
                _ => {
                    map.next_value::<serde::de::IgnoredAny>()?;
                }
            }
        }
        Ok(value)
    }
}

/// Names and values written as one JSON object that keeps their order.
pub(crate) struct Pairs<'a, T>(pub(crate) &'a [(String, T)]);

impl<T: Serialize> Serialize for Pairs<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// One JSON object read as names and values in their order.
pub(crate) struct OwnedPairs<T = CapturedValue>(pub(crate) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OwnedPairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for PairsVisitor<T> {
            type Value = OwnedPairs<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(OwnedPairs(pairs))
            }
        }
        deserializer.deserialize_map(PairsVisitor(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_round_trips_through_json() {
        let mut list = CapturedValue::new(
            "list",
            Content::Elements(vec![
                CapturedValue::scalar("str", "'a'"),
                CapturedValue::new("NoneType", Content::Null),
                CapturedValue::new(
                    "dict",
                    Content::Entries(vec![(
                        CapturedValue::scalar("str", "'password'"),
                        CapturedValue {
                            rule: Some("name \"password\"".into()),
                            ..CapturedValue::absent("str", NotCaptured::RedactedIdentifier)
                        },
                    )]),
                ),
                CapturedValue::new(
                    "Point",
                    Content::Fields(vec![("x".into(), CapturedValue::scalar("int", "1"))]),
                ),
            ]),
        );
        list.size = Some(250);
        list.form = Some(Form::Dataclass);
        list.not_captured = Some(NotCaptured::CollectionSize);
        let text = serde_json::to_string(&list).unwrap();
        assert_eq!(serde_json::from_str::<CapturedValue>(&text).unwrap(), list);
        assert!(text.contains(r#"{"type":"NoneType","is_null":true}"#), "{text}");
        assert!(
            text.ends_with(r#""size":250,"not_captured":"collection_size","form":"dataclass"}"#),
            "{text}"
        );
    }
}
