//! Counts of one day, kept beside its index so that questions about everything need not look at each event.
//!
//! - **Content:** events that agree in issue, service, environment, type of error, handling and values are one
//!   row, with the times and the distinct users of its events; of version, host, resource and suspected cause, how many
//!   events of a row have which value. Columns hold the user and these values of each event, for questions about a part
//!   of the day. Keyed by the issue that an event itself has.
//! - **Promise:** says exactly what the index says. It names the last change that it holds, and is used only
//!   beside an index with the same one and when nothing in it was changed since.
//! - **Layout:** `day=…/rollup`: `MAGIC`, numbers of eight bytes, then rows, times, users, pairs and names, then
//!   the checksum of all of it; then the columns and their checksum, which is looked at when they are needed first.
//!   Little-endian. Derived: a missing, broken or older one is made anew, and it is
//!   deleted with the index when the day is redacted again.
//! - **Limits:** days with more than [`EVENTS_MAX`] events have none.

mod making;
mod part;
mod row;

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use tantivy::directory::{Directory, MmapDirectory, OwnedBytes};

use super::days::{Day, lock};
use super::failure::Failure;
use super::index::{self, View};
use crate::{Field, StoreError};

pub(super) use making::Making;
pub(super) use part::{Part, has, is_about_rows};
pub(super) use row::RollupRow;

/// Events of a day with a rollup, at most: making one takes 110 bytes of memory for each.
pub(super) const EVENTS_MAX: i64 = 1_000_000;
/// The name carries the version of the format.
const MAGIC: &[u8; 8] = b"rollup-3";
const FILE: &str = "rollup";
const HASH_BYTES: usize = 32;
/// Numbers after [`MAGIC`]: version of the index, seq, row, then the counts of rows, times, users, those of the pairs of
/// each field, and bytes of names.
const HEAD: usize = 7 + PAIRED.len();
const ROW_BYTES: usize = 56;
const PAIR_BYTES: usize = 12;
/// The number that stands for no value.
const NONE: u32 = u32::MAX;
const HANDLED: u32 = 1;
const HAS_VALUES: u32 = 2;

/// The fields whose values are counted beside the rows.
const PAIRED: [Field; 4] = [Field::Version, Field::Host, Field::Resource, Field::Cause];
/// Columns with a number of four bytes for each event: the values of [`PAIRED`], then [`USER`].
const COLUMNS: usize = PAIRED.len() + 1;
/// The column with the places of users among those of the row.
const USER: usize = PAIRED.len();

/// The counts of a day.
pub(super) struct Rollup {
    bytes: OwnedBytes,
    seq: i64,
    /// Events with larger numbers are not in it.
    row: i64,
    names: Vec<String>,
    rows: usize,
    events: usize,
    times_at: usize,
    users_at: usize,
    /// Where the pairs of each field begin, and where the last ones end.
    pairs_at: [usize; PAIRED.len() + 1],
    columns_at: usize,
    /// Whether the columns are what their checksum says.
    has_columns: OnceLock<bool>,
}

impl std::fmt::Debug for Rollup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rollup").field("seq", &self.seq).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl Rollup {
    fn parse(bytes: OwnedBytes, version: u32) -> Option<Self> {
        let all: &[u8] = &bytes;
        if !all.starts_with(MAGIC) || all.len() < 8 + HEAD * 8 {
            return None;
        }
        let head: Vec<u64> = (0..HEAD).map(|at| u64_at(all, 8 + at * 8)).collect();
        if head[0] != u64::from(version) {
            return None;
        }
        let counts: Vec<usize> = head[3..]
            .iter()
            .map(|count| usize::try_from(*count).ok().filter(|count| *count <= all.len()))
            .collect::<Option<_>>()?;
        let (rows, events) = (counts[0], counts[1]);
        let times_at = 8 + HEAD * 8 + rows * ROW_BYTES;
        let users_at = times_at + events * 8;
        let mut pairs_at = [users_at + counts[2] * 8; PAIRED.len() + 1];
        for field in 0..PAIRED.len() {
            pairs_at[field + 1] = pairs_at[field] + counts[3 + field] * PAIR_BYTES;
        }
        let names_at = pairs_at[PAIRED.len()];
        let names_end = names_at + counts[3 + PAIRED.len()];
        let columns_at = names_end + HASH_BYTES;
        if all.len() != columns_at + COLUMNS * events * 4 + HASH_BYTES
            || !is_so(&all[..names_end], &all[names_end..columns_at])
        {
            return None;
        }
        let names = std::str::from_utf8(&all[names_at..names_end]).ok()?;
        let names = serde_json::from_str(names).ok()?;
        let (seq, row) = (head[1].cast_signed(), head[2].cast_signed());
        let has_columns = OnceLock::new();
        Some(Self {
            bytes,
            seq,
            row,
            names,
            rows,
            events,
            times_at,
            users_at,
            pairs_at,
            columns_at,
            has_columns,
        })
    }

    fn row_at(&self, number: usize) -> RollupRow<'_> {
        let all: &[u8] = &self.bytes;
        let at = 8 + HEAD * 8 + number * ROW_BYTES;
        let end = |of: usize, number: usize| u64_at(all, 8 + HEAD * 8 + number * ROW_BYTES + of) as usize;
        let start = |of: usize| if number == 0 { 0 } else { end(of, number - 1) };
        let first = start(8);
        RollupRow {
            number: number as u32,
            issue: u64_at(all, at),
            first,
            times: &all[self.times_at + first * 8..self.times_at + end(8, number) * 8],
            users: &all[self.users_at + start(16) * 8..self.users_at + end(16, number) * 8],
            service: u32_at(all, at + 24),
            env: u32_at(all, at + 28),
            error_type: u32_at(all, at + 32),
            flags: u32_at(all, at + 36),
            oldest: u64_at(all, at + 40).cast_signed(),
            newest: u64_at(all, at + 48).cast_signed(),
            is_cut: false,
        }
    }

    /// The numbers of the rows of an issue.
    fn numbers_of(&self, issue: u64) -> Range<usize> {
        let first = self.first_of(issue);
        first..issue.checked_add(1).map_or(self.rows, |next| self.first_of(next))
    }

    /// The number of the first row of an issue, or of one after it.
    fn first_of(&self, issue: u64) -> usize {
        let (mut low, mut high) = (0, self.rows);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.row_at(middle).issue < issue { low = middle + 1 } else { high = middle }
        }
        low
    }

    fn has_columns(&self) -> bool {
        *self.has_columns.get_or_init(|| {
            let (columns, hash) = self.bytes[self.columns_at..].split_at(COLUMNS * self.events * 4);
            is_so(columns, hash)
        })
    }

    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }
}

fn is_so(content: &[u8], hash: &[u8]) -> bool {
    blake3::hash(content).as_bytes() == hash
}

/// The texts in the rollup of a day's folder, if it has one that can be read.
pub(super) fn texts(folder: &Path) -> Vec<String> {
    open(folder).map(|rollup| rollup.names).unwrap_or_default()
}

fn open(folder: &Path) -> Option<Rollup> {
    if !folder.join(FILE).exists() {
        return None;
    }
    // Mapped into memory, so that the system gives it back when it needs room.
    let bytes = MmapDirectory::open(folder).ok()?.open_read(Path::new(FILE)).ok()?.read_bytes().ok()?;
    Rollup::parse(bytes, index::VERSION)
}

/// The rollup of a day if it says what the index says at `seq`.
pub(super) fn current(day: &Day, seq: i64) -> Option<Arc<Rollup>> {
    let mut kept = lock(&day.rollup);
    if kept.is_none() {
        *kept = open(&day.folder).map(Arc::new);
    }
    kept.clone().filter(|rollup| rollup.seq == seq)
}

/// Deletes the rollup of a day.
pub(super) fn delete(day: &Day) -> Result<(), StoreError> {
    *lock(&day.rollup) = None;
    let path = day.folder.join(FILE);
    if !path.exists() {
        return Ok(());
    }
    fs::remove_file(&path).during(|| format!("deleting `{}`", path.display()))
}

/// Makes the rollup of a day from its index, which nobody commits to meanwhile, unless it has one.
pub(super) fn make(day: &Day, view: &View) -> Result<(), StoreError> {
    if current(day, view.seq).is_some_and(|rollup| rollup.has_columns()) {
        return Ok(());
    }
    let context = || format!("making the rollup of `{}`", day.folder.display());
    let mut making = Making::default();
    for segment in view.searcher.segment_readers() {
        making.add(segment, &segment.doc_ids_alive().collect::<Vec<_>>()).during(context)?;
    }
    let Some(bytes) = making.into_bytes(view.seq, view.row).during(context)? else { return delete(day) };
    let (new, path) = (day.folder.join("rollup-new"), day.folder.join(FILE));
    fs::write(&new, bytes).and_then(|()| fs::rename(&new, &path)).during(context)?;
    *lock(&day.rollup) = None;
    Ok(())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + 8].try_into().map_or(0, u64::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].try_into().map_or(0, u32::from_le_bytes)
}
