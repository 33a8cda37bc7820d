//! Counts of one day, kept beside its index so that questions about everything need not look at each event.
//!
//! - **Content:** events that agree in issue, service, environment, type of error, handling and values are one
//!   row, with the times and the distinct users of its events; of version, host, resource and suspected cause, how many
//!   events of a row have which value. Keyed by the issue that an event itself has.
//! - **Promise:** says exactly what the index says. It names the last change that it holds, and is used only
//!   beside an index with the same one and when nothing in it was changed since.
//! - **Layout:** `day=…/rollup`: `MAGIC`, numbers of eight bytes, then rows, times, users, pairs and names, then
//!   the checksum of all of it. Little-endian. Derived: a missing, broken or older one is made anew, and it is
//!   deleted with the index when the day is redacted again.
//! - **Limits:** days with more than [`EVENTS_MAX`] events have none.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use reenact_model::IssueId;
use tantivy::directory::{Directory, MmapDirectory, OwnedBytes};
use tantivy::{DocId, SegmentReader};

use super::columns::{BLOCK, NamedColumn, Names, Numbers, SomeNumbers};
use super::days::{Day, lock};
use super::failure::Failure;
use super::index::{self, View};
use crate::page::Buckets;
use crate::{Field, Filter, StoreError};

/// Events of a day with a rollup, at most: making one takes 60 bytes of memory for each.
pub(super) const EVENTS_MAX: i64 = 1_000_000;
/// The name carries the version of the format.
const MAGIC: &[u8; 8] = b"rollup-2";
const FILE: &str = "rollup";
const HASH_BYTES: usize = 32;
/// Numbers after [`MAGIC`]: version of the index, seq, row, then the counts of rows, times, users, those of the pairs of
/// each field, and bytes of names.
const HEAD: usize = 7 + PAIRED.len();
const ROW_BYTES: usize = 40;
const PAIR_BYTES: usize = 12;
/// The number that stands for no value.
const NONE: u32 = u32::MAX;
const HANDLED: u32 = 1;
const HAS_VALUES: u32 = 2;

/// The fields whose values are counted beside the rows.
const PAIRED: [Field; 4] = [Field::Version, Field::Host, Field::Resource, Field::Cause];

/// The counts of a day.
pub(super) struct Rollup {
    bytes: OwnedBytes,
    pub(super) seq: i64,
    /// Events with larger numbers are not in it.
    pub(super) row: i64,
    pub(super) names: Vec<String>,
    rows: usize,
    times_at: usize,
    users_at: usize,
    /// Where the pairs of each field begin, and where the last ones end.
    pairs_at: [usize; PAIRED.len() + 1],
}

impl std::fmt::Debug for Rollup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rollup").field("seq", &self.seq).field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// Events that agree in what a row is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct RollupRow<'a> {
    pub(super) number: u32,
    pub(super) issue: u64,
    service: u32,
    env: u32,
    error_type: u32,
    flags: u32,
    /// Ascending, eight bytes each.
    times: &'a [u8],
    /// Hashes of users, eight bytes each.
    users: &'a [u8],
}

impl<'a> RollupRow<'a> {
    pub(super) fn count(&self) -> u64 {
        (self.times.len() / 8) as u64
    }

    pub(super) fn oldest(&self) -> i64 {
        self.time(0)
    }

    pub(super) fn newest(&self) -> i64 {
        self.time(self.times.len() / 8 - 1)
    }

    pub(super) fn handled(&self) -> bool {
        self.flags & HANDLED != 0
    }

    pub(super) fn has_values(&self) -> bool {
        self.flags & HAS_VALUES != 0
    }

    pub(super) fn users(&self) -> impl Iterator<Item = u64> + 'a {
        self.users.chunks_exact(8).map(|bytes| u64_at(bytes, 0))
    }

    /// The number of the row's value of a field, if it has the field; inside `None` where there is no value.
    pub(super) fn value(&self, field: &Field) -> Option<Option<usize>> {
        let number = match field {
            Field::Service => self.service,
            Field::Env => self.env,
            Field::ErrorType => self.error_type,
            _ => return None,
        };
        Some((number != NONE).then_some(number as usize))
    }

    fn time(&self, at: usize) -> i64 {
        u64_at(self.times, at * 8).cast_signed()
    }

    /// Counts the events in each bucket that has some.
    pub(super) fn count_buckets(&self, buckets: Buckets, mut add: impl FnMut(usize, u64)) {
        let count = self.times.len() / 8;
        let mut at = 0;
        while at < count {
            let Some(bucket) = buckets.of(self.time(at)) else { return };
            // Most rows of a day lie in one bucket.
            let mut end = count;
            if buckets.of(self.time(count - 1)) != Some(bucket) {
                let (mut low, mut high) = (at + 1, count - 1);
                while low < high {
                    let middle = low + (high - low) / 2;
                    if buckets.of(self.time(middle)) == Some(bucket) {
                        low = middle + 1
                    } else {
                        high = middle
                    }
                }
                end = low;
            }
            add(bucket, (end - at) as u64);
            at = end;
        }
    }
}

/// How many events of a row have a value.
#[derive(Clone, Copy, Debug)]
struct Pair {
    value: usize,
    row: u32,
    events: u64,
}

/// Pairs in the order of their rows.
#[derive(Clone, Copy)]
struct Pairs<'a>(&'a [u8]);

impl Pairs<'_> {
    fn get(self, at: usize) -> Option<Pair> {
        let bytes = self.0.get(at * PAIR_BYTES..(at + 1) * PAIR_BYTES)?;
        Some(Pair {
            value: u32_at(bytes, 0) as usize,
            row: u32_at(bytes, 4),
            events: u64::from(u32_at(bytes, 8)),
        })
    }

    /// Where the pairs of a row begin, or those after it; not before `from`. Looks nearby first.
    fn first_of(self, row: u32, from: usize) -> usize {
        let is_before = |at: usize| self.get(at).is_some_and(|pair| pair.row < row);
        let (mut low, mut step) = (from, 1);
        while is_before(low + step - 1) {
            low += step;
            step *= 2;
        }
        let mut high = low + step - 1;
        while low < high {
            let middle = low + (high - low) / 2;
            if is_before(middle) { low = middle + 1 } else { high = middle }
        }
        low
    }
}

impl Rollup {
    fn parse(bytes: OwnedBytes, version: u32) -> Option<Self> {
        let content = bytes.len().checked_sub(HASH_BYTES)?;
        let all: &[u8] = &bytes;
        if !all.starts_with(MAGIC) || *blake3::hash(&all[..content]).as_bytes() != all[content..] {
            return None;
        }
        let head: Vec<u64> = (0..HEAD).map(|at| u64_at(all, 8 + at * 8)).collect();
        if head[0] != u64::from(version) {
            return None;
        }
        let counts: Vec<usize> =
            head[3..].iter().map(|count| usize::try_from(*count).ok()).collect::<Option<_>>()?;
        let rows = counts[0];
        let times_at = 8 + HEAD * 8 + rows * ROW_BYTES;
        let users_at = times_at + counts[1] * 8;
        let mut pairs_at = [users_at + counts[2] * 8; PAIRED.len() + 1];
        for field in 0..PAIRED.len() {
            pairs_at[field + 1] = pairs_at[field] + counts[3 + field] * PAIR_BYTES;
        }
        let names = std::str::from_utf8(all.get(pairs_at[PAIRED.len()]..content)?).ok()?;
        let names = serde_json::from_str(names).ok()?;
        let (seq, row) = (head[1].cast_signed(), head[2].cast_signed());
        Some(Self { bytes, seq, row, names, rows, times_at, users_at, pairs_at })
    }

    /// The rows that match a filter that [`is_about_rows`], in the order of their numbers.
    pub(super) fn matching<'a>(&'a self, filter: &'a Filter) -> impl Iterator<Item = RollupRow<'a>> {
        let issue = only_issue(filter);
        let first = issue.map_or(0, |issue| self.first_of(issue.0));
        (first..self.rows)
            .map(|number| self.row_at(number))
            .take_while(move |row| issue.is_none_or(|issue| issue.0 == row.issue))
            .filter(move |row| *filter == Filter::All || self.matches(filter, row))
    }

    fn row_at(&self, number: usize) -> RollupRow<'_> {
        let all: &[u8] = &self.bytes;
        let at = 8 + HEAD * 8 + number * ROW_BYTES;
        let end = |of: usize, number: usize| u64_at(all, 8 + HEAD * 8 + number * ROW_BYTES + of) as usize;
        let start = |of: usize| if number == 0 { 0 } else { end(of, number - 1) };
        RollupRow {
            number: number as u32,
            issue: u64_at(all, at),
            times: &all[self.times_at + start(8) * 8..self.times_at + end(8, number) * 8],
            users: &all[self.users_at + start(16) * 8..self.users_at + end(16, number) * 8],
            service: u32_at(all, at + 24),
            env: u32_at(all, at + 28),
            error_type: u32_at(all, at + 32),
            flags: u32_at(all, at + 36),
        }
    }

    /// The rows of an issue; they are next to each other.
    pub(super) fn rows_of(&self, issue: u64) -> impl Iterator<Item = RollupRow<'_>> {
        (self.first_of(issue)..self.rows)
            .map(|number| self.row_at(number))
            .take_while(move |row| row.issue == issue)
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

    /// Calls `visit` with the number of a value, the place of one of the rows, and how many of the row's events have
    /// the value. The rows are in the order of their numbers, and the field is one that rollups have.
    pub(super) fn each_value(
        &self,
        field: &Field,
        rows: &[RollupRow<'_>],
        visit: &mut dyn FnMut(usize, usize, u64),
    ) {
        if let Some(pairs) = self.pairs(field) {
            let mut at = 0;
            for (place, row) in rows.iter().enumerate() {
                at = pairs.first_of(row.number, at);
                while let Some(pair) = pairs.get(at).filter(|pair| pair.row == row.number) {
                    visit(pair.value, place, pair.events);
                    at += 1;
                }
            }
            return;
        }
        for (place, row) in rows.iter().enumerate() {
            if let Some(value) = row.value(field).flatten() {
                visit(value, place, row.count());
            }
        }
    }

    /// Whether rollups tell the values of a field.
    pub(super) fn has(field: &Field) -> bool {
        PAIRED.contains(field) || matches!(field, Field::Service | Field::Env | Field::ErrorType)
    }

    /// The pairs of a field; `None` when it has none.
    fn pairs(&self, field: &Field) -> Option<Pairs<'_>> {
        let place = PAIRED.iter().position(|paired| paired == field)?;
        Some(Pairs(&self.bytes[self.pairs_at[place]..self.pairs_at[place + 1]]))
    }

    /// Calls `visit` with the numbers of the values of a row.
    pub(super) fn each_value_of_row(&self, field: &Field, row: u32, mut visit: impl FnMut(usize)) {
        let Some(pairs) = self.pairs(field) else { return };
        let mut at = pairs.first_of(row, 0);
        while let Some(pair) = pairs.get(at).filter(|pair| pair.row == row) {
            visit(pair.value);
            at += 1;
        }
    }

    /// Whether the events of a row match a filter that [`is_about_rows`].
    pub(super) fn matches(&self, filter: &Filter, row: &RollupRow<'_>) -> bool {
        let has = |field: &Field, is: &dyn Fn(&str) -> bool| match field {
            Field::Issue => is(&IssueId(row.issue).to_string()),
            _ => row.value(field).flatten().is_some_and(|value| is(&self.names[value])),
        };
        filter.holds(&|leaf| match leaf {
            Filter::Equals(field, value) => has(field, &|is| is == value),
            Filter::StartsWith(field, start) => has(field, &|is| is.starts_with(start.as_str())),
            Filter::Passes(field, test) => has(field, &|is| test.holds(field, is)),
            Filter::Handled(handled) => row.handled() == *handled,
            Filter::HasValues => row.has_values(),
            Filter::Issues(issues) => issues.contains(IssueId(row.issue)),
            _ => false,
        })
    }
}

/// Whether a filter looks at nothing but what the events of a row have in common.
pub(super) fn is_about_rows(filter: &Filter) -> bool {
    match filter {
        Filter::All | Filter::Handled(_) | Filter::HasValues | Filter::Issues(_) => true,
        Filter::And(parts) | Filter::Or(parts) => parts.iter().all(is_about_rows),
        Filter::Not(part) => is_about_rows(part),
        Filter::Equals(field, _) | Filter::StartsWith(field, _) | Filter::Passes(field, _) => {
            matches!(field, Field::Issue | Field::Service | Field::Env | Field::ErrorType)
        }
        Filter::Words(_) | Filter::Value(_) => false,
    }
}

/// The issue that all matching events have, where the filter says so at its top.
fn only_issue(filter: &Filter) -> Option<IssueId> {
    match filter {
        Filter::Equals(Field::Issue, id) => id.parse().ok(),
        Filter::And(parts) => parts.iter().find_map(only_issue),
        _ => None,
    }
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

/// Makes the rollup of a day from its index, which nobody commits to meanwhile.
pub(super) fn make(day: &Day, view: &View) -> Result<(), StoreError> {
    let context = || format!("making the rollup of `{}`", day.folder.display());
    let mut making = Making::default();
    for segment in view.searcher.segment_readers() {
        making.add(segment).during(context)?;
    }
    if making.names.texts.iter().any(|name| name.len() > index::VALUE_BYTES_MAX) {
        // The index does not have it whole.
        return delete(day);
    }
    let bytes = making.into_bytes(view.seq, view.row).during(context)?;
    let (new, path) = (day.folder.join("rollup-new"), day.folder.join(FILE));
    fs::write(&new, bytes).and_then(|()| fs::rename(&new, &path)).during(context)?;
    *lock(&day.rollup) = None;
    Ok(())
}

/// What the events of a row have in common.
type Key = (u64, u32, u32, u32, u32);

#[derive(Default)]
struct Making {
    names: Names,
    rows: HashMap<Key, u32>,
    keys: Vec<Key>,
    events: Vec<(u32, i64)>,
    users: Vec<(u32, u64)>,
    pairs: [HashMap<(u32, u32), u32>; PAIRED.len()],
}

impl Making {
    fn add(&mut self, segment: &SegmentReader) -> tantivy::Result<()> {
        let columns = segment.fast_fields();
        let mut issues = Numbers::new(columns.u64("issue")?);
        let mut times = Numbers::new(columns.i64("ts")?);
        let mut handled = Numbers::new(columns.bool("handled")?);
        let mut has_values = Numbers::new(columns.bool("has_values")?);
        let mut users = SomeNumbers::new(columns.column_opt::<u64>("user_hash")?);
        let mut texts = Vec::new();
        for name in ["service", "env", "error_type", "version", "host", "resource", "cause"] {
            texts.push(NamedColumn::open(segment, name, usize::MAX, &mut self.names)?);
        }
        let alive: Vec<DocId> = segment.doc_ids_alive().collect();
        for documents in alive.chunks(BLOCK) {
            let (issues, times) = (issues.of(documents), times.of(documents));
            let (handled, has_values) = (handled.of(documents), has_values.of(documents));
            let users = users.of(documents);
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
                self.events.push((row, times[at]));
                self.users.extend(users[at].map(|user| (row, user)));
                for (field, pairs) in self.pairs.iter_mut().enumerate() {
                    if number(3 + field) != NONE {
                        *pairs.entry((row, number(3 + field))).or_default() += 1;
                    }
                }
            }
        }
        Ok(())
    }

    fn into_bytes(mut self, seq: i64, row: i64) -> serde_json::Result<Vec<u8>> {
        // By issue.
        let mut order: Vec<u32> = (0..self.keys.len() as u32).collect();
        order.sort_unstable_by_key(|row| self.keys[*row as usize]);
        let mut places = vec![0_u32; order.len()];
        for (place, row) in order.iter().enumerate() {
            places[*row as usize] = place as u32;
        }
        self.events.iter_mut().for_each(|event| event.0 = places[event.0 as usize]);
        self.events.sort_unstable();
        self.users.iter_mut().for_each(|user| user.0 = places[user.0 as usize]);
        self.users.sort_unstable();
        self.users.dedup();
        let mut bytes = MAGIC.to_vec();
        let names = serde_json::to_vec(&self.names.texts)?;
        let pairs = self.pairs.map(|pairs| {
            let placed = pairs.into_iter().map(|((row, value), count)| (places[row as usize], value, count));
            let mut pairs: Vec<(u32, u32, u32)> = placed.collect();
            pairs.sort_unstable();
            pairs
        });
        let counts = [order.len(), self.events.len(), self.users.len()];
        let head = [u64::from(index::VERSION), seq.cast_unsigned(), row.cast_unsigned()];
        let counts = counts.into_iter().chain(pairs.iter().map(Vec::len)).chain([names.len()]);
        let counts = counts.map(|count| count as u64);
        head.into_iter().chain(counts).for_each(|number| bytes.extend(number.to_le_bytes()));
        for (place, row) in order.iter().enumerate() {
            let (issue, service, env, error_type, flags) = self.keys[*row as usize];
            let events_end = self.events.partition_point(|event| event.0 as usize <= place);
            let users_end = self.users.partition_point(|user| user.0 as usize <= place);
            for number in [issue, events_end as u64, users_end as u64] {
                bytes.extend(number.to_le_bytes());
            }
            for number in [service, env, error_type, flags] {
                bytes.extend(number.to_le_bytes());
            }
        }
        self.events.iter().for_each(|(_, time)| bytes.extend(time.to_le_bytes()));
        self.users.iter().for_each(|(_, user)| bytes.extend(user.to_le_bytes()));
        for (row, value, count) in pairs.iter().flatten() {
            for number in [value, row, count] {
                bytes.extend(number.to_le_bytes());
            }
        }
        bytes.extend(names);
        let hash = blake3::hash(&bytes);
        bytes.extend(hash.as_bytes());
        Ok(bytes)
    }
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + 8].try_into().map_or(0, u64::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].try_into().map_or(0, u32::from_le_bytes)
}
