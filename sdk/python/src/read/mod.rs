//! Reading the memory of Python objects without running Python code.
//!
//! What this module promises: no attribute lookup, no comparison, no hash, no call of a slot that Python code can
//! override, no allocation of objects that the garbage collector tracks. It looks at the exact type of an object and at
//! fields of C structures, with the GIL held throughout.
//!
//! Layouts are those of CPython 3.9 to 3.13; [`layout::verify`] checks them against the public functions once, when the
//! client starts.

pub(crate) mod attributes;
pub(crate) mod code;
pub(crate) mod compiled;
pub(crate) mod containers;
pub(crate) mod exception;
pub(crate) mod frame;
pub(crate) mod layout;
pub(crate) mod number;
pub(crate) mod text;

use pyo3::ffi;

/// An object that somebody else keeps alive for as long as the walk lasts.
pub(crate) type Object = *mut ffi::PyObject;

/// The type of an object.
///
/// # Safety
/// `object` is a live object.
#[inline]
pub(crate) unsafe fn type_of(object: Object) -> *mut ffi::PyTypeObject {
    // SAFETY: every object begins with its count and its type.
    unsafe { ffi::Py_TYPE(object) }
}

/// Whether the type of an object is exactly `type_object`.
///
/// # Safety
/// `object` is a live object.
#[inline]
pub(crate) unsafe fn is_exactly(object: Object, type_object: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: as the caller promises.
    unsafe { type_of(object) == type_object }
}

/// Whether an object's type, or a base of it, is one of the built-in types that have a flag of their own
/// (`Py_TPFLAGS_DICT_SUBCLASS` …).
///
/// # Safety
/// `object` is a live object.
#[inline]
pub(crate) unsafe fn has_flag(object: Object, flag: std::ffi::c_ulong) -> bool {
    // SAFETY: as the caller promises; a type outlives its objects.
    unsafe { (*type_of(object)).tp_flags & flag != 0 }
}

/// The number of items of an object of variable size.
///
/// # Safety
/// `object` is a live object whose structure begins with `PyVarObject`.
#[inline]
pub(crate) unsafe fn length(object: Object) -> usize {
    // SAFETY: as the caller promises.
    unsafe { (*object.cast::<ffi::PyVarObject>()).ob_size.unsigned_abs() }
}

/// A field of type `T` at `offset` bytes in an object.
///
/// # Safety
/// The structure of `object` has such a field there.
#[inline]
pub(crate) unsafe fn field<T: Copy>(object: Object, offset: usize) -> T {
    // SAFETY: as the caller promises.
    unsafe { object.cast::<u8>().add(offset).cast::<T>().read() }
}
