//! Uploads of symbols; a small limit bounds what is decompressed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reenact_model::Limits;
use reenact_wire::datadog::symdb;

fuzz_target!(|body: &[u8]| {
    let limits = Limits { body_bytes_max: 1 << 20, ..Limits::DEFAULT };
    let _ = symdb::decode(body, None, &limits);
});
