//! A captured event as a stopped process, for debuggers: a session of the Debug Adapter Protocol, and a prompt like
//! that of `pdb`.
//!
//! What this module promises: nothing is executed. Expressions are read by a parser of their own and answered from what
//! was captured; what cannot be known from that is an error which says why. Input of clients is hostile as well: every
//! request is answered, and only bytes that are no messages at all end a session.
//!
//! Pure: no socket, file, clock, environment, thread or async. Who calls does the reading and writing.

mod case;
mod complete;
mod dap;
mod display;
mod evaluate;
mod event;
mod expression;
mod graph;
pub mod limits;
mod prompt;
mod source;

pub use case::Case;
pub use dap::{Effect, Framing, FramingError, Session, Wanted, framed};
pub use event::{Event, Exception, File, Frame, FrameValues, Lines, ValuesState};
pub use prompt::{Answer, Prompt};
pub use source::{LocalFile, LocalState};
