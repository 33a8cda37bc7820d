//! Where received fragments go.

use std::future::Future;
use std::pin::Pin;

use reenact_model::{Fragment, Outcome, Timestamp};
use reenact_wire::datadog::remote_config::Switched;
use serde::{Deserialize, Serialize};

/// Takes the fragments of one request and says what became of each item once that is durable.
pub trait FarEnd: Send + Sync + 'static {
    /// Hands over fragments, still unredacted; the far end redacts before anything else.
    ///
    /// The outcomes are one per event and per snapshot, and one for a trace that was awaited, in any order.
    fn accept(
        &self,
        fragments: Vec<Fragment>,
        received_at: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Outcome>, FarEndError>> + Send + '_>>;

    /// Whether further spans of a trace are wanted even without an error; by the low 64 bits of its id.
    fn awaits(&self, trace_id: u64) -> bool;

    /// What our own clients of a service and an environment are told when they ask.
    fn client_config(&self, service: &str, env: &str) -> ClientConfig;

    /// What was set about the captures of a service in an environment.
    fn switched(&self, service: &str, env: &str) -> Switched;
}

/// What our own clients are told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClientConfig {
    /// Whether values are captured.
    pub enabled: bool,
    /// Captures per second of exceptions that were seen before; `None`: as the client decides.
    pub captures_per_second: Option<f64>,
    /// Exceptions whose next occurrence is to be captured, whatever the limits of the client say.
    pub capture_next: Vec<RaisedAt>,
}

/// By what a client recognises an exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaisedAt {
    /// Its type, with the module.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The function that raised it.
    pub function: String,
    /// The file of that function.
    pub file: String,
}

/// Why the far end took nothing of a request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FarEndError {
    /// Too much is waiting; the client may try again.
    #[error("too much is waiting to be stored; try again later")]
    Overloaded {
        /// How many items (events, snapshots, awaited traces) were handed over.
        items: u64,
    },
    /// Storing failed; the client may try again.
    #[error("storing failed{}; try again later", if self.is_disk_full() { ": the disk is full" } else { "" })]
    Failed {
        /// How many items were handed over.
        items: u64,
        /// What failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl FarEndError {
    /// Whether the disk has no room; by the cause's kind, or by its words where an engine hides the kind.
    fn is_disk_full(&self) -> bool {
        let Self::Failed { source, .. } = self else { return false };
        causes(&**source).any(|cause| {
            let kind = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
            matches!(kind, Some(std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded))
                || cause.to_string().contains("disk is full")
        })
    }
}

/// An error and what caused it.
pub(crate) fn causes<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named() {
        let failed = |source: std::io::Error| FarEndError::Failed { items: 1, source: Box::new(source) };
        let full = failed(std::io::ErrorKind::StorageFull.into()).to_string();
        assert_eq!(full, "storing failed: the disk is full; try again later");
        let engine = failed(std::io::Error::other("database or disk is full")).to_string();
        assert_eq!(engine, full);
        let other = failed(std::io::Error::other("locked")).to_string();
        assert_eq!(other, "storing failed; try again later");
    }
}
