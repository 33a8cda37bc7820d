//! Arithmetic of Python on whole numbers and floats, and their order.

use std::cmp::Ordering;

use super::decimal::Decimal;
use super::shape::Shape;
use super::{Evaluated, Unknown, Value};
use crate::expression::Binary;

/// A number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
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

pub(super) fn too_large() -> Unknown {
    Unknown::new("whole numbers of more than 127 bits are not computed here")
}

fn by_zero() -> Unknown {
    Unknown::new("this divides by zero")
}

/// - **Source:** `Objects/longobject.c` and `Objects/floatobject.c` of CPython; `fixtures/python` has answers of it.
///
/// # Errors
/// What Python raises an exception for, and what is not known here: larger and complex numbers.
pub(super) fn numbers(operator: Binary, left: Number, right: Number) -> Evaluated {
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
        Binary::Divide => return Ok(Value::Float(quotient(left, right))),
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
    let is_reciprocal = operator == Binary::Power && right < 0.0 && right.is_finite();
    if is_division && right == 0.0 || is_reciprocal && left == 0.0 {
        return Err(by_zero());
    }
    let made = match operator {
        Binary::Add => left + right,
        Binary::Subtract => left - right,
        Binary::Multiply => left * right,
        Binary::Divide => left / right,
        Binary::FloorDivide => floored(left, right).0,
        Binary::Modulo => floored(left, right).1,
        Binary::Power => {
            let is_finite = left.is_finite() && right.is_finite();
            if is_finite && left < 0.0 && right.fract() != 0.0 {
                return Err(Unknown::new("complex numbers are not known here"));
            }
            let power = left.powf(right);
            // Of the operators on floats this is the one that does not answer `inf`.
            if is_finite && power.is_infinite() {
                return Err(Unknown::new("the power is larger than a float can be"));
            }
            power
        }
        _ => return Err(Unknown::new(format!("`{}` is for whole numbers", operator.sign()))),
    };
    Ok(Value::Float(made))
}

/// The quotient of two floats, rounded down, and the rest, which has the sign of the divisor.
fn floored(left: f64, right: f64) -> (f64, f64) {
    let mut rest = left % right;
    // From the rest: `left / right` is rounded, and may be a whole number that is too large.
    let mut quotient = (left - rest) / right;
    if rest == 0.0 {
        rest = 0.0_f64.copysign(right);
    } else if (rest < 0.0) != (right < 0.0) {
        rest += right;
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return (0.0_f64.copysign(left / right), rest);
    }
    let floor = quotient.floor();
    (if quotient - floor > 0.5 { floor + 1.0 } else { floor }, rest)
}

/// The float that is nearest to the quotient of two whole numbers; not by way of two floats, which rounds three times.
fn quotient(left: i128, right: i128) -> f64 {
    let (dividend, divisor) = (left.unsigned_abs(), right.unsigned_abs());
    let (mut digits, mut rest, mut exponent) = (dividend / divisor, dividend % divisor, 0);
    // Ten more bits than a float has. What is left over only breaks ties, for which the last bit is set.
    while rest > 0 && digits < 1 << 63 {
        rest <<= 1;
        digits = digits << 1 | u128::from(rest >= divisor);
        rest -= if rest >= divisor { divisor } else { 0 };
        exponent -= 1;
    }
    let magnitude = (digits | u128::from(rest > 0)) as f64 * 2.0_f64.powi(exponent);
    if (left < 0) != (right < 0) { -magnitude } else { magnitude }
}

/// The order of two numbers; no order where one is `nan`. `Ok(None)` where one of them is no number.
pub(super) fn order(one: &Shape<'_>, other: &Shape<'_>) -> Evaluated<Option<Option<Ordering>>> {
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
