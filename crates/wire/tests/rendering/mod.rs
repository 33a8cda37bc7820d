//! Shows decoded requests line by line, so that a change of one value is a change of one line.

use std::fmt::Write;

use reenact_model::{CapturedValue, Content, Fragment, Replay, Snapshot, Span, TraceChunk, Variables};
use reenact_wire::{DecodeError, Decoded};

/// Lines of one snapshot's values that are shown; the rest is counted.
const VALUE_LINES_MAX: usize = 400;

pub(crate) fn render(decoded: &Result<Decoded, DecodeError>) -> String {
    let decoded = match decoded {
        Ok(decoded) => decoded,
        Err(error) => return format!("error: {error}\n"),
    };
    let mut out = format!(
        "spans={} traces={} without_error={} snapshots={}\n",
        decoded.spans_received,
        decoded.traces_received,
        decoded.traces_without_error,
        decoded.snapshots_received
    );
    for problem in &decoded.problems {
        writeln!(out, "problem: {:?} items={} {}", problem.kind, problem.items, problem.message).unwrap();
    }
    for fragment in &decoded.fragments {
        match fragment {
            Fragment::Trace(chunk) => trace(&mut out, chunk),
            Fragment::Snapshot(found) => snapshot(&mut out, found),
            Fragment::Crash(report) => writeln!(out, "crash {report:#?}").unwrap(),
            Fragment::Occurrence(report) => writeln!(out, "occurrence {report:#?}").unwrap(),
        }
    }
    out
}

fn trace(out: &mut String, chunk: &TraceChunk) {
    let TraceChunk { trace_id, spans, spans_dropped, client } = chunk;
    writeln!(out, "trace {trace_id} dropped={spans_dropped} client={} {:?}", client.name, client.version)
        .unwrap();
    for span in spans {
        self::span(out, span);
    }
}

fn span(out: &mut String, span: &Span) {
    let parent = span.parent_id.map(|id| id.to_string()).unwrap_or_default();
    writeln!(out, "  span {} parent={parent} failed={}", span.span_id, span.failed).unwrap();
    writeln!(out, "    {} | {} | {} | {}", span.service, span.operation, span.resource, span.kind).unwrap();
    writeln!(out, "    start={} duration_ns={}", span.start.as_nanos(), span.duration_ns).unwrap();
    writeln!(
        out,
        "    env={:?} version={:?} language={:?} host={:?} commit={:?} repository={:?} user={:?}",
        span.env, span.version, span.language, span.host, span.commit, span.repository, span.user_id
    )
    .unwrap();
    if span.replay != Default::default() {
        let Replay { allowed, snapshot_count, skipped } = span.replay;
        writeln!(out, "    Replay {{ allowed: {allowed:?}, snapshot_count: {snapshot_count:?} }}").unwrap();
        skipped.into_iter().for_each(|reason| writeln!(out, "    skipped: {}", reason.as_str()).unwrap());
    }
    if let Some(error) = &span.error {
        writeln!(out, "    error {} {:?}", error.type_name, error.message).unwrap();
        let capture = error.capture_id.map(|id| id.to_string()).unwrap_or_default();
        writeln!(out, "      capture={capture} captured={}", error.captured).unwrap();
        for link in &error.frame_links {
            writeln!(
                out,
                "      link {} {} {} {}:{}",
                link.number,
                link.snapshot_id,
                link.function,
                link.file,
                link.line_number.unwrap_or(0)
            )
            .unwrap();
        }
        stack(out, error.stack.as_deref());
    }
    for recorded in &span.recorded {
        let time = recorded.timestamp.as_nanos();
        writeln!(out, "    recorded {time} {} {:?}", recorded.type_name, recorded.message).unwrap();
        writeln!(out, "      {:?}", recorded.attributes).unwrap();
        stack(out, recorded.stack.as_deref());
    }
    for (name, value) in &span.tags {
        writeln!(out, "    tag {name}={value:?}").unwrap();
    }
    for (name, value) in &span.metrics {
        writeln!(out, "    metric {name}={value}").unwrap();
    }
}

fn stack(out: &mut String, stack: Option<&str>) {
    for line in stack.unwrap_or("").lines() {
        writeln!(out, "      > {line}").unwrap();
    }
}

fn snapshot(out: &mut String, snapshot: &Snapshot) {
    let id = |id: Option<String>| id.unwrap_or_else(|| "-".to_owned());
    writeln!(
        out,
        "snapshot {} capture={} trace={} span={}",
        snapshot.id,
        id(snapshot.capture_id.map(|id| id.to_string())),
        id(snapshot.trace_id.map(|id| id.to_string())),
        id(snapshot.span_id.map(|id| id.to_string()))
    )
    .unwrap();
    writeln!(
        out,
        "  {} env={} version={} host={} {} {}:{} thread={:?} at={} values_dropped={}",
        snapshot.service,
        id(snapshot.env.clone()),
        id(snapshot.version.clone()),
        id(snapshot.host.clone()),
        snapshot.function,
        snapshot.file,
        snapshot.line_number.unwrap_or(0),
        snapshot.thread,
        snapshot.timestamp,
        snapshot.values_dropped
    )
    .unwrap();
    let mut lines = Vec::new();
    for (name, variables) in [
        ("arguments", &snapshot.arguments),
        ("locals", &snapshot.locals),
        ("globals", &snapshot.globals),
        ("closure", &snapshot.closure),
    ] {
        if !variables.is_empty() {
            lines.push(format!("  {name}"));
            self::variables(&mut lines, variables);
        }
    }
    let left_out = lines.len().saturating_sub(VALUE_LINES_MAX);
    for line in lines.iter().take(VALUE_LINES_MAX) {
        writeln!(out, "{line}").unwrap();
    }
    if left_out > 0 {
        writeln!(out, "  ({left_out} more lines)").unwrap();
    }
}

fn variables(lines: &mut Vec<String>, variables: &Variables) {
    for (name, found) in &variables.0 {
        value(lines, 2, name, found);
    }
}

fn value(lines: &mut Vec<String>, indent: usize, name: &str, found: &CapturedValue) {
    let mut line = format!("{}{name}: {}", "  ".repeat(indent), found.type_name);
    match &found.content {
        Content::Scalar(text) => line.push_str(&format!(" = {}", text.escape_debug())),
        Content::Null => line.push_str(" null"),
        _ => {}
    }
    if let Some(size) = found.size {
        line.push_str(&format!(" size={size}"));
    }
    if found.truncated {
        line.push_str(" truncated");
    }
    if let Some(reason) = found.not_captured {
        line.push_str(&format!(" absent={}", reason.as_str()));
    }
    if let Some(rule) = &found.rule {
        line.push_str(&format!(" rule={rule}"));
    }
    lines.push(line);
    match &found.content {
        Content::Fields(fields) => {
            for (name, field) in fields {
                value(lines, indent + 1, &format!(".{name}"), field);
            }
        }
        Content::Elements(elements) => {
            for (index, element) in elements.iter().enumerate() {
                value(lines, indent + 1, &format!("[{index}]"), element);
            }
        }
        Content::Entries(entries) => {
            for (key, entry) in entries {
                match &key.content {
                    Content::Scalar(text) => {
                        value(lines, indent + 1, &format!("[{}]", text.escape_debug()), entry)
                    }
                    _ => {
                        value(lines, indent + 1, "key", key);
                        value(lines, indent + 1, "value", entry);
                    }
                }
            }
        }
        Content::Nothing | Content::Null | Content::Scalar(_) => {}
    }
}
