//! Counting distinct users.

use std::collections::HashSet;

/// Users that are counted exactly; more are estimated.
const EXACT_MAX: usize = 4_096;
/// 2^14 registers: a standard error of 0.8 %.
const REGISTER_BITS: u32 = 14;

/// A set of hashes whose size is exact up to [`EXACT_MAX`] and within 2 % beyond (HyperLogLog).
#[derive(Debug)]
pub(super) enum Distinct {
    Exact(HashSet<u64>),
    Estimated(Box<[u8]>),
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Exact(HashSet::new())
    }
}

impl Distinct {
    pub(super) fn insert(&mut self, hash: u64) {
        match self {
            Self::Exact(hashes) => {
                hashes.insert(hash);
                if hashes.len() > EXACT_MAX {
                    let mut registers = vec![0_u8; 1 << REGISTER_BITS].into_boxed_slice();
                    hashes.iter().for_each(|hash| register(&mut registers, *hash));
                    *self = Self::Estimated(registers);
                }
            }
            Self::Estimated(registers) => register(registers, hash),
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Exact(hashes) => hashes.len() as u64,
            Self::Estimated(registers) => estimate(registers),
        }
    }
}

fn register(registers: &mut [u8], hash: u64) {
    let place = (hash >> (64 - REGISTER_BITS)) as usize;
    let rest = hash << REGISTER_BITS | 1 << (REGISTER_BITS - 1);
    let rank = u8::try_from(rest.leading_zeros() + 1).unwrap_or(u8::MAX);
    registers[place] = registers[place].max(rank);
}

fn estimate(registers: &[u8]) -> u64 {
    let count = registers.len() as f64;
    let sum: f64 = registers.iter().map(|rank| (-f64::from(*rank)).exp2()).sum();
    let raw = 0.7213 / (1.0 + 1.079 / count) * count * count / sum;
    let empty = registers.iter().filter(|rank| **rank == 0).count();
    let small = raw <= 2.5 * count && empty > 0;
    let estimate = if small { count * (count / empty as f64).ln() } else { raw };
    estimate.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::index::user_hash;

    #[test]
    fn many_users_are_counted_within_two_percent() {
        for count in [100_u64, 5_000, 30_000, 40_000, 60_000, 300_000] {
            let mut users = Distinct::default();
            (0..count).for_each(|user| users.insert(user_hash(&format!("user-{user}"))));
            let error = (users.count() as f64 - count as f64).abs() / count as f64;
            assert!(error < 0.02, "{} of {count}", users.count());
        }
    }
}
