//! Attributes of objects: the instance dictionary, values that stand in the object itself, slots.

use std::ffi::CStr;
#[cfg(Py_3_11)]
use std::ffi::c_ulong;

use pyo3::ffi;

use super::Object;
use super::containers::DictEntries;

/// Slots of one class that are looked at.
const MEMBERS_MAX: usize = 256;

/// Base classes that are looked at.
const BASES_MAX: usize = 64;

#[cfg(Py_3_11)]
const MANAGED_DICT: c_ulong = 1 << 4;
#[cfg(Py_3_13)]
const INLINE_VALUES: c_ulong = 1 << 2;

/// Attributes that are not in slots.
pub(crate) enum Attributes {
    /// None.
    Absent,
    /// In a dictionary.
    Dict(Object),
    /// In the object itself, with keys that objects of its class share (3.11 and later).
    #[cfg(Py_3_11)]
    Inline(InlineValues),
}

impl Attributes {
    /// # Safety
    /// `object` is a live object and no class.
    pub(crate) unsafe fn of(object: Object) -> Self {
        // SAFETY: which of the places exists is told by the type.
        unsafe {
            #[cfg(Py_3_11)]
            if super::has_flag(object, MANAGED_DICT) {
                return Self::managed(object);
            }
            let type_object = super::type_of(object);
            let offset = (*type_object).tp_dictoffset;
            let place = match offset {
                0 => return Self::Absent,
                1.. => object.byte_offset(offset),
                // Behind the items of an object of variable size.
                ..0 => {
                    let items = super::length(object) as isize * (*type_object).tp_itemsize;
                    let word = size_of::<Object>() as isize;
                    let size = ((*type_object).tp_basicsize + items + word - 1) / word * word;
                    object.byte_offset(size + offset)
                }
            };
            Self::of_dict(place.cast::<Object>().read())
        }
    }

    unsafe fn of_dict(dict: Object) -> Self {
        // SAFETY: the object holds it, or it is null.
        let is_dict = unsafe { !dict.is_null() && super::has_flag(dict, ffi::Py_TPFLAGS_DICT_SUBCLASS) };
        if is_dict { Self::Dict(dict) } else { Self::Absent }
    }

    /// Before the object stand a pointer to values and one to a dictionary, of which one is null.
    #[cfg(all(Py_3_11, not(Py_3_12)))]
    unsafe fn managed(object: Object) -> Self {
        // SAFETY: `_PyObject_ValuesPointer` and `_PyObject_ManagedDictPointer` of `internal/pycore_object.h`.
        unsafe {
            let words = object.cast::<*mut Object>();
            let values = words.sub(4).read();
            if values.is_null() {
                return Self::of_dict(words.sub(3).read().cast());
            }
            InlineValues::of(object, values).map_or(Self::Absent, Self::Inline)
        }
    }

    /// Before the object stands one pointer, to a dictionary or, with its last bit set, to one byte before values.
    #[cfg(all(Py_3_12, not(Py_3_13)))]
    unsafe fn managed(object: Object) -> Self {
        // SAFETY: `_PyObject_DictOrValuesPointer` of `internal/pycore_object.h`.
        unsafe {
            let either = object.cast::<*mut u8>().sub(3).read();
            if either as usize & 1 == 0 {
                return Self::of_dict(either.cast());
            }
            InlineValues::of(object, either.add(1).cast()).map_or(Self::Absent, Self::Inline)
        }
    }

    /// Before the object stands a pointer to a dictionary; while it is null, values may stand in the object itself.
    #[cfg(Py_3_13)]
    unsafe fn managed(object: Object) -> Self {
        // SAFETY: `_PyObject_ManagedDictPointer`, `_PyObject_InlineValues` and `struct _dictvalues` of 3.13.
        unsafe {
            let dict = object.cast::<Object>().sub(3).read();
            if !dict.is_null() || !super::has_flag(object, INLINE_VALUES) {
                return Self::of_dict(dict);
            }
            let header = object.cast::<u8>().add(size_of::<ffi::PyObject>());
            let is_valid = header.add(3).read() != 0;
            if !is_valid {
                return Self::Absent;
            }
            InlineValues::of(object, header.add(size_of::<Object>()).cast())
                .map_or(Self::Absent, Self::Inline)
        }
    }
}

impl Attributes {
    /// Calls `found` with each name and value until it says `false`.
    pub(crate) fn each(self, mut found: impl FnMut(Object, Object) -> bool) {
        match self {
            Self::Absent => {}
            Self::Dict(dict) => {
                // SAFETY: a dictionary that its object holds.
                let mut entries = unsafe { DictEntries::of(dict) };
                while entries.next().is_some_and(|(name, value)| found(name, value)) {}
            }
            #[cfg(Py_3_11)]
            Self::Inline(mut values) => {
                while values.next().is_some_and(|(name, value)| found(name, value)) {}
            }
        }
    }
}

/// Values in the object itself and the keys of its class.
#[cfg(Py_3_11)]
pub(crate) struct InlineValues {
    keys: *const Object,
    values: *const Object,
    index: usize,
    count: usize,
}

/// `struct _dictkeysobject` (`internal/pycore_dict.h`), as far as it is read.
#[cfg(Py_3_11)]
#[repr(C)]
struct KeysLayout {
    refcount: ffi::Py_ssize_t,
    log2_size: u8,
    log2_index_bytes: u8,
    kind: u8,
    version: u32,
    usable: ffi::Py_ssize_t,
    entry_count: ffi::Py_ssize_t,
}

#[cfg(Py_3_11)]
impl InlineValues {
    /// Keys that are shared are texts, each beside a value that is not used.
    unsafe fn of(object: Object, values: *const Object) -> Option<Self> {
        const SPLIT: u8 = 2;
        // SAFETY: a class whose objects have such values has keys for them; the entries follow the table of indices.
        unsafe {
            let class = super::type_of(object).cast::<ffi::PyHeapTypeObject>();
            let keys = (*class).ht_cached_keys.cast::<KeysLayout>();
            if keys.is_null() || (*keys).kind != SPLIT {
                return None;
            }
            let entries = keys.add(1).cast::<u8>().add(1 << (*keys).log2_index_bytes);
            Some(Self { keys: entries.cast(), values, index: 0, count: (*keys).entry_count.unsigned_abs() })
        }
    }

    fn next(&mut self) -> Option<(Object, Object)> {
        while self.index < self.count {
            // SAFETY: there are `count` pairs of key and unused value, and as many values.
            let (key, value) =
                unsafe { (self.keys.add(self.index * 2).read(), self.values.add(self.index).read()) };
            self.index += 1;
            if !key.is_null() && !value.is_null() {
                return Some((key, value));
            }
        }
        None
    }
}

/// A value that stands in a C structure under a name: a slot of a class, a field of an object of compiled code.
pub(crate) struct Slot {
    pub(crate) name: &'static CStr,
    pub(crate) value: Object,
}

/// The slots of an object that hold something, those of the outermost base first.
///
/// Stops at `end`, a base whose fields are known otherwise; null for none.
///
/// # Safety
/// `object` is a live object, and is not changed or freed while the result is used.
pub(crate) unsafe fn slots(object: Object, end: *mut ffi::PyTypeObject, mut found: impl FnMut(Slot) -> bool) {
    const OBJECT: i32 = 6;
    const OBJECT_EX: i32 = 16;
    const RELATIVE_OFFSET: i32 = 8;
    let mut bases = [std::ptr::null_mut::<ffi::PyTypeObject>(); BASES_MAX];
    let mut count = 0;
    // SAFETY: types hold their bases; the list of members of a type ends with one without a name; a member of these
    // kinds is a pointer to an object, or null, at its offset.
    unsafe {
        let mut base = super::type_of(object);
        while !base.is_null() && base != end && count < BASES_MAX {
            bases[count] = base;
            count += 1;
            base = (*base).tp_base;
        }
        for base in bases[..count].iter().rev() {
            let mut member = (**base).tp_members;
            if member.is_null() {
                continue;
            }
            for _ in 0..MEMBERS_MAX {
                if (*member).name.is_null() {
                    break;
                }
                let kind = (*member).type_code;
                if (kind == OBJECT || kind == OBJECT_EX) && (*member).flags & RELATIVE_OFFSET == 0 {
                    let value = object.byte_offset((*member).offset).cast::<Object>().read();
                    if !value.is_null() && !found(Slot { name: CStr::from_ptr((*member).name), value }) {
                        return;
                    }
                }
                member = member.add(1);
            }
        }
    }
}

/// The value of the slot `name`.
///
/// # Safety
/// As for [`slots`].
pub(crate) unsafe fn slot(object: Object, name: &CStr) -> Option<Object> {
    let mut value = None;
    // SAFETY: as the caller promises.
    unsafe {
        slots(object, std::ptr::null_mut(), |slot| {
            if slot.name == name {
                value = Some(slot.value);
            }
            value.is_none()
        });
    }
    value
}
