//! The frames of an occurrence that have values.

use std::collections::HashMap;

use reenact_model::{Frame, Snapshot, SnapshotId};

use crate::compare::Side;

/// A frame that was captured, with where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Captured<'a> {
    /// The place of its exception in the chain.
    pub(crate) exception: usize,
    /// The place among the frames of its exception.
    pub(crate) index: usize,
    pub(crate) frame: &'a Frame,
    pub(crate) snapshot: &'a Snapshot,
}

/// The frames of an occurrence that have values of this occurrence, the nearest to the first raise before the others: root causes
/// first, and of each exception the innermost call first.
pub(crate) fn frames(side: Side<'_>) -> Vec<Captured<'_>> {
    let snapshots: HashMap<SnapshotId, &Snapshot> =
        side.snapshots.iter().map(|snapshot| (snapshot.id, snapshot)).collect();
    let mut captured = Vec::new();
    for (exception, raised) in side.report.exceptions.iter().enumerate() {
        for (index, frame) in raised.frames.iter().enumerate().rev() {
            let snapshot = frame.snapshot_id.and_then(|id| snapshots.get(&id).copied());
            if let Some(snapshot) = snapshot.filter(|snapshot| !side.report.is_of_another(snapshot)) {
                captured.push(Captured { exception, index, frame, snapshot });
            }
        }
    }
    captured
}
