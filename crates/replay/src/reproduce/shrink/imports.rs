//! What a test imports and which of our functions it has, as far as they are used.

use super::super::program::HELPERS;
use super::super::python::{Dotted, Name};
use super::super::scope::from_lines;
use super::super::source;

/// The imports without the names that the rest of the file does not use.
pub(super) fn needed(imports: &str, rest: &str) -> String {
    let mut kept = String::new();
    let mut lines = imports.lines();
    while let Some(line) = lines.next() {
        if let Some(module) = line.strip_prefix("import ") {
            if uses(rest, module.split('.').next().unwrap_or(module)) {
                kept.push_str(&format!("{line}\n"));
            }
            continue;
        }
        let Some((module, names)) = line.strip_prefix("from ").and_then(|line| line.split_once(" import "))
        else {
            kept.push_str(&format!("{line}\n"));
            continue;
        };
        let mut all = names.to_owned();
        if names == "(" {
            all = lines.by_ref().take_while(|line| *line != ")").collect::<Vec<_>>().join(" ");
        }
        let names: Vec<(Name, Name)> = all.split(',').filter_map(imported).collect();
        let used: Vec<(&Name, &Name)> = names
            .iter()
            .filter(|(_, local)| uses(rest, local.as_str()))
            .map(|(name, local)| (name, local))
            .collect();
        if let Some(module) = Dotted::checked(module).filter(|_| !used.is_empty()) {
            kept.push_str(&from_lines(&module, &used));
        }
    }
    // Where a section is empty, the lines between the sections are too many.
    while kept.contains("\n\n\n\n") {
        kept = kept.replace("\n\n\n\n", "\n\n\n");
    }
    kept
}

/// `Cart` or `Cart as Cart_`: the name there, and here.
fn imported(text: &str) -> Option<(Name, Name)> {
    let text = text.trim();
    let (name, local) = text.split_once(" as ").unwrap_or((text, text));
    Some((Name::checked(name)?, Name::checked(local)?))
}

/// Whether a program names something outside of its strings and comments.
pub(super) fn uses(program: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = program;
    while let Some(at) = rest.find(['"', '\'', '#']).or(Some(rest.len())).filter(|_| !rest.is_empty()) {
        let (code, behind) = rest.split_at(at);
        if code.split(|c| !is_part(c)).any(|word| word == name) {
            return true;
        }
        rest = behind_next(behind);
    }
    false
}

/// What follows the string or comment that a text begins with.
fn behind_next(text: &str) -> &str {
    let Some(quote) = text.chars().next() else { return "" };
    if quote == '#' {
        return text.find('\n').map_or("", |end| &text[end..]);
    }
    let triple = "\"\"\"";
    if let Some(inner) = text.strip_prefix(triple) {
        return inner.split_once(triple).map_or("", |(_, rest)| rest);
    }
    source::behind_text(&text[1..], quote)
}

/// The program without those of our functions that it does not use.
pub(super) fn without_helpers(mut program: String) -> String {
    for (names, helper) in HELPERS {
        let block = format!("\n\n{helper}");
        let Some(at) = program.find(&block) else { continue };
        let without = format!("{}{}", &program[..at], &program[at + block.len()..]);
        if !names.iter().any(|name| uses(&without, name)) {
            program = without;
        }
    }
    program
}
