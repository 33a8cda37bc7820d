//! The JSON of a test that raises an exception again.

use reenact_replay::reproduce as replay;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A test that raises an exception again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reproduction {
    /// How: `call`, a function is called; `statement`, the statement that raised is run alone.
    mode: ReproductionMode,
    /// The frame whose function is called.
    frame: ReproducedFrame,
    /// Why this frame.
    why: String,
    /// Frames that were not chosen, the deepest first.
    passed_over: Vec<PassedOverFrame>,
    /// How near each input comes to what was captured.
    fidelity: Vec<InputFidelity>,
    /// What the test expects today.
    expected: ExpectedException,
    /// The file.
    text: String,
    /// A name for the file: `test_charge_key_error.py`.
    file_name: String,
    /// What would make it better, in sentences.
    missing: Vec<String>,
    /// Other tests of this event, each with the parameters that ask for it.
    offers: Vec<OfferedReproduction>,
}

/// How an exception is raised again.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReproductionMode {
    /// A function is called with the captured arguments.
    Call,
    /// The statement that raised is run alone, with the captured variables.
    Statement,
}

/// Another test of the event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OfferedReproduction {
    /// How.
    mode: ReproductionMode,
    /// From 0, over the frames of the exception that escaped.
    frame: usize,
    /// Its function.
    function: String,
    /// What is said of it: `the outermost function of the application whose inputs can be made`.
    why: String,
}

/// The frame whose function is called, or whose statement is run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReproducedFrame {
    /// From 0, over the frames of the exception that escaped.
    index: usize,
    /// `Cart.total`, as far as it is known.
    function: String,
    /// The file on the machine of the event.
    file: String,
    /// The line, from 1.
    line_number: Option<u32>,
    /// The module that it is imported from.
    module: String,
    /// Other modules that the file may be, by its path; `root` chooses one.
    module_alternatives: Vec<String>,
    /// The first 128 bits of the BLAKE3 hash of the file as the client had it, where it tells: 32 hexadecimal digits.
    file_hash: Option<String>,
}

/// A frame that was not chosen.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PassedOverFrame {
    /// From 0, over the frames of the exception that escaped.
    frame: usize,
    /// Its function.
    function: String,
    /// Why not.
    reason: String,
}

/// How near one input comes to what was captured.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InputFidelity {
    /// What it is.
    kind: InputKind,
    /// The argument or variable; the function itself where its statement alone is run.
    name: String,
    /// The worst of it.
    state: Fidelity,
    /// Why it is not exact; empty where it is.
    why: String,
}

/// What an input of a test is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InputKind {
    /// An argument of the function that is called.
    Argument,
    /// A variable of the statement that is run alone.
    Variable,
    /// The statement itself, of which it is said what does not run.
    Statement,
    /// A global variable of the module.
    Global,
    /// What the code reads beside these: the time, the environment, random numbers.
    Surroundings,
}

/// How near an input comes to what was captured.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fidelity {
    /// As it was.
    Exact,
    /// Some of it was not captured, or cannot be made again.
    Partial,
    /// The code changed it between the call and the raise.
    Changed,
    /// A rule removed it, or a part of it; a placeholder stands there.
    Redacted,
    /// An object that complains when it is used stands there.
    StandIn,
}

/// What the test expects today.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExpectedException {
    /// The last part of the type: `KeyError`.
    #[serde(rename = "type")]
    type_name: String,
    /// The message with addresses as `0x...`; null where it was redacted or cut and is not compared.
    message: Option<String>,
    /// File and line of the deepest frame in the application's code: `shop/cart.py:31`.
    place: String,
}

impl From<replay::Reproduction> for Reproduction {
    fn from(made: replay::Reproduction) -> Self {
        Self {
            mode: made.mode.into(),
            frame: ReproducedFrame {
                index: made.frame.index,
                function: made.frame.function,
                file: made.frame.file,
                line_number: made.frame.line_number,
                module: made.frame.module,
                module_alternatives: made.frame.module_alternatives,
                file_hash: made.frame.file_hash,
            },
            why: made.why,
            passed_over: made.passed_over.into_iter().map(PassedOverFrame::from).collect(),
            fidelity: made.fidelity.into_iter().map(InputFidelity::from).collect(),
            expected: ExpectedException {
                type_name: made.expected.type_name,
                message: made.expected.message,
                place: made.expected.place,
            },
            text: made.text,
            file_name: made.file_name,
            missing: made.missing,
            offers: made.offers.into_iter().map(OfferedReproduction::from).collect(),
        }
    }
}

impl From<replay::Mode> for ReproductionMode {
    fn from(mode: replay::Mode) -> Self {
        match mode {
            replay::Mode::Call => Self::Call,
            replay::Mode::Statement => Self::Statement,
        }
    }
}

impl From<ReproductionMode> for replay::Mode {
    fn from(mode: ReproductionMode) -> Self {
        match mode {
            ReproductionMode::Call => Self::Call,
            ReproductionMode::Statement => Self::Statement,
        }
    }
}

impl From<replay::Offer> for OfferedReproduction {
    fn from(offer: replay::Offer) -> Self {
        Self {
            mode: offer.mode.into(),
            frame: offer.frame,
            function: offer.function,
            why: offer.why.to_owned(),
        }
    }
}

impl From<replay::PassedOver> for PassedOverFrame {
    fn from(passed: replay::PassedOver) -> Self {
        Self { frame: passed.frame, function: passed.function, reason: passed.reason }
    }
}

impl From<replay::Fidelity> for InputFidelity {
    fn from(input: replay::Fidelity) -> Self {
        let state = match input.state {
            replay::State::Exact => Fidelity::Exact,
            replay::State::Partial => Fidelity::Partial,
            replay::State::Changed => Fidelity::Changed,
            replay::State::Redacted => Fidelity::Redacted,
            replay::State::StandIn => Fidelity::StandIn,
        };
        let kind = match input.kind {
            replay::InputKind::Argument => InputKind::Argument,
            replay::InputKind::Variable => InputKind::Variable,
            replay::InputKind::Statement => InputKind::Statement,
            replay::InputKind::Global => InputKind::Global,
            replay::InputKind::Surroundings => InputKind::Surroundings,
        };
        Self { kind, name: input.name, state, why: input.why }
    }
}
