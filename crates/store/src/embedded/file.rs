//! The database file of one day, and how any database file of ours is opened.

use std::path::Path;

use reenact_model::{EventId, IssueId, Placed, Snapshot, SnapshotId};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};

use super::body;
use super::failure::Failure;
use crate::StoreError;

/// Format of the files; a newer one is refused.
const FORMAT: i64 = 1;

/// - `row` numbers an event for good; `seq` grows with each insert and update of the file.
/// - `link` finds the events that refer to a snapshot which is not in this file: not yet, or in another
///   day's.
/// - `snapshot` says where in which body a snapshot stands; the body does not repeat the id.
const SCHEMA: &str = "
    CREATE TABLE event (
        row INTEGER PRIMARY KEY,
        seq INTEGER NOT NULL,
        id BLOB NOT NULL,
        ts INTEGER NOT NULL,
        issue_id INTEGER NOT NULL,
        has_values INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX event_id ON event (id);
    CREATE UNIQUE INDEX event_seq ON event (seq);
    CREATE INDEX event_issue ON event (issue_id, has_values, ts);
    CREATE TABLE snapshots (number INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
    CREATE TABLE snapshot (
        id BLOB PRIMARY KEY, number INTEGER NOT NULL, ordinal INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE link (
        snapshot_id BLOB NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (snapshot_id, row)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE totals (
        seq INTEGER NOT NULL, events INTEGER NOT NULL, snapshots INTEGER NOT NULL,
        ts_min INTEGER, ts_max INTEGER
    ) STRICT;
    INSERT INTO totals VALUES (0, 0, 0, NULL, NULL);
";

/// Sums over one day's file, kept in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) seq: i64,
    pub(super) events: i64,
    pub(super) snapshots: i64,
    /// The first and the last time of an event.
    pub(super) times: Option<(i64, i64)>,
}

/// One event as stored.
#[derive(Debug)]
pub(super) struct StoredEvent {
    pub(super) row: i64,
    pub(super) seq: i64,
    pub(super) has_values: bool,
    pub(super) event: Placed,
}

/// Size of a page, in bytes: bodies of one to four kilobytes leave little of such a page unused.
const PAGE_BYTES: usize = 8 << 10;

/// How durable a commit to a file is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Durability {
    /// A commit survives a loss of power.
    Full,
    /// The last commits may be lost, in order, with the power: for what is derived.
    Derived,
}

/// Opens a file for writing, and makes it with `schema` when it is new.
pub(super) fn open_to_write(
    path: &Path,
    schema: &str,
    durability: Durability,
) -> Result<Connection, StoreError> {
    let context = || format!("opening `{}`", path.display());
    let connection = Connection::open(path).during(context)?;
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Derived => "NORMAL",
    };
    connection
        .execute_batch(&format!(
            "PRAGMA page_size = {PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};
             PRAGMA secure_delete = ON;
             PRAGMA cache_size = -2000; PRAGMA wal_autocheckpoint = 500;
             PRAGMA journal_size_limit = 8388608; PRAGMA busy_timeout = 10000;"
        ))
        .during(context)?;
    if check_format(&connection, path)? == 0 {
        connection
            .execute_batch(&format!("BEGIN; {schema} PRAGMA user_version = {FORMAT}; COMMIT;"))
            .during(context)?;
    }
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Opens the file of a day for writing.
pub(super) fn open_day_to_write(path: &Path) -> Result<Connection, StoreError> {
    open_to_write(path, SCHEMA, Durability::Full)
}

/// Opens a file for reading.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    let context = || format!("opening `{}`", path.display());
    // Not read-only: the first reader after a crash has to replay the write-ahead log.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).during(context)?;
    connection
        .execute_batch("PRAGMA busy_timeout = 10000; PRAGMA query_only = 1; PRAGMA cache_size = -1000;")
        .during(context)?;
    check_format(&connection, path)?;
    Ok(connection)
}

fn check_format(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let context = || format!("reading the format of `{}`", path.display());
    let format: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).during(context)?;
    if format > FORMAT {
        let source = format!(
            "format {format} is newer than the {FORMAT} of this program; use the newer program again"
        );
        return Err(StoreError::Engine { context: context(), source: source.into() });
    }
    Ok(format)
}

pub(super) fn read_totals(connection: &Connection) -> Result<Totals, StoreError> {
    connection
        .query_row("SELECT seq, events, snapshots, ts_min, ts_max FROM totals", [], |row| {
            let times: (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
            Ok(Totals {
                seq: row.get(0)?,
                events: row.get(1)?,
                snapshots: row.get(2)?,
                times: times.0.zip(times.1),
            })
        })
        .during(|| "reading the sums of a day")
}

pub(super) fn write_totals(connection: &Connection, totals: &Totals) -> Result<(), StoreError> {
    let sql = "UPDATE totals SET seq = ?1, events = ?2, snapshots = ?3, ts_min = ?4, ts_max = ?5";
    let times = (totals.times.map(|times| times.0), totals.times.map(|times| times.1));
    let values = params![totals.seq, totals.events, totals.snapshots, times.0, times.1];
    connection
        .prepare_cached(sql)
        .and_then(|mut sql| sql.execute(values))
        .during(|| "writing the sums of a day")?;
    Ok(())
}

type RawEvent = (i64, i64, bool, Vec<u8>);

fn raw_event(row: &Row<'_>) -> rusqlite::Result<RawEvent> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn stored_event((row, seq, has_values, body): RawEvent) -> Result<StoredEvent, StoreError> {
    Ok(StoredEvent { row, seq, has_values, event: body::decode(&body)? })
}

/// The event with this id.
pub(super) fn event_by_id(connection: &Connection, id: EventId) -> Result<Option<StoredEvent>, StoreError> {
    let sql = "SELECT row, seq, has_values, body FROM event WHERE id = ?1";
    let key = id.0.to_be_bytes();
    let raw = connection
        .prepare_cached(sql)
        .and_then(|mut sql| sql.query_row([key.as_slice()], raw_event).optional())
        .during(|| "looking for an event by its id")?;
    raw.map(stored_event).transpose()
}

/// The event with this number.
pub(super) fn event_by_row(connection: &Connection, row: i64) -> Result<Option<StoredEvent>, StoreError> {
    let sql = "SELECT row, seq, has_values, body FROM event WHERE row = ?1";
    let raw = connection
        .prepare_cached(sql)
        .and_then(|mut sql| sql.query_row([row], raw_event).optional())
        .during(|| "reading an event")?;
    raw.map(stored_event).transpose()
}

/// Calls `visit` with the events written after `seq`, in that order, at most `limit` of them.
pub(super) fn events_after(
    connection: &Connection,
    seq: i64,
    limit: usize,
    visit: &mut dyn FnMut(StoredEvent) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let context = || "reading the newest events of a day";
    let sql = "SELECT row, seq, has_values, body FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    let mut sql = connection.prepare_cached(sql).during(context)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = sql.query([seq, limit]).during(context)?;
    while let Some(row) = rows.next().during(context)? {
        visit(stored_event(raw_event(row).during(context)?)?)?;
    }
    Ok(())
}

/// How many events were written after `seq`.
pub(super) fn count_after(connection: &Connection, seq: i64) -> Result<u64, StoreError> {
    connection
        .prepare_cached("SELECT count(*) FROM event WHERE seq > ?1")
        .and_then(|mut sql| sql.query_row([seq], |row| row.get::<_, i64>(0)))
        .map(i64::cast_unsigned)
        .during(|| "counting the newest events of a day")
}

/// The newest event of an issue from `from` to `to` (excluded), with values or without.
pub(super) fn newest_of_issue(
    connection: &Connection,
    issue: IssueId,
    has_values: bool,
    (from, to): (i64, i64),
) -> Result<Option<(i64, EventId)>, StoreError> {
    let sql = "SELECT ts, id FROM event WHERE issue_id = ?1 AND has_values = ?2 AND ts >= ?3 AND ts < ?4
               ORDER BY ts DESC, id DESC LIMIT 1";
    let values = params![issue.0.cast_signed(), has_values, from, to];
    connection
        .prepare_cached(sql)
        .and_then(|mut sql| {
            sql.query_row(values, |row| Ok((row.get(0)?, EventId(u128_of(&row.get::<_, Vec<u8>>(1)?)))))
                .optional()
        })
        .during(|| "looking for the newest event of an issue")
}

/// Whether the file holds a snapshot.
pub(super) fn has_snapshot(connection: &Connection, id: SnapshotId) -> Result<bool, StoreError> {
    connection
        .prepare_cached("SELECT 1 FROM snapshot WHERE id = ?1")
        .and_then(|mut sql| sql.exists([id.0.to_be_bytes().as_slice()]))
        .during(|| "looking for a snapshot")
}

/// Reads those of the snapshots that the file holds.
pub(super) fn read_snapshots(
    connection: &Connection,
    ids: &[SnapshotId],
) -> Result<Vec<Snapshot>, StoreError> {
    let context = || "reading snapshots";
    let mut places: Vec<(i64, usize, SnapshotId)> = Vec::new();
    let mut find =
        connection.prepare_cached("SELECT number, ordinal FROM snapshot WHERE id = ?1").during(context)?;
    for id in ids {
        let key = id.0.to_be_bytes();
        let place: Option<(i64, i64)> = find
            .query_row([key.as_slice()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .during(context)?;
        places.extend(
            place.map(|(number, ordinal)| (number, usize::try_from(ordinal).unwrap_or(usize::MAX), *id)),
        );
    }
    places.sort_unstable();
    places.dedup();
    let mut found = Vec::new();
    for group in places.chunk_by(|a, b| a.0 == b.0) {
        let body: Vec<u8> = connection
            .prepare_cached("SELECT body FROM snapshots WHERE number = ?1")
            .and_then(|mut sql| sql.query_row([group[0].0], |row| row.get(0)))
            .during(context)?;
        let mut all: Vec<_> = body::decode_snapshots(&body)?.into_iter().map(Some).collect();
        found.extend(group.iter().filter_map(|(_, ordinal, id)| {
            let snapshot = all.get_mut(*ordinal).and_then(Option::take)?;
            Some(Snapshot { id: *id, ..snapshot })
        }));
    }
    Ok(found)
}

/// A 16-byte column as a number; a shorter one is read as if zeros stood before it.
pub(super) fn u128_of(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
}
