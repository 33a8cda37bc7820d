//! Second chance: functions that raised, and the arguments of their calls as they were at entry.
//!
//! - **Limits:** [`FUNCTIONS_MAX`] functions, each for [`CALLS_MAX`] calls and [`ARMED_NS`]; [`ENTRIES_MAX`] calls that run
//!   are remembered, [`BYTES_MAX`] of them, and the one that began first is forgotten.
//! - Calls that return are sent now and then, for comparison: the first [`SENT_FIRST`], then ever rarer ones, about fifty of
//!   [`CALLS_MAX`].
//! - A call is told from others by its frame, which no other call can have while it runs. One that begins takes the place
//!   of one that had the same frame before.

use std::collections::VecDeque;
use std::sync::Arc;

use pyo3::{Py, PyAny};
use reenact_client::heap::Heap;

/// Functions that are armed; the one that was armed first is disarmed.
pub(super) const FUNCTIONS_MAX: usize = 8;

/// Calls of one function that are looked at.
pub(super) const CALLS_MAX: u32 = 100_000;

/// Calls of one function that returned and are sent, at first; each later one after a fourth more.
const SENT_FIRST: u32 = 8;

/// How long a function is armed, in nanoseconds: ten minutes.
pub(super) const ARMED_NS: u64 = 600_000_000_000;

/// Calls that run and whose arguments are known.
const ENTRIES_MAX: usize = 64;

/// How much their arguments take, in bytes.
const BYTES_MAX: usize = 4 << 20;

/// A function that is armed. Its code is kept until it is disarmed.
pub(super) struct Function {
    pub(super) code: Py<PyAny>,
    pub(super) calls: u32,
    pub(super) until: u64,
    /// Calls that returned, and which of them is to be sent next.
    pub(super) returned: u32,
    pub(super) sent_next: u32,
}

/// A call that runs.
struct Entry {
    frame: usize,
    code: usize,
    arguments: Arc<Heap>,
}

/// The functions that are armed.
#[derive(Default)]
pub(super) struct Armed {
    functions: Vec<Function>,
    entries: VecDeque<Entry>,
    bytes: usize,
}

impl Armed {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.functions.len()
    }

    #[inline]
    pub(super) fn contains(&self, code: usize) -> bool {
        self.functions.iter().any(|function| function.code.as_ptr() as usize == code)
    }

    /// Adds a function; gives back those that are to be disarmed instead.
    pub(super) fn add(&mut self, function: Function) -> Vec<Function> {
        self.functions.push(function);
        let surplus = self.functions.len().saturating_sub(FUNCTIONS_MAX);
        let disarmed: Vec<Function> = self.functions.drain(..surplus).collect();
        disarmed.iter().for_each(|function| self.forget(function.code.as_ptr() as usize));
        disarmed
    }

    /// Takes those whose time is over.
    pub(super) fn take_expired(&mut self, now: u64) -> Vec<Function> {
        self.take_if(|function| function.until <= now)
    }

    /// Takes all.
    pub(super) fn take_all(&mut self) -> Vec<Function> {
        self.take_if(|_| true)
    }

    fn take_if(&mut self, is_taken: impl Fn(&Function) -> bool) -> Vec<Function> {
        let taken: Vec<Function> = self.functions.extract_if(.., |function| is_taken(function)).collect();
        taken.iter().for_each(|function| self.forget(function.code.as_ptr() as usize));
        taken
    }

    /// Counts a call: whether it is still to be looked at.
    pub(super) fn count_call(&mut self, code: usize, now: u64) -> Option<Turn> {
        let function = self.functions.iter_mut().find(|function| function.code.as_ptr() as usize == code)?;
        function.calls += 1;
        if function.calls > CALLS_MAX {
            function.until = 0;
        }
        Some(if function.until <= now { Turn::Over } else { Turn::Look })
    }

    /// Counts a call that returned: whether it is to be sent.
    pub(super) fn count_return(&mut self, code: usize) -> bool {
        let is_it = |function: &&mut Function| function.code.as_ptr() as usize == code;
        let Some(function) = self.functions.iter_mut().find(is_it) else { return false };
        function.returned += 1;
        if function.returned < function.sent_next {
            return false;
        }
        let distance = if function.returned < SENT_FIRST { 1 } else { function.returned.div_ceil(4) };
        function.sent_next = function.returned.saturating_add(distance);
        true
    }

    /// Notes the arguments of a call that begins.
    pub(super) fn enter(&mut self, frame: usize, code: usize, arguments: Heap) {
        self.bytes += arguments.capacity();
        self.entries.push_back(Entry { frame, code, arguments: Arc::new(arguments) });
        while self.entries.len() > ENTRIES_MAX || self.bytes > BYTES_MAX {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.arguments.capacity();
        }
    }

    /// Forgets the call that a frame had, if any: gives its arguments.
    pub(super) fn leave(&mut self, frame: usize) -> Option<Arc<Heap>> {
        let index = self.entries.iter().rposition(|entry| entry.frame == frame)?;
        let entry = self.entries.remove(index)?;
        self.bytes -= entry.arguments.capacity();
        Some(entry.arguments)
    }

    /// The arguments of a call that runs.
    pub(super) fn arguments(&self, frame: usize, code: usize) -> Option<Arc<Heap>> {
        let is_it = |entry: &&Entry| entry.frame == frame && entry.code == code;
        self.entries.iter().rev().find(is_it).map(|entry| entry.arguments.clone())
    }

    fn forget(&mut self, code: usize) {
        self.entries.retain(|entry| entry.code != code);
        self.bytes = self.entries.iter().map(|entry| entry.arguments.capacity()).sum();
    }
}

/// What is to be done about a call of an armed function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Its arguments are to be looked at.
    Look,
    /// The function is to be disarmed.
    Over,
}
