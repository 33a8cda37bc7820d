//! Bodies that no client sends, or only a broken one.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use reenact_model::{Content, Fragment, Limits, NotCaptured, ProblemKind, Snapshot, Timestamp, TraceChunk};
use reenact_wire::datadog::{self, ClientInfo, NOTHING_AWAITED, debugger, traces};
use reenact_wire::{DecodeError, Decoded};

/// Writes MessagePack: just what these tests need.
fn text(out: &mut Vec<u8>, text: &str) {
    out.push(0xdb);
    out.extend((text.len() as u32).to_be_bytes());
    out.extend(text.as_bytes());
}

fn number(out: &mut Vec<u8>, number: u64) {
    out.push(0xcf);
    out.extend(number.to_be_bytes());
}

fn map(out: &mut Vec<u8>, count: usize) {
    out.push(0xdf);
    out.extend((count as u32).to_be_bytes());
}

fn span(id: u64, error: u64, meta: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    map(&mut out, 4);
    for (name, value) in [("trace_id", 7), ("span_id", id), ("error", error)] {
        text(&mut out, name);
        number(&mut out, value);
    }
    text(&mut out, "meta");
    map(&mut out, meta.len());
    for (name, value) in meta {
        text(&mut out, name);
        text(&mut out, value);
    }
    out
}

fn one_trace(spans: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![0x91, 0xdc, 0, spans.len() as u8];
    out.extend(spans.concat());
    out
}

fn v04(body: &[u8], limits: &Limits) -> Decoded {
    traces::v04::decode(body, &ClientInfo::default(), limits, NOTHING_AWAITED).unwrap()
}

fn chunk(decoded: &Decoded) -> &TraceChunk {
    match &decoded.fragments[..] {
        [Fragment::Trace(chunk)] => chunk,
        other => panic!("{other:?}"),
    }
}

const FAILED: &[(&str, &str)] = &[("error.type", "builtins.KeyError"), ("error.message", "'a'")];

#[test]
fn a_wrongly_typed_span_is_a_problem_and_its_siblings_are_kept() {
    let mut wrong = vec![0x81];
    text(&mut wrong, "service");
    wrong.push(0x05);
    let decoded = v04(&one_trace(&[span(1, 1, FAILED), wrong, span(2, 0, &[])]), &Limits::DEFAULT);
    assert_eq!(chunk(&decoded).spans.len(), 2);
    assert_eq!(decoded.problems.len(), 1);
    assert_eq!(decoded.problems[0].kind, ProblemKind::Malformed);
    assert!(decoded.problems[0].message.starts_with("span 1 of trace 0: expected a text"), "{decoded:?}");
}

#[test]
fn a_trace_without_an_error_is_counted_and_makes_nothing() {
    let decoded = v04(&one_trace(&[span(1, 0, &[]), span(2, 0, FAILED)]), &Limits::DEFAULT);
    assert_eq!((decoded.spans_received, decoded.traces_received, decoded.traces_without_error), (2, 1, 1));
    assert!(decoded.fragments.is_empty() && decoded.problems.is_empty());
}

#[test]
fn a_span_without_a_type_has_no_capture_and_is_an_error_all_the_same() {
    let meta = [
        ("error.msg", "boom"),
        ("_dd.debug.error.exception_id", "01234567-89ab-cdef-0123-456789abcdef"),
        ("_dd.debug.error.1.snapshot_id", "01234567-89ab-cdef-0123-456789abcdef"),
    ];
    let decoded = v04(&one_trace(&[span(1, 1, &meta)]), &Limits::DEFAULT);
    let error = chunk(&decoded).spans[0].error.as_ref().unwrap();
    assert_eq!((error.type_name.as_str(), error.message.as_str()), ("Error", "boom"));
    assert!(error.capture_id.is_none() && error.frame_links.is_empty());
}

#[test]
fn the_high_half_of_the_trace_id_holds_for_the_whole_chunk() {
    let decoded =
        v04(&one_trace(&[span(1, 0, &[("_dd.p.tid", "6b04")]), span(2, 1, FAILED)]), &Limits::DEFAULT);
    assert_eq!(chunk(&decoded).trace_id.0, 0x6b04 << 64 | 7);
}

#[test]
fn spans_with_an_error_are_kept_beyond_the_limit_of_a_trace() {
    let limits = Limits { trace_spans_max: 2, ..Limits::DEFAULT };
    let spans: Vec<_> = (1..=6).map(|id| span(id, u64::from(id > 4), FAILED)).collect();
    let decoded = v04(&one_trace(&spans), &limits);
    let kept: Vec<u64> = chunk(&decoded).spans.iter().map(|span| span.span_id.0).collect();
    assert_eq!((kept, chunk(&decoded).spans_dropped), (vec![5, 6], 4));
}

#[test]
fn texts_and_tags_over_a_limit_are_cut_and_noted() {
    let limits = Limits { tags_max: 1, text_bytes_max: 4, stack_bytes_max: 60, ..Limits::DEFAULT };
    let stack = "x".repeat(500);
    let meta =
        [("error.type", "KeyError"), ("error.stack", &stack), ("aaaaaa", "äää"), ("b", "1"), ("c", "1")];
    let decoded = v04(&one_trace(&[span(1, 1, &meta)]), &limits);
    let span = &chunk(&decoded).spans[0];
    assert_eq!(span.tags.iter().collect::<Vec<_>>(), [(&"aaaa".to_owned(), &"ää".to_owned())]);
    assert!(span.error.as_ref().unwrap().stack.as_ref().unwrap().len() <= 60);
    assert_eq!((decoded.problems[0].items, decoded.problems[0].kind), (0, ProblemKind::TooLarge));
}

#[test]
fn an_index_outside_the_table_is_a_problem_of_its_span() {
    let mut body = vec![0x92, 0x93, 0xa0, 0xaa];
    body.extend(b"error.type");
    body.extend([0xa1, b'E', 0x91, 0x92]);
    body.extend([0x9c, 0, 0, 9, 7, 1, 0, 0, 0, 1, 0x80, 0x80, 0]);
    body.extend([0x9c, 0, 0, 0, 7, 2, 0, 0, 0, 1, 0x81, 1, 2, 0x80, 0]);
    let decoded =
        traces::v05::decode(&body, &ClientInfo::default(), &Limits::DEFAULT, NOTHING_AWAITED).unwrap();
    assert_eq!(chunk(&decoded).spans[0].error.as_ref().unwrap().type_name, "E");
    assert!(decoded.problems[0].message.contains("table of strings"), "{decoded:?}");
}

#[test]
fn a_table_of_strings_cannot_multiply_memory() {
    let limits = Limits { body_bytes_max: 60_000, ..Limits::DEFAULT };
    let mut body = vec![0x92, 0x92, 0xa0];
    text(&mut body, &"x".repeat(20_000));
    body.extend([0x91, 0xdc, 0x03, 0xe8]);
    for id in 0..1000_u16 {
        body.extend([0x9c, 1, 1, 1, 7, 0xcd, (id >> 8) as u8, id as u8 | 1, 0, 0, 0, 1, 0x80, 0x80, 1]);
    }
    let decoded = traces::v05::decode(&body, &ClientInfo::default(), &limits, NOTHING_AWAITED).unwrap();
    let kept: usize = chunk(&decoded).spans.iter().map(|span| span.service.len() + span.kind.len()).sum();
    assert!(kept <= 120_000, "{kept}");
    assert!(decoded.problems.iter().any(|problem| problem.kind == ProblemKind::TooLarge));
}

#[test]
fn v1_reads_strings_that_are_sent_once() {
    let mut body = vec![0x82, 0x05];
    text(&mut body, "5.0.0");
    body.extend([0x0b, 0x91, 0x82, 0x06, 0xc4, 16]);
    body.extend([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
    body.extend([0x04, 0x92]);
    // service "shop" is string 2, "error.type" string 3, "E" string 4.
    body.extend([0x84, 0x01, 0xa4, b's', b'h', b'o', b'p', 0x04, 0x01, 0x08, 0xc3, 0x09, 0x93]);
    text(&mut body, "error.type");
    body.extend([0x01, 0xa1, b'E']);
    body.extend([0x84, 0x01, 0x02, 0x04, 0x02, 0x08, 0xc3, 0x09, 0x96, 0x03, 0x01, 0x04, 0x02, 0x03]);
    body.extend([0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0]);
    let decoded =
        traces::v10::decode(&body, &ClientInfo::default(), &Limits::DEFAULT, NOTHING_AWAITED).unwrap();
    let chunk = chunk(&decoded);
    assert_eq!((chunk.trace_id.0, chunk.client.version.as_deref()), (1 << 64 | 2, Some("5.0.0")));
    for span in &chunk.spans {
        assert_eq!((span.service.as_str(), span.error.as_ref().unwrap().type_name.as_str()), ("shop", "E"));
    }
    assert_eq!(chunk.spans[1].metrics["shop"], 1.0);
}

fn snapshots(body: &[u8], limits: &Limits) -> (Vec<Snapshot>, Decoded) {
    let decoded =
        debugger::decode(body, None, &ClientInfo::default(), Timestamp::from_millis(1), limits).unwrap();
    let found = decoded.fragments.iter().map(|fragment| match fragment {
        Fragment::Snapshot(snapshot) => snapshot.clone(),
        other => panic!("{other:?}"),
    });
    (found.collect(), decoded.clone())
}

fn element(locals: &str) -> String {
    format!(
        r#"{{"debugger": {{"snapshot": {{"id": "01234567-89ab-cdef-0123-456789abcdef", "captures": {{"lines": {{"23":
           {{"arguments": {{}}, "locals": {locals}, "throwable": null}}}}}}}}}}}}"#
    )
}

#[test]
fn ten_thousand_levels_of_values_are_cut_at_the_limit() {
    let deep = r#"{"type":"list","elements":["#.repeat(10_000) + &"]}".repeat(10_000);
    let (found, _) =
        snapshots(format!("[{}]", element(&format!(r#"{{"a": {deep}}}"#))).as_bytes(), &Limits::DEFAULT);
    let mut value = found[0].locals.get("a").unwrap();
    let mut depth = 0;
    while let Content::Elements(elements) = &value.content {
        value = &elements[0];
        depth += 1;
    }
    assert_eq!((depth, value.not_captured), (Limits::DEFAULT.value_depth_max, Some(NotCaptured::Limit)));
    assert_eq!(found[0].values_dropped, 1);
}

#[test]
fn ten_thousand_levels_of_anything_else_do_no_harm() {
    for body in [
        "[".repeat(10_000),
        "[".repeat(10_000) + &"]".repeat(10_000),
        r#"{"debugger":"#.repeat(10_000) + "1" + &"}".repeat(10_000),
        format!("[{}]", element("{}").replace("null", &("[".repeat(10_000) + &"]".repeat(10_000)))),
    ] {
        let _ = debugger::decode(
            body.as_bytes(),
            None,
            &ClientInfo::default(),
            Timestamp::default(),
            &Limits::DEFAULT,
        );
    }
}

#[test]
fn values_over_the_budget_are_absent_and_counted() {
    let limits = Limits { values_max: 3, value_bytes_max: 4, ..Limits::DEFAULT };
    let locals = r#"{"a": {"type": "int", "value": "123456"}, "b": {"type": "list", "elements": [{}, {}, {}], "size": 3},
                     "c": {}}"#;
    let (found, _) = snapshots(element(locals).as_bytes(), &limits);
    let locals = &found[0].locals;
    assert_eq!(locals.get("a").unwrap().content, Content::Scalar("1234".into()));
    assert!(locals.get("a").unwrap().truncated);
    assert_eq!(locals.get("b").unwrap().not_captured, Some(NotCaptured::Limit));
    assert_eq!(
        (found[0].values_dropped, locals.get("…").unwrap().not_captured),
        (3, Some(NotCaptured::Limit))
    );
}

#[test]
fn pruned_objects_say_so_wherever_they_stand() {
    let locals = r#"{"a": {"pruned":true}, "b": {"type": "dict", "entries": [[{"pruned":true}, {"pruned":true}]]},
                     "c": {"type": "X", "fields": {"pruned": true}}}"#;
    let (found, _) = snapshots(element(locals).as_bytes(), &Limits::DEFAULT);
    let locals = &found[0].locals;
    assert_eq!(locals.get("a").unwrap().not_captured, Some(NotCaptured::Pruned));
    let Content::Entries(entries) = &locals.get("b").unwrap().content else { panic!() };
    assert_eq!(entries[0].1.not_captured, Some(NotCaptured::Pruned));
    assert_eq!(locals.get("c").unwrap().not_captured, Some(NotCaptured::Pruned));
    let (found, _) = snapshots(element(r#"{"pruned": true}"#).as_bytes(), &Limits::DEFAULT);
    assert_eq!(found[0].locals.get("…").unwrap().not_captured, Some(NotCaptured::Pruned));
}

#[test]
fn texts_that_are_no_unicode_stay_visible() {
    let body = element(r#"{"n\udc80": {"type": "str", "value": "'v\udcff'"}}"#).into_bytes();
    let (found, _) = snapshots(&body, &Limits::DEFAULT);
    assert_eq!(found[0].locals.get("n\\udc80").unwrap().content, Content::Scalar("'v\\udcff'".into()));
    let mut body = element(r#"{"a": {"type": "str", "value": "X"}}"#).into_bytes();
    let at = body.iter().position(|byte| *byte == b'X').unwrap();
    body[at] = 0xff;
    let (found, _) = snapshots(&body, &Limits::DEFAULT);
    assert_eq!(found[0].locals.get("a").unwrap().content, Content::Scalar("\u{fffd}".into()));
}

#[test]
fn a_bad_element_is_one_problem_and_statuses_are_fine() {
    let status = r#"{"type": "diagnostic", "debugger": {"diagnostics": {"status": "INSTALLED"}}}"#;
    let body = format!(r#"[{status}, {{"debugger": 5}}, {}, {{"a": }}, {{"#, element("{}"));
    let (found, decoded) = snapshots(body.as_bytes(), &Limits::DEFAULT);
    assert_eq!((found.len(), decoded.problems.len()), (1, 3), "{:?}", decoded.problems);
    let multipart = format!(
        "--b\nContent-Disposition: form-data; name=\"event\"; filename=\"event.json\"\n\n[{}]\n--b--\n",
        element("{}")
    );
    assert_eq!(snapshots(multipart.as_bytes(), &Limits::DEFAULT).0.len(), 1);
}

#[test]
fn the_clients_own_names_and_its_own_exception_are_removed() {
    let locals =
        r#"{"_dd_debug_snapshot_id": {}, "_dd_exception_replay_snapshot_id": {}, "@exception": {}, "a": {}}"#;
    let body = element(locals);
    for (version, left) in [("1.16.4", 1), ("4.16.0", 2)] {
        let client = ClientInfo { tracer_version: Some(version), ..ClientInfo::default() };
        let decoded =
            debugger::decode(body.as_bytes(), None, &client, Timestamp::default(), &Limits::DEFAULT).unwrap();
        let [Fragment::Snapshot(snapshot)] = &decoded.fragments[..] else { panic!() };
        assert_eq!(snapshot.locals.0.len(), left, "{version}");
    }
}

#[test]
fn an_oversized_body_and_an_empty_one_are_errors() {
    let limits = Limits { body_bytes_max: 3, ..Limits::DEFAULT };
    let error = traces::v04::decode(b"1234", &ClientInfo::default(), &limits, NOTHING_AWAITED).unwrap_err();
    assert_eq!(error, DecodeError::TooLarge { bytes: 4, bytes_max: 3 });
    let error = traces::v04::decode(b"", &ClientInfo::default(), &limits, NOTHING_AWAITED).unwrap_err();
    assert_eq!(error.to_string(), "payload ends at byte 0 inside an array");
}

#[test]
fn a_compression_bomb_is_refused() {
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&vec![b' '; 1 << 20]).unwrap();
    let mut body = b"--b\nContent-Disposition: form-data; name=\"file\"\n\n".to_vec();
    body.extend(gzip.finish().unwrap());
    body.extend(b"\n--b--\n");
    let limits = Limits { body_bytes_max: 100_000, ..Limits::DEFAULT };
    let error = datadog::symdb::decode(&body, None, &limits).unwrap_err();
    assert!(matches!(error, DecodeError::TooLarge { .. }), "{error:?}");
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let (client, limits, at) = (ClientInfo::default(), &Limits::DEFAULT, Timestamp::default());
        let _ = traces::v04::decode(&body, &client, limits, NOTHING_AWAITED);
        let _ = traces::v05::decode(&body, &client, limits, NOTHING_AWAITED);
        let _ = traces::v10::decode(&body, &client, limits, NOTHING_AWAITED);
        let _ = debugger::decode(&body, Some(&String::from_utf8_lossy(&body)), &client, at, limits);
        let _ = datadog::crash::decode(&body, &client, at, limits);
        let _ = datadog::stats::decode(&body, limits);
        let _ = datadog::telemetry::decode(&body, limits);
        let _ = datadog::remote_config::decode(&body, limits);
        let _ = datadog::symdb::decode(&body, Some(&String::from_utf8_lossy(&body)), limits);
    }

    #[test]
    fn arbitrary_json_like_text_never_panics(body in r#"\[?(\{("[a-z]{0,3}":|\[|\{|"x"|1|,|\]|\}|\\){0,20}\},?){0,5}\]?"#) {
        let client = ClientInfo::default();
        let _ = debugger::decode(body.as_bytes(), None, &client, Timestamp::default(), &Limits::DEFAULT);
    }
}

#[test]
fn what_is_over_the_limit_on_spans_is_counted_at_once_and_not_read() {
    let limits = Limits { spans_max: 3, ..Limits::DEFAULT };
    for (head, body) in [(&[0x91, 0xdd, 0, 0, 0x03, 0xe8][..], 0x80), (&[0xdd, 0, 0, 0x03, 0xe8][..], 0x01)] {
        let mut bytes = head.to_vec();
        bytes.extend([body; 1000]);
        let Ok(decoded) = traces::v04::decode(&bytes, &ClientInfo::default(), &limits, NOTHING_AWAITED)
        else {
            panic!("{head:?}")
        };
        let too_large: Vec<u32> = decoded
            .problems
            .iter()
            .filter(|problem| problem.kind == ProblemKind::TooLarge)
            .map(|problem| problem.items)
            .collect();
        assert!(too_large.len() == 1 && too_large[0] >= 996, "{:?}", decoded.problems);
    }
    let elements = format!("[{}]", vec!["1"; 200_000].join(","));
    let decoded = debugger::decode(
        elements.as_bytes(),
        None,
        &ClientInfo::default(),
        Timestamp::from_nanos(0),
        &Limits::DEFAULT,
    )
    .unwrap();
    assert_eq!(decoded.problems.iter().map(|problem| u64::from(problem.items)).sum::<u64>(), 200_000);
    assert!(decoded.problems.len() < 110, "{}", decoded.problems.len());
}

#[test]
fn bytes_behind_the_traces_are_one_problem() {
    let mut body = one_trace(&[span(1, 1, FAILED)]);
    body.extend([0xff; 10]);
    let decoded = v04(&body, &Limits::DEFAULT);
    assert_eq!(chunk(&decoded).spans.len(), 1);
    assert_eq!((decoded.problems.len(), decoded.problems[0].items), (1, 1));
    assert!(decoded.problems[0].message.starts_with("10 bytes from byte"), "{decoded:?}");
}

#[test]
fn what_was_cut_is_told_with_the_span() {
    let limits = Limits { tags_max: 1, text_bytes_max: 10, ..Limits::DEFAULT };
    let meta = [("error.type", "E"), ("error.message", "a long message"), ("a", "1"), ("b", "1")];
    let decoded = v04(&one_trace(&[span(1, 1, &meta)]), &limits);
    let want = ["1 tags over the limit of 1 were left out", "the message was cut: 10 of 14 bytes are kept"];
    assert_eq!(chunk(&decoded).spans[0].warnings, want);
}
