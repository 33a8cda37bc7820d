//! One client of one process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use reenact_model::{Fragment, Skipped};
use reenact_redact::Redactor;

use crate::counters::Counters;
use crate::heap::Heap;
use crate::novelty::{Decision, Identity, Novelty};
use crate::queue::Queue;
use crate::sender::{Sender, redacted};
use crate::settings::{SettingError, Settings};
use crate::source::Sources;
use crate::transport::Transport;

/// Decides, takes filled heaps, and sends them in the background.
///
/// After a fork the child makes a new one of the same settings: the sender's thread does not exist there, and what
/// was waiting is the parent's to send.
#[derive(Debug)]
pub struct Reporter {
    settings: Arc<Settings>,
    /// The settings with what was not known at the start.
    completed: Mutex<Option<Arc<Settings>>>,
    redactor: Arc<Redactor>,
    queue: Arc<Queue>,
    counters: Arc<Counters>,
    novelty: Mutex<Novelty>,
    is_enabled: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
    begun: Instant,
}

impl Reporter {
    /// A client that has sent nothing; starts no thread.
    ///
    /// # Errors
    /// [`SettingError`] when a rule of redaction cannot be used.
    pub fn new(settings: Settings) -> Result<Self, SettingError> {
        let redactor = Arc::new(settings.redactor()?);
        Ok(Self::made(Arc::new(settings), redactor))
    }

    /// A new client of the same settings, which knows nothing of what this one saw.
    pub fn renewed(&self) -> Self {
        let renewed = Self::made(self.settings.clone(), self.redactor.clone());
        // Nobody is waited for: a thread that does not exist after a fork may have the lock.
        if let Ok(completed) = self.completed.try_lock() {
            lock(&renewed.completed).clone_from(&completed);
        }
        renewed.set_enabled(self.is_enabled());
        renewed
    }

    fn made(settings: Arc<Settings>, redactor: Arc<Redactor>) -> Self {
        Self {
            queue: Arc::new(Queue::new(settings.queue_captures_max, settings.queue_bytes_max)),
            counters: Arc::default(),
            novelty: Mutex::new(Novelty::new(&settings.novelty)),
            is_enabled: AtomicBool::new(settings.enabled),
            thread: Mutex::new(None),
            begun: Instant::now(),
            completed: Mutex::new(None),
            settings,
            redactor,
        }
    }

    /// What it was told.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Says of which service events are and where modules are imported from, where that was not known at the start.
    ///
    /// To be called before the first heap is handed over: what sends has its settings from then on.
    pub fn complete(&self, service: String, package_folders: Vec<String>) {
        let settings = Settings { service, package_folders, ..Settings::clone(&self.settings) };
        *lock(&self.completed) = Some(Arc::new(settings));
    }

    fn complete_settings(&self) -> Arc<Settings> {
        lock(&self.completed).as_ref().unwrap_or(&self.settings).clone()
    }

    /// What it did.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Whether values are captured.
    pub fn is_enabled(&self) -> bool {
        self.is_enabled.load(Ordering::Relaxed)
    }

    /// Switches capturing on or off.
    pub fn set_enabled(&self, enabled: bool) {
        self.is_enabled.store(enabled, Ordering::Relaxed);
    }

    /// Changes how many captures per second are made of exceptions that were seen before; `None`: as it was told at its
    /// start.
    pub fn set_captures_per_second(&self, per_second: Option<f64>) {
        let per_second = per_second.unwrap_or(self.settings.novelty.repeats_per_second);
        let now = self.now();
        lock(&self.novelty).set_repeats_per_second(per_second, now);
    }

    /// Whether an occurrence that was seen at `seen` may carry values. The time is passed in: to read the clock is a good
    /// part of the cost of one that may not.
    pub fn decide(&self, identity: Identity, seen: Instant) -> Decision {
        if !self.is_enabled() {
            return Decision::Skip(Skipped::Off);
        }
        lock(&self.novelty).decide(identity, self.since_begun(seen))
    }

    /// Notes a capture that was asked for, whatever the budgets say.
    pub fn note_forced(&self, identity: Identity) {
        let now = self.now();
        lock(&self.novelty).note_forced(identity, now);
    }

    /// Whether an event without values may be sent.
    pub fn may_send_event(&self) -> bool {
        let now = self.now();
        lock(&self.novelty).may_send_event(now)
    }

    /// Whether there is time left to look at values ahead of a capture: at a raise, or when a function is entered.
    pub fn has_time(&self) -> bool {
        self.is_enabled() && lock(&self.novelty).has_time(self.now())
    }

    /// Notes that the application's thread was held up from `begun` until now.
    pub fn spend(&self, begun: Instant) {
        self.note_time(begun, Novelty::spend);
    }

    /// As [`Self::spend`], by an exception that was not captured.
    pub fn spend_on_skipped(&self, begun: Instant) {
        self.note_time(begun, Novelty::spend_on_skipped);
    }

    fn note_time(&self, begun: Instant, note: fn(&mut Novelty, u64, u64)) {
        let end = Instant::now();
        let nanos = end.saturating_duration_since(begun).as_nanos() as u64;
        self.counters.capture_ns.fetch_add(nanos, Ordering::Relaxed);
        note(&mut lock(&self.novelty), nanos, self.since_begun(end));
    }

    /// A heap to fill.
    pub fn heap(&self) -> Heap {
        self.queue.spare()
    }

    /// Takes back a heap that is not to be sent.
    pub fn recycle(&self, heap: Heap) {
        self.queue.recycle(heap);
    }

    /// Hands a filled heap to the sender; `false` when it is lost because the queue is full.
    pub fn submit(&self, heap: Heap) -> bool {
        if !self.ensure_thread() {
            self.counters.dropped.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        match self.queue.push(heap) {
            Ok(()) => true,
            Err(heap) => {
                self.counters.dropped.fetch_add(1, Ordering::Relaxed);
                self.queue.recycle(*heap);
                false
            }
        }
    }

    /// What would be sent of a heap.
    pub fn preview(&self, heap: &Heap) -> Vec<Fragment> {
        let redacted = redacted(heap, &self.complete_settings(), &self.redactor, &mut Sources::default());
        redacted.into_iter().map(reenact_redact::Redacted::into_inner).collect()
    }

    /// Counts an exception whose values were captured.
    pub fn count_captured(&self) {
        self.counters.captured.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes nothing any more; what waits is still sent.
    pub fn close(&self) {
        self.queue.close();
    }

    /// Waits until everything is sent or given up; `false` when that takes longer than `timeout`.
    pub fn flush(&self, timeout: Duration) -> bool {
        self.queue.flush(timeout)
    }

    /// Takes nothing any more, and waits as [`Reporter::flush`] does.
    pub fn shut_down(&self, timeout: Duration) -> bool {
        self.queue.close();
        self.queue.flush(timeout)
    }

    /// Captures that wait or are being sent, and the bytes of those that wait.
    pub fn queued(&self) -> (usize, usize) {
        self.queue.depth()
    }

    fn ensure_thread(&self) -> bool {
        let mut thread = lock(&self.thread);
        if thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return true;
        }
        let sender = Sender {
            settings: self.complete_settings(),
            redactor: self.redactor.clone(),
            queue: self.queue.clone(),
            counters: self.counters.clone(),
            sources: Sources::default(),
            transport: Transport::new(self.settings.address.clone(), self.settings.ca_file.clone()),
        };
        match std::thread::Builder::new().name("reenact-sender".to_owned()).spawn(|| sender.run()) {
            Ok(handle) => {
                *thread = Some(handle);
                true
            }
            Err(_) => {
                self.counters.set_last_error("no thread could be started");
                false
            }
        }
    }

    /// Nanoseconds since it was made.
    pub fn now(&self) -> u64 {
        self.since_begun(Instant::now())
    }

    fn since_begun(&self, time: Instant) -> u64 {
        time.saturating_duration_since(self.begun).as_nanos() as u64
    }
}

/// A panic of another thread leaves counters and budgets that are still right.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
