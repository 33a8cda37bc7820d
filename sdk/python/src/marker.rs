//! The mark by which an exception remembers its capture: an attribute in its own dictionary.

use pyo3::ffi;

use crate::read::containers::DictEntries;
use crate::read::exception::Exception;
use crate::read::layout::known;
use crate::read::{Object, is_exactly, text};

/// Characters of a mark.
const DIGITS: usize = 32;

/// Attributes of one exception that are looked at.
const ATTRIBUTES_MAX: usize = 200;

/// The id of the capture that an exception remembers.
///
/// # Safety
/// The exception lives.
pub(crate) unsafe fn read(exception: Exception) -> Option<u128> {
    // SAFETY: as the caller promises.
    unsafe { read_if(exception, |_| true) }
}

/// The id of a mark that is as it should be.
///
/// # Safety
/// The exception lives.
pub(crate) unsafe fn read_if(exception: Exception, is_right: impl FnOnce(Object) -> bool) -> Option<u128> {
    let dict = exception.dict()?;
    // SAFETY: an exception holds its dictionary, and this the mark.
    unsafe {
        let mark = crate::walk::look_up(dict, known().names.capture).filter(|mark| is_right(*mark))?;
        u128::from_str_radix(&text::to_string(mark, DIGITS), 16).ok()
    }
}

/// The text of a mark. Written by hand: it is a part of the cost of an exception that is skipped.
pub(crate) fn digits(id: u128) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bytes = id.to_be_bytes();
    let mut digits = String::with_capacity(DIGITS);
    for byte in bytes {
        digits.push(char::from(HEX[usize::from(byte >> 4)]));
        digits.push(char::from(HEX[usize::from(byte & 0xf)]));
    }
    digits
}

/// Makes an exception remember its capture. An exception with attributes that are no texts, or with very many, does not:
/// to store the mark could run `__eq__` of one of them.
///
/// # Safety
/// The exception lives.
pub(crate) unsafe fn write(exception: Exception, id: u128) {
    let digits = digits(id);
    // SAFETY: as the caller promises.
    unsafe {
        let mark = ffi::PyUnicode_FromStringAndSize(digits.as_ptr().cast(), digits.len() as isize);
        if mark.is_null() {
            return ffi::PyErr_Clear();
        }
        put(exception, mark);
        ffi::Py_DECREF(mark);
    }
}

/// As [`write`], with a mark that there is; whether it was stored.
///
/// # Safety
/// The exception and the mark live.
pub(crate) unsafe fn put(exception: Exception, mark: Object) -> bool {
    // SAFETY: as the caller promises; the dictionary holds its keys.
    unsafe {
        let Some(dict) = exception.ensure_dict() else { return false };
        if !is_exactly(dict, &raw mut ffi::PyDict_Type) || !has_plain_keys(dict) {
            return false;
        }
        let is_stored = ffi::PyDict_SetItem(dict, known().names.capture, mark) == 0;
        if !is_stored {
            ffi::PyErr_Clear();
        }
        is_stored
    }
}

unsafe fn has_plain_keys(dict: Object) -> bool {
    // SAFETY: a live dictionary.
    unsafe {
        let is_plain = |(key, _): (Object, Object)| is_exactly(key, &raw mut ffi::PyUnicode_Type);
        crate::read::containers::dict_length(dict) <= ATTRIBUTES_MAX && DictEntries::of(dict).all(is_plain)
    }
}
