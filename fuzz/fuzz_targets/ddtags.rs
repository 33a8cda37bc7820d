//! Lists of tags.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reenact_wire::datadog::tags::parse_ddtags;

fuzz_target!(|body: &[u8]| {
    let tags = parse_ddtags(&String::from_utf8_lossy(body));
    assert!(tags.len() <= 256);
});
