//! Runs of characters of one class, found without a look at every byte.

/// Texts shorter than this, in bytes, hold nothing that a value rule finds.
pub(super) const SHORTEST: usize = 7;

/// 256 answers to whether a byte belongs to a class.
pub(super) type Class = [bool; 256];

/// The class of letters and digits with `others`.
pub(super) const fn class_with(letters: bool, others: &[u8]) -> Class {
    let mut class = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let is_letter = (byte as u8).is_ascii_alphabetic();
        class[byte] = (byte as u8).is_ascii_digit() || (letters && is_letter);
        byte += 1;
    }
    let mut index = 0;
    while index < others.len() {
        class[others[index] as usize] = true;
        index += 1;
    }
    class
}

/// The next run of at least `least` bytes of `class` at or after `from`, where no run reaches over `from`.
///
/// Looks at the last byte that a run from here would have, and goes on after the last one that is none:
/// most of a text with short words is never looked at. O(`least` × bytes) at worst.
#[inline]
pub(super) fn next_run(
    bytes: &[u8],
    class: &Class,
    least: usize,
    from: usize,
) -> Option<std::ops::Range<usize>> {
    let mut at = from;
    while at + least <= bytes.len() {
        let window = &bytes[at..at + least];
        crate::steps::add(least);
        match window.iter().rposition(|byte| !class[usize::from(*byte)]) {
            Some(last) => at += last + 1,
            None => {
                let more = bytes[at + least..].iter().take_while(|byte| class[usize::from(**byte)]).count();
                crate::steps::add(more);
                return Some(at..at + least + more);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_are_found_and_short_ones_are_not() {
        const CLASS: Class = class_with(true, b"_");
        let text = b"ab abcd, abcde_1. abc abcd";
        assert_eq!(next_run(text, &CLASS, 4, 0), Some(3..7));
        assert_eq!(next_run(text, &CLASS, 4, 7), Some(9..16));
        assert_eq!(next_run(text, &CLASS, 5, 0), Some(9..16));
        assert_eq!(next_run(text, &CLASS, 4, 16), Some(22..26));
        assert_eq!(next_run(text, &CLASS, 8, 0), None);
    }
}
