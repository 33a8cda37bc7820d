//! What is said of keys and values that are not known.

use reenact_issues::lifecycle::State;

use super::KEYS;

/// `is:` with something else.
pub(super) fn is_term(of_issues: bool) -> String {
    if !of_issues {
        return "`is:` knows `handled` and `unhandled` only".to_owned();
    }
    let states = State::ALL.map(|state| format!("`{}`", state.as_str())).join(", ");
    format!(
        "`is:` knows `handled`, `unhandled`, `new`, `regression`, `assigned`, `unassigned`, {states} only"
    )
}

/// A key that is none, with the nearest one that is.
pub(super) fn key(key: &str) -> String {
    // A foreign text goes into the answer: it is cut, so that the answer stays short.
    let shown: String = key.chars().take(40).collect();
    let known = KEYS.iter().map(|known| known.name).filter(|known| *known != key);
    let nearest =
        known.map(|known| (distance(key, known), known)).min().filter(|(distance, _)| *distance <= 2);
    match nearest {
        Some((_, known)) => format!("unknown key `{shown}`; did you mean `{known}`?"),
        None => format!(
            "unknown key `{shown}`; for a tag write `@{shown}:value`, for words with a colon use quotes"
        ),
    }
}

/// Levenshtein distance, for short texts; long ones are far from everything.
fn distance(left: &str, right: &str) -> usize {
    if left.len() > 40 {
        return usize::MAX;
    }
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}
