//! The content of built-in containers.

use reenact_client::heap::{Body, Node, Text};
use reenact_model::NotCaptured;

use super::types::Class;
use super::{Pending, Walk};
use crate::read::containers::{
    DictEntries, dict_length, list_items, proxied, set_items, set_length, tuple_items,
};
use crate::read::layout::known;
use crate::read::{Object, length, type_of};

/// How many elements or entries a container has; `None` for what is none.
///
/// # Safety
/// `object` is a live object of this class, or of one that is built on it.
pub(super) unsafe fn size(object: Object, class: Class) -> Option<u64> {
    // SAFETY: as the caller promises.
    let size = unsafe {
        match class {
            Class::List | Class::Tuple | Class::Deque | Class::Array => length(object),
            Class::Set => set_length(object),
            Class::Dict => dict_length(object),
            Class::MappingProxy => {
                let mapping = proxied(object);
                if !is_dict(mapping) {
                    return None;
                }
                dict_length(mapping)
            }
            _ => return None,
        }
    };
    Some(size as u64)
}

unsafe fn is_dict(object: Object) -> bool {
    // SAFETY: a live object, or null.
    unsafe { !object.is_null() && crate::read::has_flag(object, pyo3::ffi::Py_TPFLAGS_DICT_SUBCLASS) }
}

impl Walk<'_> {
    /// Looks into a container, as an object of the built-in `class`.
    ///
    /// # Safety
    /// The object lives, and is of this class or of one that is built on it.
    pub(super) unsafe fn content(&mut self, pending: &Pending, class: Class) {
        let object = pending.object;
        // SAFETY: as the caller promises.
        unsafe {
            match class {
                Class::List => self.elements(pending, list_items(object).iter().copied()),
                Class::Tuple => self.elements(pending, tuple_items(object).iter().copied()),
                Class::Set => self.elements(pending, set_items(object, self.limits.items_max)),
                Class::Dict => self.entries(pending, object),
                Class::MappingProxy if is_dict(proxied(object)) => self.entries(pending, proxied(object)),
                Class::Deque | Class::Array => self.items_of_type(pending, class),
                Class::Method => self.method(pending),
                Class::Iterator => self.iterator(pending),
                Class::ByteArray => self.bytearray(pending),
                _ => {
                    let mut node = Node::default();
                    if self.scalar(&mut node, object, class) {
                        let known = self.heap.node_mut(pending.node);
                        (known.body, known.size, known.truncated) = (node.body, node.size, node.truncated);
                    } else {
                        self.heap.node_mut(pending.node).reason = Some(NotCaptured::Unknown);
                    }
                }
            }
        }
    }

    unsafe fn elements(&mut self, pending: &Pending, elements: impl Iterator<Item = Object>) {
        let first = self.heap.next_node();
        let mut reason = None;
        for (index, element) in elements.enumerate() {
            if index >= self.limits.items_max {
                break;
            }
            // SAFETY: a container holds its elements; nothing changes it while the GIL is held and no Python code runs.
            if !element.is_null() && !unsafe { self.value(Text::default(), element, pending.depth + 1) } {
                reason = self.halted;
                break;
            }
        }
        let children = self.heap.children_from(first);
        let node = self.heap.node_mut(pending.node);
        node.body = Body::Elements(children);
        let is_cut = node.size.is_some_and(|size| size > u64::from(children.count));
        node.reason = reason.or(is_cut.then_some(NotCaptured::CollectionSize));
    }

    unsafe fn entries(&mut self, pending: &Pending, dict: Object) {
        let first = self.heap.next_node();
        let mut reason = None;
        // SAFETY: a dictionary that is not changed meanwhile; it holds its keys and values.
        for (key, value) in unsafe { DictEntries::of(dict) }.take(self.limits.items_max) {
            // SAFETY: as above.
            let (noted_key, noted_value) = unsafe {
                let noted = self.value(Text::default(), key, pending.depth + 1);
                (noted, noted && self.value(Text::default(), value, pending.depth + 1))
            };
            if noted_key && !noted_value {
                // A key without its value stays, so that keys and values keep their turns.
                self.heap.push_node(Node { reason: self.halted, ..Node::default() });
            }
            if !noted_value {
                reason = self.halted;
                break;
            }
        }
        let children = self.heap.children_from(first);
        let node = self.heap.node_mut(pending.node);
        node.body = Body::Entries(children);
        let is_cut = node.size.is_some_and(|size| size > u64::from(children.count / 2));
        node.reason = reason.or(is_cut.then_some(NotCaptured::CollectionSize));
    }

    /// Looks into a deque: with its limit, where it has one.
    ///
    /// # Safety
    /// The object is exactly a deque.
    pub(super) unsafe fn deque(&mut self, pending: &Pending) {
        // SAFETY: as the caller promises.
        unsafe {
            match deque_limit(pending.object) {
                Some(limit) => self.bounded_deque(pending, limit),
                None => self.content(pending, Class::Deque),
            }
        }
    }

    /// Elements through the function of the exact built-in type, not through one that a subclass may have instead.
    unsafe fn items_of_type(&mut self, pending: &Pending, class: Class) {
        let type_object = if class == Class::Deque { known().deque } else { known().array };
        // SAFETY: types of compiled code with the functions of a sequence.
        let item = unsafe {
            let methods = (*type_object).tp_as_sequence;
            if methods.is_null() { None } else { (*methods).sq_item }
        };
        let Some(item) = item else {
            self.heap.node_mut(pending.node).reason = Some(NotCaptured::Unknown);
            return;
        };
        // SAFETY: as the caller of `content` promises.
        let count = unsafe { length(pending.object) }.min(self.limits.items_max);
        let mut next = 0;
        let object = pending.object;
        let elements = std::iter::from_fn(|| {
            // SAFETY: the index is within the length, so that the function gives an object. The reference that comes with
            // it is given up at once: a deque holds its elements, so that it is not the last one.
            unsafe {
                let element = (next < count).then(|| item(object, next as isize))?;
                next += 1;
                if class == Class::Deque {
                    pyo3::ffi::Py_DECREF(element);
                }
                Some(element)
            }
        });
        if class == Class::Deque {
            // SAFETY: as above.
            return unsafe { self.elements(pending, elements) };
        }
        // Numbers are made on the way, and freed when they were copied: freeing one runs no code.
        let numbers: Vec<Object> = elements.collect();
        // SAFETY: they live until the end of this block; each is a number, and complete when it was noted.
        unsafe {
            self.elements(pending, numbers.iter().copied());
            numbers.into_iter().for_each(|number| pyo3::ffi::Py_DECREF(number));
        }
    }

    /// # Safety
    /// The object is a bound method.
    unsafe fn method(&mut self, pending: &Pending) {
        #[repr(C)]
        struct MethodLayout {
            base: pyo3::ffi::PyObject,
            function: Object,
            receiver: Object,
        }
        // SAFETY: `PyMethodObject` begins so (`cpython/classobject.h`); it holds both.
        unsafe {
            let method = &*pending.object.cast::<MethodLayout>();
            let first = self.heap.next_node();
            for (name, value) in [("(function)", method.function), ("(self)", method.receiver)] {
                let name = self.heap.push_text(name);
                if value.is_null() || !self.value(name, value, pending.depth + 1) {
                    break;
                }
            }
            let children = self.heap.children_from(first);
            self.heap.node_mut(pending.node).body = Body::Fields(children);
        }
    }

    /// # Safety
    /// The object is a `bytearray`.
    unsafe fn bytearray(&mut self, pending: &Pending) {
        let start = self.heap.text_start();
        // SAFETY: as the caller promises.
        let bytes = unsafe { crate::read::text::bytearray(pending.object) };
        let shown = bytes.len().min(self.limits.text_max);
        let is_exact = pending.facts.class == Class::ByteArray;
        let out = self.heap.bytes_mut();
        if is_exact {
            out.extend_from_slice(b"bytearray(");
        }
        crate::read::text::write_bytes_repr(out, &bytes[..shown]);
        if is_exact {
            out.push(b')');
        }
        let text = self.heap.text_from(start);
        let node = self.heap.node_mut(pending.node);
        node.body = Body::Scalar(text);
        node.truncated = shown < bytes.len();
        node.size = Some(bytes.len() as u64).filter(|_| node.truncated);
    }
}

/// The limit of a deque, by the function of its exact type that tells it.
unsafe fn deque_limit(deque: Object) -> Option<u64> {
    // SAFETY: a type of compiled code; the list of its attributes ends with one without a name. What the function gives is
    // `None` or a new number, whose reference is given up here.
    unsafe {
        let mut attribute = (*known().deque).tp_getset;
        while !attribute.is_null() && !(*attribute).name.is_null() {
            if std::ffi::CStr::from_ptr((*attribute).name) == c"maxlen" {
                let found = ((*attribute).get?)(deque, (*attribute).closure);
                if found.is_null() {
                    pyo3::ffi::PyErr_Clear();
                    return None;
                }
                let is_number = crate::read::has_flag(found, pyo3::ffi::Py_TPFLAGS_LONG_SUBCLASS);
                let digits = if is_number { crate::read::number::Integer::of(found).digits } else { &[] };
                let limit = digits.iter().rev().fold(0_u64, |limit, digit| limit << 30 | u64::from(*digit));
                pyo3::ffi::Py_DECREF(found);
                return is_number.then_some(limit);
            }
            attribute = attribute.add(1);
        }
    }
    None
}

/// The name of the type of an object, for a placeholder in a text.
///
/// # Safety
/// `object` is a live object.
pub(super) unsafe fn write_placeholder(object: Object, out: &mut Vec<u8>) {
    out.push(b'<');
    // SAFETY: as the caller promises.
    unsafe { super::types::write_type_name(type_of(object), out) };
    out.extend_from_slice(b" object>");
}
