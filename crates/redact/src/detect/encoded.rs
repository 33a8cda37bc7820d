//! Random texts, and Base64 and hexadecimal of texts that hold a secret.

use std::ops::Range;

use super::Sweep;
use super::entropy::{self, looks_random};
use super::runs::{Class, class_with, next_run};
use crate::signs::Signs;
use crate::text;

const BASE64: Class = class_with(true, b"+/_-");

/// The shortest encoded pair, in bytes: `pin=12345`.
const ENCODED_BYTES_MIN: usize = 12;

/// The shortest hexadecimal pair, in bytes: `pin=1234`.
const HEXADECIMAL_BYTES_MIN: usize = 16;

/// How much of one encoded text is decoded, in bytes.
const ENCODED_BYTES_MAX: usize = 16 << 10;

/// How many encodings around each other are taken off.
const NESTED_MAX: usize = 2;

impl Sweep<'_> {
    /// Looks at what earlier sweeps left. Expects `found` in order.
    pub(super) fn random_and_encoded(&mut self) {
        let bytes = self.bytes;
        let known = self.found.len();
        let (mut from, mut index) = (0, 0);
        while let Some(mut run) = next_run(bytes, &BASE64, ENCODED_BYTES_MIN, from) {
            from = run.end;
            while index < known && self.found[index].range.end <= run.start {
                index += 1;
            }
            if index < known && self.found[index].range.start < run.end {
                continue;
            }
            let random = self.is_random(run.start, run.end) && !is_text(&decoded(&bytes[run.clone()]));
            run.end += bytes[run.end..].iter().take(2).take_while(|b| **b == b'=').count();
            if let Some(range) = self.hexadecimal(run.clone()) {
                self.push("encoded_secret", range);
            } else if let Some(rule) = self.encoded(run.start, run.end) {
                self.push(rule, run);
            } else if random {
                self.push("high_entropy", run);
            }
        }
    }

    fn is_random(&self, start: usize, end: usize) -> bool {
        let run = &self.bytes[start..end];
        crate::steps::add(run.len());
        if run.len() < entropy::RANDOM_BYTES_MIN || !looks_random(run) {
            return false;
        }
        let before = &self.bytes[..start];
        // Digests say what they are: `sha256-…`, `integrity="sha384-…"`.
        let is_digest = [b"sha256-".as_slice(), b"sha384-", b"sha512-", b"sha1-"]
            .iter()
            .any(|kind| run.starts_with(kind) || before.ends_with(kind));
        let in_data = before.ends_with(b"base64,") || before.ends_with(b"SHA256:");
        !is_digest && !in_data
    }

    /// The part of a run that is hexadecimal of a text with a secret: `70696e3d31323334`.
    fn hexadecimal(&self, run: Range<usize>) -> Option<Range<usize>> {
        let bytes = &self.bytes[run.clone()];
        let digits = bytes.iter().rev().take_while(|b| b.is_ascii_hexdigit()).count();
        crate::steps::add(digits);
        let begins = bytes.len() - digits;
        // `0x…`, or the end of a longer word.
        let is_apart =
            begins == 0 || !bytes[begins - 1].is_ascii_alphanumeric() || bytes[..begins].ends_with(b"0x");
        if self.nested >= NESTED_MAX || digits < HEXADECIMAL_BYTES_MIN || digits % 2 == 1 || !is_apart {
            return None;
        }
        let pair = |pair: &[u8]| {
            let value = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
            value(pair[0]) << 4 | value(pair[1])
        };
        let pairs = bytes[begins..].chunks_exact(2).take(ENCODED_BYTES_MAX);
        if !pairs.clone().take(8).all(|two| is_text(&[pair(two)])) {
            return None;
        }
        let inner: Vec<u8> = pairs.map(pair).collect();
        crate::steps::add(inner.len());
        let inner = std::str::from_utf8(&inner).ok().filter(|inner| is_text(inner.as_bytes()))?;
        self.holds_secret(inner).then_some(run.start + begins..run.end)
    }

    fn holds_secret(&self, inner: &str) -> bool {
        let signs = Signs::of(inner.as_bytes());
        (signs.may_hold_names() && !text::find(inner, signs, self.names).is_empty())
            || !self.detector.find_nested(inner.as_bytes(), signs, "", self.names, self.nested + 1).is_empty()
    }

    fn encoded(&self, start: usize, end: usize) -> Option<&'static str> {
        let run = &self.bytes[start..end.min(start + ENCODED_BYTES_MAX)];
        if self.nested >= NESTED_MAX || !begins_as_text(run) {
            return None;
        }
        let bytes = decoded(run);
        crate::steps::add(bytes.len());
        let inner = std::str::from_utf8(&bytes).ok().filter(|inner| is_text(inner.as_bytes()))?;
        let before = &self.bytes[start.saturating_sub(8)..start];
        let is_basic = before.len() >= 6 && before.trim_ascii_end().to_ascii_lowercase().ends_with(b"basic");
        if is_basic && inner.contains(':') {
            return Some("basic_auth");
        }
        self.holds_secret(inner).then_some("encoded_secret")
    }
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'))
}

/// Whether the first twelve characters of Base64 are nine of a text.
fn begins_as_text(run: &[u8]) -> bool {
    run[..12].chunks_exact(4).all(|four| {
        let bits =
            four.iter().fold(0_u32, |bits, byte| bits << 6 | u32::from(VALUES[usize::from(*byte)] & 63));
        is_text(&bits.to_be_bytes()[1..])
    })
}

/// What each character of Base64 stands for, in either alphabet; 255 for others.
const VALUES: [u8; 256] = {
    let mut values = [255; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut index = 0;
    while index < 64 {
        values[alphabet[index] as usize] = index as u8;
        index += 1;
    }
    values[b'-' as usize] = 62;
    values[b'_' as usize] = 63;
    values
};

/// The bytes that Base64 in either alphabet stands for; a rest of less than a byte is left out.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for value in text.iter().map(|byte| VALUES[usize::from(*byte)]).take_while(|value| *value < 64) {
        bits = (bits << 6 | u32::from(value)) & 0xfff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
