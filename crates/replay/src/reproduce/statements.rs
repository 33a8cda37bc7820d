//! Which statement can be run alone, and with which variables.

use std::collections::{BTreeSet, HashSet};

use super::frames::{How, INPUTS_MAX, Input, Stack, Target};
use super::python::{Name, prose};
use super::source::{self, Lines};

/// A statement that can be run alone.
pub(super) struct Statement<'a> {
    pub(super) line: u32,
    /// The name of the code that it is in: `total`, `<lambda>`.
    pub(super) function: &'a str,
    /// The name for people: `Cart.total`, `<lambda>`.
    pub(super) called: String,
    /// Its lines, where they are known.
    pub(super) text: Vec<&'a str>,
    /// Whether the import of the module may raise the exception.
    pub(super) is_module_partial: bool,
}

impl Statement<'_> {
    /// Its lines, as comments.
    pub(super) fn notes(&self) -> Vec<String> {
        let lines = self.text.iter().map(|line| prose(line)).filter(|line| !line.is_empty());
        let mut notes: Vec<String> =
            lines.take(LINES_NOTED_MAX + 1).map(|line| format!("| {line}")).collect();
        if notes.len() > LINES_NOTED_MAX {
            notes[LINES_NOTED_MAX] = "| ...".to_owned();
        }
        if !notes.is_empty() {
            notes.insert(0, "The statement:".to_owned());
        }
        notes
    }
}

/// Lines of a statement that are shown.
const LINES_NOTED_MAX: usize = 8;

impl<'a> Stack<'a> {
    /// The statement that a frame was at as something that can be run alone, or why it cannot.
    pub(super) fn statement(&self, index: usize) -> Result<Target<'a>, String> {
        let frame = &self.frames[index];
        let line = frame.line_number.ok_or("its line is not known")?;
        let (module, snapshot) = self.ground(frame)?;
        let details = snapshot.details.as_deref();
        let lines = Lines::of(frame, details, self.options.sources);
        let text = lines.as_ref().and_then(|lines| lines.statement(line));
        let printed = || Some(vec![frame.source_line.as_deref().filter(|line| source::is_whole(line))?]);
        let text = text.or_else(printed).unwrap_or_default();
        let last = |name: &'a str| name.rsplit('.').next().unwrap_or(name);
        let function = if frame.function.starts_with('<') { &frame.function } else { last(&frame.function) };
        let told = frame.qualified_name.as_deref().or_else(|| details?.qualified_name.as_deref());
        let is_module_partial =
            self.frames.iter().any(|other| other.function == "<module>" && other.file == frame.file);
        let how = How::Statement(Statement {
            line,
            function,
            called: told.unwrap_or(function).to_owned(),
            is_module_partial,
            text,
        });
        let mut target = Target { index, frame, snapshot, module, how, inputs: Vec::new(), lines };
        target.inputs = variables(&target);
        Ok(target)
    }
}

/// The variables that the statement names; all where its lines are not known, or where it may look at all of them.
fn variables<'a>(target: &Target<'a>) -> Vec<Input<'a>> {
    let How::Statement(statement) = &target.how else { return Vec::new() };
    let snapshot = target.snapshot;
    let at_raise = snapshot.details.as_deref().map(|details| &details.at_raise);
    let named = source::names(&statement.text);
    let looks_at_all = ["locals", "vars", "dir", "eval", "exec", "def", "class"];
    let takes_all = statement.text.is_empty() || looks_at_all.iter().any(|word| named.contains(word));
    let mut inputs: Vec<Input<'a>> = Vec::new();
    let of_module = Some(&snapshot.globals).filter(|_| statement.function == "<module>");
    let groups = [&snapshot.arguments, &snapshot.locals, &snapshot.closure].into_iter().chain(of_module);
    let mut seen = HashSet::new();
    for (index, (text, value)) in groups.flat_map(|group| &group.0).enumerate() {
        let is_for_super = index == 0 && named.contains("super");
        let is_used = takes_all || is_for_super || named.contains(text.as_str()) || is_private(text, &named);
        let Some(name) = Name::checked(text).filter(|_| is_used && !text.starts_with("__")) else { continue };
        if inputs.len() == INPUTS_MAX || !seen.insert(text) {
            continue;
        }
        let value = at_raise.and_then(|values| values.get(text)).unwrap_or(value);
        inputs.push(Input { name, kind: None, value: Some(value), changed: None });
    }
    inputs
}

/// Whether `_Cart__rate` is what the code calls `__rate`.
fn is_private(name: &str, named: &BTreeSet<&str>) -> bool {
    name.starts_with('_') && name[1..].find("__").is_some_and(|at| named.contains(&name[at + 1..]))
}
