//! Writes with their bodies made: what costs CPU time is done by whoever submits, not by the one
//! thread that writes.

use std::collections::BTreeMap;

use reenact_model::{Placed, Report, Snapshot, SnapshotId};

use super::body;
use crate::{StoreError, Write};

/// Length of the snapshots in one body before compression, in bytes, unless one alone is larger.
const BODY_BYTES: usize = 256 << 10;

/// One thing to write.
pub(super) enum Prepared {
    Event(PreparedEvent),
    Part(Box<Report>),
    Snapshots(Snapshots),
}

/// An event and its body.
pub(super) struct PreparedEvent {
    pub(super) event: Box<Placed>,
    pub(super) body: Vec<u8>,
}

/// Snapshots that arrived together.
#[derive(Default)]
pub(super) struct Snapshots {
    /// Each with the day that it belongs to, in the order of the write. Its own time alone decides, so
    /// that a resent one comes to the same day and finds itself.
    pub(super) ids: Vec<(SnapshotId, i64)>,
    pub(super) bodies: Vec<SnapshotBody>,
}

/// Snapshots of one day in one body.
pub(super) struct SnapshotBody {
    pub(super) day: i64,
    /// Indices into [`Snapshots::ids`], in the order of the body.
    pub(super) members: Vec<usize>,
    pub(super) body: Vec<u8>,
}

/// Makes the bodies of a write.
pub(super) fn prepare(write: Write) -> Result<Prepared, StoreError> {
    match write {
        Write::Event(mut event) => {
            // JSON has no form for other numbers, and they say nothing.
            event.report.metrics.retain(|_, number| number.is_finite());
            let body = body::encode_event(&*event)?;
            Ok(Prepared::Event(PreparedEvent { event, body }))
        }
        Write::Part(mut part) => {
            part.metrics.retain(|_, number| number.is_finite());
            Ok(Prepared::Part(part))
        }
        Write::Snapshots(mut snapshots) => {
            let mut prepared = Snapshots::default();
            let mut days: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
            for (index, snapshot) in snapshots.iter_mut().enumerate() {
                let day = snapshot.timestamp.day();
                // Its row has the id, which would be a tenth of a small body.
                prepared.ids.push((std::mem::take(&mut snapshot.id), day));
                days.entry(day).or_default().push(index);
            }
            for (day, members) in days {
                bodies_of_day(day, &members, &snapshots, &mut prepared.bodies)?;
            }
            Ok(Prepared::Snapshots(prepared))
        }
    }
}

fn bodies_of_day(
    day: i64,
    members: &[usize],
    snapshots: &[Snapshot],
    bodies: &mut Vec<SnapshotBody>,
) -> Result<(), StoreError> {
    let mut body = body::Snapshots::new();
    let mut inside = Vec::new();
    for member in members {
        body.push(&snapshots[*member]);
        inside.push(*member);
        if body.bytes() > BODY_BYTES {
            let full = std::mem::replace(&mut body, body::Snapshots::new());
            bodies.push(SnapshotBody { day, members: std::mem::take(&mut inside), body: full.finish()? });
        }
    }
    if !inside.is_empty() {
        bodies.push(SnapshotBody { day, members: inside, body: body.finish()? });
    }
    Ok(())
}
