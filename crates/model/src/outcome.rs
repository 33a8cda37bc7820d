//! What became of a received item.

use std::fmt;

/// What became of one received item. Every item ends in exactly one of these, and is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// Durable on disk.
    Stored,
    /// Already there; nothing was added.
    Duplicate,
    /// Understood and not wanted: a trace without an error, or ruled out by configuration.
    Filtered,
    /// Refused because too much arrives.
    RateLimited,
    /// Over a limit on size.
    TooLarge,
    /// Not understood.
    Malformed,
    /// Storing failed; the client was told to try again.
    Failed,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 7] = [
        Self::Stored,
        Self::Duplicate,
        Self::Filtered,
        Self::RateLimited,
        Self::TooLarge,
        Self::Malformed,
        Self::Failed,
    ];

    /// The name in the API and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Duplicate => "duplicate",
            Self::Filtered => "filtered",
            Self::RateLimited => "rate_limited",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::Failed => "failed",
        }
    }
}

/// One item of a request that was not understood, with where and why; its siblings are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which kind of problem; decides how the item is counted.
    pub kind: ProblemKind,
    /// How many items (spans, snapshots) are lost to it.
    pub items: u32,
    /// Where and why, without any captured text: `span 3 of trace 0: ...`.
    pub message: String,
}

/// The kinds of [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The bytes are not what the protocol says.
    Malformed,
    /// A limit was passed.
    TooLarge,
}

impl ProblemKind {
    /// How an item with this problem is counted.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Malformed => Outcome::Malformed,
            Self::TooLarge => Outcome::TooLarge,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
