//! Values as a comparison shows them: bounded.

use reenact_model::{CapturedValue, Content, NotCaptured};

use super::{PARTS_DEPTH_MAX, PARTS_MAX, TEXT_BYTES_MAX};

/// A value with the first of its parts, down to [`PARTS_DEPTH_MAX`].
pub(super) fn value(value: &CapturedValue) -> CapturedValue {
    nested(value, 0)
}

/// A container without its parts.
pub(super) fn head(value: &CapturedValue) -> CapturedValue {
    let content = match &value.content {
        Content::Fields(_) => Content::Fields(Vec::new()),
        Content::Elements(_) => Content::Elements(Vec::new()),
        Content::Entries(_) => Content::Entries(Vec::new()),
        Content::Scalar(text) => Content::Scalar(self::text(text).to_owned()),
        Content::Nothing => Content::Nothing,
        Content::Null => Content::Null,
    };
    let cut = matches!(&value.content, Content::Scalar(text) if text.len() > TEXT_BYTES_MAX);
    CapturedValue {
        type_name: text(&value.type_name).to_owned(),
        content,
        truncated: value.truncated || cut,
        size: value.size,
        not_captured: value.not_captured,
        rule: value.rule.as_deref().map(|rule| text(rule).to_owned()),
        reference: value.reference,
    }
}

/// A text that is cut at [`TEXT_BYTES_MAX`].
pub(super) fn text(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

fn nested(value: &CapturedValue, depth: usize) -> CapturedValue {
    let mut shown = head(value);
    let parts = match &value.content {
        Content::Fields(parts) => parts.len(),
        Content::Elements(parts) => parts.len(),
        Content::Entries(parts) => parts.len(),
        Content::Nothing | Content::Null | Content::Scalar(_) => 0,
    };
    let taken = if depth < PARTS_DEPTH_MAX { parts.min(PARTS_MAX) } else { 0 };
    if taken < parts {
        shown.size.get_or_insert(parts as u64);
        shown.not_captured.get_or_insert(NotCaptured::Limit);
    }
    let inner = |part: &CapturedValue| nested(part, depth + 1);
    match (&value.content, &mut shown.content) {
        (Content::Fields(all), Content::Fields(shown)) => {
            shown.extend(all.iter().take(taken).map(|(name, part)| (text(name).to_owned(), inner(part))));
        }
        (Content::Elements(all), Content::Elements(shown)) => shown.extend(all.iter().take(taken).map(inner)),
        (Content::Entries(all), Content::Entries(shown)) => {
            shown.extend(all.iter().take(taken).map(|(key, part)| (inner(key), inner(part))));
        }
        _ => {}
    }
    shown
}
