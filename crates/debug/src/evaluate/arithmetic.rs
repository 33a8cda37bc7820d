//! Operators on numbers, texts and lists.

use super::shape::{Kind, Shape, absent};
use super::subscript::too_much;
use super::{Evaluated, Evaluator, Unknown, Value};
use crate::expression::{Binary, Unary};
use crate::limits::MADE_MAX;

/// A number.
#[derive(Clone, Copy, Debug)]
enum Number {
    Int(i128),
    Float(f64),
}

impl Number {
    fn float(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

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
            (Binary::Add, Shape::Text(left), Shape::Text(right)) => {
                if left.is_cut || right.is_cut {
                    return Err(super::compare::cut_text());
                }
                self.sized(left.text.len() + right.text.len())?;
                Ok(Value::Text(format!("{}{}", left.text, right.text)))
            }
            (Binary::Multiply, Shape::Text(text), Shape::Int(times))
            | (Binary::Multiply, Shape::Int(times), Shape::Text(text)) => {
                let times = usize::try_from(times.max(0)).unwrap_or(usize::MAX);
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

fn too_large() -> Unknown {
    Unknown::new("whole numbers of more than 127 bits are not computed here")
}

fn by_zero() -> Unknown {
    Unknown::new("this divides by zero")
}

fn numbers(operator: Binary, left: Number, right: Number) -> Evaluated {
    match (left, right) {
        (Number::Int(left), Number::Int(right)) => whole(operator, left, right),
        _ => floats(operator, left.float(), right.float()),
    }
}

fn whole(operator: Binary, left: i128, right: i128) -> Evaluated {
    let made = match operator {
        Binary::Add => left.checked_add(right),
        Binary::Subtract => left.checked_sub(right),
        Binary::Multiply => left.checked_mul(right),
        Binary::Divide if right == 0 => return Err(by_zero()),
        Binary::Divide => return Ok(Value::Float(left as f64 / right as f64)),
        Binary::FloorDivide | Binary::Modulo if right == 0 => return Err(by_zero()),
        Binary::FloorDivide => left.checked_div(right).map(|quotient| {
            // Python rounds down.
            let is_rounded_up = left % right != 0 && ((left < 0) != (right < 0));
            quotient - i128::from(is_rounded_up)
        }),
        Binary::Modulo => left
            .checked_rem(right)
            .map(|rest| if rest != 0 && ((rest < 0) != (right < 0)) { rest + right } else { rest }),
        Binary::Power if right < 0 => return floats(operator, left as f64, right as f64),
        Binary::Power => match left {
            0 | 1 => Some(if right == 0 { 1 } else { left }),
            -1 => Some(if right % 2 == 0 { 1 } else { -1 }),
            _ => u32::try_from(right).ok().and_then(|exponent| left.checked_pow(exponent)),
        },
        Binary::And => Some(left & right),
        Binary::Or => Some(left | right),
        Binary::Xor => Some(left ^ right),
        Binary::ShiftLeft | Binary::ShiftRight if right < 0 => {
            return Err(Unknown::new("a shift is not negative"));
        }
        Binary::ShiftLeft if left == 0 => Some(0),
        Binary::ShiftLeft => {
            let by = u32::try_from(right).ok().filter(|by| *by < 127);
            by.and_then(|by| left.checked_mul(1_i128.checked_shl(by)?))
        }
        Binary::ShiftRight => Some(left >> u32::try_from(right).unwrap_or(127).min(127)),
    };
    made.map(Value::Int).ok_or_else(too_large)
}

fn floats(operator: Binary, left: f64, right: f64) -> Evaluated {
    let is_division = matches!(operator, Binary::Divide | Binary::FloorDivide | Binary::Modulo);
    if is_division && right == 0.0 || operator == Binary::Power && left == 0.0 && right < 0.0 {
        return Err(by_zero());
    }
    let made = match operator {
        Binary::Add => left + right,
        Binary::Subtract => left - right,
        Binary::Multiply => left * right,
        Binary::Divide => left / right,
        Binary::FloorDivide => (left / right).floor(),
        Binary::Modulo => {
            let rest = left % right;
            if rest != 0.0 && ((rest < 0.0) != (right < 0.0)) { rest + right } else { rest }
        }
        Binary::Power => {
            if left < 0.0 && right.fract() != 0.0 {
                return Err(Unknown::new("complex numbers are not known here"));
            }
            left.powf(right)
        }
        _ => return Err(Unknown::new(format!("`{}` is for whole numbers", operator.sign()))),
    };
    Ok(Value::Float(made))
}
