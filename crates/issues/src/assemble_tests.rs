//! Tests of assembling; the trace is the recorded Flask one, shortened.

use reenact_model::{FrameLink, Limits, Replay, SnapshotId, SpanError, TraceId};

use super::*;
use crate::traceback::tests::CHAIN;

fn link(number: u32, function: &str, file: &str, line: u32, snapshot: u128) -> FrameLink {
    FrameLink {
        number,
        snapshot_id: SnapshotId(snapshot),
        function: function.into(),
        file: file.into(),
        line_number: Some(line),
    }
}

fn span(id: u64, parent: u64, start: i64) -> Span {
    Span {
        span_id: SpanId(id),
        parent_id: (parent != 0).then_some(SpanId(parent)),
        service: "shop".into(),
        operation: format!("operation.{id}"),
        resource: format!("resource {id}"),
        start: Timestamp::from_nanos(start),
        duration_ns: 10,
        ..Span::default()
    }
}

fn error(capture_id: Option<u128>) -> SpanError {
    SpanError {
        type_name: "builtins.RuntimeError".into(),
        message: "checkout of cart c-1 failed".into(),
        stack: Some(CHAIN.into()),
        capture_id: capture_id.map(SnapshotId),
        ..SpanError::default()
    }
}

fn chunk() -> TraceChunk {
    let mut root = span(1, 0, 100);
    root.failed = true;
    root.replay = Replay { allowed: Some(true), snapshot_count: Some(6), skipped: None };
    root.language = Some("python".into());
    for (name, value) in
        [("http.method", "GET"), ("http.status_code", "500"), ("http.url", "http://shop/checkout")]
    {
        root.tags.insert(name.into(), value.into());
    }
    let mut dispatch = span(2, 1, 110);
    dispatch.failed = true;
    dispatch.error = Some(error(Some(7)));
    let mut view = span(3, 2, 120);
    view.failed = true;
    let orders = "/srv/app/shop/orders.py";
    view.error = Some(SpanError {
        captured: true,
        frame_links: vec![
            link(1, "charge", orders, 37, 11),
            link(2, "lookup_discount", orders, 23, 12),
            link(4, "checkout", "/srv/app/app_flask.py", 9, 13),
            link(6, "checkout", "/srv/app/app_flask.py", 10, 14),
            link(9, "checkout", orders, 56, 15),
        ],
        ..error(Some(7))
    });
    let mut late = span(4, 1, 130);
    late.failed = true;
    late.error = Some(error(None));
    TraceChunk { trace_id: TraceId(5), spans: vec![root, dispatch, view, late], ..TraceChunk::default() }
}

fn only(chunk: TraceChunk) -> Report {
    let mut reports = assemble(chunk, (Timestamp::from_nanos(1_000), Vec::new()));
    assert_eq!(reports.len(), 1, "{reports:#?}");
    reports.remove(0)
}

#[test]
fn one_exception_on_many_spans_is_one_event() {
    let report = only(chunk());
    assert_eq!(report.span_id, Some(SpanId(3)));
    assert_eq!(report.timestamp.as_nanos(), 130);
    assert_eq!(report.resource.as_deref(), Some("resource 1"));
    assert_eq!(report.request.as_ref().and_then(|request| request.status_code), Some(500));
    assert_eq!(report.language.as_deref(), Some("python"));
    assert!(!report.handled);
    assert!(report.values.captured);
    assert_eq!(report.values.allowed, Some(true));
    assert_eq!(report.trace.len(), 4);
    assert_eq!(report.type_name(), "RuntimeError");
}

#[test]
fn snapshots_find_their_frames_and_client_frames_go() {
    let report = only(chunk());
    let frames: Vec<(&str, Option<u32>, Option<u128>)> = report
        .exceptions
        .iter()
        .flat_map(|exception| &exception.frames)
        .map(|frame| (frame.function.as_str(), frame.line_number, frame.snapshot_id.map(|id| id.0)))
        .collect();
    assert_eq!(
        frames,
        [
            ("charge", Some(37), Some(11)),
            ("lookup_discount", Some(23), Some(12)),
            ("checkout", Some(10), Some(14)),
            ("checkout", Some(56), Some(15)),
        ]
    );
}

#[test]
fn a_frame_that_is_not_in_the_text_is_added() {
    let mut chunk = chunk();
    let error = chunk.spans[2].error.as_mut().unwrap();
    error.frame_links.push(link(12, "deeper", "/srv/app/x.py", 3, 16));
    let report = only(chunk);
    let last = report.exception().unwrap().frames.last().unwrap();
    assert_eq!((last.function.as_str(), last.in_app), ("deeper", true));
}

#[test]
fn the_id_does_not_depend_on_which_spans_came() {
    let id = only(chunk()).id;
    let mut part = chunk();
    part.spans.remove(2);
    assert_eq!(only(part).id, id);
    let mut resent = chunk();
    resent.spans.reverse();
    assert_eq!(only(resent).id, id);
}

#[test]
fn capture_ids_tell_exceptions_apart_and_services_do_not() {
    let mut chunk = chunk();
    chunk.spans[2].service = "sqlite".into();
    assert_eq!(only(chunk.clone()).service, "shop");
    chunk.spans[2].error = Some(error(Some(8)));
    assert_eq!(assemble(chunk, (Timestamp::default(), Vec::new())).len(), 2);
}

#[test]
fn a_driver_that_sees_only_the_clients_frames_joins_the_exception() {
    let mut chunk = chunk();
    let mut blind = error(None);
    blind.stack = Some(
        "Traceback (most recent call last):\n  \
         File \"/v/lib/python3.11/site-packages/ddtrace/contrib/dbapi.py\", line 137, in _trace_method\n    \
         return method(*args, **kwargs)\nKeyError: 'unit_price'\n"
            .into(),
    );
    let whole = chunk.spans[2].error.clone().unwrap();
    (blind.type_name, blind.message) = (whole.type_name, whole.message);
    let mut driver = chunk.spans[2].clone();
    driver.span_id = SpanId(77);
    driver.parent_id = Some(chunk.spans[2].span_id);
    driver.service = "sqlite".into();
    driver.error = Some(blind);
    chunk.spans.push(driver);
    let report = only(chunk);
    assert_eq!(report.service, "shop");
    assert!(report.exception().unwrap().frames.iter().all(|frame| !frame.file.contains("ddtrace")));
}

#[test]
fn an_error_that_the_entry_span_survived_is_handled() {
    let mut chunk = chunk();
    chunk.spans[0].failed = false;
    // Below a parent that survived, equal errors of siblings would be attempts of their own.
    chunk.spans.truncate(3);
    assert!(only(chunk).handled);
}

#[test]
fn capture_tags_without_an_error_are_ignored() {
    let mut chunk = chunk();
    chunk.spans[0].error = Some(SpanError {
        capture_id: Some(SnapshotId(99)),
        frame_links: vec![link(1, "__next__", "/x.py", 1, 1)],
        ..SpanError::default()
    });
    assert_eq!(only(chunk).capture_id, Some(SnapshotId(7)));
}

#[test]
fn recorded_exceptions_are_handled_events_unless_known_or_the_clients() {
    let recorded = |type_name: &str, message: &str, stack: &str| RecordedException {
        timestamp: Timestamp::from_nanos(7),
        type_name: type_name.into(),
        message: message.into(),
        stack: Some(stack.into()),
        ..RecordedException::default()
    };
    let mut chunk = chunk();
    let own = "Traceback (most recent call last):\n  File \"/v/lib/python3.11/site-packages/ddtrace/internal/wrapping/context.py\", line 1014, in extract\n    raise ValueError(\"Function is not wrapped\")\nValueError: Function is not wrapped\n";
    let cached =
        "Traceback (most recent call last):\n  File \"/srv/app/a.py\", line 3, in get\nKeyError: 'other'\n";
    chunk.spans[1].recorded = vec![
        recorded("builtins.RuntimeError", "checkout of cart c-1 failed", CHAIN),
        recorded("builtins.ValueError", "Function is not wrapped", own),
        recorded("builtins.KeyError", "'mine'", cached),
    ];
    let reports = assemble(chunk, (Timestamp::default(), Vec::new()));
    assert_eq!(reports.len(), 2, "{reports:#?}");
    assert_eq!((reports[1].type_name(), reports[1].message()), ("KeyError", "'mine'"));
    assert!(reports[1].handled);
    assert_eq!(reports[1].values.allowed, None);
    assert_eq!(reports[1].timestamp.as_nanos(), 7);
}

#[test]
fn spans_that_are_their_own_ancestors_end() {
    let mut chunk = chunk();
    chunk.spans[0].parent_id = Some(SpanId(3));
    only(chunk);
}

#[test]
fn a_large_trace_keeps_the_error_and_the_way_to_it() {
    let mut chunk = chunk();
    for id in 10..400 {
        chunk.spans.insert(0, span(id, 1, i64::try_from(id).unwrap() - 10));
    }
    let report = only(chunk);
    assert_eq!(report.trace.len(), Limits::DEFAULT.trace_spans_max);
    assert_eq!(report.spans_dropped, 294);
    assert!([1, 2, 3, 4].iter().all(|id| report.trace.iter().any(|span| span.span_id == SpanId(*id))));
}

#[test]
fn shifted_numbers_keep_the_order_of_a_recursion() {
    let line = "  File \"/app/tree.py\", line 4, in descend\n    descend()\n";
    let stack = format!("Traceback (most recent call last):\n{}RecursionError: deep\n", line.repeat(3));
    let mut chunk = chunk();
    let mut deep = error(None);
    deep.stack = Some(stack);
    deep.frame_links = (0..3).map(|n| link(n + 3, "descend", "/app/tree.py", 4, u128::from(n))).collect();
    chunk.spans.truncate(1);
    chunk.spans[0].error = Some(deep);
    let frames = only(chunk).exceptions.remove(0).frames;
    let snapshots: Vec<_> = frames.iter().map(|frame| frame.snapshot_id.map(|id| id.0)).collect();
    assert_eq!(snapshots, [Some(0), Some(1), Some(2)]);
}

/// A root with children that each failed with the same error, one after another.
fn attempts(root_failed: bool, root_error: Option<SpanError>) -> TraceChunk {
    let mut root = span(1, 0, 100);
    root.is_local_root = true;
    root.failed = root_failed;
    root.error = root_error;
    let mut spans = vec![root];
    for id in 2..5 {
        let mut attempt = span(id, 1, 100 + i64::try_from(id).unwrap());
        attempt.failed = true;
        attempt.error = Some(error(None));
        spans.push(attempt);
    }
    TraceChunk { trace_id: TraceId(5), spans, ..TraceChunk::default() }
}

fn reports_of(chunk: TraceChunk) -> Vec<Report> {
    assemble(chunk, (Timestamp::default(), Vec::new()))
}

#[test]
fn equal_errors_of_attempts_are_events_of_their_own() {
    for (chunk, handled) in [
        (attempts(false, None), [true, true, true]),
        // The last attempt's error is the one that the root tells of.
        (attempts(true, Some(error(None))), [false, false, false]),
    ] {
        let reports = reports_of(chunk.clone());
        assert_eq!(reports.iter().map(|report| report.handled).collect::<Vec<_>>(), handled);
        let ids: HashSet<EventId> = reports.iter().map(|report| report.id).collect();
        assert_eq!(ids.len(), 3);
        assert_eq!(reports_of(chunk).iter().map(|report| report.id).collect::<HashSet<_>>(), ids);
    }
    // Flask tells of an exception on two children of a root that failed without details.
    assert_eq!(reports_of(attempts(true, None)).len(), 1);
}

#[test]
fn an_error_before_another_one_that_ended_the_work_is_handled() {
    let gave_up =
        SpanError { type_name: "RuntimeError".into(), message: "gave up".into(), ..SpanError::default() };
    let reports = reports_of(attempts(true, Some(gave_up)));
    let handled: Vec<(&str, bool)> =
        reports.iter().map(|report| (report.message(), report.handled)).collect();
    let inner = ("checkout of cart c-1 failed", true);
    assert_eq!(handled, [("gave up", false), inner, inner, inner]);
}

#[test]
fn requests_of_one_trace_are_events_of_their_own() {
    let mut second = attempts(true, None);
    for span in &mut second.spans {
        span.span_id.0 += 100;
        span.parent_id = span.parent_id.map(|id| SpanId(id.0 + 100));
    }
    assert_ne!(reports_of(attempts(true, None))[0].id, reports_of(second)[0].id);
}

#[test]
fn a_part_that_comes_later_tells_of_the_same_event() {
    let whole = attempts(true, Some(error(None)));
    let mut first = whole.clone();
    first.spans.remove(0);
    first.spans.truncate(1);
    let early = reports_of(first).remove(0);
    assert_eq!(early.missing_parent, Some(SpanId(1)));
    let mut rest = whole.clone();
    rest.spans.truncate(1);
    let late = assemble(rest.clone(), (Timestamp::default(), vec![early.id])).remove(0);
    assert_eq!((late.id, late.missing_parent), (early.id, None));
    rest.spans[0].failed = false;
    rest.spans[0].error = None;
    let told = complete(rest.clone(), SpanId(1), Timestamp::default()).unwrap();
    assert!(told.handled);
    let mut merged = early.clone();
    assert_eq!(merged.absorb(&Report { id: early.id, ..told }), reenact_model::Absorbed::Something);
    assert_eq!((merged.handled, merged.missing_parent), (true, None));
    assert_eq!(merged.resource.as_deref(), Some("resource 1"));
    assert_eq!(complete(rest, SpanId(99), Timestamp::default()), None);
}

#[test]
fn a_message_that_looks_like_a_traceback_is_a_message() {
    let message = format!("worker said\n{CHAIN}");
    let mut chunk = chunk();
    chunk.spans.truncate(3);
    chunk.spans.remove(1);
    chunk.spans[1].error = Some(SpanError {
        message: message.clone(),
        stack: Some(format!(
            "Traceback (most recent call last):\n  File \"/srv/app/a.py\", line 3, in get\n    raise x\nRuntimeError: {message}"
        )),
        ..error(None)
    });
    let report = only(chunk);
    let [exception] = report.exceptions.as_slice() else { panic!("{:#?}", report.exceptions) };
    assert_eq!(exception.message, message);
    assert_eq!(exception.frames.len(), 1);
}

#[test]
fn notes_follow_the_message() {
    let mut chunk = chunk();
    chunk.spans.truncate(3);
    chunk.spans.remove(1);
    chunk.spans[1].error = Some(SpanError {
        message: "no".into(),
        stack: Some(
            "Traceback (most recent call last):\n  File \"/srv/app/a.py\", line 3, in get\nRuntimeError: no\nfirst\nsecond\n"
                .into(),
        ),
        ..error(None)
    });
    let report = only(chunk);
    let exception = report.exception().unwrap();
    assert_eq!(
        (exception.message.as_str(), exception.notes.as_slice()),
        ("no", &["first".to_owned(), "second".to_owned()][..])
    );
}

#[test]
fn frames_that_the_text_lost_go_where_their_numbers_are() {
    let mut chunk = chunk();
    chunk.spans.truncate(3);
    chunk.spans.remove(1);
    chunk.spans[1].error = Some(SpanError {
        // The client shortened the text to its innermost frame.
        stack: Some("Traceback (most recent call last):\n  File \"/srv/app/a.py\", line 3, in get\nRuntimeError: no\n".into()),
        frame_links: vec![
            link(1, "main", "/srv/app/main.py", 1, 21),
            link(2, "get", "/srv/app/a.py", 3, 22),
            link(3, "deeper", "/srv/app/b.py", 4, 23),
        ],
        ..error(None)
    });
    let functions: Vec<String> =
        only(chunk).exceptions.remove(0).frames.into_iter().map(|frame| frame.function).collect();
    assert_eq!(functions, ["main", "get", "deeper"]);
}
