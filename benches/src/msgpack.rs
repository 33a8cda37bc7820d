//! Writes traces v0.5, as the clients do: a table of texts, and spans that refer to it.

use std::collections::HashMap;

/// One span to be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Span {
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) resource: String,
    pub(crate) kind: String,
    pub(crate) trace_id: u64,
    pub(crate) span_id: u64,
    pub(crate) parent_id: u64,
    pub(crate) start_ns: i64,
    pub(crate) duration_ns: i64,
    pub(crate) failed: bool,
    pub(crate) meta: Vec<(String, String)>,
    pub(crate) metrics: Vec<(String, f64)>,
}

/// The body of `/v0.5/traces`.
pub(crate) fn traces_v05(traces: &[Vec<Span>]) -> Vec<u8> {
    let mut table = Table { texts: vec![String::new()], known: HashMap::from([(String::new(), 0)]) };
    let mut spans = Vec::new();
    array(&mut spans, traces.len());
    for trace in traces {
        array(&mut spans, trace.len());
        for span in trace {
            table.write_span(&mut spans, span);
        }
    }
    let mut body = Vec::with_capacity(spans.len() * 2);
    array(&mut body, 2);
    array(&mut body, table.texts.len());
    for text in &table.texts {
        body.push(0xdb);
        body.extend(length(text.len()).to_be_bytes());
        body.extend(text.as_bytes());
    }
    body.extend(spans);
    body
}

struct Table {
    texts: Vec<String>,
    known: HashMap<String, u32>,
}

impl Table {
    fn write_span(&mut self, out: &mut Vec<u8>, span: &Span) {
        array(out, 12);
        for text in [&span.service, &span.name, &span.resource] {
            self.write_text(out, text);
        }
        for id in [span.trace_id, span.span_id, span.parent_id] {
            out.push(0xcf);
            out.extend(id.to_be_bytes());
        }
        for time in [span.start_ns, span.duration_ns] {
            out.push(0xd3);
            out.extend(time.to_be_bytes());
        }
        out.push(u8::from(span.failed));
        map(out, span.meta.len());
        for (name, value) in &span.meta {
            self.write_text(out, name);
            self.write_text(out, value);
        }
        map(out, span.metrics.len());
        for (name, value) in &span.metrics {
            self.write_text(out, name);
            out.push(0xcb);
            out.extend(value.to_be_bytes());
        }
        self.write_text(out, &span.kind);
    }

    fn write_text(&mut self, out: &mut Vec<u8>, text: &str) {
        let number = *self.known.entry(text.to_owned()).or_insert_with(|| {
            self.texts.push(text.to_owned());
            length(self.texts.len() - 1)
        });
        out.push(0xce);
        out.extend(number.to_be_bytes());
    }
}

fn array(out: &mut Vec<u8>, count: usize) {
    out.push(0xdd);
    out.extend(length(count).to_be_bytes());
}

fn map(out: &mut Vec<u8>, count: usize) {
    out.push(0xdf);
    out.extend(length(count).to_be_bytes());
}

fn length(count: usize) -> u32 {
    u32::try_from(count).expect("bodies of a benchmark are small")
}
