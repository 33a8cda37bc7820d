//! How many events were not kept, by rule and by issue.

use std::collections::{BTreeMap, HashMap, HashSet};

use reenact_model::{IssueId, Timestamp};
use reenact_store::control::RuleHits;

const HOUR_NS: i64 = 3_600_000_000_000;
/// Issues that are counted one by one in an hour; further ones are counted together.
const ISSUES_OF_HOUR_MAX: usize = 500;
/// Issues whose events over a limit are remembered.
const LIMITED_MAX: usize = 10_000;
/// How far back is counted for an issue when the server starts, in hours: 30 days.
const REMEMBERED_HOURS: i64 = 30 * 24;

/// Why an event was not kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Dropped {
    /// By this rule.
    Rule(String),
    /// Over a limit, of this issue.
    Issue(IssueId),
    /// Over a limit, of one of many issues.
    Others,
}

impl Dropped {
    /// As it is stored.
    fn to_text(&self) -> String {
        match self {
            Self::Rule(id) => format!("volume/{id}"),
            Self::Issue(id) => format!("limit/{id}"),
            Self::Others => "limit/others".to_owned(),
        }
    }

    /// `None` for hits of other kinds.
    fn parse(text: &str) -> Option<Self> {
        match text.split_once('/')? {
            ("volume", id) => Some(Self::Rule(id.to_owned())),
            ("limit", "others") => Some(Self::Others),
            ("limit", id) => id.parse().ok().map(Self::Issue),
            _ => None,
        }
    }
}

/// Events of an issue that were not kept because of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limited {
    /// How many.
    pub(crate) events: u64,
    /// The hour of the first one that is remembered.
    pub(crate) first: Timestamp,
    /// The hour of the last one.
    pub(crate) last: Timestamp,
}

impl Limited {
    fn and(self, other: Self) -> Self {
        Self {
            events: self.events + other.events,
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }
}

/// What was counted, and is not written yet in part.
#[derive(Debug, Default)]
pub(super) struct Counts {
    waiting: HashMap<(i64, Dropped), u64>,
    hour: i64,
    /// Those counted one by one in this hour.
    of_hour: HashSet<IssueId>,
    limited: HashMap<IssueId, Limited>,
}

impl Counts {
    /// The counts of a process that begins now, from what others wrote since [`Self::since`].
    pub(super) fn new(written: Vec<RuleHits>, now: Timestamp) -> Self {
        let hour = hour_of(now);
        let mut counts = Self { hour, ..Self::default() };
        for row in written {
            if let Some(Dropped::Issue(issue)) = Dropped::parse(&row.rule) {
                if row.hour == hour {
                    counts.of_hour.insert(issue);
                }
                counts.remember(issue, row.hour, row.count);
            }
        }
        counts
    }

    /// The hour from which on counts are remembered.
    pub(super) fn since(now: Timestamp) -> i64 {
        hour_of(now) - REMEMBERED_HOURS
    }

    /// One more event.
    pub(super) fn add(&mut self, mut dropped: Dropped, now: Timestamp) {
        let hour = hour_of(now);
        if hour != self.hour {
            self.hour = hour;
            self.of_hour.clear();
        }
        if let Dropped::Issue(issue) = dropped {
            if self.of_hour.len() < ISSUES_OF_HOUR_MAX || self.of_hour.contains(&issue) {
                self.of_hour.insert(issue);
                self.remember(issue, hour, 1);
            } else {
                dropped = Dropped::Others;
            }
        }
        *self.waiting.entry((hour, dropped)).or_default() += 1;
    }

    fn remember(&mut self, issue: IssueId, hour: i64, events: u64) {
        let at = start_of(hour);
        let more = Limited { events, first: at, last: at };
        if let Some(limited) = self.limited.get_mut(&issue) {
            *limited = limited.and(more);
            return;
        }
        if self.limited.len() >= LIMITED_MAX {
            // Half of them at once, so that it is seldom.
            let mut times: Vec<Timestamp> = self.limited.values().map(|limited| limited.last).collect();
            let (_, middle, _) = times.select_nth_unstable(LIMITED_MAX / 2);
            let middle = *middle;
            self.limited.retain(|_, limited| limited.last > middle);
        }
        self.limited.insert(issue, more);
    }

    /// Those of some issues together.
    pub(super) fn limited(&self, issues: &[IssueId]) -> Option<Limited> {
        issues.iter().filter_map(|issue| self.limited.get(issue).copied()).reduce(Limited::and)
    }

    /// What is to be written.
    pub(super) fn take(&mut self) -> Vec<RuleHits> {
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        waiting.map(|((hour, dropped), count)| RuleHits { hour, rule: dropped.to_text(), count }).collect()
    }

    /// What could not be written.
    pub(super) fn give_back(&mut self, hits: Vec<RuleHits>) {
        for RuleHits { hour, rule, count } in hits {
            if let Some(dropped) = Dropped::parse(&rule) {
                *self.waiting.entry((hour, dropped)).or_default() += count;
            }
        }
    }
}

/// What was not kept in a range.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct NotKept {
    /// By each rule.
    pub(crate) by_rule: BTreeMap<String, Limited>,
    /// Over a limit, by issue.
    pub(crate) by_issue: HashMap<IssueId, Limited>,
    /// Over a limit, of issues that were not counted one by one.
    pub(crate) of_others: u64,
}

impl NotKept {
    pub(super) fn of(hits: Vec<RuleHits>) -> Self {
        let mut found = Self::default();
        for RuleHits { hour, rule, count } in hits {
            let at = start_of(hour);
            let more = Limited { events: count, first: at, last: at };
            let add = |known: &mut Limited| *known = known.and(more);
            match Dropped::parse(&rule) {
                Some(Dropped::Rule(id)) => {
                    found.by_rule.entry(id).and_modify(add).or_insert(more);
                }
                Some(Dropped::Issue(issue)) => {
                    found.by_issue.entry(issue).and_modify(add).or_insert(more);
                }
                Some(Dropped::Others) => found.of_others += count,
                None => {}
            }
        }
        found
    }
}

/// The hour that a time is in, counted from 1970.
pub(crate) fn hour_of(time: Timestamp) -> i64 {
    time.as_nanos().div_euclid(HOUR_NS)
}

pub(crate) fn start_of(hour: i64) -> Timestamp {
    Timestamp::from_nanos(hour.saturating_mul(HOUR_NS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        start_of(hour).saturating_add_nanos(5)
    }

    #[test]
    fn counts_outlive_the_process() {
        let mut counts = Counts::default();
        let (issue, other) = (IssueId(7), IssueId(8));
        for (hour, dropped) in [
            (500_000, Dropped::Issue(issue)),
            (500_001, Dropped::Issue(issue)),
            (500_001, Dropped::Issue(other)),
            (500_001, Dropped::Rule("noise".to_owned())),
        ] {
            counts.add(dropped, at(hour));
        }
        let both = Some(Limited { events: 3, first: start_of(500_000), last: start_of(500_001) });
        assert_eq!(counts.limited(&[issue, other, IssueId(9)]), both);
        assert_eq!(counts.limited(&[IssueId(9)]), None);
        let taken = counts.take();
        assert!(taken.len() == 4 && counts.take().is_empty());
        counts.give_back(taken);
        let written = |from: i64, counts: &mut Counts| -> Vec<RuleHits> {
            let written = counts.take();
            counts.give_back(written.clone());
            written.into_iter().filter(|row| row.hour >= from).collect()
        };
        let again = Counts::new(written(0, &mut counts), at(500_002));
        assert_eq!(again.limited(&[issue, other]), both);
        let found = NotKept::of(written(500_001, &mut counts));
        assert_eq!((found.by_rule["noise"].events, found.by_issue[&issue].events), (1, 1));
        assert_eq!(Counts::since(at(500_000)), 500_000 - REMEMBERED_HOURS);
    }

    #[test]
    fn many_issues_are_counted_together() {
        let mut counts = Counts::default();
        for issue in 0..ISSUES_OF_HOUR_MAX as u64 + 3 {
            counts.add(Dropped::Issue(IssueId(issue)), at(1));
        }
        counts.add(Dropped::Issue(IssueId(0)), at(1));
        let found = NotKept::of(counts.take());
        assert_eq!((found.by_issue.len(), found.of_others), (ISSUES_OF_HOUR_MAX, 3));
        assert_eq!(found.by_issue[&IssueId(0)].events, 2);
        for issue in 0..3 * LIMITED_MAX as u64 {
            let hour = 2 + (issue as i64) / 100;
            counts.add(Dropped::Issue(IssueId(issue)), at(hour));
        }
        assert!(counts.limited.len() <= LIMITED_MAX && counts.limited.len() >= LIMITED_MAX / 4);
        assert!(counts.limited(&[IssueId(3 * LIMITED_MAX as u64 - 1)]).is_some(), "the last ones stay");
    }
}
