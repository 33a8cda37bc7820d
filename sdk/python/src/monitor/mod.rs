//! Values ahead of the hook (`sys.monitoring`, CPython 3.12 and later): at the raise, and when a function is entered.
//!
//! What this module promises: no callback raises or runs code of the application; nothing of the application is kept but
//! the code of armed functions, for a bounded time; where nothing is raised and nothing is armed it costs nothing. A
//! frame can be told from every other one only while it runs, so that what was captured at entry is joined to the
//! exception at its raise, and both to the hook by a mark in the exception's own dictionary.

mod armed;
mod callbacks;
mod codes;
mod mark;
mod raise;
mod records;
mod under_gil;

use std::sync::atomic::Ordering;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use reenact_client::settings::Settings;
use reenact_client::sites::Sites;

use crate::core;
use crate::read::Object;
use crate::read::frame::Frame;
use armed::{ARMED_NS, Armed, Function};
use codes::Codes;
use records::Records;
use under_gil::UnderGil;

use raise::forget;
pub(crate) use raise::{attach, claim};

/// The ids of tools that are nobody's: 0 to 2 and 5 are for debuggers, coverage, profilers and optimizers.
const TOOL_IDS: [u8; 2] = [4, 3];

const TOOL_NAME: &str = "reenact";

/// What is to be watched.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Values at the raise.
    pub(crate) at_raise: bool,
    /// Arguments at entry of functions that raised.
    pub(crate) second_chance: bool,
    /// Modules whose handled exceptions are events; `*` for all of the service's own.
    pub(crate) handled_modules: Vec<String>,
    /// Gives the context of such an event.
    pub(crate) context: Option<Py<PyAny>>,
}

/// What is watched.
struct Monitor {
    tool: u8,
    options: Options,
    events: Events,
    codes: Codes,
    sites: Sites,
    records: Records,
    armed: Armed,
    counts: Counts,
}

/// The bits of `sys.monitoring.events`.
#[derive(Clone, Copy)]
struct Events {
    start: u32,
    end: u32,
    raise: u32,
    handled: u32,
}

/// What was done.
#[derive(Clone, Copy, Default)]
struct Counts {
    raises: u64,
    entries: u64,
    armed: u64,
    calls: u64,
    handled: u64,
}

static MONITOR: UnderGil<Option<Monitor>> = UnderGil::new(None);

fn count_panic() {
    crate::PANICS.fetch_add(1, Ordering::Relaxed);
}

/// Watches from now on, in place of what was watched before. Gives why it does not.
pub(crate) fn start(py: Python<'_>, options: Options, settings: &Settings) -> Result<(), &'static str> {
    stop(py);
    if !(options.at_raise || options.second_chance || !options.handled_modules.is_empty()) {
        return Err("off");
    }
    // SAFETY: the GIL is held.
    if !unsafe { callers_are_right() } {
        return Err("the frames of this interpreter are not known");
    }
    let (tool, events) = claimed_tool(py).map_err(|_| "sys.monitoring cannot be used")?;
    let tool = tool.ok_or("the tool ids 3 and 4 of sys.monitoring are in use")?;
    let monitor = Monitor {
        tool,
        events,
        codes: Codes::new(settings, &options.handled_modules),
        options,
        sites: Sites::new(settings.novelty.raises_per_second),
        records: Records::default(),
        armed: Armed::default(),
        counts: Counts::default(),
    };
    MONITOR.with(py, |known| *known = Some(monitor));
    if callbacks::register(py, tool, events).is_err() || watch(py).is_err() {
        stop(py);
        return Err("sys.monitoring cannot be used");
    }
    Ok(())
}

/// Watches nothing any more, and gives the tool id back.
pub(crate) fn stop(py: Python<'_>) {
    let armed = MONITOR.with(py, |known| known.as_mut().map(|monitor| monitor.armed.take_all()));
    disarm(py, armed.flatten().unwrap_or_default());
    let Some(Some(former)) = MONITOR.with(py, Option::take) else { return };
    let _ = callbacks::unregister(py, former.tool, former.events);
}

/// What `status()` says.
pub(crate) fn describe(py: Python<'_>, status: &Bound<'_, PyDict>) -> PyResult<()> {
    let read = |known: &mut Option<Monitor>| {
        known
            .as_ref()
            .map(|monitor| (monitor.tool, monitor.counts, monitor.records.len(), monitor.armed.len()))
    };
    let found = PyDict::new(py);
    if let Some(Some((tool, counts, kept, armed))) = MONITOR.with(py, read) {
        found.set_item("tool_id", tool)?;
        found.set_item("raises_captured", counts.raises)?;
        found.set_item("raises_kept", kept)?;
        found.set_item("handled_reported", counts.handled)?;
        found.set_item("functions_armed", armed)?;
        found.set_item("functions_armed_total", counts.armed)?;
        found.set_item("entries_captured", counts.entries)?;
        found.set_item("calls_sent", counts.calls)?;
    }
    status.set_item("monitoring", found)
}

/// Arms the function that raised, so that its next exception carries its arguments as they were at entry.
///
/// # Safety
/// The GIL is held; `code` is a live code object.
pub(crate) unsafe fn arm(code: Object) {
    // SAFETY: as the caller promises.
    let py = unsafe { Python::assume_attached() };
    let Some(core) = core::current() else { return };
    let now = core.reporter.now();
    // SAFETY: a live code object.
    let object = unsafe { Bound::from_borrowed_ptr(py, code) };
    let add = |known: &mut Option<Monitor>| {
        let monitor = known.as_mut().filter(|monitor| monitor.options.second_chance)?;
        let mut disarmed = monitor.armed.take_expired(now);
        if monitor.armed.contains(code as usize) {
            return Some((disarmed, None));
        }
        monitor.counts.armed += 1;
        disarmed.extend(monitor.armed.add(Function {
            code: object.clone().unbind(),
            calls: 0,
            returned: 0,
            sent_next: 0,
            until: now.saturating_add(ARMED_NS),
        }));
        Some((disarmed, Some((monitor.tool, monitor.events.start | monitor.events.end))))
    };
    let Some(Some((disarmed, armed))) = MONITOR.with(py, add) else { return };
    if let Some((tool, events)) = armed {
        let _ = set_local_events(&object, tool, events);
    }
    disarm(py, disarmed);
    let _ = watch(py);
}

/// Disarms functions whose time is over.
fn disarm_expired(py: Python<'_>, now: u64) {
    let expired = MONITOR.with(py, |known| known.as_mut().map(|monitor| monitor.armed.take_expired(now)));
    disarm(py, expired.flatten().unwrap_or_default());
    let _ = watch(py);
}

fn disarm(py: Python<'_>, functions: Vec<Function>) {
    if functions.is_empty() {
        return;
    }
    let Some(Some(tool)) = MONITOR.with(py, |known| known.as_ref().map(|monitor| monitor.tool)) else {
        return;
    };
    for function in functions {
        let _ = set_local_events(function.code.bind(py), tool, 0);
    }
}

/// Watches the events of all code that are needed now.
fn watch(py: Python<'_>) -> PyResult<()> {
    let needed = |known: &mut Option<Monitor>| {
        known.as_ref().map(|monitor| {
            let (options, events) = (&monitor.options, monitor.events);
            let reports_handled = !options.handled_modules.is_empty();
            let raises = options.at_raise || reports_handled || !monitor.armed.is_empty();
            let mut wanted = if raises { events.raise } else { 0 };
            wanted |= if reports_handled { events.handled } else { 0 };
            (monitor.tool, wanted)
        })
    };
    let Some(Some((tool, wanted))) = MONITOR.with(py, needed) else { return Ok(()) };
    let monitoring = monitoring(py)?;
    let current: u32 = monitoring.call_method1("get_events", (tool,))?.extract()?;
    if current != wanted {
        monitoring.call_method1("set_events", (tool, wanted))?;
    }
    Ok(())
}

fn set_local_events(code: &Bound<'_, PyAny>, tool: u8, events: u32) -> PyResult<()> {
    monitoring(code.py())?.call_method1("set_local_events", (tool, code, events)).map(|_| ())
}

fn monitoring(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import("sys")?.getattr("monitoring")
}

fn claimed_tool(py: Python<'_>) -> PyResult<(Option<u8>, Events)> {
    let monitoring = monitoring(py)?;
    let names = monitoring.getattr("events")?;
    let bit = |name: &str| -> PyResult<u32> { names.getattr(name)?.extract() };
    let events = Events {
        start: bit("PY_START")?,
        end: bit("PY_RETURN")?,
        raise: bit("RAISE")?,
        handled: bit("EXCEPTION_HANDLED")?,
    };
    let is_free = |id: &&u8| monitoring.call_method1("use_tool_id", (**id, TOOL_NAME)).is_ok();
    Ok((TOOL_IDS.iter().find(is_free).copied(), events))
}

/// Whether the callers of the running frame are those that the interpreter tells, at the lines that it tells.
unsafe fn callers_are_right() -> bool {
    const COMPARED_MAX: usize = 20;
    // SAFETY: the GIL is held; the functions give frames that run, and references to them.
    unsafe {
        let mut public = ffi::PyEval_GetFrame();
        let Some(mut frame) = Frame::of(public.cast()) else { return false };
        ffi::Py_INCREF(public.cast());
        let mut is_right = true;
        for _ in 0..COMPARED_MAX {
            let back = ffi::PyFrame_GetBack(public);
            ffi::Py_DECREF(public.cast());
            public = back;
            let caller = frame.caller();
            let (Some(caller), false) = (caller, public.is_null()) else {
                is_right &= caller.is_none() && public.is_null();
                break;
            };
            let known = Frame::of(public.cast()).map(|known| known.identity());
            let line = caller.code.position(caller.instruction()).0;
            is_right &= known == Some(caller.identity()) && line as i32 == ffi::PyFrame_GetLineNumber(public);
            frame = caller;
        }
        if !public.is_null() {
            ffi::Py_DECREF(public.cast());
        }
        is_right
    }
}
