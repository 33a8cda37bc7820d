//! What rules would have done to events that are there.

use std::collections::{BTreeMap, HashMap};

use reenact_model::{EventId, IssueId, Placed};
use reenact_store::{Filter, Merged, Store, StoreError, TimeRange};

use super::{Applied, place_again};
use crate::arrival::{Newest, Rules, cut, each_newest};

/// What is previewed.
pub(crate) struct PreviewOf<'a> {
    /// The rules in force; `None` to compare with where events are, whatever rules placed them.
    pub(crate) current: Option<&'a Rules<Applied>>,
    /// Those that would be.
    pub(crate) proposed: &'a Rules<Applied>,
    /// Which issues are shown as others.
    pub(crate) merged: &'a Merged,
    /// Which events are looked at.
    pub(crate) filter: &'a Filter,
    /// When they happened.
    pub(crate) range: TimeRange,
    /// How many of them, the newest first.
    pub(crate) events: usize,
}

/// What the rules would do.
#[derive(Debug, Default)]
pub(crate) struct Preview {
    /// Events that match.
    pub(crate) matching: u64,
    /// Those that were looked at.
    pub(crate) looked_at: u64,
    /// Whether the time was over before all of them were.
    pub(crate) out_of_time: bool,
    /// Events that would stay where they are.
    pub(crate) unchanged: u64,
    /// Events that each rule would decide about, by id.
    pub(crate) by_rule: HashMap<String, u64>,
    /// Issues some of whose events would be elsewhere, those with the most such events first.
    pub(crate) splits: Vec<Splits>,
    pub(crate) splits_left_out: usize,
    /// Issues that would have events of several of today's, those with the most events first.
    pub(crate) joined: Vec<Joined>,
    pub(crate) joined_left_out: usize,
}

/// An issue of today with what would become of its events.
#[derive(Debug)]
pub(crate) struct Splits {
    pub(crate) issue: IssueId,
    pub(crate) sample: Sample,
    pub(crate) count: u64,
    pub(crate) moved: u64,
    /// Those with the most events first.
    pub(crate) becomes: Vec<Becomes>,
    pub(crate) becomes_left_out: usize,
}

/// Events that would be one issue.
#[derive(Clone, Debug)]
pub(crate) struct Becomes {
    pub(crate) issue: IssueId,
    pub(crate) sample: Sample,
    pub(crate) count: u64,
}

/// An issue that would have events of several of today's.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) issue: IssueId,
    pub(crate) sample: Sample,
    pub(crate) count: u64,
    /// Those with the most events first.
    pub(crate) from: Vec<Becomes>,
    pub(crate) from_left_out: usize,
}

/// The newest of some events.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) event: EventId,
    pub(crate) type_name: String,
    pub(crate) message: String,
    pub(crate) service: String,
    pub(crate) fingerprint: String,
    /// Id and name of the rule that decides.
    pub(crate) rule: Option<(String, String)>,
    /// Why it is there, for people.
    pub(crate) why: Vec<String>,
}

impl Sample {
    fn of(placed: &Placed) -> Self {
        let report = &placed.report;
        Self {
            event: report.id,
            type_name: report.type_name().to_owned(),
            message: report.message().to_owned(),
            service: report.service.clone(),
            fingerprint: placed.grouping.fingerprint.clone(),
            rule: placed.grouping.rule.as_ref().map(|rule| (rule.id.clone(), rule.name.clone())),
            why: placed.grouping.why.clone(),
        }
    }
}

/// Places the newest events anew, by the rules in force and by others, and compares. Events count where they would be
/// today, not where they were when they arrived: what is shown is what the change of rules does. Without rules in force
/// they count where they are. Blocks.
pub(crate) fn preview(store: &dyn Store, of: &PreviewOf<'_>) -> Result<Preview, StoreError> {
    let mut found = Preview::default();
    let mut moves: BTreeMap<(IssueId, IssueId), (u64, Sample)> = BTreeMap::new();
    let mut todays: HashMap<IssueId, Sample> = HashMap::new();
    let mut visit = |event: Placed| {
        let after = place_again(of.proposed, &event);
        let before = match of.current {
            Some(current) => place_again(current, &event),
            None => event,
        };
        let (was, becomes) = (of.merged.shown(before.issue_id), of.merged.shown(after.issue_id));
        found.unchanged += u64::from(was == becomes);
        if let Some(rule) = &after.grouping.rule {
            *found.by_rule.entry(rule.id.clone()).or_default() += 1;
        }
        todays.entry(was).or_insert_with(|| Sample::of(&before));
        moves.entry((was, becomes)).or_insert_with(|| (0, Sample::of(&after))).0 += 1;
    };
    let newest = each_newest(store, of.filter, of.range, of.events, &mut visit)?;
    Newest { matching: found.matching, looked_at: found.looked_at, out_of_time: found.out_of_time } = newest;
    add_splits(&mut found, &moves, &todays);
    add_joined(&mut found, &moves, &todays);
    Ok(found)
}

type Moves = BTreeMap<(IssueId, IssueId), (u64, Sample)>;

fn add_splits(found: &mut Preview, moves: &Moves, todays: &HashMap<IssueId, Sample>) {
    let mut by_issue: BTreeMap<IssueId, Vec<Becomes>> = BTreeMap::new();
    for ((was, becomes), (count, sample)) in moves {
        let becomes = Becomes { issue: *becomes, sample: sample.clone(), count: *count };
        by_issue.entry(*was).or_default().push(becomes);
    }
    for (issue, mut becomes) in by_issue {
        let count = becomes.iter().map(|part| part.count).sum();
        let moved = becomes.iter().filter(|part| part.issue != issue).map(|part| part.count).sum();
        if moved > 0 {
            let becomes_left_out = most(&mut becomes);
            let sample = todays[&issue].clone();
            found.splits.push(Splits { issue, sample, count, moved, becomes, becomes_left_out });
        }
    }
    found.splits.sort_by_key(|split| (std::cmp::Reverse(split.moved), split.issue));
    found.splits_left_out = cut(&mut found.splits);
}

fn add_joined(found: &mut Preview, moves: &Moves, todays: &HashMap<IssueId, Sample>) {
    let mut by_issue: BTreeMap<IssueId, (Vec<Becomes>, Sample)> = BTreeMap::new();
    for ((was, becomes), (count, sample)) in moves {
        let from = Becomes { issue: *was, sample: todays[was].clone(), count: *count };
        by_issue.entry(*becomes).or_insert_with(|| (Vec::new(), sample.clone())).0.push(from);
    }
    for (issue, (mut from, sample)) in by_issue {
        if from.len() > 1 {
            let count = from.iter().map(|part| part.count).sum();
            let from_left_out = most(&mut from);
            found.joined.push(Joined { issue, sample, count, from, from_left_out });
        }
    }
    found.joined.sort_by_key(|joined| (std::cmp::Reverse(joined.count), joined.issue));
    found.joined_left_out = cut(&mut found.joined);
}

/// Keeps those with the most events, and says how many were left out.
fn most(parts: &mut Vec<Becomes>) -> usize {
    parts.sort_by_key(|part| (std::cmp::Reverse(part.count), part.issue));
    cut(parts)
}

#[cfg(test)]
mod tests {
    use super::super::GroupingRule;
    use super::*;
    use reenact_store::{MemoryStore, Write, conformance};

    fn rules(query: &str, fingerprint: &str) -> Rules<Applied> {
        let rule = GroupingRule {
            id: "r".to_owned(),
            name: "a rule".to_owned(),
            enabled: true,
            query: query.to_owned(),
            fingerprint: fingerprint.to_owned(),
        };
        Rules::compile(&[rule]).unwrap()
    }

    /// Twelve events of one service, placed as they arrive without rules; half in each region.
    fn store() -> MemoryStore {
        let store = MemoryStore::new();
        let events = (0..12_u128).map(|id| {
            let mut report = conformance::event(id, id as i64, 1).report;
            report.tags.insert("region".to_owned(), if id % 2 == 0 { "eu" } else { "us" }.to_owned());
            if id >= 8 {
                report.exceptions[0].type_name = "Timeout".to_owned();
            }
            Write::Event(Box::new(reenact_issues::place(report)))
        });
        conformance::write(&store, events.collect());
        store
    }

    fn preview_of(proposed: &Rules<Applied>, events: usize) -> Preview {
        let of = PreviewOf {
            current: Some(&Rules::default()),
            proposed,
            merged: &Merged::default(),
            filter: &Filter::All,
            range: conformance::always(),
            events,
        };
        preview(&store(), &of).unwrap()
    }

    #[test]
    fn a_split_says_what_becomes_of_the_events() {
        let found = preview_of(&rules("-type:Timeout", "{{default}} {{tag.region}}"), 100);
        assert_eq!((found.matching, found.looked_at, found.unchanged, found.out_of_time), (12, 12, 4, false));
        assert_eq!((found.by_rule["r"], found.splits.len(), found.joined.len()), (8, 1, 0));
        let split = &found.splits[0];
        assert_eq!((split.count, split.moved), (8, 8));
        let counts: Vec<u64> = split.becomes.iter().map(|part| part.count).collect();
        assert_eq!(counts, [4, 4]);
        assert!(split.becomes.iter().any(|part| part.sample.event == EventId(7)), "the newest is the sample");
    }

    #[test]
    fn issues_that_would_be_one_are_named() {
        let found = preview_of(&rules("", "{{function}}"), 100);
        assert_eq!((found.splits.len(), found.joined.len()), (2, 1));
        let joined = &found.joined[0];
        assert_eq!((joined.count, joined.from[0].count, joined.from[1].count), (12, 8, 4));
        assert!(joined.sample.why.contains(&"function is \"charge\"".to_owned()), "{:?}", joined.sample.why);
    }

    #[test]
    fn events_are_compared_with_where_they_are() {
        let proposed = rules("type:Timeout", "late");
        let of = PreviewOf {
            current: None,
            proposed: &proposed,
            merged: &Merged::default(),
            filter: &Filter::All,
            range: conformance::always(),
            events: 100,
        };
        let found = preview(&store(), &of).unwrap();
        assert_eq!((found.unchanged, found.splits.len(), found.splits[0].moved), (8, 1, 4));
    }

    #[test]
    fn the_newest_events_are_looked_at() {
        let found = preview_of(&rules("type:Timeout", "late"), 5);
        assert_eq!((found.matching, found.looked_at, found.unchanged), (12, 5, 1));
    }

    #[test]
    fn rules_as_they_are_change_nothing() {
        let same = rules("", "late");
        let of = PreviewOf {
            current: Some(&same),
            proposed: &same,
            merged: &Merged::default(),
            filter: &Filter::All,
            range: conformance::always(),
            events: 100,
        };
        let found = preview(&store(), &of).unwrap();
        assert_eq!((found.unchanged, found.splits.len()), (12, 0));
        // What is joined already stays so.
        assert_eq!(found.joined.len(), 0);
    }
}
