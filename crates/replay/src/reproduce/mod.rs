//! From a stored event to a test that raises its exception again: one file of Python that calls the function of a frame
//! with the values that were captured.
//!
//! What this module promises: captured text becomes a name that was checked, a number, or what stands between quotes,
//! and never code (`literal`, `python`, `expression`). No constructor of a captured class is called but those of a list of
//! the standard library. The functions that are called are those that the event names: whoever can send events can
//! choose them, so a test has to be read before it is run.
//!
//! Pure and deterministic: nothing is imported, read or run here.

mod calls;
mod changed;
mod classes;
mod expectation;
mod expression;
mod fidelity;
mod frames;
mod iterators;
mod literal;
mod module;
mod objects;
mod program;
mod python;
mod scope;
mod sharing;
mod standard;
mod tables;
mod values;

#[cfg(test)]
mod tests;

use reenact_model::{Report, Snapshot};

use classes::Classes;
pub use fidelity::{Fidelity, State};
use frames::{Stack, Target};
pub use program::Expected;
use program::{About, Program};
use values::{Contents, Draft};

/// What the caller knows and wants.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The frame that is to be called, from 0, over the frames of the exception that escaped.
    pub frame: Option<usize>,
    /// The folder on the machine of the event that modules are imported from.
    pub root: Option<&'a str>,
}

/// A test that raises the exception of an event again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reproduction {
    /// The frame that is called.
    pub frame: ChosenFrame,
    /// Why this frame.
    pub why: String,
    /// Frames that were not chosen, the deepest first.
    pub passed_over: Vec<PassedOver>,
    /// How near each input comes to what was captured.
    pub fidelity: Vec<Fidelity>,
    /// What the test expects today.
    pub expected: Expected,
    /// The file.
    pub text: String,
    /// A name for the file: `test_charge_key_error.py`.
    pub file_name: String,
    /// What would make it better.
    pub missing: Vec<String>,
}

/// The frame that is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenFrame {
    /// From 0, over the frames of the exception that escaped.
    pub index: usize,
    /// `Cart.total`, as far as it is known.
    pub function: String,
    /// The file on the machine of the event.
    pub file: String,
    /// The line, from 1.
    pub line_number: Option<u32>,
    /// The module that it is imported from.
    pub module: String,
    /// Other modules that the file may be, by its path.
    pub module_alternatives: Vec<String>,
    /// Hash of the file as the client had it: the first 128 bits of BLAKE3, in hexadecimal.
    pub file_hash: Option<String>,
}

/// A frame that was not chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// From 0, over the frames of the exception that escaped.
    pub frame: usize,
    /// Its function.
    pub function: String,
    /// Why not.
    pub reason: String,
}

/// Why there is no test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreproducible {
    /// No frame of the event has values.
    NoValues,
    /// There is no such frame; there are so many.
    NoSuchFrame(usize),
    /// No frame's function can be called.
    NoFrame(Vec<PassedOver>),
}

impl std::fmt::Display for Unreproducible {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoValues => {
                f.write_str("no values of this event were captured, and a test needs those of a frame")
            }
            Self::NoSuchFrame(count) => {
                write!(f, "the exception has {count} frames, counted from 0; `reenact show` lists them")
            }
            Self::NoFrame(passed_over) => {
                f.write_str("no function of the application can be called with what was captured")?;
                for passed in passed_over.iter().take(3) {
                    write!(f, "; frame {}: {}", passed.frame, passed.reason)?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Unreproducible {}

/// Frames that are looked at, from the deepest on.
const FRAMES_MAX: usize = 24;

/// Makes a test that raises the exception of an event again.
///
/// The frame is the deepest one of the application whose function can be imported and whose inputs can be made; where
/// there is none, the deepest that can be called at all. The same event gives the same text.
///
/// - **Limits:** 24 frames are looked at; 20,000 values and nesting of 48 of each, the rest are stand-ins.
///
/// # Errors
/// [`Unreproducible::NoValues`], [`Unreproducible::NoSuchFrame`], [`Unreproducible::NoFrame`].
pub fn reproduction(
    report: &Report,
    snapshots: &[Snapshot],
    options: Options<'_>,
) -> Result<Reproduction, Unreproducible> {
    let stack = Stack::new(report, snapshots);
    if !snapshots.iter().any(|snapshot| !report.is_of_another(snapshot)) {
        return Err(Unreproducible::NoValues);
    }
    let wanted: Vec<usize> = match options.frame {
        Some(frame) if frame < stack.frames.len() => vec![frame],
        Some(_) => return Err(Unreproducible::NoSuchFrame(stack.frames.len())),
        None => (0..stack.frames.len()).rev().take(FRAMES_MAX).collect(),
    };
    let contents = stack.contents();
    let told = stack.modules();
    let mut passed_over = Vec::new();
    let mut second_best: Option<Reproduction> = None;
    for index in wanted {
        let frame = &stack.frames[index];
        if options.frame.is_none() && !frame.in_app {
            continue;
        }
        let mut pass = |reason: String| {
            passed_over.push(PassedOver { frame: index, function: frame.function.clone(), reason });
        };
        let target = match stack.target(index, options.root) {
            Ok(target) => target,
            Err(reason) => {
                pass(reason);
                continue;
            }
        };
        let made = written(&stack, &target, &contents, &told, options);
        let spoiled = made.fidelity.iter().find(|input| input.state > State::Partial);
        let Some(spoiled) = spoiled.filter(|_| options.frame.is_none()) else {
            return Ok(finished(made, passed_over, options, None));
        };
        pass(format!("its input `{}` is not what it was: {}", spoiled.name, spoiled.why));
        second_best.get_or_insert(made);
    }
    match second_best {
        Some(best) => {
            let passed_over =
                passed_over.into_iter().filter(|passed| passed.frame != best.frame.index).collect();
            let why = "the deepest one that can be called; no frame has all of its inputs";
            Ok(finished(best, passed_over, options, Some(why)))
        }
        None => Err(Unreproducible::NoFrame(passed_over)),
    }
}

fn finished(
    made: Reproduction,
    passed_over: Vec<PassedOver>,
    options: Options<'_>,
    why: Option<&str>,
) -> Reproduction {
    let why = match (why, options.frame) {
        (Some(why), _) => why,
        (None, Some(_)) => "it was asked for",
        (None, None) => "the deepest function of the application whose inputs can be made",
    };
    Reproduction { passed_over, why: why.to_owned(), ..made }
}

/// The test that calls one frame.
fn written(
    stack: &Stack<'_>,
    target: &Target<'_>,
    contents: &Contents<'_>,
    told: &[String],
    options: Options<'_>,
) -> Reproduction {
    let program = stack.frames.iter().find(|frame| frame.function == "<module>");
    let is_program = |frame: &&reenact_model::Frame| frame.module.as_deref() == Some("__main__");
    let program = program.or_else(|| stack.frames.iter().find(is_program)).unwrap_or(target.frame);
    let classes = Classes {
        of_function: Some(target.module.name.clone()),
        of_program: stack.module(program, options.root).map(|module| module.name),
        told,
    };
    let mut draft = Draft::new(contents, classes);
    let function = calls::function_of(&mut draft, target);
    let (fidelity, call) = calls::call(&mut draft, target, function);
    let (globals, of_globals) = calls::globals(&mut draft, target);
    let expected = expectation::expected(stack, target, options);
    let notes = fidelity.iter().filter(|input| input.state != State::Exact);
    let notes = notes
        .map(|input| format!("{}: {}", input.state.as_str().replace('_', "-"), python::prose(&input.why)));
    let qualified = target.path.as_ref().map_or_else(|| target.function.to_string(), ToString::to_string);
    let report = stack.report;
    let program = Program {
        about: About {
            event: report.id.to_string(),
            service: report.service.clone(),
            env: report.env.clone(),
            version: report.version.clone(),
            commit: report.commit.clone(),
            seen: report.timestamp.to_string(),
            function: qualified.clone(),
            module: target.module.name.to_string(),
        },
        expected: &expected.0,
        notes: notes.collect(),
        statements: std::mem::take(&mut draft.statements),
        uses: draft.uses,
        scope: draft.scope,
        globals,
        call,
        path_parts: expected.1,
    };
    let missing = missing(target, &fidelity);
    let file_name = program.file_name();
    let text = program.text();
    let source = target.snapshot.details.as_ref().and_then(|details| details.source.as_ref());
    Reproduction {
        frame: ChosenFrame {
            index: target.index,
            function: qualified,
            file: target.frame.file.clone(),
            line_number: target.frame.line_number,
            module: target.module.name.to_string(),
            module_alternatives: target.module.alternatives.clone(),
            file_hash: source.map(|source| source.file_hash.clone()).filter(|hash| !hash.is_empty()),
        },
        why: String::new(),
        passed_over: Vec::new(),
        fidelity: fidelity.into_iter().chain(of_globals).collect(),
        expected: expected.0,
        text,
        file_name,
        missing,
    }
}

/// What would make the test better.
fn missing(target: &Target<'_>, fidelity: &[Fidelity]) -> Vec<String> {
    let mut missing = Vec::new();
    let has = |state: State| fidelity.iter().any(|input| input.state == state);
    if target.snapshot.details.is_none() {
        missing.push(
            "the modules of classes, the identity of objects and the source: Datadog's client does not send them, \
             the client of Reenact does"
                .to_owned(),
        );
    }
    if has(State::Partial) {
        missing.push(
            "values that were cut: raise the limits of the client for depth, elements and length".to_owned(),
        );
    }
    if has(State::Redacted) {
        missing.push("redacted values: put in ones that are like them".to_owned());
    }
    if has(State::Changed) {
        missing.push(
            "arguments as they were at entry: the client captures them when the issue occurs again, if its values are asked for"
                .to_owned(),
        );
    }
    if has(State::StandIn) {
        missing.push("objects that cannot be made of what was captured: make them by hand".to_owned());
    }
    missing
}
