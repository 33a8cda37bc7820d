//! From the spans of a trace to the occurrences that they tell about.
//!
//! One exception in one trace and service is one event, however many spans it crossed.

use std::collections::{BTreeMap, HashMap, HashSet};

use reenact_model::{
    CrashReport, EventId, Exception, Frame, Limits, RecordedException, Report, Request, SnapshotId, Span,
    SpanError, SpanId, Timestamp, TraceChunk, TraceSpan, ValuesHint,
};

use crate::links;
use crate::traceback::{self, Traceback, is_in_app};

/// Events that one chunk may make; further ones are left out, and the last one says so.
pub const REPORTS_MAX: usize = 1_000;

/// Spans on the way to the root that are looked at when two occurrences are told apart.
const ANCESTORS_MAX: usize = 256;

/// What an exception is recognised by where the client gives no id.
type Likeness = (String, String, Option<(String, String, Option<u32>)>);

/// Makes the events of the spans of one trace.
///
/// Error spans of one service are folded by capture id, else by type, message and raising frame.
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

/// The parts of a chunk's span tree that are asked for more than once.
struct Tree {
    parent: Vec<Option<usize>>,
    depth: Vec<u32>,
    start: Vec<Timestamp>,
    /// Whether the span failed with an exception that it tells of.
    has_details: Vec<bool>,
    failed_without_details: Vec<bool>,
    /// The span by which the work entered the process: the outermost ancestor in the chunk. A client
    /// gives spans of a database or cache a service name of their own; they belong to it all the same.
    entry: Vec<usize>,
}

impl Tree {
    fn new(spans: &[Span]) -> Self {
        let mut by_id: HashMap<SpanId, usize> = HashMap::with_capacity(spans.len());
        for (index, span) in spans.iter().enumerate() {
            by_id.entry(span.span_id).or_insert(index);
        }
        let parent: Vec<Option<usize>> = spans
            .iter()
            .enumerate()
            .map(|(index, span)| {
                span.parent_id.and_then(|id| by_id.get(&id).copied()).filter(|at| *at != index)
            })
            .collect();
        let mut depth = vec![0; spans.len()];
        let mut entry: Vec<usize> = (0..spans.len()).collect();
        // 0 not seen, 1 on the path, 2 decided; a cycle ends where it began.
        let mut state = vec![0_u8; spans.len()];
        let mut path = Vec::new();
        for start in 0..spans.len() {
            let mut at = Some(start);
            while let Some(index) = at {
                if state[index] != 0 {
                    break;
                }
                state[index] = 1;
                path.push(index);
                at = parent[index];
            }
            while let Some(index) = path.pop() {
                if let Some(above) = parent[index].filter(|above| state[*above] == 2) {
                    depth[index] = depth[above] + 1;
                    entry[index] = entry[above];
                }
                state[index] = 2;
            }
        }
        let has_details: Vec<bool> = spans.iter().map(|span| details(span).is_some()).collect();
        let failed_without_details =
            spans.iter().zip(&has_details).map(|(span, details)| span.failed && !details).collect();
        let start = spans.iter().map(|span| span.start).collect();
        Self { parent, depth, start, has_details, failed_without_details, entry }
    }

    fn ancestors(&self, span: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.parent[span], |at| self.parent[*at]).take(ANCESTORS_MAX)
    }
}

/// A span that failed with an exception.
struct Failure<'a> {
    span: usize,
    error: &'a SpanError,
    traceback: Traceback,
    likeness: Likeness,
}

/// The exception that a span failed with, if it tells of one.
fn details(span: &Span) -> Option<&SpanError> {
    // ddtrace 1.16 puts capture tags of an unrelated exception on spans without error details.
    span.error.as_ref().filter(|error| {
        span.failed && !(error.type_name.is_empty() && error.message.is_empty() && error.stack.is_none())
    })
}

fn failures(chunk: &TraceChunk) -> Vec<Failure<'_>> {
    let mut failures = Vec::new();
    for (span, content) in chunk.spans.iter().enumerate() {
        let Some(error) = details(content) else { continue };
        let traceback = read(error.stack.as_deref(), &error.type_name, &error.message, &error.frame_links);
        let likeness = likeness(&error.type_name, &error.message, &traceback);
        failures.push(Failure { span, error, traceback, likeness });
    }
    failures
}

/// Reads a stack, and puts right what is known better than from its text.
fn read(
    stack: Option<&str>,
    type_name: &str,
    message: &str,
    frame_links: &[reenact_model::FrameLink],
) -> Traceback {
    let stack = stack.unwrap_or("");
    // A message may look like a part of a traceback; what follows it are the exception's notes.
    let (stack, notes) = match traceback::split_at_message(stack, type_name, message) {
        Some((stack, notes)) => (stack, notes),
        None => (stack, ""),
    };
    let mut traceback = traceback::parse(stack, &Limits::DEFAULT);
    if traceback.exceptions.is_empty() {
        traceback.exceptions.push(Exception::default());
        traceback.first_frame_numbers.push(1);
    }
    links::attach(&mut traceback, frame_links);
    drop_client_frames(&mut traceback.exceptions);
    for exception in &mut traceback.exceptions {
        exception.type_name = without_builtins(&exception.type_name).to_owned();
    }
    if let Some(last) = traceback.exceptions.last_mut() {
        let same_type = short(&last.type_name) == short(type_name);
        if !type_name.is_empty() {
            without_builtins(type_name).clone_into(&mut last.type_name);
        }
        if !message.is_empty() || !same_type {
            message.clone_into(&mut last.message);
        }
        traceback::add_notes(last, notes);
    }
    traceback
}

/// Names of built-in exceptions are shown and searched for as Python prints them.
pub(crate) fn without_builtins(type_name: &str) -> &str {
    type_name.strip_prefix("builtins.").unwrap_or(type_name)
}

fn short(type_name: &str) -> &str {
    type_name.rsplit('.').next().unwrap_or(type_name)
}

fn likeness(type_name: &str, message: &str, traceback: &Traceback) -> Likeness {
    let raised_at = traceback
        .exceptions
        .last()
        .and_then(|exception| exception.frames.last())
        .filter(|frame| !is_client_file(&frame.file))
        .map(|frame| (frame.file.clone(), frame.function.clone(), frame.line_number));
    (without_builtins(type_name).to_owned(), message.to_owned(), raised_at)
}

fn is_client_file(file: &str) -> bool {
    file.contains("/ddtrace/internal/wrapping/") || file.contains("-packages/ddtrace/")
}

/// Leaves out the frames of the client, and the frame at the `def` line that its wrapper adds.
fn drop_client_frames(exceptions: &mut [Exception]) {
    for exception in exceptions {
        let frames = &mut exception.frames;
        if frames.iter().all(|frame| is_client_file(&frame.file)) {
            continue;
        }
        let mut kept: Vec<Frame> = Vec::with_capacity(frames.len());
        let mut wrapped = false;
        for mut frame in frames.drain(..) {
            if is_client_file(&frame.file) {
                wrapped |= frame.file.contains("/ddtrace/internal/wrapping/");
                continue;
            }
            if wrapped
                && let Some(before) =
                    kept.pop_if(|before| before.file == frame.file && before.function == frame.function)
            {
                frame.snapshot_id = frame.snapshot_id.or(before.snapshot_id);
            }
            wrapped = false;
            kept.push(frame);
        }
        *frames = kept;
    }
}

/// Whether the client raised an exception for its own purposes.
fn is_of_client(traceback: &Traceback) -> bool {
    let mut frames = traceback.exceptions.iter().flat_map(|exception| &exception.frames).peekable();
    frames.peek().is_some()
        && frames.clone().all(|frame| !frame.in_app)
        && frames.any(|frame| is_client_file(&frame.file))
}

/// The failures of each exception, as indices.
///
/// A chunk comes from one process, so the service does not tell exceptions apart: clients give the
/// spans of a database or a cache a service of their own, and the same exception crosses them.
fn fold(tree: &Tree, failures: &[Failure<'_>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut by_capture: HashMap<SnapshotId, usize> = HashMap::new();
    let mut by_likeness: HashMap<&Likeness, Vec<usize>> = HashMap::new();
    for (index, failure) in failures.iter().enumerate() {
        let Some(capture_id) = failure.error.capture_id else { continue };
        let group = *by_capture.entry(capture_id).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(index);
        let alike = by_likeness.entry(&failure.likeness).or_default();
        if !alike.contains(&group) && alike.len() < ALIKE_MAX {
            alike.push(group);
        }
    }
    // The innermost first: a span joins what came up to it from below.
    let mut without_id: Vec<usize> =
        (0..failures.len()).filter(|index| failures[*index].error.capture_id.is_none()).collect();
    without_id.sort_by_key(|index| std::cmp::Reverse(tree.depth[failures[*index].span]));
    for index in without_id {
        let failure = &failures[index];
        let alike = by_likeness.entry(&failure.likeness).or_default();
        let group = related_group(tree, failures, &groups, alike, failure.span).unwrap_or_else(|| {
            groups.push(Vec::new());
            alike.push(groups.len() - 1);
            groups.len() - 1
        });
        groups[group].push(index);
    }
    fold_placeless(tree, failures, &mut groups);
    for group in &mut groups {
        group.sort_unstable();
    }
    groups.sort_by_key(|group| group.first().copied());
    groups
}

/// A span of a database driver sees only the client's own frames, so it cannot tell the place. It
/// joins the occurrence of the same type and message that came up through its ancestors.
fn fold_placeless(tree: &Tree, failures: &[Failure<'_>], groups: &mut Vec<Vec<usize>>) {
    let mut placed: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (index, group) in groups.iter().enumerate() {
        if let Some(at) = group.iter().find(|at| failures[**at].likeness.2.is_some()) {
            let (type_name, message, _) = &failures[*at].likeness;
            let alike = placed.entry((type_name, message)).or_default();
            if alike.len() < ALIKE_MAX {
                alike.push(index);
            }
        }
    }
    for index in 0..groups.len() {
        let Some(first) = groups[index].first().filter(|at| failures[**at].likeness.2.is_none()) else {
            continue;
        };
        let all_placeless = groups[index].iter().all(|at| failures[*at].likeness.2.is_none());
        let (type_name, message, _) = &failures[*first].likeness;
        let Some(alike) = placed.get(&(type_name.as_str(), message.as_str())).filter(|_| all_placeless)
        else {
            continue;
        };
        if let Some(target) = related_group(tree, failures, groups, alike, failures[*first].span) {
            let members = std::mem::take(&mut groups[index]);
            groups[target].extend(members);
        }
    }
    groups.retain(|group| !group.is_empty());
}

/// Occurrences that look alike and are told apart by the tree.
const ALIKE_MAX: usize = 64;
/// Members of one occurrence that are looked at.
const MEMBERS_MAX: usize = 16;

/// Of occurrences that look alike, the one that the exception of `span` can be: it lies on the span's
/// path of the tree, or its span and this one are below one that failed without details of its own.
/// Web frameworks tell of an exception on two such spans; attempts one after another have a parent
/// that survived, or that failed with details. The nearest one is taken, then the latest.
fn related_group(
    tree: &Tree,
    failures: &[Failure<'_>],
    groups: &[Vec<usize>],
    candidates: &[usize],
    span: usize,
) -> Option<usize> {
    let mut above: HashMap<usize, u32> = HashMap::new();
    for (distance, ancestor) in (1..).zip(tree.ancestors(span)) {
        above.insert(ancestor, distance);
    }
    let distance = |other: usize| -> Option<u32> {
        if let Some(distance) = above.get(&other) {
            return Some(*distance);
        }
        for (distance, ancestor) in (1..).zip(tree.ancestors(other)) {
            if ancestor == span {
                return Some(distance);
            }
            if above.contains_key(&ancestor) {
                return tree.failed_without_details[ancestor].then_some(u32::MAX);
            }
        }
        None
    };
    let nearest = |group: usize| {
        groups[group]
            .iter()
            .take(MEMBERS_MAX)
            .filter_map(|member| {
                let other = failures[*member].span;
                Some((distance(other)?, std::cmp::Reverse(tree.start[other])))
            })
            .min()
    };
    candidates
        .iter()
        .take(ALIKE_MAX)
        .filter_map(|group| Some((nearest(*group)?, *group)))
        .min()
        .map(|(_, group)| group)
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

/// Which spans of the chunk are shown with its events: those with errors and the way to them come first.
struct Listing {
    preferred: Vec<usize>,
}

impl Listing {
    fn new(chunk: &TraceChunk, tree: &Tree) -> Self {
        let most = Limits::DEFAULT.trace_spans_max;
        let mut chosen: HashSet<usize> = HashSet::new();
        let mut preferred = Vec::new();
        let failed = (0..chunk.spans.len()).filter(|index| chunk.spans[*index].failed);
        let mut by_start: Vec<usize> = (0..chunk.spans.len()).collect();
        by_start.sort_by_key(|index| (chunk.spans[*index].start, chunk.spans[*index].span_id));
        for index in failed
            .take(most)
            .flat_map(|index| std::iter::once(index).chain(tree.ancestors(index)))
            .chain(by_start)
        {
            if preferred.len() >= most {
                break;
            }
            if chosen.insert(index) {
                preferred.push(index);
            }
        }
        Self { preferred }
    }

    /// The spans to show with the exception that `spans` carry, by start, and how many are not shown.
    fn around(&self, chunk: &TraceChunk, tree: &Tree, spans: &[usize]) -> (Vec<TraceSpan>, u32) {
        let most = Limits::DEFAULT.trace_spans_max;
        let mut chosen: HashSet<usize> = HashSet::new();
        let own =
            spans.iter().take(most).flat_map(|index| std::iter::once(*index).chain(tree.ancestors(*index)));
        for index in own.chain(self.preferred.iter().copied()) {
            if chosen.len() >= most {
                break;
            }
            chosen.insert(index);
        }
        let mut shown: Vec<TraceSpan> = chosen.iter().map(|index| trace_span(&chunk.spans[*index])).collect();
        shown.sort_by_key(|span| (span.start, span.span_id));
        let left_out = chunk.spans.len() - chosen.len();
        (shown, u32::try_from(left_out).unwrap_or(u32::MAX))
    }
}

fn trace_span(span: &Span) -> TraceSpan {
    TraceSpan {
        span_id: span.span_id,
        parent_id: span.parent_id,
        service: span.service.clone(),
        operation: span.operation.clone(),
        resource: span.resource.clone(),
        start: span.start,
        duration_ns: span.duration_ns,
        failed: span.failed,
        has_exception: span.error.is_some() || !span.recorded.is_empty(),
    }
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
