//! `/debugger/v1/input`, `/debugger/v2/input` and `/debugger/v1/diagnostics`: snapshots.

use std::borrow::Cow;
use std::fmt;

use reenact_model::{
    Fragment, Limits, ProblemKind, Snapshot, SnapshotId, SpanId, Timestamp, TraceId, Variables,
};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::captured::{Budget, VariablesSeed};
use super::{ClientInfo, tags};
use crate::json::{Broken, JsonText, Loose, LooseList, describe, elements, quote_odd_numbers};
use crate::text::cut;
use crate::{DecodeError, Decoded, check_size, multipart};

/// Values of all snapshots of one request that are kept; a body of 4 MiB has some 70,000.
const REQUEST_VALUES_MAX: usize = 1_000_000;

/// Names that the client leaves in the frames that it captures.
const CLIENT_NAMES: [&str; 2] = ["_dd_exception_replay_snapshot_id", "_dd_debug_snapshot_id"];

/// Decodes the snapshots of one debugger request into fragments.
///
/// The body is a JSON array, or one object, or `multipart/form-data` whose parts `event` are that.
/// Lenient per element: one that is not understood becomes a problem, its siblings are kept, also
/// those before the end of a cut array. Elements without a snapshot (probe statuses, logs) are fine
/// and make nothing. Texts that are no Unicode stay visible: `\udc80`.
///
/// `query_ddtags` is the query parameter of that name, percent-encoded or not. `received_at` stands
/// in where an element has no time.
///
/// - **Limits:** `limits.body_bytes_max`, `snapshots_max`, `snapshot_bytes_max` per element;
///   `values_max`, `value_depth_max` and `value_bytes_max` inside one: what is over them is absent
///   with the reason `limit`; 1,000,000 values in one request.
/// - **Units:** timestamps are milliseconds since the Unix epoch; lines count from 1.
/// - **Source:** ddtrace 1.16 and 4.16, recorded in `fixtures/ddtrace/*/*-debugger-*`.
///
/// # Errors
/// [`DecodeError::TooLarge`] before reading; [`DecodeError::Truncated`] and [`DecodeError::Malformed`]
/// when there is not one whole element.
pub fn decode(
    body: &[u8],
    query_ddtags: Option<&str>,
    client: &ClientInfo<'_>,
    received_at: Timestamp,
    limits: &Limits,
) -> Result<Decoded, DecodeError> {
    check_size(body, limits.body_bytes_max)?;
    let query_tags = query_ddtags.map(tags::parse_ddtags).unwrap_or_default();
    let version = client.tracer_version.or_else(|| tags::find(&query_tags, "debugger_version"));
    let mut request = Request {
        decoded: Decoded::default(),
        limits,
        major_version: version.and_then(|version| version.split('.').next()?.parse().ok()),
        tags: &query_tags,
        received_at,
        values_left: REQUEST_VALUES_MAX,
        elements: 0,
    };
    if body.starts_with(b"--") {
        let boundary = multipart::boundary_of_body(body);
        let parts = multipart::parts(body, boundary).take(PARTS_MAX);
        for part in parts.filter(|part| part.name.as_deref() == Some("event")) {
            request.array(&String::from_utf8_lossy(part.content))?;
        }
    } else {
        request.array(&String::from_utf8_lossy(body))?;
    }
    Ok(request.decoded)
}

/// Elements of one request that are looked at, those without a snapshot included.
const ELEMENTS_MAX: u64 = 100_000;

/// Parts of a multipart body that are looked at.
const PARTS_MAX: usize = 64;

struct Request<'r> {
    decoded: Decoded,
    limits: &'r Limits,
    major_version: Option<u32>,
    tags: &'r [(String, String)],
    received_at: Timestamp,
    values_left: usize,
    elements: u64,
}

impl Request<'_> {
    fn array(&mut self, text: &str) -> Result<(), DecodeError> {
        let mut all = elements(text).enumerate();
        while let Some((whole, element)) = all.next() {
            let element = match element {
                Ok(element) => element,
                Err(broken) => {
                    let error = DecodeError::from(broken);
                    if whole == 0 {
                        return Err(error);
                    }
                    self.decoded.problem(ProblemKind::Malformed, 1, || error.to_string());
                    return Ok(());
                }
            };
            let snapshots_max = self.limits.snapshots_max;
            if self.decoded.snapshots_received >= snapshots_max as u64 || self.elements >= ELEMENTS_MAX {
                // An element may be one byte: the others are counted and not looked at.
                let items = u32::try_from(1 + all.count()).unwrap_or(u32::MAX);
                self.decoded.problem(ProblemKind::TooLarge, items, || {
                    format!("more than {snapshots_max} snapshots, or {ELEMENTS_MAX} elements, in one request")
                });
                return Ok(());
            }
            self.element(element.text);
            self.elements += 1;
        }
        Ok(())
    }

    fn element(&mut self, text: &str) {
        let number = self.elements;
        let bytes_max = self.limits.snapshot_bytes_max;
        if text.len() > bytes_max {
            let message =
                || format!("element {number}: {} bytes are over the limit of {bytes_max}", text.len());
            self.decoded.problem(ProblemKind::TooLarge, 1, message);
            return;
        }
        if !text.trim_start().starts_with('{') {
            let message = || format!("element {number}: expected a JSON object");
            self.decoded.problem(ProblemKind::Malformed, 1, message);
            return;
        }
        match self.snapshot(text) {
            Ok(Some(snapshot)) => {
                self.decoded.snapshots_received += 1;
                self.decoded.fragments.push(Fragment::Snapshot(snapshot));
            }
            Ok(None) => self.decoded.elements_without_snapshot += 1,
            Err(what) => {
                self.decoded.problem(ProblemKind::Malformed, 1, || format!("element {number}: {what}"));
            }
        }
    }

    /// `None` for an element that carries no snapshot.
    fn snapshot(&mut self, text: &str) -> Result<Option<Snapshot>, String> {
        // Python's `json` writes numbers that JSON does not have; only a text that fails is looked at.
        let quoted;
        let element: Element<'_> = match serde_json::from_str(text) {
            Ok(element) => element,
            Err(error) => {
                quoted = quote_odd_numbers(text).ok_or_else(|| describe(&error))?;
                serde_json::from_str(&quoted).map_err(|error| describe(&error))?
            }
        };
        let is_flat = element.flat_snapshot.is_some();
        let Some(body) = element.flat_snapshot.or(element.debugger.snapshot) else { return Ok(None) };
        let is_version_1 = self.major_version.map_or(is_flat, |major| major < 2);
        let mut budget = Budget::new(self.limits, self.values_left, is_version_1);
        let values_before = budget.values_left();
        let mut deserializer = serde_json::Deserializer::from_str(body.get());
        let body = BodySeed(&mut budget).deserialize(&mut deserializer).map_err(|error| describe(&error))?;
        self.values_left = self.values_left.saturating_sub(values_before - budget.values_left());

        let id = SnapshotId::parse_uuid(&body.id.text()).map_err(|_| "`id` is not a UUID".to_owned())?;
        let capture_id = [body.exception_id, body.flat_exception_id, body.probe.id]
            .into_iter()
            .find_map(|id| SnapshotId::parse_uuid(&id.text()).ok());
        let milliseconds =
            [body.timestamp, element.timestamp].into_iter().find_map(|time| time.text().parse().ok());
        let trace_id = [element.dd.trace_id, element.flat_trace_id].into_iter().find_map(parse_trace_id);
        let span_id = [element.dd.span_id, element.flat_span_id].into_iter().find_map(parse_span_id);
        let service = element.service.text();
        let file = first_text([body.probe.location.file, element.logger.name]);
        let line = body.captures.line.or_else(|| parse_line(body.probe.location.lines.items.first()?));
        let thread = element.logger.thread_name.text();
        let thread = thread.rsplit_once(";pid:").map_or(&*thread, |(name, _)| name);
        let tag = |name: &str| tags::find(self.tags, name).map(|value| self.text(value));
        let mut snapshot = Snapshot {
            id,
            capture_id,
            timestamp: milliseconds.map_or(self.received_at, Timestamp::from_millis),
            service: if service.is_empty() {
                tag("service").unwrap_or_default()
            } else {
                self.text(&service)
            },
            env: tag("env"),
            version: tag("version"),
            host: tag("host"),
            trace_id,
            span_id,
            function: self.text(&element.logger.method.text()),
            file: self.text(&file),
            line_number: line,
            thread: Some(self.text(thread)).filter(|thread| !thread.is_empty()),
            arguments: body.captures.frame.arguments,
            locals: body.captures.frame.locals,
            globals: body.captures.frame.globals,
            closure: Variables::default(),
            values_dropped: budget.dropped,
            details: None,
        };
        snapshot.locals.0.retain(|(name, _)| {
            // ddtrace 1 captures its own KeyError here, from looking whether the frame is captured already.
            let of_client = CLIENT_NAMES.contains(&name.as_str());
            !(of_client || is_version_1 && name == "@exception")
        });
        Ok(Some(snapshot))
    }

    fn text(&self, text: &str) -> String {
        cut(text, self.limits.text_bytes_max).to_owned()
    }
}

impl From<Broken> for DecodeError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Truncated { at } => Self::Truncated { at: at as u64, expected: "JSON value" },
            Broken::Malformed { at } => {
                Self::Malformed { at: at as u64, message: "expected a JSON array or object".to_owned() }
            }
        }
    }
}

/// One element, as far as it is the same for everything that is sent here.
#[derive(Deserialize)]
struct Element<'a> {
    #[serde(default, borrow)]
    service: Loose<'a>,
    #[serde(default, borrow)]
    timestamp: Loose<'a>,
    #[serde(default, borrow, rename = "debugger.snapshot")]
    flat_snapshot: Option<&'a RawValue>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    debugger: Debugger<'a>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    dd: Context<'a>,
    #[serde(default, borrow, rename = "dd.trace_id")]
    flat_trace_id: Loose<'a>,
    #[serde(default, borrow, rename = "dd.span_id")]
    flat_span_id: Loose<'a>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    logger: Logger<'a>,
}

#[derive(Default, Deserialize)]
struct Debugger<'a> {
    #[serde(default, borrow)]
    snapshot: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Context<'a> {
    #[serde(default, borrow)]
    trace_id: Loose<'a>,
    #[serde(default, borrow)]
    span_id: Loose<'a>,
}

#[derive(Default, Deserialize)]
struct Logger<'a> {
    #[serde(default, borrow)]
    name: Loose<'a>,
    #[serde(default, borrow)]
    method: Loose<'a>,
    #[serde(default, borrow)]
    thread_name: Loose<'a>,
}

#[derive(Default, Deserialize)]
struct Probe<'a> {
    #[serde(default, borrow)]
    id: Loose<'a>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    location: Location<'a>,
}

#[derive(Default, Deserialize)]
struct Location<'a> {
    #[serde(default, borrow)]
    file: Loose<'a>,
    #[serde(default, borrow)]
    lines: LooseList<'a>,
}

/// Null counts as absent.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The snapshot itself.
#[derive(Default)]
struct Body<'a> {
    id: Loose<'a>,
    timestamp: Loose<'a>,
    exception_id: Loose<'a>,
    flat_exception_id: Loose<'a>,
    probe: Probe<'a>,
    captures: Captures,
}

#[derive(Default)]
struct Captures {
    line: Option<u32>,
    frame: CapturedFrame,
}

#[derive(Default)]
struct CapturedFrame {
    arguments: Variables,
    locals: Variables,
    globals: Variables,
}

struct BodySeed<'b>(&'b mut Budget);

impl<'de> DeserializeSeed<'de> for BodySeed<'_> {
    type Value = Body<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Body<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for BodySeed<'_> {
    type Value = Body<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a snapshot")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body<'de>, A::Error> {
        let mut body = Body::default();
        while let Some(key) = map.next_key::<JsonText<'de>>()? {
            match key.0.as_ref() {
                "id" => body.id = map.next_value()?,
                "timestamp" => body.timestamp = map.next_value()?,
                "exceptionId" => body.exception_id = map.next_value()?,
                "exception-id" => body.flat_exception_id = map.next_value()?,
                "probe" => body.probe = map.next_value::<Option<Probe<'de>>>()?.unwrap_or_default(),
                "captures" => {
                    body.captures = map.next_value_seed(ObjectSeed(CapturesVisitor(&mut *self.0)))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(body)
    }
}

/// Reads an object with a visitor; null gives the default.
struct ObjectSeed<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for ObjectSeed<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_any(self.0)
    }
}

/// `{"lines": {"23": {...}}}`; `entry` and `return` of function probes are not used here.
struct CapturesVisitor<'b>(&'b mut Budget);

impl<'de> Visitor<'de> for CapturesVisitor<'_> {
    type Value = Captures;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("captures")
    }

    fn visit_unit<E: Error>(self) -> Result<Captures, E> {
        Ok(Captures::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Captures, A::Error> {
        let mut captures = Captures::default();
        while let Some(key) = map.next_key::<JsonText<'de>>()? {
            if key.0 == "lines" {
                captures = map.next_value_seed(ObjectSeed(LinesVisitor(&mut *self.0)))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(captures)
    }
}

struct LinesVisitor<'b>(&'b mut Budget);

impl<'de> Visitor<'de> for LinesVisitor<'_> {
    type Value = Captures;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lines")
    }

    fn visit_unit<E: Error>(self) -> Result<Captures, E> {
        Ok(Captures::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Captures, A::Error> {
        let mut captures = Captures::default();
        while let Some(key) = map.next_key::<JsonText<'de>>()? {
            match key.0.parse() {
                Ok(line) if captures.line.is_none() => {
                    captures.line = Some(line);
                    captures.frame = map.next_value_seed(ObjectSeed(FrameVisitor(&mut *self.0)))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(captures)
    }
}

struct FrameVisitor<'b>(&'b mut Budget);

impl<'de> Visitor<'de> for FrameVisitor<'_> {
    type Value = CapturedFrame;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a captured frame")
    }

    fn visit_unit<E: Error>(self) -> Result<CapturedFrame, E> {
        Ok(CapturedFrame::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CapturedFrame, A::Error> {
        let mut frame = CapturedFrame::default();
        while let Some(key) = map.next_key::<JsonText<'de>>()? {
            let variables = match key.0.as_ref() {
                "arguments" => &mut frame.arguments,
                "locals" => &mut frame.locals,
                "staticFields" => &mut frame.globals,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *variables = map.next_value_seed(VariablesSeed(&mut *self.0))?;
        }
        Ok(frame)
    }
}

fn first_text<'a>(texts: [Loose<'a>; 2]) -> Cow<'a, str> {
    let [first, second] = texts;
    let text = first.text();
    if text.is_empty() { second.text() } else { text }
}

fn parse_line(line: &Loose<'_>) -> Option<u32> {
    line.text().parse().ok()
}

/// 32 hexadecimal digits, or a decimal number of 64 bits.
fn parse_trace_id(id: Loose<'_>) -> Option<TraceId> {
    let text = id.text();
    let parsed = if text.len() == 32 { u128::from_str_radix(&text, 16).ok() } else { text.parse().ok() };
    parsed.filter(|id| *id != 0).map(TraceId)
}

fn parse_span_id(id: Loose<'_>) -> Option<SpanId> {
    id.text().parse().ok().filter(|id| *id != 0).map(SpanId)
}
