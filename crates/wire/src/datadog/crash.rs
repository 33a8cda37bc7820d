//! `/evp_proxy/v4/api/v2/errorsintake`: reports of processes that ended with an exception.

use std::borrow::Cow;
use std::fmt;

use reenact_model::{CrashReport, Fragment, Frame, Limits, Timestamp};
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

use super::debugger::or_default;
use super::{ClientInfo, tags};
use crate::json::Loose;
use crate::text::cut;
use crate::{DecodeError, Decoded, check_size};

/// Decodes one report of the crash tracker into at most one fragment.
///
/// The ping that goes ahead of a report makes no fragment. The client sends the frames innermost
/// first and without the chain; they come out outermost first. Type and message are taken from the
/// sentence that holds them, `Process was terminated due to an unhandled exception of type 'X'.
/// Message: ...`; other reports (signals) keep `error.type` and the whole message.
///
/// - **Limits:** `limits.body_bytes_max`, `frames_max` (the outermost go first), `text_bytes_max`,
///   `stack_bytes_max` for the message, `tags_max`.
/// - **Units:** the timestamp is milliseconds since the Unix epoch; `received_at` where it is absent.
/// - **Source:** ddtrace 4.16, recorded in `fixtures/ddtrace/4.16-crash`.
///
/// # Errors
/// [`DecodeError::Malformed`] or [`DecodeError::Truncated`] when the body is not one such object.
pub fn decode(
    body: &[u8],
    client: &ClientInfo<'_>,
    received_at: Timestamp,
    limits: &Limits,
) -> Result<Decoded, DecodeError> {
    check_size(body, limits.body_bytes_max)?;
    let body = String::from_utf8_lossy(body);
    let report: Report<'_> = crate::json::parse_object(&body)?;
    let mut found = tags::parse_ddtags(&report.ddtags.text());
    let is_ping =
        tags::find(&found, "is_crash_ping") == Some("true") || report.error.is_crash.raw() == "false";
    let mut decoded = Decoded::default();
    if is_ping {
        return Ok(decoded);
    }
    let text = |text: &str| cut(text, limits.text_bytes_max).to_owned();
    let message = report.error.message.text();
    let kind = report.error.kind.text();
    let (type_name, message) = split_message(&message).unwrap_or((&kind, &message));
    let mut frames: Vec<Frame> = report
        .error
        .stack
        .frames
        .0
        .iter()
        .take(limits.frames_max)
        .map(|frame| Frame {
            function: text(&frame.function.text()),
            file: text(&frame.file()),
            line_number: frame.line.text().parse().ok(),
            ..Frame::default()
        })
        .collect();
    frames.reverse();
    let mut tag = |name: &str| {
        let at = found.iter().position(|(known, value)| known == name && !value.is_empty())?;
        Some(text(&found.remove(at).1))
    };
    let mut crash = CrashReport {
        id: tag("uuid").unwrap_or_default(),
        timestamp: report.timestamp.text().parse().map_or(received_at, Timestamp::from_millis),
        service: tag("service").unwrap_or_default(),
        env: tag("env"),
        version: tag("version"),
        type_name: text(type_name),
        message: cut(message, limits.stack_bytes_max).to_owned(),
        frames,
        thread: Some(text(&report.error.thread_name.text())).filter(|name| !name.is_empty()),
        client: client.to_client(),
        ..CrashReport::default()
    };
    if crash.client.version.is_none() {
        crash.client.version = tag("tracer_version");
    }
    let kept = found.iter().filter(|(name, _)| !is_internal(name)).take(limits.tags_max);
    crash.tags = kept.map(|(name, value)| (text(name), text(value))).collect();
    decoded.fragments.push(Fragment::Crash(crash));
    Ok(decoded)
}

/// Tags that are about the crash tracker itself.
fn is_internal(name: &str) -> bool {
    name.starts_with("profiler_")
        || matches!(name, "data_schema_version" | "is_crash" | "incomplete" | "is_crash_ping")
}

/// Type and message out of the client's sentence.
fn split_message(text: &str) -> Option<(&str, &str)> {
    let rest = text.split_once("unhandled exception of type '")?.1;
    let (type_name, rest) = rest.split_once('\'')?;
    let message = rest.trim_start_matches('.').trim_start();
    Some((
        type_name,
        message.strip_prefix("Message: ").or(message.strip_prefix("Message:")).unwrap_or(message),
    ))
}

#[derive(Default, Deserialize)]
struct Report<'a> {
    #[serde(default, borrow)]
    ddtags: Loose<'a>,
    #[serde(default, borrow)]
    timestamp: Loose<'a>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    error: Crash<'a>,
}

#[derive(Default, Deserialize)]
struct Crash<'a> {
    #[serde(default, borrow, rename = "type")]
    kind: Loose<'a>,
    #[serde(default, borrow)]
    message: Loose<'a>,
    #[serde(default, borrow)]
    is_crash: Loose<'a>,
    #[serde(default, borrow)]
    thread_name: Loose<'a>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    stack: Stack<'a>,
}

#[derive(Default, Deserialize)]
struct Stack<'a> {
    #[serde(default, borrow, deserialize_with = "or_default")]
    frames: Frames<'a>,
}

#[derive(Default, Deserialize)]
struct RawFrame<'a> {
    #[serde(default, borrow)]
    function: Loose<'a>,
    #[serde(default, borrow)]
    file: Loose<'a>,
    #[serde(default, borrow)]
    path: Loose<'a>,
    #[serde(default, borrow)]
    line: Loose<'a>,
}

impl<'a> RawFrame<'a> {
    /// The source file, or the library of a native frame without one.
    fn file(&self) -> Cow<'a, str> {
        let file = self.file.text();
        if file.is_empty() { self.path.text() } else { file }
    }
}

/// The innermost frames; what is over [`Frames::COUNT_MAX`] is not even kept while reading.
#[derive(Default)]
struct Frames<'a>(Vec<RawFrame<'a>>);

impl Frames<'_> {
    const COUNT_MAX: usize = 10_000;
}

impl<'de: 'a, 'a> Deserialize<'de> for Frames<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FramesVisitor;
        impl<'de> Visitor<'de> for FramesVisitor {
            type Value = Frames<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("frames")
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Frames::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut frames = Vec::new();
                while frames.len() < Frames::COUNT_MAX {
                    let Some(frame) = seq.next_element()? else { return Ok(Frames(frames)) };
                    frames.push(frame);
                }
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Frames(frames))
            }
        }
        deserializer.deserialize_any(FramesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_and_message_are_taken_out_of_the_sentence() {
        let sentence =
            "Process was terminated due to an unhandled exception of type 'KeyError'. Message: it's 'x'";
        assert_eq!(split_message(sentence), Some(("KeyError", "it's 'x'")));
        let empty = "Process was terminated due to an unhandled exception of type 'KeyError'. Message: ";
        assert_eq!(split_message(empty), Some(("KeyError", "")));
        assert_eq!(split_message("Process terminated with SIGSEGV"), None);
    }
}
