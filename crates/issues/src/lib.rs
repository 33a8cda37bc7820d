//! Which occurrence, which issue, and why: spans become reports, reports get their issue.
//!
//! Pure: no socket, file, clock, environment, thread or async.

mod assemble;
pub mod grouping;
pub mod traceback;
pub mod values;

pub use assemble::{assemble, assemble_crash};
pub use grouping::place;
