//! Making a rollup from documents of indexes.

use std::collections::HashMap;
use std::sync::Arc;

use tantivy::directory::OwnedBytes;
use tantivy::{DocId, SegmentReader};

use super::{COLUMNS, HANDLED, HAS_VALUES, MAGIC, NONE, PAIRED, Rollup};
use crate::embedded::columns::{BLOCK, EventColumns, EventValues, NamedColumn, Names};
use crate::embedded::index;

/// What the events of a row have in common: issue, service, environment, type of error, flags.
type Key = (u64, u32, u32, u32, u32);

/// The rows of documents, as they come.
#[derive(Default)]
pub(in crate::embedded) struct Making {
    names: Names,
    rows: HashMap<Key, u32>,
    keys: Vec<Key>,
    events: Vec<Event>,
}

struct Event {
    row: u32,
    time: i64,
    user: Option<u64>,
    /// Of [`PAIRED`], as numbers.
    values: [u32; PAIRED.len()],
}

impl Making {
    /// Adds documents of a segment.
    pub(in crate::embedded) fn add(
        &mut self,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let mut columns = EventColumns::open(segment)?;
        let mut texts = Vec::new();
        for name in ["service", "env", "error_type", "version", "host", "resource", "cause"] {
            texts.push(NamedColumn::open(segment, name, documents.len(), &mut self.names)?);
        }
        for documents in documents.chunks(BLOCK) {
            let EventValues { issues, times, handled, has_values, users } = columns.of(documents);
            let mut values: Vec<&[Option<usize>]> = Vec::new();
            for column in &mut texts {
                values.push(column.of(documents, &mut self.names)?);
            }
            for at in 0..documents.len() {
                let number = |field: usize| values[field][at].map_or(NONE, |number| number as u32);
                let flags =
                    if handled[at] { HANDLED } else { 0 } | if has_values[at] { HAS_VALUES } else { 0 };
                let key = (issues[at], number(0), number(1), number(2), flags);
                let next = self.keys.len() as u32;
                let row = *self.rows.entry(key).or_insert(next);
                if row == next {
                    self.keys.push(key);
                }
                let values = std::array::from_fn(|field| number(3 + field));
                self.events.push(Event { row, time: times[at], user: users[at], values });
            }
        }
        Ok(())
    }

    /// How many events it has.
    pub(in crate::embedded) fn events(&self) -> usize {
        self.events.len()
    }

    /// The rollup, in memory alone; `None` when the index does not have a text of it whole.
    pub(in crate::embedded) fn into_rollup(self) -> serde_json::Result<Option<Arc<Rollup>>> {
        let bytes = self.into_bytes(0, 0)?;
        Ok(bytes.and_then(|bytes| Rollup::parse(OwnedBytes::new(bytes), index::VERSION)).map(Arc::new))
    }

    /// The file; `None` when the index does not have a text of it whole.
    pub(super) fn into_bytes(mut self, seq: i64, row: i64) -> serde_json::Result<Option<Vec<u8>>> {
        if self.names.texts.iter().any(|name| name.len() > index::VALUE_BYTES_MAX) {
            return Ok(None);
        }
        // By issue.
        let mut order: Vec<u32> = (0..self.keys.len() as u32).collect();
        order.sort_unstable_by_key(|row| self.keys[*row as usize]);
        let mut places = vec![0_u32; order.len()];
        for (place, row) in order.iter().enumerate() {
            places[*row as usize] = place as u32;
        }
        self.events.iter_mut().for_each(|event| event.row = places[event.row as usize]);
        self.events.sort_unstable_by_key(|event| (event.row, event.time, event.user, event.values));
        let mut lists = Lists::default();
        let mut rows = Vec::with_capacity(order.len());
        for events in self.events.chunk_by(|one, next| one.row == next.row) {
            lists.add_row(events);
            let ends = (lists.times.len(), lists.users.len());
            rows.push((ends, (events[0].time, events[events.len() - 1].time)));
        }
        let names = serde_json::to_vec(&self.names.texts)?;
        let mut bytes = MAGIC.to_vec();
        let head = [u64::from(index::VERSION), seq.cast_unsigned(), row.cast_unsigned()];
        let counts = [order.len(), lists.times.len(), lists.users.len()];
        let counts = counts.into_iter().chain(lists.pairs.iter().map(Vec::len)).chain([names.len()]);
        let counts = counts.map(|count| count as u64);
        head.into_iter().chain(counts).for_each(|number| bytes.extend(number.to_le_bytes()));
        for (row, ((events_end, users_end), (oldest, newest))) in order.iter().zip(rows) {
            let (issue, service, env, error_type, flags) = self.keys[*row as usize];
            for number in [issue, events_end as u64, users_end as u64] {
                bytes.extend(number.to_le_bytes());
            }
            for number in [service, env, error_type, flags] {
                bytes.extend(number.to_le_bytes());
            }
            for time in [oldest, newest] {
                bytes.extend(time.to_le_bytes());
            }
        }
        lists.times.iter().for_each(|time| bytes.extend(time.to_le_bytes()));
        lists.users.iter().for_each(|user| bytes.extend(user.to_le_bytes()));
        for pair in lists.pairs.iter().flatten() {
            pair.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        }
        bytes.extend(names);
        add_hash(&mut bytes, 0);
        let columns_at = bytes.len();
        for number in lists.columns.iter().flatten() {
            bytes.extend(number.to_le_bytes());
        }
        add_hash(&mut bytes, columns_at);
        Ok(Some(bytes))
    }
}

/// Appends the checksum of what stands from `start` on.
fn add_hash(bytes: &mut Vec<u8>, start: usize) {
    let hash = blake3::hash(&bytes[start..]);
    bytes.extend(hash.as_bytes());
}

/// What stands after the rows.
#[derive(Default)]
struct Lists {
    times: Vec<i64>,
    users: Vec<u64>,
    /// A value, a row, and how many of its events have the value.
    pairs: [Vec<[u32; 3]>; PAIRED.len()],
    columns: [Vec<u32>; COLUMNS],
}

impl Lists {
    /// Adds the events of the next row, in the order of their times.
    fn add_row(&mut self, events: &[Event]) {
        self.times.extend(events.iter().map(|event| event.time));
        let mut users: Vec<u64> = events.iter().filter_map(|event| event.user).collect();
        users.sort_unstable();
        users.dedup();
        let place = |user| users.binary_search(&user).map_or(NONE, |place| place as u32);
        let [columns @ .., of_users] = &mut self.columns;
        of_users.extend(events.iter().map(|event| event.user.map_or(NONE, place)));
        for (field, (column, pairs)) in columns.iter_mut().zip(&mut self.pairs).enumerate() {
            column.extend(events.iter().map(|event| event.values[field]));
            let mut values: Vec<u32> = events.iter().map(|event| event.values[field]).collect();
            values.retain(|value| *value != NONE);
            values.sort_unstable();
            let same = values.chunk_by(|one, next| one == next);
            pairs.extend(same.map(|same| [same[0], events[0].row, same.len() as u32]));
        }
        self.users.extend(users);
    }
}
