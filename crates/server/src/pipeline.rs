//! The path of one error: redacted, assembled, placed, made durable.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use reenact_intake::{FarEnd, FarEndError};
use reenact_issues::{assemble, assemble_crash, place};
use reenact_model::{Fragment, Outcome, Snapshot, SnapshotId, Timestamp};
use reenact_redact::{Redacted, Redactor};
use reenact_store::{Store, StoreError, Write};
use tokio::sync::{oneshot, watch};

/// How many events and snapshots were recorded since the process began; changes wake live pages.
pub type Recorded = watch::Receiver<u64>;

/// Stores what an intake receives.
pub struct Pipeline {
    redactor: Redactor,
    store: Arc<dyn Store>,
    recorded: watch::Sender<u64>,
}

impl Pipeline {
    /// A pipeline into `store`, and the signal of what it recorded.
    pub fn new(redactor: Redactor, store: Arc<dyn Store>) -> (Arc<Self>, Recorded) {
        let (recorded, receiver) = watch::channel(0);
        (Arc::new(Self { redactor, store, recorded }), receiver)
    }

    async fn record(
        &self,
        fragments: Vec<Fragment>,
        received_at: Timestamp,
    ) -> Result<Vec<Outcome>, FarEndError> {
        // Redaction and grouping take CPU time in proportion to the body; other requests go on meanwhile.
        let writes = tokio::task::block_in_place(|| self.writes(fragments, received_at));
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        let (done, durable) = oneshot::channel();
        let submitted = self.store.submit(
            writes,
            Box::new(move |result| {
                // The receiver is gone when the client hung up; what is stored stays stored.
                let _ = done.send(result);
            }),
        );
        submitted.map_err(far_end_error)?;
        let outcomes =
            durable.await.map_err(|error| FarEndError::Failed(Box::new(error)))?.map_err(far_end_error)?;
        let stored = outcomes.iter().filter(|outcome| **outcome == Outcome::Stored).count() as u64;
        if stored > 0 {
            self.recorded.send_modify(|count| *count += stored);
        }
        Ok(outcomes)
    }

    /// Redacts first; everything after works on redacted data alone.
    fn writes(&self, fragments: Vec<Fragment>, received_at: Timestamp) -> Vec<Redacted<Write>> {
        let mut writes = Vec::new();
        // Snapshots of one exception resemble each other: kept as one body they take a third of the space.
        let mut captures: BTreeMap<Option<SnapshotId>, Vec<Redacted<Snapshot>>> = BTreeMap::new();
        for fragment in fragments {
            let redacted = self.redactor.redact(fragment);
            if let Fragment::Snapshot(snapshot) = redacted.get() {
                let capture = snapshot.capture_id;
                captures.entry(capture).or_default().push(redacted.derive_with(received_at, snapshot_of));
            } else {
                let placed = redacted.derive_with(received_at, |fragment, received_at| match fragment {
                    Fragment::Trace(chunk) => assemble(chunk, received_at),
                    Fragment::Crash(crash) => vec![assemble_crash(crash, received_at)],
                    Fragment::Snapshot(_) => unreachable!("handled above"),
                });
                writes.extend(
                    placed.into_elements().map(|report| report.derive(|r| Write::Event(Box::new(place(r))))),
                );
            }
        }
        writes.extend(
            captures.into_values().map(|capture| Redacted::collect(capture).derive(Write::Snapshots)),
        );
        writes
    }
}

fn snapshot_of(fragment: Fragment, received_at: Timestamp) -> Snapshot {
    match fragment {
        Fragment::Snapshot(mut snapshot) => {
            snapshot.timestamp = plausible(snapshot.timestamp, received_at);
            snapshot
        }
        Fragment::Trace(_) | Fragment::Crash(_) => unreachable!("the caller has looked at the kind"),
    }
}

/// How far a client's clock may be ahead, in nanoseconds: one day.
const AHEAD_NS: i64 = 86_400_000_000_000;
/// How old an event may be when it arrives, in nanoseconds: 400 days.
const BEHIND_NS: i64 = 400 * AHEAD_NS;

/// The time that the client gave, or the time of arrival where its clock cannot be right: the store
/// keeps a folder per day, and a client must not be able to make any number of them.
fn plausible(given: Timestamp, received_at: Timestamp) -> Timestamp {
    let ahead_ns = given.nanos_since(received_at);
    if (-BEHIND_NS..=AHEAD_NS).contains(&ahead_ns) { given } else { received_at }
}

fn far_end_error(error: StoreError) -> FarEndError {
    match error {
        StoreError::Overloaded => FarEndError::Overloaded,
        other => FarEndError::Failed(Box::new(other)),
    }
}

impl FarEnd for Pipeline {
    fn accept(
        &self,
        fragments: Vec<Fragment>,
        received_at: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Outcome>, FarEndError>> + Send + '_>> {
        Box::pin(self.record(fragments, received_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_cannot_be_right_is_not_believed() {
        let arrival = Timestamp::from_millis(1_795_000_000_000);
        for (hours, believed) in [(0, true), (-24 * 399, true), (23, true), (25, false), (-24 * 401, false)] {
            let given = arrival.saturating_add_nanos(hours * 3_600_000_000_000);
            assert_eq!(plausible(given, arrival) == given, believed, "{hours}");
        }
        assert_eq!(plausible(Timestamp::from_nanos(i64::MAX), arrival), arrival);
    }
}
