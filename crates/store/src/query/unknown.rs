//! What is said of keys and values that are not known.

use reenact_issues::Cause;
use reenact_issues::lifecycle::State;

use super::{KEYS, TAG_KEY, tag_key};

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

/// `cause:` with something else.
pub(super) fn cause() -> String {
    let causes = Cause::ALL.map(|cause| format!("`{}`", cause.as_str())).join(", ");
    format!("`cause:` knows {causes} only")
}

/// Keys of other trackers, and names that are near at hand.
const ALIASES: [(&str, &str); 9] = [
    ("function", "frame.function"),
    ("file", "frame.file"),
    ("path", "frame.file"),
    ("environment", "env"),
    ("release", "version"),
    ("exception", "error.type"),
    ("server_name", "host"),
    ("transaction", "resource"),
    ("assigned", "assignee"),
];
/// Keys whose text is searched for without one.
const WORDS: [&str; 3] = ["message", "error.message", "stack"];

/// A key that is none, with the nearest one that is.
pub(super) fn key(key: &str) -> String {
    // A foreign text goes into the answer: it is cut, so that the answer stays short.
    let shown: String = key.chars().take(40).collect();
    if WORDS.contains(&key) {
        return format!("`{shown}` is no key: its words are searched for without one, `\"card declined\"`");
    }
    match key {
        TAG_KEY => return "the name of the tag is missing: `@name:value`".to_owned(),
        "var" => return "a captured value is asked for by its path: `var.name:value`".to_owned(),
        _ => {}
    }
    let alias = ALIASES.iter().find(|(alias, _)| *alias == key).map(|(_, known)| *known);
    match alias.or_else(|| nearest(key)) {
        Some(known) => format!("unknown key `{shown}`; did you mean `{known}`?"),
        None => format!(
            "unknown key `{shown}`; for a tag write `{}:value`, for words with a colon use quotes",
            tag_key(&shown)
        ),
    }
}

/// The key that differs in least characters: in one, of longer ones in two at most.
fn nearest(key: &str) -> Option<&'static str> {
    let length = key.chars().count();
    if length > 40 {
        return None;
    }
    let known = KEYS.iter().map(|known| known.name).filter(|known| *known != key);
    let nearest = known.map(|known| (strsim::osa_distance(key, known), known)).min();
    nearest.filter(|(distance, _)| *distance <= if length < 4 { 1 } else { 2 }).map(|(_, known)| known)
}
