//! Crash reports.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reenact_model::{Limits, Timestamp};
use reenact_wire::datadog::{ClientInfo, crash};

fuzz_target!(|body: &[u8]| {
    let _ = crash::decode(body, &ClientInfo::default(), Timestamp::default(), &Limits::DEFAULT);
});
