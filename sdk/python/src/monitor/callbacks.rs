//! What the interpreter calls, and the quick way out of it.
//!
//! `RAISE` comes once for each frame that an exception passes; only the first one is looked at: then the traceback has one
//! entry. What is left by the first tests costs some ten nanoseconds, see `docs/performance.md`.

use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::ffi;
use pyo3::prelude::*;

use super::armed::Turn;
use super::raise::{self, Look};
use super::{Events, MONITOR, Monitor};
use crate::core;
use crate::read::exception::Exception;
use crate::read::frame::{Entries, Entry, Frame};
use crate::read::{Object, type_of};
use reenact_client::novelty::IdentityMixer;
use reenact_client::sites::Place;

/// Calls outwards of a raise in foreign code among which one of the service's own is looked for.
const OUTWARDS_MAX: usize = 32;

type Callback = unsafe extern "C" fn(Object, *mut Object, ffi::Py_ssize_t) -> Object;

const fn method(name: &'static CStr, callback: Callback) -> ffi::PyMethodDef {
    ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFast: callback },
        ml_flags: ffi::METH_FASTCALL,
        ml_doc: std::ptr::null(),
    }
}

static mut RAISED: ffi::PyMethodDef = method(c"raised", raised);
static mut HANDLED: ffi::PyMethodDef = method(c"handled", handled);
static mut ENTERED: ffi::PyMethodDef = method(c"entered", entered);
static mut LEFT: ffi::PyMethodDef = method(c"left", left);

/// Gives the interpreter what it is to call.
pub(super) fn register(py: Python<'_>, tool: u8, events: Events) -> PyResult<()> {
    let monitoring = super::monitoring(py)?;
    let pairs = [
        (events.raise, &raw mut RAISED),
        (events.handled, &raw mut HANDLED),
        (events.start, &raw mut ENTERED),
        (events.end, &raw mut LEFT),
    ];
    for (event, method) in pairs {
        // SAFETY: the method lives as long as the process; a new reference or an error is given.
        let function = unsafe {
            Bound::from_owned_ptr_or_err(
                py,
                ffi::PyCFunction_NewEx(method, std::ptr::null_mut(), std::ptr::null_mut()),
            )?
        };
        monitoring.call_method1("register_callback", (tool, event, function))?;
    }
    Ok(())
}

/// Takes it back, and gives the tool id back.
pub(super) fn unregister(py: Python<'_>, tool: u8, events: Events) -> PyResult<()> {
    let monitoring = super::monitoring(py)?;
    monitoring.call_method1("set_events", (tool, 0))?;
    for event in [events.raise, events.handled, events.start, events.end] {
        monitoring.call_method1("register_callback", (tool, event, py.None()))?;
    }
    monitoring.call_method1("free_tool_id", (tool,))?;
    Ok(())
}

/// `None`, as each callback returns it.
fn none() -> Object {
    // SAFETY: `None` lives for ever.
    unsafe { ffi::Py_NewRef(ffi::Py_None()) }
}

/// Runs what a callback does; a panic is counted, and no error of Python is left behind.
fn quietly(work: impl FnOnce() -> Option<()>) {
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        super::count_panic();
    }
    // SAFETY: callbacks are called with the GIL held and without an error of the application.
    unsafe {
        if !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_Clear();
        }
    }
}

/// `RAISE(code, offset, exception)`.
unsafe extern "C" fn raised(_: Object, arguments: *mut Object, count: ffi::Py_ssize_t) -> Object {
    // SAFETY: the interpreter passes live objects; a type of exceptions is compared before anything is read.
    unsafe {
        if count == 3 {
            let object = *arguments.add(2);
            let kind = type_of(object).cast::<ffi::PyObject>();
            if kind != ffi::PyExc_StopIteration
                && kind != ffi::PyExc_StopAsyncIteration
                && kind != ffi::PyExc_GeneratorExit
                && let Some(exception) = Exception::of(object)
                && let Some(entry) = Entries::only(exception.traceback())
            {
                raised_first(exception, &entry);
            }
        }
    }
    none()
}

/// An exception in the frame that raised it.
unsafe fn raised_first(exception: Exception, entry: &Entry<'_>) {
    // SAFETY: the interpreter calls with the GIL held.
    let py = unsafe { Python::assume_attached() };
    let mut look = None;
    // A panic would end the process here.
    quietly(|| {
        let found = MONITOR.with(py, |known| {
            // SAFETY: the exception and its frame live.
            known.as_mut().and_then(|monitor| unsafe { monitor.look(exception, entry) })
        });
        look = found.flatten();
        Some(())
    });
    if let Some(look) = look {
        // SAFETY: as above.
        quietly(|| unsafe { raise::capture(py, exception, entry, look) });
    }
}

impl Monitor {
    /// Whether a raise is to be looked at.
    unsafe fn look(&mut self, exception: Exception, entry: &Entry<'_>) -> Option<Look> {
        // SAFETY: the exception and its frame live, and so do the calls that led to it.
        unsafe {
            let has_entries = !self.armed.is_empty() && self.has_arguments(&entry.frame);
            let code = self.codes.of(&entry.frame);
            let is_reported = code.is_reported;
            let mut look = Look { place: 0, with_values: false, is_reported, has_entries };
            if (self.options.at_raise || is_reported)
                && let Some(place) = self.place(exception, entry, code.is_own)
            {
                (look.place, look.with_values) = (place, self.sites.is_due(place));
            }
            (look.with_values || has_entries).then_some(look)
        }
    }

    /// What identifies a raise; `None` for one that has nothing to do with the service's own code, or is so common in
    /// foreign code that it says nothing.
    pub(super) unsafe fn place(
        &mut self,
        exception: Exception,
        entry: &Entry<'_>,
        is_own: bool,
    ) -> Option<Place> {
        // SAFETY: as for `look`.
        unsafe {
            let kind = type_of(exception.object());
            let mut mixer = IdentityMixer::default();
            if !is_own {
                if is_common(kind.cast()) {
                    return None;
                }
                mixer.add(address_of(&self.own_caller(&entry.frame)?));
            }
            mixer.add(kind as u64);
            mixer.add(address_of(&entry.frame) ^ u64::from(entry.frame.code.version()) << 48);
            mixer.add(entry.instruction as u64);
            Some(mixer.finish())
        }
    }

    unsafe fn own_caller<'a>(&mut self, frame: &Frame<'a>) -> Option<Frame<'a>> {
        let mut frame = *frame;
        for _ in 0..OUTWARDS_MAX {
            // SAFETY: the frame runs.
            unsafe {
                frame = frame.caller()?;
                if self.codes.of(&frame).is_own {
                    return Some(frame);
                }
            }
        }
        None
    }

    /// Whether arguments at entry are known of one of the calls that run.
    unsafe fn has_arguments(&self, raising: &Frame<'_>) -> bool {
        let mut frame = *raising;
        for _ in 0..raise::CALLS_MAX {
            let code = std::ptr::from_ref(frame.code) as usize;
            if self.armed.contains(code) && self.armed.arguments(frame.identity(), code).is_some() {
                return true;
            }
            // SAFETY: the frame runs.
            match unsafe { frame.caller() } {
                Some(caller) => frame = caller,
                None => break,
            }
        }
        false
    }
}

fn address_of(frame: &Frame<'_>) -> u64 {
    std::ptr::from_ref(frame.code) as u64
}

/// Exceptions that foreign code raises to ask whether something is there.
fn is_common(kind: Object) -> bool {
    // SAFETY: types of exceptions live for ever.
    unsafe {
        [
            ffi::PyExc_AttributeError,
            ffi::PyExc_KeyError,
            ffi::PyExc_IndexError,
            ffi::PyExc_ImportError,
            ffi::PyExc_ModuleNotFoundError,
            ffi::PyExc_BlockingIOError,
            ffi::PyExc_FileNotFoundError,
        ]
        .contains(&kind)
    }
}

/// `EXCEPTION_HANDLED(code, offset, exception)`: a handler begins, which may raise the exception again.
unsafe extern "C" fn handled(_: Object, arguments: *mut Object, count: ffi::Py_ssize_t) -> Object {
    // SAFETY: the interpreter passes live objects, with the GIL held.
    quietly(|| unsafe {
        let exception = Exception::of((count == 3).then(|| *arguments.add(2))?)?;
        exception.dict()?;
        raise::note_handler(Python::assume_attached(), exception);
        Some(())
    });
    none()
}

/// `PY_START(code, offset)` of an armed function.
unsafe extern "C" fn entered(_: Object, arguments: *mut Object, count: ffi::Py_ssize_t) -> Object {
    // SAFETY: the interpreter passes live objects, with the GIL held.
    quietly(|| unsafe {
        let code = (count >= 1).then(|| *arguments)? as usize;
        let py = Python::assume_attached();
        let core = core::current()?;
        let now = core.reporter.now();
        let turn = MONITOR.with(py, |known| known.as_mut()?.armed.count_call(code, now));
        match turn.flatten()? {
            Turn::Look => note_arguments(py, &core, code),
            Turn::Over => super::disarm_expired(py, now),
        }
        Some(())
    });
    none()
}

/// Captures the arguments of the call that begins.
unsafe fn note_arguments(py: Python<'_>, core: &core::Core, code: usize) {
    // SAFETY: the function gives the frame that runs.
    let Some(frame) = (unsafe { Frame::of(ffi::PyEval_GetFrame().cast()) }) else { return };
    if std::ptr::from_ref(frame.code) as usize != code {
        return;
    }
    let frame_id = frame.identity();
    MONITOR.with(py, |known| known.as_mut().and_then(|monitor| monitor.armed.leave(frame_id)));
    // SAFETY: the frame lives.
    let Some(arguments) = (unsafe { core.arguments(&frame) }) else { return };
    let enter = |known: &mut Option<Monitor>| {
        if let Some(monitor) = known {
            monitor.counts.entries += 1;
            monitor.armed.enter(frame_id, code, arguments);
        }
    };
    MONITOR.with(py, enter);
}

/// `PY_RETURN(code, offset, value)` of an armed function.
unsafe extern "C" fn left(_: Object, _arguments: *mut Object, _count: ffi::Py_ssize_t) -> Object {
    // SAFETY: the interpreter calls with the GIL held; the function gives the frame that runs.
    quietly(|| unsafe {
        let frame = Frame::of(ffi::PyEval_GetFrame().cast())?;
        let py = Python::assume_attached();
        let code = std::ptr::from_ref(frame.code) as usize;
        let leave = |known: &mut Option<Monitor>| {
            let armed = &mut known.as_mut()?.armed;
            Some((armed.leave(frame.identity())?, armed.count_return(code)))
        };
        let (arguments, is_sent) = MONITOR.with(py, leave).flatten()?;
        let (core, heap) = (core::current()?, std::sync::Arc::try_unwrap(arguments).ok()?);
        if !is_sent {
            core.reporter.recycle(heap);
        } else if core.submit_call(&frame, heap) {
            MONITOR.with(py, |known| {
                if let Some(monitor) = known {
                    monitor.counts.calls += 1;
                }
            });
        }
        Some(())
    });
    none()
}
