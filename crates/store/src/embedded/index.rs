//! The index of one day: its fields, what is put in, what is asked.

use std::collections::HashSet;
use std::fs;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use reenact_issues::suspected_cause;
use reenact_model::IssueId;
use tantivy::query::{
    AllQuery, BooleanQuery, EmptyQuery, EnableScoring, InvertedIndexRangeQuery, Occur, PhraseQuery, Query,
    TermQuery,
};
use tantivy::schema::{
    Field as IndexField, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{DocId, Index, IndexReader, ReloadPolicy, Searcher, TantivyDocument, Term};

use super::days::{Day, lock};
use super::failure::Failure;
use super::file::StoredEvent;
use super::of_issues::of_issues;
use super::of_values::Found;
use super::passing::passing;
use super::whole_issues::Documents;
use super::words::{WORDS, WordTokenizer};
use crate::filter::{frames, searched_texts};
use crate::{Field, Filter, StoreError, TimeRange};

/// Changes with the fields or with what is put in them; an index of another version is rebuilt.
pub(super) const VERSION: u32 = 5;
/// Length of a value in the index, in bytes; longer ones are found by their beginning and hash.
pub(super) const VALUE_BYTES_MAX: usize = 30_000;
/// Tags of one event in the index.
const TAGS_MAX: usize = 1_024;

/// The fields of an index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub(super) row: IndexField,
    ts: IndexField,
    issue: IndexField,
    id_high: IndexField,
    id_low: IndexField,
    service: IndexField,
    env: IndexField,
    version: IndexField,
    error_type: IndexField,
    host: IndexField,
    resource: IndexField,
    user: IndexField,
    user_hash: IndexField,
    trace_id: IndexField,
    tag: IndexField,
    function: IndexField,
    file: IndexField,
    cause: IndexField,
    words: IndexField,
    handled: IndexField,
    pub(super) has_values: IndexField,
}

/// What each commit of an index says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Payload {
    version: u32,
    /// The last change that it holds.
    pub(super) seq: i64,
    /// The last event that it may hold in an older form.
    pub(super) row: i64,
}

impl Payload {
    pub(super) fn new(seq: i64, row: i64) -> Self {
        Self { version: VERSION, seq, row }
    }

    pub(super) fn to_text(self) -> Result<String, StoreError> {
        serde_json::to_string(&self).during(|| "writing the position of an index")
    }
}

/// One state of a day's index, for reading.
pub(super) struct View {
    pub(super) searcher: Searcher,
    /// Changes after this one are not in it.
    pub(super) seq: i64,
    /// Events with larger numbers are not in it.
    pub(super) row: i64,
    reader: IndexReader,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("seq", &self.seq).finish_non_exhaustive()
    }
}

/// The fields of every index.
pub(super) fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let raw_index = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic);
    let raw = TextOptions::default().set_indexing_options(raw_index);
    let raw_fast = raw.clone().set_fast("raw");
    let positions = TextFieldIndexing::default()
        .set_tokenizer(WORDS)
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let number = NumericOptions::default().set_fast();
    let number_indexed = number.clone().set_indexed();
    let fields = Fields {
        row: schema.add_u64_field("row", number_indexed.clone()),
        ts: schema.add_i64_field("ts", number.clone()),
        issue: schema.add_u64_field("issue", number_indexed.clone()),
        id_high: schema.add_u64_field("id_high", number.clone()),
        id_low: schema.add_u64_field("id_low", number.clone()),
        service: schema.add_text_field("service", raw_fast.clone()),
        env: schema.add_text_field("env", raw_fast.clone()),
        version: schema.add_text_field("version", raw_fast.clone()),
        error_type: schema.add_text_field("error_type", raw_fast.clone()),
        host: schema.add_text_field("host", raw_fast.clone()),
        resource: schema.add_text_field("resource", raw_fast.clone()),
        user: schema.add_text_field("user", raw_fast.clone()),
        user_hash: schema.add_u64_field("user_hash", number),
        trace_id: schema.add_text_field("trace_id", raw),
        function: schema.add_text_field("function", raw_fast.clone()),
        file: schema.add_text_field("file", raw_fast.clone()),
        cause: schema.add_text_field("cause", raw_fast.clone()),
        tag: schema.add_text_field("tag", raw_fast),
        words: schema.add_text_field("words", TextOptions::default().set_indexing_options(positions)),
        handled: schema.add_bool_field("handled", number_indexed.clone()),
        has_values: schema.add_bool_field("has_values", number_indexed),
    };
    (schema.build(), fields)
}

/// What is put into the index for one event.
pub(super) fn document(fields: &Fields, stored: &StoredEvent) -> TantivyDocument {
    let (event, report) = (&stored.event, &stored.event.report);
    let mut document = TantivyDocument::default();
    document.add_u64(fields.row, stored.row.cast_unsigned());
    document.add_i64(fields.ts, report.timestamp.as_nanos());
    document.add_u64(fields.issue, event.issue_id.0);
    document.add_u64(fields.id_high, (report.id.0 >> 64) as u64);
    document.add_u64(fields.id_low, report.id.0 as u64);
    document.add_bool(fields.handled, report.handled);
    document.add_bool(fields.has_values, stored.has_values);
    document.add_text(fields.service, bounded(&report.service));
    document.add_text(fields.error_type, bounded(report.type_name()));
    document.add_text(fields.cause, suspected_cause(report).cause.as_str());
    for (field, value) in [
        (fields.env, &report.env),
        (fields.version, &report.version),
        (fields.host, &report.host),
        (fields.resource, &report.resource),
        (fields.user, &report.user_id),
    ] {
        if let Some(value) = value {
            document.add_text(field, bounded(value));
        }
    }
    if let Some(user) = &report.user_id {
        document.add_u64(fields.user_hash, user_hash(user));
    }
    if let Some(trace) = report.trace_id {
        document.add_text(fields.trace_id, trace.to_string());
    }
    let metrics = report.metrics.iter().filter(|(name, _)| !report.tags.contains_key(*name));
    let tags = report.tags.iter().map(|(name, value)| tag_token(name, value));
    for tag in tags.chain(metrics.map(|(name, value)| tag_token(name, &value.to_string()))).take(TAGS_MAX) {
        document.add_text(fields.tag, tag);
    }
    add_each(&mut document, fields.function, frames(event).map(|frame| frame.function.as_str()));
    add_each(&mut document, fields.file, frames(event).map(|frame| frame.file.as_str()));
    // One value per text: phrases do not cross from one to the next.
    add_each(&mut document, fields.words, searched_texts(event));
    document
}

/// Adds each different text that is not empty.
fn add_each<'e>(document: &mut TantivyDocument, field: IndexField, texts: impl Iterator<Item = &'e str>) {
    let mut seen: HashSet<&str> = HashSet::new();
    for text in texts.filter(|text| !text.is_empty()) {
        if seen.insert(text) {
            document.add_text(field, bounded(text));
        }
    }
}

/// A value as the index holds it.
fn bounded(value: &str) -> String {
    if value.len() <= VALUE_BYTES_MAX {
        return value.to_owned();
    }
    let end = value.floor_char_boundary(VALUE_BYTES_MAX);
    format!("{}\0{}", &value[..end], blake3::hash(value.as_bytes()).to_hex())
}

/// What all tags with this name begin with in the index.
pub(super) fn tag_start(name: &str) -> String {
    // The separator must not appear in a name.
    let mut start = name.replace('\u{1}', "\u{1}1").replace('\0', "\u{1}0");
    start.push('\0');
    start
}

/// The name of a tag as the index holds it.
pub(super) fn tag_name(token: &str) -> String {
    let name = token.split('\0').next().unwrap_or("");
    name.replace("\u{1}0", "\0").replace("\u{1}1", "\u{1}")
}

fn tag_token(name: &str, value: &str) -> String {
    bounded(&(tag_start(name) + value))
}

/// The number that stands for a user where distinct ones are counted.
pub(super) fn user_hash(user: &str) -> u64 {
    u64::from_le_bytes(*blake3::hash(user.as_bytes()).as_bytes().first_chunk().expect("a hash has 32 bytes"))
}

impl Fields {
    /// The field's name, where facets can be counted from columns.
    pub(super) fn column(field: &Field) -> Option<&'static str> {
        match field {
            Field::Service => Some("service"),
            Field::Env => Some("env"),
            Field::Version => Some("version"),
            Field::ErrorType => Some("error_type"),
            Field::Host => Some("host"),
            Field::Resource => Some("resource"),
            Field::User => Some("user"),
            Field::Function => Some("function"),
            Field::File => Some("file"),
            Field::Cause => Some("cause"),
            Field::Tag(_) => Some("tag"),
            Field::TraceId | Field::Issue => None,
        }
    }

    fn text(&self, field: &Field) -> IndexField {
        match field {
            Field::Service => self.service,
            Field::Env => self.env,
            Field::Version => self.version,
            Field::ErrorType => self.error_type,
            Field::Host => self.host,
            Field::Resource => self.resource,
            Field::User => self.user,
            Field::TraceId => self.trace_id,
            Field::Function => self.function,
            Field::File => self.file,
            Field::Cause => self.cause,
            Field::Tag(_) => self.tag,
            Field::Issue => self.issue,
        }
    }

    /// The filter as the index understands it; which events have which values was found before.
    pub(super) fn query(&self, filter: &Filter, values: &Found) -> Box<dyn Query> {
        match filter {
            Filter::All => Box::new(AllQuery),
            Filter::And(all) if all.is_empty() => Box::new(AllQuery),
            Filter::And(all) => self.combine(Occur::Must, all, values),
            Filter::Or(any) if any.is_empty() => Box::new(EmptyQuery),
            Filter::Or(any) => self.combine(Occur::Should, any, values),
            Filter::Not(filter) => Box::new(BooleanQuery::new(vec![
                (Occur::Must, Box::new(AllQuery) as Box<dyn Query>),
                (Occur::MustNot, self.query(filter, values)),
            ])),
            Filter::Equals(Field::Issue, value) => match value.parse::<IssueId>() {
                Ok(id) if id.to_string() == *value => term(Term::from_field_u64(self.issue, id.0)),
                _ => Box::new(EmptyQuery),
            },
            Filter::Equals(Field::Tag(name), value) => {
                term(Term::from_field_text(self.tag, &tag_token(name, value)))
            }
            Filter::Equals(field, value) => term(Term::from_field_text(self.text(field), &bounded(value))),
            Filter::StartsWith(Field::Issue, start) => self.issue_starts_with(start),
            Filter::StartsWith(Field::Tag(name), start) => starts_with(self.tag, &(tag_start(name) + start)),
            Filter::StartsWith(field, start) => starts_with(self.text(field), start),
            Filter::Passes(Field::Tag(name), test) => {
                passing(self.tag, tag_start(name), Field::Tag(name.clone()), test.clone())
            }
            Filter::Passes(field, test) => {
                passing(self.text(field), String::new(), field.clone(), test.clone())
            }
            Filter::Handled(handled) => term(Term::from_field_bool(self.handled, *handled)),
            Filter::HasValues => term(Term::from_field_bool(self.has_values, true)),
            Filter::Words(words) => self.phrase(words),
            Filter::Issues(issues) => of_issues(self.issue, issues),
            Filter::Value(condition) => values.query(condition),
        }
    }

    fn combine(&self, occur: Occur, filters: &[Filter], values: &Found) -> Box<dyn Query> {
        Box::new(BooleanQuery::new(
            filters.iter().map(|filter| (occur, self.query(filter, values))).collect(),
        ))
    }

    fn phrase(&self, words: &[String]) -> Box<dyn Query> {
        let mut terms: Vec<Term> = words.iter().map(|word| Term::from_field_text(self.words, word)).collect();
        match terms.len() {
            0 => Box::new(EmptyQuery),
            1 => term(terms.remove(0)),
            _ => Box::new(PhraseQuery::new(terms)),
        }
    }

    /// Issues are numbers in the index; those that begin so are next to each other.
    fn issue_starts_with(&self, start: &str) -> Box<dyn Query> {
        let digits = start.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if !digits || start.len() > 16 {
            return Box::new(EmptyQuery);
        }
        let (first, last) = (format!("{start:0<16}"), format!("{start:f<16}"));
        match (u64::from_str_radix(&first, 16), u64::from_str_radix(&last, 16)) {
            (Ok(first), Ok(last)) => Box::new(InvertedIndexRangeQuery::new(
                Bound::Included(Term::from_field_u64(self.issue, first)),
                Bound::Included(Term::from_field_u64(self.issue, last)),
            )),
            _ => Box::new(EmptyQuery),
        }
    }
}

fn term(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn starts_with(field: IndexField, start: &str) -> Box<dyn Query> {
    let upper = match after_all_with(start) {
        Some(after) => Bound::Excluded(Term::from_field_text(field, &after)),
        None => Bound::Unbounded,
    };
    Box::new(InvertedIndexRangeQuery::new(Bound::Included(Term::from_field_text(field, start)), upper))
}

/// The first text after all that begin with `start`.
fn after_all_with(start: &str) -> Option<String> {
    let mut text = start.to_owned();
    while let Some(last) = text.pop() {
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

/// Opens a day's index. `None` where there is none, or a broken or outdated one: then it is rebuilt,
/// and meanwhile every event is answered from the day's file.
pub(super) fn open(day: &Day) -> Option<(Index, Payload)> {
    let folder = day.index_folder();
    if !folder.join("meta.json").exists() {
        return None;
    }
    let index = with_words(Index::open_in_dir(&folder).ok()?);
    let payload: Payload = serde_json::from_str(&index.load_metas().ok()?.payload?).ok()?;
    let usable = payload.version == VERSION
        && payload.seq <= day.totals().seq
        && index.schema() == schema().0
        && (day.checked.load(Ordering::Relaxed) || is_whole(&index));
    day.checked.store(usable, Ordering::Relaxed);
    usable.then_some((index, payload))
}

fn with_words(index: Index) -> Index {
    index.tokenizers().register(WORDS, WordTokenizer);
    index
}

/// Whether every file of the index is there and has the checksum that it was written with.
fn is_whole(index: &Index) -> bool {
    let here = index.directory().list_managed_files();
    let all_here = index.searchable_segment_metas().is_ok_and(|metas| {
        // The index was made without deletions or with them; either way the listed files say.
        metas
            .iter()
            .all(|meta| here.iter().any(|file| file.to_string_lossy().starts_with(&meta.id().uuid_string())))
    });
    all_here && index.validate_checksum().is_ok_and(|damaged| damaged.is_empty())
}

/// Opens a day's index, or makes an empty one in its place.
pub(super) fn open_or_rebuild(day: &Day) -> Result<(Index, Payload), StoreError> {
    if let Some(found) = open(day) {
        return Ok(found);
    }
    let folder = day.index_folder();
    let context = || format!("rebuilding the index `{}`", folder.display());
    if folder.exists() {
        tracing::warn!(day = day.number, "rebuilding the index of a day that was broken or outdated");
        fs::remove_dir_all(&folder).during(context)?;
    }
    // Not with its parents: the day may have been deleted meanwhile.
    fs::create_dir(&folder).during(context)?;
    let index = with_words(Index::create_in_dir(&folder, schema().0).during(context)?);
    day.checked.store(true, Ordering::Relaxed);
    Ok((index, Payload::new(0, 0)))
}

/// The state of a day's index; kept until the next commit.
pub(super) fn view(day: &Day) -> Option<Arc<View>> {
    let mut kept = lock(&day.view);
    if kept.is_none() {
        // The position is read before the searcher is made. A commit in between makes the searcher
        // newer than its position says, which is harmless: those events are answered from the file.
        let (index, payload) = open(day)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().ok()?;
        *kept =
            Some(Arc::new(View { searcher: reader.searcher(), seq: payload.seq, row: payload.row, reader }));
    }
    kept.clone()
}

/// Shows a commit to readers.
pub(super) fn publish(day: &Day, Payload { seq, row, .. }: Payload) {
    let mut kept = lock(&day.view);
    let Some(view) = kept.take() else { return };
    if view.reader.reload().is_ok() {
        let reader = view.reader.clone();
        *kept = Some(Arc::new(View { searcher: reader.searcher(), seq, row, reader }));
    }
}

impl View {
    /// The matching documents of each segment, except those of `rows_left_out`.
    pub(super) fn documents(
        &self,
        query: &dyn Query,
        range: TimeRange,
        rows_left_out: &HashSet<u64>,
    ) -> tantivy::Result<Documents<'_>> {
        let mut all = Vec::new();
        let weight = query.weight(EnableScoring::disabled_from_searcher(&self.searcher))?;
        for segment in self.searcher.segment_readers() {
            let times = segment.fast_fields().i64("ts")?.first_or_default_col(0);
            let (from, to) = (range.from.as_nanos(), range.to.as_nanos());
            if times.max_value() < from || to <= times.min_value() {
                continue;
            }
            let rows = segment.fast_fields().u64("row")?.first_or_default_col(0);
            let all_in_range = from <= times.min_value() && times.max_value() < to;
            let alive = segment.alive_bitset();
            let takes_all = all_in_range && alive.is_none() && rows_left_out.is_empty();
            let mut found: Vec<DocId> = Vec::new();
            weight.for_each_no_score(segment, &mut |documents| {
                if takes_all {
                    found.extend_from_slice(documents);
                    return;
                }
                found.extend(documents.iter().copied().filter(|document| {
                    alive.is_none_or(|alive| alive.is_alive(*document))
                        && (all_in_range || (from..to).contains(&times.get_val(*document)))
                        && (rows_left_out.is_empty() || !rows_left_out.contains(&rows.get_val(*document)))
                }));
            })?;
            if !found.is_empty() {
                all.push((segment, found));
            }
        }
        Ok(all)
    }
}
