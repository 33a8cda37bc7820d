//! `reenact._native`: capture in the application's thread, everything else in the background.
//!
//! What this module promises to the host: no exception leaves it but for settings that cannot be used, a panic is caught
//! and counted, the GIL is released while it waits, and no object of the application is kept.

// The layouts of objects are known for CPython 3.9 to 3.13, and a walk relies on the GIL. For other interpreters there is
// no wheel, and this crate is empty, so that the workspace can be built beside any.
#![cfg(known_python)]

#[cfg(Py_3_12)]
mod ahead;
mod config;
mod context;
mod core;
mod ids;
mod marker;
#[cfg(Py_3_12)]
mod monitor;
#[cfg(not(Py_3_12))]
#[path = "no_monitor.rs"]
mod monitor;
mod own_code;
mod read;
mod remembered;
mod walk;
mod wanted;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::context::Given;
use crate::core::Outcome;
use crate::read::exception::Exception;

/// Panics in calls of the application.
static PANICS: AtomicU64 = AtomicU64::new(0);

/// The longest time that anything waits, in seconds.
const TIMEOUT_SECONDS_MAX: f64 = 3600.0;

/// What became of an exception. Holds no object of the application.
#[pyclass(frozen, get_all, module = "reenact._native")]
struct Capture {
    /// Its id: 32 hexadecimal digits.
    exception_id: String,
    /// Whether values were captured.
    captured: bool,
    /// Why not.
    reason: Option<&'static str>,
    /// Number over the chain, id of the snapshot, function, file and line of each captured frame.
    frames: Vec<(u32, String, String, String, u32)>,
    /// Whether this is the first time that the exception was seen.
    first: bool,
}

impl Capture {
    fn of(outcome: Outcome) -> Self {
        let frame = |(number, frame): (u32, remembered::KnownFrame)| {
            (number, ids::uuid_text(frame.snapshot_id), frame.function, frame.file, frame.line_number)
        };
        Self {
            exception_id: marker::digits(outcome.exception_id),
            captured: outcome.reason.is_none(),
            reason: outcome.reason.or((!outcome.is_first).then_some("already")),
            frames: outcome.frames.into_iter().map(frame).collect(),
            first: outcome.is_first,
        }
    }

    fn skipped(reason: &'static str) -> Self {
        Self {
            exception_id: "0".repeat(32),
            captured: false,
            reason: Some(reason),
            frames: Vec::new(),
            first: true,
        }
    }
}

#[pymethods]
impl Capture {
    fn __repr__(&self) -> String {
        let state = self.reason.unwrap_or("captured");
        format!("<Capture {} {state}, {} frames>", self.exception_id, self.frames.len())
    }
}

/// Starts the client with these settings; no thread begins before the first capture.
#[pyfunction]
fn start(py: Python<'_>, config: &Bound<'_, PyDict>) -> PyResult<()> {
    read::layout::verify(py)?;
    let settings = config::settings(py, config)?;
    core::start(settings).map_err(config::value_error)
}

/// Captures the values of an exception, or says why not. Never raises.
#[pyfunction]
#[pyo3(signature = (exc, context=None))]
fn capture(exc: &Bound<'_, PyAny>, context: Option<&Bound<'_, PyAny>>) -> Capture {
    let Some(core) = core::current() else { return Capture::skipped("off") };
    let caught = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the caller holds the exception, and with it what it holds; the GIL is held.
        unsafe {
            let exception = Exception::of(exc.as_ptr())?;
            let given = Given(context.and_then(|context| context.cast::<PyDict>().ok()));
            Some(Capture::of(core.capture(exception, &given)))
        }
    }));
    match caught {
        Ok(Some(capture)) => capture,
        Ok(None) => Capture::skipped("unsupported"),
        Err(_) => {
            PANICS.fetch_add(1, Ordering::Relaxed);
            Capture::skipped("lost")
        }
    }
}

/// What would be sent of an exception, as JSON of the server's types: for tests and for those who want to see it.
#[pyfunction]
#[pyo3(signature = (exc, context=None))]
fn _captured_json(exc: &Bound<'_, PyAny>, context: Option<&Bound<'_, PyDict>>) -> PyResult<String> {
    let core = core::current().ok_or_else(|| config::runtime_error("the client was not started"))?;
    // SAFETY: as for `capture`.
    let fragments = unsafe {
        let exception = Exception::of(exc.as_ptr()).ok_or_else(|| config::runtime_error("no exception"))?;
        core.preview(exception, Given(context).context())
    };
    let mut json = serde_json::json!({"occurrences": [], "snapshots": []});
    for fragment in fragments {
        let (list, value) = match fragment {
            reenact_model::Fragment::Occurrence(occurrence) => {
                ("occurrences", serde_json::to_value(occurrence))
            }
            reenact_model::Fragment::Snapshot(snapshot) => ("snapshots", serde_json::to_value(snapshot)),
            _ => continue,
        };
        if let (Ok(value), Some(list)) = (value, json[list].as_array_mut()) {
            list.push(value);
        }
    }
    Ok(json.to_string())
}

/// Watches raises and calls ahead of the hooks, from now on and as told. `None` when it does; else why it does not.
///
/// `context` is called for the context of the event of a handled exception.
#[pyfunction]
#[pyo3(signature = (*, at_raise=false, second_chance=false, handled_modules=None, context=None))]
fn watch(
    py: Python<'_>,
    at_raise: bool,
    second_chance: bool,
    handled_modules: Option<Vec<String>>,
    context: Option<Py<PyAny>>,
) -> Option<&'static str> {
    let Some(core) = core::current() else { return Some("the client was not started") };
    let handled_modules = handled_modules.unwrap_or_default();
    let options = monitor::Options { at_raise, second_chance, handled_modules, context };
    monitor::start(py, options, core.reporter.settings()).err()
}

/// Waits until everything is sent or given up; `False` when that takes longer than `timeout` seconds.
#[pyfunction]
fn flush(py: Python<'_>, timeout: f64) -> bool {
    let Some(core) = core::current() else { return true };
    py.detach(|| core.reporter.flush(duration(timeout)))
}

/// Takes nothing any more, and waits as `flush` does.
#[pyfunction]
fn shutdown(py: Python<'_>, timeout: f64) -> bool {
    let Some(core) = core::current() else { return true };
    py.detach(|| core.reporter.shut_down(duration(timeout)))
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.clamp(0.0, TIMEOUT_SECONDS_MAX)).unwrap_or_default()
}

/// What the client did, as numbers by name, and what went wrong last.
#[pyfunction]
fn status(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let status = PyDict::new(py);
    let core = core::current();
    status.set_item("started", core.is_some())?;
    status.set_item("enabled", core.as_ref().is_some_and(|core| core.reporter.is_enabled()))?;
    let Some(core) = core else { return Ok(status) };
    let mut skipped = Vec::new();
    for (name, mut number) in core.reporter.counters().numbers() {
        if name == "internal_errors" {
            number += PANICS.load(Ordering::Relaxed);
        }
        match name.strip_prefix("skipped_") {
            Some(reason) => skipped.push((reason.to_owned(), number)),
            None => status.set_item(name, number)?,
        }
    }
    let by_reason = PyDict::new(py);
    for (reason, number) in skipped {
        by_reason.set_item(reason, number)?;
    }
    let (queued, queued_bytes) = core.reporter.queued();
    status.set_item("skipped", by_reason)?;
    status.set_item("queued", queued)?;
    status.set_item("queued_bytes", queued_bytes)?;
    status.set_item("last_error", core.reporter.counters().last_error())?;
    monitor::describe(py, &status)?;
    Ok(status)
}

/// Says what was not known at the start, in place of what was said then. To be called ahead of the first capture.
#[pyfunction]
#[pyo3(signature = (*, service, package_folders))]
fn complete(service: String, package_folders: Vec<String>) {
    if let Some(core) = core::current() {
        core.reporter.complete(service, package_folders);
    }
}

/// To be called in the child of a fork: the child has a client of its own, and sends nothing that its parent has queued.
#[pyfunction]
fn after_fork_in_child() {
    core::after_fork_in_child();
}

/// Takes over what the server says: whether values are captured, and which exceptions it wants with values when they come
/// again: `{"enabled": bool, "captures_per_second": number or null, "capture_next": [{"type": …, "function": …,
/// "file": …}]}`. What it does not say stays as it is.
#[pyfunction]
fn set_remote(config: &Bound<'_, PyDict>) -> PyResult<()> {
    let Some(core) = core::current() else { return Ok(()) };
    if let Some(enabled) = config.get_item("enabled")? {
        core.reporter.set_enabled(enabled.extract()?);
    }
    if let Some(per_second) = config.get_item("captures_per_second")? {
        let per_second: Option<f64> = per_second.extract()?;
        core.reporter.set_captures_per_second(per_second.filter(|number| (0.0..=1e6).contains(number)));
    }
    if let Some(wanted) = config.get_item("capture_next")? {
        let wanted: Vec<std::collections::HashMap<String, String>> = wanted.extract()?;
        let want = |mut told: std::collections::HashMap<String, String>| {
            let mut take = |name: &str| told.remove(name).unwrap_or_default();
            wanted::Want { type_name: take("type"), function: take("function"), file: take("file") }
        };
        core.want(wanted.into_iter().map(want).collect());
    }
    Ok(())
}

/// The native part of the client. Users import `reenact`.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Capture>()?;
    module.add_function(wrap_pyfunction!(start, module)?)?;
    module.add_function(wrap_pyfunction!(capture, module)?)?;
    module.add_function(wrap_pyfunction!(_captured_json, module)?)?;
    module.add_function(wrap_pyfunction!(complete, module)?)?;
    module.add_function(wrap_pyfunction!(flush, module)?)?;
    module.add_function(wrap_pyfunction!(shutdown, module)?)?;
    module.add_function(wrap_pyfunction!(status, module)?)?;
    module.add_function(wrap_pyfunction!(after_fork_in_child, module)?)?;
    module.add_function(wrap_pyfunction!(set_remote, module)?)?;
    module.add_function(wrap_pyfunction!(watch, module)?)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))
}
