//! Telemetry and configuration polls, which have the same shape.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reenact_model::Limits;
use reenact_wire::datadog::{remote_config, telemetry};

fuzz_target!(|body: &[u8]| {
    let _ = telemetry::decode(body, &Limits::DEFAULT);
    let _ = remote_config::decode(body, &Limits::DEFAULT);
});
