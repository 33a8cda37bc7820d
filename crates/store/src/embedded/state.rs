//! `state.sqlite`: what is known of each issue ever, derived from the files of the days.
//!
//! Each transaction also says up to which row of which day events were counted, so that a crash
//! between a day's commit and this one's loses nothing and counts nothing twice.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use reenact_issues::suspected_cause;
use reenact_model::{EventId, Exception, Frame, IssueId, Placed, Report, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::body;
use super::failure::Failure;
use super::file::{self, Durability};
use crate::rows::place_of;
use crate::{KnownIssue, StoreError};

const SCHEMA: &str = "
    CREATE TABLE issue (
        id INTEGER PRIMARY KEY,
        count INTEGER NOT NULL,
        first_ts INTEGER NOT NULL, first_id BLOB NOT NULL, first_version TEXT,
        last_ts INTEGER NOT NULL, last_id BLOB NOT NULL, last_version TEXT,
        service TEXT NOT NULL, type TEXT NOT NULL, message TEXT NOT NULL, culprit BLOB NOT NULL,
        cause TEXT
    ) STRICT;
    CREATE TABLE counted (day INTEGER PRIMARY KEY, row INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT;
";

/// Up to where the events of a day were counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted {
    pub(super) row: i64,
    pub(super) seq: i64,
}

/// What is known of an issue ever.
#[derive(Clone, Debug)]
pub(super) struct IssueState {
    pub(super) count: u64,
    pub(super) first: (Timestamp, EventId),
    pub(super) first_version: Option<String>,
    pub(super) last: (Timestamp, EventId),
    pub(super) last_version: Option<String>,
    pub(super) service: String,
    pub(super) type_name: String,
    pub(super) message: String,
    pub(super) culprit: Option<Frame>,
    pub(super) cause: String,
}

impl IssueState {
    /// What one event says of its issue.
    pub(super) fn of(event: &Placed) -> Self {
        let report = &event.report;
        Self {
            count: 0,
            first: (report.timestamp, report.id),
            first_version: report.version.clone(),
            last: (report.timestamp, report.id),
            last_version: report.version.clone(),
            service: report.service.clone(),
            type_name: report.type_name().to_owned(),
            message: report.message().to_owned(),
            culprit: report.culprit().map(place_of),
            cause: suspected_cause(report).cause.as_str().to_owned(),
        }
    }

    /// Adds what was learnt later. The same event again replaces what was known of it.
    pub(super) fn merge(&mut self, later: Self) {
        self.count += later.count;
        if later.first <= self.first {
            self.first = later.first;
            self.first_version = later.first_version;
        }
        if later.last >= self.last {
            self.last = later.last;
            self.last_version = later.last_version;
            self.service = later.service;
            self.type_name = later.type_name;
            self.message = later.message;
            self.culprit = later.culprit;
            self.cause = later.cause;
        }
    }
}

/// What readers ask: the file, and what is not in it yet.
#[derive(Debug)]
pub(super) struct Issues {
    connection: Connection,
    /// Committed with the events and not yet written to the file.
    pub(super) pending: Changes,
}

impl Issues {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, pending: Changes::default() }
    }

    /// What is known of an issue.
    pub(super) fn read(&self, id: IssueId) -> Result<Option<IssueState>, StoreError> {
        let known = read(&self.connection, id)?;
        let mut known = match (known, self.pending.issues.get(&id)) {
            (Some(mut known), Some(later)) => {
                known.merge(later.clone());
                Some(known)
            }
            (known, later) => known.or_else(|| later.cloned()),
        };
        if let (Some(known), Some(shift)) = (&mut known, self.pending.shifted.get(&id)) {
            known.count = known.count.saturating_add_signed(*shift);
        }
        Ok(known)
    }

    /// When an issue was first seen.
    pub(super) fn first_seen(&self, id: IssueId) -> Result<Option<i64>, StoreError> {
        let pending = self.pending.issues.get(&id).map(|issue| issue.first.0.as_nanos());
        let known = first_seen(&self.connection, id)?;
        Ok(known.into_iter().chain(pending).min())
    }
}

impl Issues {
    /// Issues of the file after the number `after`, by number.
    pub(super) fn known_after(&self, after: i64, limit: usize) -> Result<Vec<KnownIssue>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut known: Vec<KnownIssue> = self
            .connection
            .prepare_cached("SELECT id, first_ts, last_ts FROM issue WHERE id > ?1 ORDER BY id LIMIT ?2")
            .and_then(|mut sql| {
                sql.query_map([after, limit], |row| {
                    Ok(KnownIssue {
                        id: IssueId(row.get::<_, i64>(0)?.cast_unsigned()),
                        first_seen: Timestamp::from_nanos(row.get(1)?),
                        last_seen: Timestamp::from_nanos(row.get(2)?),
                    })
                })?
                .collect()
            })
            .during(|| "reading the issues in `state.sqlite`")?;
        for issue in &mut known {
            if let Some(later) = self.pending.issues.get(&issue.id) {
                issue.first_seen = issue.first_seen.min(later.first.0);
                issue.last_seen = issue.last_seen.max(later.last.0);
            }
        }
        Ok(known)
    }

    /// Issues that are not in the file yet.
    pub(super) fn known_pending(&self) -> Result<Vec<KnownIssue>, StoreError> {
        let mut known = Vec::new();
        for (id, issue) in &self.pending.issues {
            if first_seen(&self.connection, *id)?.is_none() {
                known.push(KnownIssue { id: *id, first_seen: issue.first.0, last_seen: issue.last.0 });
            }
        }
        Ok(known)
    }
}

/// Changes to issues that are not in the file yet.
#[derive(Debug, Default)]
pub(super) struct Changes {
    issues: HashMap<IssueId, IssueState>,
    /// Events that came from other issues, less those that went to others.
    shifted: HashMap<IssueId, i64>,
    counted: BTreeMap<i64, Counted>,
}

impl Changes {
    /// Takes an event in: a new one counts, an updated one does not.
    pub(super) fn add(&mut self, event: &Placed, count: u64) {
        self.add_state(event.issue_id, IssueState { count, ..IssueState::of(event) });
    }

    /// Counts events that came from other issues, or went to others.
    pub(super) fn shift(&mut self, id: IssueId, events: i64) {
        *self.shifted.entry(id).or_default() += events;
    }

    fn add_state(&mut self, id: IssueId, state: IssueState) {
        match self.issues.get_mut(&id) {
            Some(known) => known.merge(state),
            None => drop(self.issues.insert(id, state)),
        }
    }

    /// Adds later changes.
    pub(super) fn append(&mut self, later: Self) {
        for (id, state) in later.issues {
            self.add_state(id, state);
        }
        for (id, events) in later.shifted {
            self.shift(id, events);
        }
        self.counted.extend(later.counted);
    }

    /// Says up to where the changes reach.
    pub(super) fn reach(&mut self, day: i64, counted: Counted) {
        self.counted.insert(day, counted);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.counted.is_empty()
    }
}

/// Opens the file for the thread that writes.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let connection = file::open_to_write(path, SCHEMA, Durability::Derived)?;
    // Files of earlier versions lack the last column; what they know of issues is known nowhere else.
    let context = || "adding a column to `state.sqlite`";
    let has_cause = "SELECT count(*) FROM pragma_table_info('issue') WHERE name = 'cause'";
    let known: i64 = connection.query_row(has_cause, [], |row| row.get(0)).during(context)?;
    if known == 0 {
        connection.execute_batch("ALTER TABLE issue ADD COLUMN cause TEXT").during(context)?;
    }
    Ok(connection)
}

/// Applies changes, all or none.
pub(super) fn apply(connection: &mut Connection, changes: &Changes) -> Result<(), StoreError> {
    let context = || "counting events in `state.sqlite`";
    let transaction = connection.transaction().during(context)?;
    for (id, change) in &changes.issues {
        let merged = match read(&transaction, *id)? {
            Some(mut known) => {
                known.merge(change.clone());
                known
            }
            None => change.clone(),
        };
        write(&transaction, *id, &merged)?;
    }
    for (id, events) in changes.shifted.iter().filter(|(_, events)| **events != 0) {
        if let Some(mut known) = read(&transaction, *id)? {
            known.count = known.count.saturating_add_signed(*events);
            write(&transaction, *id, &known)?;
        }
    }
    for (day, counted) in &changes.counted {
        transaction
            .prepare_cached("INSERT OR REPLACE INTO counted VALUES (?1, ?2, ?3)")
            .and_then(|mut sql| sql.execute([*day, counted.row, counted.seq]))
            .during(context)?;
    }
    transaction.commit().during(context)
}

/// Up to where each day was counted.
pub(super) fn read_counted(connection: &Connection) -> Result<BTreeMap<i64, Counted>, StoreError> {
    let context = || "reading `state.sqlite`";
    let mut sql = connection.prepare("SELECT day, row, seq FROM counted").during(context)?;
    let rows = sql
        .query_map([], |row| Ok((row.get(0)?, Counted { row: row.get(1)?, seq: row.get(2)? })))
        .during(context)?;
    rows.collect::<Result<_, _>>().during(context)
}

/// Writes to the file, and leaves it as it was.
pub(super) fn probe(connection: &Connection) -> Result<(), StoreError> {
    let written = connection.execute_batch(
        "BEGIN; INSERT INTO counted VALUES (-9223372036854775808, 0, 0);
         DELETE FROM counted WHERE day = -9223372036854775808; COMMIT;",
    );
    if written.is_err() && !connection.is_autocommit() {
        // What failed is told; the next transaction begins anew.
        let _ = connection.execute_batch("ROLLBACK");
    }
    written.during(|| "trying to write to `state.sqlite`")
}

/// Forgets a day whose folder is gone.
pub(super) fn forget_day(connection: &Connection, day: i64) -> Result<(), StoreError> {
    connection
        .execute("DELETE FROM counted WHERE day = ?1", [day])
        .during(|| "forgetting a day in `state.sqlite`")?;
    Ok(())
}

/// Replaces what is known of an issue, or forgets it.
pub(super) fn replace(
    connection: &Connection,
    id: IssueId,
    state: Option<&IssueState>,
) -> Result<(), StoreError> {
    match state {
        Some(state) => write(connection, id, state),
        None => connection
            .execute("DELETE FROM issue WHERE id = ?1", [id.0.cast_signed()])
            .map(drop)
            .during(|| "forgetting an issue in `state.sqlite`"),
    }
}

/// Reads what is known of an issue.
pub(super) fn read(connection: &Connection, id: IssueId) -> Result<Option<IssueState>, StoreError> {
    let sql = "SELECT count, first_ts, first_id, first_version, last_ts, last_id, last_version,
               service, type, message, culprit, cause FROM issue WHERE id = ?1";
    let found = connection
        .prepare_cached(sql)
        .and_then(|mut sql| {
            sql.query_row([id.0.cast_signed()], |row| {
                let key = |at: usize| -> rusqlite::Result<(Timestamp, EventId)> {
                    let id = EventId(file::u128_of(&row.get::<_, Vec<u8>>(at + 1)?));
                    Ok((Timestamp::from_nanos(row.get(at)?), id))
                };
                let state = IssueState {
                    count: row.get::<_, i64>(0)?.cast_unsigned(),
                    first: key(1)?,
                    first_version: row.get(3)?,
                    last: key(4)?,
                    last_version: row.get(6)?,
                    service: row.get(7)?,
                    type_name: row.get(8)?,
                    message: row.get(9)?,
                    culprit: None,
                    cause: String::new(),
                };
                Ok((state, row.get::<_, Vec<u8>>(10)?, row.get::<_, Option<String>>(11)?))
            })
            .optional()
        })
        .during(|| "reading an issue in `state.sqlite`")?;
    let Some((mut state, culprit, cause)) = found else { return Ok(None) };
    state.culprit = body::decode(&culprit)?;
    // An issue of an earlier version, until its next event.
    state.cause = cause.unwrap_or_else(|| {
        let (type_name, message) = (state.type_name.clone(), state.message.clone());
        let exception = Exception { type_name, message, ..Exception::default() };
        let report = Report { exceptions: vec![exception], ..Report::default() };
        suspected_cause(&report).cause.as_str().to_owned()
    });
    Ok(Some(state))
}

/// Issues with a greater number than `after`: number, service, message.
pub(super) fn messages_after(
    issues: &Issues,
    after: i64,
    limit: usize,
) -> Result<Vec<(i64, String, String)>, StoreError> {
    let sql = "SELECT id, service, message FROM issue WHERE id > ?1 ORDER BY id LIMIT ?2";
    issues
        .connection
        .prepare_cached(sql)
        .and_then(|mut sql| {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            sql.query_map([after, limit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
        })
        .during(|| "reading the messages of issues")
}

/// Replaces messages that are still as they were read.
pub(super) fn change_messages(
    connection: &mut Connection,
    changes: &[(i64, String, String)],
) -> Result<(), StoreError> {
    let context = || "writing messages of issues";
    let transaction = connection.transaction().during(context)?;
    for (id, before, after) in changes {
        transaction
            .prepare_cached("UPDATE issue SET message = ?3 WHERE id = ?1 AND message = ?2")
            .and_then(|mut sql| sql.execute(params![id, before, after]))
            .during(context)?;
    }
    transaction.commit().during(context)
}

/// When an issue was first seen.
fn first_seen(connection: &Connection, id: IssueId) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached("SELECT first_ts FROM issue WHERE id = ?1")
        .and_then(|mut sql| sql.query_row([id.0.cast_signed()], |row| row.get(0)).optional())
        .during(|| "reading an issue in `state.sqlite`")
}

fn write(connection: &Connection, id: IssueId, state: &IssueState) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO issue VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    let (first_id, last_id) = (state.first.1.0.to_be_bytes(), state.last.1.0.to_be_bytes());
    let values = params![
        id.0.cast_signed(),
        state.count.cast_signed(),
        state.first.0.as_nanos(),
        first_id.as_slice(),
        state.first_version,
        state.last.0.as_nanos(),
        last_id.as_slice(),
        state.last_version,
        state.service,
        state.type_name,
        state.message,
        body::encode_event(&state.culprit)?,
        state.cause,
    ];
    connection
        .prepare_cached(sql)
        .and_then(|mut sql| sql.execute(values))
        .during(|| "writing an issue in `state.sqlite`")?;
    Ok(())
}
