//! The count of what became of every received item.

use std::sync::atomic::{AtomicU64, Ordering};

use reenact_model::Outcome;

/// The kinds of requests that carry items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Source {
    /// Traces, format v0.3.
    TracesV03,
    /// Traces, format v0.4.
    TracesV04,
    /// Traces, format v0.5.
    TracesV05,
    /// Traces, format v1.
    TracesV10,
    /// Snapshots at the first address.
    DebuggerV1,
    /// Snapshots at the second address.
    DebuggerV2,
    /// Probe statuses, and snapshots of some clients.
    Diagnostics,
    /// Reports of ended processes.
    Crash,
    /// Counts of spans.
    Stats,
    /// What clients say about themselves.
    Telemetry,
    /// Symbols of the services' code.
    Symbols,
    /// Polls for configuration.
    RemoteConfig,
    /// Captures of our own clients.
    Native,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 13] = [
        Self::TracesV03,
        Self::TracesV04,
        Self::TracesV05,
        Self::TracesV10,
        Self::DebuggerV1,
        Self::DebuggerV2,
        Self::Diagnostics,
        Self::Crash,
        Self::Stats,
        Self::Telemetry,
        Self::Symbols,
        Self::RemoteConfig,
        Self::Native,
    ];

    /// The name in the API and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TracesV03 => "datadog/v0.3/traces",
            Self::TracesV04 => "datadog/v0.4/traces",
            Self::TracesV05 => "datadog/v0.5/traces",
            Self::TracesV10 => "datadog/v1.0/traces",
            Self::DebuggerV1 => "datadog/debugger/v1/input",
            Self::DebuggerV2 => "datadog/debugger/v2/input",
            Self::Diagnostics => "datadog/debugger/v1/diagnostics",
            Self::Crash => "datadog/errorsintake",
            Self::Stats => "datadog/v0.6/stats",
            Self::Telemetry => "datadog/telemetry",
            Self::Symbols => "datadog/symdb",
            Self::RemoteConfig => "datadog/v0.7/config",
            Self::Native => "native/v1/captures",
        }
    }
}

/// Counters since the process began; shared by all requests.
#[derive(Debug, Default)]
pub struct Receipts {
    items: [[AtomicU64; Outcome::ALL.len()]; Source::ALL.len()],
    /// Requests with a body, answered or not.
    pub requests: AtomicU64,
    /// Spans decoded, those of traces without an error included.
    pub spans_received: AtomicU64,
    /// Snapshots decoded.
    pub snapshots_received: AtomicU64,
}

impl Receipts {
    /// Counts `items` items of one request.
    pub fn count(&self, source: Source, outcome: Outcome, items: u64) {
        self.items[source as usize][outcome as usize].fetch_add(items, Ordering::Relaxed);
    }

    /// The items of one source with one outcome.
    pub fn get(&self, source: Source, outcome: Outcome) -> u64 {
        self.items[source as usize][outcome as usize].load(Ordering::Relaxed)
    }

    /// The items of all sources with one outcome.
    pub fn total(&self, outcome: Outcome) -> u64 {
        Source::ALL.into_iter().map(|source| self.get(source, outcome)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_and_outcome_has_its_own_count() {
        let receipts = Receipts::default();
        for (index, source) in Source::ALL.into_iter().enumerate() {
            assert_eq!(source as usize, index);
        }
        for (index, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, index);
        }
        receipts.count(Source::RemoteConfig, Outcome::Malformed, 3);
        assert_eq!(receipts.get(Source::RemoteConfig, Outcome::Malformed), 3);
        assert_eq!(receipts.total(Outcome::Malformed), 3);
        assert_eq!(receipts.total(Outcome::Stored), 0);
    }
}
