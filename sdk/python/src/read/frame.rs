//! Frames and tracebacks.
//!
//! Variables are read from the slots of the frame. `PyFrame_GetLocals` would make a dictionary (to 3.12, which can start
//! the garbage collector and with it finalizers of the application, and writes into the frame's state) or a proxy
//! (3.13); `PyFrame_GetVar` exists from 3.12 on, looks each name up in turn and makes an exception for each unset one.

use std::ffi::{c_char, c_int};

use pyo3::ffi;

use super::code::{Code, Variable};
use super::{Object, is_exactly};

/// `struct _frame` (`cpython/frameobject.h` of 3.9 and 3.10).
#[cfg(not(Py_3_11))]
#[repr(C)]
struct FrameLayout {
    base: ffi::PyVarObject,
    back: *mut FrameLayout,
    code: Object,
    builtins: Object,
    globals: Object,
    locals: Object,
    valuestack: *mut Object,
    #[cfg(not(Py_3_10))]
    stacktop: *mut Object,
    trace: Object,
    #[cfg(Py_3_10)]
    stackdepth: c_int,
    trace_lines: c_char,
    trace_opcodes: c_char,
    generator: Object,
    lasti: c_int,
    lineno: c_int,
    iblock: c_int,
    /// `f_executing`, a byte, in 3.9; `f_state`, one signed byte, in 3.10.
    state: c_char,
    blockstack: [[c_int; 3]; 20],
    localsplus: [Object; 1],
}

/// `struct _frame` (`internal/pycore_frame.h` of 3.11 to 3.13), as far as it is read.
#[cfg(Py_3_11)]
#[repr(C)]
struct FrameLayout {
    base: ffi::PyObject,
    back: *mut FrameLayout,
    interpreter_frame: *mut InterpreterFrame,
}

/// `struct _PyInterpreterFrame` of 3.11.
#[cfg(all(Py_3_11, not(Py_3_12)))]
#[repr(C)]
struct InterpreterFrame {
    function: Object,
    globals: Object,
    builtins: Object,
    locals: Object,
    code: Object,
    frame_object: *mut FrameLayout,
    previous: *mut InterpreterFrame,
    previous_instruction: *mut u16,
    stacktop: c_int,
    is_entry: bool,
    owner: c_char,
    localsplus: [Object; 1],
}

/// `struct _PyInterpreterFrame` of 3.12 and 3.13.
#[cfg(Py_3_12)]
#[repr(C)]
struct InterpreterFrame {
    code: Object,
    previous: *mut InterpreterFrame,
    function: Object,
    globals: Object,
    builtins: Object,
    locals: Object,
    frame_object: *mut FrameLayout,
    instruction: *mut u16,
    stacktop: c_int,
    return_offset: u16,
    owner: c_char,
    localsplus: [Object; 1],
}

/// `FRAME_OWNED_BY_CSTACK`: a frame that stands between calls of C and holds no code of Python.
#[cfg(Py_3_12)]
const OWNED_BY_C_STACK: c_char = 3;

/// Frames of C between two of Python that are passed.
#[cfg(Py_3_12)]
const SKIPPED_MAX: usize = 1_000;

/// A frame whose structure was checked.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// Null for one that was found as the caller of another.
    pub(crate) object: Object,
    pub(crate) code: &'a Code,
    globals: Object,
    locals: Object,
    slots: *const Object,
    #[cfg(Py_3_12)]
    inner: *const InterpreterFrame,
}

impl<'a> Frame<'a> {
    /// The frame as its structure; `None` when it is no frame, or does not look like one.
    ///
    /// # Safety
    /// `object` is a live object that is not freed within `'a`.
    pub(crate) unsafe fn of(object: Object) -> Option<Self> {
        // SAFETY: the type is checked before the structure is used; the code object of a frame lives as long as it.
        unsafe {
            if object.is_null() || !is_exactly(object, &raw mut ffi::PyFrame_Type) {
                return None;
            }
            let frame = object.cast::<FrameLayout>();
            #[cfg(Py_3_11)]
            let inner = (*frame).interpreter_frame;
            #[cfg(not(Py_3_11))]
            let inner = frame;
            if inner.is_null() {
                return None;
            }
            let code = Code::of((*inner).code)?;
            Some(Self {
                object,
                code,
                globals: (*inner).globals,
                locals: (*inner).locals,
                slots: (&raw const (*inner).localsplus).cast(),
                #[cfg(Py_3_12)]
                inner,
            })
        }
    }

    /// The frame of the Python code that called this one, while both run.
    ///
    /// # Safety
    /// This frame runs in the current thread, or is called by one that does.
    #[cfg(Py_3_12)]
    pub(crate) unsafe fn caller(&self) -> Option<Self> {
        // SAFETY: a running frame knows the one that called it. Of frames on the stack of C only the owner and the next one
        // are set.
        unsafe {
            let mut inner = (*self.inner).previous.cast_const();
            for _ in 0..SKIPPED_MAX {
                if inner.is_null() {
                    return None;
                }
                if (*inner).owner != OWNED_BY_C_STACK
                    && let Some(code) = Code::of((*inner).code)
                {
                    return Some(Self {
                        object: std::ptr::null_mut(),
                        code,
                        globals: (*inner).globals,
                        locals: (*inner).locals,
                        slots: (&raw const (*inner).localsplus).cast(),
                        inner,
                    });
                }
                inner = (*inner).previous;
            }
        }
        None
    }

    /// The instruction of a running frame that has called another one, as an offset in bytes.
    #[cfg(Py_3_12)]
    pub(crate) fn instruction(&self) -> c_int {
        // SAFETY: a live frame.
        let at = unsafe { (*self.inner).instruction } as usize;
        at.wrapping_sub(self.code.instructions() as usize) as c_int
    }

    /// What tells a frame from every other one that lives at the same time.
    pub(crate) fn identity(&self) -> usize {
        self.slots as usize
    }

    /// The value of a variable; `None` when it has none.
    pub(crate) fn value(&self, variable: &Variable) -> Option<Object> {
        // SAFETY: a frame has as many slots as its code has variables. A slot holds a live object or nothing, and so
        // does a cell.
        unsafe {
            let value = *self.slots.add(variable.slot);
            if value.is_null() {
                return None;
            }
            if variable.may_be_cell && is_exactly(value, &raw mut ffi::PyCell_Type) {
                let content = (*value.cast::<CellLayout>()).content;
                return (!content.is_null()).then_some(content);
            }
            Some(value)
        }
    }

    /// The mapping of the variables of a module or a class, if it is a dictionary.
    pub(crate) fn mapping(&self) -> Option<Object> {
        // SAFETY: the frame holds it.
        unsafe { dictionary(self.locals) }
    }

    /// The globals, if they are a dictionary.
    pub(crate) fn globals(&self) -> Option<Object> {
        // SAFETY: the frame, or the function that runs in it, holds them.
        unsafe { dictionary(self.globals) }
    }
}

unsafe fn dictionary(object: Object) -> Option<Object> {
    // SAFETY: a live object, or nothing.
    unsafe { (!object.is_null() && super::has_flag(object, ffi::Py_TPFLAGS_DICT_SUBCLASS)).then_some(object) }
}

/// `PyCellObject`.
#[repr(C)]
struct CellLayout {
    base: ffi::PyObject,
    content: Object,
}

/// `PyTracebackObject` (`cpython/traceback.h`).
#[repr(C)]
struct TracebackLayout {
    base: ffi::PyObject,
    next: Object,
    frame: Object,
    lasti: c_int,
    lineno: c_int,
}

/// One entry of a traceback.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) frame: Frame<'a>,
    /// The instruction, as an offset in bytes.
    pub(crate) instruction: c_int,
    /// The line, where CPython has computed it.
    pub(crate) line: c_int,
}

/// The entries of a traceback, outermost call first. A traceback that was made to contain itself ends at the limit that
/// the caller sets.
pub(crate) struct Entries<'a> {
    next: Object,
    lifetime: std::marker::PhantomData<&'a Code>,
}

impl Entries<'_> {
    /// # Safety
    /// `traceback` is a live object, or null, that is not freed while the iterator is used.
    pub(crate) unsafe fn of(traceback: Object) -> Self {
        Self { next: traceback, lifetime: std::marker::PhantomData }
    }

    /// The entry of a traceback that has one alone.
    ///
    /// # Safety
    /// As for [`Entries::of`].
    #[cfg(Py_3_12)]
    #[inline]
    pub(crate) unsafe fn only<'a>(traceback: Object) -> Option<Entry<'a>> {
        // SAFETY: the type is checked before the structure is used.
        unsafe {
            if traceback.is_null()
                || !is_exactly(traceback, &raw mut ffi::PyTraceBack_Type)
                || !(*traceback.cast::<TracebackLayout>()).next.is_null()
            {
                return None;
            }
            let traceback = traceback.cast::<TracebackLayout>();
            let frame = Frame::of((*traceback).frame)?;
            Some(Entry { frame, instruction: (*traceback).lasti, line: (*traceback).lineno })
        }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            // SAFETY: the type is checked before the structure is used; an entry holds the next one and its frame.
            unsafe {
                if self.next.is_null() || !is_exactly(self.next, &raw mut ffi::PyTraceBack_Type) {
                    return None;
                }
                let traceback = self.next.cast::<TracebackLayout>();
                self.next = (*traceback).next;
                if let Some(frame) = Frame::of((*traceback).frame) {
                    return Some(Entry { frame, instruction: (*traceback).lasti, line: (*traceback).lineno });
                }
            }
        }
    }
}
