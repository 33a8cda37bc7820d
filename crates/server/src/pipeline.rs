//! The path of one error: redacted, assembled, placed, made durable, judged.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reenact_intake::{ClientConfig, FarEnd, FarEndError, Switched};
use reenact_issues::{assemble, assemble_crash, assemble_occurrence, complete, place, sameness};
use reenact_model::{
    CapturedValue, Content, EventId, Fragment, IssueId, Outcome, Placed, Report, Snapshot, SnapshotId,
    SpanId, Timestamp,
};
use reenact_redact::{Hits, Redacted};
use reenact_store::{Store, StoreError, Write};
use tokio::sync::{Semaphore, oneshot, watch};

use crate::app::now;
use crate::calls::Calls;
use crate::capturing::Capturing;
use crate::earlier::{Earlier, Teller};
use crate::grouping::{Applied, Grouping};
use crate::policy::Policies;
use crate::volume::Volume;
use crate::workflow::{Judged, Seen, Workflow};

/// How many events and snapshots were recorded since the process began; changes wake live pages.
pub type Recorded = watch::Receiver<u64>;

/// Stores what an intake receives.
pub struct Pipeline {
    policies: Arc<Policies>,
    store: Arc<dyn Store>,
    workflow: Arc<Workflow>,
    grouping: Arc<Grouping>,
    volume: Arc<Volume>,
    earlier: Earlier,
    capturing: Arc<Capturing>,
    calls: Arc<Calls>,
    storing_fails: Arc<AtomicBool>,
    /// Turns of large requests.
    large: Semaphore,
}

impl Pipeline {
    /// A pipeline into `store`, and the signal of what it recorded.
    pub fn new(
        policies: Arc<Policies>,
        store: Arc<dyn Store>,
        workflow: Arc<Workflow>,
        grouping: Arc<Grouping>,
        volume: Arc<Volume>,
        capturing: Arc<Capturing>,
    ) -> (Arc<Self>, Recorded) {
        let receiver = workflow.recorded().subscribe();
        (
            Arc::new(Self {
                policies,
                store,
                workflow,
                grouping,
                volume,
                earlier: Earlier::default(),
                capturing,
                calls: Arc::default(),
                large: Semaphore::new(LARGE_MAX),
                storing_fails: Arc::default(),
            }),
            receiver,
        )
    }

    /// Calls that returned.
    pub fn calls(&self) -> Arc<Calls> {
        Arc::clone(&self.calls)
    }

    /// Whether the last commit failed; a commit that succeeds ends it.
    pub fn storing_fails(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.storing_fails)
    }

    async fn record(
        &self,
        fragments: Vec<Fragment>,
        received_at: Timestamp,
    ) -> Result<Vec<Outcome>, FarEndError> {
        let (done, durable) = oneshot::channel();
        let storing_fails = self.storing_fails();
        let done = Box::new(move |result: Result<Vec<Outcome>, StoreError>| {
            storing_fails.store(result.is_err(), Ordering::Relaxed);
            // The receiver is gone when the client hung up; what is stored stays stored.
            let _ = done.send(result);
        });
        // Redaction, grouping and compression take CPU time in proportion to the body.
        let is_small = is_small(&fragments);
        let submit = || {
            let Batch { writes, dropped, seen } = self.writes(fragments, received_at);
            let any = !writes.is_empty();
            let items = dropped.len() as u64 + writes.iter().map(|write| items(write.get())).sum::<u64>();
            let submitted = if any { self.store.submit(writes, done) } else { Ok(()) };
            submitted.map_err(|error| far_end_error(error, items)).map(|()| (any, dropped, items, seen))
        };
        let submitted = if is_small {
            submit()
        } else {
            // Other requests go on meanwhile, and large ones wait for each other.
            let _turn = self.large.acquire().await.expect("the semaphore is never closed");
            tokio::task::block_in_place(submit)
        };
        let (any, dropped, items, seen) = submitted?;
        if !any {
            return Ok(dropped);
        }
        let mut outcomes = durable
            .await
            .map_err(|error| FarEndError::Failed { items, source: Box::new(error) })?
            .map_err(|error| far_end_error(error, items))?;
        let stored = outcomes.iter().filter(|outcome| **outcome == Outcome::Stored).count() as u64;
        if !seen.is_empty() {
            self.judge(seen, &outcomes);
        }
        if stored > 0 {
            self.workflow.recorded().send_modify(|count| *count += stored);
        }
        outcomes.extend(dropped);
        Ok(outcomes)
    }

    /// Redacts first; everything after works on redacted data alone.
    fn writes(&self, fragments: Vec<Fragment>, received_at: Timestamp) -> Batch {
        let mut batch = Batch::default();
        let policy = self.policies.policy();
        let mut hits = Hits::default();
        // Snapshots of one exception resemble each other: kept as one body they take a third of the space.
        let mut captures: BTreeMap<Option<SnapshotId>, Vec<Redacted<Snapshot>>> = BTreeMap::new();
        for fragment in fragments {
            let (redacted, its_hits) = policy.redact(fragment);
            hits.add(&its_hits);
            match redacted.get() {
                Fragment::Snapshot(snapshot) if self.earlier.is_excluded(snapshot.id) => {
                    batch.dropped.push(Outcome::Filtered);
                }
                Fragment::Snapshot(snapshot) => {
                    self.calls.arrived(snapshot);
                    let capture = snapshot.capture_id;
                    captures.entry(capture).or_default().push(redacted.derive_with(received_at, snapshot_of));
                }
                Fragment::Trace(chunk) => {
                    let trace = chunk.trace_id.0 as u64;
                    self.write_trace(trace, redacted, received_at, &mut batch);
                }
                Fragment::Crash(_) => {
                    let report = redacted.derive_with(received_at, |fragment, received_at| match fragment {
                        Fragment::Crash(crash) => assemble_crash(crash, received_at),
                        _ => unreachable!("its kind was looked at"),
                    });
                    batch.writes.push(match self.told_before(Teller::Crash, &report) {
                        Some(event) => report.derive_with(event, with_id).derive(part),
                        None => report.derive(placed),
                    });
                }
                Fragment::Occurrence(_) => {
                    let report = redacted.derive_with(received_at, |fragment, received_at| match fragment {
                        Fragment::Occurrence(occurrence) => assemble_occurrence(*occurrence, received_at),
                        _ => unreachable!("its kind was looked at"),
                    });
                    batch.writes.push(match self.captured_before(&report) {
                        Some(event) => report.derive_with(event, with_id).derive(part),
                        None => report.derive(placed),
                    });
                }
            }
        }
        self.policies.count(&hits);
        batch.writes.extend(
            captures.into_values().map(|capture| Redacted::collect(capture).derive(Write::Snapshots)),
        );
        self.regroup(&mut batch);
        self.sort(&mut batch, received_at);
        batch
    }

    /// Places events anew that a rule decides about.
    fn regroup(&self, batch: &mut Batch) {
        let rules = self.grouping.0.rules();
        if rules.is_empty() {
            return;
        }
        let rule_of = |write: &Write| match write {
            Write::Event(event) => rules.first(event).cloned(),
            Write::Part(_) | Write::Snapshots(_) => None,
        };
        let writes = std::mem::take(&mut batch.writes).into_iter();
        batch.writes = writes
            .map(|write| match rule_of(write.get()) {
                Some(rule) => write.derive_with(rule, Applied::write),
                None => write,
            })
            .collect();
    }

    /// Takes out events that are not to be kept, and notes those that are to be judged.
    fn sort(&self, batch: &mut Batch, received_at: Timestamp) {
        let Batch { writes, dropped, seen } = batch;
        let mut outcome = 0;
        writes.retain(|write| {
            if let Write::Event(event) = write.get() {
                let report = &event.report;
                if let Some(version) = &report.version {
                    self.workflow.note_version(&report.service, &report.env, version, report.timestamp);
                }
                let issue = self.workflow.shown(event.issue_id);
                let judged = self.workflow.judged(issue);
                if let Some(why) = self.refused(event, issue, judged, received_at) {
                    self.earlier.exclude(&report.snapshot_ids());
                    dropped.push(why);
                    return false;
                }
                self.capturing.arrived(issue, event);
                if let Some(Judged::Resolved | Judged::Counted) = judged {
                    seen.push((outcome, Seen::of(event, issue)));
                }
            }
            outcome += items(write.get()) as usize;
            true
        });
    }

    /// What becomes of an event that is not kept; counts it. Limits are asked last: what is not wanted anyway takes no
    /// part of them.
    fn refused(
        &self,
        event: &Placed,
        issue: IssueId,
        judged: Option<Judged>,
        received_at: Timestamp,
    ) -> Option<Outcome> {
        if judged == Some(Judged::Excluded) {
            self.workflow.exclude(issue);
            return Some(Outcome::Filtered);
        }
        if self.volume.is_filtered(event, received_at) {
            return Some(Outcome::Filtered);
        }
        self.volume.is_over(issue, received_at).then_some(Outcome::RateLimited)
    }

    /// Judges those events that were stored.
    fn judge(&self, seen: Vec<(usize, Seen)>, outcomes: &[Outcome]) {
        let now = now();
        let stored = seen.into_iter().filter(|(at, _)| outcomes.get(*at) == Some(&Outcome::Stored));
        let judged: Vec<_> =
            stored.filter_map(|(_, seen)| self.workflow.judge(&seen, now).map(|step| (seen, step))).collect();
        if !judged.is_empty() {
            tokio::task::block_in_place(|| self.workflow.carry_out(&judged, now));
        }
    }

    /// The events of a part of a trace, and what the part tells of events of earlier parts.
    fn write_trace(
        &self,
        trace: u64,
        redacted: Redacted<Fragment>,
        received_at: Timestamp,
        batch: &mut Batch,
    ) {
        let before = batch.writes.len();
        let unfinished = if self.earlier.awaits(trace) { self.earlier.unfinished(trace) } else { Vec::new() };
        let ids: Vec<EventId> = unfinished.iter().map(|waiting| waiting.event).collect();
        for waiting in unfinished {
            let context = (waiting.missing, (received_at, (waiting.event, waiting.timestamp)));
            let completed = redacted.clone().derive_with(context, completed);
            for report in completed.into_elements() {
                let missing = report.get().missing_parent;
                self.earlier.set_missing(trace, waiting.event, waiting.timestamp, missing);
                batch.writes.push(report.derive(part));
            }
        }
        let reports = redacted.derive_with((received_at, ids), |fragment, context| match fragment {
            Fragment::Trace(chunk) => assemble(chunk, context),
            _ => unreachable!("its kind was looked at"),
        });
        for report in reports.into_elements() {
            let told = report.get();
            if told.missing_parent.is_some() {
                self.earlier.set_missing(trace, told.id, told.timestamp, told.missing_parent);
            }
            let occurrence = self.captured_before(&report);
            let crash = if told.handled || occurrence.is_some() {
                None
            } else {
                self.told_before(Teller::Span, &report)
            };
            batch.writes.push(match (occurrence, crash) {
                (Some(event), _) => report.derive_with(event, with_id).derive(part),
                (None, Some(event)) => report.derive_with(event, with_id).derive(placed),
                (None, None) => report.derive(placed),
            });
        }
        if batch.writes.len() == before {
            // It was asked for, and told nothing.
            batch.dropped.push(Outcome::Filtered);
        }
    }

    fn captured_before(&self, report: &Redacted<Report>) -> Option<EventId> {
        let report = report.get();
        self.earlier.captured_before(report.capture_id?, report.id)
    }

    fn told_before(&self, teller: Teller, report: &Redacted<Report>) -> Option<EventId> {
        let report = report.get();
        self.earlier.told_before(teller, &sameness(report)?, report.id, report.received_at)
    }
}

/// What is to be stored of a request, and what became of its items that are not.
#[derive(Default)]
struct Batch {
    writes: Vec<Redacted<Write>>,
    dropped: Vec<Outcome>,
    /// Events to judge once they are durable, each with the number of its outcome.
    seen: Vec<(usize, Seen)>,
}

fn placed(mut report: Report) -> Write {
    let believed = plausible(report.timestamp, report.received_at);
    if believed != report.timestamp {
        report.warnings.push("the client's clock is wrong; the time of arrival is shown".to_owned());
        report.timestamp = believed;
    }
    Write::Event(Box::new(place(report)))
}

fn part(report: Report) -> Write {
    Write::Part(Box::new(report))
}

fn with_id(report: Report, id: EventId) -> Report {
    Report { id, ..report }
}

type Waiting = (SpanId, (Timestamp, (EventId, Timestamp)));

/// What the chunk tells of an event of an earlier part: nothing, or one report.
fn completed(fragment: Fragment, (missing, (received_at, (id, timestamp))): Waiting) -> Vec<Report> {
    let Fragment::Trace(chunk) = fragment else { return Vec::new() };
    let report = complete(chunk, missing, received_at);
    report.into_iter().map(|report| Report { id, timestamp, ..report }).collect()
}

/// Whether redacting and compressing takes less than a millisecond or so.
fn is_small(fragments: &[Fragment]) -> bool {
    let mut bytes = 0;
    for fragment in fragments {
        let chunk = match fragment {
            Fragment::Trace(chunk) => chunk,
            Fragment::Snapshot(snapshot) => {
                let values =
                    snapshot.groups().flat_map(|(_, variables)| &variables.0).map(|(_, value)| value);
                bytes += SPAN_BYTES + values.map(value_bytes).sum::<usize>();
                if bytes > SMALL_BYTES {
                    return false;
                }
                continue;
            }
            Fragment::Crash(_) | Fragment::Occurrence(_) => return false,
        };
        for span in &chunk.spans {
            bytes += SPAN_BYTES + span.tags.values().map(String::len).sum::<usize>();
            bytes += span
                .error
                .as_ref()
                .map_or(0, |error| error.message.len() + error.stack.as_ref().map_or(0, String::len));
            if bytes > SMALL_BYTES || !span.recorded.is_empty() {
                return false;
            }
        }
    }
    true
}

/// What a captured value costs, as bytes of text.
fn value_bytes(value: &CapturedValue) -> usize {
    VALUE_BYTES
        + match &value.content {
            Content::Nothing | Content::Null => 0,
            Content::Scalar(text) => text.len(),
            Content::Fields(fields) => fields.iter().map(|(_, value)| value_bytes(value)).sum(),
            Content::Elements(elements) => elements.iter().map(value_bytes).sum(),
            Content::Entries(entries) => {
                entries.iter().map(|(key, value)| value_bytes(key) + value_bytes(value)).sum()
            }
        }
}

/// Text of a request that is handled without waking another thread, in bytes.
const SMALL_BYTES: usize = 128 << 10;
/// What a value costs besides its text, as bytes of text.
const VALUE_BYTES: usize = 60;
/// What a span costs besides its texts, as bytes of text.
const SPAN_BYTES: usize = 500;
/// Large requests that are redacted and compressed at a time.
const LARGE_MAX: usize = 2;

fn snapshot_of(fragment: Fragment, received_at: Timestamp) -> Snapshot {
    match fragment {
        Fragment::Snapshot(mut snapshot) => {
            snapshot.timestamp = plausible(snapshot.timestamp, received_at);
            snapshot
        }
        Fragment::Trace(_) | Fragment::Crash(_) | Fragment::Occurrence(_) => {
            unreachable!("the caller has looked at the kind")
        }
    }
}

/// How far a client's clock may be ahead, in nanoseconds: one day.
const AHEAD_NS: i64 = 86_400_000_000_000;
/// How old an event may be when it arrives, in nanoseconds: 31 days.
const BEHIND_NS: i64 = 31 * AHEAD_NS;

/// The time that the client gave, or the time of arrival where its clock cannot be right: the store
/// keeps a folder per day, and a client must not be able to make any number of them.
fn plausible(given: Timestamp, received_at: Timestamp) -> Timestamp {
    let ahead_ns = given.nanos_since(received_at);
    if (-BEHIND_NS..=AHEAD_NS).contains(&ahead_ns) { given } else { received_at }
}

/// How many outcomes a write has.
fn items(write: &Write) -> u64 {
    match write {
        Write::Event(_) | Write::Part(_) => 1,
        Write::Snapshots(snapshots) => snapshots.len() as u64,
    }
}

fn far_end_error(error: StoreError, items: u64) -> FarEndError {
    match error {
        StoreError::Overloaded => FarEndError::Overloaded { items },
        other => FarEndError::Failed { items, source: Box::new(other) },
    }
}

impl FarEnd for Pipeline {
    fn accept(
        &self,
        fragments: Vec<Fragment>,
        received_at: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Outcome>, FarEndError>> + Send + '_>> {
        Box::pin(self.record(fragments, received_at))
    }

    fn awaits(&self, trace_id: u64) -> bool {
        self.earlier.awaits(trace_id)
    }

    fn client_config(&self, service: &str, env: &str) -> ClientConfig {
        self.capturing.config(service, env, now())
    }

    fn switched(&self, service: &str, env: &str) -> Switched {
        self.capturing.switched(service, env)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_cannot_be_right_is_not_believed() {
        let arrival = Timestamp::from_millis(1_795_000_000_000);
        for (hours, believed) in [(0, true), (-24 * 30, true), (23, true), (25, false), (-24 * 32, false)] {
            let given = arrival.saturating_add_nanos(hours * 3_600_000_000_000);
            assert_eq!(plausible(given, arrival) == given, believed, "{hours}");
        }
        assert_eq!(plausible(Timestamp::from_nanos(i64::MAX), arrival), arrival);
    }
}
