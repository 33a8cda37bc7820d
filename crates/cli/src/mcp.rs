//! `reenact mcp`.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use reenact_mcp::{Api, ApiError, Call, Changes, Tools, serve_stdio};
use serde_json::Value;

use crate::client::{self, ServerArguments};

#[derive(Args)]
#[command(after_help = "\
A client such as a coding agent starts this command itself and speaks with it over its standard streams. The tools look at
issues, events and captured values; they change nothing unless --allow-changes is given, and the server lets whoever asks
change the state of issues.

Clients that speak HTTP need no command: the server answers at http://127.0.0.1:9126/mcp.

With REENACT_KEY in the environment, what may be seen and changed is what that key may (`reenact key add`).

Examples:
  claude mcp add reenact -- reenact mcp
  claude mcp add --transport http reenact http://127.0.0.1:9126/mcp
  {\"mcpServers\": {\"reenact\": {\"command\": \"reenact\", \"args\": [\"mcp\", \"--server\", \"http://127.0.0.1:9126\"]}}}")]
pub(crate) struct McpArguments {
    /// Give the tool that sets the state of an issue too
    #[arg(long)]
    allow_changes: bool,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) fn run(arguments: McpArguments) -> anyhow::Result<ExitCode> {
    let changes = if arguments.allow_changes { Changes::Allowed } else { Changes::None };
    let tools = Tools::new(Remote(arguments.server.server), changes, env!("CARGO_PKG_VERSION"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(serve_stdio(tools)).map_err(anyhow::Error::msg)?;
    // A read of the standard input that nobody ends is not waited for.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

/// The API of a server that runs elsewhere.
struct Remote(String);

impl Api for Remote {
    async fn call(&self, call: Call) -> Result<Value, ApiError> {
        let server = self.0.clone();
        let asked = tokio::task::spawn_blocking(move || client::call(&server, &call)).await;
        asked.unwrap_or_else(|_| {
            Err(ApiError { code: "internal".to_owned(), message: "the call failed".to_owned() })
        })
    }
}
