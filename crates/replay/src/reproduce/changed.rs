//! Arguments that a function changes before it raises, as far as its lines tell.

use std::collections::BTreeMap;

use super::source::Lines;

/// Methods that change what they are called on.
const CHANGING: [&str; 16] = [
    "append",
    "extend",
    "insert",
    "remove",
    "pop",
    "clear",
    "sort",
    "reverse",
    "update",
    "setdefault",
    "popitem",
    "add",
    "discard",
    "popleft",
    "appendleft",
    "write",
];

/// Arguments that the lines from the header of the function to the one that raised assign or change, each with how:
/// `is assigned on line 12`.
///
/// Reads lines and not syntax: strings over several lines may tell what is not so, and calls that change their
/// arguments elsewhere are not seen.
///
/// - **Limits:** the lines that are known; O(bytes × names).
pub(super) fn arguments(
    lines: &Lines<'_>,
    header: u32,
    raised: u32,
    names: &[&str],
) -> BTreeMap<String, String> {
    let mut changes = BTreeMap::new();
    let Some(last) = raised.checked_sub(1) else { return changes };
    for (number, line) in lines.between(lines.body_of(header), last) {
        let code = code_of(line);
        for name in names {
            if let Some(how) = change(&code, name) {
                changes.entry((*name).to_owned()).or_insert_with(|| format!("{how} on line {number}"));
            }
        }
    }
    changes
}

/// The line without its strings and comment.
pub(super) fn code_of(line: &str) -> String {
    let mut code = String::with_capacity(line.len());
    let mut quote = None;
    let mut escaped = false;
    for c in line.trim().chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '#' => break,
            None if matches!(c, '"' | '\'') => {
                quote = Some(c);
                code.push(c);
            }
            None => code.push(c),
        }
    }
    code
}

/// How a line of code changes a variable.
pub(super) fn change(code: &str, name: &str) -> Option<&'static str> {
    for (at, _) in code.match_indices(name) {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        if before.ends_with(|c| is_part(c) || c == '.') || after.starts_with(is_part) {
            continue;
        }
        let after = after.trim_start();
        let opens = |text: &str| text.matches(['(', '[', '{']).count();
        let closes = |text: &str| text.matches([')', ']', '}']).count();
        let is_inside = opens(before) > closes(before);
        if before.trim_start().starts_with("del ") {
            return Some("is deleted");
        }
        let in_header = before.rsplit_once("for ").is_some_and(|(_, header)| !header.contains(" in "));
        if in_header && !is_inside && code.trim_start().starts_with("for ") {
            return Some("is the variable of a loop");
        }
        if before.trim_end().ends_with(" as") {
            return Some("is assigned");
        }
        if after.starts_with(":=") {
            return Some("is assigned");
        }
        if !is_inside && is_assignment(after) && !before.contains('=') {
            return Some("is assigned");
        }
        if let Some(method) = after.strip_prefix('.') {
            // Of `.lines.append(` the last name is the method.
            let length = method.find(|c| !is_part(c) && c != '.').unwrap_or(method.len());
            let (names, rest) = method.split_at(length);
            let method = names.rsplit('.').next().unwrap_or(names);
            if CHANGING.contains(&method) && rest.starts_with('(') {
                return Some("is changed");
            }
            if !is_inside && is_assignment(rest.trim_start()) {
                return Some("has an attribute assigned");
            }
        }
        if after.starts_with('[')
            && let Some(end) = after.find(']')
            && !is_inside
            && is_assignment(after[end + 1..].trim_start())
        {
            return Some("has an element assigned");
        }
    }
    None
}

/// Whether the text goes on with `=`, `+=` and so on, or with more targets of one.
fn is_assignment(after: &str) -> bool {
    if after.starts_with("==") {
        return false;
    }
    let operators = ["=", "+=", "-=", "*=", "/=", "//=", "%=", "**=", "|=", "&=", "^=", ">>=", "<<=", "@="];
    let has_more = after.starts_with(',')
        && after.split_once('=').is_some_and(|(targets, rest)| {
            !rest.starts_with('=') && targets.chars().all(|c| c.is_alphanumeric() || "_, .*".contains(c))
        });
    operators.iter().any(|operator| after.starts_with(operator)) || has_more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_change_an_argument_are_known() {
        for (line, how) in [
            ("rows = list(rows)", Some("is assigned")),
            ("rows += 1", Some("is assigned")),
            ("a, rows = rows, a", Some("is assigned")),
            ("rows, a = a, 1", Some("is assigned")),
            ("rows.pop()", Some("is changed")),
            ("last = rows.pop(0)", Some("is changed")),
            ("rows.lines.append(1)", Some("is changed")),
            ("rows.total = 1", Some("has an attribute assigned")),
            ("rows[0] = 1", Some("has an element assigned")),
            ("del rows[0]", Some("is deleted")),
            ("for rows in data:", Some("is the variable of a loop")),
            ("for i, rows in data:", Some("is the variable of a loop")),
            ("with open(x) as rows:", Some("is assigned")),
            ("if (rows := f()):", Some("is assigned")),
            ("for row in rows:", None),
            ("if rows == 1:", None),
            ("f(rows=1)", None),
            ("other.rows = 1", None),
            ("rows_left = 1", None),
            ("x = 'rows = 1'  # rows = 2", None),
            ("total = rows.count(1)", None),
            ("x = rows[0]", None),
        ] {
            assert_eq!(change(&code_of(line), "rows"), how, "{line}");
        }
    }
}
