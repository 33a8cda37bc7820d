//! Moving stored events to other issues.
//!
//! What an event moves from and to is noted in the file of its day, in the transaction that moves it: counts in
//! `state.sqlite` follow from these notes exactly once, also after a crash. When all events were looked at, the first
//! and the last event of the issues that any left are looked for again, and the notes are deleted.
//!
//! A position is a letter and two numbers. A step that is done twice moves nothing more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::SyncSender;

use reenact_model::{EventId, IssueId, Placed, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::EmbeddedStore;
use super::body;
use super::days::{Day, Days};
use super::failure::Failure;
use super::file;
use super::open_day::OpenDay;
use super::rewrite::events_after_row;
use super::state::{Changes, IssueState};
use super::writer::Message;
use crate::{IssueMove, RegroupStep, Regrouped, StoreError, TimeRange};

/// Issues in one step that looks for first and last events.
const ISSUES_MAX: usize = 200;

const NOTES: &str = "CREATE TABLE IF NOT EXISTS moved (
    seq INTEGER PRIMARY KEY, row INTEGER NOT NULL, from_issue INTEGER NOT NULL, to_issue INTEGER NOT NULL
) STRICT;";

/// An event that is to move.
#[derive(Debug)]
pub(super) struct Moving {
    row: i64,
    /// The change that it was read at.
    seq: i64,
    from: IssueId,
    event: Placed,
}

/// Asks of the thread that writes.
pub(super) enum Regroup {
    /// Answers with the rows that were changed meanwhile.
    Events { day: i64, moving: Vec<Moving>, reply: SyncSender<Result<Vec<i64>, StoreError>> },
    /// Looks again for the first and the last events of issues.
    Settle { issues: Vec<IssueId>, reply: SyncSender<Result<(), StoreError>> },
    /// Deletes the notes.
    Forget { reply: SyncSender<Result<(), StoreError>> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// Of the events of a day after this row.
    Events { day: i64, after: i64 },
    /// Of the issues after this number.
    Settle { after: i64 },
}

impl Position {
    fn to_text(self) -> String {
        match self {
            Self::Events { day, after } => format!("e {day} {after}"),
            Self::Settle { after } => format!("i 0 {after}"),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let (part, day, after) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        match (part, parts.next()) {
            ("e", None) => Some(Self::Events { day, after }),
            ("i", None) => Some(Self::Settle { after }),
            _ => None,
        }
    }
}

impl EmbeddedStore {
    pub(super) fn regroup_step(
        &self,
        range: TimeRange,
        position: Option<&str>,
        change: Regrouped<'_>,
    ) -> Result<RegroupStep, StoreError> {
        let settle = Position::Settle { after: i64::MIN };
        let position = match position {
            Some(text) => Position::parse(text).ok_or(StoreError::Cursor)?,
            // Nothing is to move: what a job that was ended has left is brought to its end.
            None if range.from >= range.to => settle,
            None => self.day_to_move(i64::MIN, range).unwrap_or(settle),
        };
        let mut step = RegroupStep::default();
        let next = match position {
            Position::Events { day, after } => {
                let last = match self.days.get(day) {
                    // Deleted by the retention.
                    None => None,
                    Some(open) => self.move_page(&open, after, range, change, &mut step)?,
                };
                let next = last.map(|after| Position::Events { day, after });
                Some(next.or_else(|| self.day_to_move(day, range)).unwrap_or(settle))
            }
            Position::Settle { after } => self.settle_page(after, &mut step)?,
        };
        Ok(RegroupStep { next: next.map(Position::to_text), ..step })
    }

    fn day_to_move(&self, day: i64, range: TimeRange) -> Option<Position> {
        // An event whose clock was wrong may lie a day beside its own.
        let (first, last) = (range.from.day() - 1, range.to.day() + 1);
        let days = self.days.all();
        let mut numbers = days.iter().map(|day| day.number);
        let number = numbers.find(|number| *number > day && (first..=last).contains(number))?;
        Some(Position::Events { day: number, after: 0 })
    }

    /// Moves the events of a page, and answers with its last row; `None` after the last page. Events that were changed
    /// meanwhile are read again.
    fn move_page(
        &self,
        day: &Day,
        after: i64,
        range: TimeRange,
        change: Regrouped<'_>,
        step: &mut RegroupStep,
    ) -> Result<Option<i64>, StoreError> {
        let mut page = day.read(|connection| events_after_row(connection, after))?;
        let Some(last) = page.last().map(|stored| stored.row) else { return Ok(None) };
        page.retain(|stored| range.contains(stored.event.report.timestamp));
        step.looked_at += page.len() as u64;
        while !page.is_empty() {
            let mut moving = Vec::new();
            for stored in page {
                let from = stored.event.issue_id;
                let Some(event) = change(stored.event).map(reenact_redact::Redacted::into_inner) else {
                    continue;
                };
                if event.issue_id != from {
                    moving.push(Moving { row: stored.row, seq: stored.seq, from, event });
                }
            }
            if moving.is_empty() {
                break;
            }
            let asked = moving.len();
            let again = self
                .ask_writer(|reply| Message::Regroup(Regroup::Events { day: day.number, moving, reply }))?;
            step.moved += (asked - again.len()) as u64;
            page = Vec::new();
            for row in again {
                page.extend(day.read(|connection| file::event_by_row(connection, row))?);
            }
        }
        Ok(Some(last))
    }

    /// Looks again for the first and last events of some of the issues that events left.
    fn settle_page(&self, after: i64, step: &mut RegroupStep) -> Result<Option<Position>, StoreError> {
        let mut moves: BTreeMap<(i64, i64), u64> = BTreeMap::new();
        for day in self.days.all() {
            day.read(|connection| add_moves(connection, &mut moves))?;
        }
        // What an event only came to has its times from the event itself.
        let touched: BTreeSet<i64> = moves.keys().map(|(from, _)| *from).collect();
        let page: Vec<i64> = touched.into_iter().filter(|id| *id > after).take(ISSUES_MAX).collect();
        let Some(last) = page.last().copied() else {
            self.ask_writer(|reply| Message::Regroup(Regroup::Forget { reply }))?;
            return Ok(None);
        };
        let id = |number: &i64| IssueId(number.cast_unsigned());
        let issues = page.iter().map(id).collect();
        self.ask_writer(|reply| Message::Regroup(Regroup::Settle { issues, reply }))?;
        let of_page = moves.iter().filter(|((from, _), _)| page.binary_search(from).is_ok());
        step.moves = of_page
            .map(|((from, to), events)| IssueMove { from: id(from), to: id(to), events: *events })
            .collect();
        Ok(Some(Position::Settle { after: last }))
    }
}

/// Whether a day's file has notes.
fn has_notes(connection: &Connection) -> Result<bool, StoreError> {
    connection
        .prepare_cached("SELECT 1 FROM sqlite_schema WHERE name = 'moved'")
        .and_then(|mut sql| sql.exists([]))
        .during(|| "looking for moved events")
}

/// Adds how many events moved from which issue to which.
fn add_moves(connection: &Connection, moves: &mut BTreeMap<(i64, i64), u64>) -> Result<(), StoreError> {
    if !has_notes(connection)? {
        return Ok(());
    }
    let context = || "reading moved events";
    let sql = "SELECT from_issue, to_issue, count(*) FROM moved GROUP BY from_issue, to_issue";
    let mut sql = connection.prepare_cached(sql).during(context)?;
    let mut rows = sql.query([]).during(context)?;
    while let Some(row) = rows.next().during(context)? {
        let key = (row.get(0).during(context)?, row.get(1).during(context)?);
        *moves.entry(key).or_default() += row.get::<_, i64>(2).during(context)?.cast_unsigned();
    }
    Ok(())
}

/// Adds what the notes after a change say of counts; of rows up to `row_max`, since later ones are counted where they
/// are now.
pub(super) fn count_moves(
    connection: &Connection,
    seq: i64,
    row_max: i64,
    changes: &mut Changes,
) -> Result<(), StoreError> {
    if !has_notes(connection)? {
        return Ok(());
    }
    let context = || "counting moved events";
    let sql = "SELECT from_issue, to_issue FROM moved WHERE seq > ?1 AND row <= ?2";
    let mut sql = connection.prepare_cached(sql).during(context)?;
    let mut rows = sql.query([seq, row_max]).during(context)?;
    while let Some(row) = rows.next().during(context)? {
        let id = |at| row.get::<_, i64>(at).map(|id| IssueId(id.cast_unsigned())).during(context);
        changes.shift(id(0)?, -1);
        changes.shift(id(1)?, 1);
    }
    Ok(())
}

/// Moves events, with notes; answers with the rows that were changed since they were read.
pub(super) fn write_moves(
    open: &mut OpenDay,
    moving: &[Moving],
    changes: &mut Changes,
) -> Result<Vec<i64>, StoreError> {
    let context = || "moving events to other issues";
    let mut seq = open.totals()?.seq;
    let connection = &open.connection;
    connection.execute_batch(NOTES).during(context)?;
    let mut again = Vec::new();
    for Moving { row, seq: read_at, from, event } in moving {
        let to = event.issue_id;
        let body = body::encode_event(event)?;
        let values = params![row, read_at, seq + 1, to.0.cast_signed(), body];
        let written = connection
            .prepare_cached("UPDATE event SET seq = ?3, issue_id = ?4, body = ?5 WHERE row = ?1 AND seq = ?2")
            .and_then(|mut sql| sql.execute(values))
            .during(context)?;
        if written == 0 {
            again.push(*row);
            continue;
        }
        seq += 1;
        connection
            .prepare_cached("INSERT INTO moved VALUES (?1, ?2, ?3, ?4)")
            .and_then(|mut sql| sql.execute([seq, *row, from.0.cast_signed(), to.0.cast_signed()]))
            .during(context)?;
        changes.add(event, 0);
        changes.shift(*from, -1);
        changes.shift(to, 1);
    }
    open.totals()?.seq = seq;
    Ok(again)
}

/// Deletes the notes of a day.
pub(super) fn forget_moves(open: &mut OpenDay) -> Result<(), StoreError> {
    if has_notes(&open.connection)? {
        open.connection.execute("DELETE FROM moved", []).during(|| "forgetting moved events")?;
    }
    Ok(())
}

/// What is known of an issue that events left, from what is stored: `None` when nothing is left of it. What is only
/// known of days that are deleted stays.
pub(super) fn settled(
    days: &Days,
    id: IssueId,
    mut known: IssueState,
) -> Result<Option<IssueState>, StoreError> {
    if is_elsewhere(days, id, known.first)? {
        match extreme(days, id, "ASC")? {
            Some(oldest) => {
                known.first = (oldest.report.timestamp, oldest.report.id);
                known.first_version = oldest.report.version;
            }
            None if known.count == 0 => return Ok(None),
            None => {}
        }
    }
    if is_elsewhere(days, id, known.last)?
        && let Some(newest) = extreme(days, id, "DESC")?
    {
        let count = known.count;
        let (first, first_version) = (known.first, known.first_version);
        known = IssueState { count, first, first_version, ..IssueState::of(&newest) };
    }
    Ok(Some(known))
}

/// Whether an event is stored in another issue than this one.
fn is_elsewhere(days: &Days, id: IssueId, (at, event): (Timestamp, EventId)) -> Result<bool, StoreError> {
    // It mostly lies in the day of its time; where its clock was wrong it lies elsewhere.
    let mut near = days.all();
    near.sort_by_key(|day| (day.number - at.day()).abs());
    for day in near {
        if let Some(stored) = day.read(|connection| file::event_by_id(connection, event))? {
            return Ok(stored.event.issue_id != id);
        }
    }
    Ok(false)
}

/// The oldest (`ASC`) or newest (`DESC`) stored event of an issue.
fn extreme(days: &Days, id: IssueId, order: &str) -> Result<Option<Placed>, StoreError> {
    let sql = format!(
        "SELECT ts, id FROM event WHERE issue_id = ?1 AND has_values = ?2 ORDER BY ts {order}, id {order} LIMIT 1"
    );
    let mut found: Option<(i64, u128, std::sync::Arc<Day>)> = None;
    for day in days.all() {
        for has_values in [false, true] {
            let one: Option<(i64, Vec<u8>)> = day.read(|connection| {
                connection
                    .prepare_cached(&sql)
                    .and_then(|mut sql| {
                        let values = params![id.0.cast_signed(), has_values];
                        sql.query_row(values, |row| Ok((row.get(0)?, row.get(1)?))).optional()
                    })
                    .during(|| "looking for the first or last event of an issue")
            })?;
            let Some((ts, event)) = one else { continue };
            let key = (ts, file::u128_of(&event));
            let known = found.as_ref().map(|(ts, event, _)| (*ts, *event));
            if known.is_none_or(|known| if order == "ASC" { key < known } else { key > known }) {
                found = Some((key.0, key.1, std::sync::Arc::clone(&day)));
            }
        }
    }
    let Some((_, event, day)) = found else { return Ok(None) };
    let stored = day.read(|connection| file::event_by_id(connection, EventId(event)))?;
    Ok(stored.map(|stored| stored.event))
}

#[cfg(test)]
mod tests {
    use super::Position;

    #[test]
    fn positions_are_read_as_they_are_written() {
        for position in [Position::Events { day: 20_000, after: 64 }, Position::Settle { after: i64::MIN }] {
            assert_eq!(Position::parse(&position.to_text()), Some(position));
        }
        for wrong in ["", "e 1", "x 1 2", "e 1 2 3", "i 0 x"] {
            assert_eq!(Position::parse(wrong), None, "{wrong}");
        }
    }
}
