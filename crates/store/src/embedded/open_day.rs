//! The file of one day in the hands of the thread that writes: its open transaction, and what is written
//! in it.

use std::sync::Arc;

use reenact_model::{Placed, SnapshotId};
use rusqlite::{Connection, params};

use super::body;
use super::days::Day;
use super::failure::Failure;
use super::file::{self, StoredEvent, Totals};
use crate::StoreError;

/// A day's file in the hands of the thread that writes.
pub(super) struct OpenDay {
    pub(super) day: Arc<Day>,
    pub(super) connection: Connection,
    /// As committed.
    pub(super) committed: Totals,
    /// As in the open transaction, if there is one.
    pub(super) pending: Option<Totals>,
    /// Events whose values are others from the next commit on.
    pub(super) forgotten: Vec<i64>,
}

impl OpenDay {
    pub(super) fn new(day: Arc<Day>) -> Result<Self, StoreError> {
        let connection = day.open_to_write()?;
        let committed = file::read_totals(&connection)?;
        Ok(Self { day, connection, committed, pending: None, forgotten: Vec::new() })
    }

    /// The sums in the open transaction, which is begun if there is none.
    pub(super) fn totals(&mut self) -> Result<&mut Totals, StoreError> {
        if self.pending.is_none() {
            self.connection
                .execute_batch("BEGIN IMMEDIATE")
                .during(|| format!("beginning to write to `{}`", self.day.folder.display()))?;
        }
        Ok(self.pending.get_or_insert(self.committed))
    }

    pub(super) fn insert(
        &mut self,
        event: &Placed,
        body: &[u8],
        has_values: bool,
        ids: &[SnapshotId],
    ) -> Result<(), StoreError> {
        let ts = event.report.timestamp.as_nanos();
        let totals = self.totals()?;
        totals.seq += 1;
        totals.events += 1;
        let (min, max) = totals.times.unwrap_or((ts, ts));
        totals.times = Some((min.min(ts), max.max(ts)));
        let (row, seq) = (totals.events, totals.seq);
        let id = event.report.id.0.to_be_bytes();
        let values = params![row, seq, id.as_slice(), ts, event.issue_id.0.cast_signed(), has_values, body];
        self.connection
            .prepare_cached("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
            .and_then(|mut sql| sql.execute(values))
            .during(|| "writing an event")?;
        self.link(row, ids)
    }

    pub(super) fn update(
        &mut self,
        known: &StoredEvent,
        before: &[SnapshotId],
        after: &[SnapshotId],
    ) -> Result<(), StoreError> {
        let body = body::encode_event(&known.event)?;
        let totals = self.totals()?;
        totals.seq += 1;
        let seq = totals.seq;
        let values = params![known.row, seq, known.has_values, body];
        self.connection
            .prepare_cached("UPDATE event SET seq = ?2, has_values = ?3, body = ?4 WHERE row = ?1")
            .and_then(|mut sql| sql.execute(values))
            .during(|| "updating an event")?;
        self.forgotten.push(known.row);
        for id in before.iter().filter(|id| !after.contains(id)) {
            self.connection
                .prepare_cached("DELETE FROM link WHERE snapshot_id = ?1 AND row = ?2")
                .and_then(|mut sql| sql.execute(params![id.0.to_be_bytes().as_slice(), known.row]))
                .during(|| "updating the snapshots of an event")?;
        }
        self.link(known.row, after)
    }

    /// Remembers the snapshots of an event that are not beside it.
    fn link(&self, row: i64, ids: &[SnapshotId]) -> Result<(), StoreError> {
        for id in ids {
            if file::has_snapshot(&self.connection, *id)? {
                continue;
            }
            self.connection
                .prepare_cached("INSERT OR IGNORE INTO link VALUES (?1, ?2)")
                .and_then(|mut sql| sql.execute(params![id.0.to_be_bytes().as_slice(), row]))
                .during(|| "writing the snapshots of an event")?;
        }
        Ok(())
    }

    /// An update that changes nothing would write nothing.
    pub(super) fn probe(&mut self) -> Result<(), StoreError> {
        self.totals()?;
        self.connection
            .execute_batch(
                "INSERT INTO link VALUES (zeroblob(16), -1);
                 DELETE FROM link WHERE snapshot_id = zeroblob(16) AND row = -1;",
            )
            .during(|| "trying to write")
    }

    pub(super) fn mark(&mut self, row: i64, has_values: bool) -> Result<(), StoreError> {
        let totals = self.totals()?;
        totals.seq += 1;
        let seq = totals.seq;
        let values = params![row, seq, has_values];
        self.connection
            .prepare_cached("UPDATE event SET seq = ?2, has_values = ?3 WHERE row = ?1")
            .and_then(|mut sql| sql.execute(values))
            .during(|| "marking an event")?;
        self.forgotten.push(row);
        Ok(())
    }

    /// Marks the events that refer to a snapshot, which is here now: in this day's file, where the
    /// links to it have done their work, or in another's, which can be deleted before this one.
    pub(super) fn give_values(&mut self, id: SnapshotId, here: bool) -> Result<(), StoreError> {
        let context = || "looking for the events of a snapshot";
        let key = id.0.to_be_bytes();
        let rows: Vec<(i64, bool)> = self
            .connection
            .prepare_cached("SELECT row, has_values FROM link JOIN event USING (row) WHERE snapshot_id = ?1")
            .and_then(|mut sql| {
                sql.query_map([key.as_slice()], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            })
            .during(context)?;
        if here {
            self.totals()?;
            self.connection
                .prepare_cached("DELETE FROM link WHERE snapshot_id = ?1")
                .and_then(|mut sql| sql.execute([key.as_slice()]))
                .during(context)?;
        }
        for (row, has_values) in rows {
            if has_values {
                self.forgotten.push(row);
            } else {
                self.mark(row, true)?;
            }
        }
        Ok(())
    }

    /// Inserts a body, and where in it each of the snapshots stands.
    pub(super) fn insert_snapshots(
        &mut self,
        body: &[u8],
        places: &[(i64, SnapshotId)],
    ) -> Result<(), StoreError> {
        let context = || "writing snapshots";
        self.totals()?.snapshots += i64::try_from(places.len()).unwrap_or(0);
        self.connection
            .prepare_cached("INSERT INTO snapshots (body) VALUES (?1)")
            .and_then(|mut sql| sql.execute([body]))
            .during(context)?;
        let number = self.connection.last_insert_rowid();
        let mut sql =
            self.connection.prepare_cached("INSERT INTO snapshot VALUES (?1, ?2, ?3)").during(context)?;
        for (ordinal, id) in places {
            sql.execute(params![id.0.to_be_bytes().as_slice(), number, ordinal]).during(context)?;
        }
        Ok(())
    }
}
