//! Which exception may carry values: novelty first.
//!
//! A pure state machine; the time is passed in. What it promises:
//!
//! - An exception that was not seen before has a budget of its own, which repeats cannot use up: while one
//!   repeats thousands of times a second, every other one is captured at its first occurrence.
//! - One that repeats is captured again at its 2nd, 4th, 8th … occurrence, and when its last capture is an hour
//!   old, as far as the rate for repeats allows.
//! - The share of time that capturing takes stays below its limit, whatever comes; repeats and events without values
//!   leave a part of it to exceptions that were not seen before.
//!
//! - **Limits:** [`NoveltyLimits`]; [`TABLE_MAX`] exceptions are remembered, the ones not seen for longest are forgotten.
//! - **Units:** nanoseconds of a clock that never goes back.

use std::collections::HashMap;

use reenact_model::Skipped;

/// How many exceptions are remembered.
pub const TABLE_MAX: usize = 4096;

/// After this time a repeat is worth a capture even when it is not its turn.
const REFRESH_NS: u64 = 3_600_000_000_000;

/// How much time, as a multiple of one second's share, may be used at once.
const SHARE_BURST_SECONDS: f64 = 10.0;

/// The part of that time which only exceptions not seen before may use.
const SHARE_FOR_NOVEL: f64 = 0.5;

/// How often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoveltyLimits {
    /// Captures of repeats per second.
    pub repeats_per_second: f64,
    /// Captures of exceptions not seen before, at once.
    pub novel_burst: f64,
    /// Captures of exceptions not seen before, per second, once the burst is used up.
    pub novel_per_second: f64,
    /// Events without values per second.
    pub events_per_second: f64,
    /// Raises whose values are captured ahead of the hook, per second.
    pub raises_per_second: f64,
    /// The share of wall time that capturing may take: 0.01 is one percent of one core.
    pub cpu_share: f64,
}

/// What identifies an exception within its process: type, raising code, chain of locations.
pub type Identity = u64;

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Capture: not seen before.
    Novel,
    /// Capture: it repeats and it is its turn.
    Repeat,
    /// Do not capture.
    Skip(Skipped),
}

impl Decision {
    /// Whether values may be captured.
    pub fn may_capture(self) -> bool {
        !matches!(self, Self::Skip(_))
    }
}

/// What is known of the exceptions of a process.
#[derive(Debug)]
pub struct Novelty {
    seen: HashMap<Identity, Seen, std::hash::BuildHasherDefault<AsIs>>,
    novel: Bucket,
    repeats: Bucket,
    events: Bucket,
    cpu: Bucket,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    count: u64,
    next: u64,
    last_seen: u64,
    last_captured: u64,
}

impl Novelty {
    /// Nothing seen yet, all budgets full.
    pub fn new(limits: &NoveltyLimits) -> Self {
        let share_ns = limits.cpu_share * 1e9;
        Self {
            seen: HashMap::default(),
            novel: Bucket::new(limits.novel_burst, limits.novel_per_second),
            repeats: Bucket::of_repeats(limits.repeats_per_second),
            events: Bucket::new(limits.events_per_second * 2.0, limits.events_per_second),
            cpu: Bucket::new(share_ns * SHARE_BURST_SECONDS, share_ns),
        }
    }

    /// Changes how many repeats are captured per second; what is known of exceptions stays.
    pub fn set_repeats_per_second(&mut self, per_second: f64, now: u64) {
        if self.repeats.per_second != per_second {
            self.repeats = Bucket { refilled: now, ..Bucket::of_repeats(per_second) };
        }
    }

    /// Decides about one occurrence, and takes what it costs from the budgets.
    pub fn decide(&mut self, identity: Identity, now: u64) -> Decision {
        let Some(seen) = self.seen.get_mut(&identity) else {
            return self.decide_unseen(identity, now);
        };
        seen.count += 1;
        seen.last_seen = now;
        let is_due = seen.count >= seen.next || now.saturating_sub(seen.last_captured) >= REFRESH_NS;
        if !is_due {
            return Decision::Skip(Skipped::RateLimited);
        }
        if !self.cpu.has_share(SHARE_FOR_NOVEL, now) {
            return Decision::Skip(Skipped::OverBudget);
        }
        if !self.repeats.take(1.0, now) {
            return Decision::Skip(Skipped::RateLimited);
        }
        seen.next = seen.count.saturating_mul(2);
        seen.last_captured = now;
        Decision::Repeat
    }

    /// One that finds no budget is not remembered, so that it still is new when it comes again.
    fn decide_unseen(&mut self, identity: Identity, now: u64) -> Decision {
        if !self.cpu.has_share(0.0, now) {
            return Decision::Skip(Skipped::OverBudget);
        }
        if !self.novel.take(1.0, now) {
            return Decision::Skip(Skipped::RateLimited);
        }
        self.remember(identity, now);
        Decision::Novel
    }

    /// Notes a capture that was asked for: it counts as an occurrence, and costs no budget.
    pub fn note_forced(&mut self, identity: Identity, now: u64) {
        match self.seen.get_mut(&identity) {
            Some(seen) => (seen.count, seen.last_seen, seen.last_captured) = (seen.count + 1, now, now),
            None => self.remember(identity, now),
        }
    }

    /// Whether an event without values may be sent.
    pub fn may_send_event(&mut self, now: u64) -> bool {
        self.cpu.has_share(SHARE_FOR_NOVEL, now) && self.events.take(1.0, now)
    }

    /// Whether there is time left to look at values of what may not become an event: as for repeats, a part is left to
    /// exceptions not seen before.
    pub fn has_time(&mut self, now: u64) -> bool {
        self.cpu.has_share(SHARE_FOR_NOVEL, now)
    }

    /// Notes how long a capture took.
    pub fn spend(&mut self, nanos: u64, now: u64) {
        self.cpu.refill(now);
        self.cpu.tokens -= nanos as f64;
    }

    /// Notes how long one that was not captured took. It takes nothing of the part that is left to exceptions not seen
    /// before, so that not even thousands a second starve them.
    pub fn spend_on_skipped(&mut self, nanos: u64, now: u64) {
        self.cpu.refill(now);
        let left = (self.cpu.tokens - nanos as f64).max(self.cpu.capacity * SHARE_FOR_NOVEL);
        self.cpu.tokens = self.cpu.tokens.min(left);
    }

    /// How many exceptions are remembered.
    pub fn remembered(&self) -> usize {
        self.seen.len()
    }

    fn remember(&mut self, identity: Identity, now: u64) {
        if self.seen.len() >= TABLE_MAX {
            self.forget_oldest();
        }
        self.seen.insert(identity, Seen { count: 1, next: 2, last_seen: now, last_captured: now });
    }

    /// Forgets the quarter that was not seen for longest; O(table), once in a quarter of the table.
    fn forget_oldest(&mut self) {
        let mut times: Vec<u64> = self.seen.values().map(|seen| seen.last_seen).collect();
        let (_, limit, _) = times.select_nth_unstable(TABLE_MAX / 4);
        let limit = *limit;
        self.seen.retain(|_, seen| seen.last_seen > limit);
    }
}

/// Tokens that come back with time.
#[derive(Debug)]
pub(crate) struct Bucket {
    tokens: f64,
    capacity: f64,
    per_second: f64,
    refilled: u64,
}

impl Bucket {
    pub(crate) fn new(capacity: f64, per_second: f64) -> Self {
        Self { tokens: capacity, capacity, per_second, refilled: 0 }
    }

    fn of_repeats(per_second: f64) -> Self {
        Self::new(if per_second > 0.0 { 1.0 } else { 0.0 }, per_second)
    }

    fn refill(&mut self, now: u64) {
        let passed = now.saturating_sub(self.refilled) as f64 / 1e9;
        self.refilled = self.refilled.max(now);
        self.tokens = (self.tokens + passed * self.per_second).min(self.capacity);
    }

    pub(crate) fn take(&mut self, cost: f64, now: u64) -> bool {
        self.refill(now);
        let is_enough = self.tokens >= cost;
        if is_enough {
            self.tokens -= cost;
        }
        is_enough
    }

    /// Whether there is more than a share of what there may be.
    fn has_share(&mut self, share: f64, now: u64) -> bool {
        self.refill(now);
        self.tokens > self.capacity * share
    }
}

/// Identities are mixed by their maker already.
#[derive(Default)]
pub(crate) struct AsIs(u64);

impl std::hash::Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// Mixes the parts of an identity: addresses and offsets, in their order.
#[derive(Clone, Copy, Debug)]
pub struct IdentityMixer(u64);

impl Default for IdentityMixer {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl IdentityMixer {
    /// Adds a part.
    pub fn add(&mut self, part: u64) {
        // The finalizer of SplitMix64 over the running state.
        let mut mixed = (self.0 ^ part).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^= mixed >> 27;
        mixed = mixed.wrapping_mul(0x94d0_49bb_1331_11eb);
        self.0 = mixed ^ (mixed >> 31);
    }

    /// The identity of all parts.
    pub fn finish(self) -> Identity {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: NoveltyLimits = NoveltyLimits {
        repeats_per_second: 1.0,
        novel_burst: 16.0,
        novel_per_second: 4.0,
        events_per_second: 50.0,
        raises_per_second: 20.0,
        cpu_share: 0.01,
    };
    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn ten_exceptions_that_occur_once_are_captured_while_one_repeats_thousands_of_times_a_second() {
        let mut novelty = Novelty::new(&LIMITS);
        let mut captured = 0;
        for tick in 0..50_000_u64 {
            let now = tick * SECOND / 5_000;
            let _ = novelty.decide(0, now);
            if tick % 5_000 == 2_500 {
                captured += u32::from(novelty.decide(1 + tick, now) == Decision::Novel);
            }
        }
        assert_eq!(captured, 10);
    }

    #[test]
    fn the_rate_of_repeats_can_be_changed_on_the_way() {
        let mut novelty = Novelty::new(&LIMITS);
        assert_eq!(novelty.decide(7, 0), Decision::Novel);
        novelty.set_repeats_per_second(0.0, 0);
        assert_eq!(novelty.decide(7, 10 * SECOND), Decision::Skip(Skipped::RateLimited));
        // First occurrences have limits of their own.
        assert_eq!(novelty.decide(8, 10 * SECOND), Decision::Novel);
        novelty.set_repeats_per_second(1.0, 20 * SECOND);
        assert_eq!(novelty.decide(7, 20 * SECOND), Decision::Repeat);
    }

    #[test]
    fn repeats_are_captured_at_powers_of_two_and_once_a_second_at_most() {
        let mut novelty = Novelty::new(&LIMITS);
        let captured: Vec<u64> =
            (1..=100).filter(|count| novelty.decide(7, count * 10 * SECOND).may_capture()).collect();
        assert_eq!(captured, [1, 2, 4, 8, 16, 32, 64]);
        let mut hasty = Novelty::new(&LIMITS);
        let captured =
            (0..10_000).filter(|tick| hasty.decide(7, tick * SECOND / 10_000).may_capture()).count();
        assert!(captured <= 3, "{captured}");
    }

    #[test]
    fn a_rate_of_zero_allows_no_repeats() {
        let mut novelty = Novelty::new(&NoveltyLimits { repeats_per_second: 0.0, ..LIMITS });
        let captured = (0..100).filter(|tick| novelty.decide(7, tick * SECOND).may_capture()).count();
        assert_eq!(captured, 1);
    }

    #[test]
    fn one_that_was_captured_long_ago_is_captured_again() {
        let mut novelty = Novelty::new(&LIMITS);
        for tick in 0..100 {
            let _ = novelty.decide(7, tick * SECOND);
        }
        assert_eq!(novelty.decide(7, 100 * SECOND), Decision::Skip(Skipped::RateLimited));
        assert_eq!(novelty.decide(7, 2 * REFRESH_NS), Decision::Repeat);
    }

    #[test]
    fn many_new_ones_at_once_use_up_the_burst_and_stay_new() {
        let mut novelty = Novelty::new(&LIMITS);
        let first: Vec<bool> = (0..20).map(|id| novelty.decide(id, 0).may_capture()).collect();
        assert_eq!(first.iter().filter(|captured| **captured).count(), 16);
        assert_eq!(novelty.decide(19, SECOND), Decision::Novel);
    }

    #[test]
    fn capturing_stops_when_its_share_of_time_is_used_up() {
        let mut novelty = Novelty::new(&LIMITS);
        novelty.spend(SECOND, 0);
        assert_eq!(novelty.decide(1, 0), Decision::Skip(Skipped::OverBudget));
        assert!(!novelty.may_send_event(0));
        assert_eq!(novelty.decide(1, 100 * SECOND), Decision::Novel);
    }

    #[test]
    fn repeats_and_events_without_values_leave_time_for_new_ones() {
        let mut novelty = Novelty::new(&LIMITS);
        let mut captured = 0;
        for tick in 0..20_000_u64 {
            let now = tick * SECOND / 1_000;
            // On a busy machine even an event without values holds the thread up.
            if novelty.decide(0, now).may_capture() || novelty.may_send_event(now) {
                novelty.spend(SECOND / 1_000, now);
            }
            if tick % 2_000 == 1_500 {
                captured += u32::from(novelty.decide(1 + tick, now) == Decision::Novel);
                novelty.spend(3 * SECOND / 1_000, now);
            }
        }
        assert_eq!(captured, 10);
    }

    #[test]
    fn skipped_ones_alone_cannot_use_up_the_time_for_new_ones() {
        let mut novelty = Novelty::new(&LIMITS);
        let mut now = 0;
        for _ in 0..20_000 {
            now += SECOND / 1_000;
            novelty.decide(0, now);
            novelty.spend_on_skipped(SECOND / 1_000, now);
        }
        assert!(!novelty.has_time(now));
        assert_eq!(novelty.decide(1, now), Decision::Novel);
        novelty.spend(SECOND, now);
        novelty.spend_on_skipped(SECOND, now);
        assert_eq!(novelty.decide(2, now), Decision::Skip(Skipped::OverBudget));
    }

    #[test]
    fn the_table_is_bounded() {
        let unbounded = NoveltyLimits { novel_burst: 1e9, ..LIMITS };
        let mut novelty = Novelty::new(&unbounded);
        for id in 0..20_000 {
            assert_eq!(novelty.decide(id, id), Decision::Novel);
            assert!(novelty.remembered() <= TABLE_MAX);
        }
        assert!(!novelty.decide(19_999, 20_000).eq(&Decision::Novel));
    }

    #[test]
    fn a_forced_capture_costs_no_budget() {
        let mut novelty = Novelty::new(&NoveltyLimits { novel_burst: 1.0, ..LIMITS });
        novelty.note_forced(1, 0);
        assert_eq!(novelty.decide(2, 0), Decision::Novel);
    }

    #[test]
    fn the_order_of_parts_makes_the_identity() {
        let of = |parts: &[u64]| {
            let mut mixer = IdentityMixer::default();
            parts.iter().for_each(|part| mixer.add(*part));
            mixer.finish()
        };
        assert_ne!(of(&[1, 2]), of(&[2, 1]));
        assert_eq!(of(&[1, 2]), of(&[1, 2]));
    }
}
