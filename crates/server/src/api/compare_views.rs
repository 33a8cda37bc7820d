//! The JSON of a comparison of two events.

use reenact_model::{CapturedValue, Placed};
use reenact_replay::compare as replay;
use serde::Serialize;
use utoipa::ToSchema;

use super::views;

/// Two events, compared.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Comparison {
    /// The left event.
    left: CompareSide,
    /// The right event.
    right: CompareSide,
    /// Whether there are values that the asker may not see; then no frame has paths.
    values_hidden: bool,
    /// What is known of the events besides exceptions and values: `service`, `request.url`, `tags.region`.
    facts: Vec<CompareFact>,
    /// Their exceptions, root causes first.
    exceptions: Vec<ComparedExceptions>,
    /// The outcomes of all paths.
    counts: CompareCounts,
    /// Paths that are counted and not listed: 5,000 that are the same are, and 5,000 others.
    paths_left_out: u64,
}

/// One of the events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompareSide {
    /// 32 hexadecimal digits.
    id: String,
    /// Its issue.
    issue_id: String,
    /// When it happened.
    timestamp: String,
    /// The service.
    service: String,
}

impl CompareSide {
    pub(crate) fn of(placed: &Placed) -> Self {
        Self {
            id: placed.report.id.to_string(),
            issue_id: placed.issue_id.to_string(),
            timestamp: placed.report.timestamp.to_string(),
            service: placed.report.service.clone(),
        }
    }
}

/// How two values stand to each other.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CompareOutcome {
    /// Equal, as far as they were captured.
    Same,
    /// Not equal.
    Differs,
    /// The right side has none.
    OnlyLeft,
    /// The left side has none.
    OnlyRight,
    /// Neither side's value was captured.
    Unknown,
}

impl From<replay::Outcome> for CompareOutcome {
    fn from(outcome: replay::Outcome) -> Self {
        match outcome {
            replay::Outcome::Same => Self::Same,
            replay::Outcome::Differs => Self::Differs,
            replay::Outcome::OnlyLeft => Self::OnlyLeft,
            replay::Outcome::OnlyRight => Self::OnlyRight,
            replay::Outcome::Unknown => Self::Unknown,
        }
    }
}

/// Why a difference says nothing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Volatile {
    /// An address in memory.
    Address,
    /// A universally unique id.
    Uuid,
    /// A time or a duration.
    Time,
    /// A number that counts objects.
    Counter,
    /// An id of something.
    Id,
}

impl From<replay::Volatile> for Volatile {
    fn from(reason: replay::Volatile) -> Self {
        match reason {
            replay::Volatile::Address => Self::Address,
            replay::Volatile::Uuid => Self::Uuid,
            replay::Volatile::Time => Self::Time,
            replay::Volatile::Counter => Self::Counter,
            replay::Volatile::Id => Self::Id,
        }
    }
}

/// One fact about both events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompareFact {
    /// `service`, `request.url`, `tags.region`.
    name: String,
    /// How they stand to each other.
    outcome: CompareOutcome,
    /// On the left side; cut at 4,096 bytes.
    left: Option<String>,
    /// On the right side, likewise.
    right: Option<String>,
    /// Why a difference says nothing.
    volatile: Option<Volatile>,
}

/// An exception of each side, or of one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComparedExceptions {
    /// The place in the chain of the left event, from 0.
    left: Option<usize>,
    /// The place in the chain of the right event, from 0.
    right: Option<usize>,
    /// `type`, `message`, `notes`, and `members` of a group with how many there are.
    facts: Vec<CompareFact>,
    /// Their frames, outermost call first.
    frames: Vec<ComparedFrames>,
}

/// A frame of each side, or of one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComparedFrames {
    /// The frame of the left event.
    left: Option<ComparePlace>,
    /// The frame of the right event.
    right: Option<ComparePlace>,
    /// The paths of its variables; none unless both sides have values.
    paths: Vec<ComparePath>,
}

/// Where a frame is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComparePlace {
    /// From 0, over the frames of the exception.
    index: usize,
    /// The function.
    function: String,
    /// The source file.
    file: String,
    /// The line, from 1.
    line_number: Option<u32>,
    /// Whether it is the service's own code.
    in_app: bool,
    /// Whether its values are there.
    has_values: bool,
}

/// Where a variable stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CompareScope {
    /// An argument.
    Arguments,
    /// A local variable.
    Locals,
    /// A variable of an enclosing function.
    Closure,
    /// A global variable.
    Globals,
}

/// One path of a frame.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComparePath {
    /// Where its variable stands.
    scope: CompareScope,
    /// `order.lines[0].price`, `headers['Accept']`, `seen{3}` for an element of a set.
    path: String,
    /// How the values stand to each other.
    outcome: CompareOutcome,
    /// The value of the left event. A container whose parts have paths of their own is without them; of another one
    /// the first 20 parts are there, three levels deep, with texts of 4,096 bytes.
    #[schema(value_type = Option<views::CapturedValue>)]
    left: Option<CapturedValue>,
    /// The value of the right event, likewise; null as well when both are the same.
    #[schema(value_type = Option<views::CapturedValue>)]
    right: Option<CapturedValue>,
    /// Why a difference says nothing.
    volatile: Option<Volatile>,
}

/// How many paths have each outcome, those that are not listed included.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompareCounts {
    /// The same on both sides.
    same: u64,
    /// Different on both sides.
    differs: u64,
    /// On the left side alone.
    only_left: u64,
    /// On the right side alone.
    only_right: u64,
    /// Captured on neither side.
    unknown: u64,
    /// Those that differ, or that one side alone has, and say nothing.
    volatile: u64,
}

impl Comparison {
    pub(crate) fn of(
        left: CompareSide,
        right: CompareSide,
        comparison: replay::Comparison,
        values_hidden: bool,
    ) -> Self {
        let counts = comparison.counts;
        Self {
            left,
            right,
            values_hidden,
            facts: comparison.facts.into_iter().map(fact).collect(),
            exceptions: comparison.exceptions.into_iter().map(exceptions).collect(),
            counts: CompareCounts {
                same: counts.same,
                differs: counts.differs,
                only_left: counts.only_left,
                only_right: counts.only_right,
                unknown: counts.unknown,
                volatile: counts.volatile,
            },
            paths_left_out: comparison.paths_left_out,
        }
    }
}

fn fact(fact: replay::Fact) -> CompareFact {
    CompareFact {
        name: fact.name,
        outcome: fact.outcome.into(),
        left: fact.left,
        right: fact.right,
        volatile: fact.volatile.map(Into::into),
    }
}

fn exceptions(pair: replay::ExceptionPair) -> ComparedExceptions {
    ComparedExceptions {
        left: pair.left,
        right: pair.right,
        facts: pair.facts.into_iter().map(fact).collect(),
        frames: pair.frames.into_iter().map(frames).collect(),
    }
}

fn frames(pair: replay::FramePair) -> ComparedFrames {
    ComparedFrames {
        left: pair.left.map(place),
        right: pair.right.map(place),
        paths: pair.paths.into_iter().map(path).collect(),
    }
}

fn place(place: replay::Place) -> ComparePlace {
    ComparePlace {
        index: place.index,
        function: place.function,
        file: place.file,
        line_number: place.line_number,
        in_app: place.in_app,
        has_values: place.has_values,
    }
}

fn path(path: replay::Path) -> ComparePath {
    ComparePath {
        scope: match path.scope {
            replay::Scope::Arguments => CompareScope::Arguments,
            replay::Scope::Locals => CompareScope::Locals,
            replay::Scope::Closure => CompareScope::Closure,
            replay::Scope::Globals => CompareScope::Globals,
        },
        path: path.path,
        outcome: path.outcome.into(),
        left: path.left,
        right: path.right,
        volatile: path.volatile.map(Into::into),
    }
}
