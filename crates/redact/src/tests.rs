//! The promises of the whole crate.
