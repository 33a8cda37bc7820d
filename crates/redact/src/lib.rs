//! Redaction: identifier, type and text rules, and the only maker of [`Redacted`].
//!
//! Pure: no socket, file, clock, environment, thread or async. What this crate promises: a value
//! under a redacted name, attribute or key does not come out of [`Redactor`], at any depth.

mod redacted;

pub use redacted::{Plain, Redacted};
