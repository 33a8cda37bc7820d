//! One occurrence as a text to take along: its request as a command of curl, what was raised as Markdown.

mod curl;
mod markdown;

pub use curl::{Curl, NoRequest, curl};
pub use markdown::{Markdown, markdown};
