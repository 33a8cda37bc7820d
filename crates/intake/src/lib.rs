//! Receiving: listeners, limits on what a request may cost, and the count of what became of it.
//!
//! What this crate promises:
//! - A request is answered `200` or `202` only after the far end has said that it is durable.
//! - Bodies are read up to a limit and a deadline, within one budget of memory for all requests.
//! - Every received item ends in exactly one counted [`Outcome`](reenact_model::Outcome).
//!
//! The far end is a trait: the server's pipeline stores, an agent forwards.

mod addresses;
mod body;
mod far_end;
pub mod listen;
mod receipts;
mod reply;

pub use addresses::{Intake, router};
pub use body::{BodyLimits, Reader};
pub use far_end::{ClientConfig, FarEnd, FarEndError, RaisedAt};
pub use receipts::{Receipts, Source};
pub use reenact_wire::datadog::remote_config::Switched;
pub use reply::{error_reply, error_reply_at, next_request_id};
