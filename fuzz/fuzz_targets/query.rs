//! The query language.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reenact_store::Filter;
use reenact_store::query::{QUERY_TERMS_MAX, parse_for_issues};

fuzz_target!(|body: &[u8]| {
    let text = String::from_utf8_lossy(body);
    match parse_for_issues(&text, &|_| Filter::HasValues) {
        Ok(filter) => assert!(conditions(&filter) <= 2 * QUERY_TERMS_MAX),
        Err(error) => assert!(text.is_char_boundary(error.at), "{error}"),
    }
});

fn conditions(filter: &Filter) -> usize {
    match filter {
        Filter::And(all) | Filter::Or(all) => all.iter().map(conditions).sum(),
        Filter::Not(filter) => conditions(filter),
        _ => 1,
    }
}
