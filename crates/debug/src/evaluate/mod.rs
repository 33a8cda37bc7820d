//! Evaluating expressions over captured values. Nothing is run; what only code would tell is an error that says so.

mod arithmetic;
mod attribute;
mod compare;
mod decimal;
mod function;
mod number;
mod scalar;
mod shape;
mod subscript;

#[cfg(test)]
mod tests;

pub(crate) use attribute::{is_name, written};
pub(crate) use function::NAMES as FUNCTIONS;
use shape::Shape;

use std::cell::Cell;

use crate::case::{Case, StackFrame};
use crate::expression::{Comparison, Expression, Unary};
use crate::graph::{Graph, NodeId};
use crate::limits::STEPS_MAX;

/// A value: a captured one, or one that was computed from such.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Node(NodeId),
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// A class, by its name.
    Class(String),
    List(Vec<Value>),
    Tuple(Vec<Value>),
}

/// Why there is no value, in words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unknown(pub(crate) String);

impl Unknown {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(reenact_replay::visible::visible(&what.into()))
    }
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) type Evaluated<T = Value> = Result<T, Unknown>;

/// Evaluates the text of an expression in a frame.
///
/// - **Limits:** those of the text ([`crate::expression::parse`]), and [`STEPS_MAX`] values that are looked at.
///
/// # Errors
/// What is wrong with the text, or why the value is not known.
pub(crate) fn evaluate(case: &Case, frame: &StackFrame, text: &str) -> Evaluated {
    let expression = crate::expression::parse(text).map_err(|wrong| Unknown::new(wrong.to_string()))?;
    Evaluator { case, frame, graph: &case.graph, steps: Cell::new(0) }.value(&expression)
}

struct Evaluator<'c> {
    case: &'c Case,
    frame: &'c StackFrame,
    graph: &'c Graph,
    steps: Cell<usize>,
}

impl<'c> Evaluator<'c> {
    /// Counts values that are looked at.
    fn step(&self, count: usize) -> Evaluated<()> {
        let steps = self.steps.get().saturating_add(count.max(1));
        self.steps.set(steps);
        if steps > STEPS_MAX {
            return Err(Unknown::new(format!(
                "one evaluation looks at {STEPS_MAX} values at most; ask for less"
            )));
        }
        Ok(())
    }

    /// What a value is, as far as it was captured.
    fn shape<'v>(&self, value: &'v Value) -> Shape<'v>
    where
        'c: 'v,
    {
        Shape::of(self.graph, value)
    }

    fn value(&self, expression: &Expression) -> Evaluated {
        self.step(1)?;
        Ok(match expression {
            Expression::Name(name) => self.named(name)?,
            Expression::Null => Value::Null,
            Expression::Bool(value) => Value::Bool(*value),
            Expression::Int(value) => Value::Int(*value),
            Expression::Float(value) => Value::Float(*value),
            Expression::Text(text) => Value::Text(text.clone()),
            Expression::Bytes(bytes) => Value::Bytes(bytes.clone()),
            Expression::List(items) => Value::List(self.all(items)?),
            Expression::Tuple(items) => Value::Tuple(self.all(items)?),
            Expression::Attribute(of, name) => self.attribute(&self.value(of)?, name)?,
            Expression::Item(of, index) => self.item(&self.value(of)?, &self.value(index)?)?,
            Expression::Slice(of, bounds) => {
                let of = self.value(of)?;
                let bound = |bound: &Option<Box<Expression>>| {
                    bound.as_ref().map(|bound| self.value(bound)).transpose()
                };
                self.slice(&of, [bound(&bounds[0])?, bound(&bounds[1])?, bound(&bounds[2])?])?
            }
            Expression::Call(function, arguments) => self.call(function, arguments)?,
            Expression::Unary(Unary::Not, inner) => Value::Bool(!self.is_true(&self.value(inner)?)?),
            Expression::Unary(operator, inner) => self.unary(*operator, &self.value(inner)?)?,
            Expression::Binary(operator, left, right) => {
                self.binary(*operator, &self.value(left)?, &self.value(right)?)?
            }
            Expression::Compared(first, rest) => self.compared(first, rest)?,
            Expression::And(left, right) => {
                let left = self.value(left)?;
                if self.is_true(&left)? { self.value(right)? } else { left }
            }
            Expression::Or(left, right) => {
                let left = self.value(left)?;
                if self.is_true(&left)? { left } else { self.value(right)? }
            }
            Expression::Choice(condition, first, other) => {
                let is_first = self.is_true(&self.value(condition)?)?;
                self.value(if is_first { first } else { other })?
            }
        })
    }

    fn all(&self, items: &[Expression]) -> Evaluated<Vec<Value>> {
        items.iter().map(|item| self.value(item)).collect()
    }

    fn named(&self, name: &str) -> Evaluated {
        if let Some(node) = self.case.named(self.frame, name) {
            return Ok(Value::Node(node));
        }
        if function::is_class(name) {
            return Ok(Value::Class(name.to_owned()));
        }
        if function::NAMES.contains(&name) {
            return Err(Unknown::new(format!("`{name}` is a function; call it: `{name}(…)`")));
        }
        let why = match &self.frame.why_none {
            Some(why) => format!("this frame has no values: {why}"),
            None if self.frame.is_label => "this is no frame; choose one".to_owned(),
            None => {
                format!("`{name}` was not captured in this frame; it is not set there, or a built-in name")
            }
        };
        Err(Unknown::new(why))
    }

    fn compared(&self, first: &Expression, rest: &[(Comparison, Expression)]) -> Evaluated {
        let mut left = self.value(first)?;
        for (comparison, right) in rest {
            let right = self.value(right)?;
            if !self.compare(*comparison, &left, &right)? {
                return Ok(Value::Bool(false));
            }
            left = right;
        }
        Ok(Value::Bool(true))
    }

    /// Whether a value counts as true.
    fn is_true(&self, value: &Value) -> Evaluated<bool> {
        Ok(match self.shape(value) {
            Shape::Null => false,
            Shape::Bool(value) => value,
            Shape::Int(value) => value != 0,
            Shape::Large(_) | Shape::Class(_) | Shape::Named => true,
            Shape::Float(value) => value != 0.0,
            Shape::Text(text) => text.is_cut || !text.text.is_empty(),
            Shape::Bytes(bytes, is_cut) => is_cut || !bytes.is_empty(),
            Shape::Items(items) if items.node.is_some_and(shape::is_array) => {
                return Err(scalar::may_decide());
            }
            Shape::Items(_) | Shape::Mapping(..) => match self.length(value) {
                Ok(length) => length > 0,
                // Some of it is there, so it is not empty.
                Err(_) if self.has_parts(value) => true,
                Err(unknown) => return Err(unknown),
            },
            Shape::Scalar(node) => return scalar::is_true(node),
            Shape::Object(node) if node.form.is_some_and(shape::is_always_true) => true,
            Shape::Object(_) => return Err(scalar::may_decide()),
            Shape::Absent(node) => return Err(shape::absent(node)),
        })
    }
}
