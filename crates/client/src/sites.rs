//! Which raises are worth a look at their values, before anybody knows whether the exception will be handled.
//!
//! A pure state machine; the time is passed in. A place that raises is looked at its first [`FIRST`] times, then at the
//! 8th, 16th, 32nd … time, and the next time after an exception of it was reported without values of its raise. Places
//! share one rate, which a burst of three seconds may use at once.
//!
//! - **Limits:** [`PLACES_MAX`] places are remembered; when there are more, all are forgotten.
//! - **Units:** nanoseconds of a clock that never goes back.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use crate::novelty::{AsIs, Bucket};

/// Places that are remembered.
pub const PLACES_MAX: usize = 8192;

/// Raises of a place that are looked at, at first.
pub const FIRST: u32 = 4;

/// How many seconds' looks may be taken at once.
const BURST_SECONDS: f64 = 3.0;

/// A place that raises: its code, instruction and type of exception, mixed.
pub type Place = u64;

/// The places of a process.
#[derive(Debug)]
pub struct Sites {
    places: HashMap<Place, Site, BuildHasherDefault<AsIs>>,
    looks: Bucket,
}

#[derive(Clone, Copy, Debug)]
struct Site {
    count: u32,
    next: u32,
}

impl Sites {
    /// No place seen yet; all of them may take so many looks per second.
    pub fn new(per_second: f64) -> Self {
        Self { places: HashMap::default(), looks: Bucket::new(per_second * BURST_SECONDS, per_second) }
    }

    /// Counts a raise; whether it is the turn of its place.
    #[inline]
    pub fn is_due(&mut self, place: Place) -> bool {
        if let Some(site) = self.places.get_mut(&place) {
            site.count = site.count.saturating_add(1);
            return site.count >= site.next;
        }
        if self.places.len() >= PLACES_MAX {
            self.places.clear();
        }
        self.places.insert(place, Site { count: 1, next: 1 });
        true
    }

    /// Takes a look of one whose turn it is, if the rate of all allows it. One that finds no budget keeps its turn.
    pub fn take(&mut self, place: Place, now: u64) -> bool {
        if !self.looks.take(1.0, now) {
            return false;
        }
        if let Some(site) = self.places.get_mut(&place) {
            site.next = if site.count < FIRST { site.count + 1 } else { site.count.saturating_mul(2) };
        }
        true
    }

    /// Gives a place the next turn: an exception of it was reported.
    pub fn favour(&mut self, place: Place) {
        if let Some(site) = self.places.get_mut(&place) {
            site.next = site.count.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn looks(sites: &mut Sites, place: Place, counts: std::ops::RangeInclusive<u64>) -> Vec<u64> {
        counts.filter(|count| sites.is_due(place) && sites.take(place, count * SECOND)).collect()
    }

    #[test]
    fn a_place_is_looked_at_first_and_then_ever_more_rarely() {
        let mut sites = Sites::new(20.0);
        assert_eq!(looks(&mut sites, 1, 1..=100), [1, 2, 3, 4, 8, 16, 32, 64]);
        assert_eq!(looks(&mut sites, 2, 1..=3), [1, 2, 3]);
    }

    #[test]
    fn a_place_whose_exception_was_reported_has_the_next_turn() {
        let mut sites = Sites::new(20.0);
        looks(&mut sites, 1, 1..=70);
        sites.favour(1);
        assert_eq!(looks(&mut sites, 1, 71..=80), [71]);
    }

    #[test]
    fn all_places_share_a_rate_and_keep_their_turn() {
        let mut sites = Sites::new(20.0);
        let taken = (0..1000).filter(|place| sites.is_due(*place) && sites.take(*place, 0)).count();
        assert_eq!(taken, 60);
        assert!(sites.is_due(999) && sites.take(999, SECOND));
    }

    #[test]
    fn the_table_is_bounded() {
        let mut sites = Sites::new(20.0);
        for place in 0..100_000 {
            sites.is_due(place);
            assert!(sites.places.len() <= PLACES_MAX);
        }
    }
}
