//! From a stored event to a test that raises its exception again: one file of Python that calls the function of a frame
//! with the values that were captured.
//!
//! What this module promises: captured text becomes a name that was checked, a number, or what stands between quotes,
//! and never code (`literal`, `python`, `expression`). No constructor of a captured class is called but those of a list of
//! the standard library. The functions that are called are those that the event names: whoever can send events can
//! choose them, so a test has to be read before it is run.
//!
//! Pure and deterministic: nothing is imported, read or run here.

mod changed;
mod classes;
mod expression;
mod fidelity;
mod frames;
mod literal;
mod module;
mod program;
mod python;
mod scope;
mod standard;
mod values;

#[cfg(test)]
mod tests;

use reenact_model::{CapturedValue, Content, ParameterKind, Report, Snapshot};

use classes::{Classes, bare};
use expression::{Argument, Expression};
pub use fidelity::{Fidelity, State};
use frames::{Input, Stack, Target};
pub use program::Expected;
use program::{About, Program};
use python::Name;
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
    let function = function_of(&mut draft, target);
    let (fidelity, call) = call(&mut draft, target, function);
    let (globals, of_globals) = globals(&mut draft, target);
    let expected = expected(stack, target, options);
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

/// The function as an expression.
fn function_of(draft: &mut Draft<'_>, target: &Target<'_>) -> Expression {
    match &target.path {
        Some(path) => draft.scope.import(&target.module.name, path),
        None => {
            let class = frames::receiver_class(&target.inputs).and_then(|class| draft.class(class));
            // A frame without a class is passed over before.
            let class = class.unwrap_or_else(Expression::none);
            Expression::Attribute(Box::new(class), target.function.clone())
        }
    }
}

/// Writes the inputs; how near each comes, and the call.
fn call<'a>(draft: &mut Draft<'a>, target: &Target<'a>, function: Expression) -> (Vec<Fidelity>, Expression) {
    let is_class_method = target.inputs.first().is_some_and(|first| {
        first.name.as_str() == "cls"
            && (target.path.is_none() || target.path.as_ref().is_some_and(|path| path.parts().len() > 1))
    });
    let skipped = usize::from(is_class_method);
    let inputs = &target.inputs[skipped.min(target.inputs.len())..];
    let variables: Vec<Name> = inputs.iter().map(|input| draft.scope.new_name(&variable(input))).collect();
    let expected: Vec<(&Name, &'a CapturedValue)> =
        variables.iter().zip(inputs).filter_map(|(name, input)| Some((name, input.value?))).collect();
    draft.expect(&expected);
    let mut fidelity = Vec::with_capacity(inputs.len());
    let mut given = Vec::with_capacity(inputs.len());
    for (input, name) in inputs.iter().zip(&variables) {
        let Some(value) = input.value else {
            let why = "was not captured; what the function takes by itself stands there".to_owned();
            fidelity.push(Fidelity { name: input.name.to_string(), state: State::StandIn, why });
            continue;
        };
        let is_new = target.function.as_str() == "__init__" && input.name.as_str() == "self";
        let troubles = match draft.class(&value.type_name).filter(|_| is_new) {
            Some(class) => {
                draft.uses.obj = true;
                draft.statements.push(Expression::call("obj", vec![class]).assigned(name));
                Vec::new()
            }
            None => draft.assign(name, value),
        };
        let mut one = Fidelity::of(input.name.as_str(), &troubles);
        if let Some(how) = input.changed.as_ref().filter(|_| !is_new) {
            one.state = one.state.max(State::Changed);
            let before = if one.why.is_empty() { String::new() } else { format!("{}; ", one.why) };
            one.why = format!("{before}`{}` {how}, before the raise", input.name);
        }
        fidelity.push(one);
        given.push((input, Expression::Name(name.clone())));
    }
    (fidelity, call_of(draft, function, given))
}

/// What a variable of an input is called: the object of a method after its class.
fn variable(input: &Input<'_>) -> Name {
    let class = input.value.map_or("", |value| bare(&value.type_name));
    let named = (input.name.as_str() == "self").then(|| Name::checked(&python::snake_case(class)));
    named.flatten().unwrap_or_else(|| input.name.clone())
}

fn call_of(draft: &mut Draft<'_>, function: Expression, given: Vec<(&Input<'_>, Expression)>) -> Expression {
    let raised =
        |arguments: Vec<Argument>| Expression::Call(Box::new(Expression::fixed("raised")), arguments);
    let mut arguments = vec![Argument::Positional(function.clone())];
    let is_last_variadic = given.last().is_some_and(|(input, _)| {
        let value = input.value.map(|value| (bare(&value.type_name), &value.content));
        input.kind.is_none()
            && matches!(value, Some(("tuple" | "dict", Content::Elements(_) | Content::Entries(_))))
    });
    if is_last_variadic {
        draft.uses.spread = true;
        let named = given.into_iter().map(|(input, value)| Argument::Named(input.name.clone(), value));
        arguments.extend(named);
        let spread = Expression::Call(Box::new(Expression::fixed("spread")), arguments);
        let (args, kwargs) = (Expression::fixed("args"), Expression::fixed("kwargs"));
        draft.statements.push(spread.stated("args, kwargs = ", 4));
        return raised(vec![
            Argument::Positional(function),
            Argument::Spread(args),
            Argument::SpreadNamed(kwargs),
        ]);
    }
    for (index, (input, value)) in given.into_iter().enumerate() {
        arguments.push(match input.kind {
            Some(ParameterKind::PositionalOnly | ParameterKind::Positional) => Argument::Positional(value),
            Some(ParameterKind::VarPositional) => Argument::Spread(value),
            Some(ParameterKind::VarKeyword) => Argument::SpreadNamed(value),
            None if index == 0 && frames::is_receiver(&input.name) => Argument::Positional(value),
            Some(ParameterKind::KeywordOnly) | None => Argument::Named(input.name.clone(), value),
        });
    }
    raised(arguments)
}

/// Global variables of the function that may have changed since the module was imported, and how near they come: containers
/// that were captured whole, and scalars that are not named like a constant.
fn globals<'a>(draft: &mut Draft<'a>, target: &Target<'a>) -> (Option<Expression>, Vec<Fidelity>) {
    let mut arguments = Vec::new();
    let mut fidelity = Vec::new();
    for (text, value) in target.snapshot.globals.0.iter().take(GLOBALS_MAX) {
        let Some(name) = Name::checked(text).filter(|name| !name.as_str().starts_with("__")) else {
            continue;
        };
        let is_constant = !text.chars().any(char::is_lowercase);
        let is_data = match &value.content {
            Content::Scalar(_) | Content::Null => !is_constant && value.form.is_none(),
            Content::Elements(_) | Content::Entries(_) => true,
            Content::Fields(_) | Content::Nothing => false,
        };
        if !is_data || !is_whole(value, 0) {
            continue;
        }
        let variable = draft.scope.new_name(&name);
        let troubles = draft.assign(&variable, value);
        fidelity.push(Fidelity::of(text, &troubles));
        arguments.push(Argument::Named(name, Expression::Name(variable)));
    }
    if arguments.is_empty() {
        return (None, Vec::new());
    }
    let (Some(unittest), Some(mock)) = (python::Dotted::checked("unittest"), python::Dotted::checked("mock"))
    else {
        return (None, Vec::new());
    };
    let mock = draft.scope.import(&unittest, &mock);
    let patch = Expression::Attribute(Box::new(mock), Name::fixed("patch"));
    let multiple = Expression::Attribute(Box::new(patch), Name::fixed("multiple"));
    arguments.insert(0, Argument::Positional(Expression::text(&target.module.name.to_string())));
    (Some(Expression::Call(Box::new(multiple), arguments)), fidelity)
}

/// Global variables that are looked at.
const GLOBALS_MAX: usize = 50;

/// Whether a value is plain data that was captured whole.
fn is_whole(value: &CapturedValue, depth: usize) -> bool {
    let is_all = value.not_captured.is_none() && !value.truncated && value.reference.is_none() && depth < 8;
    let inner = |value: &CapturedValue| is_whole(value, depth + 1);
    let size = |count: usize| value.size.is_none_or(|size| size == count as u64);
    is_all
        && match &value.content {
            Content::Nothing | Content::Fields(_) => false,
            Content::Null => true,
            Content::Scalar(text) => value.form.is_none() && literal::parse(text).is_some(),
            Content::Elements(items) => {
                let is_plain =
                    matches!(bare(&value.type_name), "list" | "tuple" | "set" | "frozenset" | "deque");
                is_plain && size(items.len()) && items.iter().all(inner)
            }
            Content::Entries(entries) => {
                matches!(bare(&value.type_name), "dict" | "OrderedDict")
                    && size(entries.len())
                    && entries.iter().all(|(key, entry)| inner(key) && inner(entry))
            }
        }
}

/// What is raised, and how many last parts of its path tell the file.
fn expected(stack: &Stack<'_>, target: &Target<'_>, options: Options<'_>) -> (Expected, usize) {
    let report = stack.report;
    let deepest = stack.frames.iter().rev().find(|frame| frame.in_app).unwrap_or(target.frame);
    let parts: Vec<&str> = deepest.file.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
    let module = stack.module(deepest, options.root);
    let is_package = deepest.file.ends_with("__init__.py");
    let count = module
        .map_or(1, |module| module.name.parts().len() + usize::from(is_package))
        .clamp(1, parts.len().max(1));
    let file = parts[parts.len().saturating_sub(count)..].join("/");
    let line = deepest.line_number.map_or(String::new(), |line| format!(":{line}"));
    let message = report.message();
    let is_whole = message.len() < MESSAGE_BYTES_MAX
        && !["[redacted", "[hash: ", "[masked: "].iter().any(|mark| message.contains(mark));
    let expected = Expected {
        type_name: bare(report.type_name()).to_owned(),
        message: is_whole.then(|| without_addresses(message)),
        place: format!("{file}{line}"),
    };
    (expected, count)
}

/// Messages from this length on are cut by some clients, and are not compared.
const MESSAGE_BYTES_MAX: usize = 20_000;

/// The text with addresses of objects as `0x...`.
fn without_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("0x") {
        let digits = rest[at + 2..].bytes().take_while(u8::is_ascii_hexdigit).count();
        out.push_str(&rest[..at + 2]);
        if digits > 0 {
            out.push_str("...");
        }
        rest = &rest[at + 2 + digits..];
    }
    out.push_str(rest);
    out
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
