//! Comparing values as Python does, where that runs no code of a class.

use std::cmp::Ordering;

use reenact_model::Form;

use super::function::is_class;
use super::shape::{Items, Kind, Shape, absent, bare};
use super::{Evaluated, Evaluator, Unknown, Value, number, scalar};
use crate::expression::Comparison;
use crate::graph::{Body, Node};
use crate::limits::COMPARED_DEPTH_MAX;

/// Bytes of a text that are looked at for the price of one value.
const TEXT_STEP_BYTES: usize = 256;

impl Evaluator<'_> {
    pub(super) fn compare(&self, comparison: Comparison, left: &Value, right: &Value) -> Evaluated<bool> {
        match comparison {
            Comparison::Equal => self.equal(left, right, 0),
            Comparison::Unequal => Ok(!self.equal(left, right, 0)?),
            Comparison::In => self.contains(right, left),
            Comparison::NotIn => Ok(!self.contains(right, left)?),
            Comparison::Is => self.identical(left, right),
            Comparison::IsNot => Ok(!self.identical(left, right)?),
            Comparison::Less => Ok(self.order(left, right, 0)? == Some(Ordering::Less)),
            Comparison::Greater => Ok(self.order(left, right, 0)? == Some(Ordering::Greater)),
            Comparison::LessOrEqual => {
                Ok(matches!(self.order(left, right, 0)?, Some(Ordering::Less | Ordering::Equal)))
            }
            Comparison::GreaterOrEqual => {
                Ok(matches!(self.order(left, right, 0)?, Some(Ordering::Greater | Ordering::Equal)))
            }
        }
    }

    fn identical(&self, left: &Value, right: &Value) -> Evaluated<bool> {
        let is_single = |shape: &Shape<'_>| matches!(shape, Shape::Null | Shape::Bool(_));
        let is_member = |shape: &Shape<'_>| match shape {
            Shape::Object(node) | Shape::Scalar(node) => node.form == Some(Form::Enum),
            _ => false,
        };
        let (one, other) = (self.shape(left), self.shape(right));
        if self.is_one(left, right) {
            return Ok(true);
        }
        match (&one, &other) {
            (Shape::Absent(node), _) | (_, Shape::Absent(node)) if !type_tells(&one, &other) => {
                Err(absent(node))
            }
            (Shape::Null, Shape::Null) => Ok(true),
            (Shape::Bool(left), Shape::Bool(right)) => Ok(left == right),
            (Shape::Class(left), Shape::Class(right)) => Ok(is_same_class(left, right)),
            _ if is_single(&one) || is_single(&other) => Ok(false),
            // There is one object of each member.
            _ if is_member(&one) && is_member(&other) => self.equal(left, right, 0),
            (Shape::Items(_) | Shape::Mapping(..) | Shape::Object(_), _)
            | (_, Shape::Items(_) | Shape::Mapping(..) | Shape::Object(_))
                if self.are_two(left, right) =>
            {
                Ok(false)
            }
            _ => Err(same_object()),
        }
    }

    /// Whether two containers or objects that are not one in the capture were not one in the process either.
    fn are_two(&self, left: &Value, right: &Value) -> bool {
        match (left, right) {
            (Value::Node(one), Value::Node(other)) => {
                let (one_type, other_type) = (self.type_name(left), self.type_name(right));
                self.graph.are_two(*one, *other) || bare(&one_type) != bare(&other_type)
            }
            // What an expression makes is new, but for the empty tuple.
            _ => {
                let is_empty_tuple = |value| match self.shape(value) {
                    Shape::Items(items) => items.kind == Kind::Tuple && items.size == Some(0),
                    _ => false,
                };
                !(is_empty_tuple(left) && is_empty_tuple(right))
            }
        }
    }

    /// Whether two values are one object in the capture.
    fn is_one(&self, left: &Value, right: &Value) -> bool {
        match (left, right) {
            (Value::Node(left), Value::Node(right)) => self.graph.home(*left) == self.graph.home(*right),
            _ => false,
        }
    }

    /// Whether containers take two values for one: they are the same object, or equal. Only `nan` is the one without the other.
    pub(super) fn alike(&self, left: &Value, right: &Value, depth: usize) -> Evaluated<bool> {
        let (one, other) = (self.shape(left), self.shape(right));
        if is_nan(&one) && is_nan(&other) {
            return if self.is_one(left, right) { Ok(true) } else { Err(same_object()) };
        }
        self.equal(left, right, depth)
    }

    /// - **Limits:** nesting of [`COMPARED_DEPTH_MAX`]; each value that is looked at is a step.
    pub(super) fn equal(&self, left: &Value, right: &Value, depth: usize) -> Evaluated<bool> {
        self.step(1)?;
        if depth > COMPARED_DEPTH_MAX {
            return Err(Unknown::new("the values are nested too deeply to be compared"));
        }
        let (one, other) = (self.shape(left), self.shape(right));
        if self.is_one(left, right) && !matches!(one, Shape::Absent(_)) && !is_nan(&one) {
            return Ok(true);
        }
        if let Some(order) = number::order(&one, &other)? {
            return Ok(order == Some(Ordering::Equal));
        }
        if let (Shape::Text(left), Shape::Text(right)) = (&one, &other) {
            // Long texts cost as many values do.
            self.step((left.text.len() + right.text.len()) / TEXT_STEP_BYTES)?;
        }
        match (&one, &other) {
            (Shape::Absent(node), _) | (_, Shape::Absent(node)) => Err(absent(node)),
            (Shape::Null, Shape::Null) => Ok(true),
            (Shape::Null, Shape::Object(node)) | (Shape::Object(node), Shape::Null)
                if matches!(node.form, Some(Form::Dataclass | Form::Enum)) =>
            {
                Ok(false)
            }
            (Shape::Null, Shape::Scalar(node)) | (Shape::Scalar(node), Shape::Null)
                if scalar::is_known(node) =>
            {
                Ok(false)
            }
            (Shape::Text(left), Shape::Text(right)) => match (left.is_cut, right.is_cut) {
                (false, false) => Ok(left.text == right.text),
                _ if !begins_like(&left.text, &right.text) => Ok(false),
                _ => Err(cut_text()),
            },
            (Shape::Bytes(left, is_left_cut), Shape::Bytes(right, is_right_cut)) => {
                if *is_left_cut || *is_right_cut { Err(cut_text()) } else { Ok(left == right) }
            }
            (Shape::Class(left), Shape::Class(right)) => Ok(is_same_class(left, right)),
            (Shape::Items(items), _) | (_, Shape::Items(items)) if items.kind == Kind::Other => {
                Err(Unknown::new("its class decides how this is compared; compare its elements"))
            }
            (Shape::Items(left), Shape::Items(right)) => self.equal_items(left, right, depth),
            (Shape::Mapping(..), Shape::Mapping(..)) => self.equal_mappings(left, right, depth),
            (Shape::Scalar(left), Shape::Scalar(right)) => scalar::equal(left, right),
            // Functions are captured by their names.
            (Shape::Named, Shape::Named) => Err(same_object()),
            (Shape::Object(one), Shape::Object(other)) => self.equal_objects(one, other, depth),
            (Shape::Object(node) | Shape::Scalar(node), _)
            | (_, Shape::Object(node) | Shape::Scalar(node)) => Err(own_code(node)),
            _ => Ok(false),
        }
    }

    fn equal_items(&self, left: &Items<'_>, right: &Items<'_>, depth: usize) -> Evaluated<bool> {
        if left.kind != right.kind {
            return Ok(false);
        }
        if let (Some(left), Some(right)) = (left.size, right.size)
            && left != right
        {
            return Ok(false);
        }
        if let Some(node) =
            [left, right].into_iter().find(|items| items.is_partial()).and_then(|items| items.node)
        {
            return Err(absent(node));
        }
        for index in 0..left.len() {
            let (Some(value), Some(other)) = (left.get(index), right.get(index)) else { return Ok(false) };
            let is_equal = match left.kind {
                Kind::Set => self.has_element(right, &value, depth)?,
                _ => self.alike(&value, &other, depth + 1)?,
            };
            if !is_equal {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn equal_mappings(&self, left: &Value, right: &Value, depth: usize) -> Evaluated<bool> {
        let (Shape::Mapping(entries, node), Shape::Mapping(others, other)) =
            (self.shape(left), self.shape(right))
        else {
            return Ok(false);
        };
        let is_both = |class| bare(&node.type_name) == class && bare(&other.type_name) == class;
        if let Some(unknown) = [node, other].into_iter().find(|node| !is_plain_mapping(node)) {
            return Err(own_code(unknown));
        }
        // Zeros count for nothing there, in some versions of Python.
        let unequal = || if is_both("Counter") { Err(own_code(node)) } else { Ok(false) };
        if self.length(left)? != self.length(right)? {
            return unequal();
        }
        if let Some(partial) = [node, other].into_iter().find(|node| node.is_partial()) {
            return Err(absent(partial));
        }
        for (place, (key, value)) in entries.iter().enumerate() {
            if is_both("OrderedDict") {
                let same_key =
                    |(other, _): &(_, _)| self.alike(&Value::Node(*key), &Value::Node(*other), depth + 1);
                if !others.get(place).map_or(Ok(false), same_key)? {
                    return Ok(false);
                }
            }
            let Some(other) = self.entry(right, &Value::Node(*key), depth)? else { return unequal() };
            if !self.alike(&Value::Node(*value), &other, depth + 1)? {
                return unequal();
            }
        }
        Ok(true)
    }

    /// Dataclasses are equal when their fields are; members of enumerations when they are the same one.
    fn equal_objects(&self, left: &Node, right: &Node, depth: usize) -> Evaluated<bool> {
        let (Body::Fields(fields), Body::Fields(others)) = (&left.body, &right.body) else {
            return Err(own_code(left));
        };
        let is_same_type = left.type_name == right.type_name;
        let by_fields = left.form == Some(Form::Dataclass) || left.form == Some(Form::Enum);
        if !by_fields || left.form != right.form || left.is_partial() || right.is_partial() {
            return Err(own_code(left));
        }
        if !is_same_type {
            // Members of two enumerations may be numbers.
            return if left.form == Some(Form::Dataclass) { Ok(false) } else { Err(own_code(left)) };
        }
        // What else was set on one of them is no field.
        if !fields.iter().map(|(name, _)| name).eq(others.iter().map(|(name, _)| name)) {
            return Err(own_code(left));
        }
        for ((_, value), (_, other)) in fields.iter().zip(others) {
            let (value, other) = (Value::Node(*value), Value::Node(*other));
            if is_nan(&self.shape(&value)) && is_nan(&self.shape(&other)) {
                // That differs between versions of Python.
                return Err(same_object());
            }
            if !self.equal(&value, &other, depth + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn order(&self, left: &Value, right: &Value, depth: usize) -> Evaluated<Option<Ordering>> {
        self.step(1)?;
        if depth > COMPARED_DEPTH_MAX {
            return Err(Unknown::new("the values are nested too deeply to be compared"));
        }
        let (one, other) = (self.shape(left), self.shape(right));
        if let Some(order) = number::order(&one, &other)? {
            return Ok(order);
        }
        match (&one, &other) {
            (Shape::Absent(node), _) | (_, Shape::Absent(node)) => Err(absent(node)),
            (Shape::Text(left), Shape::Text(right)) => {
                let is_told = !(left.is_cut || right.is_cut) || !begins_like(&left.text, &right.text);
                if is_told { Ok(Some(left.text.cmp(&right.text))) } else { Err(cut_text()) }
            }
            (Shape::Bytes(left, false), Shape::Bytes(right, false)) => Ok(Some(left.cmp(right))),
            (Shape::Items(left), Shape::Items(right))
                if left.kind == right.kind && matches!(left.kind, Kind::List | Kind::Tuple) =>
            {
                for index in 0..left.len().min(right.len()) {
                    let (Some(value), Some(other)) = (left.get(index), right.get(index)) else { break };
                    if !self.alike(&value, &other, depth + 1)? {
                        return self.order(&value, &other, depth + 1);
                    }
                }
                match [left, right].into_iter().find(|items| items.is_partial()).and_then(|items| items.node)
                {
                    Some(node) => Err(absent(node)),
                    None => Ok(Some(left.len().cmp(&right.len()))),
                }
            }
            (Shape::Object(node) | Shape::Scalar(node), _)
            | (_, Shape::Object(node) | Shape::Scalar(node)) => Err(own_code(node)),
            _ => Err(Unknown::new(format!(
                "a {} and a {} have no order",
                bare(&self.type_name(left)),
                bare(&self.type_name(right))
            ))),
        }
    }
}

/// Whether a class is meant: `Order` is `shop.Order`, as far as a client says its module.
pub(super) fn is_same_class(left: &str, right: &str) -> bool {
    let plain = |name: &str| name.strip_prefix("builtins.").unwrap_or(name).to_owned();
    let (left, right) = (plain(left), plain(right));
    // `numpy.bool` is another class than `bool`.
    if is_class(&left) || is_class(&right) {
        return left == right;
    }
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    ends(&left, &right) || ends(&right, &left)
}

/// Whether what is known of two values says that they are not one object.
fn type_tells(one: &Shape<'_>, other: &Shape<'_>) -> bool {
    let has_type = |shape: &Shape<'_>| matches!(shape, Shape::Absent(node) if !node.type_name.is_empty() && bare(&node.type_name) != "NoneType");
    (has_type(one) && matches!(other, Shape::Null)) || (has_type(other) && matches!(one, Shape::Null))
}

fn begins_like(left: &str, right: &str) -> bool {
    left.chars().zip(right.chars()).all(|(left, right)| left == right)
}

pub(super) fn cut_text() -> Unknown {
    Unknown::new("the text was cut when it was captured; its end is not known")
}

/// Whether a value is not equal to itself.
fn is_nan(shape: &Shape<'_>) -> bool {
    match shape {
        Shape::Float(value) => value.is_nan(),
        Shape::Scalar(node) => scalar::is_nan(node),
        _ => false,
    }
}

/// Whether a mapping is compared as `dict` is, or in a way that is known.
fn is_plain_mapping(node: &Node) -> bool {
    matches!(bare(&node.type_name), "dict" | "defaultdict" | "OrderedDict" | "Counter" | "mappingproxy")
}

fn same_object() -> Unknown {
    Unknown::new("whether these are the same object was not captured; use `==`")
}

pub(super) fn own_code(node: &Node) -> Unknown {
    Unknown::new(format!(
        "how a `{}` is compared, its class decides, and nothing is run; compare its attributes, or use `is`",
        node.type_name
    ))
}
