//! Decimal numbers of Python, as far as they are compared.

use std::cmp::Ordering;

use crate::graph::{Body, Node};

/// `digits × 10 ^ exponent`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal {
    digits: i128,
    exponent: i32,
}

/// What stands between the quotes of a captured `Decimal('12.50')`.
pub(super) fn text_of(node: &Node) -> Option<&str> {
    let Body::Scalar(text) = &node.body else { return None };
    let inner = text.strip_prefix("decimal.").unwrap_or(text).strip_prefix("Decimal('")?;
    inner.strip_suffix("')").filter(|_| !node.is_cut)
}

impl Decimal {
    /// Reads a captured decimal; `None` for everything else, and for more than 30 digits.
    pub(super) fn of(node: &Node) -> Option<Self> {
        Self::read(text_of(node)?)
    }

    /// Reads `-12.50` and `1E+3`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (number, exponent) = text.split_once(['E', 'e']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.trim_start_matches('+').parse().ok()?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let is_short = whole.len() + fraction.len() <= 30 && exponent.abs() <= 30;
        if !is_short || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { digits, exponent: exponent - i32::try_from(fraction.len()).ok()? })
    }

    pub(super) fn of_int(value: i128) -> Self {
        Self { digits: value, exponent: 0 }
    }

    /// `None` where the numbers are too far apart to be written with the same exponent.
    pub(super) fn compared(self, other: Self) -> Option<Ordering> {
        let exponent = self.exponent.min(other.exponent);
        let scaled = |decimal: Self| {
            let by = u32::try_from(decimal.exponent - exponent).ok()?;
            decimal.digits.checked_mul(10_i128.checked_pow(by)?)
        };
        Some(scaled(self)?.cmp(&scaled(other)?))
    }

    pub(super) fn to_float(self) -> f64 {
        // Reading the decimal text rounds once.
        format!("{}e{}", self.digits, self.exponent).parse().unwrap_or(f64::NAN)
    }

    /// The order of a decimal and a float, exactly; `None` where they are too near to each other for the digits that are kept.
    pub(super) fn compared_with_float(self, float: f64) -> Option<Ordering> {
        // Rounding keeps the order, so that only equal ones are left.
        match self.to_float().partial_cmp(&float)? {
            Ordering::Equal => {
                let exact = format!("{float:.40}");
                self.compared(Self::read(exact.trim_end_matches('0').trim_end_matches('.'))?)
            }
            order => Some(order),
        }
    }

    /// Towards zero, as `int` does; `None` over 127 bits.
    pub(super) fn to_int(self) -> Option<i128> {
        let power = 10_i128.checked_pow(self.exponent.unsigned_abs())?;
        if self.exponent < 0 { Some(self.digits / power) } else { self.digits.checked_mul(power) }
    }
}
