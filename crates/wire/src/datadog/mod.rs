//! The protocol of the Datadog Agent, as the ddtrace clients speak it.
//!
//! One module per endpoint family. The facts come from recorded requests of the real clients in
//! `fixtures/ddtrace/` (client, version and command in its README), and for traces v1 from the
//! public format description of the Datadog Agent.

mod captured;
mod chunk;
pub mod crash;
pub mod debugger;
pub mod remote_config;
pub mod stats;
pub mod symdb;
pub mod tags;
pub mod telemetry;
pub mod traces;

use reenact_model::Client;

/// What the headers of a request say about the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientInfo<'a> {
    /// `Datadog-Meta-Lang`: `python`; empty when absent.
    pub language: &'a str,
    /// `Datadog-Meta-Tracer-Version`: `4.16.0`.
    pub tracer_version: Option<&'a str>,
    /// `Datadog-Meta-Lang-Version`: `3.11.7`.
    pub language_version: Option<&'a str>,
}

impl ClientInfo<'_> {
    fn to_client(self) -> Client {
        let name = match self.language {
            "" | "python" => "ddtrace".to_owned(),
            language => format!("datadog-{}", crate::text::cut(language, 64)),
        };
        let version = self.tracer_version.filter(|version| !version.is_empty());
        Client { name, version: version.map(|version| crate::text::cut(version, 64).to_owned()) }
    }
}

/// Says of a trace, by the low 64 bits of its id, whether further spans of it are wanted even without
/// an error, because an error came in an earlier part.
pub type Awaited<'a> = &'a (dyn Fn(u64) -> bool + Sync);

/// For a caller that knows of no earlier parts.
pub const NOTHING_AWAITED: Awaited<'static> = &|_| false;
