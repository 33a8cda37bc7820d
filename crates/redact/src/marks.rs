//! Edits of one text, and the marks that they leave.

use std::borrow::Cow;
use std::ops::Range;

use crate::hits::RuleRef;
use crate::scanner::MASK_OPENING;

/// A range of a text and what takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) range: Range<usize>,
    pub(crate) rule: RuleRef,
    pub(crate) replacement: Cow<'static, str>,
}

/// Stands for what went over a limit of the scan.
pub(crate) const UNSCANNED: &str = "[redacted: not scanned]";

/// Stands for a text in strict mode.
pub(crate) const STRICT: &str = "[redacted: mode (strict)]";

impl Edit {
    pub(crate) fn unscanned(range: Range<usize>) -> Self {
        Self { range, rule: RuleRef::Unscanned, replacement: Cow::Borrowed(UNSCANNED) }
    }
}

/// Puts edits in order: of two that overlap the one that came first gives the replacement for both.
/// Edits of nothing but a mark, and within one, go. One that begins or ends inside a character takes it whole.
pub(crate) fn settled(text: &str, mut edits: Vec<Edit>) -> Vec<Edit> {
    for edit in &mut edits {
        edit.range = text.floor_char_boundary(edit.range.start)..text.ceil_char_boundary(edit.range.end);
    }
    let marks = marks(text);
    let mut ranked: Vec<(usize, Edit)> = edits
        .into_iter()
        .filter(|edit| {
            let after = marks.partition_point(|mark| mark.start <= edit.range.start);
            after.checked_sub(1).is_none_or(|mark| marks[mark].end < edit.range.end)
        })
        .enumerate()
        .collect();
    ranked.sort_by_key(|(rank, edit)| (edit.range.start, *rank));
    let mut settled: Vec<(usize, Edit)> = Vec::with_capacity(ranked.len());
    for (rank, edit) in ranked {
        match settled.last_mut() {
            Some((best, last)) if edit.range.start < last.range.end => {
                let range = last.range.start..last.range.end.max(edit.range.end);
                if rank < *best {
                    *best = rank;
                    *last = edit;
                }
                last.range = range;
            }
            _ => settled.push((rank, edit)),
        }
    }
    settled.into_iter().map(|(_, edit)| edit).collect()
}

/// The text with its edits, which are settled.
pub(crate) fn edited(text: &str, edits: &[Edit]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut from = 0;
    for edit in edits {
        result.push_str(&text[from..edit.range.start]);
        result.push_str(&edit.replacement);
        from = edit.range.end;
    }
    result.push_str(&text[from..]);
    result
}

/// Where marks of earlier redactions stand: `[redacted…]`, `[hash: …]`, `[masked: …]`.
fn marks(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for start in memchr::memchr_iter(b'[', text.as_bytes()) {
        let rest = &text[start..];
        crate::steps::add(memchr::memchr2(b'[', b']', &rest.as_bytes()[1..]).unwrap_or(rest.len()));
        // Up to the next bracket of either kind, so that all brackets together cost one look at the text.
        if let Some(end) = memchr::memchr2(b'[', b']', &rest.as_bytes()[1..])
            && rest.as_bytes()[end + 1] == b']'
            && is_mark(&rest[..end + 1])
        {
            found.push(start..start + end + 2);
        }
    }
    found
}

/// Whether a mark of a rule ends at `end`.
pub(crate) fn ends_with_mark(bytes: &[u8], end: usize) -> bool {
    let before = &bytes[end.saturating_sub(RULE_MARK_BYTES_MAX)..end - 1];
    memchr::memrchr(b'[', before).and_then(|at| std::str::from_utf8(&before[at..]).ok()).is_some_and(is_mark)
}

/// How long the mark of a rule is at most, in bytes.
const RULE_MARK_BYTES_MAX: usize = 130;

fn is_mark(opened: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if let Some(hash) = opened.strip_prefix("[hash: ") {
        return hash.len() == 32 && is_hex(hash);
    }
    if let Some(mask) = opened.strip_prefix(MASK_OPENING) {
        return mask.len() >= 144 && is_hex(mask);
    }
    let Some(rule) = opened.strip_prefix("[redacted") else { return false };
    let is_rule =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b" _-\"()*".contains(&byte);
    rule.is_empty()
        || rule.strip_prefix(": ").is_some_and(|rule| {
            rule.len() <= 110
                && rule.bytes().all(is_rule)
                && rule.bytes().filter(u8::is_ascii_digit).count() <= 4
        })
}
