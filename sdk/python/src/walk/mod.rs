//! The walk: from live objects into a flat heap, breadth first, within one budget, without running Python code.
//!
//! - **Limits:** [`ValueLimits`]; nodes, bytes and the deadline are checked before each value, and each container looks at
//!   a bounded number of its items. Where a limit cuts, the value says so and how large the original is.
//! - **Guarantees:** those of [`crate::read`]; the GIL is held throughout, nothing is allocated that the garbage collector
//!   tracks, and no reference is given up that could be the last one of an object of the application. What is walked
//!   over is kept alive by the frames and the exception, which nothing can change meanwhile.

mod arrays;
mod blocks;
pub(crate) mod chain;
mod containers;
mod dates;
mod iterators;
pub(crate) mod messages;
mod objects;
mod pointers;
mod scalars;
mod tables;
pub(crate) mod types;
mod variables;

use std::time::Instant;

pub(crate) use variables::look_up;
#[cfg(Py_3_12)]
pub(crate) use variables::module_name;

use pyo3::ffi;
use reenact_client::heap::{Heap, Node, Text};
use reenact_client::settings::ValueLimits;
use reenact_model::{Form, NotCaptured};

use crate::read::{Object, text, type_of};
use pointers::PointerMap;
use types::{Class, Facts, Types};

/// Values between two looks at the clock.
const NODES_PER_LOOK: u32 = 16;

/// The longest name of a variable or attribute, in characters.
const NAME_MAX: usize = 200;

/// What a walk works with; its memory is kept from one capture to the next.
pub(crate) struct Scratch {
    types: Types,
    seen: PointerMap,
    pending: Vec<Pending>,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self { types: Types::new(), seen: PointerMap::new(), pending: Vec::new() }
    }
}

/// A value that was noted and is still to be looked into.
#[derive(Clone, Copy)]
struct Pending {
    node: u32,
    depth: u32,
    object: Object,
    facts: Facts,
    part: Part,
}

// SAFETY: between walks there are none of them: the list is emptied at the beginning and the end of each.
unsafe impl Send for Scratch {}

/// Which part of an object is to be looked into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    /// The content of the built-in type that its class is built on.
    Base,
}

/// One walk.
pub(crate) struct Walk<'a> {
    pub(crate) heap: &'a mut Heap,
    scratch: &'a mut Scratch,
    limits: &'a ValueLimits,
    deadline: Instant,
    until_look: u32,
    references: u32,
    /// Why no value is taken any more.
    halted: Option<NotCaptured>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        heap: &'a mut Heap,
        scratch: &'a mut Scratch,
        limits: &'a ValueLimits,
        begun: Instant,
    ) -> Self {
        scratch.types.clear();
        scratch.seen.clear();
        scratch.pending.clear();
        Self {
            heap,
            scratch,
            limits,
            deadline: begun + limits.time_budget,
            until_look: NODES_PER_LOOK,
            references: 0,
            halted: None,
        }
    }

    /// Notes a value. Scalars are complete then; others are looked into by [`Walk::finish`].
    ///
    /// Returns `false`, and notes nothing, when the budget is used up.
    ///
    /// # Safety
    /// `object` is a live object that lives until the walk is finished.
    unsafe fn value(&mut self, name: Text, object: Object, depth: u32) -> bool {
        if self.is_halted() {
            return false;
        }
        // SAFETY: as the caller promises.
        unsafe {
            let mut facts = self.scratch.types.facts(type_of(object), self.heap);
            let mut node = Node { name, type_index: facts.index, form: facts.form, ..Node::default() };
            if self.scalar(&mut node, object, facts.class) {
                self.heap.push_node(node);
                return true;
            }
            if facts.class.is_scalar() {
                // One that could not be written as such is read as what it is.
                facts.class = Class::Object;
            }
            let index = self.heap.next_node();
            if self.is_shared_empty(object, facts.class) {
                // Nothing can be learned from the identity of `()`.
            } else if let Some(first) = self.scratch.seen.get_or_insert(object as usize, index) {
                node.reference = self.reference_to(first);
                node.form = None;
                self.heap.push_node(node);
                return true;
            }
            self.note(node, object, depth, facts, Part::Whole);
        }
        true
    }

    /// Adds a value that is to be looked into, unless it is too deep.
    unsafe fn note(&mut self, mut node: Node, object: Object, depth: u32, facts: Facts, part: Part) {
        let class =
            if part == Part::Base { facts.base.map_or(facts.class, |base| base.class) } else { facts.class };
        // SAFETY: the caller of `value` promises a live object.
        let size = unsafe { containers::size(object, class) };
        node.size = size;
        if depth > self.limits.depth_max && size != Some(0) {
            node.reason = Some(NotCaptured::Depth);
            self.heap.push_node(node);
            return;
        }
        let index = self.heap.push_node(node);
        self.scratch.pending.push(Pending { node: index, depth, object, facts, part });
    }

    /// Looks into everything that was noted, breadth first.
    ///
    /// # Safety
    /// Everything that was noted still lives.
    pub(crate) unsafe fn finish(&mut self) {
        let mut next = 0;
        while let Some(pending) = self.scratch.pending.get(next).copied() {
            next += 1;
            if let Some(reason) = self.halted {
                self.heap.node_mut(pending.node).reason = Some(reason);
                continue;
            }
            // SAFETY: as the caller promises; what is found in a live object lives as well.
            unsafe {
                match pending.part {
                    Part::Whole if pending.facts.form == Some(Form::Table) && self.table(&pending) => {}
                    Part::Whole if pending.facts.base.is_some() || pending.facts.class == Class::Object => {
                        self.object(&pending);
                    }
                    Part::Whole if pending.facts.class == Class::Exception => self.exception(&pending),
                    Part::Whole if pending.facts.class == Class::NumpyArray => self.array(&pending),
                    Part::Whole if pending.facts.class == Class::Deque => self.deque(&pending),
                    Part::Whole => self.content(&pending, pending.facts.class),
                    Part::Base => {
                        let class = pending.facts.base.map_or(Class::Object, |base| base.class);
                        self.content(&pending, class);
                    }
                }
            }
        }
        self.scratch.pending.clear();
    }

    /// Whether the budget is used up. Looks at the clock now and then.
    fn is_halted(&mut self) -> bool {
        if self.halted.is_some() {
            return true;
        }
        if self.heap.is_full(&self.limits.heap) {
            self.halted = Some(NotCaptured::Limit);
            return true;
        }
        self.until_look -= 1;
        if self.until_look == 0 {
            self.until_look = NODES_PER_LOOK;
            if Instant::now() >= self.deadline {
                self.halted = Some(NotCaptured::Timeout);
                return true;
            }
        }
        false
    }

    /// The number of an object that is found once more.
    fn reference_to(&mut self, first: u32) -> u32 {
        let node = self.heap.node_mut(first);
        if node.reference == 0 {
            self.references += 1;
            node.reference = self.references;
        }
        node.reference
    }

    unsafe fn is_shared_empty(&self, object: Object, class: Class) -> bool {
        // SAFETY: the caller of `value` promises a live object.
        class == Class::Tuple && unsafe { containers::size(object, class) } == Some(0)
    }

    /// Copies the name of a variable or attribute; what is no text is written as the scalar that it is.
    ///
    /// # Safety
    /// `name` is a live object.
    unsafe fn name(&mut self, name: Object) -> Text {
        let start = self.heap.text_start();
        // SAFETY: as the caller promises.
        unsafe {
            if text::is_text(name) {
                if let Some(characters) = text::Characters::of(name) {
                    characters.write_plain(self.heap.bytes_mut(), NAME_MAX);
                }
            } else {
                let facts = self.scratch.types.facts(type_of(name), self.heap);
                let start = self.heap.text_start();
                let mut node = Node::default();
                if facts.class == Class::Str || !self.scalar(&mut node, name, facts.class) {
                    self.heap.push_text("(key)");
                }
                return self.heap.text_from(start);
            }
        }
        self.heap.text_from(start)
    }
}

/// Whether a type is exactly `bool`, for which no structure is read.
pub(crate) fn is_true(object: Object) -> bool {
    // SAFETY: `True` lives as long as the process.
    object == unsafe { ffi::Py_True() }
}
