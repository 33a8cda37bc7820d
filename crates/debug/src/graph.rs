//! The captured values of an event as one graph: objects that stand at several places are one, and cycles are closed.

use std::collections::{HashMap, HashSet};

use reenact_model::{CapturedValue, Content, Form, NotCaptured};

use crate::limits::VALUES_MAX;

/// A value of the graph.
pub(crate) type NodeId = u32;

/// Where values come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capture {
    /// Objects have numbers of their own in each.
    pub(crate) number: u32,
    /// Whether the values are those of an earlier moment, at which the same object has another number.
    pub(crate) is_earlier: bool,
}

/// One captured value.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) type_name: String,
    pub(crate) body: Body,
    pub(crate) is_cut: bool,
    pub(crate) size: Option<u64>,
    pub(crate) not_captured: Option<NotCaptured>,
    pub(crate) rule: Option<String>,
    pub(crate) form: Option<Form>,
    /// Where the content stands, when it does not stand here.
    pub(crate) same_as: Option<NodeId>,
    /// Whether the content stands nowhere.
    pub(crate) is_lost: bool,
    /// The capture whose numbers tell objects apart; `None` for what was made here, or at another moment.
    pub(crate) capture: Option<u32>,
}

/// What a value consists of.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Nothing,
    Null,
    Scalar(String),
    Fields(Vec<(String, NodeId)>),
    Elements(Vec<NodeId>),
    Entries(Vec<(NodeId, NodeId)>),
}

/// All values of an event.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    /// By capture, and number of the object within it: where its content stands.
    holders: HashMap<(u32, u32), NodeId>,
    /// Captures that number the objects which they have at several places.
    numbered: HashSet<u32>,
    /// Values whose content stands elsewhere.
    pending: Vec<(NodeId, (u32, u32))>,
}

impl Graph {
    /// Adds a value of a capture with everything in it. Time is proportional to its parts.
    pub(crate) fn add(&mut self, value: CapturedValue, capture: Capture) -> NodeId {
        let id = self.push(Node {
            type_name: value.type_name,
            body: Body::Nothing,
            is_cut: value.truncated,
            size: value.size,
            not_captured: value.not_captured,
            rule: value.rule,
            form: value.form,
            same_as: None,
            is_lost: false,
            capture: (!capture.is_earlier).then_some(capture.number),
        });
        if let Some(reference) = value.reference {
            let key = (capture.number, reference);
            self.numbered.insert(capture.number);
            if matches!(value.content, Content::Nothing) && value.not_captured.is_none() {
                self.pending.push((id, key));
            } else {
                self.holders.entry(key).or_insert(id);
            }
        }
        if self.nodes.len() >= VALUES_MAX {
            self.nodes[id as usize].not_captured = Some(NotCaptured::Limit);
            return id;
        }
        let body = match value.content {
            Content::Nothing => Body::Nothing,
            Content::Null => Body::Null,
            Content::Scalar(text) => Body::Scalar(text),
            Content::Fields(fields) => {
                Body::Fields(fields.into_iter().map(|(name, part)| (name, self.add(part, capture))).collect())
            }
            Content::Elements(elements) => {
                Body::Elements(elements.into_iter().map(|part| self.add(part, capture)).collect())
            }
            Content::Entries(entries) => {
                let pair = |(key, part)| (self.add(key, capture), self.add(part, capture));
                Body::Entries(entries.into_iter().map(pair).collect())
            }
        };
        self.nodes[id as usize].body = body;
        id
    }

    /// Adds a value that was not captured as such: a scope, or what is known of an exception.
    pub(crate) fn add_made(&mut self, type_name: &str, body: Body) -> NodeId {
        self.push(Node {
            type_name: type_name.to_owned(),
            body,
            is_cut: false,
            size: None,
            not_captured: None,
            rule: None,
            form: None,
            same_as: None,
            is_lost: false,
            capture: None,
        })
    }

    fn push(&mut self, node: Node) -> NodeId {
        // There are at most a few more than `VALUES_MAX`.
        let id = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(node);
        id
    }

    /// Finds the content of objects that stand at several places. Called once, when all captures are there.
    pub(crate) fn join(&mut self) {
        for (id, key) in std::mem::take(&mut self.pending) {
            let node = &mut self.nodes[id as usize];
            node.same_as = self.holders.get(&key).copied();
            node.is_lost = node.same_as.is_none();
        }
    }

    /// A value where its content stands.
    pub(crate) fn home(&self, id: NodeId) -> NodeId {
        self.nodes[id as usize].same_as.unwrap_or(id)
    }

    /// A value with its content.
    pub(crate) fn get(&self, id: NodeId) -> &Node {
        &self.nodes[self.home(id) as usize]
    }

    /// Whether the numbers of objects tell that two values were different ones. Not every client numbers them.
    pub(crate) fn are_two(&self, one: NodeId, other: NodeId) -> bool {
        let (one, other) = (self.home(one), self.home(other));
        let capture = self.nodes[one as usize].capture;
        one != other
            && capture == self.nodes[other as usize].capture
            && capture.is_some_and(|capture| self.numbered.contains(&capture))
    }

    /// A value that was made here, to change it.
    pub(crate) fn get_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id as usize]
    }

    /// A field of a value.
    pub(crate) fn field(&self, id: NodeId, name: &str) -> Option<NodeId> {
        let Body::Fields(fields) = &self.get(id).body else { return None };
        fields.iter().find(|(known, _)| known == name).map(|(_, part)| *part)
    }

    /// What an object of a class that is made from a built-in one has of that: the content of a `dict` with attributes.
    pub(crate) fn base(&self, id: NodeId) -> Option<NodeId> {
        let Body::Fields(fields) = &self.get(id).body else { return None };
        let is_base = |name: &str| {
            let name = name.strip_prefix('(').and_then(|name| name.strip_suffix(')'));
            name.is_some_and(|name| BASES.contains(&name))
        };
        fields.iter().find(|(name, _)| is_base(name)).map(|(_, part)| *part)
    }
}

/// Built-in classes whose content an object may have.
const BASES: [&str; 13] = [
    "list",
    "dict",
    "tuple",
    "set",
    "frozenset",
    "str",
    "int",
    "float",
    "bytes",
    "bytearray",
    "deque",
    "data",
    "OrderedDict",
];

impl Node {
    /// Why the value, or the rest of it, is absent.
    pub(crate) fn absence(&self) -> Option<String> {
        if self.is_lost {
            return Some("not captured: the object stands in a frame that was not kept".to_owned());
        }
        let reason = self.not_captured?;
        let rule = self.rule.as_deref();
        let what = match reason {
            NotCaptured::Depth => "depth limit",
            NotCaptured::CollectionSize => "limit of elements",
            NotCaptured::FieldCount => "limit of attributes",
            NotCaptured::Timeout => "time limit",
            NotCaptured::ConcurrentModification => "another thread changed it meanwhile",
            NotCaptured::Pruned => "left out by the client to keep the capture small",
            NotCaptured::Limit => "a limit of Reenact",
            NotCaptured::Unknown => match self.form {
                Some(Form::Iterator | Form::Generator | Form::Coroutine) => {
                    "what it holds comes only from running it"
                }
                Some(Form::Opaque | Form::Array | Form::Table) => "its state lies in compiled code",
                _ => "the client gave no reason",
            },
            NotCaptured::RedactedIdentifier | NotCaptured::RedactedType | NotCaptured::RedactedValue => {
                let rule = rule.map_or_else(|| "without its name".to_owned(), str::to_owned);
                return Some(format!("redacted by rule {rule}"));
            }
        };
        Some(format!("not captured: {what}"))
    }

    /// How many parts were captured.
    pub(crate) fn parts(&self) -> usize {
        match &self.body {
            Body::Nothing | Body::Null | Body::Scalar(_) => 0,
            Body::Fields(fields) => fields.len(),
            Body::Elements(elements) => elements.len(),
            Body::Entries(entries) => entries.len(),
        }
    }

    /// Whether nothing of the value is there.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self.body, Body::Nothing)
    }

    /// Whether a container was captured without some of its parts.
    pub(crate) fn is_partial(&self) -> bool {
        let lacks = |size: u64| size > self.parts() as u64;
        self.not_captured.is_some() || self.size.is_some_and(lacks)
    }

    /// How many parts a container has, as far as it is known.
    pub(crate) fn true_size(&self) -> Option<u64> {
        let parts = self.parts() as u64;
        match self.size {
            Some(size) => Some(size.max(parts)),
            None => self.not_captured.is_none().then_some(parts),
        }
    }
}
