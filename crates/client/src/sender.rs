//! The background thread: convert, redact, encode, compress, send, try again.
//!
//! What it promises: nothing leaves the process that did not go through the redactor; a capture that the server does
//! not take is tried again [`TRIES_MAX`] times at growing distances and then counted as dropped; captures in flight
//! count against the limits of the queue.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reenact_model::Fragment;
use reenact_redact::{Redacted, Redactor};
use reenact_wire::native::v1;

use crate::convert;
use crate::counters::Counters;
use crate::heap::Heap;
use crate::queue::{Queue, Work};
use crate::settings::Settings;
use crate::source::Sources;
use crate::transport::{Answer, Post, Transport};

/// Where captures are sent to.
pub(crate) const PATH: &str = "/native/v1/captures";

/// Captures of one request.
const BATCH_MAX: usize = 16;

/// How often a request is tried.
const TRIES_MAX: u32 = 12;

/// How often it is tried while somebody waits for the end.
const HURRIED_TRIES_MAX: u32 = 2;

/// The pause before the second try; it doubles.
const PAUSE_MIN: Duration = Duration::from_millis(250);

/// The longest pause between tries.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// What the thread works with.
pub(crate) struct Sender {
    pub(crate) settings: Arc<Settings>,
    pub(crate) redactor: Arc<Redactor>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) sources: Sources,
    pub(crate) transport: Transport,
}

impl Sender {
    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        while let Work::Send(heaps) = self.queue.take(BATCH_MAX) {
            let count = heaps.len();
            let sent = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.send(heaps)));
            if sent.is_err() {
                self.counters.internal_errors.fetch_add(1, Ordering::Relaxed);
                self.counters.dropped.fetch_add(count as u64, Ordering::Relaxed);
                self.counters.set_last_error("the sender failed on a capture");
            }
            self.queue.settle(count);
        }
    }

    fn send(&mut self, heaps: Vec<Heap>) {
        let mut fragments = Vec::new();
        let count = heaps.len() as u64;
        for heap in heaps {
            fragments.extend(redacted(&heap, &self.settings, &self.redactor, &mut self.sources));
            self.queue.recycle(heap);
        }
        let body = compressed(&encoded(fragments));
        let body_bytes = body.len() as u64;
        if self.deliver(&body) {
            self.counters.sent.fetch_add(count, Ordering::Relaxed);
            self.counters.bytes.fetch_add(body_bytes, Ordering::Relaxed);
        } else {
            self.counters.dropped.fetch_add(count, Ordering::Relaxed);
        }
    }

    fn deliver(&self, body: &[u8]) -> bool {
        let request = Post {
            path: PATH,
            content_type: v1::CONTENT_TYPE,
            content_encoding: "gzip",
            body,
            api_key: self.settings.api_key.as_deref(),
        };
        let mut hurried_tries = 0;
        for attempt in 0..TRIES_MAX {
            let is_hurried = self.queue.is_hurried();
            match self.transport.post(request) {
                Answer::Taken => return true,
                Answer::Refused(why) => {
                    self.counters.set_last_error(&why);
                    return false;
                }
                Answer::Later(why, wait) => {
                    self.counters.retries.fetch_add(1, Ordering::Relaxed);
                    self.counters.set_last_error(&why);
                    hurried_tries += u32::from(is_hurried);
                    if hurried_tries >= HURRIED_TRIES_MAX {
                        return false;
                    }
                    self.queue.pause(wait.unwrap_or(PAUSE_MIN * (1 << attempt.min(10))).min(PAUSE_MAX));
                }
            }
        }
        false
    }
}

/// The fragments of a capture, redacted.
pub(crate) fn redacted(
    heap: &Heap,
    settings: &Settings,
    redactor: &Redactor,
    sources: &mut Sources,
) -> Vec<Redacted<Fragment>> {
    convert::fragments(heap, settings, sources)
        .into_iter()
        .map(|fragment| redactor.redact(fragment))
        .collect()
}

/// Only what was redacted can be encoded.
fn encoded(fragments: Vec<Redacted<Fragment>>) -> Vec<u8> {
    let fragments: Vec<Fragment> = fragments.into_iter().map(Redacted::into_inner).collect();
    v1::encode(&convert::client(), &fragments)
}

fn compressed(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let written = encoder.write_all(body);
    // Writing to memory does not fail.
    written.and_then(|()| encoder.finish()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
