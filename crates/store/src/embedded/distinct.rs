//! Counting distinct users.

use std::collections::HashSet;

use crate::issue_set::IdHash;

/// Users that are counted exactly; more are estimated.
const EXACT_MAX: usize = 4_096;
/// 2^15 registers, 32 KiB: a standard error of 0.57 %.
const REGISTER_BITS: u32 = 15;

/// A set of hashes whose size is exact up to [`EXACT_MAX`] and within 2 % beyond (HyperLogLog).
#[derive(Debug)]
pub(super) enum Distinct {
    Exact(HashSet<u64, IdHash>),
    Estimated(Box<[u8]>),
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Exact(HashSet::default())
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

    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, more: usize) {
        if let Self::Exact(hashes) = self {
            hashes.reserve(more.min(EXACT_MAX + 1 - hashes.len()));
        }
    }

    /// Adds what another one holds.
    pub(super) fn merge(&mut self, other: &Self) {
        match (&mut *self, other) {
            (_, Self::Exact(hashes)) => hashes.iter().for_each(|hash| self.insert(*hash)),
            (Self::Estimated(registers), Self::Estimated(others)) => {
                registers
                    .iter_mut()
                    .zip(others)
                    .for_each(|(register, other)| *register = (*register).max(*other));
            }
            (Self::Exact(hashes), Self::Estimated(registers)) => {
                let mut registers = registers.clone();
                hashes.iter().for_each(|hash| register(&mut registers, *hash));
                *self = Self::Estimated(registers);
            }
        }
    }

    /// About how many bytes of memory it takes beside itself.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Exact(hashes) => hashes.capacity() * (size_of::<u64>() + 1),
            Self::Estimated(registers) => registers.len(),
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

/// The estimator of Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017),
/// algorithm 6: unlike the first one it is not biased where the sketch begins to fill.
fn estimate(registers: &[u8]) -> u64 {
    const RANK_MAX: usize = (64 - REGISTER_BITS) as usize + 1;
    let count = registers.len() as f64;
    let mut by_rank = [0_u32; RANK_MAX + 1];
    registers.iter().for_each(|rank| by_rank[usize::from(*rank)] += 1);
    let by_rank = by_rank.map(f64::from);
    let mut sum = count * full(1.0 - by_rank[RANK_MAX] / count);
    for rank in (1..RANK_MAX).rev() {
        sum = 0.5 * (sum + by_rank[rank]);
    }
    sum += count * empty(by_rank[0] / count);
    (count * count / (2.0 * std::f64::consts::LN_2 * sum)).round() as u64
}

/// What empty registers add; the paper's sigma.
fn empty(mut share: f64) -> f64 {
    let (mut weight, mut sum) = (1.0, share);
    loop {
        share *= share;
        let before = sum;
        sum += share * weight;
        weight += weight;
        // Also when it grew to infinity, where nothing was counted.
        if sum == before || !sum.is_finite() {
            return sum;
        }
    }
}

/// What full registers add; the paper's tau.
fn full(mut share: f64) -> f64 {
    if share <= 0.0 || share >= 1.0 {
        return 0.0;
    }
    let (mut weight, mut sum) = (1.0, 1.0 - share);
    loop {
        share = share.sqrt();
        weight *= 0.5;
        let before = sum;
        sum -= (1.0 - share).powi(2) * weight;
        if sum == before {
            return sum / 3.0;
        }
    }
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

    #[test]
    fn sets_put_together_count_as_one() {
        let of = |users: std::ops::Range<u64>| {
            let mut set = Distinct::default();
            users.for_each(|user| set.insert(user_hash(&format!("user-{user}"))));
            set
        };
        for (left, right) in
            [(0..10, 5..20), (0..5_000, 4_000..4_100), (0..100, 50..6_000), (0..5_000, 2_000..9_000)]
        {
            let whole = of(left.start.min(right.start)..left.end.max(right.end));
            let mut both = of(left);
            both.merge(&of(right));
            assert_eq!(both.count(), whole.count());
        }
    }
}
