use reenact_model::{FrameLink, RecordedException, Replay, SnapshotId};

use super::*;

const STACK: &str = "Traceback (most recent call last):\n  File \"/app/shop/web.py\", line 9, in view\n    price(order)\n  File \"/app/shop/orders.py\", line 23, in price\n    order[\"total\"]\nKeyError: 'total'\n";
const INNER: &str = "Traceback (most recent call last):\n  File \"/app/shop/orders.py\", line 23, in price\n    order[\"total\"]\nKeyError: 'total'\n";

fn span(id: u64, parent: Option<u64>, error: Option<SpanError>) -> Span {
    Span {
        span_id: SpanId(id),
        parent_id: parent.map(SpanId),
        service: "shop".into(),
        operation: format!("span.{id}"),
        resource: format!("resource {id}"),
        start: Timestamp::from_millis(1_000 + id as i64),
        duration_ns: 500_000_000,
        failed: error.is_some(),
        error,
        ..Span::default()
    }
}

fn error(stack: &str, capture: Option<u128>) -> Option<SpanError> {
    Some(SpanError {
        type_name: "builtins.KeyError".into(),
        message: "'total'".into(),
        stack: Some(stack.into()),
        capture_id: capture.map(SnapshotId),
        ..SpanError::default()
    })
}

fn chunk(spans: Vec<Span>) -> TraceChunk {
    TraceChunk { trace_id: TraceId(7), spans, ..TraceChunk::default() }
}

fn reports(spans: Vec<Span>) -> Vec<Report> {
    assemble(chunk(spans), Timestamp::from_millis(5_000))
}

#[test]
fn one_exception_over_several_spans_is_one_report() {
    let mut root = span(1, None, None);
    root.failed = true;
    root.tags.insert("http.method".into(), "POST".into());
    root.tags.insert("http.status_code".into(), "500".into());
    root.replay = Replay { allowed: Some(true), snapshot_count: Some(2) };
    let got =
        reports(vec![root, span(2, Some(1), error(STACK, Some(5))), span(3, Some(2), error(INNER, None))]);
    assert_eq!(got.len(), 1);
    let report = &got[0];
    assert_eq!(report.resource.as_deref(), Some("resource 1"));
    assert_eq!(report.operation.as_deref(), Some("span.3"));
    assert_eq!(report.request.as_ref().and_then(|request| request.status_code), Some(500));
    assert!(!report.handled);
    assert_eq!(report.values.allowed, Some(true));
    assert_eq!(report.exceptions[0].type_name, "builtins.KeyError");
    let functions: Vec<_> = report.exceptions[0].frames.iter().map(|frame| frame.function.as_str()).collect();
    assert_eq!(functions, ["view", "price"], "the longest traceback is shown");
    assert_eq!(report.trace.len(), 3);
}

#[test]
fn the_same_chunk_twice_gives_the_same_id() {
    let spans = || vec![span(1, None, error(STACK, Some(5)))];
    assert_eq!(reports(spans())[0].id, reports(spans())[0].id);
    let other_trace = TraceChunk { trace_id: TraceId(8), ..chunk(spans()) };
    assert_ne!(assemble(other_trace, Timestamp::default())[0].id, reports(spans())[0].id);
}

#[test]
fn different_exceptions_of_a_trace_stay_apart() {
    let got = reports(vec![span(1, None, error(STACK, Some(5))), span(2, Some(1), error(STACK, Some(6)))]);
    assert_eq!(got.len(), 2);
}

#[test]
fn an_error_that_the_entry_survived_is_handled() {
    let got = reports(vec![span(1, None, None), span(2, Some(1), error(STACK, None))]);
    assert!(got[0].handled);
}

#[test]
fn recorded_exceptions_are_handled_reports_unless_a_span_ended_with_them() {
    let recorded = |message: &str| RecordedException {
        timestamp: Timestamp::from_millis(1_200),
        type_name: "builtins.KeyError".into(),
        message: message.into(),
        stack: Some(INNER.into()),
        attributes: BTreeMap::new(),
    };
    let mut failing = span(1, None, error(STACK, None));
    failing.recorded =
        vec![recorded("'total'"), recorded("'other'"), recorded("'other'"), recorded(CLIENT_INTERNAL)];
    let got = reports(vec![failing]);
    let shown: Vec<_> = got.iter().map(|report| (report.message(), report.handled)).collect();
    assert_eq!(shown, [("'total'", false), ("'other'", true)]);
}

#[test]
fn links_find_their_frames_by_number_place_or_function() {
    let link = |number: u32, snapshot: u128, function: &str, file: &str, line: u32| FrameLink {
        number,
        snapshot_id: SnapshotId(snapshot),
        function: function.into(),
        file: file.into(),
        line_number: Some(line),
    };
    let mut error = error(STACK, Some(5));
    error.as_mut().unwrap().frame_links = vec![
        link(2, 11, "price", "/app/shop/orders.py", 23),
        link(1, 12, "view", "/app/shop/web.py", 8),
        link(9, 13, "deeper", "/app/shop/db.py", 4),
    ];
    let got = reports(vec![span(1, None, error)]);
    let frames: Vec<_> = got[0].exceptions[0]
        .frames
        .iter()
        .map(|f| (f.function.as_str(), f.snapshot_id.map(|id| id.0)))
        .collect();
    assert_eq!(frames, [("view", Some(12)), ("price", Some(11)), ("deeper", Some(13))]);
}

#[test]
fn wrappers_of_the_client_are_left_out() {
    let stack = "Traceback (most recent call last):\n  File \"/app/web.py\", line 3, in view\n    @route\n  File \"/v/lib/python3.11/site-packages/ddtrace/internal/wrapping/context.py\", line 1, in trampoline\n    run()\n  File \"/app/web.py\", line 7, in view\n    boom()\nKeyError: 'total'\n";
    let got = reports(vec![span(1, None, error(stack, None))]);
    let frames: Vec<_> =
        got[0].exceptions[0].frames.iter().map(|f| (f.function.as_str(), f.line_number)).collect();
    assert_eq!(frames, [("view", Some(7))]);
}

#[test]
fn parents_in_a_circle_do_no_harm() {
    let got = reports(vec![span(1, Some(2), error(STACK, None)), span(2, Some(1), None)]);
    assert_eq!(got.len(), 1);
}
