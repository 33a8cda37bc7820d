//! Expressions over literals, beside what Python answers (`fixtures/python`).

use super::*;

/// Why something that Python knows is not answered: what is beyond the numbers here, and operations that are not known.
const LIMITS: [&str; 16] = [
    "127 bits",
    "complex numbers are not known here",
    "is not known here for a",
    "is not known for a",
    "what is in a bytes was not captured",
    "was not captured; use `==`",
    "what a str goes through",
    "what a bytes goes through",
    "`str` runs code",
    "`repr` shows",
    "differ between versions of Python",
    "this is no whole number",
    "this is no number",
    "cannot stand here",
    "half a pair of UTF-16",
    "a number ends before a letter",
];

#[test]
fn literals_are_answered_as_python_does_or_not_at_all() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/python/expressions.tsv");
    let table = std::fs::read_to_string(path).unwrap();
    let case = values();
    let wrong: Vec<String> = table
        .lines()
        .filter_map(|line| {
            let (text, python) = line.split_once('\t').unwrap();
            let got = answer(&case, text);
            let is_right = match got.strip_prefix("! ") {
                Some(_) if python.starts_with("! ") => true,
                Some(why) => LIMITS.iter().any(|limit| why.contains(limit)),
                None => got == python,
            };
            (!is_right).then(|| format!("{text}: {got}, and in Python {python}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), table.lines().count(), wrong.join("\n"));
}
