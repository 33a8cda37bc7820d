//! What a client did, for those who ask how it is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use reenact_model::Skipped;

/// Counters since the start of the process.
#[derive(Debug, Default)]
pub struct Counters {
    /// Exceptions whose values were captured.
    pub captured: AtomicU64,
    /// Exceptions without values, by reason, in the order of [`Skipped::ALL`].
    pub skipped: [AtomicU64; Skipped::ALL.len()],
    /// Captures that the server took.
    pub sent: AtomicU64,
    /// Captures that were lost: the queue was full, or the server did not take them.
    pub dropped: AtomicU64,
    /// Tries that have to be made again.
    pub retries: AtomicU64,
    /// Bytes of bodies that the server took.
    pub bytes: AtomicU64,
    /// Nanoseconds that captures took in the application's threads.
    pub capture_ns: AtomicU64,
    /// Failures of this client itself.
    pub internal_errors: AtomicU64,
    last_error: Mutex<Option<String>>,
}

impl Counters {
    /// Counts an exception without values.
    pub fn skip(&self, reason: Skipped) {
        if let Some(index) = Skipped::ALL.iter().position(|known| *known == reason) {
            self.skipped[index].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Notes what went wrong last; never a captured value.
    pub fn set_last_error(&self, what: &str) {
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(what.to_owned());
    }

    /// What went wrong last.
    pub fn last_error(&self) -> Option<String> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All numbers by name.
    pub fn numbers(&self) -> Vec<(String, u64)> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut numbers = vec![
            ("captured".to_owned(), read(&self.captured)),
            ("sent".to_owned(), read(&self.sent)),
            ("dropped".to_owned(), read(&self.dropped)),
            ("retries".to_owned(), read(&self.retries)),
            ("bytes".to_owned(), read(&self.bytes)),
            ("capture_ns".to_owned(), read(&self.capture_ns)),
            ("internal_errors".to_owned(), read(&self.internal_errors)),
        ];
        for (reason, counter) in Skipped::ALL.iter().zip(&self.skipped) {
            numbers.push((format!("skipped_{}", reason.as_str()), read(counter)));
        }
        numbers
    }
}
