//! Grouping, version 1. Frozen once shipped.
//!
//! The fingerprint of a report is, in this order:
//!
//! 1. The tag `error.fingerprint`, verbatim, when it is there and not empty.
//! 2. Otherwise the first 16 bytes, as 32 hexadecimal digits, of the BLAKE3 hash of these texts, each
//!    preceded by its length in bytes as a big-endian `u64`: `v1`, the service, the type of the exception
//!    that escaped, the type of the root cause (empty without a chain), then
//!    - with a stack: `frames` and, from the raise outwards, file and function of each frame that counts;
//!    - without: `message` and the normalised first line of the message.
//!
//! With a chain, `cause`, file and function of the root cause's innermost frame that counts follow; with
//! a group, `member` and type, file and function of each of its members, sorted, without repeats.
//!
//! Types lose `builtins.`, `__main__.` and `__mp_main__.`, as which a spawned process knows the script. The frames that count are the in-app frames of the exception that escaped, or
//! all of its frames if none is in-app, without frames of comprehensions (Python 3.12 has none), with
//! repeated neighbours once, and of these the innermost [`FRAMES_MAX`]: how much of the outer stack a
//! client sends depends on the span, and frames of instrumentation come and go. If the exception that
//! escaped has no frames, those of the nearest cause that has some count.
//!
//! A file is what follows the last `site-packages/`, `dist-packages/` or `lib/python3.N/`; of other files
//! the last two parts of the path count (three for `__init__.py`), so that a service may be installed
//! anywhere. In files and functions, runs of four digits, hexadecimal words of eight and versions become
//! `*`; of a function, what follows the last `<locals>.` counts. Line numbers never count.
//!
//! In messages, quoted parts, addresses, paths, and words with a digit become `*`; the first 16 words count.
//!
//! The issue is the first 8 bytes of the BLAKE3 hash of service and fingerprint, hashed as above.

use std::collections::BTreeSet;

use reenact_model::{Exception, Frame, Grouping, IssueId, Placed, Report};

/// In-app frames that count, from the raise outwards.
pub const FRAMES_MAX: usize = 5;

const WORDS_MAX: usize = 16;

/// Places a report into its issue. Pure and total; O(size of the stack).
pub fn place(report: Report) -> Placed {
    let grouping = group(&report);
    let issue_id = issue_id(&report.service, &grouping.fingerprint);
    Placed { report, issue_id, grouping }
}

pub(super) fn issue_id(service: &str, fingerprint: &str) -> IssueId {
    let hash = hash(&[service, fingerprint]);
    let mut id = [0; 8];
    id.copy_from_slice(&hash.as_bytes()[..8]);
    IssueId(u64::from_be_bytes(id))
}

fn group(report: &Report) -> Grouping {
    let version = "v1".to_owned();
    if let Some(given) = given(report) {
        let why = vec![
            format!("service is \"{}\"", report.service),
            format!("the application gave the fingerprint \"{given}\""),
        ];
        return Grouping { version, fingerprint: given.to_owned(), why, rule: None };
    }
    let type_name = normalised_type(report.type_name());
    let root = match report.exceptions.as_slice() {
        [root, _, ..] => Some(root),
        _ => None,
    };
    let root_type = root.map_or("", |root| normalised_type(&root.type_name));
    let mut why =
        vec![format!("service is \"{}\"", report.service), format!("error type is \"{type_name}\"")];
    if !root_type.is_empty() {
        why.push(format!("root cause is \"{root_type}\""));
    }
    let mut parts = vec!["v1".to_owned(), report.service.clone(), type_name.to_owned(), root_type.to_owned()];
    let stack = report.exceptions.iter().rev().find(|exception| !exception.frames.is_empty());
    match stack.map(frames_that_count) {
        Some((frames, kind)) => {
            let shown: Vec<String> =
                frames.iter().map(|(file, function)| format!("{function} in {file}")).collect();
            why.push(format!("{kind}: {}", shown.join(" ← ")));
            why.push("line numbers are ignored".to_owned());
            parts.push("frames".to_owned());
            for (file, function) in frames {
                parts.push(file);
                parts.push(function);
            }
            add_root(root, &mut parts, &mut why);
            add_members(report.exception(), &mut parts, &mut why);
        }
        None => {
            let words = normalised_message(report.message());
            why.push(format!("there is no stack; the message reads \"{words}\""));
            parts.push("message".to_owned());
            parts.push(words);
        }
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    Grouping { version, fingerprint: short_hash(&parts), why, rule: None }
}

/// The fingerprint that the application gave.
pub(super) fn given(report: &Report) -> Option<&str> {
    report.tags.get("error.fingerprint").map(String::as_str).filter(|given| !given.is_empty())
}

/// 32 hexadecimal digits.
pub(super) fn short_hash(parts: &[&str]) -> String {
    let mut text = hash(parts).to_hex().to_string();
    text.truncate(32);
    text
}

fn hash(parts: &[&str]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize()
}

/// Where the root cause was raised: a wrapper that raises the same for every cause must not hide it.
fn add_root(root: Option<&Exception>, parts: &mut Vec<String>, why: &mut Vec<String>) {
    let Some((file, function)) = root.and_then(raised_at) else { return };
    why.push(format!("root cause raised by {function} in {file}"));
    parts.extend(["cause".to_owned(), file, function]);
}

/// What a group is made of: the group itself is raised at the same place for every member.
fn add_members(exception: Option<&Exception>, parts: &mut Vec<String>, why: &mut Vec<String>) {
    let members: BTreeSet<(String, String, String)> = exception
        .iter()
        .flat_map(|exception| &exception.members)
        .map(|member| {
            let (file, function) = raised_at(member).unwrap_or_default();
            (normalised_type(&member.type_name).to_owned(), file, function)
        })
        .collect();
    for (type_name, file, function) in members {
        let place =
            if function.is_empty() { String::new() } else { format!(" raised by {function} in {file}") };
        why.push(format!("member \"{type_name}\"{place}"));
        parts.extend(["member".to_owned(), type_name, file, function]);
    }
}

/// The innermost frame that counts.
pub(super) fn raised_at(exception: &Exception) -> Option<(String, String)> {
    frames_that_count(exception).0.into_iter().next()
}

pub(crate) fn normalised_type(type_name: &str) -> &str {
    let type_name = type_name.strip_prefix("builtins.").unwrap_or(type_name);
    type_name.strip_prefix("__mp_main__.").or(type_name.strip_prefix("__main__.")).unwrap_or(type_name)
}

/// Normalised file and function of the frames that count, the raise first, and what they are.
pub(super) fn frames_that_count(exception: &Exception) -> (Vec<(String, String)>, &'static str) {
    let in_app = exception.frames.iter().any(|frame| frame.in_app);
    let kind = if in_app { "in-app frames" } else { "frames" };
    let mut frames: Vec<(String, String)> = Vec::new();
    for frame in exception.frames.iter().rev() {
        if in_app != frame.in_app || is_comprehension(frame) {
            continue;
        }
        let normalised = normalised(frame);
        if frames.last() != Some(&normalised) {
            frames.push(normalised);
        }
        if frames.len() == FRAMES_MAX {
            break;
        }
    }
    (frames, kind)
}

pub(super) fn is_comprehension(frame: &Frame) -> bool {
    matches!(frame.function.as_str(), "<listcomp>" | "<dictcomp>" | "<setcomp>")
}

/// Normalised file and function.
pub(super) fn normalised(frame: &Frame) -> (String, String) {
    (normalised_file(&frame.file), normalised_function(&frame.function))
}

fn normalised_file(file: &str) -> String {
    let file = file.replace('\\', "/");
    for root in ["site-packages/", "dist-packages/"] {
        if let Some((_, rest)) = file.rsplit_once(root) {
            return without_ids(rest);
        }
    }
    if let Some((_, rest)) = file.rsplit_once("lib/python3.")
        && let Some((_, rest)) = rest.split_once('/')
    {
        return without_ids(rest);
    }
    let parts: Vec<&str> = file.split('/').filter(|part| !part.is_empty()).collect();
    let kept = if parts.last() == Some(&"__init__.py") { 3 } else { 2 };
    without_ids(&parts[parts.len().saturating_sub(kept)..].join("/"))
}

fn normalised_function(function: &str) -> String {
    let innermost = function.rsplit_once("<locals>.").map_or(function, |(_, innermost)| innermost);
    without_ids(innermost)
}

/// Replaces words that are ids or versions, words being runs of letters, digits and dots.
fn without_ids(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars().chain(std::iter::once('\0')) {
        if c.is_alphanumeric() || c == '.' {
            word.push(c);
            continue;
        }
        push_word(&mut result, &word);
        word.clear();
        if c != '\0' {
            result.push(c);
        }
    }
    result
}

fn push_word(result: &mut String, word: &str) {
    let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
    let is_hex = word.len() >= 8 && has_digit && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = word.strip_prefix('v').unwrap_or(word);
    let is_version =
        number.contains('.') && has_digit && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_hex || is_version {
        result.push('*');
        return;
    }
    let mut digits = String::new();
    for c in word.chars().chain(std::iter::once('\0')) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        result.push_str(if digits.len() >= 4 { "*" } else { &digits });
        digits.clear();
        if c != '\0' {
            result.push(c);
        }
    }
}

/// The first line of a message without what differs between occurrences.
pub(crate) fn normalised_message(message: &str) -> String {
    let line = message.lines().next().unwrap_or("");
    let mut unquoted = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(open) = rest.find(['\'', '"', '`']) {
        let quote = rest.as_bytes()[open] as char;
        let begins_word = rest[..open].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        match rest[open + 1..].find(quote).filter(|_| begins_word) {
            Some(length) => {
                unquoted.push_str(&rest[..open]);
                unquoted.push('*');
                rest = &rest[open + 1 + length + 1..];
            }
            None => {
                unquoted.push_str(&rest[..=open]);
                rest = &rest[open + 1..];
            }
        }
    }
    unquoted.push_str(rest);
    let words: Vec<&str> = unquoted
        .split_whitespace()
        .take(WORDS_MAX)
        .map(|word| if is_specific(word) { "*" } else { word })
        .collect();
    words.join(" ")
}

fn is_specific(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit()) || word.contains(['/', '@', '\\'])
}

#[cfg(test)]
#[path = "v1_tests.rs"]
mod tests;
