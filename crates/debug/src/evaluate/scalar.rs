//! Values of classes that have a text and no parts: dates, paths, fractions.

use reenact_model::Form;

use super::compare::{cut_text, own_code};
use super::decimal::text_of;
use super::shape::bare;
use super::{Evaluated, Unknown};
use crate::graph::{Body, Node};

/// Classes whose values are equal exactly when their texts are.
const BY_TEXT: [&str; 11] = [
    "UUID",
    "date",
    "timedelta",
    "Fraction",
    "PosixPath",
    "PurePosixPath",
    "IPv4Address",
    "IPv6Address",
    "IPv4Network",
    "IPv6Network",
    "ellipsis",
];

/// Classes whose values are equal when their texts are, and may be when these differ.
const LIKE_TEXT: [&str; 7] = ["datetime", "time", "timezone", "ZoneInfo", "Decimal", "complex", "range"];

fn is_among(node: &Node, classes: &[&str]) -> bool {
    classes.contains(&bare(&node.type_name))
}

/// Whether how a value is compared is known, and that it is nothing like `None`.
pub(super) fn is_known(node: &Node) -> bool {
    is_among(node, &BY_TEXT) || is_among(node, &LIKE_TEXT)
}

/// Whether a value is not equal to itself.
pub(super) fn is_nan(node: &Node) -> bool {
    let Body::Scalar(text) = &node.body else { return false };
    is_among(node, &["Decimal", "complex"]) && text.to_ascii_lowercase().contains("nan")
}

pub(super) fn equal(left: &Node, right: &Node) -> Evaluated<bool> {
    let (Body::Scalar(one), Body::Scalar(other)) = (&left.body, &right.body) else {
        return Err(own_code(left));
    };
    if left.is_cut || right.is_cut {
        return Err(cut_text());
    }
    let is_member = |node: &Node| node.form == Some(Form::Enum);
    if left.type_name != right.type_name || is_member(left) != is_member(right) {
        return Err(own_code(left));
    }
    if is_nan(left) || is_nan(right) {
        return Ok(false);
    }
    match (one == other, is_member(left) || is_among(left, &BY_TEXT)) {
        (is_same, true) => Ok(is_same),
        (true, false) if is_among(left, &LIKE_TEXT) => Ok(true),
        _ => Err(own_code(left)),
    }
}

/// Whether a value counts as true.
pub(super) fn is_true(node: &Node) -> Evaluated<bool> {
    let Body::Scalar(text) = &node.body else { return Err(may_decide()) };
    if node.is_cut {
        return Err(cut_text());
    }
    let class = if node.form == Some(Form::Enum) { "" } else { bare(&node.type_name) };
    let counts = |text: &str| text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    match class {
        "Decimal" => {
            let number = text_of(node).and_then(|text| text.split('E').next()).ok_or_else(may_decide)?;
            // `NaN` and `Infinity` have no digits at all.
            Ok(counts(number) || !number.contains('0'))
        }
        "complex" => Ok(counts(text) || text.contains("nan") || text.contains("inf")),
        // The parts have their signs so that none of them is 0 unless all are.
        "timedelta" => Ok(counts(text)),
        "Fraction" => {
            let numerator = text.rsplit_once('(').map_or(text.as_str(), |(_, parts)| parts);
            Ok(counts(numerator.split([',', '/']).next().unwrap_or("")))
        }
        "range" => range_has_parts(text).ok_or_else(may_decide),
        _ if is_among(node, &BY_TEXT) || matches!(class, "datetime" | "time" | "timezone" | "ZoneInfo") => {
            Ok(true)
        }
        _ => Err(may_decide()),
    }
}

/// Of `range(1, 5)` or `range(5, 1, -1)`.
fn range_has_parts(text: &str) -> Option<bool> {
    let inner = text.strip_prefix("range(")?.strip_suffix(')')?;
    let bounds: Option<Vec<i128>> = inner.split(',').map(|bound| bound.trim().parse().ok()).collect();
    match *bounds?.as_slice() {
        [start, stop] => Some(start < stop),
        [start, stop, step] => Some(if step > 0 { start < stop } else { start > stop }),
        _ => None,
    }
}

/// Why it is not known whether a value counts as true.
pub(super) fn may_decide() -> Unknown {
    Unknown::new(
        "whether an object counts as true, its class may decide, and nothing is run; compare it `is None`, or its attributes",
    )
}
