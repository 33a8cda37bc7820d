//! Bytes to model: what clients send, turned into bounded fragments.
//!
//! Everything here is a pure function over `&[u8]`: no socket, file, clock or thread. Input is
//! hostile: no declared length is trusted for an allocation, no nesting costs stack, one bad item
//! never takes its siblings down, and what a request may cost is bounded by
//! [`reenact_model::Limits`]. Names of protocols and of their fields stay inside this crate.

mod base64;
pub mod datadog;
mod json;
mod msgpack;
mod multipart;
pub mod native;
pub mod packed;
mod text;

pub use base64::base64;

use reenact_model::{Fragment, Problem, ProblemKind};

/// What a request held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// The fragments, in the order sent.
    pub fragments: Vec<Fragment>,
    /// What was not understood or went over a limit; at most [`PROBLEMS_MAX`] and one
    /// of each kind; later ones are summed up in the last of their kind.
    pub problems: Vec<Problem>,
    /// Spans that were decoded, those included that were of no interest.
    pub spans_received: u64,
    /// Traces that were decoded, whole or in part.
    pub traces_received: u64,
    /// Traces among them without any error; they make no fragment.
    pub traces_without_error: u64,
    /// Snapshots that were decoded.
    pub snapshots_received: u64,
    /// Elements of a debugger request that carry none, such as the state of a probe.
    pub elements_without_snapshot: u64,
}

/// How many problems of one request are kept apart.
pub const PROBLEMS_MAX: usize = 100;

impl Decoded {
    /// `message` is made only where it is kept: a body may hold millions of broken items.
    fn problem(&mut self, kind: ProblemKind, items: u32, message: impl FnOnce() -> String) {
        let summed = match self.problems.len() {
            0..PROBLEMS_MAX => None,
            _ => self.problems.iter_mut().rev().find(|problem| problem.kind == kind),
        };
        match summed {
            Some(problem) => problem.items = problem.items.saturating_add(items),
            None => self.problems.push(Problem { kind, items, message: message() }),
        }
    }
}

/// Why nothing at all could be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The client was cut off; it may retry.
    #[error("payload ends at byte {at} inside {}", with_article(expected))]
    Truncated {
        /// Where, in bytes from the start of the decompressed body.
        at: u64,
        /// What was being read.
        expected: &'static str,
    },
    /// Retrying is useless; the answer is 413.
    #[error("payload of {bytes} bytes is over the limit of {bytes_max}")]
    TooLarge {
        /// The size.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// Retrying is useless; the answer is 400.
    #[error("payload is malformed at byte {at}: {message}")]
    Malformed {
        /// Where, in bytes from the start of the decompressed body.
        at: u64,
        /// What is wrong; without captured text.
        message: String,
    },
}

/// `an array`, `a map`: what decoders expect, as a sentence needs it.
fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {noun}")
}

fn check_size(body: &[u8], bytes_max: usize) -> Result<(), DecodeError> {
    if body.len() > bytes_max {
        return Err(DecodeError::TooLarge { bytes: body.len() as u64, bytes_max: bytes_max as u64 });
    }
    Ok(())
}
