//! From a stored event to a test that raises its exception again: one file of Python that calls the function of a frame
//! with the values that were captured, or runs the statement alone that raised.
//!
//! What this module promises: captured text becomes a name that was checked, a number, or what stands between quotes,
//! and never code (`literal`, `python`, `expression`). No constructor of a captured class is called but those of a list of
//! the standard library. The functions that are called are those that the event names: whoever can send events can
//! choose them, so a test has to be read before it is run.
//!
//! Pure and deterministic: nothing is imported, read or run here.

mod calls;
mod changed;
mod choice;
mod classes;
mod environment;
mod expectation;
mod expression;
mod fidelity;
mod frames;
mod frozen;
mod imports;
mod iterators;
mod literal;
mod module;
mod numpy;
mod objects;
mod program;
mod python;
mod scope;
mod sharing;
mod shrink;
mod source;
mod standard;
mod statements;
mod tables;
mod values;

#[cfg(test)]
mod tests;

use reenact_model::{Report, Snapshot};

use classes::Classes;
pub use fidelity::{Fidelity, InputKind, State};
use frames::{How, Stack, Target};
pub use imports::{Import, imports};
pub use program::Expected;
use program::{About, Program};
pub use shrink::{Shrunk, shrink};
pub use source::SourceFile;
use values::{Contents, Draft};

/// What the caller knows and wants.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The frame that is to be called, from 0, over the frames of the exception that escaped.
    pub frame: Option<usize>,
    /// How; the better way where it is not said.
    pub mode: Option<Mode>,
    /// The folders on the machine of the event that modules are imported from, as far as the caller knows them; a file
    /// belongs to the first that it is below.
    pub roots: &'a [&'a str],
    /// Source that the caller has and that is what ran, instead of the lines that the client sent.
    pub sources: &'a [SourceFile<'a>],
    /// Names with their modules that cannot be imported, `sqlalchemy.event.base.ConnectionEventsDispatch`: classes that are
    /// made while the program runs, and are looked for among those that are loaded.
    pub not_importable: &'a [&'a str],
}

/// How an exception is raised again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A function is called with its arguments.
    Call,
    /// The statement that raised is run alone, with its variables.
    Statement,
}

/// Another test that can be made of the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// How.
    pub mode: Mode,
    /// From 0, over the frames of the exception that escaped.
    pub frame: usize,
    /// Its function.
    pub function: String,
    /// What is said of it: `the outermost function whose inputs can be made`.
    pub why: &'static str,
}

/// A test that raises the exception of an event again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reproduction {
    /// How.
    pub mode: Mode,
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
    /// Other tests of this event.
    pub offers: Vec<Offer>,
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

/// Makes a test that raises the exception of an event again.
///
/// The frame is the deepest one of the application whose function can be imported and whose inputs can be made. Where
/// there is none, the statement of the deepest frame is run alone that has all of its variables; else the deepest
/// function is called that can be called at all. The same event gives the same text.
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
    if !snapshots.iter().any(|snapshot| !report.is_of_another(snapshot)) {
        return Err(Unreproducible::NoValues);
    }
    let stack = Stack::new(report, snapshots, options);
    if options.frame.is_some_and(|frame| frame >= stack.frames.len()) {
        return Err(Unreproducible::NoSuchFrame(stack.frames.len()));
    }
    choice::chosen(&stack, options)
}

/// The test of one frame.
fn written<'a>(
    stack: &Stack<'a>,
    target: &Target<'a>,
    contents: &Contents<'a>,
    told: &[String],
) -> Reproduction {
    let program = stack.frames.iter().find(|frame| frame.function == "<module>");
    let is_program = |frame: &&reenact_model::Frame| frame.module.as_deref() == Some("__main__");
    let program = program.or_else(|| stack.frames.iter().find(is_program)).unwrap_or(target.frame);
    let classes = Classes {
        of_function: Some(target.module.name.clone()),
        of_program: stack.module(program).map(|module| module.name),
        told,
        not_importable: stack.options.not_importable,
    };
    let mut draft = Draft::new(contents, classes);
    let (fidelity, call) = match &target.how {
        How::Call(callable) => calls::call(&mut draft, target, callable),
        How::Statement(statement) => calls::run(&mut draft, target, statement),
    };
    let (globals, of_globals) = calls::globals(&mut draft, target);
    let frozen =
        frozen::of(&mut draft, target, &stack.report.timestamp.to_string(), missing_key(stack, target));
    let expected = expectation::expected(stack, target);
    let function = target.called();
    let (mode, does, mut notes) = match &target.how {
        How::Call(_) => {
            (Mode::Call, format!("Calls `{}` as it was called", python::prose(&function)), Vec::new())
        }
        How::Statement(statement) => {
            let place = format!("line {} of `{}`", statement.line, python::prose(&function));
            (
                Mode::Statement,
                format!("Runs the statement on {place} with the variables that it had"),
                statement.notes(),
            )
        }
    };
    let note =
        |state: State, text: &str| format!("{}: {}", state.as_str().replace('_', "-"), python::prose(text));
    let inexact = |input: &&Fidelity| input.state != State::Exact;
    notes.extend(fidelity.iter().filter(inexact).map(|input| note(input.state, &input.why)));
    let around = frozen.fidelity.iter().filter(inexact);
    notes.extend(around.map(|input| note(input.state, &format!("{} {}", input.name, input.why))));
    let program = Program {
        about: About::of(stack.report, &function, &target.module.name),
        expected: &expected.0,
        does,
        notes,
        statements: std::mem::take(&mut draft.statements),
        uses: draft.uses,
        scope: draft.scope,
        contexts: globals.into_iter().chain(frozen.contexts).collect(),
        call,
        path_parts: expected.1,
        own_packages: stack.own_packages(),
    };
    let missing = missing(target, &fidelity);
    let file_name = program.file_name();
    let text = program.text();
    Reproduction {
        mode,
        frame: target.chosen(),
        why: String::new(),
        passed_over: Vec::new(),
        fidelity: fidelity.into_iter().chain(of_globals).chain(frozen.fidelity).collect(),
        expected: expected.0,
        text,
        file_name,
        missing,
        offers: Vec::new(),
    }
}

/// The text key that the `KeyError` of a frame says is missing. Further in there may only be the code of Python's own
/// mapping of the environment: another function may have missed the same key in something else.
fn missing_key<'a>(stack: &Stack<'a>, target: &Target<'_>) -> Option<&'a str> {
    let is_key_error = classes::bare(stack.report.type_name()) == "KeyError";
    let key = stack.report.message().trim().strip_prefix('\'')?.strip_suffix('\'')?;
    let is_of_os = |frame: &reenact_model::Frame| {
        let file = frame.file.rsplit(['/', '\\']).next();
        matches!(file, Some("os.py" | "<frozen os>"))
            && frame.function.rsplit('.').next() == Some("__getitem__")
    };
    let further_in = stack.frames.get(target.index + 1..).unwrap_or_default();
    (is_key_error && further_in.iter().all(is_of_os)).then_some(key)
}

/// What would make the test better.
fn missing(target: &Target<'_>, fidelity: &[Fidelity]) -> Vec<String> {
    let mut missing = Vec::new();
    // That a statement runs alone is no value that a client could send.
    let inputs = || fidelity.iter().filter(|input| input.kind != InputKind::Statement);
    let has = |state: State| inputs().any(|input| input.state == state);
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
            "arguments as they were at entry: the client of Reenact sends them with `second_chance`, from the second exception on"
                .to_owned(),
        );
    }
    if has(State::StandIn) {
        missing.push("objects that cannot be made of what was captured: make them by hand".to_owned());
    }
    missing
}
