//! Two occurrences side by side: what is the same, what differs, and what one of them alone has.
//!
//! Exceptions are aligned by their type, frames by function and file, variables by name, mappings by key, sequences
//! by index and sets by element. Differences that say nothing are marked, see [`Volatile`].
//!
//! Swapping the sides swaps `left` and `right` and changes nothing else but the order of what one side alone has.
//! Time is proportional to the values of both events, and to the product of the frames of two exceptions between
//! the first and the last frame that differ, at most [`FRAMES_MAX`] each.

mod align;
mod facts;
pub(crate) mod shown;
mod values;
pub(crate) mod volatile;

use std::collections::HashMap;

use reenact_model::{CapturedValue, Exception, Frame, Report, Snapshot, SnapshotId};

pub(crate) use values::is_set;
pub use volatile::Volatile;

/// Frames of one exception that are aligned; of more, the outermost are left out.
pub const FRAMES_MAX: usize = 250;
/// Exceptions of one chain that are aligned; of more, the outermost are left out.
pub const EXCEPTIONS_MAX: usize = 20;
/// Paths in one comparison that are not the same on both sides; more are counted only.
pub const DIFFERENCES_MAX: usize = 5_000;
/// Paths in one comparison that are the same; more are counted only.
pub const SAME_MAX: usize = 5_000;
/// Nesting to which values are compared part by part; deeper ones are compared as a whole.
pub const DEPTH_MAX: usize = 32;
/// Length of one text in a comparison, in bytes; longer ones are compared whole, and shown cut.
pub const TEXT_BYTES_MAX: usize = 4_096;
/// Length of one key in a path, in characters.
pub const KEY_CHARACTERS_MAX: usize = 80;
/// Parts of a value that one side alone has, on each level, that are shown.
pub const PARTS_MAX: usize = 20;
/// Nesting of a value that one side alone has, that is shown.
pub const PARTS_DEPTH_MAX: usize = 3;

/// One occurrence with the snapshots of its frames, those that there are.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The occurrence.
    pub report: &'a Report,
    /// Its snapshots, in any order; others are ignored.
    pub snapshots: &'a [Snapshot],
}

/// How two values stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Equal, as far as they were captured.
    Same,
    /// Not equal.
    Differs,
    /// The right side has none.
    OnlyLeft,
    /// The left side has none.
    OnlyRight,
    /// Neither side's value was captured, so nobody knows.
    Unknown,
}

impl Outcome {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::OnlyLeft => "only_left",
            Self::OnlyRight => "only_right",
            Self::Unknown => "unknown",
        }
    }

    fn of<T: PartialEq>(left: Option<&T>, right: Option<&T>) -> Self {
        match (left, right) {
            (Some(_), None) => Self::OnlyLeft,
            (None, Some(_)) => Self::OnlyRight,
            (left, right) if left == right => Self::Same,
            _ => Self::Differs,
        }
    }
}

/// How many paths have each outcome, those that are left out included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The same on both sides.
    pub same: u64,
    /// Different on both sides.
    pub differs: u64,
    /// On the left side alone.
    pub only_left: u64,
    /// On the right side alone.
    pub only_right: u64,
    /// Captured on neither side.
    pub unknown: u64,
    /// Those of the three in the middle that are volatile.
    pub volatile: u64,
}

impl Counts {
    fn add(&mut self, outcome: Outcome, is_volatile: bool) {
        match outcome {
            Outcome::Same => self.same += 1,
            Outcome::Differs => self.differs += 1,
            Outcome::OnlyLeft => self.only_left += 1,
            Outcome::OnlyRight => self.only_right += 1,
            Outcome::Unknown => self.unknown += 1,
        }
        self.volatile += u64::from(is_volatile);
    }
}

/// Two occurrences, compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// What is known of them besides exceptions and values: service, version, request, tags.
    pub facts: Vec<Fact>,
    /// Their exceptions, root causes first.
    pub exceptions: Vec<ExceptionPair>,
    /// The outcomes of all paths of all frames.
    pub counts: Counts,
    /// Paths that are not listed because of [`DIFFERENCES_MAX`] and [`SAME_MAX`].
    pub paths_left_out: u64,
}

/// One fact about two occurrences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// `service`, `request.url`, `tags.region`.
    pub name: String,
    /// How they stand to each other.
    pub outcome: Outcome,
    /// On the left side; cut at [`TEXT_BYTES_MAX`].
    pub left: Option<String>,
    /// On the right side, likewise.
    pub right: Option<String>,
    /// Why a difference says nothing.
    pub volatile: Option<Volatile>,
}

/// An exception of each side, or of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExceptionPair {
    /// The place in the chain of the left side.
    pub left: Option<usize>,
    /// The place in the chain of the right side.
    pub right: Option<usize>,
    /// `type`, `message`, `notes`.
    pub facts: Vec<Fact>,
    /// Their frames, outermost call first.
    pub frames: Vec<FramePair>,
}

/// A frame of each side, or of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FramePair {
    /// The frame of the left side.
    pub left: Option<Place>,
    /// The frame of the right side.
    pub right: Option<Place>,
    /// Its paths; none unless both sides have values.
    pub paths: Vec<Path>,
}

/// Where a frame is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// From 0, over the frames of the exception.
    pub index: usize,
    /// The function.
    pub function: String,
    /// The source file.
    pub file: String,
    /// The line, from 1.
    pub line_number: Option<u32>,
    /// Whether it is the service's own code.
    pub in_app: bool,
    /// Whether its values are there.
    pub has_values: bool,
}

/// Where a variable stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// An argument.
    Arguments,
    /// A local variable.
    Locals,
    /// A variable of an enclosing function.
    Closure,
    /// A global variable.
    Globals,
}

impl Scope {
    /// Each, in the order of a frame's paths.
    pub const ALL: [Self; 4] = [Self::Arguments, Self::Locals, Self::Closure, Self::Globals];

    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arguments => "arguments",
            Self::Locals => "locals",
            Self::Closure => "closure",
            Self::Globals => "globals",
        }
    }
}

/// One path of a frame: `order.lines[0].price`, `headers['Accept']`, `seen{3}` for an element of a set.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Where its variable stands.
    pub scope: Scope,
    /// From the variable's name.
    pub path: String,
    /// How the values stand to each other.
    pub outcome: Outcome,
    /// The value of the left side. A container whose parts have paths of their own is without them.
    pub left: Option<CapturedValue>,
    /// The value of the right side; `None` as well when both are the same.
    pub right: Option<CapturedValue>,
    /// Why a difference says nothing.
    pub volatile: Option<Volatile>,
}

/// Compares two occurrences.
pub fn compare(left: Side<'_>, right: Side<'_>) -> Comparison {
    let mut listed = Listed::default();
    let chains =
        (last(&left.report.exceptions, EXCEPTIONS_MAX), last(&right.report.exceptions, EXCEPTIONS_MAX));
    let snapshots = (by_id(left.snapshots), by_id(right.snapshots));
    let mut exceptions = Vec::new();
    for (l, r) in align::exceptions(chains.0.1, chains.1.1) {
        let pair = (l.map(|index| &chains.0.1[index]), r.map(|index| &chains.1.1[index]));
        exceptions.push(ExceptionPair {
            left: l.map(|index| index + chains.0.0),
            right: r.map(|index| index + chains.1.0),
            facts: facts::of_exceptions(pair.0, pair.1),
            frames: frames((pair.0, &snapshots.0), (pair.1, &snapshots.1), &mut listed),
        });
    }
    Comparison {
        facts: facts::of_reports(left.report, right.report),
        exceptions,
        counts: listed.counts,
        paths_left_out: listed.left_out,
    }
}

/// What is counted and listed so far.
#[derive(Debug, Default)]
struct Listed {
    counts: Counts,
    same: usize,
    differences: usize,
    left_out: u64,
}

impl Listed {
    /// Counts a path; whether there is room to list it.
    fn add(&mut self, outcome: Outcome, is_volatile: bool) -> bool {
        self.counts.add(outcome, is_volatile);
        let (listed, listed_max) = match outcome {
            Outcome::Same => (&mut self.same, SAME_MAX),
            _ => (&mut self.differences, DIFFERENCES_MAX),
        };
        if *listed >= listed_max {
            self.left_out += 1;
            return false;
        }
        *listed += 1;
        true
    }
}

type ById<'a> = HashMap<SnapshotId, &'a Snapshot>;

fn by_id(snapshots: &[Snapshot]) -> ById<'_> {
    snapshots.iter().map(|snapshot| (snapshot.id, snapshot)).collect()
}

/// The last `count_max` of some, and how many come before them.
fn last<T>(all: &[T], count_max: usize) -> (usize, &[T]) {
    let before = all.len().saturating_sub(count_max);
    (before, &all[before..])
}

fn frames(
    (left, left_snapshots): (Option<&Exception>, &ById<'_>),
    (right, right_snapshots): (Option<&Exception>, &ById<'_>),
    listed: &mut Listed,
) -> Vec<FramePair> {
    let (left_before, left) = last(left.map_or(&[][..], |exception| &exception.frames), FRAMES_MAX);
    let (right_before, right) = last(right.map_or(&[][..], |exception| &exception.frames), FRAMES_MAX);
    let mut pairs = Vec::new();
    for (l, r) in align::frames(left, right) {
        let (left_frame, right_frame) = (l.map(|index| &left[index]), r.map(|index| &right[index]));
        let values = (snapshot(left_frame, left_snapshots), snapshot(right_frame, right_snapshots));
        let mut pair = FramePair {
            left: left_frame
                .zip(l)
                .map(|(frame, index)| place(frame, index + left_before, values.0.is_some())),
            right: right_frame
                .zip(r)
                .map(|(frame, index)| place(frame, index + right_before, values.1.is_some())),
            paths: Vec::new(),
        };
        if let (Some(left), Some(right)) = values {
            pair.paths = values::paths(left, right, listed);
        }
        pairs.push(pair);
    }
    pairs
}

fn snapshot<'a>(frame: Option<&Frame>, snapshots: &ById<'a>) -> Option<&'a Snapshot> {
    snapshots.get(&frame?.snapshot_id?).copied()
}

fn place(frame: &Frame, index: usize, has_values: bool) -> Place {
    Place {
        index,
        function: frame.function.clone(),
        file: frame.file.clone(),
        line_number: frame.line_number,
        in_app: frame.in_app,
        has_values,
    }
}

#[cfg(test)]
mod tests;
