//! The predicates of one path.

use std::collections::BTreeMap;

use reenact_model::{CapturedValue, Content, ValuePath};

use super::observed::{Cell, Events, Observed};
use super::{Condition, RETURNS_MIN};
use crate::compare::{shown, volatile};

/// A predicate with the occurrences in which it holds, and those in which it is known whether it does.
pub(super) struct Held<'a> {
    pub(super) condition: Condition,
    /// Tells predicates of one path apart, in an order that does not depend on that of the occurrences.
    pub(super) order: (&'a str, &'a str),
    pub(super) holds: Events,
    pub(super) known: Events,
}

/// What one path makes.
pub(super) struct OfPath<'a> {
    pub(super) held: Vec<Held<'a>>,
    /// Predicates that were looked at, those that are not kept included.
    pub(super) comparisons: usize,
    /// Whether values were left out that are other ones each time.
    pub(super) is_volatile: bool,
}

/// How plain a condition is: of those that say the same, the one with the smallest number is shown.
pub(super) fn plainness(condition: &Condition) -> u8 {
    match condition {
        Condition::Is(_) => 0,
        Condition::Null => 1,
        Condition::Empty => 2,
        Condition::Missing => 3,
        Condition::HasType(_) => 4,
        Condition::AtLeast(_) | Condition::AtMost(_) => 5,
    }
}

/// The occurrences of one path, by what is there.
#[derive(Default)]
struct Sorted<'a> {
    known: Events,
    null: Events,
    empty: Events,
    missing: Events,
    types: BTreeMap<&'a str, Events>,
    /// By type and text.
    scalars: BTreeMap<(&'a str, &'a str), (Events, Option<&'a CapturedValue>)>,
    /// Numbers with their occurrence.
    numbers: Vec<(f64, &'a str, usize)>,
}

/// The predicates of one path over `events` occurrences, of which those before `split` are of the issue.
pub(super) fn of_path<'a>(
    observed: &Observed<'a>,
    row: usize,
    path: &ValuePath,
    events: usize,
    split: usize,
) -> OfPath<'a> {
    let mut sorted = Sorted::default();
    for event in 0..events {
        match observed.cell(row, event) {
            Cell::Unknown => {}
            Cell::Missing => {
                sorted.known.insert(event);
                sorted.missing.insert(event);
            }
            Cell::Value(value) => sorted.add(event, value),
        }
    }
    let mut of_path = OfPath { held: Vec::new(), comparisons: 0, is_volatile: false };
    let known = sorted.known;
    let has_baseline = events > split;
    let add = |of_path: &mut OfPath<'a>, condition, order, holds: Events| {
        // What holds once, or always, sets nothing apart.
        if holds.count() < 2 || has_baseline && holds == known {
            return;
        }
        of_path.comparisons += 1;
        of_path.held.push(Held { condition, order, holds, known });
    };
    add(&mut of_path, Condition::Null, ("", ""), sorted.null);
    add(&mut of_path, Condition::Empty, ("", ""), sorted.empty);
    add(&mut of_path, Condition::Missing, ("", ""), sorted.missing);
    for (type_name, holds) in sorted.types {
        add(&mut of_path, Condition::HasType(shown::text(type_name).to_owned()), (type_name, ""), holds);
    }
    let name = called(path);
    let (mut is_steady, mut returns) = (true, false);
    for ((type_name, text), (holds, value)) in sorted.scalars {
        let Some(value) = value else { continue };
        if is_volatile(name, value, holds.count_before(split)) {
            is_steady = false;
            continue;
        }
        returns |= holds.count() > 1;
        add(&mut of_path, Condition::Is(shown::head(value)), (type_name, text), holds);
    }
    of_path.is_volatile = !is_steady && !returns;
    if is_steady && has_baseline {
        thresholds(&sorted.numbers, known, split, &mut of_path);
    }
    of_path
}

impl<'a> Sorted<'a> {
    fn add(&mut self, event: usize, value: &'a CapturedValue) {
        self.known.insert(event);
        if value.content == Content::Null {
            return self.null.insert(event);
        }
        self.types.entry(&value.type_name).or_default().insert(event);
        if is_empty(value) {
            self.empty.insert(event);
        }
        let Content::Scalar(text) = &value.content else { return };
        // Of a text that was cut nobody knows whether it is the same.
        if value.truncated {
            return;
        }
        let scalar = self.scalars.entry((value.type_name.as_str(), text.as_str())).or_default();
        scalar.0.insert(event);
        scalar.1.get_or_insert(value);
        if matches!(value.type_name.as_str(), "int" | "float")
            && let Some(number) = text.parse().ok().filter(|number: &f64| number.is_finite())
        {
            self.numbers.push((number, text.as_str(), event));
        }
    }
}

fn is_empty(value: &CapturedValue) -> bool {
    let has_none = match &value.content {
        Content::Scalar(text) => matches!(text.as_str(), "''" | "\"\"" | "b''" | "b\"\""),
        Content::Elements(elements) => elements.is_empty(),
        Content::Entries(entries) => entries.is_empty(),
        Content::Nothing | Content::Null | Content::Fields(_) => false,
    };
    has_none && value.not_captured.is_none() && value.size.is_none_or(|size| size == 0)
}

/// What a value is called: an element as its container is.
fn called(path: &ValuePath) -> &str {
    let is_name = |segment: &&String| !segment.bytes().all(|byte| byte.is_ascii_digit());
    path.segments().iter().rev().find(is_name).map_or("", String::as_str)
}

/// Whether a value is another one each time; it is in `count` occurrences of the issue.
fn is_volatile(name: &str, value: &CapturedValue, count: usize) -> bool {
    match volatile::of_values(name, Some(value), Some(value)) {
        Some(volatile::Volatile::Id) => count < RETURNS_MIN || !volatile::is_of_a_record(name),
        reason => reason.is_some(),
    }
}

/// The number that parts the occurrences best, in each direction; each number counts as a comparison.
fn thresholds<'a>(numbers: &[(f64, &'a str, usize)], known: Events, split: usize, of_path: &mut OfPath<'a>) {
    let mut numbers = numbers.to_vec();
    numbers.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.2.cmp(&b.2)));
    let of_issue = known.count_before(split);
    let of_baseline = known.count() - of_issue;
    if of_issue == 0 || of_baseline == 0 {
        return;
    }
    let gain = |events: &Events| {
        let count = events.count_before(split);
        count as f64 / of_issue as f64 - (events.count() - count) as f64 / of_baseline as f64
    };
    let mut all = Events::default();
    numbers.iter().for_each(|(.., event)| all.insert(*event));
    let (mut below, mut above) = (Events::default(), all);
    let (mut at_most, mut at_least) = (Best::default(), Best::default());
    let mut from = 0;
    while from < numbers.len() {
        let number = numbers[from].0;
        let to = from + numbers[from..].iter().take_while(|other| other.0 == number).count();
        if from > 0 {
            at_most.offer(gain(&below), numbers[from - 1].1, below);
            at_least.offer(gain(&above), numbers[from].1, above);
            of_path.comparisons += 2;
        }
        for (.., event) in &numbers[from..to] {
            below.insert(*event);
            above.remove(*event);
        }
        from = to;
    }
    let mut keep = |best: Best<'a>, condition: fn(String) -> Condition| {
        if let Some((_, text, holds)) = best.0 {
            let (condition, order) = (condition(text.to_owned()), ("", text));
            of_path.held.push(Held { condition, order, holds, known });
        }
    };
    keep(at_most, Condition::AtMost);
    keep(at_least, Condition::AtLeast);
}

/// The best of what was offered, the first where there are several.
#[derive(Default)]
struct Best<'a>(Option<(f64, &'a str, Events)>);

impl<'a> Best<'a> {
    fn offer(&mut self, gain: f64, text: &'a str, events: Events) {
        if self.0.is_none_or(|(best, ..)| gain > best) {
            self.0 = Some((gain, text, events));
        }
    }
}
