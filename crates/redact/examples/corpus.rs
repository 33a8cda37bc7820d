//! Prints `docs/redaction-quality.md`: recall and false positives of the default rules.
//!
//! With file names, prints what the value rules find in these files instead, one finding a line.

#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    unused_imports,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example"
)]

#[path = "../corpus/mod.rs"]
mod corpus;

use reenact_redact::{Redactor, RuleRef};

fn main() {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        print!("{}", corpus::report().markdown);
        return;
    }
    let redactor = Redactor::default_rules();
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let (_, _, changes) = redactor.redact_text_explained(text.clone(), "file", None);
        for change in changes {
            if let (RuleRef::Value(rule), Some(range)) = (change.rule, change.range) {
                println!("{rule}\t{file}\t{}", text[range].escape_debug());
            }
        }
    }
}
