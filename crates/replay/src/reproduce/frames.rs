//! Which frame's function can be called, and with what.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use reenact_model::{CapturedValue, Form, Frame, ParameterKind, Report, Snapshot, SnapshotId};

use super::changed;
use super::imports;
use super::module::{self, Known, Module};
use super::python::{Dotted, Name};
use super::source::{Around, Lines};
use super::statements::Statement;
use super::values::Contents;
use super::{ChosenFrame, Options};

/// A frame whose exception can be raised again.
pub(super) struct Target<'a> {
    pub(super) index: usize,
    pub(super) frame: &'a Frame,
    pub(super) snapshot: &'a Snapshot,
    pub(super) module: Module,
    pub(super) how: How<'a>,
    pub(super) inputs: Vec<Input<'a>>,
    /// The source around it, as far as it is known.
    pub(super) lines: Option<Lines<'a>>,
}

impl Target<'_> {
    /// The function's name for people, as far as it is known.
    pub(super) fn called(&self) -> String {
        match &self.how {
            How::Call(Callable { path: Some(path), .. }) => path.to_string(),
            How::Call(callable) => callable.function.to_string(),
            How::Statement(statement) => statement.called.clone(),
        }
    }

    /// What is told of the frame.
    pub(super) fn chosen(&self) -> ChosenFrame {
        let source = self.snapshot.details.as_ref().and_then(|details| details.source.as_ref());
        ChosenFrame {
            index: self.index,
            function: self.called(),
            file: self.frame.file.clone(),
            line_number: self.frame.line_number,
            module: self.module.name.to_string(),
            module_alternatives: self.module.alternatives.clone(),
            file_hash: source.map(|source| source.file_hash.clone()).filter(|hash| !hash.is_empty()),
        }
    }
}

/// How it is raised again.
pub(super) enum How<'a> {
    /// The function is called.
    Call(Callable),
    /// The statement alone is run.
    Statement(Statement<'a>),
}

/// A function that can be called.
pub(super) struct Callable {
    /// `Cart.total`, where it is known or where it is the name alone.
    pub(super) path: Option<Dotted>,
    pub(super) function: Name,
    /// Whether the first argument is the class that it is called through.
    pub(super) is_class_method: bool,
}

/// An argument of the function, or a variable of the statement.
pub(super) struct Input<'a> {
    pub(super) name: Name,
    pub(super) kind: Option<ParameterKind>,
    /// None where it was not captured.
    pub(super) value: Option<&'a CapturedValue>,
    /// How the code changed it before the raise.
    pub(super) changed: Option<String>,
}

/// The frames of an event, and where their values are.
pub(super) struct Stack<'a> {
    pub(super) report: &'a Report,
    snapshots: HashMap<SnapshotId, &'a Snapshot>,
    pub(super) frames: &'a [Frame],
    files: Vec<&'a str>,
    imported: BTreeSet<String>,
    pub(super) options: Options<'a>,
}

impl<'a> Stack<'a> {
    pub(super) fn new(report: &'a Report, snapshots: &'a [Snapshot], options: Options<'a>) -> Self {
        let frames = report.exception().map_or(&[][..], |exception| &exception.frames);
        let all = report.exceptions.iter().flat_map(|exception| &exception.frames);
        let of_application = all.filter(|frame| frame.in_app && module::package(&frame.file).is_none());
        let files: Vec<&str> = of_application.map(|frame| frame.file.as_str()).collect();
        Self {
            report,
            snapshots: snapshots.iter().map(|snapshot| (snapshot.id, snapshot)).collect(),
            frames,
            imported: imports::told_by(options.sources, &files),
            files,
            options,
        }
    }

    fn snapshot(&self, frame: &Frame) -> Option<&'a Snapshot> {
        let snapshot = frame.snapshot_id.and_then(|id| self.snapshots.get(&id).copied());
        snapshot.filter(|snapshot| !self.report.is_of_another(snapshot))
    }

    /// Whether a frame is one that can be called: of the application, or of an installed package whose frames carry values.
    pub(super) fn is_own(&self, frame: &Frame) -> bool {
        frame.in_app || (self.snapshot(frame).is_some() && module::package(&frame.file).is_some())
    }

    /// The installed packages whose frames are like those of the application.
    pub(super) fn own_packages(&self) -> Vec<String> {
        let own = self.frames.iter().filter(|frame| self.is_own(frame));
        let mut packages: Vec<String> = own.filter_map(|frame| module::package(&frame.file)).collect();
        packages.retain(|package| Name::checked(package).is_some());
        packages.sort_unstable();
        packages.dedup();
        packages
    }

    /// The content of objects that stand at several places of the captures.
    pub(super) fn contents(&self) -> Contents<'a> {
        let mut contents = Contents::new();
        let own = self.snapshots.values().filter(|snapshot| !self.report.is_of_another(snapshot));
        let mut own: Vec<&Snapshot> = own.copied().collect();
        own.sort_by_key(|snapshot| snapshot.id);
        for snapshot in own {
            for (_, variables) in snapshot.groups() {
                for (_, value) in &variables.0 {
                    collect(value, &mut contents, 0);
                }
            }
        }
        contents
    }

    /// Modules that the client names.
    pub(super) fn modules(&self) -> Vec<String> {
        let of_frames = self.frames.iter().filter_map(|frame| frame.module.clone());
        let of_snapshots =
            self.snapshots.values().filter_map(|snapshot| snapshot.details.as_ref()?.module.clone());
        let mut modules: Vec<String> =
            of_frames.chain(of_snapshots).filter(|name| name != "__main__").collect();
        modules.sort_unstable();
        modules.dedup();
        modules
    }

    /// The module of a frame.
    pub(super) fn module(&self, frame: &Frame) -> Option<Module> {
        let details = self.snapshot(frame).and_then(|snapshot| snapshot.details.as_ref());
        let told = frame.module.as_deref().or_else(|| details?.module.as_deref());
        let known = Known { roots: self.options.roots, files: &self.files, imported: &self.imported };
        module::of_file(&frame.file, told, known)
    }

    /// The module of a frame that is not Python's own, and its values.
    pub(super) fn ground(&self, frame: &Frame) -> Result<(Module, &'a Snapshot), String> {
        let module = self.module(frame).ok_or("its file has no name to import it by")?;
        if module::is_pythons(&module.name) {
            return Err(format!("`{}` is a module of Python itself", module.name));
        }
        let is_of_another = frame.snapshot_id.is_some_and(|id| self.snapshots.contains_key(&id));
        let missing = if is_of_another {
            "its values are those of an earlier exception"
        } else {
            "its values were not captured"
        };
        let snapshot = self.snapshot(frame).ok_or(missing)?;
        Ok((module, snapshot))
    }

    /// The frame as something that can be called, or why it cannot.
    pub(super) fn callable(&self, index: usize) -> Result<Target<'a>, String> {
        let frame = &self.frames[index];
        match frame.function.as_str() {
            "<module>" => return Err("it is the body of a module, which runs when it is imported".to_owned()),
            "<lambda>" => return Err("a lambda has no name to call it by".to_owned()),
            name if name.starts_with('<') => {
                return Err(format!("`{name}` is no function that can be called by its name"));
            }
            _ => {}
        }
        let snapshot = self.snapshot(frame);
        let details = snapshot.and_then(|snapshot| snapshot.details.as_deref());
        let lines = Lines::of(frame, details, self.options.sources);
        let around = lines.as_ref().zip(frame.line_number).and_then(|(lines, line)| lines.around(line));
        let around = around.filter(|around| around.last().is_some_and(|last| is_named(frame, last.name)));
        let told = frame.qualified_name.as_deref().or_else(|| details?.qualified_name.as_deref());
        let qualified = told.map(str::to_owned).or_else(|| around.as_deref().map(qualified_name));
        let has_closure =
            snapshot.is_some_and(|snapshot| snapshot.closure.0.iter().any(|(name, _)| name != "__class__"));
        if has_closure || qualified.as_ref().is_some_and(|name| name.contains("<locals>")) {
            return Err("it is defined inside another function".to_owned());
        }
        if around.as_ref().is_some_and(|around| around.last().is_some_and(|last| last.is_class)) {
            return Err("it is the body of a class".to_owned());
        }
        let function = bare_name(&frame.function).ok_or("its name is none that can be written")?;
        let (module, snapshot) = self.ground(frame)?;
        let path = match &qualified {
            Some(qualified) => {
                Some(Dotted::checked(qualified).ok_or("its name is none that can be written")?)
            }
            None => Dotted::checked(function.as_str()),
        };
        let inputs = inputs(frame, snapshot, lines.as_ref(), around.as_deref())?;
        let first = inputs.first().map(|first| first.name.as_str());
        let is_method = qualified.is_none() && matches!(first, Some("self" | "cls"));
        let path = path.filter(|_| !is_method);
        let is_known_class = receiver_class(&inputs).is_some();
        if is_method && !is_known_class && first != Some("cls") {
            return Err("the class that the method belongs to is not known".to_owned());
        }
        let decorators =
            around.as_ref().and_then(|around| around.last()).map(|last| last.decorators.as_slice());
        let is_class_method = match decorators.filter(|_| told.is_none()) {
            Some(decorators) => decorators.contains(&"classmethod"),
            None => first == Some("cls") && path.as_ref().is_none_or(|path| path.parts().len() > 1),
        };
        let how = How::Call(Callable { path, function, is_class_method });
        Ok(Target { index, frame, snapshot, module, how, inputs, lines })
    }
}

/// Whether a frame's function has this name, as far as it is known.
fn is_named(frame: &Frame, name: &str) -> bool {
    frame.function.rsplit('.').next() == Some(name)
}

/// `Cart.total`, and `outer.<locals>.inner` for a function in another one.
fn qualified_name(around: &[Around<'_>]) -> String {
    let mut name = String::new();
    for (index, part) in around.iter().enumerate() {
        name.push_str(part.name);
        if index + 1 < around.len() {
            name.push_str(if part.is_class { "." } else { ".<locals>." });
        }
    }
    name
}

fn bare_name(function: &str) -> Option<Name> {
    Name::checked(function.rsplit('.').next().unwrap_or(function))
}

/// Whether the first argument is by its name the object or class of a method.
pub(super) fn is_receiver(name: &Name) -> bool {
    matches!(name.as_str(), "self" | "cls")
}

/// The name of the class of the first argument.
pub(super) fn receiver_class<'a>(inputs: &[Input<'a>]) -> Option<&'a str> {
    let first = inputs.first()?;
    let value = first.value?;
    match (first.name.as_str(), value.form, &value.content) {
        ("cls", Some(Form::Class), reenact_model::Content::Scalar(name)) => Some(name),
        ("cls", ..) => None,
        _ => Some(value.type_name.as_str()).filter(|name| !name.is_empty() && *name != "NoneType"),
    }
}

/// The arguments in the order of the signature: as they were at entry, else at the raise, else when the frame was
/// captured.
fn inputs<'a>(
    frame: &Frame,
    snapshot: &'a Snapshot,
    lines: Option<&Lines<'a>>,
    around: Option<&[Around<'_>]>,
) -> Result<Vec<Input<'a>>, String> {
    let details = snapshot.details.as_deref();
    let names: Vec<(&str, Option<ParameterKind>)> =
        match details.filter(|details| !details.parameters.is_empty()) {
            Some(details) => {
                let parameters = details.parameters.iter();
                parameters.map(|parameter| (parameter.name.as_str(), Some(parameter.kind))).collect()
            }
            None => {
                let arguments = snapshot.arguments.0.iter();
                arguments
                    .map(|(name, _)| (name.as_str(), None))
                    .filter(|(name, _)| !name.starts_with(['@', '…']))
                    .collect()
            }
        };
    let header = details.and_then(|details| details.code).map(|code| code.first_line);
    let header = header.or_else(|| Some(around?.last()?.first_line));
    let changes = match (lines, header, frame.line_number) {
        (Some(lines), Some(header), Some(raised)) => {
            let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
            changed::arguments(lines, header, raised, &names)
        }
        _ => BTreeMap::new(),
    };
    let mut inputs = Vec::with_capacity(names.len());
    for (text, kind) in names.into_iter().take(INPUTS_MAX) {
        let name = Name::checked(text).ok_or("an argument has a name that cannot be written")?;
        let at_entry = details.and_then(|details| details.at_entry.get(text));
        let at_raise = details.and_then(|details| details.at_raise.get(text));
        let value = at_entry
            .or(at_raise)
            .or_else(|| snapshot.arguments.get(text))
            .or_else(|| snapshot.locals.get(text));
        let changed = changes.get(text).filter(|_| at_entry.is_none()).cloned();
        inputs.push(Input { name, kind, value, changed });
    }
    Ok(inputs)
}

/// Arguments of a function that are followed.
pub(super) const INPUTS_MAX: usize = 255;

/// Nesting in which content is looked for.
const DEPTH_MAX: usize = 48;

fn collect<'a>(value: &'a CapturedValue, contents: &mut Contents<'a>, depth: usize) {
    use reenact_model::Content;
    if depth > DEPTH_MAX {
        return;
    }
    let has_content = !matches!(value.content, Content::Nothing) || value.not_captured.is_some();
    if let Some(reference) = value.reference
        && has_content
    {
        contents.entry(reference).or_insert(value);
    }
    match &value.content {
        Content::Nothing | Content::Null | Content::Scalar(_) => {}
        Content::Fields(fields) => fields.iter().for_each(|(_, inner)| collect(inner, contents, depth + 1)),
        Content::Elements(elements) => elements.iter().for_each(|inner| collect(inner, contents, depth + 1)),
        Content::Entries(entries) => entries.iter().for_each(|(key, inner)| {
            collect(key, contents, depth + 1);
            collect(inner, contents, depth + 1);
        }),
    }
}
