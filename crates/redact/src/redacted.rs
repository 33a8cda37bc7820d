//! The mark of data that may leave memory.

use reenact_model::{EventId, IssueId, Limits, SpanId, Timestamp};

/// Data that went through redaction. The only type that the store, a queue on disk, the network and
/// the log take.
///
/// It is made by [`crate::Redactor`] alone. What is computed from it stays marked through
/// [`Redacted::derive`], which takes plain functions: a closure could smuggle unredacted data in.
#[derive(Clone, Debug, PartialEq)]
pub struct Redacted<T>(T);

/// Data of our own making that can never hold captured text, and so may join redacted data.
pub trait Plain {}

impl Plain for Timestamp {}
impl Plain for EventId {}
impl Plain for IssueId {}
impl Plain for SpanId {}
impl Plain for usize {}
impl Plain for &Limits {}
impl<A: Plain, B: Plain> Plain for (A, B) {}
impl<T: Plain> Plain for Vec<T> {}

impl<T> Redacted<T> {
    /// Marks `data` as redacted; for the rules of this crate.
    pub(crate) fn new(data: T) -> Self {
        Self(data)
    }

    /// Marks invented data as redacted, in tests.
    #[doc(hidden)]
    #[cfg(feature = "testing")]
    pub fn trust_in_tests(data: T) -> Self {
        Self(data)
    }

    /// Looks at the data.
    pub fn get(&self) -> &T {
        &self.0
    }

    /// Takes the data out, giving up the mark.
    pub fn into_inner(self) -> T {
        self.0
    }

    /// Computes something from redacted data alone.
    pub fn derive<U>(self, compute: fn(T) -> U) -> Redacted<U> {
        Redacted(compute(self.0))
    }

    /// Computes something from redacted data and `context`.
    pub fn derive_with<C: Plain, U>(self, context: C, compute: fn(T, C) -> U) -> Redacted<U> {
        Redacted(compute(self.0, context))
    }
}

impl<T> Redacted<Vec<T>> {
    /// Joins redacted data into one list.
    pub fn collect(elements: impl IntoIterator<Item = Redacted<T>>) -> Self {
        Redacted(elements.into_iter().map(Redacted::into_inner).collect())
    }

    /// The elements, each marked.
    pub fn into_elements(self) -> impl Iterator<Item = Redacted<T>> {
        self.0.into_iter().map(Redacted)
    }
}
