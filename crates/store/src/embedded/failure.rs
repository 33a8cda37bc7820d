//! Says what was being done when an engine failed.

use crate::StoreError;

/// Adds what was being done to an engine's error.
pub(super) trait Failure<T> {
    /// `context` says what, on which file; never a captured value.
    fn during<C: Into<String>>(self, context: impl FnOnce() -> C) -> Result<T, StoreError>;
}

impl<T, E: Into<Box<dyn std::error::Error + Send + Sync>>> Failure<T> for Result<T, E> {
    fn during<C: Into<String>>(self, context: impl FnOnce() -> C) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Engine { context: context().into(), source: source.into() })
    }
}
