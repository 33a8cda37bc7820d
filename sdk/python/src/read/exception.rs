//! Exceptions.

use pyo3::ffi;

use super::Object;

/// `PyBaseExceptionObject` (`cpython/pyerrors.h`).
#[repr(C)]
struct ExceptionLayout {
    base: ffi::PyObject,
    dict: Object,
    args: Object,
    #[cfg(Py_3_11)]
    _notes: Object,
    traceback: Object,
    context: Object,
    cause: Object,
    suppress_context: u8,
}

/// `PyBaseExceptionGroupObject`, as far as it is read.
#[cfg(Py_3_11)]
#[repr(C)]
struct GroupLayout {
    exception: ExceptionLayout,
    _message: Object,
    members: Object,
}

/// An exception object, checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exception(Object);

impl Exception {
    /// # Safety
    /// `object` is a live object, or null.
    pub(crate) unsafe fn of(object: Object) -> Option<Self> {
        // SAFETY: as the caller promises.
        unsafe {
            (!object.is_null() && super::has_flag(object, ffi::Py_TPFLAGS_BASE_EXC_SUBCLASS))
                .then_some(Self(object))
        }
    }

    pub(crate) fn object(self) -> Object {
        self.0
    }

    fn layout(&self) -> &ExceptionLayout {
        // SAFETY: an object with this flag begins with this structure.
        unsafe { &*self.0.cast() }
    }

    /// Its `__dict__`, if it has one yet.
    pub(crate) fn dict(&self) -> Option<Object> {
        let dict = self.layout().dict;
        (!dict.is_null()).then_some(dict)
    }

    /// Its arguments: a tuple.
    pub(crate) fn args(&self) -> Option<Object> {
        let args = self.layout().args;
        // SAFETY: the exception holds them.
        unsafe { (!args.is_null() && super::is_exactly(args, &raw mut ffi::PyTuple_Type)).then_some(args) }
    }

    /// The traceback, or null.
    pub(crate) fn traceback(&self) -> Object {
        self.layout().traceback
    }

    /// What it was raised from.
    pub(crate) fn cause(&self) -> Option<Self> {
        // SAFETY: the exception holds it.
        unsafe { Self::of(self.layout().cause) }
    }

    /// What was handled when it was raised, unless that is not to be shown.
    pub(crate) fn context(&self) -> Option<Self> {
        if self.layout().suppress_context != 0 {
            return None;
        }
        // SAFETY: the exception holds it.
        unsafe { Self::of(self.layout().context) }
    }

    /// The exceptions of a group; none for other exceptions.
    pub(crate) fn members(&self) -> &[Object] {
        #[cfg(Py_3_11)]
        // SAFETY: the type of groups is known from its base; it begins with this structure, and its members are a tuple.
        unsafe {
            let group_type = super::layout::known().exception_group;
            let mut base = super::type_of(self.0);
            while !base.is_null() && base != group_type {
                base = (*base).tp_base;
            }
            if !base.is_null() {
                let members = (*self.0.cast::<GroupLayout>()).members;
                if !members.is_null() && super::is_exactly(members, &raw mut ffi::PyTuple_Type) {
                    return super::containers::tuple_items(members);
                }
            }
        }
        &[]
    }

    /// Makes the exception hold a dictionary of its own, if it has none yet, and gives it.
    ///
    /// Allocates: not for use within a walk.
    pub(crate) fn ensure_dict(&self) -> Option<Object> {
        let layout = self.0.cast::<ExceptionLayout>();
        // SAFETY: the place of the dictionary may be filled by whoever has the GIL; the exception owns it then.
        unsafe {
            if (*layout).dict.is_null() {
                let dict = ffi::PyDict_New();
                if dict.is_null() {
                    ffi::PyErr_Clear();
                    return None;
                }
                if (*layout).dict.is_null() {
                    (*layout).dict = dict;
                } else {
                    ffi::Py_DECREF(dict);
                }
            }
            Some((*layout).dict)
        }
    }
}
