//! What a value is: a number, a text, a container, or something that was not captured.

use std::borrow::Cow;

use reenact_model::{Form, unquoted};

use super::{Unknown, Value};
use crate::graph::{Body, Graph, Node, NodeId};

/// A value as far as it was captured.
#[derive(Clone, Debug)]
pub(crate) enum Shape<'v> {
    Null,
    Bool(bool),
    Int(i128),
    /// A whole number of more than 127 bits, as digits.
    Large(&'v str),
    Float(f64),
    Text(Text<'v>),
    /// Bytes, and whether they were cut.
    Bytes(Cow<'v, [u8]>, bool),
    /// A class, by its name.
    Class(Cow<'v, str>),
    /// A function, method or module.
    Named,
    /// A sequence or set.
    Items(Items<'v>),
    Mapping(&'v [(NodeId, NodeId)], &'v Node),
    /// A value of another class that has a text: a date, a `Decimal`.
    Scalar(&'v Node),
    Object(&'v Node),
    Absent(&'v Node),
}

/// A text, and whether it was cut.
#[derive(Clone, Debug)]
pub(crate) struct Text<'v> {
    pub(crate) text: Cow<'v, str>,
    pub(crate) is_cut: bool,
    /// Characters of the original.
    pub(crate) size: Option<u64>,
}

/// Elements of a sequence or set.
#[derive(Clone, Debug)]
pub(crate) struct Items<'v> {
    pub(crate) kind: Kind,
    pub(crate) values: Elements<'v>,
    /// How many there were, as far as it is known.
    pub(crate) size: Option<u64>,
    /// Why some are missing.
    pub(crate) node: Option<&'v Node>,
}

/// Where elements come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Elements<'v> {
    Captured(&'v [NodeId]),
    Made(&'v [Value]),
    /// Of a tuple with names.
    Fields(&'v [(String, NodeId)]),
}

/// What elements are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    List,
    Tuple,
    Set,
    /// A sequence of another class.
    Other,
}

impl Items<'_> {
    pub(crate) fn len(&self) -> usize {
        match self.values {
            Elements::Captured(values) => values.len(),
            Elements::Made(values) => values.len(),
            Elements::Fields(fields) => fields.len(),
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<Value> {
        match self.values {
            Elements::Captured(values) => values.get(index).map(|node| Value::Node(*node)),
            Elements::Made(values) => values.get(index).cloned(),
            Elements::Fields(fields) => fields.get(index).map(|(_, node)| Value::Node(*node)),
        }
    }

    pub(crate) fn is_partial(&self) -> bool {
        self.node.is_some_and(Node::is_partial)
    }
}

impl<'v> Shape<'v> {
    /// Time is that of reading one scalar; containers are not walked.
    pub(crate) fn of(graph: &'v Graph, value: &'v Value) -> Self {
        let made = |values: &'v [Value], kind| {
            let size = Some(values.len() as u64);
            Self::Items(Items { kind, values: Elements::Made(values), size, node: None })
        };
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Int(*value),
            Value::Float(value) => Self::Float(*value),
            Value::Text(text) => Self::Text(Text { text: Cow::Borrowed(text), is_cut: false, size: None }),
            Value::Bytes(bytes) => Self::Bytes(Cow::Borrowed(bytes), false),
            Value::Class(name) => Self::Class(Cow::Borrowed(name)),
            Value::List(values) => made(values, Kind::List),
            Value::Tuple(values) => made(values, Kind::Tuple),
            Value::Node(id) => Self::of_node(graph, *id),
        }
    }

    pub(crate) fn of_node(graph: &'v Graph, id: NodeId) -> Self {
        let node = graph.get(id);
        let items =
            |values, kind| Self::Items(Items { kind, values, size: node.true_size(), node: Some(node) });
        match &node.body {
            Body::Nothing => match node.form {
                Some(Form::Function | Form::Method | Form::Module) => Self::Named,
                _ if node.absence().is_none() && !node.type_name.is_empty() => Self::Object(node),
                _ => Self::Absent(node),
            },
            Body::Null => Self::Null,
            Body::Scalar(text) => scalar(node, text),
            Body::Elements(values) => items(Elements::Captured(values), kind(node)),
            Body::Entries(entries) => Self::Mapping(entries, node),
            Body::Fields(fields) if node.form == Some(Form::NamedTuple) => {
                items(Elements::Fields(fields), Kind::Tuple)
            }
            Body::Fields(_) => match graph.base(id) {
                Some(base) => Self::of_base(graph, base),
                None => Self::Object(node),
            },
        }
    }

    /// What an object has of a built-in class. That is captured, so nothing of it is an object once more.
    fn of_base(graph: &'v Graph, base: NodeId) -> Self {
        let node = graph.get(base);
        match &node.body {
            Body::Fields(_) => Self::Object(node),
            _ => Self::of_node(graph, base),
        }
    }
}

fn kind(node: &Node) -> Kind {
    match bare(&node.type_name) {
        "list" => Kind::List,
        "tuple" => Kind::Tuple,
        "set" | "frozenset" | "dict_keys" => Kind::Set,
        _ => Kind::Other,
    }
}

fn scalar<'v>(node: &'v Node, text: &'v str) -> Shape<'v> {
    match node.form {
        Some(Form::Class) => return Shape::Class(Cow::Borrowed(text)),
        Some(Form::Function | Form::Method | Form::Module) => return Shape::Named,
        Some(Form::Enum) => return Shape::Scalar(node),
        _ => {}
    }
    let is_text = text.starts_with(['\'', '"']);
    match bare(&node.type_name) {
        "bool" | "int" | "float" if node.is_cut => Shape::Scalar(node),
        "bool" if text == "True" => Shape::Bool(true),
        "bool" if text == "False" => Shape::Bool(false),
        "int" => match text.parse() {
            Ok(value) => Shape::Int(value),
            Err(_) if is_whole(text) => Shape::Large(text),
            Err(_) => Shape::Scalar(node),
        },
        "float" => text.parse().map_or(Shape::Scalar(node), Shape::Float),
        "bytes" | "bytearray" if node.type_name.len() <= "bytearray".len() => bytes(node, text),
        "str" => Shape::Text(Text { text: unquoted(text), is_cut: node.is_cut, size: node.size }),
        _ if is_text => Shape::Text(Text { text: unquoted(text), is_cut: node.is_cut, size: node.size }),
        _ => Shape::Scalar(node),
    }
}

fn bytes<'v>(node: &'v Node, text: &str) -> Shape<'v> {
    let inner = text.strip_prefix("bytearray(").and_then(|inner| inner.strip_suffix(')')).unwrap_or(text);
    let Some(quoted) = inner.strip_prefix('b') else { return Shape::Scalar(node) };
    let byte = |character| u8::try_from(u32::from(character));
    let bytes: Result<Vec<u8>, _> = unquoted(quoted).chars().map(byte).collect();
    bytes.map_or(Shape::Scalar(node), |bytes| Shape::Bytes(Cow::Owned(bytes), node.is_cut))
}

fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The name of a type without its module.
pub(crate) fn bare(type_name: &str) -> &str {
    type_name.rsplit('.').next().unwrap_or(type_name)
}

/// Why a value is not there.
pub(crate) fn absent(node: &Node) -> Unknown {
    Unknown::new(node.absence().unwrap_or_else(|| "not captured".to_owned()))
}

/// Whether operators go over the elements of a value one by one.
pub(crate) fn is_array(node: &Node) -> bool {
    matches!(node.form, Some(Form::Array | Form::Table))
}

/// Whether values of this form count as true, whatever they hold.
pub(crate) fn is_always_true(form: Form) -> bool {
    matches!(
        form,
        Form::Function
            | Form::Method
            | Form::Class
            | Form::Module
            | Form::Iterator
            | Form::Generator
            | Form::Coroutine
    )
}
