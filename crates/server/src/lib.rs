//! The server: what arrives is redacted, assembled, placed and stored; what is asked is answered.
//!
//! What this crate promises:
//! - Nothing reaches the store that has not been through redaction: the store takes nothing else.
//! - Captured text leaves as JSON text only; it is never executed and never becomes markup.
//! - Every address under `/api/v1` is in the generated OpenAPI document.

mod api;
mod app;
mod earlier;
mod listeners;
mod metrics;
mod pipeline;
mod ui;

pub use api::openapi_json;
pub use app::{App, AppOptions};
pub use listeners::{Addresses, Listeners, ListenersError, Listening};
pub use pipeline::{Pipeline, Recorded};
