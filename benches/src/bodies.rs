//! The two kinds of bodies, made from recorded ones with values that differ from body to body.
//!
//! - `traces`: one request, 10 traces of 6 spans, one error with a traceback among them.
//! - `values`: two requests, a trace of 6 spans with one error, and its 8 snapshots (about 90 kB).
//!
//! Every sent body has ids of its own: [`Template::fill`] changes them in place.

use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use crate::dice::Dice;
use crate::msgpack::{Span, traces_v05};

/// Bodies made beforehand of each kind; the values in them differ, ids differ from request to request.
const VARIANTS: u64 = 128;
/// Snapshots of one error.
const SNAPSHOTS: usize = 8;
/// Hexadecimal digits at the end of a UUID that [`Template::fill`] replaces.
const SALT_DIGITS: usize = 12;

/// A request that is sent many times with other ids.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) path: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) spans: u64,
    body: Vec<u8>,
    /// Where 8-byte ids stand.
    numbers: Vec<usize>,
    /// Where UUIDs stand.
    uuids: Vec<usize>,
}

impl Template {
    fn new(
        path: &'static str,
        content_type: &'static str,
        spans: u64,
        body: Vec<u8>,
        numbers: &[u64],
        uuids: &[String],
    ) -> Self {
        let number_places = numbers.iter().flat_map(|number| places(&body, &number.to_be_bytes())).collect();
        let uuid_places = uuids.iter().flat_map(|uuid| places(&body, uuid.as_bytes())).collect();
        Self { path, content_type, spans, numbers: number_places, uuids: uuid_places, body }
    }

    /// Length of the body, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.body.len()
    }

    /// The body with ids that no other `salt` gives.
    pub(crate) fn fill(&self, salt: u64, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&self.body);
        for place in &self.numbers {
            for (byte, salt) in out[*place..*place + 8].iter_mut().zip(salt.to_be_bytes()) {
                *byte ^= salt;
            }
        }
        let digits = format!("{:012x}", salt & 0xffff_ffff_ffff);
        for place in &self.uuids {
            let start = place + 36 - SALT_DIGITS;
            out[start..start + SALT_DIGITS].copy_from_slice(digits.as_bytes());
        }
    }
}

fn places(body: &[u8], wanted: &[u8]) -> Vec<usize> {
    body.windows(wanted.len()).enumerate().filter(|(_, found)| *found == wanted).map(|(at, _)| at).collect()
}

/// What is sent for one unit of work, in order.
pub(crate) type Unit = Vec<Template>;

/// Units of 10 traces with one error and no values.
pub(crate) fn traces(now_ns: i64) -> Vec<Unit> {
    (0..VARIANTS).map(|number| vec![traces_unit(&mut Dice(number), now_ns)]).collect()
}

fn traces_unit(dice: &mut Dice, now_ns: i64) -> Template {
    let mut traces = Vec::new();
    for number in 0..10 {
        traces.push(trace(dice, now_ns, (number == 4).then_some(&[][..])));
    }
    let numbers = ids_of(&traces);
    Template::new("/v0.5/traces", "application/msgpack", 60, traces_v05(&traces), &numbers, &[])
}

/// A request with one error whose message holds `word`.
pub(crate) fn error_with_word(word: &str, now_ns: i64) -> Template {
    let mut traces = [trace(&mut Dice(now_ns.cast_unsigned()), now_ns, Some(&[]))];
    for span in &mut traces[0] {
        for (name, value) in &mut span.meta {
            if name == "error.message" {
                *value = format!("no rate for {word}");
            }
        }
    }
    let numbers = ids_of(&traces);
    Template::new("/v0.5/traces", "application/msgpack", 6, traces_v05(&traces), &numbers, &[])
}

/// Units of one error with 8 snapshots.
///
/// # Errors
/// When the recorded requests cannot be read.
pub(crate) fn values(fixtures: &Path, now_ns: i64) -> anyhow::Result<Vec<Unit>> {
    let mut recorded = Vec::new();
    for name in ["4.16-django/0008-debugger-v2-input.json", "4.16-fastapi/0011-debugger-v2-input.json"] {
        let path = fixtures.join(name);
        let text = std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let body: Vec<Value> = serde_json::from_slice(&text)?;
        recorded.extend(body);
    }
    recorded.truncate(SNAPSHOTS);
    anyhow::ensure!(recorded.len() == SNAPSHOTS, "the recorded requests have too few snapshots");
    (0..VARIANTS).map(|number| values_unit(&mut Dice(1_000 + number), &recorded, now_ns)).collect()
}

fn values_unit(dice: &mut Dice, recorded: &[Value], now_ns: i64) -> anyhow::Result<Unit> {
    let capture = dice.uuid();
    let mut ids = vec![capture.clone()];
    let mut body = recorded.to_vec();
    for element in &mut body {
        let id = dice.uuid();
        let snapshot = &mut element["debugger"]["snapshot"];
        snapshot["id"] = Value::from(id.clone());
        snapshot["exceptionId"] = Value::from(capture.clone());
        snapshot["probe"]["id"] = Value::from(capture.clone());
        snapshot["timestamp"] = Value::from(now_ns / 1_000_000);
        vary(dice, &mut snapshot["captures"]);
        ids.push(id);
    }
    let traces = [trace(dice, now_ns, Some(&ids))];
    let numbers = ids_of(&traces);
    Ok(vec![
        Template::new("/v0.5/traces", "application/msgpack", 6, traces_v05(&traces), &numbers, &ids),
        Template::new(
            "/debugger/v2/input?ddtags=env%3Aprod%2Cversion%3A1.4.2",
            "application/json",
            0,
            serde_json::to_vec(&body)?,
            &[],
            &ids,
        ),
    ])
}

/// Replaces the captured numbers and about half of the captured texts, keeping their lengths. Other
/// scalars (`True`, classes) stay.
fn vary(dice: &mut Dice, value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| vary(dice, element)),
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if name == "value" => *text = varied(dice, text),
                    other => vary(dice, other),
                }
            }
        }
        _ => {}
    }
}

fn varied(dice: &mut Dice, text: &str) -> String {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    let is_text = text.starts_with(['\'', '"']) || text.starts_with("b'");
    let keep = !(is_number || is_text && dice.below(2) == 0);
    let mut varied = String::with_capacity(text.len());
    for (index, c) in text.chars().enumerate() {
        let edge = index == 0 || index + 1 == text.chars().count();
        varied.push(match c {
            _ if keep => c,
            '0'..='9' if !(is_number && index == 0) => {
                char::from(b'0' + u8::try_from(dice.below(10)).unwrap_or(0))
            }
            'a'..='z' if !edge => char::from(*dice.pick(b"etaoinshrdlucmfwypvbgk")),
            other => other,
        });
    }
    varied
}

fn ids_of(traces: &[Vec<Span>]) -> Vec<u64> {
    let mut ids: Vec<u64> = traces.iter().flatten().flat_map(|span| [span.trace_id, span.span_id]).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Six spans of a web request; the third fails when there are `ids`: of the capture, then of the snapshots.
fn trace(dice: &mut Dice, now_ns: i64, ids: Option<&[String]>) -> Vec<Span> {
    let trace_id = dice.next();
    let names =
        ["django.request", "django.middleware", "django.view", "sqlite.query", "django.cache", "http.client"];
    let span_ids: Vec<u64> = names.iter().map(|_| dice.next()).collect();
    let mut spans = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let mut span = Span {
            service: "shop".into(),
            name: (*name).into(),
            resource: format!("{name} {}", dice.pick(&["orders", "carts", "items", "customers"])),
            kind: if index == 0 { "web".into() } else { String::new() },
            trace_id,
            span_id: span_ids[index],
            parent_id: if index == 0 { 0 } else { span_ids[(index - 1).min(2)] },
            start_ns: now_ns + i64::try_from(index).unwrap_or(0) * 1_000,
            duration_ns: 1_000_000 + i64::try_from(dice.below(9_000_000)).unwrap_or(0),
            ..Span::default()
        };
        let mut tag = |name: &str, value: String| span.meta.push((name.to_owned(), value));
        tag("env", "prod".into());
        tag("version", "1.4.2".into());
        tag("component", "django".into());
        if index == 0 {
            tag("language", "python".into());
            tag("runtime-id", "0f2c1d9c6a7d4f0d8a4b6f3f5a0c2b11".into());
            tag("http.method", "POST".into());
            tag("http.url", format!("https://shop.example/orders/{}/pay", dice.below(100_000)));
            tag("http.status_code", if ids.is_some() { "500".into() } else { "200".into() });
            tag("http.useragent", "Mozilla/5.0 (X11; Linux x86_64)".into());
            tag("usr.id", format!("customer-{}", dice.below(10_000)));
            span.metrics.push(("_sampling_priority_v1".into(), 1.0));
            span.metrics.push(("process_id".into(), 4711.0));
        }
        span.failed = ids.is_some() && (index == 0 || index == 2);
        if let Some(ids) = ids.filter(|_| index == 2) {
            fail(dice, &mut span, ids);
        }
        spans.push(span);
    }
    if let Some(ids) = ids {
        let allowed = (!ids.is_empty()).to_string();
        spans[0].meta.push(("_dd.debug.error.trace_captured".into(), allowed));
    }
    spans
}

/// The user frames of the failing requests, outermost first.
const FRAMES: [(&str, &str, u32, &str); SNAPSHOTS] = [
    ("/srv/shop/web/views.py", "pay", 61, "receipt = checkout(cart, customer)"),
    ("/srv/shop/orders/checkout.py", "checkout", 118, "order = place(cart, customer, discount)"),
    ("/srv/shop/orders/placing.py", "place", 44, "total = price(order, currency=order.currency)"),
    ("/srv/shop/pricing/totals.py", "price", 87, "return sum(line_total(line) for line in order.lines)"),
    ("/srv/shop/pricing/totals.py", "<genexpr>", 87, "return sum(line_total(line) for line in order.lines)"),
    ("/srv/shop/pricing/lines.py", "line_total", 29, "rate = rate_of(line.product, line.currency)"),
    ("/srv/shop/pricing/rates.py", "rate_of", 52, "return table[product.category][currency]"),
    ("/srv/shop/pricing/tables.py", "__getitem__", 17, "raise MissingRate(key)"),
];

fn fail(dice: &mut Dice, span: &mut Span, ids: &[String]) {
    let message = format!("no rate for currency C{} of product {}", dice.below(90), dice.below(10_000));
    let mut stack = String::from("Traceback (most recent call last):\n");
    for (file, function, line_number, source) in FRAMES {
        stack.push_str(&format!("  File \"{file}\", line {line_number}, in {function}\n    {source}\n"));
    }
    stack.push_str(&format!("shop.pricing.tables.MissingRate: {message}\n"));
    let mut tag = |name: String, value: String| span.meta.push((name, value));
    tag("error.type".into(), "shop.pricing.tables.MissingRate".into());
    tag("error.message".into(), message);
    tag("error.stack".into(), stack);
    if let Some((capture, snapshots)) = ids.split_first() {
        tag("error.debug_info_captured".into(), "true".into());
        tag("_dd.debug.error.exception_capture_id".into(), capture.clone());
        for (index, (snapshot, (file, function, line_number, _))) in snapshots.iter().zip(FRAMES).enumerate()
        {
            let start = format!("_dd.debug.error.{}", index + 1);
            tag(format!("{start}.snapshot_id"), snapshot.clone());
            tag(format!("{start}.function"), function.into());
            tag(format!("{start}.file"), file.into());
            tag(format!("{start}.line"), line_number.to_string());
        }
    }
}
