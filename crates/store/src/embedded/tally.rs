//! What the questions count, from columns of the index or from whole events.

use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};
use std::sync::Arc;

use reenact_model::{EventId, Placed, Timestamp};
use tantivy::columnar::StrColumn;
use tantivy::{DocId, SegmentReader};

use super::days::Day;
use super::distinct::Distinct;
use super::file;
use super::index::{Fields, tag_start, user_hash};
use super::scan::Tally;
use crate::filter::field_values;
use crate::page::{Buckets, EventKey};
use crate::{EventOrder, Field};

/// Texts as small numbers.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) texts: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Names {
    pub(super) fn number(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), self.texts.len() - 1);
        self.texts.len() - 1
    }
}

/// A text column of a segment whose values are numbered in [`Names`].
pub(super) struct NamedColumn {
    column: Option<StrColumn>,
    known: Vec<Option<usize>>,
}

impl NamedColumn {
    pub(super) fn open(segment: &SegmentReader, name: &str) -> tantivy::Result<Self> {
        let column = segment.fast_fields().str(name)?;
        let known = vec![None; column.as_ref().map_or(0, |column| column.num_terms())];
        Ok(Self { column, known })
    }

    pub(super) fn number(&mut self, document: DocId, names: &mut Names) -> tantivy::Result<Option<usize>> {
        let Some(column) = &self.column else { return Ok(None) };
        let Some(ordinal) = column.ords().first(document) else { return Ok(None) };
        let known = &mut self.known[ordinal as usize];
        if known.is_none() {
            let mut text = String::new();
            column.ord_to_str(ordinal, &mut text)?;
            *known = Some(names.number(&text));
        }
        Ok(*known)
    }
}

/// What is counted of each issue.
#[derive(Debug)]
pub(super) struct IssueTally {
    pub(super) count: u64,
    pub(super) newest: (i64, u128),
    pub(super) oldest: i64,
    pub(super) handled: bool,
    pub(super) has_values: bool,
    pub(super) users: Distinct,
    pub(super) envs: Vec<usize>,
    pub(super) versions: Vec<usize>,
    pub(super) histogram: Vec<u64>,
}

/// Counts issues.
pub(super) struct IssuesTally {
    pub(super) buckets: Buckets,
    pub(super) issues: HashMap<u64, IssueTally>,
    pub(super) names: Names,
}

/// One event of an issue, as far as the counts look at it.
struct IssueEvent {
    issue: u64,
    time: i64,
    id: u128,
    handled: bool,
    has_values: bool,
    user: Option<u64>,
    env: Option<usize>,
    version: Option<usize>,
}

impl IssuesTally {
    pub(super) fn new(buckets: Buckets) -> Self {
        Self { buckets, issues: HashMap::new(), names: Names::default() }
    }

    fn add(&mut self, event: &IssueEvent) {
        let issue = self.issues.entry(event.issue).or_insert_with(|| IssueTally {
            count: 0,
            newest: (i64::MIN, 0),
            oldest: i64::MAX,
            handled: true,
            has_values: false,
            users: Distinct::default(),
            envs: Vec::new(),
            versions: Vec::new(),
            histogram: vec![0; self.buckets.count],
        });
        issue.count += 1;
        issue.newest = issue.newest.max((event.time, event.id));
        issue.oldest = issue.oldest.min(event.time);
        issue.handled &= event.handled;
        issue.has_values |= event.has_values;
        if let Some(user) = event.user {
            issue.users.insert(user);
        }
        for (names, name) in [(&mut issue.envs, event.env), (&mut issue.versions, event.version)] {
            if let Some(name) = name
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
        if let Some(bucket) = self.buckets.of(event.time) {
            issue.histogram[bucket] += 1;
        }
    }
}

impl Tally for IssuesTally {
    fn documents(
        &mut self,
        _: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let columns = segment.fast_fields();
        let issues = columns.u64("issue")?.first_or_default_col(0);
        let keys = Keys::open(segment)?;
        let handled = columns.bool("handled")?.first_or_default_col(false);
        let users = columns.column_opt::<u64>("user_hash")?;
        let mut envs = NamedColumn::open(segment, "env")?;
        let mut versions = NamedColumn::open(segment, "version")?;
        for document in documents {
            let event = IssueEvent {
                issue: issues.get_val(*document),
                time: keys.times.get_val(*document),
                id: keys.id(*document),
                handled: handled.get_val(*document),
                has_values: keys.has_values.get_val(*document),
                user: users.as_ref().and_then(|users| users.first(*document)),
                env: envs.number(*document, &mut self.names)?,
                version: versions.number(*document, &mut self.names)?,
            };
            self.add(&event);
        }
        Ok(())
    }

    fn event(&mut self, _: &Arc<Day>, _: i64, event: &Placed, has_values: bool) {
        let report = &event.report;
        let event = IssueEvent {
            issue: event.issue_id.0,
            time: report.timestamp.as_nanos(),
            id: report.id.0,
            handled: report.handled,
            has_values,
            user: report.user_id.as_deref().map(user_hash),
            env: report.env.as_deref().map(|env| self.names.number(env)),
            version: report.version.as_deref().map(|version| self.names.number(version)),
        };
        self.add(&event);
    }
}

/// The columns that order events.
struct Keys {
    times: Arc<dyn tantivy::columnar::ColumnValues<i64>>,
    high: Arc<dyn tantivy::columnar::ColumnValues<u64>>,
    low: Arc<dyn tantivy::columnar::ColumnValues<u64>>,
    has_values: Arc<dyn tantivy::columnar::ColumnValues<bool>>,
    rows: Arc<dyn tantivy::columnar::ColumnValues<u64>>,
}

impl Keys {
    fn open(segment: &SegmentReader) -> tantivy::Result<Self> {
        let columns = segment.fast_fields();
        Ok(Self {
            times: columns.i64("ts")?.first_or_default_col(0),
            high: columns.u64("id_high")?.first_or_default_col(0),
            low: columns.u64("id_low")?.first_or_default_col(0),
            has_values: columns.bool("has_values")?.first_or_default_col(false),
            rows: columns.u64("row")?.first_or_default_col(0),
        })
    }

    fn id(&self, document: DocId) -> u128 {
        u128::from(self.high.get_val(document)) << 64 | u128::from(self.low.get_val(document))
    }
}

/// One event and where it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) key: EventKey,
    pub(super) day: i64,
    pub(super) row: i64,
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.key, self.day, self.row).cmp(&(other.key, other.day, other.row))
    }
}

/// Counts events and keeps the first ones after a key.
pub(super) struct EventsTally {
    pub(super) order: EventOrder,
    pub(super) start: Option<EventKey>,
    pub(super) keep_max: usize,
    pub(super) total: u64,
    /// The last of those kept is on top.
    pub(super) kept: BinaryHeap<Place>,
}

impl EventsTally {
    fn add(&mut self, place: Place) {
        self.total += 1;
        if self.start.is_none_or(|start| place.key > start) {
            self.kept.push(place);
            if self.kept.len() > self.keep_max {
                self.kept.pop();
            }
        }
    }
}

impl Tally for EventsTally {
    fn documents(
        &mut self,
        day: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let keys = Keys::open(segment)?;
        for document in documents {
            let time = Timestamp::from_nanos(keys.times.get_val(*document));
            let has_values = keys.has_values.get_val(*document);
            let key = EventKey::new(self.order, time, EventId(keys.id(*document)), has_values);
            self.add(Place { key, day: day.number, row: keys.rows.get_val(*document).cast_signed() });
        }
        Ok(())
    }

    fn event(&mut self, day: &Arc<Day>, row: i64, event: &Placed, has_values: bool) {
        let key = EventKey::new(self.order, event.report.timestamp, event.report.id, has_values);
        self.add(Place { key, day: day.number, row });
    }
}

/// Calls a function with time, id and values of each event.
pub(super) struct EachEvent<'a>(pub(super) &'a mut dyn FnMut((i64, u128), bool));

impl Tally for EachEvent<'_> {
    fn documents(
        &mut self,
        _: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let keys = Keys::open(segment)?;
        for document in documents {
            let key = (keys.times.get_val(*document), keys.id(*document));
            (self.0)(key, keys.has_values.get_val(*document));
        }
        Ok(())
    }

    fn event(&mut self, _: &Arc<Day>, _: i64, event: &Placed, has_values: bool) {
        (self.0)((event.report.timestamp.as_nanos(), event.report.id.0), has_values);
    }
}

/// Counts events by service over time.
pub(super) struct HistogramTally {
    pub(super) buckets: Buckets,
    pub(super) names: Names,
    pub(super) counts: Vec<Vec<u64>>,
}

impl HistogramTally {
    fn add(&mut self, service: usize, time: i64) {
        if self.counts.len() <= service {
            self.counts.resize_with(service + 1, || vec![0; self.buckets.count]);
        }
        if let Some(bucket) = self.buckets.of(time) {
            self.counts[service][bucket] += 1;
        }
    }
}

impl Tally for HistogramTally {
    fn documents(
        &mut self,
        _: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let times = segment.fast_fields().i64("ts")?.first_or_default_col(0);
        let mut services = NamedColumn::open(segment, "service")?;
        for document in documents {
            if let Some(service) = services.number(*document, &mut self.names)? {
                self.add(service, times.get_val(*document));
            }
        }
        Ok(())
    }

    fn event(&mut self, _: &Arc<Day>, _: i64, event: &Placed, _: bool) {
        let service = self.names.number(&event.report.service);
        self.add(service, event.report.timestamp.as_nanos());
    }
}

/// Counts the values of one field.
pub(super) struct FacetTally<'a> {
    pub(super) field: &'a Field,
    pub(super) prefix: &'a str,
    pub(super) found: HashMap<String, (u64, HashSet<u64>)>,
    /// The first failure to read an event whose field has no column.
    pub(super) failure: Option<crate::StoreError>,
}

impl FacetTally<'_> {
    fn add(&mut self, value: String, issue: u64, events: u64) {
        let counts = self.found.entry(value).or_default();
        counts.0 += events;
        counts.1.insert(issue);
    }

    fn add_event(&mut self, event: &Placed) {
        for value in field_values(event, self.field) {
            if value.starts_with(self.prefix) {
                self.add(value, event.issue_id.0, 1);
            }
        }
    }

    /// A field without a column is read from the events themselves.
    fn stored(&mut self, day: &Arc<Day>, rows: &BTreeSet<i64>) {
        let read = day.read(|connection| {
            for row in rows {
                if let Some(stored) = file::event_by_row(connection, *row)? {
                    self.add_event(&stored.event);
                }
            }
            Ok(())
        });
        if let Err(error) = read {
            self.failure.get_or_insert(error);
        }
    }
}

impl Tally for FacetTally<'_> {
    fn documents(
        &mut self,
        day: &Arc<Day>,
        segment: &SegmentReader,
        documents: &[DocId],
    ) -> tantivy::Result<()> {
        let issues = segment.fast_fields().u64("issue")?.first_or_default_col(0);
        if *self.field == Field::Issue {
            for document in documents {
                let issue = issues.get_val(*document);
                let value = reenact_model::IssueId(issue).to_string();
                if value.starts_with(self.prefix) {
                    self.add(value, issue, 1);
                }
            }
            return Ok(());
        }
        let Some(name) = Fields::column(self.field) else {
            let rows = segment.fast_fields().u64("row")?.first_or_default_col(0);
            self.stored(
                day,
                &documents.iter().map(|document| rows.get_val(*document).cast_signed()).collect(),
            );
            return Ok(());
        };
        let Some(column) = segment.fast_fields().str(name)? else { return Ok(()) };
        let start = match self.field {
            Field::Tag(name) => tag_start(name),
            _ => String::new(),
        };
        let wanted = format!("{start}{}", self.prefix);
        let (first, end) = ordinals(&column, &wanted)?;
        let mut counts: HashMap<u64, (u64, HashSet<u64>)> = HashMap::new();
        for document in documents {
            for ordinal in column.ords().values_for_doc(*document) {
                if (first..end).contains(&ordinal) {
                    let count = counts.entry(ordinal).or_default();
                    count.0 += 1;
                    count.1.insert(issues.get_val(*document));
                }
            }
        }
        // In their order, each block of the dictionary is read once.
        let mut counts: Vec<(u64, (u64, HashSet<u64>))> = counts.into_iter().collect();
        counts.sort_unstable_by_key(|(ordinal, _)| *ordinal);
        let mut of_values = counts.iter();
        let wanted: Vec<u64> = counts.iter().map(|(ordinal, _)| *ordinal).collect();
        column.dictionary().sorted_ords_to_term_cb(&wanted, |term| {
            if let Some((_, (events, of_issues))) = of_values.next() {
                let text = String::from_utf8_lossy(&term[start.len()..]).into_owned();
                let all = self.found.entry(text).or_default();
                all.0 += events;
                all.1.extend(of_issues);
            }
        })?;
        Ok(())
    }

    fn event(&mut self, _: &Arc<Day>, _: i64, event: &Placed, _: bool) {
        self.add_event(event);
    }
}

/// The ordinals of the values that begin so: from the first to before the second.
pub(super) fn ordinals(column: &StrColumn, start: &str) -> tantivy::Result<(u64, u64)> {
    let all = column.num_terms() as u64;
    let mut text = String::new();
    // The values are sorted.
    let mut first_where = |past: &dyn Fn(&str) -> bool| -> tantivy::Result<u64> {
        let (mut low, mut high) = (0, all);
        while low < high {
            let middle = low + (high - low) / 2;
            text.clear();
            column.ord_to_str(middle, &mut text)?;
            if past(&text) { high = middle } else { low = middle + 1 }
        }
        Ok(low)
    };
    let first = first_where(&|text| text >= start)?;
    let end = first_where(&|text| text > start && !text.starts_with(start))?;
    Ok((first, end.max(first)))
}
