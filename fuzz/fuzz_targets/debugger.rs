//! Snapshots: JSON or multipart.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reenact_model::{Limits, Timestamp};
use reenact_wire::datadog::{ClientInfo, debugger};

fuzz_target!(|body: &[u8]| {
    let client = ClientInfo::default();
    let _ = debugger::decode(body, Some("service:shop"), &client, Timestamp::default(), &Limits::DEFAULT);
});
