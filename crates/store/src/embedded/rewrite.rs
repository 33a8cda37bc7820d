//! Redacting again what is stored: read in pages, changed by whoever asks, written by the one thread that
//! writes, and purged from the files when a day is through.
//!
//! What was changed by an update between reading and writing is read again, so that nothing is lost and
//! nothing is left out. A position is `day part after changed`; a step that is done twice changes nothing
//! more.

use std::sync::mpsc::{SyncSender, sync_channel};

use reenact_model::Snapshot;
use rusqlite::{Connection, params};

use super::EmbeddedStore;
use super::body;
use super::days::{Day, lock};
use super::failure::Failure;
use super::file;
use super::state;
use super::writer::Message;
use crate::{Change, RewriteStep, StoreError, Stored, TimeRange};

/// Events or bodies of snapshots in one step.
const PAGE_MAX: usize = 64;
/// Messages of issues in one step.
const MESSAGES_MAX: usize = 500;

/// Changes to the file of one day.
#[derive(Debug, Default)]
pub(super) struct DayChanges {
    /// Row, the change that it was read at, and the new body.
    pub(super) events: Vec<(i64, i64, Vec<u8>)>,
    /// Number and the new body.
    pub(super) snapshots: Vec<(i64, Vec<u8>)>,
}

/// Asks of the thread that writes.
pub(super) enum Rewrite {
    /// Answers with the rows that were changed meanwhile.
    Day { day: i64, changes: DayChanges, reply: SyncSender<Result<Vec<i64>, StoreError>> },
    /// Issue, its message as read, its new message.
    Messages { changes: Vec<(i64, String, String)>, reply: SyncSender<Result<(), StoreError>> },
    /// Leaves nothing in the day's files, and in `state.sqlite`, that was replaced.
    Purge { day: Option<i64>, reply: SyncSender<Result<(), StoreError>> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Events,
    Snapshots,
    Purge,
    /// Of issues; the last part of all.
    Messages,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    day: i64,
    part: Part,
    after: i64,
    changed: bool,
}

impl Position {
    fn to_text(self) -> String {
        let part = match self.part {
            Part::Events => 'e',
            Part::Snapshots => 's',
            Part::Purge => 'p',
            Part::Messages => 'm',
        };
        format!("{} {part} {} {}", self.day, self.after, u8::from(self.changed))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let position = Self {
            day: parts.next()?.parse().ok()?,
            part: match parts.next()? {
                "e" => Part::Events,
                "s" => Part::Snapshots,
                "p" => Part::Purge,
                "m" => Part::Messages,
                _ => return None,
            },
            after: parts.next()?.parse().ok()?,
            changed: parts.next()? == "1",
        };
        parts.next().is_none().then_some(position)
    }
}

impl EmbeddedStore {
    pub(super) fn rewrite_step(
        &self,
        range: TimeRange,
        position: Option<&str>,
        change: Change<'_>,
    ) -> Result<RewriteStep, StoreError> {
        let messages = Position { day: 0, part: Part::Messages, after: i64::MIN, changed: false };
        let position = match position {
            Some(text) => Position::parse(text).ok_or(StoreError::Cursor)?,
            None => self.day_after(i64::MIN, range).unwrap_or(messages),
        };
        let mut step = RewriteStep::default();
        let next = match position.part {
            Part::Messages => self.messages(position, change)?,
            _ => {
                let next = match self.days.get(position.day) {
                    // Deleted by the retention.
                    None => None,
                    Some(day) => self.page(&day, position, range, change, &mut step)?,
                };
                Some(next.or_else(|| self.day_after(position.day, range)).unwrap_or(messages))
            }
        };
        Ok(RewriteStep { next: next.map(Position::to_text), ..step })
    }

    /// Where the next day begins. Days are taken whole: a snapshot can lie a day beside its event.
    fn day_after(&self, day: i64, range: TimeRange) -> Option<Position> {
        let (first, last) = (range.from.day() - 1, range.to.day() + 1);
        let number = self
            .days
            .all()
            .iter()
            .map(|day| day.number)
            .find(|number| *number > day && (first..=last).contains(number))?;
        Some(Position { day: number, part: Part::Events, after: 0, changed: false })
    }

    /// One page of a day; `None` after its last part.
    fn page(
        &self,
        day: &Day,
        position: Position,
        range: TimeRange,
        change: Change<'_>,
        step: &mut RewriteStep,
    ) -> Result<Option<Position>, StoreError> {
        match position.part {
            Part::Events => {
                let page = day.read(|connection| events_after_row(connection, position.after))?;
                let Some(last) = page.last() else {
                    return Ok(Some(Position { part: Part::Snapshots, after: 0, ..position }));
                };
                let after = last.row;
                let in_range = page.into_iter().filter(|stored| {
                    let report = &stored.event.report;
                    range.contains(report.timestamp) || range.contains(report.received_at)
                });
                let changed = self.events(day, in_range.collect(), change, step)?;
                Ok(Some(Position { after, changed: position.changed || changed, ..position }))
            }
            Part::Snapshots => {
                let page = day.read(|connection| snapshots_after(connection, position.after))?;
                let Some((after, _)) = page.last() else {
                    let next = Position { part: Part::Purge, after: 0, ..position };
                    return Ok(position.changed.then_some(next));
                };
                let after = *after;
                let mut changes = DayChanges::default();
                for (number, snapshots) in page {
                    step.looked_at += snapshots.len() as u64;
                    let before = snapshots.clone();
                    let Some(Stored::Snapshots(changed)) =
                        change(Stored::Snapshots(snapshots)).map(reenact_redact::Redacted::into_inner)
                    else {
                        continue;
                    };
                    step.changed +=
                        before.iter().zip(&changed).filter(|(old, new)| old != new).count() as u64;
                    let mut body = body::Snapshots::new();
                    changed.iter().for_each(|snapshot| body.push(snapshot));
                    changes.snapshots.push((number, body.finish()?));
                }
                let changed = !changes.snapshots.is_empty();
                if changed {
                    self.ask(|reply| Rewrite::Day { day: day.number, changes, reply })?;
                }
                Ok(Some(Position { after, changed: position.changed || changed, ..position }))
            }
            Part::Purge | Part::Messages => {
                self.ask(|reply| Rewrite::Purge { day: Some(day.number), reply })?;
                self.indexer.rebuild(day.number);
                Ok(None)
            }
        }
    }

    /// Changes events; those that were changed meanwhile are read and changed again.
    fn events(
        &self,
        day: &Day,
        mut page: Vec<file::StoredEvent>,
        change: Change<'_>,
        step: &mut RewriteStep,
    ) -> Result<bool, StoreError> {
        step.looked_at += page.len() as u64;
        let mut any = false;
        while !page.is_empty() {
            let mut changes = DayChanges::default();
            for stored in page {
                let changed = change(Stored::Event(Box::new(stored.event)));
                if let Some(Stored::Event(event)) = changed.map(reenact_redact::Redacted::into_inner) {
                    changes.events.push((stored.row, stored.seq, body::encode_event(&*event)?));
                }
            }
            if changes.events.is_empty() {
                break;
            }
            any = true;
            let asked = changes.events.len();
            let again = self.ask(|reply| Rewrite::Day { day: day.number, changes, reply })?;
            step.changed += (asked - again.len()) as u64;
            page = Vec::new();
            for row in again {
                page.extend(day.read(|connection| file::event_by_row(connection, row))?);
            }
        }
        Ok(any)
    }

    fn messages(&self, position: Position, change: Change<'_>) -> Result<Option<Position>, StoreError> {
        // What was counted and not written yet has messages too.
        self.ask(|reply| Rewrite::Messages { changes: Vec::new(), reply })?;
        let page = state::messages_after(&lock(&self.state), position.after, MESSAGES_MAX)?;
        let Some(after) = page.last().map(|(id, _, _)| *id) else {
            if position.changed {
                self.ask(|reply| Rewrite::Purge { day: None, reply })?;
            }
            return Ok(None);
        };
        let mut changes = Vec::new();
        for (id, service, text) in page {
            let changed = change(Stored::Message { service, text: text.clone() });
            if let Some(Stored::Message { text: new, .. }) = changed.map(reenact_redact::Redacted::into_inner)
                && new != text
            {
                changes.push((id, text, new));
            }
        }
        let changed = position.changed || !changes.is_empty();
        if !changes.is_empty() {
            self.ask(|reply| Rewrite::Messages { changes, reply })?;
        }
        Ok(Some(Position { after, changed, ..position }))
    }

    fn ask<T>(
        &self,
        message: impl FnOnce(SyncSender<Result<T, StoreError>>) -> Rewrite,
    ) -> Result<T, StoreError> {
        self.ask_writer(|reply| Message::Rewrite(message(reply)))
    }

    /// Asks the thread that writes, and waits.
    pub(super) fn ask_writer<T>(
        &self,
        message: impl FnOnce(SyncSender<Result<T, StoreError>>) -> Message,
    ) -> Result<T, StoreError> {
        let (reply, answer) = sync_channel(1);
        let sender = lock(&self.queue).clone().ok_or(StoreError::Closed)?;
        sender.send(message(reply)).map_err(|_| StoreError::Closed)?;
        drop(sender);
        answer.recv().map_err(|_| StoreError::Closed)?
    }
}

pub(super) fn events_after_row(
    connection: &Connection,
    row: i64,
) -> Result<Vec<file::StoredEvent>, StoreError> {
    let context = || "reading events of a day";
    let rows: Vec<i64> = connection
        .prepare_cached("SELECT row FROM event WHERE row > ?1 ORDER BY row LIMIT ?2")
        .and_then(|mut sql| sql.query_map(params![row, PAGE_MAX as i64], |row| row.get(0))?.collect())
        .during(context)?;
    let mut page = Vec::with_capacity(rows.len());
    for row in rows {
        page.extend(file::event_by_row(connection, row)?);
    }
    Ok(page)
}

/// The bodies of snapshots after this number; the snapshots in them have no ids.
fn snapshots_after(connection: &Connection, number: i64) -> Result<Vec<(i64, Vec<Snapshot>)>, StoreError> {
    let context = || "reading snapshots of a day";
    let bodies: Vec<(i64, Vec<u8>)> = connection
        .prepare_cached("SELECT number, body FROM snapshots WHERE number > ?1 ORDER BY number LIMIT ?2")
        .and_then(|mut sql| {
            sql.query_map(params![number, PAGE_MAX as i64], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .during(context)?;
    bodies.into_iter().map(|(number, bytes)| Ok((number, body::decode_snapshots(&bytes)?))).collect()
}

/// Writes changed bodies; answers with the rows that were changed since they were read.
pub(super) fn write_day(
    connection: &Connection,
    changes: &DayChanges,
    seq: &mut i64,
) -> Result<Vec<i64>, StoreError> {
    let context = || "writing what was redacted again";
    let mut again = Vec::new();
    for (row, read_at, body) in &changes.events {
        *seq += 1;
        let written = connection
            .prepare_cached("UPDATE event SET seq = ?3, body = ?4 WHERE row = ?1 AND seq = ?2")
            .and_then(|mut sql| sql.execute(params![row, read_at, *seq, body]))
            .during(context)?;
        if written == 0 {
            again.push(*row);
        }
    }
    for (number, body) in &changes.snapshots {
        connection
            .prepare_cached("UPDATE snapshots SET body = ?2 WHERE number = ?1")
            .and_then(|mut sql| sql.execute(params![number, body]))
            .during(context)?;
    }
    Ok(again)
}

/// Empties the write-ahead log, which holds pages as they were. Replaced content in the file itself was
/// overwritten (`secure_delete`).
pub(super) fn purge(connection: &Connection) -> Result<(), StoreError> {
    let busy: i64 = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .during(|| "emptying a write-ahead log")?;
    if busy == 0 {
        return Ok(());
    }
    let source = "somebody reads the file all the time; try again";
    Err(StoreError::Engine { context: "emptying a write-ahead log".to_owned(), source: source.into() })
}
