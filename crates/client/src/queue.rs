//! Captures that wait to be sent: bounded in number and in bytes.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::heap::Heap;

/// Heaps that are kept for the next capture.
const SPARE_MAX: usize = 2;

/// A heap larger than this is not kept, in bytes.
const SPARE_BYTES_MAX: usize = 4 << 20;

/// Captures between the application's threads and the sender. Pushing never blocks for long and never fails loudly.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    captures_max: usize,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Heap>,
    bytes: usize,
    /// Captures that the sender took and has not settled.
    in_flight: usize,
    spare: Vec<Heap>,
    /// How many are waiting for everything to be sent: no pause between tries is kept to.
    flushing: usize,
    is_closed: bool,
}

/// What the sender is to do.
#[derive(Debug)]
pub(crate) enum Work {
    /// Send these; then call [`Queue::settle`].
    Send(Vec<Heap>),
    /// End: the queue is closed and empty.
    End,
}

impl Queue {
    /// An empty queue.
    pub(crate) fn new(captures_max: usize, bytes_max: usize) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), captures_max, bytes_max }
    }

    /// Adds a capture; gives it back when the queue is full or closed.
    ///
    /// # Errors
    /// The capture itself, which is to be counted as lost.
    pub(crate) fn push(&self, heap: Heap) -> Result<(), Box<Heap>> {
        let mut state = self.lock();
        let weight = heap.weight_of_all();
        let is_full = state.waiting.len() + state.in_flight >= self.captures_max
            || state.bytes + weight > self.bytes_max;
        if is_full || state.is_closed {
            return Err(Box::new(heap));
        }
        state.bytes += weight;
        state.waiting.push_back(heap);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// A heap to fill, with the memory of an earlier one if there is one.
    pub(crate) fn spare(&self) -> Heap {
        self.lock().spare.pop().unwrap_or_default()
    }

    /// Takes a heap back that is not needed any more.
    pub(crate) fn recycle(&self, mut heap: Heap) {
        let mut state = self.lock();
        if state.spare.len() < SPARE_MAX && heap.capacity() <= SPARE_BYTES_MAX {
            heap.clear();
            state.spare.push(heap);
        }
    }

    /// Waits for captures and takes `count_max` of them at most.
    pub(crate) fn take(&self, count_max: usize) -> Work {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            if state.is_closed {
                return Work::End;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let count = state.waiting.len().min(count_max);
        let taken: Vec<Heap> = state.waiting.drain(..count).collect();
        state.bytes -= taken.iter().map(Heap::weight_of_all).sum::<usize>();
        state.in_flight += taken.len();
        Work::Send(taken)
    }

    /// Says that `count` captures were sent or given up.
    pub(crate) fn settle(&self, count: usize) {
        let mut state = self.lock();
        state.in_flight = state.in_flight.saturating_sub(count);
        drop(state);
        self.changed.notify_all();
    }

    /// Waits between two tries, not longer than `pause`. Returns early when somebody waits for the end of all work.
    pub(crate) fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut state = self.lock();
        while state.flushing == 0 && !state.is_closed {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether somebody waits for the end of all work, or the queue is closed.
    pub(crate) fn is_hurried(&self) -> bool {
        let state = self.lock();
        state.flushing > 0 || state.is_closed
    }

    /// Waits until all captures are sent or given up; `false` when that takes longer than `timeout`.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        let until = Instant::now() + timeout;
        let mut state = self.lock();
        state.flushing += 1;
        self.changed.notify_all();
        while !state.waiting.is_empty() || state.in_flight > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.flushing -= 1;
        state.waiting.is_empty() && state.in_flight == 0
    }

    /// Takes nothing any more; what waits is still sent.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Captures that wait or are being sent, and the bytes of those that wait.
    pub(crate) fn depth(&self) -> (usize, usize) {
        let state = self.lock();
        (state.waiting.len() + state.in_flight, state.bytes)
    }

    /// A panic of another thread leaves a queue that is still right: each change is made at once.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_gives_the_capture_back() {
        let queue = Queue::new(2, 1 << 20);
        assert!(queue.push(Heap::default()).is_ok());
        assert!(queue.push(Heap::default()).is_ok());
        assert!(queue.push(Heap::default()).is_err());
        let Work::Send(taken) = queue.take(1) else { panic!("nothing to send") };
        assert_eq!(taken.len(), 1);
        assert!(queue.push(Heap::default()).is_err(), "what is being sent counts");
        queue.settle(1);
        assert!(queue.push(Heap::default()).is_ok());
    }

    #[test]
    fn bytes_are_bounded_too() {
        let queue = Queue::new(100, 10);
        let mut heap = Heap::default();
        heap.push_text("more than ten bytes");
        assert!(queue.push(heap).is_err());
    }

    #[test]
    fn a_flush_says_whether_everything_was_sent() {
        let queue = Queue::new(2, 1 << 20);
        assert!(queue.flush(Duration::ZERO));
        assert!(queue.push(Heap::default()).is_ok());
        assert!(!queue.flush(Duration::from_millis(1)));
        queue.close();
        assert!(matches!(queue.take(10), Work::Send(taken) if taken.len() == 1));
        queue.settle(1);
        assert!(queue.flush(Duration::ZERO));
        assert!(matches!(queue.take(10), Work::End));
    }
}
