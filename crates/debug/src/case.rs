//! A captured event as a stopped process: its stack, scopes and exceptions.

use std::collections::HashMap;

use reenact_model::{CapturedValue, Form, Relation, Variables};

use crate::event::{Event, Exception, Frame, FrameValues};
use crate::graph::{Body, Capture, Graph, NodeId};
use crate::limits::{FRAMES_MAX, GROUP_DEPTH_MAX};
use crate::source::{LocalFile, Sources};
use reenact_replay::visible::visible;

/// What a debugger shows: an event with its values, and what of its source is on this machine.
#[derive(Debug)]
pub struct Case {
    pub(crate) event: Event,
    pub(crate) graph: Graph,
    pub(crate) exceptions: Vec<Raised>,
    /// The deepest frame of the exception that escaped first; then the exceptions that led to it.
    pub(crate) stack: Vec<StackFrame>,
    pub(crate) frames_left_out: usize,
    pub(crate) sources: Sources,
}

/// One exception.
#[derive(Debug)]
pub(crate) struct Raised {
    pub(crate) type_name: String,
    pub(crate) message: String,
    pub(crate) notes: Vec<String>,
    /// What evaluates as `__exception__` in its frames.
    pub(crate) node: NodeId,
    /// The exception that led to it.
    pub(crate) previous: Option<usize>,
    /// Whether by `raise … from …`.
    pub(crate) is_caused: bool,
    pub(crate) members: Vec<usize>,
    /// The place of its deepest frame in the stack.
    pub(crate) at: usize,
}

/// A frame, or a line between frames that says which exception the next ones are of.
#[derive(Debug)]
pub(crate) struct StackFrame {
    pub(crate) is_label: bool,
    pub(crate) name: String,
    pub(crate) module: Option<String>,
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) end_line: Option<u32>,
    /// Offsets of UTF-8 bytes.
    pub(crate) columns: Option<(u32, u32)>,
    pub(crate) in_app: bool,
    pub(crate) source: Option<usize>,
    pub(crate) scopes: Vec<Scope>,
    /// Why there are no values.
    pub(crate) why_none: Option<String>,
    /// In the list of exceptions.
    pub(crate) exception: usize,
}

/// Variables of one kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    pub(crate) kind: ScopeKind,
    pub(crate) node: NodeId,
}

/// The kinds of variables, in the order in which a name is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    Arguments,
    Locals,
    Closure,
    Globals,
    AtRaise,
    AtEntry,
    /// Not variables, but why there are none.
    Reason,
}

impl ScopeKind {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Arguments => "Arguments",
            Self::Locals => "Locals",
            Self::Closure => "Closure",
            Self::Globals => "Globals used",
            Self::AtRaise => "At the raise",
            Self::AtEntry => "At entry",
            Self::Reason => "Not captured",
        }
    }

    /// What stands before a variable in an expression.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Arguments | Self::Locals | Self::Closure | Self::Globals | Self::Reason => "",
            Self::AtRaise => "__at_raise__.",
            Self::AtEntry => "__at_entry__.",
        }
    }
}

/// The local in which some versions of ddtrace put the exception.
const EXCEPTION: &str = "@exception";

impl Case {
    /// Makes a case of an event, and of the files of its frames that are on this machine, by their names in the event.
    ///
    /// - **Limits:** 1,000,000 values, 20,000 frames; time is proportional to the event.
    pub fn new(mut event: Event, files: HashMap<String, LocalFile>) -> Self {
        let chain = std::mem::take(&mut event.exceptions);
        let mut maker = Maker {
            graph: Graph::default(),
            exceptions: Vec::new(),
            stack: Vec::new(),
            frames_left_out: 0,
            sources: Sources::new(files),
            captures: 0,
        };
        maker.chain(chain, 0, None);
        maker.graph.join();
        let Maker { graph, exceptions, stack, frames_left_out, sources, .. } = maker;
        Self { event, graph, exceptions, stack, frames_left_out, sources }
    }

    /// The exception that escaped.
    pub(crate) fn escaped(&self) -> Option<&Raised> {
        self.exceptions.first()
    }

    /// One line that says what was raised.
    pub(crate) fn headline(&self) -> String {
        self.escaped().map_or_else(|| "an event without an exception".to_owned(), Raised::headline)
    }

    /// The value that a name has in a frame, in the order of the scopes.
    pub(crate) fn named(&self, frame: &StackFrame, name: &str) -> Option<NodeId> {
        match name {
            "__exception__" => return self.exceptions.get(frame.exception).map(|raised| raised.node),
            "__at_raise__" => return frame.scope(ScopeKind::AtRaise),
            "__at_entry__" => return frame.scope(ScopeKind::AtEntry),
            _ => {}
        }
        frame.scopes.iter().find_map(|scope| self.graph.field(scope.node, name))
    }
}

impl StackFrame {
    pub(crate) fn scope(&self, kind: ScopeKind) -> Option<NodeId> {
        self.scopes.iter().find(|scope| scope.kind == kind).map(|scope| scope.node)
    }
}

impl Raised {
    /// The attribute that leads to the exception before it.
    pub(crate) fn previous_name(&self) -> &'static str {
        if self.is_caused { "__cause__" } else { "__context__" }
    }

    /// `KeyError: 'EUR'`, in one line.
    pub(crate) fn headline(&self) -> String {
        let first = self.message.lines().next().unwrap_or("");
        let cut: String = first.chars().take(200).collect();
        let rest = if cut.len() < self.message.trim_end().len() { "…" } else { "" };
        let said = if cut.is_empty() { String::new() } else { format!(": {cut}{rest}") };
        visible(&format!("{}{said}", self.type_name))
    }
}

struct Maker {
    graph: Graph,
    exceptions: Vec<Raised>,
    stack: Vec<StackFrame>,
    frames_left_out: usize,
    sources: Sources,
    captures: u32,
}

impl Maker {
    /// Adds a chain, the last of which is what was seen; that one's place.
    fn chain(&mut self, chain: Vec<Exception>, depth: usize, title: Option<String>) -> Option<usize> {
        let first = self.exceptions.len();
        let mut title = title;
        let mut above: Option<usize> = None;
        for exception in chain.into_iter().rev() {
            let place = self.exceptions.len();
            if let Some(above) = above {
                let relation = exception.relation;
                self.link(above, place, relation);
                title = Some(
                    match relation {
                        Some(Relation::Cause) => "caused by",
                        _ => "while handling",
                    }
                    .to_owned(),
                );
            }
            self.exception(exception, depth, title.take());
            if let Some(above) = above {
                let node = self.exceptions[place].node;
                let name = self.exceptions[above].previous_name();
                self.add_field(above, name, node);
            }
            above = Some(place);
        }
        (self.exceptions.len() > first).then_some(first)
    }

    fn link(&mut self, above: usize, previous: usize, relation: Option<Relation>) {
        let raised = &mut self.exceptions[above];
        raised.previous = Some(previous);
        raised.is_caused = relation == Some(Relation::Cause);
    }

    fn exception(&mut self, exception: Exception, depth: usize, title: Option<String>) {
        let place = self.exceptions.len();
        let node = self.graph.add_made(&exception.type_name, Body::Nothing);
        self.graph.get_mut(node).form = Some(Form::Exception);
        self.exceptions.push(Raised {
            type_name: exception.type_name,
            message: exception.message,
            notes: exception.notes,
            node,
            previous: None,
            is_caused: false,
            members: Vec::new(),
            at: self.stack.len() + usize::from(title.is_some()),
        });
        if let Some(title) = title {
            let name = format!("{title} {}", self.exceptions[place].headline());
            self.push(label(name, place));
        }
        let mut captured = None;
        for frame in exception.frames.into_iter().rev() {
            captured = self.frame(frame, place).or(captured);
        }
        self.describe(place, captured);
        let total = exception.members.len() + exception.members_left_out;
        if depth < GROUP_DEPTH_MAX {
            for (index, member) in exception.members.into_iter().enumerate() {
                let title = format!("exception {} of {total} in the group:", index + 1);
                if let Some(member) = self.chain(member, depth + 1, Some(title)) {
                    self.exceptions[place].members.push(member);
                }
            }
        }
        if !self.exceptions[place].members.is_empty() {
            let members = &self.exceptions[place].members;
            let nodes = members.iter().map(|member| self.exceptions[*member].node).collect();
            let list = self.graph.add_made("tuple", Body::Elements(nodes));
            self.graph.get_mut(list).size = Some(total as u64);
            self.add_field(place, "exceptions", list);
        }
    }

    /// What is known of an exception, as the attributes of an object.
    fn describe(&mut self, place: usize, captured: Option<NodeId>) {
        let raised = &self.exceptions[place];
        let (node, message, notes) = (raised.node, raised.message.clone(), raised.notes.clone());
        let text = |text: &str| Body::Scalar(crate::display::quoted(text));
        let mut fields = vec![("message".to_owned(), self.graph.add_made("str", text(&message)))];
        if !notes.is_empty() {
            let notes = notes.iter().map(|note| self.graph.add_made("str", text(note))).collect();
            fields.push(("__notes__".to_owned(), self.graph.add_made("list", Body::Elements(notes))));
        }
        if let Some(Body::Fields(of_object)) = captured.map(|captured| &self.graph.get(captured).body) {
            let new = of_object.iter().filter(|(name, _)| name != "message");
            fields.extend(new.cloned().collect::<Vec<_>>());
        }
        self.graph.get_mut(node).body = Body::Fields(fields);
    }

    fn add_field(&mut self, place: usize, name: &str, part: NodeId) {
        let node = self.exceptions[place].node;
        if let Body::Fields(fields) = &mut self.graph.get_mut(node).body {
            fields.retain(|(known, _)| known != name);
            fields.push((name.to_owned(), part));
        }
    }

    /// Adds a frame; the exception as an object, where its values have that.
    fn frame(&mut self, frame: Frame, exception: usize) -> Option<NodeId> {
        let Frame { values, function, qualified_name, module, file, line_number, .. } = frame;
        let line = line_number.unwrap_or(0);
        let code = values.code;
        let why_none = (values.state != "captured").then(|| values.reason.clone());
        let (mut scopes, captured) = self.scopes(values);
        if let (Some(why), true) = (&why_none, scopes.is_empty()) {
            let why = self.graph.add_made("", Body::Scalar(why.clone()));
            let node = self.graph.add_made("", Body::Fields(vec![("(no values)".to_owned(), why)]));
            scopes.push(Scope { kind: ScopeKind::Reason, node });
        }
        let source = self.sources.add(&file, frame.source);
        if frame.repeats > 0 {
            self.push(label(format!("the next frame {} more times", frame.repeats), exception));
        }
        self.push(StackFrame {
            is_label: false,
            name: qualified_name.unwrap_or(function),
            module,
            file,
            line,
            end_line: code.and_then(|code| code.end_line).filter(|end| *end >= line),
            columns: code.and_then(|code| code.columns),
            in_app: frame.in_app,
            source,
            scopes,
            why_none,
            exception,
        });
        captured
    }

    fn scopes(&mut self, values: FrameValues) -> (Vec<Scope>, Option<NodeId>) {
        let mut capture = 0;
        if values.earlier_occurrence {
            // What was captured for an earlier exception has numbers of its own.
            self.captures += 1;
            capture = self.captures;
        }
        let (mut scopes, mut captured) = (Vec::new(), None);
        for (kind, variables) in [
            (ScopeKind::Arguments, values.arguments),
            (ScopeKind::Locals, values.locals),
            (ScopeKind::Closure, values.closure),
            (ScopeKind::Globals, values.globals),
            (ScopeKind::AtRaise, values.at_raise),
            (ScopeKind::AtEntry, values.at_entry),
        ] {
            let is_earlier = matches!(kind, ScopeKind::AtRaise | ScopeKind::AtEntry);
            let fields = self.variables(variables, Capture { number: capture, is_earlier }, &mut captured);
            if !fields.is_empty() {
                scopes.push(Scope { kind, node: self.graph.add_made(kind.title(), Body::Fields(fields)) });
            }
        }
        (scopes, captured)
    }

    fn variables(
        &mut self,
        variables: Variables,
        capture: Capture,
        exception: &mut Option<NodeId>,
    ) -> Vec<(String, NodeId)> {
        let mut fields = Vec::with_capacity(variables.0.len());
        let mut add = |value: CapturedValue| self.graph.add(value, capture);
        for (name, value) in variables.0 {
            let node = add(value);
            if name == EXCEPTION {
                *exception = Some(node);
            } else {
                fields.push((name, node));
            }
        }
        fields
    }

    fn push(&mut self, frame: StackFrame) {
        if self.stack.len() < FRAMES_MAX {
            self.stack.push(frame);
        } else {
            self.frames_left_out += 1;
        }
    }
}

fn label(name: String, exception: usize) -> StackFrame {
    StackFrame {
        is_label: true,
        name,
        module: None,
        file: String::new(),
        line: 0,
        end_line: None,
        columns: None,
        in_app: false,
        source: None,
        scopes: Vec::new(),
        why_none: None,
        exception,
    }
}
