//! Answers about whole days, kept for whoever asks again.
//!
//! Live pages ask the same every few seconds, and of most of the days that they ask about nothing has changed since.
//! An answer is kept with the last change of each of its days: it is used only while none of them has a later one, so
//! that what is counted is what is there. The newest day, which events come to, and days that lie only in part in the
//! range are counted each time.

use std::sync::{Arc, Mutex};

use super::days::{Day, Days, lock};
use crate::{Filter, TimeRange};

/// Days for which an answer is worth its memory.
const DAYS_MIN: usize = 2;

/// Days by number, each with its last change.
type Changes = Vec<(i64, Change)>;

/// The last change of a day's events, and that of their captured values.
type Change = (i64, u64);

/// What takes memory.
pub(super) trait HasBytes {
    /// About how many bytes.
    fn bytes(&self) -> usize;
}

/// Answers to one kind of question, the last asked for last.
pub(super) struct Kept<T> {
    /// Of all answers together.
    bytes_max: usize,
    answers: Mutex<Vec<Answer<T>>>,
}

struct Answer<T> {
    filter: Filter,
    days: Changes,
    counted: Arc<T>,
}

impl<T> std::fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("answers", &lock(&self.answers).len()).finish_non_exhaustive()
    }
}

/// The days of a question whose answer may be kept, and how they are.
pub(super) struct Whole {
    pub(super) days: Vec<Arc<Day>>,
    changes: Changes,
}

impl Whole {
    /// The days of a range whose answer may be kept, and the others; the oldest first.
    pub(super) fn split(
        days: &Days,
        range: TimeRange,
        may_keep: impl Fn(&Day) -> bool,
    ) -> (Option<Self>, Vec<Arc<Day>>) {
        let all = days.with_events(range);
        let newest = all.last().map(|day| day.number);
        let is_whole = |day: &Day| day.totals().times.is_some_and(|times| range.has_all_of(times));
        let is_kept =
            |day: &&Arc<Day>| Some(day.number) != newest && is_whole(day.as_ref()) && may_keep(day.as_ref());
        let whole: Vec<Arc<Day>> = all.iter().filter(is_kept).cloned().collect();
        if whole.len() < DAYS_MIN {
            return (None, all);
        }
        let others = all.into_iter().filter(|day| !whole.iter().any(|whole| whole.number == day.number));
        let others = others.collect();
        (Some(Self { changes: changes(&whole), days: whole }), others)
    }

    /// Whether the days are as they were.
    fn is_unchanged(&self) -> bool {
        changes(&self.days) == self.changes && !self.days.iter().any(|day| day.is_deleted())
    }
}

fn changes(days: &[Arc<Day>]) -> Changes {
    days.iter().map(|day| (day.number, change(day))).collect()
}

fn change(day: &Day) -> Change {
    (day.totals().seq, lock(&day.values).generation())
}

impl<T: HasBytes> Kept<T> {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, answers: Mutex::default() }
    }

    /// The answer to a question, if these days had it and are as they were; `is_asked` tells questions with the same
    /// filter apart. What is about days that were changed or deleted is forgotten.
    pub(super) fn find(
        &self,
        days: &Days,
        filter: &Filter,
        whole: &Whole,
        is_asked: impl Fn(&T) -> bool,
    ) -> Option<Arc<T>> {
        let is_so =
            |(number, last): &(i64, Change)| days.get(*number).is_some_and(|day| change(&day) == *last);
        let mut answers = lock(&self.answers);
        answers.retain(|answer| answer.days.iter().all(is_so));
        let is_it = |answer: &Answer<T>| {
            answer.days == whole.changes && answer.filter == *filter && is_asked(&answer.counted)
        };
        let at = answers.iter().position(is_it)?;
        let answer = answers.remove(at);
        let counted = Arc::clone(&answer.counted);
        answers.push(answer);
        Some(counted)
    }

    /// Keeps an answer, unless its days were changed while it was counted, in the place of older ones to the same question
    /// and of those asked for longest ago.
    pub(super) fn keep(&self, filter: &Filter, whole: Whole, counted: Arc<T>, is_asked: impl Fn(&T) -> bool) {
        if !whole.is_unchanged() {
            return;
        }
        let mut answers = lock(&self.answers);
        answers.retain(|answer| answer.filter != *filter || !is_asked(&answer.counted));
        answers.push(Answer { filter: filter.clone(), days: whole.changes, counted });
        // They grow while they are used.
        let bytes: Vec<usize> = answers.iter().map(|answer| answer.counted.bytes()).collect();
        let mut all: usize = bytes.iter().sum();
        let oldest = bytes.iter().take_while(|bytes| {
            let is_over = all > self.bytes_max;
            all -= **bytes;
            is_over
        });
        let surplus = oldest.count();
        answers.drain(..surplus);
    }
}
