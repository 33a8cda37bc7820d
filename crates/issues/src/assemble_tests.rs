//! Tests of assembling; the trace is the recorded Flask one, shortened.

use reenact_model::{FrameLink, Replay, TraceId};

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
    root.replay = Replay { allowed: Some(true), snapshot_count: Some(6) };
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
    let mut reports = assemble(chunk, Timestamp::from_nanos(1_000));
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
    assert_eq!(report.type_name(), "builtins.RuntimeError");
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
    assert_eq!(assemble(chunk, Timestamp::default()).len(), 2);
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
    let reports = assemble(chunk, Timestamp::default());
    assert_eq!(reports.len(), 2, "{reports:#?}");
    assert_eq!((reports[1].type_name(), reports[1].message()), ("builtins.KeyError", "'mine'"));
    assert!(reports[1].handled);
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
