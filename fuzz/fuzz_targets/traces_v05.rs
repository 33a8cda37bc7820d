//! `/v0.5/traces`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reenact_model::Limits;
use reenact_wire::datadog::{ClientInfo, NOTHING_AWAITED, traces};

fuzz_target!(|body: &[u8]| {
    let _ = traces::v05::decode(body, &ClientInfo::default(), &Limits::DEFAULT, NOTHING_AWAITED);
});
