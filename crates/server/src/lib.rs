//! The server: what arrives is redacted, assembled, placed and stored; what is asked is answered.
//!
//! What this crate promises:
//! - Nothing reaches the store that has not been through redaction: the store takes nothing else.
//! - Captured text leaves as JSON text only; it is never executed and never becomes markup.
//! - Every address under `/api/v1` is in the generated OpenAPI document.

mod access;
mod api;
mod app;
mod arrival;
mod calls;
mod capturing;
mod earlier;
mod grouping;
mod jobs;
mod listeners;
mod mcp;
mod metrics;
mod named;
mod pipeline;
mod policy;
mod share;
mod source;
mod ui;
mod volume;
mod workflow;

pub use access::Permissions;
pub use api::openapi_json;
pub use app::{App, AppOptions};
pub use arrival::RulesError;
pub use calls::Calls;
pub use capturing::{Capturing, CapturingError};
pub use grouping::Grouping;
pub use jobs::Jobs;
pub use listeners::{Addresses, Listeners, ListenersError, Listening};
pub use pipeline::{Pipeline, Recorded};
pub use policy::{Keys, KeysError, Policies, PoliciesError};
pub use reenact_issues::volume::VolumeLimits;
pub use volume::Volume;
pub use workflow::Workflow;
