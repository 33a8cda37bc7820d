//! What rules and limits would have kept of events that are there.

use std::collections::{BTreeMap, HashMap};

use reenact_issues::volume::{VolumeLimiter, VolumeLimits};
use reenact_model::{EventId, IssueId, Placed, Timestamp};
use reenact_store::{Filter, Merged, Store, StoreError, TimeRange};

use super::compile::Share;
use crate::arrival::{Rules, cut, each_newest};

/// What is previewed.
pub(crate) struct PreviewOf<'a> {
    /// The rules in force.
    pub(crate) current: &'a Rules<Share>,
    /// Those that would be.
    pub(crate) proposed: &'a Rules<Share>,
    /// The limits that would be.
    pub(crate) limits: VolumeLimits,
    /// Which issues are shown as others.
    pub(crate) merged: &'a Merged,
    /// Which events are looked at.
    pub(crate) filter: &'a Filter,
    /// When they happened.
    pub(crate) range: TimeRange,
    /// How many of them, the newest first.
    pub(crate) events: usize,
}

/// What would become of some events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) events: u64,
    /// Those that a rule would not keep.
    pub(crate) filtered: u64,
    /// Those that would be over a limit.
    pub(crate) rate_limited: u64,
}

impl Fate {
    fn dropped(self) -> u64 {
        self.filtered + self.rate_limited
    }
}

/// What the rules and limits would do.
#[derive(Debug, Default)]
pub(crate) struct Preview {
    /// Events that match.
    pub(crate) matching: u64,
    /// Whether the time was over before all of them were looked at.
    pub(crate) out_of_time: bool,
    /// Those that were looked at, and what would become of them.
    pub(crate) all: Fate,
    /// Those of them that the rules in force would not keep if they arrived now.
    pub(crate) filtered_now: u64,
    /// Events that each rule would decide about, by its id, and those of them that it would not keep.
    pub(crate) by_rule: HashMap<String, Fate>,
    /// The services that lose the most first.
    pub(crate) services: Vec<(String, Fate)>,
    pub(crate) services_left_out: usize,
    /// The issues that lose the most first.
    pub(crate) issues: Vec<Losing>,
    pub(crate) issues_left_out: usize,
}

/// An issue that would lose events.
#[derive(Clone, Debug)]
pub(crate) struct Losing {
    pub(crate) issue: IssueId,
    pub(crate) fate: Fate,
    /// The newest of its events.
    pub(crate) event: EventId,
    pub(crate) type_name: String,
    pub(crate) message: String,
    pub(crate) service: String,
}

/// What is kept of an event until all were looked at.
struct Looked {
    at: Timestamp,
    issue: IssueId,
    service: usize,
}

/// Lets the newest events arrive again, at the times at which they happened. Limits see no other events than these.
/// Blocks.
pub(crate) fn preview(store: &dyn Store, of: &PreviewOf<'_>) -> Result<Preview, StoreError> {
    let mut found = Preview::default();
    let (mut issues, mut services) = (BTreeMap::<IssueId, Losing>::new(), Vec::<(String, Fate)>::new());
    let mut numbers = HashMap::<String, usize>::new();
    let mut arrived = Vec::new();
    let mut visit = |event: Placed| {
        let issue = of.merged.shown(event.issue_id);
        let number = *numbers.entry(event.report.service.clone()).or_insert_with(|| {
            services.push((event.report.service.clone(), Fate::default()));
            services.len() - 1
        });
        let losing = issues.entry(issue).or_insert_with(|| Losing::of(issue, &event));
        let decided = of.proposed.first(&event);
        let is_filtered = decided.is_some_and(|share| !share.has(event.report.id));
        let rule = decided.map(|share| found.by_rule.entry(share.rule.clone()).or_default());
        for fate in [&mut found.all, &mut losing.fate, &mut services[number].1].into_iter().chain(rule) {
            fate.events += 1;
            fate.filtered += u64::from(is_filtered);
        }
        let now = of.current.first(&event).is_some_and(|share| !share.has(event.report.id));
        found.filtered_now += u64::from(now);
        if !is_filtered {
            arrived.push(Looked { at: event.report.timestamp, issue, service: number });
        }
    };
    let newest = each_newest(store, of.filter, of.range, of.events, &mut visit)?;
    (found.matching, found.out_of_time) = (newest.matching, newest.out_of_time);
    if of.limits != VolumeLimits::default() {
        let mut limiter = VolumeLimiter::new(of.limits);
        let first_seen = first_seen(store, &issues)?;
        for looked in arrived.iter().rev() {
            let is_new = || first_seen.get(&looked.issue).is_none_or(|first| looked.at <= *first);
            if limiter.keeps(looked.issue, looked.at, is_new) {
                continue;
            }
            found.all.rate_limited += 1;
            services[looked.service].1.rate_limited += 1;
            if let Some(losing) = issues.get_mut(&looked.issue) {
                losing.fate.rate_limited += 1;
            }
        }
    }
    services.retain(|(_, fate)| fate.dropped() > 0);
    services.sort_by(|a, b| b.1.dropped().cmp(&a.1.dropped()).then_with(|| a.0.cmp(&b.0)));
    found.services_left_out = cut(&mut services);
    found.services = services;
    found.issues = issues.into_values().filter(|losing| losing.fate.dropped() > 0).collect();
    found.issues.sort_by_key(|losing| (std::cmp::Reverse(losing.fate.dropped()), losing.issue));
    found.issues_left_out = cut(&mut found.issues);
    Ok(found)
}

impl Losing {
    fn of(issue: IssueId, event: &Placed) -> Self {
        let report = &event.report;
        Self {
            issue,
            fate: Fate::default(),
            event: report.id,
            type_name: report.type_name().to_owned(),
            message: report.message().to_owned(),
            service: report.service.clone(),
        }
    }
}

/// When issues were first seen, ever.
fn first_seen(
    store: &dyn Store,
    issues: &BTreeMap<IssueId, Losing>,
) -> Result<HashMap<IssueId, Timestamp>, StoreError> {
    let mut first = HashMap::new();
    store.known_issues(&mut |issue| {
        if issues.contains_key(&issue.id) {
            first.insert(issue.id, issue.first_seen);
        }
    })?;
    Ok(first)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::super::{VolumeAction, VolumeRule};
    use super::*;
    use reenact_store::{MemoryStore, Write, conformance};

    fn rules(query: &str, action: VolumeAction, keep_percent: u8) -> Rules<Share> {
        let rule = VolumeRule {
            id: "r".to_owned(),
            name: "a rule".to_owned(),
            enabled: true,
            query: query.to_owned(),
            action,
            keep_percent,
        };
        Rules::compile(&[rule]).unwrap()
    }

    /// Twelve events of one second: eight of one issue, then four of another one, which is of another service.
    fn store() -> MemoryStore {
        let store = MemoryStore::new();
        let events = (0..12_u128).map(|id| {
            let mut report = conformance::event(id, 0, 1).report;
            report.timestamp = report.timestamp.saturating_add_nanos(id as i64);
            if id >= 8 {
                report.exceptions[0].type_name = "Timeout".to_owned();
                report.service = "late".to_owned();
            }
            Write::Event(Box::new(reenact_issues::place(report)))
        });
        conformance::write(&store, events.collect());
        store
    }

    fn preview_of(proposed: &Rules<Share>, limits: VolumeLimits, events: usize) -> Preview {
        let of = PreviewOf {
            current: &rules("type:Timeout", VolumeAction::Drop, 100),
            proposed,
            limits,
            merged: &Merged::default(),
            filter: &Filter::All,
            range: conformance::always(),
            events,
        };
        preview(&store(), &of).unwrap()
    }

    #[test]
    fn what_a_rule_would_not_keep_is_counted_by_service_and_issue() {
        let found = preview_of(&rules("service:late", VolumeAction::Drop, 100), VolumeLimits::default(), 100);
        assert_eq!((found.matching, found.out_of_time, found.filtered_now), (12, false, 4));
        assert_eq!(found.all, Fate { events: 12, filtered: 4, rate_limited: 0 });
        let lost = Fate { events: 4, filtered: 4, rate_limited: 0 };
        assert_eq!(found.services, [("late".to_owned(), lost)]);
        assert_eq!((found.issues.len(), found.issues[0].fate, found.by_rule["r"]), (1, lost, lost));
        assert_eq!(found.issues[0].event, EventId(11), "the newest is the sample");
    }

    #[test]
    fn of_a_share_exactly_those_events_are_counted_that_would_go() {
        let proposed = rules("", VolumeAction::Keep, 40);
        let found = preview_of(&proposed, VolumeLimits::default(), 100);
        let event = reenact_issues::place(conformance::event(1, 1, 1).report);
        let share = proposed.first(&event).unwrap();
        let gone = (0..12).filter(|id| !share.has(EventId(*id))).count() as u64;
        assert_eq!((found.all.filtered, found.by_rule["r"].events), (gone, 12));
        assert!(gone > 0 && gone < 12, "{gone}");
    }

    #[test]
    fn limits_see_the_events_that_rules_keep_in_the_order_in_which_they_happened() {
        let limits = VolumeLimits { issue_events_per_minute: NonZeroU32::new(3), ..VolumeLimits::default() };
        let found = preview_of(&rules("service:late", VolumeAction::Drop, 100), limits, 100);
        assert_eq!(found.all, Fate { events: 12, filtered: 4, rate_limited: 5 });
        assert_eq!(found.issues[0].fate, Fate { events: 8, filtered: 0, rate_limited: 5 });
        let newest = preview_of(&Rules::default(), limits, 5);
        assert_eq!((newest.matching, newest.all.events, newest.all.rate_limited), (12, 5, 1));
    }
}
