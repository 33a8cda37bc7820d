//! Which of the tests of an event raises the same exception here.

use std::cell::RefCell;
use std::collections::BTreeSet;

use anyhow::bail;
use serde_json::{Value, json};

use super::run::{self, Environment, Verdict};
use crate::client::text;

/// Frames further out whose functions are called when the first does not raise the same exception: clients send the values
/// of 8 frames unless they are told otherwise, and the outermost of these may be the only one that can be called.
const FURTHER_FRAMES_MAX: usize = 7;

/// Frames whose statements are run alone when no function raises it.
const STATEMENTS_MAX: usize = 3;

/// Frames, from the outermost on, that are called to find the outermost one that raises it.
const OUTERMOST_MAX: usize = 3;

/// Frames with values whose tests each of these three asks the server for.
const ASKED_MAX: usize = 8;

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
    /// The frames that have values, without which there is no test of one; the outermost first.
    pub(super) frames: &'a [u64],
    /// Names that tests imported and that are not there; `ask` sends them.
    pub(super) not_importable: &'a RefCell<BTreeSet<String>>,
}

/// Names that cannot be imported, at most.
const NOT_IMPORTABLE_MAX: usize = 200;

/// What a search came to.
pub(super) enum Found {
    /// A test with every attempt as `run`, and what its runs showed.
    Test(Value, Verdict),
    /// The code imports this module, which was not found and is known to be elsewhere.
    Elsewhere(String),
}

impl Search<'_> {
    /// Runs the first test, and others until one raises the same exception; that test, or the first one.
    /// `is_elsewhere` says whether a module that is not found is below a folder that can be taken in addition.
    ///
    /// # Errors
    /// The source is not what ran.
    pub(super) fn run(
        &self,
        mut first: Value,
        mut is_elsewhere: impl FnMut(&str) -> bool,
    ) -> anyhow::Result<Found> {
        if let Some(why) = (self.differs)(&first) {
            bail!("{why}; --anyway runs the test on what is here");
        }
        let mut attempts = Vec::new();
        let mut verdict = self.attempt(&mut first, &mut attempts)?;
        if let Some(module) = attempts[0]["seen"]["module_not_found"].as_str()
            && verdict != Verdict::Same
            && is_elsewhere(module)
        {
            return Ok(Found::Elsewhere(module.to_owned()));
        }
        let mut chosen = first.clone();
        if self.is_free && verdict != Verdict::Same {
            for mut made in self.others(&first) {
                if self.attempt(&mut made, &mut attempts)? == Verdict::Same {
                    made["why"] = json!("the first one that raises the same exception");
                    (chosen, verdict) = (made, Verdict::Same);
                    break;
                }
            }
        }
        let outermost =
            if self.is_free && verdict == Verdict::Same { self.outermost(&chosen)? } else { Value::Null };
        chosen["run"] = json!({"outcome": verdict.as_str(), "attempts": attempts, "outermost": outermost});
        Ok(Found::Test(chosen, verdict))
    }

    /// Runs a test, and the one that is made without the names which it could not import.
    fn attempt(&self, made: &mut Value, attempts: &mut Vec<Value>) -> anyhow::Result<Verdict> {
        let (mut verdict, mut seen) = run::run(made, self.environment)?;
        if self.learns_from(&seen)
            && let Some(frame) = made["frame"]["index"].as_u64()
            && let Some(again) = self.made(frame, text(made, "mode"))
        {
            (made["text"], made["fidelity"]) = (again["text"].clone(), again["fidelity"].clone());
            (verdict, seen) = run::run(made, self.environment)?;
        }
        attempts.push(json!({
            "frame": made["frame"]["index"], "function": made["frame"]["function"], "mode": made["mode"],
            "outcome": verdict.as_str(), "seen": seen,
        }));
        Ok(verdict)
    }

    /// Whether a run showed names that cannot be imported and were not known as such.
    fn learns_from(&self, seen: &Value) -> bool {
        let names = seen["not_importable"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut known = self.not_importable.borrow_mut();
        let before = known.len();
        for name in names {
            if known.len() < NOT_IMPORTABLE_MAX {
                known.insert(name.to_owned());
            }
        }
        known.len() > before
    }

    /// Frames further out, then statements from the deepest frame on.
    fn others<'s>(&'s self, first: &'s Value) -> impl Iterator<Item = Value> + 's {
        let index = index_of(first);
        let is_call = first["mode"] == "call";
        let further = self.outside(index).rev().filter(move |_| is_call).take(ASKED_MAX);
        let further = further.filter_map(|frame| self.made(frame, "call")).take(FURTHER_FRAMES_MAX);
        let deepest = (self.ask)(None, Some("statement")).ok();
        let from = deepest.as_ref().map_or(0, index_of);
        let deepest = deepest.filter(|made| self.is_what_ran(made));
        let is_new = move |made: &Value| made["mode"] != first["mode"] || made["frame"]["index"] != index;
        let outside = self.outside(from).rev().take(ASKED_MAX);
        let statements = deepest.into_iter().chain(outside.filter_map(|frame| self.made(frame, "statement")));
        further.chain(statements.filter(is_new).take(STATEMENTS_MAX))
    }

    /// The frames with values further out than one, the outermost first.
    fn outside(&self, index: u64) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.frames.iter().copied().filter(move |frame| *frame < index)
    }

    /// The test of a frame, if there is one and its source is what ran.
    fn made(&self, frame: u64, mode: &str) -> Option<Value> {
        (self.ask)(Some(frame), Some(mode)).ok().filter(|made| self.is_what_ran(made))
    }

    fn is_what_ran(&self, made: &Value) -> bool {
        (self.differs)(made).is_none()
    }

    /// The outermost frame whose function raises the same exception as well.
    fn outermost(&self, chosen: &Value) -> anyhow::Result<Value> {
        if chosen["mode"] != "call" {
            return Ok(Value::Null);
        }
        let frames = self.outside(index_of(chosen)).take(ASKED_MAX);
        let frames = frames.filter_map(|frame| self.made(frame, "call")).filter(takes_something);
        for mut made in frames.take(OUTERMOST_MAX) {
            if self.attempt(&mut made, &mut Vec::new())? == Verdict::Same {
                return Ok(json!({"frame": made["frame"]["index"], "function": made["frame"]["function"]}));
            }
        }
        Ok(Value::Null)
    }
}

/// Whether the function that is called has arguments: what takes nothing is the program as a whole.
fn takes_something(made: &Value) -> bool {
    let inputs = made["fidelity"].as_array();
    inputs.is_some_and(|inputs| inputs.iter().any(|input| input["kind"] == "argument"))
}

fn index_of(made: &Value) -> u64 {
    made["frame"]["index"].as_u64().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::Path;
    use std::time::Duration;

    use super::*;

    fn made(frame: u64, mode: &str) -> Value {
        json!({"frame": {"index": frame}, "mode": mode})
    }

    /// The frames and modes of the others than the call of a frame, as `2 call`, and how many were asked for.
    fn others(frames: &[u64], first: u64, differing: &[u64]) -> (Vec<String>, u64) {
        let asked = Cell::new(0);
        let ask = |frame: Option<u64>, mode: Option<&str>| {
            asked.set(asked.get() + 1);
            Ok(made(frame.unwrap_or(first), mode.unwrap()))
        };
        let differs =
            |made: &Value| differing.contains(&index_of(made)).then(|| "it is another one".to_owned());
        let python = Path::new("no-python");
        let environment =
            Environment { python, roots: vec![python], allowed: String::new(), timeout: Duration::ZERO };
        let search = Search {
            environment: &environment,
            ask: &ask,
            differs: &differs,
            is_free: true,
            frames,
            not_importable: &RefCell::default(),
        };
        let first = made(first, "call");
        let others = search.others(&first).map(|made| format!("{} {}", index_of(&made), made["mode"]));
        (others.map(|other| other.replace('"', "")).collect(), asked.get())
    }

    #[test]
    fn functions_further_out_are_called_and_then_statements_run() {
        let (tried, _) = others(&[0, 1, 2, 3, 4, 5, 6, 7, 8], 8, &[]);
        let want = [
            "7 call",
            "6 call",
            "5 call",
            "4 call",
            "3 call",
            "2 call",
            "1 call",
            "8 statement",
            "7 statement",
            "6 statement",
        ];
        assert_eq!(tried, want);
    }

    #[test]
    fn what_has_no_arguments_takes_nothing() {
        let of = |kinds: &[&str]| {
            let inputs: Vec<Value> = kinds.iter().map(|kind| json!({"kind": kind})).collect();
            takes_something(&json!({"fidelity": inputs}))
        };
        assert!(of(&["global", "argument"]));
        assert!(!of(&[]) && !of(&["global", "surroundings"]));
    }

    #[test]
    fn nothing_of_a_file_that_is_another_one_is_run() {
        assert_eq!(others(&[0, 1, 2], 2, &[2]).0, ["1 call", "0 call", "1 statement", "0 statement"]);
        assert_eq!(others(&[0, 1, 2], 2, &[0, 1, 2]).0, [""; 0]);
    }

    #[test]
    fn only_frames_with_values_are_asked_for_and_not_all_of_many() {
        assert_eq!(
            others(&[3, 7], 7, &[]),
            (["3 call", "7 statement", "3 statement"].map(str::to_owned).to_vec(), 3)
        );
        let all: Vec<u64> = (0..100).collect();
        assert_eq!(others(&all, 99, &all).1, 2 * ASKED_MAX as u64 + 1);
    }
}
