//! What was captured lately, so that an exception that several hooks see is captured once.

use std::collections::VecDeque;

use crate::read::text;
use crate::walk::chain::{Chain, Place};

/// Captures that are remembered; the oldest one is forgotten.
const CAPTURES_MAX: usize = 512;

/// A frame whose values were captured.
#[derive(Clone, Debug)]
pub(crate) struct KnownFrame {
    pub(crate) place: Place,
    pub(crate) snapshot_id: u128,
    pub(crate) function: String,
    pub(crate) file: String,
    pub(crate) line_number: u32,
}

/// A capture.
#[derive(Clone, Debug)]
pub(crate) struct KnownCapture {
    pub(crate) exception_id: u128,
    pub(crate) reason: Option<&'static str>,
    pub(crate) frames: Vec<KnownFrame>,
}

/// The captures of this process.
#[derive(Debug, Default)]
pub(crate) struct Remembered(VecDeque<KnownCapture>);

impl Remembered {
    pub(crate) fn find(&mut self, exception_id: u128) -> Option<&mut KnownCapture> {
        self.0.iter_mut().rev().find(|capture| capture.exception_id == exception_id)
    }

    pub(crate) fn add(&mut self, capture: KnownCapture) {
        if self.0.len() >= CAPTURES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(capture);
    }
}

/// The frame at a place, as it is remembered.
pub(crate) fn known_frame(chain: &Chain<'_>, place: Place, snapshot_id: u128) -> Option<KnownFrame> {
    const NAME_MAX: usize = 1000;
    let entry = chain.entry(place)?.entry;
    // SAFETY: a frame holds its code, and this its names.
    let (function, file) = unsafe {
        (
            text::to_string(entry.frame.code.name(), NAME_MAX),
            text::to_string(entry.frame.code.file(), NAME_MAX),
        )
    };
    let line_number = match entry.line {
        line if line > 0 => line as u32,
        _ => entry.frame.code.position(entry.instruction).0,
    };
    Some(KnownFrame { place, snapshot_id, function, file, line_number })
}

/// The captured frames with their numbers over the chain, in their order. A frame that stands in several tracebacks has
/// several numbers, each with the line of its traceback.
pub(crate) fn numbered(chain: &Chain<'_>, frames: &[KnownFrame]) -> Vec<(u32, KnownFrame)> {
    let object_at = |place: Place| chain.entry(place).map(|entry| entry.entry.frame.identity());
    let mut numbered = Vec::new();
    for (place, number) in chain.numbered() {
        let here = object_at(place);
        if let Some(known) = frames.iter().find(|known| here.is_some() && object_at(known.place) == here)
            && let Some(frame) = known_frame(chain, place, known.snapshot_id)
        {
            numbered.push((number, frame));
        }
    }
    numbered
}
