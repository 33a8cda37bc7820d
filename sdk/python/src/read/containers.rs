//! Built-in containers.

use pyo3::ffi;

use super::{Object, field, length};

/// The items of a tuple, or of an object of a subclass.
///
/// # Safety
/// `tuple` is such an object, and is not changed or freed within `'a`.
pub(crate) unsafe fn tuple_items<'a>(tuple: Object) -> &'a [Object] {
    // SAFETY: the items follow the length.
    unsafe {
        let first = (&raw const (*tuple.cast::<ffi::PyTupleObject>()).ob_item).cast::<Object>();
        std::slice::from_raw_parts(first, length(tuple))
    }
}

/// The items of a list, or of an object of a subclass.
///
/// # Safety
/// `list` is such an object, and is not changed or freed within `'a`: the GIL is held and no Python code runs.
pub(crate) unsafe fn list_items<'a>(list: Object) -> &'a [Object] {
    // SAFETY: the list points to its items, or to nothing when it never had any.
    unsafe {
        let items = (*list.cast::<ffi::PyListObject>()).ob_item;
        if items.is_null() { &[] } else { std::slice::from_raw_parts(items, length(list)) }
    }
}

/// The number of entries of a dictionary, or of an object of a subclass.
///
/// # Safety
/// `dict` is such an object.
pub(crate) unsafe fn dict_length(dict: Object) -> usize {
    // SAFETY: as the caller promises.
    unsafe { (*dict.cast::<ffi::PyDictObject>()).ma_used.unsigned_abs() }
}

/// The entries of a dictionary, or of an object of a subclass, as its memory has them.
pub(crate) struct DictEntries {
    dict: Object,
    position: ffi::Py_ssize_t,
}

impl DictEntries {
    /// # Safety
    /// `dict` is such an object, and is not changed or freed while the iterator is used.
    pub(crate) unsafe fn of(dict: Object) -> Self {
        Self { dict, position: 0 }
    }
}

impl Iterator for DictEntries {
    type Item = (Object, Object);

    fn next(&mut self) -> Option<(Object, Object)> {
        let (mut key, mut value) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: a dictionary; the function only reads, and what it gives the dictionary holds.
        let found = unsafe { ffi::PyDict_Next(self.dict, &mut self.position, &mut key, &mut value) };
        (found != 0 && !key.is_null() && !value.is_null()).then_some((key, value))
    }
}

/// Slots of a set that are looked at for each element that is wanted: a set that lost most of its elements is long.
const SLOTS_PER_ELEMENT: usize = 64;

/// The elements of a set or frozenset, or of an object of a subclass; `limit` of them at most.
///
/// # Safety
/// `set` is such an object, and is not changed or freed while the iterator is used.
pub(crate) unsafe fn set_items(set: Object, limit: usize) -> impl Iterator<Item = Object> {
    // SAFETY: the table has one slot more than the mask; it is part of the set or allocated by it.
    let slots = unsafe {
        let set = &*set.cast::<SetLayout>();
        std::slice::from_raw_parts(
            set.table,
            (set.mask.unsigned_abs() + 1).min((limit + 8) * SLOTS_PER_ELEMENT),
        )
    };
    // A slot whose element was removed has the hash -1, which no element has.
    slots.iter().filter(|slot| !slot.key.is_null() && slot.hash != -1).map(|slot| slot.key).take(limit)
}

/// The number of elements of a set.
///
/// # Safety
/// `set` is a set or frozenset, or an object of a subclass.
pub(crate) unsafe fn set_length(set: Object) -> usize {
    // SAFETY: as the caller promises.
    unsafe { (*set.cast::<SetLayout>()).used.unsigned_abs() }
}

/// `PySetObject` (`cpython/setobject.h`), as far as it is read.
#[repr(C)]
struct SetLayout {
    base: ffi::PyObject,
    fill: ffi::Py_ssize_t,
    used: ffi::Py_ssize_t,
    mask: ffi::Py_ssize_t,
    table: *const SetSlot,
}

#[repr(C)]
struct SetSlot {
    key: Object,
    hash: ffi::Py_hash_t,
}

/// What a `mappingproxy` shows.
///
/// # Safety
/// `proxy` is exactly a `mappingproxy`.
pub(crate) unsafe fn proxied(proxy: Object) -> Object {
    // SAFETY: `mappingproxyobject` is an object and the mapping (`Objects/descrobject.c`).
    unsafe { field(proxy, size_of::<ffi::PyObject>()) }
}
