//! Client-computed statistics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reenact_model::Limits;
use reenact_wire::datadog::stats;

fuzz_target!(|body: &[u8]| {
    let _ = stats::decode(body, &Limits::DEFAULT);
});
