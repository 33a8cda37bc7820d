//! What is done with captured state: comparing two occurrences value by value.
//!
//! Pure: no socket, file, clock, environment, thread or async. Nothing captured is executed.

pub mod compare;
