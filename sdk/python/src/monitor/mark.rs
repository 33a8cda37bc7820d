//! The mark of an exception whose values were captured at its raise: a text that says when it is gone.
//!
//! It stands where an exception remembers its capture, as long as the exception lives; what was captured at the raise is
//! dropped with it. Copied or pickled it becomes a plain text.

use std::ffi::c_void;
use std::sync::OnceLock;

use pyo3::ffi;

use crate::read::{Object, is_exactly, text};

/// The type of marks: a subclass of `str`.
struct MarkType(*mut ffi::PyTypeObject);

// SAFETY: a type that is never freed, used with the GIL held.
unsafe impl Send for MarkType {}
// SAFETY: as above.
unsafe impl Sync for MarkType {}

static TYPE: OnceLock<MarkType> = OnceLock::new();

/// Makes a mark with this text; null when there is no memory.
///
/// # Safety
/// The GIL is held.
pub(super) unsafe fn made(digits: &str) -> Object {
    let type_object = TYPE.get_or_init(|| {
        // SAFETY: as the caller promises.
        MarkType(unsafe { made_type() })
    });
    if type_object.0.is_null() {
        return std::ptr::null_mut();
    }
    // SAFETY: a text is made, and of it one of our type, whose constructor is that of `str`.
    unsafe {
        let plain = ffi::PyUnicode_FromStringAndSize(digits.as_ptr().cast(), digits.len() as isize);
        if plain.is_null() {
            ffi::PyErr_Clear();
            return plain;
        }
        let mark = ffi::PyObject_CallOneArg(type_object.0.cast(), plain);
        ffi::Py_DECREF(plain);
        if mark.is_null() {
            ffi::PyErr_Clear();
        }
        mark
    }
}

/// Whether an object is a mark.
///
/// # Safety
/// `object` is a live object.
pub(super) unsafe fn is_mark(object: Object) -> bool {
    // SAFETY: as the caller promises.
    TYPE.get().is_some_and(|known| unsafe { is_exactly(object, known.0) })
}

unsafe fn made_type() -> *mut ffi::PyTypeObject {
    static mut METHODS: [ffi::PyMethodDef; 2] = [
        ffi::PyMethodDef {
            ml_name: c"__reduce_ex__".as_ptr(),
            ml_meth: ffi::PyMethodDefPointer { PyCFunction: reduced },
            ml_flags: ffi::METH_O,
            ml_doc: std::ptr::null(),
        },
        ffi::PyMethodDef::zeroed(),
    ];
    let mut slots = [
        ffi::PyType_Slot { slot: ffi::Py_tp_finalize, pfunc: finalized as *mut c_void },
        ffi::PyType_Slot { slot: ffi::Py_tp_methods, pfunc: (&raw mut METHODS).cast() },
        ffi::PyType_Slot::default(),
    ];
    let mut spec = ffi::PyType_Spec {
        name: c"reenact._native.Mark".as_ptr(),
        basicsize: 0,
        itemsize: 0,
        flags: ffi::Py_TPFLAGS_DEFAULT as _,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the name and the methods live as long as the process; the slots are copied.
    unsafe {
        let made = ffi::PyType_FromSpecWithBases(&mut spec, (&raw mut ffi::PyUnicode_Type).cast());
        if made.is_null() {
            ffi::PyErr_Clear();
        }
        made.cast()
    }
}

/// The mark's exception is gone, or has another mark.
unsafe extern "C" fn finalized(mark: Object) {
    let forget = || {
        // SAFETY: the mark is alive until this returns.
        let digits = unsafe { text::to_string(mark, 32) };
        if let Ok(id) = u128::from_str_radix(&digits, 16) {
            // SAFETY: objects are freed with the GIL held.
            super::forget(unsafe { pyo3::Python::assume_attached() }, id);
        }
    };
    if std::panic::catch_unwind(forget).is_err() {
        super::count_panic();
    }
}

/// `mark.__reduce_ex__(protocol)`: `(str, ("…",))`.
unsafe extern "C" fn reduced(mark: Object, _protocol: Object) -> Object {
    // SAFETY: the interpreter passes a live mark; each result is checked.
    unsafe {
        let plain = ffi::PyUnicode_FromObject(mark);
        if plain.is_null() {
            return plain;
        }
        let arguments = ffi::PyTuple_Pack(1 as ffi::Py_ssize_t, plain);
        ffi::Py_DECREF(plain);
        if arguments.is_null() {
            return arguments;
        }
        let result = ffi::PyTuple_Pack(
            2 as ffi::Py_ssize_t,
            (&raw mut ffi::PyUnicode_Type).cast::<ffi::PyObject>(),
            arguments,
        );
        ffi::Py_DECREF(arguments);
        result
    }
}
