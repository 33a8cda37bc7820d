//! Random identifiers.

use std::hash::{BuildHasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

/// Makes identifiers of 128 bits: random where they begin, and different from those of a parent process.
#[derive(Debug)]
pub(crate) struct Ids([u64; 2]);

impl Ids {
    pub(crate) fn new() -> Self {
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_nanos() as u64);
        let seed = |salt: u64| RandomState::new().hash_one((salt, nanos, std::process::id()));
        Self([seed(1), seed(2) | 1])
    }

    /// xoroshiro128+: fast and not guessable by accident; nothing depends on it being secret.
    fn next(&mut self) -> u64 {
        let [first, mut second] = self.0;
        let sum = first.wrapping_add(second);
        second ^= first;
        self.0 = [first.rotate_left(24) ^ second ^ (second << 16), second.rotate_left(37)];
        sum
    }

    /// A random UUID (version 4) as a number.
    pub(crate) fn uuid(&mut self) -> u128 {
        let number = u128::from(self.next()) << 64 | u128::from(self.next());
        number & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62
    }
}

/// Identifiers of what is sent together with something of this identifier, one after the other: compressed they take next
/// to nothing.
pub(crate) fn after(id: u128) -> impl Iterator<Item = u128> {
    (1..).map(move |number| id.wrapping_add(number))
}

/// A UUID as text.
pub(crate) fn uuid_text(number: u128) -> String {
    let hex = format!("{number:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
