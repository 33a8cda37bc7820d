//! Which of the files that disappeared in a commit became a new one. Pure.

use std::collections::HashMap;

/// The part of a text that must be there already, by bytes, for a file to be the same under another name.
pub(crate) const SIMILARITY_MIN: f64 = 0.5;

/// A file that is not there any more.
#[derive(Clone, Debug)]
pub(crate) struct Gone {
    pub(crate) path: String,
    pub(crate) id: gix::ObjectId,
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The file that had the same text; one of the same name first.
pub(crate) fn same(gone: &[Gone], id: gix::ObjectId, path: &str) -> Option<String> {
    let same = || gone.iter().filter(|gone| gone.id == id);
    same().find(|gone| name(&gone.path) == name(path)).or_else(|| same().next()).map(|gone| gone.path.clone())
}

/// Puts files of the same name first, then those of the same kind.
pub(crate) fn likeliest_first(gone: &mut [Gone], path: &str) {
    let ending = |path: &str| name(path).rsplit_once('.').map(|(_, ending)| ending.to_owned());
    let wanted = ending(path);
    gone.sort_by_key(|gone| {
        (name(&gone.path) != name(path), ending(&gone.path) != wanted, gone.path.clone())
    });
}

/// How much of the longer text both have, from 0 to 1, counted in bytes of whole lines whatever their order.
pub(crate) fn similarity(a: &str, b: &str) -> f64 {
    let mut lines: HashMap<&str, usize> = HashMap::new();
    for line in a.lines().map(str::trim_end) {
        *lines.entry(line).or_default() += 1;
    }
    let bytes = |text: &str| text.lines().map(|line| line.trim_end().len() + 1).sum::<usize>();
    let mut shared = 0;
    for line in b.lines().map(str::trim_end) {
        if let Some(count) = lines.get_mut(line).filter(|count| **count > 0) {
            *count -= 1;
            shared += line.len() + 1;
        }
    }
    shared as f64 / bytes(a).max(bytes(b)).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::similarity;

    #[test]
    fn texts_are_as_similar_as_the_lines_that_they_share() {
        assert_eq!(similarity("a\nb\n", "b\r\na\r\n"), 1.0);
        assert_eq!(similarity("a\nb\n", "a\nc\n"), 0.5);
        assert_eq!(similarity("a\na\n", "a\n"), 0.5);
        assert_eq!(similarity("", ""), 0.0);
        assert_eq!(similarity("a\n", "b\n"), 0.0);
    }
}
