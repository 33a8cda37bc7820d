//! Objects by their attributes.

use pyo3::ffi;
use reenact_client::heap::{Body, Node, Text};
use reenact_model::NotCaptured;

use super::types::Class;
use super::{Part, Pending, Walk};
use crate::read::attributes::{Attributes, slots};
use crate::read::containers::tuple_items;
use crate::read::exception::Exception;
use crate::read::layout::known;
use crate::read::{Object, type_of};

/// Attributes that a client keeps in an exception, and such of an enumeration that say nothing about a member.
const HIDDEN: [&[u8]; 5] =
    [b"__reenact_capture__", b"_dd_exc_id", b"__objclass__", b"_sort_order_", b"__notes__"];

/// Attributes that are counted behind the ones that are shown.
const COUNTED_MAX: usize = 10_000;

/// The fields of one object while they are taken.
struct Fields {
    first: u32,
    /// Attributes that there are, shown or not.
    count: usize,
    reason: Option<NotCaptured>,
}

impl Walk<'_> {
    /// Looks into an object of a class of Python, or of compiled code.
    ///
    /// # Safety
    /// The object lives.
    pub(super) unsafe fn object(&mut self, pending: &Pending) {
        // SAFETY: as the caller promises.
        unsafe {
            let mut fields = self.begin_fields();
            if !pending.facts.field_names.is_null() {
                self.named_items(pending, &mut fields);
            } else if let Some(base) = pending.facts.base {
                self.base_content(pending, base.class, base.type_object);
            }
            self.attributes(pending, &mut fields);
            if pending.facts.shows_slots {
                self.slots(pending, &mut fields, std::ptr::null_mut());
            }
            self.end_fields(pending, fields);
        }
    }

    /// Looks into an exception: its arguments, then its attributes.
    ///
    /// # Safety
    /// The object lives and is an exception.
    pub(super) unsafe fn exception(&mut self, pending: &Pending) {
        // SAFETY: as the caller promises; an exception holds its arguments.
        unsafe {
            let mut fields = self.begin_fields();
            if let Some(args) = Exception::of(pending.object).and_then(|exception| exception.args()) {
                let name = self.heap.push_text("(args)");
                self.value(name, args, pending.depth);
            }
            self.attributes(pending, &mut fields);
            self.slots(pending, &mut fields, ffi::PyExc_BaseException.cast());
            self.end_fields(pending, fields);
        }
    }

    /// A deque with a limit: its content and the limit.
    ///
    /// # Safety
    /// The object is a deque.
    pub(super) unsafe fn bounded_deque(&mut self, pending: &Pending, limit: u64) {
        let first = self.heap.next_node();
        // SAFETY: as the caller promises.
        unsafe { self.base_content(pending, Class::Deque, known().deque) };
        let name = self.heap.push_text("(maxlen)");
        let text = self.heap.push_text(&limit.to_string());
        // SAFETY: a type that is never freed.
        let facts = unsafe { self.scratch.types.facts(&raw mut ffi::PyLong_Type, self.heap) };
        self.heap.push_node(Node {
            name,
            type_index: facts.index,
            body: Body::Scalar(text),
            ..Node::default()
        });
        let children = self.heap.children_from(first);
        let node = self.heap.node_mut(pending.node);
        (node.body, node.size) = (Body::Fields(children), None);
    }

    fn begin_fields(&self) -> Fields {
        Fields { first: self.heap.next_node(), count: 0, reason: None }
    }

    fn end_fields(&mut self, pending: &Pending, fields: Fields) {
        let children = self.heap.children_from(fields.first);
        let is_cut = fields.count > self.limits.fields_max;
        let is_opaque = pending.facts.is_opaque;
        let node = self.heap.node_mut(pending.node);
        node.size = is_cut.then_some(fields.count as u64);
        node.reason = fields
            .reason
            .or(is_cut.then_some(NotCaptured::FieldCount))
            .or(is_opaque.then_some(NotCaptured::Unknown));
        if children.count > 0 || !is_opaque {
            node.body = Body::Fields(children);
        }
    }

    /// The content of the built-in type that a class is built on, as a field of its own.
    unsafe fn base_content(&mut self, pending: &Pending, class: Class, type_object: *mut ffi::PyTypeObject) {
        let start = self.heap.text_start();
        let out = self.heap.bytes_mut();
        out.push(b'(');
        // SAFETY: a built-in type.
        unsafe { super::types::write_type_name(type_object, out) };
        strip_module(out, start + 1);
        out.push(b')');
        let name = self.heap.text_from(start);
        // SAFETY: as above.
        let type_index = unsafe { self.scratch.types.facts(type_object, self.heap).index };
        let node = Node { name, type_index, ..Node::default() };
        let mut facts = pending.facts;
        facts.base = Some(super::types::Base { class, type_object });
        // SAFETY: the object lives.
        unsafe { self.note(node, pending.object, pending.depth, facts, Part::Base) };
    }

    /// The items of a named tuple under their names; further ones, which a subclass may have, under their numbers.
    unsafe fn named_items(&mut self, pending: &Pending, fields: &mut Fields) {
        // SAFETY: the object is a tuple, its class holds the tuple of names.
        let (names, items) = unsafe { (tuple_items(pending.facts.field_names), tuple_items(pending.object)) };
        for (index, item) in items.iter().enumerate() {
            // SAFETY: a tuple holds its items, and so does the one of names.
            unsafe {
                let name = |walk: &mut Self| match names.get(index) {
                    Some(name) => walk.name(*name),
                    None => walk.heap.push_text(&format!("[{index}]")),
                };
                if !self.field(pending, fields, name, *item) {
                    break;
                }
            }
        }
    }

    unsafe fn attributes(&mut self, pending: &Pending, fields: &mut Fields) {
        // SAFETY: the object lives and holds its attributes.
        unsafe {
            if super::types::is_class(pending.object) {
                return;
            }
            Attributes::of(pending.object).each(|name, value| {
                if name == known().names.capture || is_hidden(name) {
                    return true;
                }
                self.field(pending, fields, |walk| walk.name(name), value)
            });
        }
    }

    unsafe fn slots(&mut self, pending: &Pending, fields: &mut Fields, end: *mut ffi::PyTypeObject) {
        let is_default_dict = pending.facts.base.is_some() && self.is_default_dict(pending);
        // SAFETY: the object lives and holds what is in its slots.
        unsafe {
            slots(pending.object, end, |slot| {
                let name = slot.name.to_string_lossy();
                let name = |walk: &mut Self| {
                    if is_default_dict && name == "default_factory" {
                        return walk.heap.push_text("(default_factory)");
                    }
                    walk.heap.push_text(&name)
                };
                self.field(pending, fields, name, slot.value)
            });
        }
    }

    fn is_default_dict(&self, pending: &Pending) -> bool {
        let mut class = {
            // SAFETY: the object lives; types hold their bases.
            unsafe { type_of(pending.object) }
        };
        while !class.is_null() && class != known().default_dict {
            // SAFETY: as above.
            class = unsafe { (*class).tp_base };
        }
        !class.is_null()
    }

    /// Takes a field if there is room; `false` when there is no use in further ones.
    unsafe fn field(
        &mut self,
        pending: &Pending,
        fields: &mut Fields,
        name: impl FnOnce(&mut Self) -> Text,
        value: Object,
    ) -> bool {
        fields.count += 1;
        if fields.count > self.limits.fields_max {
            return fields.count < COUNTED_MAX;
        }
        let name = name(self);
        // SAFETY: the object holds the value.
        let noted = unsafe { self.value(name, value, pending.depth + 1) };
        if !noted {
            fields.reason = self.halted;
        }
        noted
    }
}

/// Turns `collections.deque` into `deque`.
fn strip_module(out: &mut Vec<u8>, start: usize) {
    if let Some(dot) = out[start..].iter().rposition(|byte| *byte == b'.') {
        out.drain(start..=start + dot);
    }
}

/// Whether an attribute is one of a client, or says nothing.
///
/// # Safety
/// `name` is a live object.
pub(super) unsafe fn is_hidden(name: Object) -> bool {
    // SAFETY: a live object.
    unsafe {
        if !crate::read::text::is_text(name) {
            return false;
        }
        let Some(characters) = crate::read::text::Characters::of(name) else { return false };
        match characters {
            crate::read::text::Characters::One(units, true) => HIDDEN.contains(&units),
            _ => false,
        }
    }
}
