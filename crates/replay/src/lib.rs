//! What is done with captured state: comparing two occurrences value by value, finding what sets the occurrences of
//! an issue apart, looking at one value over many of them, and raising the exception again.
//!
//! Pure: no socket, file, clock, environment, thread or async. Nothing captured is executed.

mod captured;
pub mod compare;
pub mod correlate;
pub mod pick;
pub mod reproduce;
