//! Where received fragments go.

use std::future::Future;
use std::pin::Pin;

use reenact_model::{Fragment, Outcome, Timestamp};

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
}

/// Why the far end took nothing of a request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FarEndError {
    /// Too much is waiting; the client may try again.
    #[error("too much is waiting to be stored; try again later")]
    Overloaded,
    /// Storing failed; the client may try again.
    #[error("storing failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}
