//! What was captured at raises, for as long as the exceptions live.

use std::collections::VecDeque;
use std::sync::Arc;

use reenact_client::heap::Heap;

/// Raises that are kept; the oldest one is dropped.
const RECORDS_MAX: usize = 64;

/// How much they hold together, in bytes.
const BYTES_MAX: usize = 8 << 20;

/// A raise.
pub(super) struct Record {
    pub(super) id: u128,
    /// The values of the frames; `None` when only arguments at entry are known.
    pub(super) heap: Option<Arc<Heap>>,
    /// The calls that ran, that of the raise first.
    pub(super) calls: Vec<Call>,
    /// Whether a hook has seen the exception.
    pub(super) is_seen: bool,
    /// Whether an event is to be made of it when it was handled: the exception, an index in [`Heap::exceptions`].
    pub(super) reported_as: Option<usize>,
    /// How many calls it had left when it came to the last handler.
    pub(super) calls_passed: usize,
}

/// A call that ran when an exception was raised.
#[derive(Clone)]
pub(super) struct Call {
    /// The address of its code, to be compared.
    pub(super) code: usize,
    /// Its frame in the heap of the record.
    pub(super) frame: Option<u32>,
    /// Its arguments when it was entered.
    pub(super) entry: Option<Arc<Heap>>,
}

/// The raises of this process.
#[derive(Default)]
pub(super) struct Records {
    records: VecDeque<Record>,
    bytes: usize,
}

impl Records {
    /// Adds a raise; gives back those that had to make room.
    pub(super) fn add(&mut self, record: Record) -> Vec<Record> {
        self.bytes += weight(&record);
        self.records.push_back(record);
        let mut dropped = Vec::new();
        while self.records.len() > RECORDS_MAX || (self.bytes > BYTES_MAX && self.records.len() > 1) {
            let Some(oldest) = self.records.pop_front() else { break };
            self.bytes -= weight(&oldest);
            dropped.push(oldest);
        }
        dropped
    }

    pub(super) fn find(&mut self, id: u128) -> Option<&mut Record> {
        self.records.iter_mut().rev().find(|record| record.id == id)
    }

    pub(super) fn remove(&mut self, id: u128) -> Option<Record> {
        let index = self.records.iter().rposition(|record| record.id == id)?;
        let record = self.records.remove(index)?;
        self.bytes -= weight(&record);
        Some(record)
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }
}

fn weight(record: &Record) -> usize {
    let entries = record.calls.iter().filter_map(|call| call.entry.as_ref());
    record.heap.iter().chain(entries).map(|heap| heap.capacity()).sum()
}
