//! What a test expects.

use super::classes::bare;
use super::frames::{Stack, Target};
use super::program::Expected;

/// What is raised, and how many last parts of its path tell the file.
pub(super) fn expected(stack: &Stack<'_>, target: &Target<'_>) -> (Expected, usize) {
    let report = stack.report;
    let deepest = stack.frames.iter().rev().find(|frame| stack.is_own(frame)).unwrap_or(target.frame);
    let parts: Vec<&str> = deepest.file.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
    let module = stack.module(deepest);
    let is_package = deepest.file.ends_with("__init__.py");
    let count = module
        .map_or(1, |module| module.name.parts().len() + usize::from(is_package))
        .clamp(1, parts.len().max(1));
    let file = parts[parts.len().saturating_sub(count)..].join("/");
    let line = deepest.line_number.map_or(String::new(), |line| format!(":{line}"));
    let message = report.message();
    let is_whole = message.len() < MESSAGE_BYTES_MAX
        && !["[redacted", "[hash: ", "[masked: ", " object>"].iter().any(|mark| message.contains(mark));
    let expected = Expected {
        type_name: bare(report.type_name()).to_owned(),
        message: is_whole.then(|| without_addresses(message)),
        place: format!("{file}{line}"),
    };
    (expected, count)
}

/// Messages from this length on are cut by some clients, and are not compared; nor are those in which our client put
/// `<shop.Color object>`, because it runs no code of the application to print one.
const MESSAGE_BYTES_MAX: usize = 20_000;

/// The text with addresses of objects as `0x...`.
fn without_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("0x") {
        let digits = rest[at + 2..].bytes().take_while(u8::is_ascii_hexdigit).count();
        out.push_str(&rest[..at + 2]);
        if digits > 0 {
            out.push_str("...");
        }
        rest = &rest[at + 2 + digits..];
    }
    out.push_str(rest);
    out
}
