//! What may follow in an expression that is being typed.

use std::collections::HashSet;

use crate::case::{Case, StackFrame};
use crate::evaluate::{FUNCTIONS, Value, evaluate, is_name, written};
use crate::graph::Body;
use crate::limits::{COMPLETIONS_MAX, EXPRESSION_BYTES_MAX};

/// What is typed so far of a name or key, and what it is a part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Completed<'t> {
    /// What stands before it; nothing for the name of a variable.
    pub(crate) of: &'t str,
    pub(crate) typed: &'t str,
    pub(crate) is_key: bool,
}

/// A proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) text: String,
    /// As the protocol names it.
    pub(crate) kind: &'static str,
}

/// Reads a text from its end: a name, the attribute of a path, or a key between brackets.
pub(crate) fn completed(before: &str) -> Option<Completed<'_>> {
    if before.len() > EXPRESSION_BYTES_MAX {
        return None;
    }
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    if let Some(at) = before.rfind('[')
        && before[at + 1..].starts_with(['\'', '"'])
        && !before[at + 2..].contains(['\'', '"', ']'])
    {
        return Some(Completed { of: path(&before[..at]), typed: &before[at + 1..], is_key: true });
    }
    let start = before
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_part(*c))
        .last()
        .map_or(before.len(), |(at, _)| at);
    let (front, typed) = before.split_at(start);
    if let Some(front) = front.strip_suffix('.') {
        let of = path(front);
        return (!of.is_empty()).then_some(Completed { of, typed, is_key: false });
    }
    if typed.is_empty()
        && let Some(front) = front.strip_suffix('[')
    {
        return Some(Completed { of: path(front), typed, is_key: true });
    }
    Some(Completed { of: "", typed, is_key: false })
}

/// The names, attributes and items that a text ends with.
fn path(text: &str) -> &str {
    let mut start = text.len();
    let mut open = 0_usize;
    for (at, character) in text.char_indices().rev() {
        match character {
            ']' | ')' => open += 1,
            '[' | '(' if open == 0 => break,
            '[' | '(' => open -= 1,
            c if open > 0 || c.is_alphanumeric() || matches!(c, '_' | '.') => {}
            _ => break,
        }
        start = at;
    }
    &text[start..]
}

/// What may stand there, in the order of the capture.
///
/// - **Limits:** [`COMPLETIONS_MAX`].
pub(crate) fn proposals(case: &Case, frame: &StackFrame, wanted: &Completed<'_>) -> Vec<Proposal> {
    let mut names: Vec<(String, &'static str)> = Vec::new();
    if wanted.of.is_empty() && !wanted.is_key {
        for scope in &frame.scopes {
            let Body::Fields(fields) = &case.graph.get(scope.node).body else { continue };
            names.extend(fields.iter().map(|(name, _)| (name.clone(), "variable")));
        }
        names.extend(FUNCTIONS.iter().map(|name| ((*name).to_owned(), "function")));
        names.push(("__exception__".to_owned(), "value"));
        names.retain(|(name, _)| is_name(name));
    } else if let Ok(Value::Node(id)) = evaluate(case, frame, wanted.of) {
        match &case.graph.get(id).body {
            Body::Fields(fields) if !wanted.is_key => {
                let steps = fields.iter().filter_map(|(name, _)| written(name));
                let attributes = steps.filter_map(|step| step.strip_prefix('.').map(str::to_owned));
                names.extend(attributes.map(|name| (name, "property")));
            }
            Body::Entries(entries) if wanted.is_key => {
                let quote = wanted.typed.chars().next();
                for (key, _) in entries.iter().take(COMPLETIONS_MAX * 10) {
                    let Body::Scalar(text) = &case.graph.get(*key).body else { continue };
                    let text = match quote {
                        Some('"') if text.starts_with('\'') && !text.contains('"') => {
                            format!("\"{}\"", text.trim_matches('\''))
                        }
                        _ => text.clone(),
                    };
                    if crate::expression::parse(&text).is_ok() {
                        names.push((format!("{text}]"), "value"));
                    }
                }
            }
            _ => {}
        }
    }
    let mut seen = HashSet::new();
    names.retain(|(name, _)| name.starts_with(wanted.typed) && seen.insert(name.clone()));
    names.truncate(COMPLETIONS_MAX);
    names
        .into_iter()
        .map(|(text, kind)| Proposal { text: reenact_replay::visible::visible(&text), kind })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &str, of: &str, typed: &str, is_key: bool) {
        assert_eq!(completed(before), Some(Completed { of, typed, is_key }), "{before}");
    }

    #[test]
    fn what_is_typed_is_told_from_the_end() {
        check("", "", "", false);
        check("ord", "", "ord", false);
        check("1 + order.li", "order", "li", false);
        check("len(order.lines[0].", "order.lines[0]", "", false);
        check("order[f(x)].a.", "order[f(x)].a", "", false);
        check("headers['ho", "headers", "'ho", true);
        check("a or headers[", "headers", "", true);
        check("x == y", "", "y", false);
        assert_eq!(completed("."), None);
    }
}
