//! Operators on numbers, texts and lists.

use super::compare::cut_text;
use super::number::{Number, numbers, too_large};
use super::shape::{Kind, Shape, absent};
use super::subscript::too_much;
use super::{Evaluated, Evaluator, Unknown, Value};
use crate::expression::{Binary, Unary};
use crate::limits::MADE_MAX;

impl Evaluator<'_> {
    pub(super) fn unary(&self, operator: Unary, of: &Value) -> Evaluated {
        let number = self.number(of, "this operator")?;
        match (operator, number) {
            (Unary::Minus, Number::Int(value)) => value.checked_neg().map(Value::Int).ok_or_else(too_large),
            (Unary::Minus, Number::Float(value)) => Ok(Value::Float(-value)),
            (Unary::Invert, Number::Int(value)) => Ok(Value::Int(!value)),
            (Unary::Invert, Number::Float(_)) => Err(Unknown::new("`~` is for whole numbers")),
            (Unary::Plus | Unary::Not, Number::Int(value)) => Ok(Value::Int(value)),
            (Unary::Plus | Unary::Not, Number::Float(value)) => Ok(Value::Float(value)),
        }
    }

    pub(super) fn binary(&self, operator: Binary, left: &Value, right: &Value) -> Evaluated {
        match (operator, self.shape(left), self.shape(right)) {
            (_, Shape::Absent(node), _) | (_, _, Shape::Absent(node)) => Err(absent(node)),
            (Binary::And, Shape::Bool(left), Shape::Bool(right)) => Ok(Value::Bool(left & right)),
            (Binary::Or, Shape::Bool(left), Shape::Bool(right)) => Ok(Value::Bool(left | right)),
            (Binary::Xor, Shape::Bool(left), Shape::Bool(right)) => Ok(Value::Bool(left ^ right)),
            (Binary::Add, Shape::Text(left), Shape::Text(right)) => {
                if left.is_cut || right.is_cut {
                    return Err(cut_text());
                }
                self.sized(left.text.len() + right.text.len())?;
                Ok(Value::Text(format!("{}{}", left.text, right.text)))
            }
            (Binary::Multiply, Shape::Text(text), Shape::Int(times))
            | (Binary::Multiply, Shape::Int(times), Shape::Text(text)) => {
                let times = usize::try_from(times.max(0)).unwrap_or(usize::MAX);
                if text.is_cut && times > 0 {
                    return Err(cut_text());
                }
                self.sized(text.text.len().saturating_mul(times))?;
                // Nothing is repeated often either.
                self.sized(if text.text.is_empty() { 0 } else { times })?;
                Ok(Value::Text(if text.text.is_empty() { String::new() } else { text.text.repeat(times) }))
            }
            (Binary::Add, Shape::Items(one), Shape::Items(other))
                if one.kind == other.kind && matches!(one.kind, Kind::List | Kind::Tuple) =>
            {
                if let Some(node) =
                    [&one, &other].into_iter().find(|items| items.is_partial()).and_then(|items| items.node)
                {
                    return Err(absent(node));
                }
                self.sized(one.len() + other.len())?;
                self.step(one.len() + other.len())?;
                let parts = (0..one.len()).filter_map(|at| one.get(at));
                let parts = parts.chain((0..other.len()).filter_map(|at| other.get(at))).collect();
                Ok(if one.kind == Kind::Tuple { Value::Tuple(parts) } else { Value::List(parts) })
            }
            _ => {
                let sign = format!("`{}`", operator.sign());
                numbers(operator, self.number(left, &sign)?, self.number(right, &sign)?)
            }
        }
    }

    fn sized(&self, bytes: usize) -> Evaluated<()> {
        if bytes > MADE_MAX { Err(too_much()) } else { Ok(()) }
    }

    fn number(&self, of: &Value, what: &str) -> Evaluated<Number> {
        match self.shape(of) {
            Shape::Bool(value) => Ok(Number::Int(i128::from(value))),
            Shape::Int(value) => Ok(Number::Int(value)),
            Shape::Float(value) => Ok(Number::Float(value)),
            Shape::Large(_) => Err(too_large()),
            Shape::Absent(node) => Err(absent(node)),
            Shape::Scalar(node) if super::decimal::Decimal::of(node).is_some() => {
                Err(Unknown::new("decimals are only compared here; `float(…)` makes a number of one"))
            }
            _ => Err(Unknown::new(format!(
                "{what} is not known here for a {}; nothing is run",
                self.type_name(of)
            ))),
        }
    }
}
