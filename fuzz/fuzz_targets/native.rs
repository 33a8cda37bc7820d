//! Captures of our own clients.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reenact_model::{Limits, Timestamp};
use reenact_wire::native::v1;

fuzz_target!(|body: &[u8]| {
    let _ = v1::decode(body, Timestamp::default(), &Limits::DEFAULT);
});
