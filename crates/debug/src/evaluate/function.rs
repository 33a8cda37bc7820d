//! The few functions that expressions may call: what they answer is told by what was captured.

use super::compare::is_same_class;
use super::decimal::Decimal;
use super::shape::{Shape, absent};
use super::{Evaluated, Evaluator, Unknown, Value};
use crate::display;
use crate::expression::{Binary, Comparison, Expression, grouped};
use crate::limits::TEXT_CHARACTERS_MAX;

/// Functions that are known.
pub(crate) const NAMES: [&str; 15] = [
    "abs",
    "all",
    "any",
    "bool",
    "float",
    "int",
    "isinstance",
    "len",
    "list",
    "max",
    "min",
    "repr",
    "str",
    "sum",
    "type",
];

/// Names of built-in classes, as values.
pub(super) fn is_class(name: &str) -> bool {
    matches!(
        name,
        "bool"
            | "bytes"
            | "dict"
            | "float"
            | "frozenset"
            | "int"
            | "list"
            | "object"
            | "set"
            | "str"
            | "tuple"
            | "type"
    )
}

impl Evaluator<'_> {
    pub(super) fn call(&self, function: &Expression, arguments: &[Expression]) -> Evaluated {
        let name = match function {
            Expression::Name(name) if NAMES.contains(&name.as_str()) => name.as_str(),
            Expression::Name(name) => {
                return Err(Unknown::new(format!("`{name}` is not called: nothing is run. {KNOWN}")));
            }
            Expression::Attribute(_, name) => {
                return Err(Unknown::new(format!(
                    "the method `{name}` is not called: nothing is run. {KNOWN}"
                )));
            }
            _ => return Err(Unknown::new(format!("nothing is called here. {KNOWN}"))),
        };
        let values = self.all(arguments)?;
        match (name, values.as_slice()) {
            ("len", [of]) => self.length(of).map(|length| Value::Int(i128::from(length))),
            ("type", [of]) => self.class_of(of),
            ("repr", [of]) => Ok(Value::Text(display::text(self.graph, of, TEXT_CHARACTERS_MAX))),
            ("str", [of]) => self.text(of),
            ("bool", [of]) => self.is_true(of).map(Value::Bool),
            ("int", [of]) => self.whole(of),
            ("float", [of]) => self.float(of),
            ("abs", [of]) => match self.shape(of) {
                Shape::Int(value) => {
                    value.checked_abs().map(Value::Int).ok_or_else(|| Unknown::new("the number is too large"))
                }
                Shape::Bool(value) => Ok(Value::Int(i128::from(value))),
                Shape::Float(value) => Ok(Value::Float(value.abs())),
                Shape::Absent(node) => Err(absent(node)),
                _ => Err(Unknown::new(format!("`abs` is not known for a {}", self.type_name(of)))),
            },
            ("isinstance", [of, class]) => self.is_instance(of, class),
            ("list", [of]) => Ok(Value::List(self.elements(of)?)),
            ("any", [of]) => self.until(of, true),
            ("all", [of]) => self.until(of, false),
            ("sum", [of]) => self.sum(&self.elements(of)?),
            ("min" | "max", [of]) => self.extreme(self.elements(of)?, name),
            ("min" | "max", [_, _, ..]) => self.extreme(values, name),
            _ => Err(Unknown::new(format!("`{name}` takes another number of arguments"))),
        }
    }

    /// The elements of a sequence or set, or the keys of a mapping, all of them.
    fn elements(&self, of: &Value) -> Evaluated<Vec<Value>> {
        let values: Vec<Value> = match self.shape(of) {
            Shape::Items(items) => {
                if let Some(node) = items.node.filter(|_| items.is_partial()) {
                    return Err(absent(node));
                }
                (0..items.len()).filter_map(|index| items.get(index)).collect()
            }
            Shape::Mapping(_, node) if node.is_partial() => return Err(absent(node)),
            Shape::Mapping(entries, _) => entries.iter().map(|(key, _)| Value::Node(*key)).collect(),
            Shape::Absent(node) => return Err(absent(node)),
            _ => {
                return Err(Unknown::new(format!(
                    "what a {} goes through is told by running it, and nothing is run",
                    self.type_name(of)
                )));
            }
        };
        self.step(values.len())?;
        Ok(values)
    }

    fn until(&self, of: &Value, wanted: bool) -> Evaluated {
        for value in self.elements(of)? {
            if self.is_true(&value)? == wanted {
                return Ok(Value::Bool(wanted));
            }
        }
        Ok(Value::Bool(!wanted))
    }

    fn sum(&self, values: &[Value]) -> Evaluated {
        let mut sum = Value::Int(0);
        // What rounding lost: Python counts that since 3.12.
        let mut lost = 0.0;
        for value in values {
            let next = self.binary(Binary::Add, &sum, value)?;
            if let Value::Float(next) = next
                && let (Value::Float(sum), Value::Float(value)) = (self.float(&sum)?, self.float(value)?)
            {
                lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
            }
            sum = next;
        }
        match sum {
            Value::Float(sum) if lost.is_finite() && sum + lost != sum => {
                Err(Unknown::new("the last digits of this sum differ between versions of Python"))
            }
            sum => Ok(sum),
        }
    }

    fn extreme(&self, values: Vec<Value>, name: &str) -> Evaluated {
        let comparison = if name == "min" { Comparison::Less } else { Comparison::Greater };
        let mut values = values.into_iter();
        let mut found = values.next().ok_or_else(|| Unknown::new("there are no elements"))?;
        for value in values {
            if self.compare(comparison, &value, &found)? {
                found = value;
            }
        }
        Ok(found)
    }

    fn text(&self, of: &Value) -> Evaluated {
        match self.shape(of) {
            Shape::Text(text) if text.is_cut => Err(super::compare::cut_text()),
            Shape::Text(text) => Ok(Value::Text(text.text.into_owned())),
            Shape::Absent(node) => Err(absent(node)),
            Shape::Scalar(node) if Decimal::of(node).is_some() => {
                let text = display::text(self.graph, of, TEXT_CHARACTERS_MAX);
                let inner = text.split_once('\'').and_then(|(_, rest)| rest.strip_suffix("')"));
                Ok(Value::Text(inner.unwrap_or(&text).to_owned()))
            }
            Shape::Bytes(_, true) => Err(super::compare::cut_text()),
            Shape::Null
            | Shape::Bool(_)
            | Shape::Int(_)
            | Shape::Large(_)
            | Shape::Float(_)
            | Shape::Bytes(..)
            | Shape::Class(_) => Ok(Value::Text(display::text(self.graph, of, TEXT_CHARACTERS_MAX))),
            _ => Err(Unknown::new("`str` runs code of the class; `repr` shows what was captured")),
        }
    }

    fn whole(&self, of: &Value) -> Evaluated {
        let read = match self.shape(of) {
            Shape::Int(value) => Some(value),
            Shape::Bool(value) => Some(i128::from(value)),
            Shape::Float(value) if value.abs() < 1e38 => Some(value.trunc() as i128),
            Shape::Text(text) if text.is_cut => return Err(super::compare::cut_text()),
            Shape::Text(text) => grouped(text.text.trim(), 10).ok().and_then(|text| text.parse().ok()),
            Shape::Scalar(node) => Decimal::of(node).and_then(Decimal::to_int),
            Shape::Absent(node) => return Err(absent(node)),
            _ => None,
        };
        read.map(Value::Int).ok_or_else(|| Unknown::new("this is no whole number, or a too large one"))
    }

    fn float(&self, of: &Value) -> Evaluated {
        let read = match self.shape(of) {
            Shape::Int(value) => Some(value as f64),
            Shape::Large(text) => text.parse().ok().filter(|value: &f64| value.is_finite()),
            Shape::Bool(value) => Some(f64::from(u8::from(value))),
            Shape::Float(value) => Some(value),
            Shape::Text(text) if text.is_cut => return Err(super::compare::cut_text()),
            Shape::Text(text) => text.text.trim().parse().ok(),
            Shape::Scalar(node) => super::decimal::text_of(node).and_then(|text| text.parse().ok()),
            Shape::Absent(node) => return Err(absent(node)),
            _ => None,
        };
        read.map(Value::Float).ok_or_else(|| Unknown::new("this is no number"))
    }

    /// Whether a value is of a class itself; what it inherits from was not captured.
    fn is_instance(&self, of: &Value, class: &Value) -> Evaluated {
        let mut classes = Vec::new();
        match self.shape(class) {
            Shape::Class(name) => classes.push(name.into_owned()),
            Shape::Items(items) => {
                for index in 0..items.len() {
                    let value = items.get(index).unwrap_or(Value::Null);
                    // A tuple may hold tuples, and what was not captured: nothing is told by what it is not.
                    let name = if let Shape::Class(name) = self.shape(&value) {
                        name.into_owned()
                    } else {
                        String::new()
                    };
                    classes.push(name);
                }
                if items.is_partial() {
                    classes.push(String::new());
                }
            }
            _ => {}
        }
        if classes.is_empty() {
            return Err(Unknown::new("the second argument is a class, or a tuple of classes"));
        }
        let name = self.type_name(of);
        let is_bool_as_int = |class: &String| class == "int" && name == "bool" || class == "object";
        let is_named = |class: &String| !class.is_empty() && is_same_class(&name, class);
        if classes.iter().any(|class| is_named(class) || is_bool_as_int(class)) {
            return Ok(Value::Bool(true));
        }
        // Built-in classes do not inherit from each other but for `bool`; of others they may be virtual subclasses.
        let is_built_in =
            |name: &str| is_class(name.strip_prefix("builtins.").unwrap_or(name)) || name == "NoneType";
        if is_built_in(&name) && classes.iter().all(|class| is_built_in(class)) {
            return Ok(Value::Bool(false));
        }
        Err(Unknown::new(format!("what a `{name}` inherits from was not captured; it is a `{name}`")))
    }
}

const KNOWN: &str =
    "Known are abs, all, any, bool, float, int, isinstance, len, list, max, min, repr, str, sum and type";
