//! Values as they are shown: bounded.

use reenact_model::{CapturedValue, Content, NotCaptured};

use super::{PARTS_DEPTH_MAX, PARTS_MAX, TEXT_BYTES_MAX};

/// How much of a value is shown.
struct Bounds {
    /// Length of one text, in bytes.
    text_bytes: usize,
    /// Parts on each level.
    parts: usize,
    /// Nesting.
    depth: usize,
}

const COMPARED: Bounds = Bounds { text_bytes: TEXT_BYTES_MAX, parts: PARTS_MAX, depth: PARTS_DEPTH_MAX };
const PREVIEW: Bounds = Bounds { text_bytes: 200, parts: 8, depth: 2 };

/// A value with the first of its parts, down to [`PARTS_DEPTH_MAX`].
pub(crate) fn value(value: &CapturedValue) -> CapturedValue {
    nested(value, &COMPARED, 0)
}

/// A value as one line needs it: 8 parts on each of two levels, and texts of 200 bytes.
pub(crate) fn preview(value: &CapturedValue) -> CapturedValue {
    nested(value, &PREVIEW, 0)
}

/// A container without its parts.
pub(crate) fn head(value: &CapturedValue) -> CapturedValue {
    head_within(value, &COMPARED)
}

fn head_within(value: &CapturedValue, bounds: &Bounds) -> CapturedValue {
    let content = match &value.content {
        Content::Fields(_) => Content::Fields(Vec::new()),
        Content::Elements(_) => Content::Elements(Vec::new()),
        Content::Entries(_) => Content::Entries(Vec::new()),
        Content::Scalar(text) => Content::Scalar(cut(text, bounds).to_owned()),
        Content::Nothing => Content::Nothing,
        Content::Null => Content::Null,
    };
    let is_cut = matches!(&value.content, Content::Scalar(text) if text.len() > bounds.text_bytes);
    CapturedValue {
        type_name: cut(&value.type_name, bounds).to_owned(),
        content,
        truncated: value.truncated || is_cut,
        size: value.size,
        not_captured: value.not_captured,
        rule: value.rule.as_deref().map(|rule| cut(rule, bounds).to_owned()),
        reference: value.reference,
        form: value.form,
    }
}

/// A text that is cut at [`TEXT_BYTES_MAX`].
pub(crate) fn text(text: &str) -> &str {
    cut(text, &COMPARED)
}

fn cut<'a>(text: &'a str, bounds: &Bounds) -> &'a str {
    &text[..text.floor_char_boundary(bounds.text_bytes)]
}

fn nested(value: &CapturedValue, bounds: &Bounds, depth: usize) -> CapturedValue {
    let mut shown = head_within(value, bounds);
    let parts = match &value.content {
        Content::Fields(parts) => parts.len(),
        Content::Elements(parts) => parts.len(),
        Content::Entries(parts) => parts.len(),
        Content::Nothing | Content::Null | Content::Scalar(_) => 0,
    };
    let taken = if depth < bounds.depth { parts.min(bounds.parts) } else { 0 };
    if taken < parts {
        shown.size.get_or_insert(parts as u64);
        shown.not_captured.get_or_insert(NotCaptured::Limit);
    }
    let inner = |part: &CapturedValue| nested(part, bounds, depth + 1);
    match (&value.content, &mut shown.content) {
        (Content::Fields(all), Content::Fields(shown)) => {
            shown.extend(
                all.iter().take(taken).map(|(name, part)| (cut(name, bounds).to_owned(), inner(part))),
            );
        }
        (Content::Elements(all), Content::Elements(shown)) => shown.extend(all.iter().take(taken).map(inner)),
        (Content::Entries(all), Content::Entries(shown)) => {
            shown.extend(all.iter().take(taken).map(|(key, part)| (inner(key), inner(part))));
        }
        _ => {}
    }
    shown
}
