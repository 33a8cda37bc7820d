//! What both engines of this crate share: cursors, buckets, the order of rows.

use std::fmt::Debug;

use reenact_model::{EventId, IssueId, Timestamp};

use crate::{
    EventOrder, EventQuery, FacetCount, Histogram, HistogramSeries, IssueQuery, IssueRow, IssueSort,
    RELEVANCE_NEW, RELEVANCE_POINT_NS, RELEVANCE_REGRESSION, RELEVANCE_UNHANDLED, StoreError, TimeRange,
};

/// Rows of one page, at most.
pub(crate) const LIMIT_MAX: usize = 200;
/// Buckets of one histogram, at most.
pub(crate) const BUCKETS_MAX: usize = 1_000;
/// Services that a histogram names; the rest is `other`.
const SERIES_MAX: usize = 5;

/// Equal parts of a range of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buckets {
    from: i64,
    pub(crate) width_ns: i64,
    /// Buckets per nanosecond.
    per_ns: f64,
    pub(crate) count: usize,
}

/// Narrower buckets are found by a division.
const EXACT_WIDTH_NS: i64 = 1 << 20;

impl Buckets {
    pub(crate) fn new(range: TimeRange, buckets: usize) -> Self {
        let count = buckets.min(BUCKETS_MAX);
        let span = i128::from(range.to.nanos_since(range.from).max(0));
        let parts = i128::try_from(count.max(1)).unwrap_or(1);
        let width = (span + parts - 1) / parts;
        let width_ns = i64::try_from(width).unwrap_or(i64::MAX).max(1);
        Self { from: range.from.as_nanos(), width_ns, per_ns: 1.0 / width_ns as f64, count }
    }

    /// The bucket of a time in the range; `None` when no buckets were asked for.
    pub(crate) fn of(self, nanos: i64) -> Option<usize> {
        let last = self.count.checked_sub(1)?;
        let offset = nanos.saturating_sub(self.from).max(0);
        if self.width_ns < EXACT_WIDTH_NS {
            return Some(usize::try_from(offset / self.width_ns).unwrap_or(last).min(last));
        }
        // A division takes longer than all else that is done with an event; the product is one off at most.
        let near = (offset as f64 * self.per_ns) as i64;
        let start = near * self.width_ns;
        let number = near - i64::from(start > offset) + i64::from(offset - start >= self.width_ns);
        Some(usize::try_from(number).unwrap_or(last).min(last))
    }
}

/// Where an event stands in an order: the smallest key comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EventKey {
    group: u8,
    time: i128,
    id: u128,
}

impl EventKey {
    /// Ties by id, in the direction of the time.
    pub(crate) fn new(order: EventOrder, time: Timestamp, id: EventId, has_values: bool) -> Self {
        let nanos = i128::from(time.as_nanos());
        match order {
            EventOrder::Newest => Self { group: 0, time: -nanos, id: !id.0 },
            EventOrder::Oldest => Self { group: 0, time: nanos, id: id.0 },
            EventOrder::ValuesFirst => Self { group: u8::from(!has_values), time: -nanos, id: !id.0 },
        }
    }
}

/// Where an issue stands in an order: the smallest key comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct IssueKey {
    value: i128,
    id: u64,
}

/// What an issue can be ordered by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IssueFacts {
    pub(crate) id: u64,
    pub(crate) newest: i64,
    pub(crate) first_seen: i64,
    pub(crate) count: u64,
    pub(crate) users: u64,
    /// Whether every matching event was.
    pub(crate) handled: bool,
}

impl IssueKey {
    pub(crate) fn new(query: &IssueQuery, facts: IssueFacts) -> Self {
        let value = match query.sort {
            IssueSort::LastSeen => i128::from(facts.newest),
            IssueSort::FirstSeen => i128::from(facts.first_seen),
            IssueSort::Count => i128::from(facts.count),
            IssueSort::Users => i128::from(facts.users),
            IssueSort::Relevance => relevance(query, facts),
        };
        Self { value: -value, id: facts.id }
    }
}

/// In nanoseconds; see [`IssueSort::Relevance`].
fn relevance(query: &IssueQuery, facts: IssueFacts) -> i128 {
    let id = IssueId(facts.id);
    let is_new = query.boosts.new_after.is_some_and(|after| facts.first_seen > after.as_nanos())
        && !query.boosts.not_new.contains(id);
    let boosts = [
        (RELEVANCE_REGRESSION, query.boosts.regressions.contains(id)),
        (RELEVANCE_NEW, is_new),
        (RELEVANCE_UNHANDLED, !facts.handled),
    ];
    let boost: u32 = boosts.iter().filter(|(_, is)| *is).map(|(points, _)| points).sum();
    // In thousandths, so that the sum is exact.
    let thousandths = |count: u64| ((count.max(1) as f64).log2() * 1_000.0).round() as i128;
    let points =
        thousandths(facts.count) + thousandths(facts.users.saturating_add(1)) + i128::from(boost) * 1_000;
    i128::from(facts.newest) + points * i128::from(RELEVANCE_POINT_NS / 1_000)
}

pub(crate) fn issue_page_start(query: &IssueQuery) -> Result<Option<IssueKey>, StoreError> {
    let Some(text) = &query.cursor else { return Ok(None) };
    let bytes = decode_cursor(text, issue_query_hash(query), 24)?;
    Ok(Some(IssueKey { value: read_i128(&bytes[..16]), id: read_u64(&bytes[16..]) }))
}

pub(crate) fn issue_cursor(query: &IssueQuery, last: IssueKey) -> String {
    let mut bytes = last.value.to_be_bytes().to_vec();
    bytes.extend(last.id.to_be_bytes());
    encode_cursor(issue_query_hash(query), &bytes)
}

pub(crate) fn event_page_start(query: &EventQuery) -> Result<Option<EventKey>, StoreError> {
    let Some(text) = &query.cursor else { return Ok(None) };
    let bytes = decode_cursor(text, event_query_hash(query), 33)?;
    Ok(Some(EventKey {
        group: bytes[0],
        time: read_i128(&bytes[1..17]),
        id: u128::from_be_bytes(bytes[17..].try_into().expect("16 bytes are left of 33")),
    }))
}

pub(crate) fn event_cursor(query: &EventQuery, last: EventKey) -> String {
    let mut bytes = vec![last.group];
    bytes.extend(last.time.to_be_bytes());
    bytes.extend(last.id.to_be_bytes());
    encode_cursor(event_query_hash(query), &bytes)
}

/// Takes the page after `start` out of everything that matches, each with a key of its own; says whether more follow.
pub(crate) fn cut_page<K: Ord + Copy, T>(
    mut rows: Vec<(K, T)>,
    start: Option<K>,
    limit: usize,
) -> (Vec<(K, T)>, bool) {
    rows.retain(|(key, _)| start.is_none_or(|start| *key > start));
    let limit = limit.clamp(1, LIMIT_MAX);
    let more = rows.len() > limit;
    if more {
        rows.select_nth_unstable_by_key(limit, |row| row.0);
        rows.truncate(limit);
    }
    rows.sort_unstable_by_key(|row| row.0);
    (rows, more)
}

/// Counts issues by group, and leaves those that are listed.
pub(crate) fn group_issues<T>(query: &IssueQuery, issues: &mut Vec<(IssueId, T)>) -> Vec<u64> {
    let mut by_group = vec![0; query.groups.len()];
    issues.retain(|(id, _)| {
        let group = query.groups.of(*id);
        if let Some(count) = by_group.get_mut(usize::from(group)) {
            *count += 1;
        }
        query.shown.as_ref().is_none_or(|shown| shown.contains(&group))
    });
    by_group
}

/// Keeps the largest services and adds up the rest.
pub(crate) fn fold_histogram(
    buckets: Buckets,
    counts: impl IntoIterator<Item = (String, Vec<u64>)>,
) -> Histogram {
    let mut series: Vec<(u64, HistogramSeries)> = counts
        .into_iter()
        .map(|(name, counts)| (counts.iter().sum(), HistogramSeries { name, counts }))
        .filter(|(total, _)| *total > 0)
        .collect();
    series.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
    let total = series.iter().map(|(total, _)| total).sum();
    let rest = series.split_off(series.len().min(SERIES_MAX));
    let mut series: Vec<HistogramSeries> = series.into_iter().map(|(_, series)| series).collect();
    if !rest.is_empty() {
        let mut counts = vec![0; buckets.count];
        for (_, one) in rest {
            counts.iter_mut().zip(one.counts).for_each(|(sum, count)| *sum += count);
        }
        series.push(HistogramSeries { name: "other".to_owned(), counts });
    }
    Histogram { width_ns: buckets.width_ns, series, total }
}

/// The commonest values first, ties by value; 1 to [`LIMIT_MAX`] of them.
pub fn order_facet(mut counts: Vec<FacetCount>, limit: usize) -> Vec<FacetCount> {
    counts.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.value.cmp(&b.value)));
    counts.truncate(limit.clamp(1, LIMIT_MAX));
    counts
}

/// An issue's row before anything is known of it.
pub(crate) fn empty_issue_row(id: reenact_model::IssueId, buckets: Buckets) -> IssueRow {
    IssueRow {
        id,
        type_name: String::new(),
        message: String::new(),
        culprit: None,
        cause: String::new(),
        service: String::new(),
        envs: Vec::new(),
        versions: Vec::new(),
        handled: true,
        count: 0,
        count_before: None,
        users: None,
        first_seen: Timestamp::default(),
        last_seen: Timestamp::default(),
        has_values: false,
        histogram: vec![0; buckets.count],
    }
}

/// The range is left out: one that ends now is another one on each page.
fn issue_query_hash(query: &IssueQuery) -> [u8; 8] {
    hash(&("issues", &query.filter, query.sort, &query.shown))
}

fn event_query_hash(query: &EventQuery) -> [u8; 8] {
    hash(&("events", &query.filter, query.order))
}

fn hash(query: &dyn Debug) -> [u8; 8] {
    let hash = blake3::hash(format!("{query:?}").as_bytes());
    *hash.as_bytes().first_chunk().expect("a hash has 32 bytes")
}

fn encode_cursor(hash: [u8; 8], key: &[u8]) -> String {
    let mut text = String::with_capacity(2 * (hash.len() + key.len()));
    for byte in hash.iter().chain(key) {
        text.push(char::from_digit(u32::from(byte >> 4), 16).expect("below 16"));
        text.push(char::from_digit(u32::from(byte & 15), 16).expect("below 16"));
    }
    text
}

/// The key of exactly `key_bytes` bytes that follows the right hash.
fn decode_cursor(text: &str, hash: [u8; 8], key_bytes: usize) -> Result<Vec<u8>, StoreError> {
    if text.len() != 2 * (hash.len() + key_bytes) {
        return Err(StoreError::Cursor);
    }
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()
        .ok_or(StoreError::Cursor)?;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    match bytes.split_at_checked(hash.len()) {
        Some((found, key)) if found == hash && key.len() == key_bytes => Ok(key.to_vec()),
        _ => Err(StoreError::Cursor),
    }
}

fn read_i128(bytes: &[u8]) -> i128 {
    i128::from_be_bytes(bytes.try_into().expect("the caller cut 16 bytes"))
}

fn read_u64(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes.try_into().expect("the caller cut 8 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Filter;

    #[test]
    fn a_cursor_belongs_to_its_query() {
        let range = TimeRange { from: Timestamp::default(), to: Timestamp::from_nanos(9) };
        let mut query =
            EventQuery { filter: Filter::All, range, order: EventOrder::Newest, cursor: None, limit: 1 };
        let key = EventKey::new(EventOrder::Newest, Timestamp::from_nanos(7), EventId(3), true);
        query.cursor = Some(event_cursor(&query, key));
        assert_eq!(event_page_start(&query).unwrap(), Some(key));
        query.order = EventOrder::Oldest;
        assert!(matches!(event_page_start(&query), Err(StoreError::Cursor)));
        for wrong in ["", "zz", "ééééé", "00"] {
            query.cursor = Some(wrong.to_owned());
            assert!(matches!(event_page_start(&query), Err(StoreError::Cursor)), "{wrong}");
        }
    }

    #[test]
    fn the_last_bucket_takes_the_rest() {
        let range = TimeRange { from: Timestamp::from_nanos(100), to: Timestamp::from_nanos(110) };
        let buckets = Buckets::new(range, 3);
        assert_eq!(buckets.width_ns, 4);
        assert_eq!((buckets.of(100), buckets.of(103), buckets.of(109)), (Some(0), Some(0), Some(2)));
        assert_eq!(Buckets::new(range, 0).of(100), None);
        for (from, span, count) in [(7, 1 << 62, 1_000), (1_795_000_000_000_000_000, 86_400_000_000_001, 60)]
        {
            let range =
                TimeRange { from: Timestamp::from_nanos(from), to: Timestamp::from_nanos(from + span) };
            let buckets = Buckets::new(range, count);
            for number in 0..count as i64 {
                let start = from + number * buckets.width_ns;
                assert_eq!(buckets.of(start), Some(number as usize));
                assert_eq!(buckets.of(start - 1), Some((number - 1).max(0) as usize));
            }
        }
    }
}
