//! Reenact for coding agents: tools of the Model Context Protocol over the API of a server.
//!
//! What this crate promises:
//! - A tool asks the API and nothing else. Who may see or change what, and what is noted in the audit log, is decided
//!   there, as for everybody.
//! - Captured text stands in a block of its own, whose end it cannot forge ([`block`](crate::block)), without a character
//!   that is not seen as itself. Outside of the block are our own words, numbers, times and ids alone.
//! - Answers have a budget, and say what they left out and how to get it.
//! - Without [`Changes::Allowed`], and the permission, there is no tool that changes anything.

mod answer;
mod api;
mod arguments;
mod block;
mod captured;
mod catalogue;
mod compare;
mod event;
mod handler;
#[cfg(test)]
mod hostile_tests;
mod issues;
pub mod limits;
mod reproducer;
mod state;
mod variable;

use rmcp::ServiceExt;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService, stdio};

pub use api::{AGENT_HEADER, Api, ApiError, Call, Method};
pub use handler::{Changes, Tools};

/// Serves one client over the standard streams, until it closes them.
///
/// # Errors
/// What went wrong with the streams, or with how the client began, in words.
pub async fn serve_stdio<A: Api>(tools: Tools<A>) -> Result<(), String> {
    let running = tools.serve(stdio()).await.map_err(|error| error.to_string())?;
    running.waiting().await.map_err(|error| error.to_string())?;
    Ok(())
}

/// The service of one request over streamable HTTP: no session is kept, and the answer is JSON.
///
/// Who asks, by which name and from which page, was looked at before.
pub fn http_service<A: Api + Clone>(tools: Tools<A>) -> StreamableHttpService<Tools<A>, NeverSessionManager> {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(limits::REQUEST_BYTES_MAX)
        .disable_allowed_hosts();
    let make = move || Ok(tools.clone());
    StreamableHttpService::new(make, NeverSessionManager::default().into(), config)
}
