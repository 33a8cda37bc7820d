//! The client of this process, and what happens when a hook sees an exception.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Instant;

use reenact_client::Reporter;
use reenact_client::heap::{Context, Heap};
use reenact_client::novelty::Decision;
use reenact_client::settings::{SettingError, Settings};
use reenact_model::Skipped;

use crate::context::Given;
use crate::ids::{self, Ids};
use crate::marker;
use crate::monitor;
use crate::own_code::OwnCode;
use crate::read::Object;
use crate::read::exception::Exception;
use crate::remembered::{KnownCapture, KnownFrame, Remembered, known_frame, numbered};
use crate::walk::chain::{self, Chain, Place};
use crate::walk::{Scratch, Walk};
use crate::wanted::{Want, Wanted};

/// The client of this process.
pub(crate) struct Core {
    pub(crate) reporter: Reporter,
    /// Used with the GIL held; see [`Core::workspace`].
    workspace: Mutex<Workspace>,
}

/// What captures work with.
pub(crate) struct Workspace {
    scratch: Scratch,
    own_code: OwnCode,
    ids: Ids,
    remembered: Remembered,
    wanted: Wanted,
}

#[cfg(Py_3_12)]
impl Workspace {
    pub(crate) fn scratch(&mut self) -> &mut Scratch {
        &mut self.scratch
    }

    pub(crate) fn own_code(&mut self) -> &mut OwnCode {
        &mut self.own_code
    }

    pub(crate) fn new_id(&mut self) -> u128 {
        self.ids.uuid()
    }

    /// Whether a hook has seen the exception of this id lately.
    pub(crate) fn remembers(&mut self, id: u128) -> bool {
        self.remembered.find(id).is_some()
    }
}

/// What a hook is told.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) exception_id: u128,
    pub(crate) reason: Option<&'static str>,
    /// Captured frames: their numbers over the chain, and what was captured.
    pub(crate) frames: Vec<(u32, KnownFrame)>,
    pub(crate) is_first: bool,
}

static CORE: Mutex<Option<Arc<Core>>> = Mutex::new(None);

/// The client, once it was started.
pub(crate) fn current() -> Option<Arc<Core>> {
    CORE.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Starts the client anew, in place of the one that there was, if any: what that one has queued is still sent.
pub(crate) fn start(settings: Settings) -> Result<(), SettingError> {
    let core = Core::new(Reporter::new(settings)?);
    let former = CORE.lock().unwrap_or_else(PoisonError::into_inner).replace(Arc::new(core));
    if let Some(former) = former {
        former.reporter.close();
    }
    Ok(())
}

/// Starts anew in the child of a fork. What the parent had is left alone and not freed: a thread that does not exist here
/// may have held its locks.
pub(crate) fn after_fork_in_child() {
    let mut core = CORE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(former) = core.take() {
        *core = Some(Arc::new(Core::new(former.reporter.renewed())));
        std::mem::forget(former);
    }
}

impl Core {
    fn new(reporter: Reporter) -> Self {
        let workspace = Workspace {
            scratch: Scratch::new(),
            own_code: OwnCode::new(reporter.settings()),
            ids: Ids::new(),
            remembered: Remembered::default(),
            wanted: Wanted::default(),
        };
        Self { reporter, workspace: Mutex::new(workspace) }
    }

    /// Decides about an exception that a hook sees, and captures its values.
    ///
    /// # Safety
    /// The GIL is held; the exception lives.
    pub(crate) unsafe fn capture(&self, exception: Exception, given: &Given<'_, '_>) -> Outcome {
        let Some(mut workspace) = self.workspace() else {
            return self.skipped(0, Skipped::Lost);
        };
        let begun = Instant::now();
        let mut raising = None;
        // SAFETY: as the caller promises.
        let outcome = unsafe {
            let known = marker::read(exception).filter(|id| workspace.remembered.find(*id).is_some());
            match known {
                Some(id) => self.seen_again(&mut workspace, exception, id, given, begun),
                None => self.seen_first(&mut workspace, exception, given, begun, &mut raising),
            }
        };
        drop(workspace);
        if let Some(code) = raising {
            // SAFETY: a traceback of the exception holds the code.
            unsafe { monitor::arm(code) };
        }
        match outcome.reason {
            Some(_) => self.reporter.spend_on_skipped(begun),
            None => self.reporter.spend(begun),
        }
        outcome
    }

    /// Takes over which exceptions the server wants with values; at the next time if it is in use now.
    pub(crate) fn want(&self, wanted: Vec<Want>) {
        if let Some(mut workspace) = self.workspace() {
            workspace.wanted.set(wanted);
        }
    }

    /// What captures work with, if nobody uses it. Nobody waits for it: whoever has it may wait for the GIL, if a
    /// collection of garbage began while the context was read, and the one who waits would have the GIL.
    pub(crate) fn workspace(&self) -> Option<MutexGuard<'_, Workspace>> {
        match self.workspace.try_lock() {
            Ok(workspace) => Some(workspace),
            // A panic leaves nothing that the next walk does not begin anew.
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// What would be sent of an exception, whatever the budgets say; nothing is sent or remembered.
    ///
    /// # Safety
    /// The GIL is held; the exception lives.
    pub(crate) unsafe fn preview(
        &self,
        exception: Exception,
        context: Context,
    ) -> Vec<reenact_model::Fragment> {
        let Some(mut workspace) = self.workspace() else { return Vec::new() };
        let settings = self.reporter.settings();
        let mut heap = Heap::default();
        heap.context = context;
        // SAFETY: as the caller promises.
        unsafe {
            let chain = Chain::of(exception, &mut workspace.own_code);
            let places = chain.selected(settings.values.frames_max, settings.capture_third_party);
            heap.context.exception_id = workspace.ids.uuid();
            let places: Vec<_> = places.into_iter().zip(ids::after(heap.context.exception_id)).collect();
            let mut walk = Walk::new(&mut heap, &mut workspace.scratch, &settings.values, Instant::now());
            walk.frames(&chain, &places);
            walk.exceptions(&chain, &places);
            attach(&mut heap, &chain, &places);
        }
        self.reporter.preview(&heap)
    }

    unsafe fn seen_first(
        &self,
        workspace: &mut Workspace,
        exception: Exception,
        given: &Given<'_, '_>,
        begun: Instant,
        raising: &mut Option<Object>,
    ) -> Outcome {
        // SAFETY: as the caller of `capture` promises.
        let claimed = unsafe { monitor::claim(exception) };
        let id = claimed.unwrap_or_else(|| workspace.ids.uuid());
        // SAFETY: as above.
        let (outcome, frames) = unsafe {
            let identity = chain::identity(exception);
            // Where captures are off, a wish of the server stays open.
            let is_wanted =
                self.reporter.is_enabled() && (given.is_forced() || is_wanted(workspace, exception));
            let decision = if is_wanted {
                self.reporter.note_forced(identity);
                Decision::Novel
            } else {
                self.reporter.decide(identity, begun)
            };
            match decision {
                Decision::Novel | Decision::Repeat => {
                    self.with_values(workspace, exception, id, given, begun, raising)
                }
                Decision::Skip(reason) => {
                    (self.without_values(workspace, exception, id, given, reason), Vec::new())
                }
            }
        };
        if claimed.is_none() {
            // SAFETY: as above.
            unsafe { marker::write(exception, id) };
        }
        workspace.remembered.add(KnownCapture { exception_id: id, reason: outcome.reason, frames });
        outcome
    }

    unsafe fn with_values(
        &self,
        workspace: &mut Workspace,
        exception: Exception,
        id: u128,
        given: &Given<'_, '_>,
        begun: Instant,
        raising: &mut Option<Object>,
    ) -> (Outcome, Vec<KnownFrame>) {
        let settings = self.reporter.settings();
        // Before the walk: reading the context makes objects, which can begin a collection of garbage.
        let context = given.context();
        // SAFETY: as the caller of `capture` promises.
        unsafe {
            let chain = Chain::of(exception, &mut workspace.own_code);
            let places = chain.selected(settings.values.frames_max, settings.capture_third_party);
            if places.is_empty() {
                return (
                    self.without_values(workspace, exception, id, given, Skipped::ThirdParty),
                    Vec::new(),
                );
            }
            let places: Vec<(Place, u128)> = places.into_iter().zip(ids::after(id)).collect();
            let mut heap = self.filled(workspace, &chain, &places, id, context, begun);
            attach(&mut heap, &chain, &places);
            *raising = raising_code(&chain);
            if !self.reporter.submit(heap) {
                return (self.skipped(id, Skipped::Lost), Vec::new());
            }
            self.reporter.count_captured();
            let frames: Vec<KnownFrame> =
                places.iter().filter_map(|(place, id)| known_frame(&chain, *place, *id)).collect();
            let numbered = numbered(&chain, &frames);
            (Outcome { exception_id: id, reason: None, frames: numbered, is_first: true }, frames)
        }
    }

    /// Sends an event without values, where the hook wants one and the rate of such events allows it.
    unsafe fn without_values(
        &self,
        workspace: &mut Workspace,
        exception: Exception,
        id: u128,
        given: &Given<'_, '_>,
        reason: Skipped,
    ) -> Outcome {
        // What the server switched off are values; what the settings did is everything.
        let is_on = reason != Skipped::Off || self.reporter.settings().enabled;
        if is_on && given.wants_event() && self.reporter.may_send_event() {
            let context = Context { skipped: Some(reason), ..given.context() };
            // SAFETY: as the caller of `capture` promises.
            unsafe {
                let chain = Chain::of(exception, &mut workspace.own_code);
                let heap = self.filled(workspace, &chain, &[], id, context, Instant::now());
                self.reporter.submit(heap);
            }
        }
        self.skipped(id, reason)
    }

    unsafe fn filled(
        &self,
        workspace: &mut Workspace,
        chain: &Chain<'_>,
        places: &[(Place, u128)],
        exception_id: u128,
        context: Context,
        begun: Instant,
    ) -> Heap {
        let mut heap = self.reporter.heap();
        heap.context = Context { exception_id, ..context };
        let mut walk = Walk::new(&mut heap, &mut workspace.scratch, &self.reporter.settings().values, begun);
        // SAFETY: as the caller of `capture` promises.
        unsafe {
            walk.frames(chain, places);
            walk.exceptions(chain, places);
        }
        heap
    }

    /// A hook further out sees the exception: its tracebacks have grown, so that numbers are others, and frames can have
    /// come that are captured now if the event is told on spans.
    unsafe fn seen_again(
        &self,
        workspace: &mut Workspace,
        exception: Exception,
        id: u128,
        given: &Given<'_, '_>,
        begun: Instant,
    ) -> Outcome {
        let settings = self.reporter.settings();
        let wants_snapshots = !given.wants_event();
        let context = if wants_snapshots { given.context() } else { Context::default() };
        let Some(known) = workspace.remembered.find(id) else { return self.skipped(id, Skipped::Lost) };
        let (reason, mut frames) = (known.reason, known.frames.clone());
        if reason.is_some() {
            return Outcome { exception_id: id, reason, frames: Vec::new(), is_first: false };
        }
        // SAFETY: as the caller of `capture` promises.
        unsafe {
            let chain = Chain::of(exception, &mut workspace.own_code);
            let room = settings.values.frames_max.saturating_sub(frames.len());
            if room > 0 && wants_snapshots {
                let is_new = |place: &Place| !frames.iter().any(|frame| frame.place == *place);
                let places = chain.selected(usize::MAX, settings.capture_third_party);
                let new = places.into_iter().filter(is_new).take(room);
                // Those that follow the exception's are the frames' that are known.
                let places: Vec<(Place, u128)> = new.zip(ids::after(workspace.ids.uuid())).collect();
                if !places.is_empty() {
                    let mut heap = self.filled(workspace, &chain, &places, id, context, begun);
                    attach(&mut heap, &chain, &places);
                    if self.reporter.submit(heap) {
                        frames
                            .extend(places.iter().filter_map(|(place, id)| known_frame(&chain, *place, *id)));
                        if let Some(known) = workspace.remembered.find(id) {
                            known.frames.clone_from(&frames);
                        }
                    }
                }
            }
            Outcome { exception_id: id, reason, frames: numbered(&chain, &frames), is_first: false }
        }
    }

    fn skipped(&self, exception_id: u128, reason: Skipped) -> Outcome {
        self.reporter.counters().skip(reason);
        Outcome { exception_id, reason: Some(reason.as_str()), frames: Vec::new(), is_first: true }
    }
}

/// Joins what was captured ahead of the hook.
unsafe fn attach(heap: &mut Heap, chain: &Chain<'_>, places: &[(Place, u128)]) {
    let places: Vec<Place> = places.iter().map(|(place, _)| *place).collect();
    // SAFETY: as the caller of `capture` promises.
    unsafe { monitor::attach(heap, chain, &places) };
}

/// The code of the service's own function that raised, if it takes arguments.
fn raising_code(chain: &Chain<'_>) -> Option<Object> {
    let code = chain.entry(chain.culprit()?)?.entry.frame.code;
    (code.has_slots() && code.argument_count() > 0).then(|| std::ptr::from_ref(code).cast_mut().cast())
}

/// Whether the server wants this exception: asks for nothing as long as it wants none.
unsafe fn is_wanted(workspace: &mut Workspace, exception: Exception) -> bool {
    if workspace.wanted.is_empty() {
        return false;
    }
    // SAFETY: the caller has a live exception.
    let seen = unsafe {
        let chain = Chain::of(exception, &mut workspace.own_code);
        let Some(place) = chain.culprit() else { return false };
        let Some(frame) = known_frame(&chain, place, 0) else { return false };
        Want { type_name: chain::type_name(exception), function: frame.function, file: frame.file }
    };
    workspace.wanted.take(&seen)
}
