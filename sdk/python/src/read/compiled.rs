//! What objects of compiled extensions keep under a name, through the functions of their exact types.

use std::ffi::CStr;

use pyo3::ffi;

use super::attributes::Attributes;
use super::text::{Characters, is_text};
use super::{Object, type_of};

/// Names of one type that are looked at.
const NAMES_MAX: usize = 256;
/// Base types that are looked at.
const BASES_MAX: usize = 64;

/// An attribute that stands in an object's own dictionary.
///
/// # Safety
/// `object` is a live object, no class, and is not changed or freed while the result is used.
pub(crate) unsafe fn attribute(object: Object, name: &[u8]) -> Option<Object> {
    let mut found = None;
    // SAFETY: as the caller promises; the object holds its attributes.
    unsafe {
        Attributes::of(object).each(|key, value| {
            if is_text(key)
                && matches!(Characters::of(key), Some(Characters::One(units, true)) if units == name)
            {
                found = Some(value);
            }
            found.is_none()
        });
    }
    found
}

/// What an object keeps in a field of its C structure, by the function that its type has for the name. Only types whose
/// name begins with `module` are asked, and only for what they keep: the reference that comes with it is given up.
///
/// # Safety
/// `object` is a live object that is not changed or freed while the result is used; the functions of such types give what
/// the object keeps, and do nothing else.
pub(crate) unsafe fn kept(object: Object, module: &[u8], name: &CStr) -> Option<Object> {
    // SAFETY: types hold their bases; the list of attributes of a type ends with one without a name.
    unsafe {
        let mut base = type_of(object);
        for _ in 0..BASES_MAX {
            if base.is_null() {
                return None;
            }
            let mut attribute = (*base).tp_getset;
            let is_asked =
                !attribute.is_null() && CStr::from_ptr((*base).tp_name).to_bytes().starts_with(module);
            let names = if is_asked { NAMES_MAX } else { 0 };
            for _ in 0..names {
                if (*attribute).name.is_null() {
                    break;
                }
                if CStr::from_ptr((*attribute).name) == name {
                    let value = ((*attribute).get?)(object, (*attribute).closure);
                    if value.is_null() {
                        ffi::PyErr_Clear();
                        return None;
                    }
                    let is_kept = ffi::Py_REFCNT(value) > 1;
                    // One that was made for us is not what the object keeps, and is left alone rather than freed here.
                    if is_kept {
                        ffi::Py_DECREF(value);
                    }
                    return is_kept.then_some(value);
                }
                attribute = attribute.add(1);
            }
            base = (*base).tp_base;
        }
    }
    None
}
