//! Folding the spans of a trace into one report per exception (G1).

mod frames;
mod trace;

use std::collections::BTreeMap;

use reenact_model::{
    Client, CrashReport, EventId, Exception, Limits, Report, Request, Span, SpanError, SpanId, Timestamp,
    TraceChunk, TraceId, ValuesHint,
};

use crate::traceback::{self, Traceback};
use trace::SpanTree;

/// Messages of exceptions that the client's own instrumentation raises and handles.
const CLIENT_INTERNAL: &str = "Function is not wrapped";

/// What makes two sightings the same exception, when the client gives no id: type, message, and the
/// place of the raise.
type Identity = (String, String, Option<(String, String, Option<u32>)>);

/// One span's sighting of an exception.
struct Sighting<'a> {
    span: &'a Span,
    error: &'a SpanError,
    traceback: Traceback,
}

/// Folds the spans of one chunk into reports, one per exception.
///
/// An exception that crosses several spans is one report: they are folded by the client's id of the
/// exception, else by type, message and raising frame. Exceptions that were handled or recorded, and
/// are not also a span's error, are reports of their own, marked as handled.
pub fn assemble(chunk: TraceChunk, received_at: Timestamp) -> Vec<Report> {
    let tree = SpanTree::new(&chunk);
    let mut groups: Vec<Vec<Sighting<'_>>> = Vec::new();
    for span in &chunk.spans {
        if let Some(error) = span.error.as_ref().filter(|_| span.failed) {
            let text = error.stack.as_deref().unwrap_or("");
            let sighting = Sighting { span, error, traceback: traceback::parse(text, &Limits::DEFAULT) };
            match groups.iter_mut().find(|group| group.iter().any(|known| same(known, &sighting))) {
                Some(group) => group.push(sighting),
                None => groups.push(vec![sighting]),
            }
        }
    }
    let mut seen: Vec<Identity> = groups.iter().flatten().map(identity_of).collect();
    let mut reports: Vec<Report> =
        groups.into_iter().map(|group| span_report(group, &chunk, &tree, received_at)).collect();
    reports.extend(recorded_reports(&chunk, &tree, received_at, &mut seen));
    reports
}

fn same(one: &Sighting<'_>, other: &Sighting<'_>) -> bool {
    match (one.error.capture_id, other.error.capture_id) {
        (Some(one), Some(other)) => one == other,
        _ => identity_of(one) == identity_of(other),
    }
}

fn identity_of(sighting: &Sighting<'_>) -> Identity {
    identity(&sighting.error.type_name, &sighting.error.message, &sighting.traceback)
}

fn identity(type_name: &str, message: &str, traceback: &Traceback) -> Identity {
    let raised_at = traceback.exceptions.last().and_then(|exception| exception.frames.last());
    let place = raised_at.map(|frame| (frame.file.clone(), frame.function.clone(), frame.line_number));
    (type_name.to_owned(), message.to_owned(), place)
}

/// One report of all the sightings of an exception.
fn span_report(
    mut sightings: Vec<Sighting<'_>>,
    chunk: &TraceChunk,
    tree: &SpanTree<'_>,
    received_at: Timestamp,
) -> Report {
    // The span nearest to the code represents: it has the links to the values, and is the deepest.
    sightings.sort_by_key(|sighting| {
        let depth = tree.depth(sighting.span.span_id);
        std::cmp::Reverse((
            sighting.error.frame_links.len(),
            depth,
            sighting.span.start,
            sighting.span.span_id,
        ))
    });
    let id = sightings
        .iter()
        .find_map(|sighting| sighting.error.capture_id)
        .map_or_else(|| identity_key(&identity_of(&sightings[0])), |id| id.to_string());
    // The outermost span's traceback reaches furthest out; only one that ends in the same place counts.
    let inner = identity_of(&sightings[0]).2;
    let longest = (0..sightings.len())
        .filter(|index| identity_of(&sightings[*index]).2 == inner)
        .max_by_key(|index| {
            let exceptions = &sightings[*index].traceback.exceptions;
            let frames: usize = exceptions.iter().map(|exception| exception.frames.len()).sum();
            (exceptions.len(), frames, std::cmp::Reverse(*index))
        })
        .unwrap_or(0);
    let stack_text = sightings[longest].error.stack.clone();
    let frames_dropped = sightings[longest].traceback.frames_dropped;
    let mut exceptions = std::mem::take(&mut sightings[longest].traceback.exceptions);
    let representative = &sightings[0];
    complete(&mut exceptions, &representative.error.type_name, &representative.error.message);
    for sighting in &sightings {
        frames::link(&mut exceptions, &sighting.error.frame_links);
    }
    frames::remove_instrumentation(&mut exceptions);
    let mut report = base(representative.span, chunk, tree, received_at);
    report.id = event_id(chunk.trace_id, &report.service, &id);
    report.timestamp = end(representative.span);
    report.capture_id = sightings.iter().find_map(|sighting| sighting.error.capture_id);
    report.values.captured = sightings.iter().any(|sighting| sighting.error.captured);
    report.handled = !tree.entry(representative.span.span_id).failed;
    report.exceptions = exceptions;
    report.stack_text = stack_text;
    if frames_dropped > 0 {
        report
            .warnings
            .push(format!("the traceback is very long; its {frames_dropped} outermost frames were left out"));
    }
    report
}

/// The exceptions that were handled or recorded, each once, unless a span ended with them.
fn recorded_reports(
    chunk: &TraceChunk,
    tree: &SpanTree<'_>,
    received_at: Timestamp,
    seen: &mut Vec<Identity>,
) -> Vec<Report> {
    let mut reports = Vec::new();
    for span in &chunk.spans {
        for recorded in &span.recorded {
            let text = recorded.stack.as_deref().unwrap_or("");
            let traceback = traceback::parse(text, &Limits::DEFAULT);
            let identity = identity(&recorded.type_name, &recorded.message, &traceback);
            let known = seen.iter().any(|(type_name, message, place)| {
                *type_name == identity.0
                    && *message == identity.1
                    && (*place == identity.2 || identity.2.is_none())
            });
            if known || recorded.message == CLIENT_INTERNAL {
                continue;
            }
            let key = format!("recorded {} {}", recorded.timestamp.as_nanos(), identity_key(&identity));
            seen.push(identity);
            let mut exceptions = traceback.exceptions;
            complete(&mut exceptions, &recorded.type_name, &recorded.message);
            frames::remove_instrumentation(&mut exceptions);
            let mut report = base(span, chunk, tree, received_at);
            report.id = event_id(chunk.trace_id, &report.service, &key);
            report.timestamp =
                if recorded.timestamp == Timestamp::default() { end(span) } else { recorded.timestamp };
            report.handled = true;
            report.exceptions = exceptions;
            report.stack_text.clone_from(&recorded.stack);
            for (name, value) in &recorded.attributes {
                report.tags.entry(name.clone()).or_insert_with(|| value.clone());
            }
            reports.push(report);
        }
    }
    reports
}

/// The report of a process that ended with an exception.
pub fn assemble_crash(crash: CrashReport, received_at: Timestamp) -> Report {
    let mut exceptions = vec![Exception {
        type_name: crash.type_name,
        message: crash.message,
        frames: crash.frames,
        ..Exception::default()
    }];
    for frame in &mut exceptions[0].frames {
        frame.in_app = traceback::is_in_app(&frame.file);
    }
    frames::remove_instrumentation(&mut exceptions);
    Report {
        id: event_id(TraceId::default(), &crash.service, &format!("crash {}", crash.id)),
        timestamp: crash.timestamp,
        received_at,
        service: crash.service,
        env: crash.env,
        version: crash.version,
        handled: false,
        client: crash.client,
        thread: crash.thread,
        exceptions,
        tags: crash.tags,
        ..Report::default()
    }
}

/// What a report has from its span and from the entry of its service.
fn base(span: &Span, chunk: &TraceChunk, tree: &SpanTree<'_>, received_at: Timestamp) -> Report {
    let entry = tree.entry(span.span_id);
    let pick = |get: fn(&Span) -> &Option<String>| get(span).clone().or_else(|| get(entry).clone());
    let mut tags = entry.tags.clone();
    tags.extend(span.tags.clone());
    let mut metrics = entry.metrics.clone();
    metrics.extend(span.metrics.clone());
    let (spans, cut) = tree.kept(span.span_id);
    Report {
        received_at,
        service: entry.service.clone(),
        env: pick(|span| &span.env),
        version: pick(|span| &span.version),
        host: pick(|span| &span.host),
        language: pick(|span| &span.language),
        trace_id: Some(chunk.trace_id),
        span_id: Some(span.span_id).filter(|id| *id != SpanId::default()),
        resource: Some(entry.resource.clone()).filter(|resource| !resource.is_empty()),
        operation: Some(span.operation.clone()).filter(|operation| !operation.is_empty()),
        client: Client::clone(&chunk.client),
        commit: pick(|span| &span.commit),
        repository: pick(|span| &span.repository),
        values: ValuesHint {
            allowed: entry.replay.allowed.or(span.replay.allowed),
            captured: false,
            snapshot_count: entry.replay.snapshot_count.or(span.replay.snapshot_count),
        },
        user_id: pick(|span| &span.user_id),
        request: request(&entry.tags),
        tags,
        metrics,
        trace: spans,
        spans_dropped: chunk.spans_dropped + cut,
        ..Report::default()
    }
}

fn request(tags: &BTreeMap<String, String>) -> Option<Request> {
    let text = |name: &str| tags.get(name).filter(|value| !value.is_empty()).cloned();
    let request = Request {
        method: text("http.method"),
        url: text("http.url"),
        route: text("http.route"),
        status_code: tags.get("http.status_code").and_then(|code| code.parse().ok()),
        user_agent: text("http.useragent"),
    };
    (request.method.is_some() || request.url.is_some()).then_some(request)
}

/// The exception that escaped has the type and the message of the tags: they are qualified and
/// whole, and the printed text may belong to an earlier occurrence.
fn complete(exceptions: &mut Vec<Exception>, type_name: &str, message: &str) {
    if exceptions.is_empty() {
        exceptions.push(Exception::default());
    }
    let Some(last) = exceptions.last_mut() else { return };
    if !type_name.is_empty() {
        last.type_name = type_name.to_owned();
    }
    last.message = message.to_owned();
}

fn end(span: &Span) -> Timestamp {
    span.start.saturating_add_nanos(span.duration_ns.max(0))
}

fn identity_key((type_name, message, place): &Identity) -> String {
    let (file, function, line) = place.clone().unwrap_or_default();
    format!("{type_name}\0{message}\0{file}\0{function}\0{}", line.unwrap_or(0))
}

fn event_id(trace_id: TraceId, service: &str, key: &str) -> EventId {
    let mut hash = blake3::Hasher::new();
    hash.update(&trace_id.0.to_be_bytes()).update(service.as_bytes()).update(&[0]).update(key.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize().as_bytes()[..16]);
    EventId(u128::from_be_bytes(id))
}

#[cfg(test)]
mod tests;
