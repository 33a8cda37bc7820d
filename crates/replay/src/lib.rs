//! What is done with captured state: comparing two occurrences value by value, finding what sets the occurrences of
//! an issue apart, looking at one value over many of them, raising the exception again, and taking it along.
//!
//! Pure: no socket, file, clock, environment, thread or async. Nothing captured is executed.

mod captured;
pub mod compare;
pub mod correlate;
pub mod line;
pub mod pick;
pub mod reproduce;
pub mod share;
pub mod visible;
