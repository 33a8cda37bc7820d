//! What a client of Reenact does in any language: which exception carries values, the flat heap that a walk over live
//! objects fills, and the way from there to the server.
//!
//! The host comes first: what runs in the application's thread is [`Reporter::decide`], the walk itself, and
//! [`Reporter::submit`]. Everything else (conversion, redaction, source lines, encoding, compression, sending) happens
//! in one background thread, which begins with the first capture.

mod convert;
mod counters;
pub mod heap;
pub mod novelty;
mod packages;
mod queue;
mod reporter;
mod sender;
pub mod settings;
pub mod sites;
mod source;
pub mod transport;

pub use counters::Counters;
pub use reporter::Reporter;
