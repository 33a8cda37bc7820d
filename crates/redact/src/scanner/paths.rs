//! Paths of texts, and patterns of them.
//!
//! A path is the names on the way to a text, with dots between: `error.message`, `tags.http.url`,
//! `values.locals.order.card`; an element of a list is its index. In a pattern `*` stands for any text
//! within one name, and `**` for any number of names, none included. A pattern holds for what it
//! matches and for everything beneath.

#[derive(Clone, Debug)]
pub(super) struct PathPattern {
    parts: Vec<String>,
}

impl PathPattern {
    /// Takes a pattern of at most 20 names, none empty.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let parts: Vec<String> = pattern.trim().split('.').map(str::to_owned).collect();
        let stars = parts.iter().filter(|part| *part == "**").count();
        (parts.len() <= 20 && stars <= 2 && parts.iter().all(|part| !part.is_empty()))
            .then_some(Self { parts })
    }

    pub(super) fn holds(&self, path: &str) -> bool {
        let names: Vec<&str> = path.split('.').collect();
        is_prefix(&self.parts, &names)
    }
}

/// Recursion is as deep as a pattern has `**`, of which there are two at most.
fn is_prefix(parts: &[String], names: &[&str]) -> bool {
    for (index, part) in parts.iter().enumerate() {
        if part == "**" {
            return (index..=names.len()).any(|from| is_prefix(&parts[index + 1..], &names[from..]));
        }
        match names.get(index) {
            Some(name) if crate::types::is_match(part, name) => {}
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, path: &str, want: bool) {
        assert_eq!(PathPattern::new(pattern).unwrap().holds(path), want, "{pattern} {path}");
    }

    #[test]
    fn a_pattern_holds_for_what_is_beneath() {
        check("error", "error.message", true);
        check("error.message", "error.message", true);
        check("error.message", "error.stack", false);
        check("error.mess", "error.message", false);
        check("values.*.order.card", "values.locals.order.card.number", true);
        check("values.*.card", "values.locals.order.card", false);
        check("values.**.card", "values.locals.order.card", true);
        check("**.card*", "tags.card_holder", true);
        check("tags.http.url", "tags.http.url", true);
        assert!(PathPattern::new("a..b").is_none());
    }
}
