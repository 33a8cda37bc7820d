//! Values of the same frame at two moments: which of them differ, and how the earlier ones are told.
//!
//! Numbers of shared objects belong to their heap. An object that is told of an earlier moment gets a number that no
//! other moment of the capture has, and stands with its content at the first place where it is told.
//!
//! - **Limits:** [`COMPARED_MAX`] values are compared per capture, [`COMPARED_DEPTH_MAX`] deep; what lies behind counts as the same, and so does what a
//!   limit cut on either side.

use std::collections::{HashMap, HashSet};

use reenact_model::{CapturedValue, Content, NotCaptured, Variables};

use crate::heap::{Body, CapturedFrame, Children, Heap, Node};

/// Values that are compared, per capture.
const COMPARED_MAX: usize = 50_000;

/// How deep values are compared.
const COMPARED_DEPTH_MAX: usize = 200;

/// How deep content is told that moved to another place.
const DEPTH_MAX: usize = 24;

/// The name under which a walk says that there was no room for more.
const MORE: &str = "…";

/// A heap, with where the content of each shared object stands.
pub(super) struct Moment<'a> {
    heap: &'a Heap,
    holders: Vec<u32>,
    /// What is added to the numbers of this moment.
    offset: u32,
    /// Shared objects that were told with their content.
    told: HashSet<u32>,
}

impl<'a> Moment<'a> {
    pub(super) fn new(heap: &'a Heap, offset: u32) -> Self {
        let mut holders = Vec::new();
        for (index, node) in heap.nodes().iter().enumerate() {
            let number = node.reference as usize;
            if number > holders.len() {
                holders.resize(number, u32::MAX);
            }
            if number > 0 && holders[number - 1] == u32::MAX {
                holders[number - 1] = index as u32;
            }
        }
        Self { heap, holders, offset, told: HashSet::new() }
    }

    /// How many numbers of shared objects it has.
    pub(super) fn references(&self) -> u32 {
        self.holders.len() as u32
    }

    /// The node with the content of a value.
    fn holder(&self, node: &'a Node) -> &'a Node {
        let is_elsewhere = node.reference > 0 && node.body == Body::Nothing && node.reason.is_none();
        let index = self.holders.get((node.reference as usize).wrapping_sub(1)).filter(|_| is_elsewhere);
        index.and_then(|index| self.heap.nodes().get(*index as usize)).unwrap_or(node)
    }

    fn name(&self, node: &Node) -> std::borrow::Cow<'a, str> {
        self.heap.text(node.name)
    }

    /// A value with its content, for a place of its own.
    fn tell(&mut self, node: &'a Node, depth: usize) -> CapturedValue {
        let heap = self.heap;
        let node = self.holder(node);
        let is_told = node.reference > 0 && !self.told.insert(node.reference);
        let is_cut = depth >= DEPTH_MAX && !matches!(node.body, Body::Nothing | Body::Null | Body::Scalar(_));
        let mut reason = node.reason;
        let content = match node.body {
            _ if is_told => Content::Nothing,
            _ if is_cut => {
                reason = Some(NotCaptured::Depth);
                Content::Nothing
            }
            Body::Nothing => Content::Nothing,
            Body::Null => Content::Null,
            Body::Scalar(text) => Content::Scalar(heap.text(text).into_owned()),
            Body::Fields(children) => Content::Fields(
                heap.children(children)
                    .iter()
                    .map(|child| (heap.text(child.name).into_owned(), self.tell(child, depth + 1)))
                    .collect(),
            ),
            Body::Elements(children) => Content::Elements(
                heap.children(children).iter().map(|child| self.tell(child, depth + 1)).collect(),
            ),
            Body::Entries(children) => Content::Entries(
                heap.children(children)
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .map(|[key, value]| (self.tell(key, depth + 1), self.tell(value, depth + 1)))
                    .collect(),
            ),
        };
        CapturedValue {
            size: if is_told { None } else { node.size },
            truncated: !is_told && node.truncated,
            not_captured: if is_told { None } else { reason },
            form: if is_told { None } else { node.form },
            reference: (node.reference > 0).then_some(node.reference + self.offset),
            ..CapturedValue::new(heap.type_name(node.type_index), content)
        }
    }

    /// The arguments of a frame.
    pub(super) fn arguments(&mut self, frame: &CapturedFrame) -> Variables {
        let heap = self.heap;
        let named = |node: &'a Node| (heap.text(node.name).into_owned(), self.tell(node, 0));
        Variables(heap.children(frame.arguments).iter().map(named).collect())
    }

    /// The variables of a frame that are others than later, or that are gone then.
    pub(super) fn differing(
        &mut self,
        frame: &CapturedFrame,
        later: &mut Comparison<'a>,
        later_frame: &CapturedFrame,
    ) -> Variables {
        let mut differing = Vec::new();
        for scope in [scope_of_arguments, scope_of_locals, scope_of_closure, scope_of_globals] {
            for node in self.heap.children(scope(frame)) {
                let name = self.name(node);
                if name != MORE && later.has_changed(self, node, &name, scope(later_frame)) {
                    differing.push((name.into_owned(), self.tell(node, 0)));
                }
            }
        }
        Variables(differing)
    }
}

fn scope_of_arguments(frame: &CapturedFrame) -> Children {
    frame.arguments
}

fn scope_of_locals(frame: &CapturedFrame) -> Children {
    frame.locals
}

fn scope_of_closure(frame: &CapturedFrame) -> Children {
    frame.closure
}

fn scope_of_globals(frame: &CapturedFrame) -> Children {
    frame.globals
}

/// What was captured last, to be compared with.
pub(super) struct Comparison<'a> {
    moment: Moment<'a>,
    left: usize,
    /// Whether shared objects are the same, by their numbers then and later; those that are being compared are.
    known: HashMap<(u32, u32), bool>,
}

impl<'a> Comparison<'a> {
    pub(super) fn with(heap: &'a Heap) -> Self {
        Self { moment: Moment::new(heap, 0), left: COMPARED_MAX, known: HashMap::new() }
    }

    pub(super) fn references(&self) -> u32 {
        self.moment.references()
    }

    /// Begins with another earlier moment: its numbers are others.
    pub(super) fn begin(&mut self) {
        self.known.clear();
    }

    fn has_changed(&mut self, then: &Moment<'a>, node: &'a Node, name: &str, later: Children) -> bool {
        let later = self.moment.heap.children(later);
        match later.iter().find(|other| self.moment.name(other) == name) {
            Some(other) => !self.is_same(then, node, other, 0),
            None => later.last().is_none_or(|last| self.moment.name(last) != MORE),
        }
    }

    /// Shared objects are compared once.
    fn is_same(&mut self, then: &Moment<'a>, one: &'a Node, other: &'a Node, depth: usize) -> bool {
        if self.left == 0 || depth > COMPARED_DEPTH_MAX {
            return true;
        }
        self.left -= 1;
        let (one, other) = (then.holder(one), self.moment.holder(other));
        if one.reference == 0 || other.reference == 0 {
            return self.has_same_content(then, one, other, depth);
        }
        let pair = (one.reference, other.reference);
        if let Some(known) = self.known.get(&pair) {
            return *known;
        }
        self.known.insert(pair, true);
        let is_same = self.has_same_content(then, one, other, depth);
        self.known.insert(pair, is_same);
        is_same
    }

    fn has_same_content(&mut self, then: &Moment<'a>, one: &'a Node, other: &'a Node, depth: usize) -> bool {
        let (heap, later) = (then.heap, self.moment.heap);
        if heap.type_name(one.type_index) != later.type_name(other.type_index) || one.size != other.size {
            return false;
        }
        let is_cut = one.reason.is_some() || other.reason.is_some();
        match (one.body, other.body) {
            (Body::Null, Body::Null) => true,
            (Body::Scalar(text), Body::Scalar(other)) => heap.text(text) == later.text(other),
            (Body::Fields(a), Body::Fields(b)) => self.are_same(then, (a, b), is_cut, Pairing::ByName, depth),
            (Body::Elements(a), Body::Elements(b)) | (Body::Entries(a), Body::Entries(b)) => {
                self.are_same(then, (a, b), is_cut, Pairing::ByPlace, depth)
            }
            (Body::Nothing, _) | (_, Body::Nothing) => true,
            _ => false,
        }
    }

    fn are_same(
        &mut self,
        then: &Moment<'a>,
        (a, b): (Children, Children),
        is_cut: bool,
        pairing: Pairing,
        depth: usize,
    ) -> bool {
        let (a, b) = (then.heap.children(a), self.moment.heap.children(b));
        if a.len() != b.len() && !is_cut {
            return false;
        }
        a.iter().zip(b).all(|(one, other)| {
            (pairing == Pairing::ByPlace || then.name(one) == self.moment.name(other))
                && self.is_same(then, one, other, depth + 1)
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pairing {
    ByName,
    ByPlace,
}
