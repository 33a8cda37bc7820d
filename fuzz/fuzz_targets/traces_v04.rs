//! `/v0.4/traces`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reenact_model::Limits;
use reenact_wire::datadog::{ClientInfo, NOTHING_AWAITED, traces};

fuzz_target!(|body: &[u8]| {
    let _ = traces::v04::decode(body, &ClientInfo::default(), &Limits::DEFAULT, NOTHING_AWAITED);
});
