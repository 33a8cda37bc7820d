//! Captures ahead of a hook: at a raise, and when a function is entered.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use reenact_client::heap::{Context, Heap};

use crate::core::Core;
use crate::ids;
use crate::marker;
use crate::read::exception::Exception;
use crate::read::frame::{Entry, Frame};
use crate::walk::Walk;
use crate::walk::chain::{Chain, Extent, Place};

/// Calls that returned are sent as long as less than one of so many places of the queue is taken.
const CALLS_SHARE: usize = 4;

/// What was captured at a raise.
pub(crate) struct Raised {
    /// The id that the exception gets.
    pub(crate) id: u128,
    /// The values, where they were wanted and there were any.
    pub(crate) values: Option<Values>,
}

/// Values of calls that run.
pub(crate) struct Values {
    pub(crate) heap: Heap,
    /// The calls whose values were captured, counted from the raise, in the order of [`Heap::frames`].
    pub(crate) calls: Vec<usize>,
    /// The exception, an index in [`Heap::exceptions`].
    pub(crate) exception: usize,
}

/// Which values of a raise are wanted.
pub(crate) enum Wanted {
    /// None: the exception is marked for what else is known.
    Nothing,
    /// Those of the frames.
    Frames,
    /// Everything that an event is made of.
    Event(Box<Context>),
}

impl Core {
    /// Captures the calls that run, that of the raise first; `None` for an exception that a hook has seen before, and when
    /// another capture is under way.
    ///
    /// # Safety
    /// The GIL is held; the exception was just raised in the first of the calls.
    pub(crate) unsafe fn look_at_raise(
        &self,
        exception: Exception,
        calls: &[Entry<'_>],
        wanted: Wanted,
    ) -> Option<Raised> {
        let begun = Instant::now();
        let mut workspace = self.workspace()?;
        // SAFETY: as the caller promises.
        if unsafe { marker::read(exception) }.is_some_and(|id| workspace.remembers(id)) {
            return None;
        }
        let id = workspace.new_id();
        let (extent, context) = match wanted {
            Wanted::Nothing => return Some(Raised { id, values: None }),
            Wanted::Frames => (Extent::Last, None),
            Wanted::Event(context) => (Extent::Whole, Some(context)),
        };
        let settings = self.reporter.settings();
        // SAFETY: as the caller promises.
        unsafe {
            let chain = Chain::at_raise(exception, calls, workspace.own_code(), extent);
            let raised = chain.links.iter().position(|link| link.exception == exception)?;
            let places = chain.selected(settings.values.frames_max, settings.capture_third_party);
            let places: Vec<(Place, u128)> = places.into_iter().zip(ids::after(id)).collect();
            if places.is_empty() && context.is_none() {
                return Some(Raised { id, values: None });
            }
            let mut heap = self.reporter.heap();
            let mut walk = Walk::new(&mut heap, workspace.scratch(), &settings.values, begun);
            walk.frames(&chain, &places);
            if let Some(context) = context {
                walk.exceptions(&chain, &places);
                let warnings = std::mem::take(&mut heap.context.warnings);
                heap.context = Context { exception_id: id, warnings, ..*context };
            }
            // Frames of what led to the exception have no call that runs here.
            let call =
                |(place, _): &(Place, u128)| if place.link == raised { place.from_raise } else { usize::MAX };
            let calls = places.iter().map(call).collect();
            Some(Raised { id, values: Some(Values { heap, calls, exception: raised }) })
        }
    }

    /// Captures the arguments of a call that begins; `None` when there is no time for it.
    ///
    /// # Safety
    /// The GIL is held; the frame lives.
    pub(crate) unsafe fn arguments(&self, frame: &Frame<'_>) -> Option<Heap> {
        if !self.reporter.has_time() {
            return None;
        }
        let begun = Instant::now();
        let mut workspace = self.workspace()?;
        let mut heap = self.reporter.heap();
        let settings = self.reporter.settings();
        // SAFETY: as the caller promises.
        unsafe { Walk::new(&mut heap, workspace.scratch(), &settings.values, begun).arguments(frame) };
        drop(workspace);
        self.reporter.spend(begun);
        Some(heap)
    }

    /// Sends the arguments of a call that returned, for comparison, unless much waits to be sent already; whether it did.
    ///
    /// # Safety
    /// The GIL is held; the frame lives, and `heap` has its arguments.
    pub(crate) unsafe fn submit_call(&self, frame: &Frame<'_>, mut heap: Heap) -> bool {
        let begun = Instant::now();
        let settings = self.reporter.settings();
        if !self.reporter.has_time() || self.reporter.queued().0 * CALLS_SHARE >= settings.queue_captures_max
        {
            return false;
        }
        let Some(mut workspace) = self.workspace() else { return false };
        let id = workspace.new_id();
        // SAFETY: as the caller promises.
        unsafe { Walk::new(&mut heap, workspace.scratch(), &settings.values, begun).call(frame, id) };
        drop(workspace);
        let timestamp_ns =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_nanos() as i64);
        heap.context = Context { exception_id: id, timestamp_ns, ..Context::default() };
        let is_sent = self.reporter.submit(heap);
        self.reporter.spend(begun);
        is_sent
    }
}
