//! What sets the occurrences of an issue apart from others: a value, a type, or that there is none.
//!
//! Compared is function by function: what was captured in a function when the issue occurred, with what was captured
//! in the same function of the same file in the baseline. Every path of its variables makes predicates
//! ([`Condition`]), and of each is counted in how many occurrences it holds, of those in which that is known. What
//! was redacted, cut off or not captured is not known, and a variable that is not there may only have been assigned
//! later.
//!
//! - **Order:** by the lower end of the 95 % interval of the difference of both shares (Newcombe's hybrid score
//!   interval), so that 40 of 40 against 0 of 40 comes before 3 of 3 against 0 of 3. Those whose interval reaches
//!   down to 0 are left out.
//! - **Many comparisons:** of a thousand predicates that mean nothing, 25 have an interval above 0.
//!   [`Finding::stands_out`] asks for an interval that is so wide that all of them hold together with 95 %
//!   (Bonferroni).
//! - **The same twice:** predicates that hold in exactly the same occurrences are one finding; the plainest is shown,
//!   the others are in [`Finding::also`].
//! - **Volatile paths:** no value of a path that [`compare`](crate::compare) calls volatile takes part, by its own
//!   text or by its name, except that of an id of a record that comes back ([`RETURNS_MIN`]): a customer may be the
//!   cause. Types of volatile values, and that there is none, take part.
//! - **Without a baseline** nothing can set them apart: what is the same in all occurrences is listed instead.
//! - **What this is not:** a cause. Single paths are looked at, not how they work together, and the occurrences with
//!   values are those that the client chose to capture.
//! - **Independence:** a frame that was captured for another occurrence, or that several refer to, counts once.
//! - **Limits:** [`SAMPLES_MAX`] occurrences a side, [`FUNCTIONS_MAX`] functions, [`VALUES_MAX`] values of one frame,
//!   [`DEPTH_MAX`] names of a path, [`ELEMENTS_MAX`] elements of a sequence, [`PATHS_MAX`] paths of one function.
//!   Time is proportional to the values, and to paths times occurrences.

mod calls;
mod interval;
mod observed;
mod predicates;

use std::collections::{BTreeMap, HashMap, HashSet};

use reenact_model::{CapturedValue, Snapshot, SnapshotId, ValuePath};

pub use calls::{entered, of_call};
pub use interval::{Difference, Share};

use crate::captured;
use crate::compare::Side;
use interval::{Z_95, difference, z_of_all};
use observed::{Events, Observed};
use predicates::Held;

/// Occurrences of each side; of more, the first are taken.
pub const SAMPLES_MAX: usize = 200;
/// Functions that are compared, those nearest to the raise.
pub const FUNCTIONS_MAX: usize = 10;
/// Paths of one function; of more, those of the first occurrences are taken.
pub const PATHS_MAX: usize = 2_000;
/// Values of one frame that are looked at.
pub const VALUES_MAX: usize = 2_000;
/// Names of one path.
pub const DEPTH_MAX: usize = 6;
/// Elements of one sequence that are looked at.
pub const ELEMENTS_MAX: usize = 20;
/// Findings that are listed.
pub const FINDINGS_MAX: usize = 50;
/// Further predicates of one finding that are listed.
pub const ALSO_MAX: usize = 10;
/// Occurrences of one finding that are named.
pub const EXAMPLES_MAX: usize = 5;
/// With fewer occurrences on either side, nothing can be said.
pub const FEW: usize = 5;
/// Occurrences of the issue with the same id of a record, from which on that id is not another one each time.
pub const RETURNS_MIN: usize = 3;

/// A function of a source file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Function {
    /// Its name.
    pub function: String,
    /// Its file.
    pub file: String,
}

/// What may hold for the value of a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// It is this scalar; its text is cut as in a comparison of two occurrences.
    Is(CapturedValue),
    /// It is `None`.
    Null,
    /// It is a text or a container without anything in it.
    Empty,
    /// There is no such attribute, key or element in what it would be in.
    Missing,
    /// It is not `None`, and has this type.
    HasType(String),
    /// It is a number that is not smaller than this one.
    AtLeast(String),
    /// It is a number that is not greater than this one.
    AtMost(String),
}

/// A condition on a path of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicate {
    /// The function.
    pub function: Function,
    /// Where in its variables.
    pub path: ValuePath,
    /// What holds there.
    pub condition: Condition,
}

/// A predicate that holds more often when the issue occurs, or always where there is no baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What holds.
    pub predicate: Predicate,
    /// In how many occurrences of the issue, of those in which it is known.
    pub of_issue: Share,
    /// Likewise of the baseline.
    pub of_baseline: Share,
    /// The difference of both, with its 95 % interval; `None` without a baseline.
    pub difference: Option<Difference>,
    /// Whether that is more than chance would do in any of all the comparisons that were made, of [`FEW`] occurrences
    /// or more on each side.
    pub stands_out: bool,
    /// The first occurrences of the issue in which it holds, by their place.
    pub examples: Vec<usize>,
    /// The first occurrence of the baseline in which it is known not to hold, by its place.
    pub counterexample: Option<usize>,
    /// Predicates that hold in exactly the same occurrences.
    pub also: Vec<Predicate>,
    /// Those of them that are not listed.
    pub also_left_out: usize,
}

/// What sets the occurrences of an issue apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Correlations {
    /// The findings, the surest first; at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// Those that are not listed.
    pub left_out: usize,
    /// Predicates that were counted.
    pub comparisons: usize,
    /// Paths whose values are other ones each time.
    pub volatile: usize,
}

/// The functions with values of some occurrences, those nearest to the raise first; at most [`FUNCTIONS_MAX`].
pub fn functions(samples: &[Side<'_>]) -> Vec<Function> {
    let mut nearest: BTreeMap<Function, usize> = BTreeMap::new();
    for sample in samples {
        for (distance, captured) in captured::frames(*sample).into_iter().enumerate() {
            let function =
                Function { function: captured.frame.function.clone(), file: captured.frame.file.clone() };
            nearest.entry(function).and_modify(|known| *known = distance.min(*known)).or_insert(distance);
        }
    }
    let mut functions: Vec<(Function, usize)> = nearest.into_iter().collect();
    functions.sort_by_key(|(_, distance)| *distance);
    functions.into_iter().take(FUNCTIONS_MAX).map(|(function, _)| function).collect()
}

/// Finds what sets the occurrences of an issue apart from those of the baseline, and without any of those what is
/// the same in all of them.
pub fn correlate(of_issue: &[Side<'_>], of_baseline: &[Side<'_>]) -> Correlations {
    let of_issue = &of_issue[..of_issue.len().min(SAMPLES_MAX)];
    let of_baseline = &of_baseline[..of_baseline.len().min(SAMPLES_MAX)];
    let split = of_issue.len();
    let functions = functions(of_issue);
    let mut counted = HashSet::new();
    let captured: Vec<HashMap<(&str, &str), &Snapshot>> =
        of_issue.iter().chain(of_baseline).map(|side| innermost(*side, &mut counted)).collect();
    let mut correlations = Correlations::default();
    let mut ranked = Vec::new();
    for (distance, function) in functions.iter().enumerate() {
        let key = (function.function.as_str(), function.file.as_str());
        let snapshots: Vec<Option<&Snapshot>> =
            captured.iter().map(|frames| frames.get(&key).copied()).collect();
        let observed = Observed::new(&snapshots);
        for (row, path) in observed.paths() {
            let found = predicates::of_path(&observed, row, path, captured.len(), split);
            correlations.comparisons += found.comparisons;
            correlations.volatile += usize::from(found.is_volatile);
            ranked.extend(found.held.into_iter().filter_map(|held| {
                let ranked = Ranked::new(held, split, function, distance, path);
                let difference = ranked.difference;
                let counts = match difference {
                    Some(difference) => difference.low > 0.0,
                    None => of_baseline.is_empty() && ranked.is_constant(split),
                };
                counts.then_some(ranked)
            }));
        }
    }
    ranked.sort_by(Ranked::compare);
    let z = z_of_all(correlations.comparisons);
    list(ranked, split, captured.len(), z, &mut correlations);
    correlations
}

/// The captured frames of an occurrence by function and file; of a recursion the innermost call. A snapshot that
/// several occurrences refer to counts once.
fn innermost<'a>(
    side: Side<'a>,
    counted: &mut HashSet<SnapshotId>,
) -> HashMap<(&'a str, &'a str), &'a Snapshot> {
    let mut frames = HashMap::new();
    for captured in captured::frames(side) {
        if !counted.insert(captured.snapshot.id) {
            continue;
        }
        let key = (captured.frame.function.as_str(), captured.frame.file.as_str());
        frames.entry(key).or_insert(captured.snapshot);
    }
    frames
}

/// A predicate that was counted.
struct Ranked<'a> {
    held: Held<'a>,
    function: &'a Function,
    /// Place among the functions.
    distance: usize,
    path: ValuePath,
    of_issue: Share,
    of_baseline: Share,
    difference: Option<Difference>,
}

impl<'a> Ranked<'a> {
    fn new(held: Held<'a>, split: usize, function: &'a Function, distance: usize, path: &ValuePath) -> Self {
        let (holds, known) = (held.holds.count_before(split), held.known.count_before(split));
        let of_issue = Share { count: holds, total: known };
        let of_baseline = Share { count: held.holds.count() - holds, total: held.known.count() - known };
        let both = of_issue.total > 0 && of_baseline.total > 0;
        let difference = both.then(|| difference(of_issue, of_baseline, Z_95));
        Self { held, function, distance, path: path.clone(), of_issue, of_baseline, difference }
    }

    /// Whether it says what the value is, in each of several occurrences.
    fn is_constant(&self, split: usize) -> bool {
        let says_what = matches!(self.held.condition, Condition::Is(_) | Condition::Null | Condition::Empty);
        says_what && self.of_issue.count == self.of_issue.total && self.of_issue.total >= split.clamp(2, FEW)
    }

    /// The surest first; then the plainest, of the function nearest to the raise, with the shortest path.
    fn compare(&self, other: &Self) -> std::cmp::Ordering {
        let low = |one: &Self| one.difference.map_or(0.0, |difference| difference.low);
        let plain = |one: &Self| match one.difference {
            Some(_) => predicates::plainness(&one.held.condition),
            None => 0,
        };
        low(other)
            .total_cmp(&low(self))
            .then_with(|| plain(self).cmp(&plain(other)))
            .then_with(|| self.distance.cmp(&other.distance))
            .then_with(|| self.path.segments().len().cmp(&other.path.segments().len()))
            .then_with(|| self.path.cmp(&other.path))
            .then_with(|| self.held.order.cmp(&other.held.order))
    }

    fn predicate(&self) -> Predicate {
        Predicate {
            function: self.function.clone(),
            path: self.path.clone(),
            condition: self.held.condition.clone(),
        }
    }
}

/// Makes findings of what was ranked; predicates of the same occurrences are one.
fn list(ranked: Vec<Ranked<'_>>, split: usize, events: usize, z: f64, correlations: &mut Correlations) {
    let mut places: HashMap<Events, usize> = HashMap::new();
    let mut found = 0;
    for one in ranked {
        let same = one.difference.and_then(|_| places.get(&one.held.holds).copied());
        if let Some(place) = same {
            if let Some(finding) = correlations.findings.get_mut(place) {
                match finding.also.len() < ALSO_MAX {
                    true => finding.also.push(one.predicate()),
                    false => finding.also_left_out += 1,
                }
            }
            continue;
        }
        places.insert(one.held.holds, found);
        found += 1;
        if found > FINDINGS_MAX {
            correlations.left_out += 1;
            continue;
        }
        let (holds, known) = (&one.held.holds, &one.held.known);
        let wide = one.difference.map(|_| difference(one.of_issue, one.of_baseline, z));
        correlations.findings.push(Finding {
            predicate: one.predicate(),
            of_issue: one.of_issue,
            of_baseline: one.of_baseline,
            difference: one.difference,
            stands_out: one.of_issue.total.min(one.of_baseline.total) >= FEW
                && wide.is_some_and(|wide| wide.low > 0.0),
            examples: (0..split).filter(|event| holds.contains(*event)).take(EXAMPLES_MAX).collect(),
            counterexample: (split..events)
                .find(|event| known.contains(*event) && !holds.contains(*event))
                .map(|event| event - split),
            also: Vec::new(),
            also_left_out: 0,
        });
    }
}

#[cfg(test)]
mod tests;
