//! From the spans of a trace to the occurrences that they tell about.
//!
//! One exception in one trace and service is one event, however many spans it crossed.

use std::collections::{BTreeMap, HashMap, HashSet};

use reenact_model::{
    CrashReport, EventId, Exception, Occurrence, RecordedException, Report, Request, Span, SpanId, Timestamp,
    TraceChunk, ValuesHint,
};

use crate::failure::{Failure, Likeness, drop_client_frames, failures, is_of_client, likeness, read, short};
use crate::fold::fold;
use crate::listing::Listing;
use crate::traceback::{Traceback, is_in_app};
use crate::tree::Tree;

/// Events that one chunk may make; further ones are left out, and the last one says so.
pub const REPORTS_MAX: usize = 1_000;

/// Makes the events of the spans of one trace.
///
/// Error spans are folded by capture id, else by type, message and raising frame along the span tree.
/// Recorded exceptions become handled events, unless a span failed with the same exception or the
/// client itself raised them. `unfinished` are events of earlier parts of the trace whose entry span
/// had not arrived: a further part of one of them gets its id.
///
/// - **Limits:** [`REPORTS_MAX`] events, `Limits::DEFAULT.trace_spans_max` spans with each; O(spans + bytes).
/// - **Source:** ddtrace 1.16 to 4.16; recorded in `fixtures/ddtrace`.
pub fn assemble(fragment: TraceChunk, (received_at, unfinished): (Timestamp, Vec<EventId>)) -> Vec<Report> {
    let chunk = &fragment;
    let tree = Tree::new(&chunk.spans);
    let failures = failures(chunk);
    let mut reports: Vec<Report> = Vec::new();
    let mut left_out = 0;
    let listing = Listing::new(chunk, &tree);
    let mut seen: HashMap<&Likeness, u64> = HashMap::new();
    for group in fold(&tree, &failures) {
        if reports.len() >= REPORTS_MAX {
            left_out += 1;
            continue;
        }
        let mut report = report_of_failure(chunk, &tree, &listing, &failures, &group, received_at);
        if let Some(likeness) = group.first().map(|index| &failures[*index].likeness)
            && report.capture_id.is_none()
        {
            let ordinal = seen.entry(likeness).or_insert(0_u64);
            report.id = id_by_likeness(chunk, &report, likeness, *ordinal, &unfinished);
            *ordinal += 1;
        }
        reports.push(report);
    }
    let known: HashSet<&Likeness> = failures.iter().map(|failure| &failure.likeness).collect();
    for (index, span) in chunk.spans.iter().enumerate() {
        for recorded in &span.recorded {
            let traceback = read(recorded.stack.as_deref(), &recorded.type_name, &recorded.message, &[]);
            let likeness = likeness(&recorded.type_name, &recorded.message, &traceback);
            if known.contains(&likeness) || is_of_client(&traceback) {
                continue;
            }
            if reports.len() >= REPORTS_MAX {
                left_out += 1;
                continue;
            }
            reports.push(report_of_recorded(
                chunk,
                &tree,
                &listing,
                index,
                recorded,
                traceback,
                &likeness,
                received_at,
            ));
        }
    }
    if left_out > 0
        && let Some(last) = reports.last_mut()
    {
        last.warnings.push(format!("{left_out} further errors of this request were left out"));
    }
    reports
}

/// What a later part of a trace tells of an event whose topmost span was part of `missing`, a span
/// that had not arrived: all but the exceptions. `None` when that span is not in this part either.
pub fn complete(fragment: TraceChunk, missing: SpanId, received_at: Timestamp) -> Option<Report> {
    let chunk = &fragment;
    let found = chunk.spans.iter().position(|span| span.span_id == missing)?;
    let tree = Tree::new(&chunk.spans);
    let listing = Listing::new(chunk, &tree);
    Some(context(chunk, &tree, &listing, found, &[found], received_at))
}

/// Makes the event of a process that ended with an exception.
pub fn assemble_crash(report: CrashReport, received_at: Timestamp) -> Report {
    let mut frames = report.frames;
    for frame in &mut frames {
        frame.in_app = is_in_app(&frame.file);
    }
    let mut exceptions = vec![Exception {
        type_name: report.type_name.clone(),
        message: report.message.clone(),
        frames,
        ..Exception::default()
    }];
    drop_client_frames(&mut exceptions);
    let id = if report.id.is_empty() {
        let time = report.timestamp.as_nanos().to_be_bytes();
        event_id(&[
            b"crash",
            report.service.as_bytes(),
            &time,
            report.type_name.as_bytes(),
            report.message.as_bytes(),
        ])
    } else {
        event_id(&[b"crash", report.service.as_bytes(), report.id.as_bytes()])
    };
    Report {
        id,
        timestamp: report.timestamp,
        received_at,
        host: report.tags.get("host").cloned(),
        language: report.tags.get("language").cloned(),
        service: report.service,
        env: report.env,
        version: report.version,
        thread: report.thread,
        client: report.client,
        exceptions,
        tags: report.tags,
        ..Report::default()
    }
}

/// Makes the event of an exception that a client of ours saw by itself.
pub fn assemble_occurrence(occurrence: Occurrence, received_at: Timestamp) -> Report {
    let mut exceptions = occurrence.exceptions;
    drop_client_frames(&mut exceptions);
    let mut tags = occurrence.tags;
    let runtime = occurrence.runtime;
    let told = [
        ("mechanism", occurrence.mechanism),
        ("runtime", format!("{} {}", runtime.implementation, runtime.version).trim().to_owned()),
        ("platform", runtime.platform),
    ];
    for (name, value) in told {
        if !value.is_empty() {
            tags.entry(name.to_owned()).or_insert(value);
        }
    }
    Report {
        id: event_id(&[b"native", occurrence.service.as_bytes(), &occurrence.id.0.to_be_bytes()]),
        timestamp: occurrence.timestamp,
        received_at,
        service: occurrence.service,
        env: occurrence.env,
        version: occurrence.version,
        host: occurrence.host,
        language: Some("python".to_owned()),
        trace_id: occurrence.trace_id,
        span_id: occurrence.span_id,
        resource: occurrence.resource,
        handled: occurrence.handled,
        client: occurrence.client,
        commit: occurrence.commit,
        repository: occurrence.repository,
        thread: occurrence.thread,
        capture_id: Some(occurrence.id),
        values: ValuesHint { skipped: occurrence.skipped, ..ValuesHint::default() },
        exceptions,
        tags,
        user_id: occurrence.user_id,
        request: occurrence.request,
        warnings: occurrence.warnings,
        ..Report::default()
    }
}

/// Whether the service survived the exception: the nearest span above that failed with details of its
/// own tells of another one, or nothing above failed up to the entry into the process.
fn is_handled(
    chunk: &TraceChunk,
    tree: &Tree,
    failures: &[Failure<'_>],
    members: &[&Failure<'_>],
    chosen: &Failure<'_>,
) -> bool {
    let own: HashSet<usize> = members.iter().map(|member| member.span).collect();
    let top = members.iter().map(|member| member.span).min_by_key(|span| tree.depth[*span]);
    let Some(top) = top else { return false };
    if let Some(next) = tree.ancestors(top).find(|above| !own.contains(above) && tree.has_details[*above])
        && let Some(next) = failures.iter().find(|failure| failure.span == next)
    {
        let tells_of_it = next.traceback.exceptions.iter().any(|exception| {
            short(&exception.type_name) == short(&chosen.error.type_name)
                && exception.message == chosen.error.message
        });
        if !tells_of_it {
            return true;
        }
    }
    !chunk.spans[tree.entry[chosen.span]].failed
}

fn report_of_failure(
    chunk: &TraceChunk,
    tree: &Tree,
    listing: &Listing,
    failures: &[Failure<'_>],
    group: &[usize],
    received_at: Timestamp,
) -> Report {
    let nearness = |failure: &&Failure<'_>| {
        let span = failure.span;
        let placed = failure.likeness.2.is_some();
        (placed, !failure.error.frame_links.is_empty(), tree.depth[span], chunk.spans[span].start)
    };
    let members: Vec<&Failure<'_>> = group.iter().map(|index| &failures[*index]).collect();
    let chosen = members.iter().copied().max_by_key(nearness).unwrap_or(&failures[group[0]]);
    let longest = longest(&members, chosen);
    let mut exceptions = longest.traceback.exceptions.clone();
    transplant(&mut exceptions, &chosen.traceback.exceptions);
    let capture_id =
        chosen.error.capture_id.or_else(|| members.iter().find_map(|member| member.error.capture_id));
    let spans: Vec<usize> = members.iter().map(|member| member.span).collect();
    let mut report = context(chunk, tree, listing, chosen.span, &spans, received_at);
    if let Some(id) = capture_id {
        report.id = event_id(&[b"capture", &chunk.trace_id.0.to_be_bytes(), &id.0.to_be_bytes()]);
    }
    report.capture_id = capture_id;
    report.handled = is_handled(chunk, tree, failures, &members, chosen);
    report.values.captured = members.iter().any(|member| member.error.captured);
    report.values.skipped = members.iter().find_map(|member| chunk.spans[member.span].replay.skipped);
    report.exceptions = exceptions;
    report.stack_text.clone_from(&longest.error.stack);
    report.warnings.extend(longest.traceback.problems.iter().cloned());
    report
}

/// The failure with the longest stack among those that were raised at the same place.
fn longest<'a, 'b>(members: &[&'b Failure<'a>], chosen: &'b Failure<'a>) -> &'b Failure<'a> {
    let frames = |failure: &Failure<'_>| {
        failure.traceback.exceptions.iter().map(|exception| exception.frames.len()).sum::<usize>()
    };
    let mut longest = chosen;
    for member in members {
        let same_place = member.likeness.2 == chosen.likeness.2
            && member.traceback.exceptions.len() == chosen.traceback.exceptions.len();
        if same_place && frames(member) > frames(longest) {
            longest = member;
        }
    }
    longest
}

/// Gives `exceptions` the snapshots of `source`, the same stack seen from nearer to the code.
fn transplant(exceptions: &mut [Exception], source: &[Exception]) {
    for (exception, source) in exceptions.iter_mut().zip(source) {
        for (frame, source) in exception.frames.iter_mut().rev().zip(source.frames.iter().rev()) {
            if frame.file != source.file || frame.function != source.function {
                break;
            }
            frame.snapshot_id = frame.snapshot_id.or(source.snapshot_id);
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "one caller; the parts have nothing in common")]
fn report_of_recorded(
    chunk: &TraceChunk,
    tree: &Tree,
    listing: &Listing,
    span: usize,
    recorded: &RecordedException,
    traceback: Traceback,
    likeness: &Likeness,
    received_at: Timestamp,
) -> Report {
    let mut report = context(chunk, tree, listing, span, &[span], received_at);
    let time = recorded.timestamp.as_nanos().to_be_bytes();
    let span_id = chunk.spans[span].span_id.0.to_be_bytes();
    report.id = event_id(&[&likeness_bytes(chunk, &report.service, likeness), &time, &span_id]);
    // The client captures values of exceptions that end a span, whatever its limiter says here.
    report.values = ValuesHint::default();
    report.timestamp = recorded.timestamp;
    report.handled = true;
    report.exceptions = traceback.exceptions;
    report.stack_text.clone_from(&recorded.stack);
    report.warnings.extend(traceback.problems);
    for (name, value) in &recorded.attributes {
        report.tags.insert(name.clone(), value.clone());
    }
    report
}

/// All of a report that does not depend on the exception. `spans` are those that carry it.
fn context(
    chunk: &TraceChunk,
    tree: &Tree,
    listing: &Listing,
    chosen: usize,
    spans: &[usize],
    received_at: Timestamp,
) -> Report {
    let span = &chunk.spans[chosen];
    let entry = &chunk.spans[tree.entry[chosen]];
    let near = [span, entry, &chunk.spans[0]];
    let told = |field: fn(&Span) -> &Option<String>| near.iter().find_map(|span| field(span).clone());
    let mut tags = entry.tags.clone();
    tags.extend(span.tags.iter().map(|(name, value)| (name.clone(), value.clone())));
    let mut metrics = entry.metrics.clone();
    metrics.extend(span.metrics.iter().map(|(name, value)| (name.clone(), *value)));
    let replay =
        near.iter().map(|span| span.replay).find(|replay| replay.allowed.is_some()).unwrap_or_default();
    let (trace, left_out) = listing.around(chunk, tree, spans);
    let mut warnings = span.warnings.clone();
    warnings.extend(entry.warnings.iter().filter(|warning| !span.warnings.contains(warning)).cloned());
    let missing_parent = if entry.is_local_root { None } else { entry.parent_id };
    Report {
        missing_parent,
        timestamp: span.start.saturating_add_nanos(span.duration_ns.max(0)),
        received_at,
        service: entry.service.clone(),
        env: told(|span| &span.env),
        version: told(|span| &span.version),
        host: told(|span| &span.host),
        language: told(|span| &span.language),
        commit: told(|span| &span.commit),
        repository: told(|span| &span.repository),
        user_id: told(|span| &span.user_id),
        trace_id: Some(chunk.trace_id),
        span_id: Some(span.span_id),
        resource: Some(entry.resource.clone()).filter(|resource| !resource.is_empty()),
        operation: Some(span.operation.clone()).filter(|operation| !operation.is_empty()),
        handled: !entry.failed,
        client: chunk.client.clone(),
        values: ValuesHint {
            allowed: replay.allowed,
            captured: false,
            snapshot_count: replay.snapshot_count,
            skipped: None,
        },
        request: request(&entry.tags),
        tags,
        metrics,
        trace,
        spans_dropped: chunk.spans_dropped.saturating_add(left_out),
        warnings,
        ..Report::default()
    }
}

fn request(tags: &BTreeMap<String, String>) -> Option<Request> {
    let tag = |names: [&str; 2]| names.iter().find_map(|name| tags.get(*name)).cloned();
    let request = Request {
        method: tag(["http.method", "http.request.method"]),
        url: tag(["http.url", "url.full"]),
        route: tag(["http.route", "http.target"]),
        status_code: tag(["http.status_code", "http.response.status_code"])
            .and_then(|code| code.parse().ok()),
        user_agent: tag(["http.useragent", "user_agent.original"]),
    };
    (request != Request::default()).then_some(request)
}

/// The id of an occurrence without a capture id.
///
/// Requests of one trace are told apart by the span by which each entered the process, and equal
/// occurrences of one request by their order. A further part of an unfinished event, whose entry was
/// not known, keeps the id without it.
fn id_by_likeness(
    chunk: &TraceChunk,
    report: &Report,
    likeness: &Likeness,
    ordinal: u64,
    unfinished: &[EventId],
) -> EventId {
    let likeness = likeness_bytes(chunk, &report.service, likeness);
    let id = |entry: u64| event_id(&[&likeness, &entry.to_be_bytes(), &ordinal.to_be_bytes()]);
    let entry = if report.missing_parent.is_none() { report.entry_span_id() } else { None };
    let without_entry = id(0);
    match entry {
        Some(entry) if !unfinished.contains(&without_entry) => id(entry.0),
        _ => without_entry,
    }
}

fn likeness_bytes(chunk: &TraceChunk, service: &str, likeness: &Likeness) -> [u8; 16] {
    let (type_name, message, raised_at) = likeness;
    let line_number = raised_at.as_ref().and_then(|at| at.2).unwrap_or(0).to_be_bytes();
    let (file, function) = raised_at.as_ref().map_or(("", ""), |at| (&at.0, &at.1));
    let id = event_id(&[
        b"likeness",
        &chunk.trace_id.0.to_be_bytes(),
        service.as_bytes(),
        type_name.as_bytes(),
        message.as_bytes(),
        file.as_bytes(),
        function.as_bytes(),
        &line_number,
    ]);
    id.0.to_be_bytes()
}

/// The first 16 bytes of the BLAKE3 hash of the parts, each preceded by its length.
fn event_id(parts: &[&[u8]]) -> EventId {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut id = [0; 16];
    id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    EventId(u128::from_be_bytes(id))
}

#[cfg(test)]
#[path = "assemble_tests.rs"]
mod tests;
