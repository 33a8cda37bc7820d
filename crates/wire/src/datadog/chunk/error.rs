//! The exception that a span ended with.

use std::collections::BTreeMap;

use reenact_model::{FrameLink, SnapshotId, SpanError};

use super::{Request, parse_bool};
use crate::text::{Text, cut};

/// Links of one span that are kept; ddtrace 1 sends one for each of about 1000 frames of a recursion.
const FRAME_LINKS_MAX: usize = 2_048;

/// Length of a number's text, in bytes: a table of strings lets many tags refer to one of megabytes.
const NUMBER_BYTES_MAX: usize = 20;

/// Whether the tag belongs to the span's error, and so not among its other tags.
pub(super) fn is_error_tag(name: &str) -> bool {
    matches!(name, "error.type" | "error.message" | "error.msg" | "error.stack")
}

/// The error details of a failed span; `None` when it has none, like the entry spans of Flask and Django.
///
/// The capture tags count only beside an `error.type`: ddtrace 1 looks at the exception that is
/// being handled when the span finishes, which may be an unrelated one.
pub(super) fn span_error(meta: &[(Text<'_>, Text<'_>)], request: &mut Request<'_>) -> Option<SpanError> {
    let mut error = SpanError::default();
    let (mut is_set, mut has_type) = (false, false);
    for (name, value) in meta {
        match &**name {
            "error.type" if !value.is_empty() => {
                error.type_name = request.text(value);
                has_type = true;
            }
            "error.message" => error.message = request.named_text("the message", value),
            "error.msg" if error.message.is_empty() => {
                error.message = request.named_text("the message", value);
            }
            "error.stack" => error.stack = request.stack(value),
            _ => continue,
        }
        is_set = true;
    }
    if !is_set || (!has_type && error.message.is_empty() && error.stack.is_none()) {
        return None;
    }
    if has_type {
        capture_tags(meta, &mut error, request);
    } else {
        error.type_name = "Error".to_owned();
    }
    Some(error)
}

fn capture_tags(meta: &[(Text<'_>, Text<'_>)], error: &mut SpanError, request: &mut Request<'_>) {
    let mut links: BTreeMap<u32, Link<'_>> = BTreeMap::new();
    for (name, value) in meta {
        let Some(name) = name.strip_prefix("_dd.debug.error.") else {
            if &**name == "error.debug_info_captured" {
                error.captured = parse_bool(value) == Some(true);
            }
            continue;
        };
        if matches!(name, "exception_capture_id" | "exception_id") {
            error.capture_id = SnapshotId::parse_uuid(value).ok().or(error.capture_id);
            continue;
        }
        let Some((number, field)) = name.split_once('.') else { continue };
        let Ok(number) = cut(number, NUMBER_BYTES_MAX).parse::<u32>() else { continue };
        let link = links.entry(number).or_default();
        match field {
            "snapshot_id" => link.snapshot_id = SnapshotId::parse_uuid(value).ok(),
            "function" => link.function = value,
            "file" => link.file = value,
            "line" => link.line_number = cut(value, NUMBER_BYTES_MAX).parse().ok(),
            _ => {}
        }
        if links.len() > FRAME_LINKS_MAX {
            // The outermost frames go first: the raise has the highest number.
            links.pop_first();
        }
    }
    for (number, link) in links {
        let Some(snapshot_id) = link.snapshot_id else { continue };
        error.frame_links.push(FrameLink {
            number,
            snapshot_id,
            function: request.text(link.function),
            file: request.text(link.file),
            line_number: link.line_number,
        });
    }
}

#[derive(Default)]
struct Link<'t> {
    snapshot_id: Option<SnapshotId>,
    function: &'t str,
    file: &'t str,
    line_number: Option<u32>,
}
