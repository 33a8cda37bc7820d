//! Iterators of built-in types: what they go over, and where they are.
//!
//! Their structures are private to CPython and have been the same from 3.9 to 3.13 but for that of ranges; tests compare
//! what is read with what the iterators then give. Nothing is asked for a next item.

use std::ffi::{CStr, c_long};

use pyo3::ffi;
use reenact_client::heap::{Body, Node};

use super::{Pending, Walk};
use crate::read::{Object, type_of};

/// Which structure an iterator has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// An index and what it is an index of.
    Sequence,
    /// Of a dictionary: how much is left of it.
    Dict,
    /// Of a set, likewise.
    Set,
    Range,
    Enumerate,
    Zip,
    Map,
    Filter,
    /// Of `iter(function, sentinel)`.
    Calls,
}

/// `_PyListIterObject`, `_PyTupleIterObject`, `unicodeiterobject`, `striterobject`, `seqiterobject`, `reversedobject` …
#[repr(C)]
struct OfSequence {
    base: ffi::PyObject,
    index: ffi::Py_ssize_t,
    sequence: Object,
}

/// `dictiterobject` (`Objects/dictobject.c`).
#[repr(C)]
struct OfDict {
    base: ffi::PyObject,
    dict: Object,
    used: ffi::Py_ssize_t,
    place: ffi::Py_ssize_t,
    result: Object,
    left: ffi::Py_ssize_t,
}

/// `setiterobject` (`Objects/setobject.c`).
#[repr(C)]
struct OfSet {
    base: ffi::PyObject,
    set: Object,
    used: ffi::Py_ssize_t,
    place: ffi::Py_ssize_t,
    left: ffi::Py_ssize_t,
}

/// `_PyRangeIterObject`: since 3.12 the start moves and the length shrinks.
#[repr(C)]
struct OfRange {
    base: ffi::PyObject,
    #[cfg(not(Py_3_12))]
    index: c_long,
    start: c_long,
    step: c_long,
    length: c_long,
}

/// `enumobject` (`Objects/enumobject.c`): the number that comes next, and the iterator.
#[repr(C)]
struct Enumerate {
    base: ffi::PyObject,
    index: ffi::Py_ssize_t,
    iterator: Object,
}

/// `zipobject` (`Python/bltinmodule.c`).
#[repr(C)]
struct Zip {
    base: ffi::PyObject,
    count: ffi::Py_ssize_t,
    iterators: Object,
}

/// `mapobject`, `filterobject`, `calliterobject`: two objects.
#[repr(C)]
struct Two {
    base: ffi::PyObject,
    first: Object,
    second: Object,
}

/// Whether the objects of a type are iterators that are understood.
///
/// # Safety
/// `type_object` is a live type.
pub(super) unsafe fn is_understood(type_object: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: as the caller promises.
    unsafe { kind_of(type_object) }.is_some()
}

unsafe fn kind_of(type_object: *mut ffi::PyTypeObject) -> Option<Kind> {
    let is = |address: *mut ffi::PyTypeObject| type_object == address;
    let kind = if is(&raw mut ffi::PyListIter_Type)
        || is(&raw mut ffi::PyListRevIter_Type)
        || is(&raw mut ffi::PyTupleIter_Type)
        || is(&raw mut ffi::PyUnicodeIter_Type)
        || is(&raw mut ffi::PyBytesIter_Type)
        || is(&raw mut ffi::PySeqIter_Type)
        || is(&raw mut ffi::PyReversed_Type)
    {
        Kind::Sequence
    } else if is(&raw mut ffi::PyDictIterKey_Type)
        || is(&raw mut ffi::PyDictIterValue_Type)
        || is(&raw mut ffi::PyDictIterItem_Type)
        || is(&raw mut ffi::PyDictRevIterKey_Type)
        || is(&raw mut ffi::PyDictRevIterValue_Type)
        || is(&raw mut ffi::PyDictRevIterItem_Type)
    {
        Kind::Dict
    } else if is(&raw mut ffi::PySetIter_Type) {
        Kind::Set
    } else if is(&raw mut ffi::PyRangeIter_Type) {
        Kind::Range
    } else if is(&raw mut ffi::PyEnum_Type) {
        Kind::Enumerate
    } else if is(&raw mut ffi::PyZip_Type) {
        Kind::Zip
    } else if is(&raw mut ffi::PyMap_Type) {
        Kind::Map
    } else if is(&raw mut ffi::PyFilter_Type) {
        Kind::Filter
    } else if is(&raw mut ffi::PyCallIter_Type) {
        Kind::Calls
    } else {
        // That of texts in ASCII has no public address; code of extensions makes types at run time, or with a module.
        // SAFETY: a live type has a name.
        let (name, flags) =
            unsafe { (CStr::from_ptr((*type_object).tp_name).to_bytes(), (*type_object).tp_flags) };
        let is_built_in = flags & ffi::Py_TPFLAGS_HEAPTYPE == 0;
        return (is_built_in && name == b"str_ascii_iterator").then_some(Kind::Sequence);
    };
    Some(kind)
}

impl Walk<'_> {
    /// Looks into an iterator.
    ///
    /// # Safety
    /// The object lives and is of a type that [`is_understood`].
    pub(super) unsafe fn iterator(&mut self, pending: &Pending) {
        let object = pending.object;
        let first = self.heap.next_node();
        // SAFETY: the structure is that of its type; an iterator holds what it goes over until it is at the end.
        unsafe {
            match kind_of(type_of(object)) {
                Some(Kind::Sequence) => {
                    let &OfSequence { index, sequence, .. } = &*object.cast::<OfSequence>();
                    self.place(pending, Some(index), sequence);
                }
                Some(Kind::Dict) => {
                    let &OfDict { dict, used, left, .. } = &*object.cast::<OfDict>();
                    self.place(pending, passed(used, left), dict);
                }
                Some(Kind::Set) => {
                    let &OfSet { set, used, left, .. } = &*object.cast::<OfSet>();
                    self.place(pending, passed(used, left), set);
                }
                Some(Kind::Range) => self.rest_of_range(&*object.cast::<OfRange>()),
                Some(Kind::Enumerate) => {
                    let &Enumerate { index, iterator, .. } = &*object.cast::<Enumerate>();
                    // Behind the largest number of C it counts with an object.
                    if index < ffi::Py_ssize_t::MAX {
                        self.count_part("(index)", index);
                    }
                    self.object_part(pending, "(iterator)", iterator);
                }
                Some(Kind::Zip) => {
                    self.object_part(pending, "(iterators)", (*object.cast::<Zip>()).iterators);
                }
                Some(Kind::Map) => {
                    let &Two { first: iterators, second: function, .. } = &*object.cast::<Two>();
                    self.object_part(pending, "(function)", function);
                    self.object_part(pending, "(iterators)", iterators);
                }
                Some(Kind::Filter) => {
                    let &Two { first: function, second: iterator, .. } = &*object.cast::<Two>();
                    self.object_part(pending, "(function)", function);
                    self.object_part(pending, "(iterator)", iterator);
                }
                Some(Kind::Calls) => {
                    let &Two { first: function, second: sentinel, .. } = &*object.cast::<Two>();
                    self.object_part(pending, "(function)", function);
                    self.object_part(pending, "(sentinel)", sentinel);
                }
                None => {}
            }
        }
        let children = self.heap.children_from(first);
        let node = self.heap.node_mut(pending.node);
        (node.body, node.reason) = (Body::Fields(children), self.halted);
    }

    /// What an iterator goes over and the index of what comes next; nothing when it is at its end.
    unsafe fn place(&mut self, pending: &Pending, index: Option<isize>, sequence: Object) {
        if sequence.is_null() {
            return;
        }
        if let Some(index) = index {
            self.count_part("(position)", index);
        }
        // SAFETY: as the caller of `iterator` promises.
        unsafe { self.object_part(pending, "(sequence)", sequence) };
    }

    fn rest_of_range(&mut self, range: &OfRange) {
        #[cfg(not(Py_3_12))]
        let (from, left) =
            (range.start.wrapping_add(range.index.wrapping_mul(range.step)), range.length - range.index);
        #[cfg(Py_3_12)]
        let (from, left) = (range.start, range.length);
        let to = from.wrapping_add(left.wrapping_mul(range.step));
        let text = match range.step {
            1 => format!("range({from}, {to})"),
            step => format!("range({from}, {to}, {step})"),
        };
        // SAFETY: a type that is never freed.
        unsafe { self.text_part("(rest)", &raw mut ffi::PyRange_Type, &text) };
    }

    fn count_part(&mut self, name: &str, count: isize) {
        // SAFETY: a type that is never freed.
        unsafe { self.text_part(name, &raw mut ffi::PyLong_Type, &count.to_string()) };
    }

    unsafe fn text_part(&mut self, name: &str, type_object: *mut ffi::PyTypeObject, text: &str) {
        // SAFETY: the caller has a live type.
        let type_index = unsafe { self.scratch.types.facts(type_object, self.heap) }.index;
        let (name, body) = (self.heap.push_text(name), Body::Scalar(self.heap.push_text(text)));
        self.heap.push_node(Node { name, type_index, body, ..Node::default() });
    }

    unsafe fn object_part(&mut self, pending: &Pending, name: &str, object: Object) {
        if object.is_null() || self.is_halted() {
            return;
        }
        let name = self.heap.push_text(name);
        // SAFETY: the iterator holds the object.
        unsafe { self.value(name, object, pending.depth + 1) };
    }
}

/// How many items have been given; unknown when what it goes over has changed its size.
fn passed(used: isize, left: isize) -> Option<isize> {
    (used >= left && left >= 0).then_some(used - left)
}
