//! From a raise to its record, and from the record to the capture of the hook.

use std::sync::Arc;
use std::time::Instant;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use reenact_client::heap::{Earlier, Heap};
use reenact_client::sites;

use super::records::{Call, Record};
use super::{MONITOR, Monitor, mark};
use crate::ahead::Wanted;
use crate::context::Given;
use crate::core::{self, Core};
use crate::marker;
use crate::read::exception::Exception;
use crate::read::frame::{Entries, Entry};
use crate::walk::chain::{Chain, Place, TracedEntry};

/// Calls of one raise that are looked at, outwards.
pub(super) const CALLS_MAX: usize = 100;

/// Entries of a traceback that are counted.
const ENTRIES_MAX: usize = 10_000;

/// How the event of a handled exception was found.
const MECHANISM: &str = "handled";

/// What is to be done about a raise.
pub(super) struct Look {
    pub(super) place: sites::Place,
    /// Whether values are to be captured, if the rate of looks allows it.
    pub(super) with_values: bool,
    /// Whether an event is to be made when the exception is handled.
    pub(super) is_reported: bool,
    /// Whether arguments at entry are known.
    pub(super) has_entries: bool,
}

/// Captures a raise, and marks the exception.
///
/// # Safety
/// The exception has just been raised in the frame of `entry`.
pub(super) unsafe fn capture(
    py: Python<'_>,
    exception: Exception,
    entry: &Entry<'_>,
    look: Look,
) -> Option<()> {
    let core = core::current()?;
    // A place whose raise is not looked at keeps its turn.
    if !core.reporter.has_time() {
        return None;
    }
    let begun = Instant::now();
    let now = core.reporter.now();
    let take =
        |known: &mut Option<Monitor>| known.as_mut().is_some_and(|known| known.sites.take(look.place, now));
    let with_values = look.with_values && MONITOR.with(py, take)?;
    if !with_values && !look.has_entries {
        return None;
    }
    let wanted = match with_values {
        false => Wanted::Nothing,
        // Ahead of the walk: it runs Python code, of ours.
        true if look.is_reported => {
            context(py).map_or(Wanted::Frames, |context| Wanted::Event(Box::new(context)))
        }
        true => Wanted::Frames,
    };
    // SAFETY: as the caller promises.
    let captured = unsafe { capture_wanted(py, &core, exception, entry, wanted) };
    core.reporter.spend(begun);
    captured
}

unsafe fn capture_wanted(
    py: Python<'_>,
    core: &Core,
    exception: Exception,
    entry: &Entry<'_>,
    wanted: Wanted,
) -> Option<()> {
    let is_event = matches!(wanted, Wanted::Event(_));
    // SAFETY: as the caller of `capture` promises.
    unsafe {
        let calls = calls(entry);
        let mut known = known_calls(py, &calls)?;
        let raised = core.look_at_raise(exception, &calls, wanted)?;
        let mut record = Record {
            id: raised.id,
            heap: None,
            calls: Vec::new(),
            is_seen: false,
            reported_as: None,
            calls_passed: 0,
        };
        if let Some(values) = raised.values {
            for (frame, call) in values.calls.iter().enumerate() {
                if let Some(call) = known.get_mut(*call) {
                    call.frame = Some(frame as u32);
                }
            }
            record.heap = Some(Arc::new(values.heap));
            record.reported_as = is_event.then_some(values.exception);
        }
        record.calls = known;
        keep(py, exception, record);
    }
    Some(())
}

/// The calls that run, that of the raise first.
unsafe fn calls<'a>(raising: &Entry<'a>) -> Vec<Entry<'a>> {
    let mut calls = vec![*raising];
    let mut frame = raising.frame;
    while calls.len() < CALLS_MAX {
        // SAFETY: the frame runs.
        let Some(caller) = (unsafe { frame.caller() }) else { break };
        calls.push(Entry { frame: caller, instruction: caller.instruction(), line: -1 });
        frame = caller;
    }
    calls
}

fn known_calls(py: Python<'_>, calls: &[Entry<'_>]) -> Option<Vec<Call>> {
    MONITOR.with(py, |known| {
        let monitor = known.as_ref()?;
        let call = |entry: &Entry<'_>| {
            let code = std::ptr::from_ref(entry.frame.code) as usize;
            let is_armed = !monitor.armed.is_empty() && monitor.armed.contains(code);
            let entry = is_armed.then(|| monitor.armed.arguments(entry.frame.identity(), code)).flatten();
            Call { code, frame: None, entry }
        };
        Some(calls.iter().map(call).collect())
    })?
}

/// The context of an event, as the Python part of the client knows it.
fn context(py: Python<'_>) -> Option<reenact_client::heap::Context> {
    let ask = MONITOR.with(py, |known| {
        known.as_ref().and_then(|monitor| monitor.options.context.as_ref().map(|ask| ask.clone_ref(py)))
    })?;
    let given = ask.and_then(|ask| ask.call0(py).ok());
    let given = given.as_ref().and_then(|given| given.bind(py).cast::<PyDict>().ok());
    let mut context = Given(given).context();
    (context.own_event, context.handled) = (true, true);
    if context.mechanism.is_empty() {
        context.mechanism = MECHANISM.to_owned();
    }
    Some(context)
}

/// Keeps a record for as long as the exception has its mark.
unsafe fn keep(py: Python<'_>, exception: Exception, record: Record) {
    let id = record.id;
    let dropped = MONITOR.with(py, |known| {
        let monitor = known.as_mut()?;
        monitor.counts.raises += 1;
        Some(monitor.records.add(record))
    });
    drop(dropped);
    // SAFETY: the exception lives; the mark is ours.
    unsafe {
        let mark = mark::made(&marker::digits(id));
        if mark.is_null() || !marker::put(exception, mark) {
            MONITOR.with(py, |known| known.as_mut().and_then(|monitor| monitor.records.remove(id)));
        }
        if !mark.is_null() {
            pyo3::ffi::Py_DECREF(mark);
        }
    }
}

/// The exception with this mark is gone. When no hook has seen it, it was handled.
pub(super) fn forget(py: Python<'_>, id: u128) {
    let removed = MONITOR.with(py, |known| known.as_mut().and_then(|monitor| monitor.records.remove(id)));
    let Some(Some(record)) = removed else { return };
    let Some(core) = core::current() else { return };
    let Some(heap) = record.heap else { return };
    let heap = Arc::try_unwrap(heap);
    match (record.reported_as, heap) {
        (Some(reported), Ok(heap)) if !record.is_seen && record.calls_passed > 0 => {
            report(py, &core, heap, reported, record.calls_passed);
        }
        (_, Ok(heap)) => core.reporter.recycle(heap),
        (_, Err(_)) => {}
    }
}

fn report(py: Python<'_>, core: &Core, mut heap: Heap, exception: usize, calls_passed: usize) {
    if let Some(exception) = heap.exceptions.get_mut(exception) {
        // Calls further out than the handler have not seen the exception.
        let surplus = exception.frames.len().saturating_sub(calls_passed);
        exception.frames.drain(..surplus);
    }
    if core.reporter.may_send_event() && core.reporter.submit(heap) {
        core.reporter.count_captured();
        MONITOR.with(py, |known| {
            if let Some(monitor) = known {
                monitor.counts.handled += 1;
            }
        });
    }
}

/// Notes how far an exception came.
///
/// # Safety
/// The exception lives.
pub(super) unsafe fn note_handler(py: Python<'_>, exception: Exception) {
    // SAFETY: as the caller promises.
    let (id, passed) = unsafe {
        let Some(id) = marker::read(exception) else { return };
        (id, Entries::of(exception.traceback()).take(ENTRIES_MAX).count())
    };
    MONITOR.with(py, |known| {
        if let Some(record) = known.as_mut().and_then(|monitor| monitor.records.find(id)) {
            record.calls_passed = passed;
        }
    });
}

/// The id that the raise of an exception gave it, if it was captured: a hook sees the exception now.
///
/// # Safety
/// The GIL is held; the exception lives.
pub(crate) unsafe fn claim(exception: Exception) -> Option<u128> {
    // SAFETY: as the caller promises.
    let (py, id) =
        unsafe { (Python::assume_attached(), marker::read_if(exception, |mark| mark::is_mark(mark))?) };
    let claim = |known: &mut Option<Monitor>| {
        let record = known.as_mut()?.records.find(id)?;
        record.is_seen = true;
        Some(id)
    };
    MONITOR.with(py, claim).flatten()
}

/// Joins the values of the raise and the arguments at entry to the frames that a hook captured, which are those at
/// `places`.
///
/// # Safety
/// The GIL is held; the chain lives.
pub(crate) unsafe fn attach(heap: &mut Heap, chain: &Chain<'_>, places: &[Place]) {
    // A frame that several exceptions have passed has the values of the last one's raise.
    for link in chain.links.iter().rev() {
        // SAFETY: the chain holds its exceptions.
        let id = unsafe { claim(link.exception) };
        // SAFETY: as the caller promises.
        let py = unsafe { Python::assume_attached() };
        let Some(id) = id else {
            // SAFETY: as above.
            unsafe { favour(py, link.exception, &link.entries) };
            continue;
        };
        let read = |known: &mut Option<Monitor>| {
            let record = known.as_mut()?.records.find(id)?;
            Some((record.heap.clone(), record.calls.clone()))
        };
        let Some(Some((raised, calls))) = MONITOR.with(py, read) else { continue };
        let raised = raised.map(|raised| add(heap, raised));
        for (frame, call) in aligned(&link.entries, &calls) {
            let is_it = |place: &Place| {
                chain.entry(*place).is_some_and(|known| known.entry.frame.identity() == frame)
            };
            let Some(index) = places.iter().position(is_it) else { continue };
            let at_entry =
                call.entry.as_ref().map(|entry| Earlier { heap: add(heap, entry.clone()), frame: 0 });
            if let Some(captured) = heap.frames.get_mut(index) {
                let at_raise = raised.zip(call.frame).map(|(heap, frame)| Earlier { heap, frame });
                captured.at_raise = captured.at_raise.or(at_raise);
                captured.at_entry = captured.at_entry.or(at_entry);
            }
        }
    }
}

fn add(heap: &mut Heap, earlier: Arc<Heap>) -> u32 {
    heap.earlier.push(earlier);
    heap.earlier.len() as u32 - 1
}

/// Gives the place that raised an exception its turn the next time.
unsafe fn favour(py: Python<'_>, exception: Exception, entries: &[TracedEntry<'_>]) {
    let Some(raising) = entries.last() else { return };
    MONITOR.with(py, |known| {
        if let Some(monitor) = known
            && raising.is_own
        {
            // SAFETY: the chain lives.
            if let Some(place) = unsafe { monitor.place(exception, &raising.entry, true) } {
                monitor.sites.favour(place);
            }
        }
    });
}

/// The frames of a traceback, that of the raise first, with the calls that they are. A call that raised the exception again
/// has several entries; where a traceback goes other ways than the calls did, it is left.
fn aligned<'a>(entries: &[TracedEntry<'_>], calls: &'a [Call]) -> Vec<(usize, &'a Call)> {
    let mut aligned: Vec<(usize, &Call)> = Vec::with_capacity(entries.len());
    for traced in entries.iter().rev() {
        let frame = &traced.entry.frame;
        if aligned.last().is_some_and(|(last, _)| *last == frame.identity()) {
            continue;
        }
        let code = std::ptr::from_ref(frame.code) as usize;
        match calls.get(aligned.len()).filter(|call| call.code == code) {
            Some(call) => aligned.push((frame.identity(), call)),
            None => break,
        }
    }
    aligned
}
