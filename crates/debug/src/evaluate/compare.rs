//! Comparing values as Python does, where that runs no code of a class.

use std::cmp::Ordering;

use reenact_model::Form;

use super::decimal::Decimal;
use super::shape::{Items, Kind, Shape, absent, bare};
use super::{Evaluated, Evaluator, Unknown, Value};
use crate::expression::Comparison;
use crate::graph::{Body, Node};
use crate::limits::COMPARED_DEPTH_MAX;

/// Classes whose values are equal only when their texts are.
const BY_TEXT: [&str; 13] = [
    "UUID",
    "date",
    "timedelta",
    "Fraction",
    "complex",
    "range",
    "PosixPath",
    "PurePosixPath",
    "IPv4Address",
    "IPv6Address",
    "IPv4Network",
    "IPv6Network",
    "ellipsis",
];

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
        let (one, other) = (self.shape(left), self.shape(right));
        if let (Value::Node(left), Value::Node(right)) = (left, right)
            && self.graph.home(*left) == self.graph.home(*right)
        {
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
            (Shape::Items(_) | Shape::Mapping(..) | Shape::Object(_), _)
            | (_, Shape::Items(_) | Shape::Mapping(..) | Shape::Object(_)) => Ok(false),
            _ => {
                Err(Unknown::new("whether numbers and texts are the same object was not captured; use `==`"))
            }
        }
    }

    /// - **Limits:** nesting of [`COMPARED_DEPTH_MAX`]; each value that is looked at is a step.
    pub(super) fn equal(&self, left: &Value, right: &Value, depth: usize) -> Evaluated<bool> {
        self.step(1)?;
        if depth > COMPARED_DEPTH_MAX {
            return Err(Unknown::new("the values are nested too deeply to be compared"));
        }
        let (one, other) = (self.shape(left), self.shape(right));
        if let (Value::Node(left), Value::Node(right)) = (left, right)
            && self.graph.home(*left) == self.graph.home(*right)
            && !matches!(one, Shape::Absent(_) | Shape::Float(_))
        {
            return Ok(true);
        }
        if let Some(order) = numeric(&one, &other)? {
            return Ok(order == Some(Ordering::Equal));
        }
        if let (Shape::Text(left), Shape::Text(right)) = (&one, &other) {
            // Long texts cost as many values do.
            self.step((left.text.len() + right.text.len()) / TEXT_STEP_BYTES)?;
        }
        match (&one, &other) {
            (Shape::Absent(node), _) | (_, Shape::Absent(node)) => Err(absent(node)),
            (Shape::Null, _) | (_, Shape::Null) => Ok(matches!((&one, &other), (Shape::Null, Shape::Null))),
            (Shape::Text(left), Shape::Text(right)) => match (left.is_cut, right.is_cut) {
                (false, false) => Ok(left.text == right.text),
                _ if !begins_like(&left.text, &right.text) => Ok(false),
                _ => Err(cut_text()),
            },
            (Shape::Bytes(left, is_left_cut), Shape::Bytes(right, is_right_cut)) => {
                if *is_left_cut || *is_right_cut { Err(cut_text()) } else { Ok(left == right) }
            }
            (Shape::Class(left), Shape::Class(right)) => Ok(is_same_class(left, right)),
            (Shape::Items(left), Shape::Items(right)) => self.equal_items(left, right, depth),
            (Shape::Mapping(..), Shape::Mapping(..)) => self.equal_mappings(left, right, depth),
            (Shape::Scalar(left), Shape::Scalar(right)) => equal_scalars(left, right),
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
        if left.kind == Kind::Other {
            return Err(Unknown::new("its class decides how this is compared; compare its elements"));
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
                _ => self.equal(&value, &other, depth + 1)?,
            };
            if !is_equal {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn equal_mappings(&self, left: &Value, right: &Value, depth: usize) -> Evaluated<bool> {
        if self.length(left)? != self.length(right)? {
            return Ok(false);
        }
        let Shape::Mapping(entries, node) = self.shape(left) else { return Ok(false) };
        if node.is_partial() {
            return Err(absent(node));
        }
        for (key, value) in entries {
            let Some(other) = self.entry(right, &Value::Node(*key), depth)? else { return Ok(false) };
            if !self.equal(&Value::Node(*value), &other, depth + 1)? {
                return Ok(false);
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
        if !is_same_type || fields.len() != others.len() {
            return Ok(false);
        }
        for ((name, value), (other_name, other)) in fields.iter().zip(others) {
            if name != other_name || !self.equal(&Value::Node(*value), &Value::Node(*other), depth + 1)? {
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
        if let Some(order) = numeric(&one, &other)? {
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
                    if !self.equal(&value, &other, depth + 1)? {
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

/// The order of two numbers; no order where one is `nan`. `Ok(None)` where one of them is no number.
fn numeric(one: &Shape<'_>, other: &Shape<'_>) -> Evaluated<Option<Option<Ordering>>> {
    let whole = |shape: &Shape<'_>| match shape {
        Shape::Bool(value) => Some(i128::from(*value)),
        Shape::Int(value) => Some(*value),
        _ => None,
    };
    let decimal = |shape: &Shape<'_>| match shape {
        Shape::Scalar(node) => Decimal::of(node),
        _ => None,
    };
    if let (Some(left), Some(right)) = (whole(one), whole(other)) {
        return Ok(Some(Some(left.cmp(&right))));
    }
    if let (Shape::Large(left), Shape::Large(right)) = (one, other) {
        return Ok(Some(Some(large(left).cmp(&large(right)))));
    }
    Ok(match (one, other) {
        (Shape::Float(left), Shape::Float(right)) => Some(left.partial_cmp(right)),
        (Shape::Large(text), _) if whole(other).is_some() => {
            Some(Some(if text.starts_with('-') { Ordering::Less } else { Ordering::Greater }))
        }
        (_, Shape::Large(text)) if whole(one).is_some() => {
            Some(Some(if text.starts_with('-') { Ordering::Greater } else { Ordering::Less }))
        }
        (Shape::Large(_), Shape::Float(_)) | (Shape::Float(_), Shape::Large(_)) => {
            return Err(Unknown::new(
                "a whole number of more than 127 bits is not compared with a float here",
            ));
        }
        (Shape::Float(float), _) => match decimal(other) {
            Some(decimal) => Some(decimal_and_float(decimal, *float)?.map(Ordering::reverse)),
            None => whole(other).map(|whole| whole_and_float(whole, *float).map(Ordering::reverse)),
        },
        (_, Shape::Float(float)) => match decimal(one) {
            Some(decimal) => Some(decimal_and_float(decimal, *float)?),
            None => whole(one).map(|whole| whole_and_float(whole, *float)),
        },
        _ => {
            let of = |shape| decimal(shape).or_else(|| whole(shape).map(Decimal::of_int));
            match (of(one), of(other)) {
                (Some(left), Some(right)) => {
                    let far = || Unknown::new("the numbers are too far apart to be compared here");
                    Some(Some(left.compared(right).ok_or_else(far)?))
                }
                _ => None,
            }
        }
    })
}

fn decimal_and_float(decimal: Decimal, float: f64) -> Evaluated<Option<Ordering>> {
    if float.is_nan() {
        return Ok(None);
    }
    let near = || Unknown::new("the numbers are too near to each other to be compared here");
    decimal.compared_with_float(float).map(Some).ok_or_else(near)
}

/// Whole numbers and floats are compared exactly.
fn whole_and_float(whole: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    // 2 ^ 127 is exact.
    let limit = -(i128::MIN as f64);
    if float >= limit {
        return Some(Ordering::Less);
    }
    if float < -limit {
        return Some(Ordering::Greater);
    }
    let floor = float.floor();
    let below = (floor as i128, float > floor);
    Some(whole.cmp(&below.0).then(if below.1 { Ordering::Less } else { Ordering::Equal }))
}

/// Sign and digits, in an order.
fn large(text: &str) -> (bool, i64, std::borrow::Cow<'_, str>) {
    let is_positive = !text.starts_with('-');
    let digits = text.trim_start_matches('-').trim_start_matches('0');
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    if is_positive {
        return (true, length, digits.into());
    }
    // Of negative numbers the larger digits are less.
    let reversed: String = digits.bytes().map(|digit| char::from(b'9' - digit.min(b'9') + b'0')).collect();
    (false, -length, reversed.into())
}

fn equal_scalars(left: &Node, right: &Node) -> Evaluated<bool> {
    let (Body::Scalar(one), Body::Scalar(other)) = (&left.body, &right.body) else {
        return Err(own_code(left));
    };
    if left.is_cut || right.is_cut {
        return Err(cut_text());
    }
    let is_same_type = left.type_name == right.type_name;
    if is_same_type && one == other {
        return Ok(true);
    }
    let is_by_text = |node: &Node| BY_TEXT.contains(&bare(&node.type_name)) || node.form == Some(Form::Enum);
    if is_by_text(left) && is_by_text(right) { Ok(false) } else { Err(own_code(left)) }
}

/// Whether a class is meant: `Order` is `shop.Order`, as far as a client says its module.
pub(super) fn is_same_class(left: &str, right: &str) -> bool {
    let plain = |name: &str| name.strip_prefix("builtins.").unwrap_or(name).to_owned();
    let (left, right) = (plain(left), plain(right));
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

fn own_code(node: &Node) -> Unknown {
    Unknown::new(format!(
        "how a `{}` is compared, its class decides, and nothing is run; compare its attributes, or use `is`",
        node.type_name
    ))
}
