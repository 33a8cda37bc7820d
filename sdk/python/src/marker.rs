//! The mark by which an exception remembers its capture: an attribute in its own dictionary.

use pyo3::ffi;

use crate::read::containers::DictEntries;
use crate::read::exception::Exception;
use crate::read::layout::known;
use crate::read::{Object, is_exactly, text};

/// Attributes of one exception that are looked at.
const ATTRIBUTES_MAX: usize = 200;

/// The id of the capture that an exception remembers.
///
/// # Safety
/// The exception lives.
pub(crate) unsafe fn read(exception: Exception) -> Option<u128> {
    let dict = exception.dict()?;
    // SAFETY: an exception holds its dictionary, and this the mark.
    unsafe {
        let mark = crate::walk::look_up(dict, known().names.capture)?;
        u128::from_str_radix(&text::to_string(mark, 32), 16).ok()
    }
}

/// Makes an exception remember its capture. An exception with attributes that are no texts, or with very many, does not:
/// to store the mark could run `__eq__` of one of them.
///
/// # Safety
/// The exception lives.
pub(crate) unsafe fn write(exception: Exception, id: u128) {
    // SAFETY: as the caller promises; the dictionary holds its keys.
    unsafe {
        let Some(dict) = exception.ensure_dict() else { return };
        if !is_exactly(dict, &raw mut ffi::PyDict_Type) || !has_plain_keys(dict) {
            return;
        }
        let digits = format!("{id:032x}");
        let mark = ffi::PyUnicode_FromStringAndSize(digits.as_ptr().cast(), digits.len() as isize);
        if mark.is_null() {
            return ffi::PyErr_Clear();
        }
        if ffi::PyDict_SetItem(dict, known().names.capture, mark) != 0 {
            ffi::PyErr_Clear();
        }
        ffi::Py_DECREF(mark);
    }
}

unsafe fn has_plain_keys(dict: Object) -> bool {
    // SAFETY: a live dictionary.
    unsafe {
        let is_plain = |(key, _): (Object, Object)| is_exactly(key, &raw mut ffi::PyUnicode_Type);
        crate::read::containers::dict_length(dict) <= ATTRIBUTES_MAX && DictEntries::of(dict).all(is_plain)
    }
}
