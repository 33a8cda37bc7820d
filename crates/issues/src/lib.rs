//! Issues: which occurrence a request's spans describe, which issue it belongs to, why values are absent, and
//! where an issue stands.
//!
//! Pure: no socket, file, clock, environment, thread or async. Made to run on redacted data through
//! `Redacted::derive`.

mod assemble;
mod cause;
mod failure;
mod fold;
pub mod grouping;
pub mod groups;
pub mod lifecycle;
mod links;
mod listing;
mod same;
pub mod similar;
pub mod traceback;
mod tree;
mod values;
pub mod volume;

pub use assemble::{REPORTS_MAX, assemble, assemble_crash, assemble_occurrence, complete};
pub use cause::{Cause, SuspectedCause, suspected_cause};
pub use grouping::v1::place;
pub use same::{Sameness, sameness};
pub use values::{PENDING_SECONDS, ValuesState, frame_values_state, values_state};
