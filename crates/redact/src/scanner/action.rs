//! What becomes of a match.

use std::ops::Range;

use super::{ScannerKeys, mask};

/// What a scanner rule does with a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Puts a text in its place; `[redacted: <rule id>]` when empty.
    Redact {
        /// The text.
        text: String,
    },
    /// Replaces so many characters at one end by `***`; all of the match when it has no more.
    Partial {
        /// How many characters go.
        characters: usize,
        /// At which end.
        side: Side,
    },
    /// Puts a keyed hash in its place: `[hash: …]`, the same for the same match, so that it can be joined.
    Hash,
    /// Encrypts it: `[masked: …]`, the same for the same match; [`super::unmask`] brings it back.
    Mask,
}

/// An end of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Its beginning.
    First,
    /// Its end.
    Last,
}

/// Stands for characters that a partial redaction took; as long whatever their number.
pub(crate) const STARS: &str = "***";

impl Action {
    /// The text in place of `range`; `None` when a partial redaction has been there already.
    pub(super) fn replacement(&self, text: &str, range: &Range<usize>, keys: &ScannerKeys) -> Option<String> {
        let found = &text[range.clone()];
        match self {
            Self::Redact { text } => Some(text.clone()),
            Self::Partial { characters, side } => {
                let is_done = found.contains(STARS)
                    || text[..range.start].ends_with(STARS)
                    || text[range.end..].starts_with(STARS);
                if is_done { None } else { Some(partial(found, *characters, *side)) }
            }
            Self::Hash => {
                let hash = blake3::keyed_hash(&keys.hash, found.as_bytes()).to_hex();
                Some(format!("[hash: {}]", &hash[..32]))
            }
            Self::Mask => Some(mask::masked(found, &keys.mask)),
        }
    }
}

fn partial(found: &str, characters: usize, side: Side) -> String {
    let count = found.chars().count();
    if count <= characters {
        return STARS.to_owned();
    }
    let kept = match side {
        Side::First => characters,
        Side::Last => count - characters,
    };
    let at = found.char_indices().nth(kept).map_or(found.len(), |(at, _)| at);
    match side {
        Side::First => format!("{STARS}{}", &found[at..]),
        Side::Last => format!("{}{STARS}", &found[..at]),
    }
}
