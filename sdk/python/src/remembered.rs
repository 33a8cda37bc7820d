//! What was captured lately, so that an exception that several hooks see is captured once.

use std::collections::VecDeque;

use crate::walk::chain::Place;

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
