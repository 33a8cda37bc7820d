//! Smaller inputs with which the test raises the same exception.

use reenact_replay::reproduce;
use serde_json::{Value, json};

use super::run::{self, Environment, Verdict};
use crate::client::text;

/// How often a smaller test is run.
const RUNS_MAX: usize = 200;

/// Replaces the test by a smaller one that raises the same exception, and says what was left out as `shrunk`; nothing
/// where no smaller one does.
pub(super) fn shrink(made: &mut Value, environment: &Environment<'_>) -> anyhow::Result<()> {
    let whole = text(made, "text").to_owned();
    let is_same = |smaller: &str| {
        run::run_once(made, smaller, environment).is_ok_and(|(verdict, _)| verdict == Verdict::Same)
    };
    let Some(shrunk) = reproduce::shrink(&whole, RUNS_MAX, is_same) else { return Ok(()) };
    let mut smaller = made.clone();
    smaller["text"] = json!(shrunk.text);
    // As for every other test: what does not happen twice is not the same.
    let is_smaller = shrunk.parts_removed > 0 || shrunk.characters_removed > 0;
    if is_smaller && run::run(&smaller, environment)?.0 == Verdict::Same {
        *made = smaller;
        made["shrunk"] = json!({
            "parts_removed": shrunk.parts_removed, "characters_removed": shrunk.characters_removed, "runs": shrunk.runs,
        });
    } else {
        made["shrunk"] = json!({"parts_removed": 0, "characters_removed": 0, "runs": shrunk.runs});
    }
    Ok(())
}
