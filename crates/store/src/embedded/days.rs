//! The folders of the days, and what is open of each.

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reenact_model::Timestamp;
use rusqlite::Connection;

use super::Options;
use super::facets::FacetsTally;
use super::failure::Failure;
use super::file::{self, Totals};
use super::index::View;
use super::kept::Kept;
use super::kept_rows::KeptRows;
use super::of_values::ValueMemory;
use super::rollup::Rollup;
use super::{kept_facets, kept_rows};
use crate::{StoreError, TimeRange};

const FOLDER_START: &str = "day=";
/// Connections kept open for reading one day.
const READERS_KEPT: usize = 2;
const DAY_NS: i64 = 86_400_000_000_000;

/// All days.
#[derive(Debug)]
pub(super) struct Days {
    root: PathBuf,
    open_max: usize,
    /// Matching events of a day for which it is looked which issues match as a whole.
    pub(super) whole_issues_min: usize,
    /// Answers of days that whole issues had a part in, for tests.
    pub(super) whole_issues_used: AtomicU64,
    uses: AtomicU64,
    /// Answers of days that came from their rollups, for tests.
    pub(super) rollups_used: AtomicU64,
    pub(super) facets: Kept<FacetsTally>,
    /// Answers that kept facets had a part in, for tests.
    pub(super) facets_used: AtomicU64,
    pub(super) rows: Kept<KeptRows>,
    /// Answers that kept rows had a part in, for tests.
    pub(super) rows_used: AtomicU64,
    days: Mutex<BTreeMap<i64, Arc<Day>>>,
}

/// One day.
#[derive(Debug)]
pub(super) struct Day {
    pub(super) number: i64,
    pub(super) folder: PathBuf,
    totals: Mutex<Totals>,
    readers: Mutex<Vec<Connection>>,
    pub(super) view: Mutex<Option<Arc<View>>>,
    pub(super) values: Mutex<ValueMemory>,
    pub(super) rollup: Mutex<Option<Arc<Rollup>>>,
    /// Whether the checksums of the index were checked since the start of the process.
    pub(super) checked: AtomicBool,
    /// Set when the folder was deleted; whoever still holds the day stops.
    pub(super) deleted: AtomicBool,
    used: AtomicU64,
}

impl Days {
    /// Finds the folders below `root`.
    pub(super) fn open(root: &Path, options: &Options) -> Result<Self, StoreError> {
        let context = || format!("reading the folder `{}`", root.display());
        let mut days = BTreeMap::new();
        for entry in fs::read_dir(root).during(context)? {
            let path = entry.during(context)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with("deleted-") {
                fs::remove_dir_all(&path).during(|| format!("deleting `{}`", path.display()))?;
            } else if let Some(number) = name.strip_prefix(FOLDER_START).and_then(day_number) {
                let day = Day::new(number, path);
                drop(day.open_to_write()?);
                day.set_totals(day.read(file::read_totals)?);
                day.close();
                days.insert(number, Arc::new(day));
            }
        }
        Ok(Self {
            root: root.to_owned(),
            open_max: options.open_days_max,
            whole_issues_min: options.whole_issues_min,
            whole_issues_used: AtomicU64::new(0),
            uses: AtomicU64::new(0),
            rollups_used: AtomicU64::new(0),
            facets: Kept::new(kept_facets::BYTES_MAX),
            facets_used: AtomicU64::new(0),
            rows: Kept::new(kept_rows::BYTES_MAX),
            rows_used: AtomicU64::new(0),
            days: Mutex::new(days),
        })
    }

    /// Names and paths of the days' folders, the oldest first.
    pub(super) fn folders(root: &Path) -> Result<BTreeMap<String, PathBuf>, StoreError> {
        let context = || format!("reading the folder `{}`", root.display());
        let mut folders = BTreeMap::new();
        for entry in fs::read_dir(root).during(context)? {
            let path = entry.during(context)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            if name.strip_prefix(FOLDER_START).and_then(day_number).is_some() {
                folders.insert(name, path);
            }
        }
        Ok(folders)
    }

    /// The day, if it has a folder.
    pub(super) fn get(&self, number: i64) -> Option<Arc<Day>> {
        lock(&self.days).get(&number).cloned()
    }

    /// Every day, the oldest first.
    pub(super) fn all(&self) -> Vec<Arc<Day>> {
        lock(&self.days).values().cloned().collect()
    }

    /// The days with these numbers, the oldest first.
    pub(super) fn between(&self, numbers: RangeInclusive<i64>) -> Vec<Arc<Day>> {
        if numbers.is_empty() {
            return Vec::new();
        }
        lock(&self.days).range(numbers).map(|(_, day)| Arc::clone(day)).collect()
    }

    /// The days with events in the range. They know their times: an event whose clock was wrong
    /// lies in the day of its arrival.
    pub(super) fn with_events(&self, range: TimeRange) -> Vec<Arc<Day>> {
        let overlaps = |day: &Arc<Day>| {
            let times = day.totals().times;
            times.is_some_and(|(min, max)| min < range.to.as_nanos() && range.from.as_nanos() <= max)
        };
        self.all().into_iter().filter(overlaps).collect()
    }

    /// The time of the oldest event that is kept.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        let times = self.all().into_iter().filter_map(|day| day.totals().times);
        times.map(|(min, _)| Timestamp::from_nanos(min)).min()
    }

    /// The day, with a new folder if it has none.
    pub(super) fn get_or_create(&self, number: i64) -> Result<Arc<Day>, StoreError> {
        if let Some(day) = self.get(number) {
            return Ok(day);
        }
        let date = Timestamp::from_nanos(number.saturating_mul(DAY_NS)).to_date();
        let folder = self.root.join(format!("{FOLDER_START}{date}"));
        fs::create_dir_all(&folder).during(|| format!("making `{}`", folder.display()))?;
        let day = Arc::new(Day::new(number, folder));
        drop(day.open_to_write()?);
        sync_folder(&day.folder)?;
        sync_folder(&self.root)?;
        lock(&self.days).insert(number, Arc::clone(&day));
        Ok(day)
    }

    /// Takes the day out and moves its folder aside; it is gone even if the process ends now.
    pub(super) fn take_out(&self, number: i64) -> Result<Option<PathBuf>, StoreError> {
        let Some(day) = lock(&self.days).remove(&number) else { return Ok(None) };
        day.deleted.store(true, Ordering::SeqCst);
        day.close();
        let name = day.folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let aside = self.root.join(format!("deleted-{name}"));
        fs::rename(&day.folder, &aside).during(|| format!("moving `{}` aside", day.folder.display()))?;
        sync_folder(&self.root)?;
        Ok(Some(aside))
    }

    /// Notes a use, and closes the day that was not used for longest when too many are open.
    pub(super) fn touch(&self, day: &Day) {
        day.used.store(self.uses.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        let mut open = self.all();
        open.retain(|other| other.number != day.number && other.is_open());
        let surplus = (open.len() + 1).saturating_sub(self.open_max.max(1));
        if surplus == 0 {
            return;
        }
        // Cached: others touch days meanwhile.
        open.sort_by_cached_key(|other| other.used.load(Ordering::Relaxed));
        open.iter().take(surplus).for_each(|other| other.close());
    }
}

impl Day {
    fn new(number: i64, folder: PathBuf) -> Self {
        Self {
            number,
            folder,
            totals: Mutex::default(),
            readers: Mutex::default(),
            view: Mutex::default(),
            values: Mutex::default(),
            rollup: Mutex::default(),
            checked: AtomicBool::new(false),
            deleted: AtomicBool::new(false),
            used: AtomicU64::new(0),
        }
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder.join("events.sqlite")
    }

    pub(super) fn index_folder(&self) -> PathBuf {
        self.folder.join("index")
    }

    pub(super) fn totals(&self) -> Totals {
        *lock(&self.totals)
    }

    pub(super) fn set_totals(&self, totals: Totals) {
        *lock(&self.totals) = totals;
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.deleted.load(Ordering::SeqCst)
    }

    pub(super) fn open_to_write(&self) -> Result<Connection, StoreError> {
        file::open_day_to_write(&self.file())
    }

    /// Reads the day's file through a connection that is kept for the next reader.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let kept = lock(&self.readers).pop();
        let connection = match kept {
            Some(connection) => connection,
            None => file::open_to_read(&self.file())?,
        };
        let answer = read(&connection)?;
        let mut readers = lock(&self.readers);
        if readers.len() < READERS_KEPT && !self.is_deleted() {
            readers.push(connection);
        }
        Ok(answer)
    }

    fn is_open(&self) -> bool {
        !lock(&self.readers).is_empty() || lock(&self.view).is_some()
    }

    fn close(&self) {
        lock(&self.readers).clear();
        *lock(&self.view) = None;
        *lock(&self.rollup) = None;
    }
}

/// The number of the day written `2026-11-22`.
fn day_number(date: &str) -> Option<i64> {
    let time = Timestamp::parse_rfc3339(&format!("{date}T00:00:00Z")).ok()?;
    (time.to_date() == date).then(|| time.day())
}

/// Makes a change to a folder's entries durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .during(|| format!("syncing the folder `{}`", folder.display()))
}

/// Locks, whatever happened to an earlier holder: what these locks guard is valid at every moment.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
