//! Which of the tests of an event raises the same exception here.

use anyhow::bail;
use serde_json::{Value, json};

use super::run::{self, Environment, Verdict};

/// Frames further out whose functions are called when the first does not raise the same exception.
const FURTHER_FRAMES_MAX: usize = 5;

/// Frames whose statements are run alone when no function raises it.
const STATEMENTS_MAX: usize = 3;

/// Frames, from the outermost on, that are called to find the outermost one that raises it.
const OUTERMOST_MAX: usize = 3;

/// Asks for the test of a frame and a mode.
type Ask<'a> = &'a dyn Fn(Option<u64>, Option<&str>) -> anyhow::Result<Value>;

/// How tests are made and run.
pub(super) struct Search<'a> {
    pub(super) environment: &'a Environment<'a>,
    pub(super) ask: Ask<'a>,
    /// Why the source here is not what ran.
    pub(super) differs: &'a dyn Fn(&Value) -> Option<String>,
    /// Whether other frames and modes may be tried.
    pub(super) is_free: bool,
}

impl Search<'_> {
    /// Runs the first test, and others until one raises the same exception; that test, or the first one, with every
    /// attempt as `run`.
    ///
    /// # Errors
    /// The source is not what ran.
    pub(super) fn run(&self, first: Value) -> anyhow::Result<(Value, Verdict)> {
        if let Some(why) = (self.differs)(&first) {
            bail!("{why}; --anyway runs the test on what is here");
        }
        let mut attempts = Vec::new();
        let mut verdict = self.attempt(&first, &mut attempts)?;
        let mut chosen = first.clone();
        if self.is_free && verdict != Verdict::Same {
            for made in self.others(&first) {
                if self.attempt(&made, &mut attempts)? == Verdict::Same {
                    (chosen, verdict) = (made, Verdict::Same);
                    break;
                }
            }
        }
        let outermost =
            if self.is_free && verdict == Verdict::Same { self.outermost(&chosen)? } else { Value::Null };
        chosen["run"] = json!({"outcome": verdict.as_str(), "attempts": attempts, "outermost": outermost});
        Ok((chosen, verdict))
    }

    fn attempt(&self, made: &Value, attempts: &mut Vec<Value>) -> anyhow::Result<Verdict> {
        let (verdict, seen) = run::run(made, self.environment)?;
        attempts.push(json!({
            "frame": made["frame"]["index"], "function": made["frame"]["function"], "mode": made["mode"],
            "outcome": verdict.as_str(), "seen": seen,
        }));
        Ok(verdict)
    }

    /// Frames further out, then statements from the deepest frame on.
    fn others<'s>(&'s self, first: &'s Value) -> impl Iterator<Item = Value> + 's {
        let index = index_of(first);
        let is_call = first["mode"] == "call";
        let further = (0..index).rev().filter(move |_| is_call);
        let further = further.filter_map(|frame| self.made(frame, "call")).take(FURTHER_FRAMES_MAX);
        let deepest = (self.ask)(None, Some("statement")).ok();
        let from = deepest.as_ref().map_or(0, index_of);
        let is_new = move |made: &Value| made["mode"] != first["mode"] || made["frame"]["index"] != index;
        let statements =
            deepest.into_iter().chain((0..from).rev().filter_map(|frame| self.made(frame, "statement")));
        further.chain(statements.filter(is_new).take(STATEMENTS_MAX))
    }

    /// The test of a frame, if there is one and its source is what ran.
    fn made(&self, frame: u64, mode: &str) -> Option<Value> {
        (self.ask)(Some(frame), Some(mode)).ok().filter(|made| (self.differs)(made).is_none())
    }

    /// The outermost frame whose function raises the same exception as well.
    fn outermost(&self, chosen: &Value) -> anyhow::Result<Value> {
        if chosen["mode"] != "call" {
            return Ok(Value::Null);
        }
        // What takes nothing is the program as a whole.
        let takes_something =
            |made: &Value| made["fidelity"].as_array().is_some_and(|inputs| !inputs.is_empty());
        let frames =
            (0..index_of(chosen)).filter_map(|frame| self.made(frame, "call")).filter(takes_something);
        for made in frames.take(OUTERMOST_MAX) {
            if run::run(&made, self.environment)?.0 == Verdict::Same {
                return Ok(json!({"frame": made["frame"]["index"], "function": made["frame"]["function"]}));
            }
        }
        Ok(Value::Null)
    }
}

fn index_of(made: &Value) -> u64 {
    made["frame"]["index"].as_u64().unwrap_or(0)
}
