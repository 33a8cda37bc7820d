//! Small looks at the bytes of a text: quotes, escapes, runs.

use super::SPACES_MAX;
use crate::steps;

/// A quote, with the backslashes that escape it: none in plain text, one in a `repr`, three within two.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Quote {
    pub(super) byte: u8,
    pub(super) backslashes: usize,
}
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'_' | b'-' | b'.' | b'$' | b'@')
}

pub(super) fn skip(bytes: &[u8], from: usize, accept: impl Fn(u8) -> bool) -> usize {
    skip_up_to(bytes, from, usize::MAX, accept)
}

pub(super) fn skip_up_to(bytes: &[u8], from: usize, most: usize, accept: impl Fn(u8) -> bool) -> usize {
    let count = bytes[from..].iter().take(most).take_while(|b| accept(**b)).count();
    steps::add(count);
    from + count
}

/// The quote whose last byte stands before `end`.
pub(super) fn quote_ending_at(bytes: &[u8], end: usize) -> Option<Quote> {
    let byte = *bytes.get(end.checked_sub(1)?)?;
    if byte != b'"' && byte != b'\'' {
        return None;
    }
    let backslashes = bytes[..end - 1].iter().rev().take(SPACES_MAX).take_while(|b| **b == b'\\').count();
    Some(Quote { byte, backslashes })
}

/// The quote that opens a value at `at`, after the prefix of a Python literal.
pub(super) fn opening_quote(bytes: &[u8], at: usize) -> Option<Quote> {
    let prefix = skip_up_to(bytes, at.min(bytes.len()), 3, |b| b.is_ascii_alphabetic());
    let is_prefix = bytes[at.min(bytes.len())..prefix].iter().all(|b| b"bBrRuUfF".contains(b));
    if !is_prefix || prefix - at.min(prefix) > 2 {
        return None;
    }
    let quote = skip(bytes, prefix, |b| b == b'\\');
    match bytes.get(quote) {
        Some(byte @ (b'"' | b'\'')) => Some(Quote { byte: *byte, backslashes: quote - prefix }),
        _ => None,
    }
}

/// Where the content from `start` to a closing quote at `end` ends: before the backslashes that escape it,
/// of which a text can have fewer than its opening quote, and are then those of the content.
pub(super) fn before_escape(bytes: &[u8], start: usize, end: usize, quote: Quote) -> usize {
    let most = quote.backslashes.min(SPACES_MAX);
    end - bytes[start..end].iter().rev().take(most).take_while(|b| **b == b'\\').count()
}

/// The byte that a percent sign at `at` stands for, and how long it is written: `%3D`, `%253D`.
pub(super) fn percent_decoded(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    if bytes.get(at) != Some(&b'%') {
        return None;
    }
    let mut digits = at + 1;
    while bytes.get(digits..digits + 2) == Some(b"25") && digits - at < 9 {
        digits += 2;
    }
    let hex = |at: usize| bytes.get(at).and_then(|b| (*b as char).to_digit(16));
    let (high, low) = (hex(digits)?, hex(digits + 1)?);
    Some(((high * 16 + low) as u8, digits + 2 - at))
}

/// The encoded byte that ends before `end`, and where it begins.
pub(super) fn percent_decoded_before(bytes: &[u8], end: usize) -> Option<(u8, usize)> {
    for start in (end.saturating_sub(11)..=end.checked_sub(3)?).rev() {
        if let Some((byte, length)) = percent_decoded(bytes, start)
            && start + length == end
        {
            return Some((byte, start));
        }
    }
    None
}
