//! The query language of the explorer and the API: `service:checkout -env:dev has:values "card declined"`.
//!
//! Terms are separated by spaces and all of them must match. A term is `key:value`, `-key:value`,
//! `has:values`, `is:handled`, `is:unhandled`, or words. Where issues are asked for there are also `is:` with a
//! state, `new`, `regression`, `assigned` or `unassigned`, and `assignee:name`. `*` at the end of a value stands for any
//! rest. Quotes keep spaces and colons together; inside them `\"` is a quote and `\\` a backslash.

use std::fmt;

use reenact_issues::lifecycle::State;

use crate::{Field, Filter, words};

/// Length of a query in bytes.
pub const QUERY_BYTES_MAX: usize = 4096;
/// Terms of a query.
pub const QUERY_TERMS_MAX: usize = 64;

/// Keys with their field, for suggestions in this order.
const KEYS: [(&str, Field); 10] = [
    ("service", Field::Service),
    ("env", Field::Env),
    ("version", Field::Version),
    ("error.type", Field::ErrorType),
    ("type", Field::ErrorType),
    ("host", Field::Host),
    ("resource", Field::Resource),
    ("trace_id", Field::TraceId),
    ("issue", Field::Issue),
    ("user", Field::User),
];

/// Keys that have no field.
const OTHER_KEYS: [&str; 4] = ["has", "is", "handled", "assignee"];

/// A condition on what was decided about an issue, or known of it ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssueTerm {
    /// It is in this state.
    State(State),
    /// It is new, and for review.
    New,
    /// It came back.
    Regression,
    /// Somebody works on it.
    Assigned,
    /// Nobody does.
    Unassigned,
    /// This one does.
    Assignee(String),
}

/// What a query may ask for.
struct Known<'a> {
    field_of: &'a dyn Fn(&str) -> Option<Field>,
    /// What becomes of a condition on issues; `None` where issues are not known.
    filter_of: Option<&'a dyn Fn(IssueTerm) -> Filter>,
}

/// A query that is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Where the term begins, in bytes from the start of the query.
    pub at: usize,
    /// What is wrong, and how to mend it.
    pub message: String,
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {})", self.message, self.at + 1)
    }
}

impl std::error::Error for QueryError {}

/// Reads a query. The empty one asks for everything.
///
/// # Errors
/// [`QueryError`] names the place and a remedy; a query over [`QUERY_BYTES_MAX`] or
/// [`QUERY_TERMS_MAX`] is refused.
pub fn parse(text: &str) -> Result<Filter, QueryError> {
    parse_with(text, &|key| field_of_key(key))
}

/// Reads a query in which `field_of` knows the keys.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(text: &str, field_of: &dyn Fn(&str) -> Option<Field>) -> Result<Filter, QueryError> {
    parse_known(text, &Known { field_of, filter_of: None })
}

/// Reads a query that may also ask for what was decided about issues; `filter_of` says which ones those are.
///
/// # Errors
/// As [`parse`].
pub fn parse_for_issues(text: &str, filter_of: &dyn Fn(IssueTerm) -> Filter) -> Result<Filter, QueryError> {
    parse_known(text, &Known { field_of: &field_of_key, filter_of: Some(filter_of) })
}

fn parse_known(text: &str, known: &Known<'_>) -> Result<Filter, QueryError> {
    if text.len() > QUERY_BYTES_MAX {
        return Err(QueryError {
            at: 0,
            message: format!("the query is longer than {QUERY_BYTES_MAX} bytes"),
        });
    }
    let mut filters = Vec::new();
    let mut rest = Cursor { text, at: 0 };
    while let Some(term) = rest.term()? {
        if filters.len() == QUERY_TERMS_MAX {
            return Err(QueryError {
                at: term.at,
                message: format!("the query has more than {QUERY_TERMS_MAX} terms"),
            });
        }
        let filter = term_filter(&term, known)?;
        filters.push(if term.negated { Filter::Not(Box::new(filter)) } else { filter });
    }
    Ok(match filters.len() {
        0 => Filter::All,
        1 => filters.remove(0),
        _ => Filter::And(filters),
    })
}

/// The field of a key of the query language.
pub fn field_of_key(key: &str) -> Option<Field> {
    if let Some(tag) = key.strip_prefix('@') {
        return (!tag.is_empty()).then(|| Field::Tag(tag.to_owned()));
    }
    KEYS.iter().find(|(known, _)| *known == key).map(|(_, field)| field.clone())
}

struct Term {
    at: usize,
    negated: bool,
    key: Option<String>,
    value: String,
    quoted: bool,
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn term(&mut self) -> Result<Option<Term>, QueryError> {
        while self.peek().is_some_and(char::is_whitespace) {
            self.bump();
        }
        let at = self.at;
        let negated = self.peek() == Some('-');
        if negated {
            self.bump();
        }
        let Some(first) = self.peek() else {
            let lone = QueryError { at, message: "`-` stands alone; write `-key:value`".into() };
            return if negated { Err(lone) } else { Ok(None) };
        };
        if first == '"' {
            let value = self.quoted()?;
            return Ok(Some(Term { at, negated, key: None, value, quoted: true }));
        }
        let from = self.at;
        while self.peek().is_some_and(|c| !c.is_whitespace() && c != ':' && c != '"') {
            self.bump();
        }
        let word = self.text[from..self.at].to_owned();
        if self.peek() != Some(':') || word.is_empty() {
            while self.peek().is_some_and(|c| !c.is_whitespace()) {
                self.bump();
            }
            let value = self.text[from..self.at].to_owned();
            return Ok(Some(Term { at, negated, key: None, value, quoted: false }));
        }
        self.bump();
        if self.peek() == Some('"') {
            let value = self.quoted()?;
            return Ok(Some(Term { at, negated, key: Some(word), value, quoted: true }));
        }
        let from = self.at;
        while self.peek().is_some_and(|c| !c.is_whitespace()) {
            self.bump();
        }
        let value = self.text[from..self.at].to_owned();
        Ok(Some(Term { at, negated, key: Some(word), value, quoted: false }))
    }

    fn quoted(&mut self) -> Result<String, QueryError> {
        let opened_at = self.at;
        self.bump();
        let mut value = String::new();
        loop {
            match self.peek() {
                None => {
                    return Err(QueryError {
                        at: opened_at,
                        message: "the quote is not closed; add `\"`".into(),
                    });
                }
                Some('"') => {
                    self.bump();
                    return Ok(value);
                }
                Some('\\') => {
                    self.bump();
                    value.extend(self.peek());
                    self.bump();
                }
                Some(character) => {
                    value.push(character);
                    self.bump();
                }
            }
        }
    }
}

fn term_filter(term: &Term, known: &Known<'_>) -> Result<Filter, QueryError> {
    let error = |message: String| QueryError { at: term.at, message };
    let Some(key) = &term.key else {
        let words = words(&term.value);
        if words.is_empty() {
            return Err(error("this has no letters or digits to search for".into()));
        }
        return Ok(Filter::Words(words));
    };
    if term.value.is_empty() && !term.quoted {
        return Err(error(format!("`{key}:` has no value; write `{key}:value`")));
    }
    match (key.as_str(), term.value.as_str()) {
        ("has", "values") => return Ok(Filter::HasValues),
        ("has", _) => return Err(error("`has:` knows `values` only".into())),
        ("is", "handled") | ("handled", "true") => return Ok(Filter::Handled(true)),
        ("is", "unhandled") | ("handled", "false") => return Ok(Filter::Handled(false)),
        ("is", name) => {
            let found = known.filter_of.zip(issue_term(name)).map(|(filter_of, term)| filter_of(term));
            return found.ok_or_else(|| error(unknown_is(known.filter_of.is_some())));
        }
        ("assignee", name) if known.filter_of.is_some() => {
            let filter = known.filter_of.map(|filter_of| filter_of(IssueTerm::Assignee(name.to_owned())));
            return filter.ok_or_else(|| error(unknown_key(key)));
        }
        ("handled", _) => return Err(error("`handled:` is `true` or `false`".into())),
        _ => {}
    }
    let field = (known.field_of)(key).ok_or_else(|| error(unknown_key(key)))?;
    let value = match field {
        Field::TraceId | Field::Issue => term.value.to_ascii_lowercase(),
        _ => term.value.clone(),
    };
    match value.strip_suffix('*') {
        Some(start) if !term.quoted && start.contains('*') => {
            Err(error("`*` may stand at the end of a value only".into()))
        }
        Some(start) if !term.quoted => Ok(Filter::StartsWith(field, start.to_owned())),
        None if !term.quoted && value.contains('*') => {
            Err(error("`*` may stand at the end of a value only".into()))
        }
        _ => Ok(Filter::Equals(field, value)),
    }
}

fn issue_term(name: &str) -> Option<IssueTerm> {
    Some(match name {
        "new" => IssueTerm::New,
        "regression" => IssueTerm::Regression,
        "assigned" => IssueTerm::Assigned,
        "unassigned" => IssueTerm::Unassigned,
        state => IssueTerm::State(State::of_name(state)?),
    })
}

fn unknown_is(of_issues: bool) -> String {
    if !of_issues {
        return "`is:` knows `handled` and `unhandled` only".to_owned();
    }
    let states = State::ALL.map(|state| format!("`{}`", state.as_str())).join(", ");
    format!(
        "`is:` knows `handled`, `unhandled`, `new`, `regression`, `assigned`, `unassigned`, {states} only"
    )
}

fn unknown_key(key: &str) -> String {
    // A foreign text goes into the answer: it is cut, so that the answer stays short.
    let shown: String = key.chars().take(40).collect();
    let known = KEYS.iter().map(|(known, _)| *known).chain(OTHER_KEYS).filter(|known| *known != key);
    let nearest =
        known.map(|known| (distance(key, known), known)).min().filter(|(distance, _)| *distance <= 2);
    match nearest {
        Some((_, known)) => format!("unknown key `{shown}`; did you mean `{known}`?"),
        None => format!(
            "unknown key `{shown}`; for a tag write `@{shown}:value`, for words with a colon use quotes"
        ),
    }
}

/// Levenshtein distance, for short texts; long ones are far from everything.
fn distance(left: &str, right: &str) -> usize {
    if left.len() > 40 {
        return usize::MAX;
    }
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, want: Filter) {
        assert_eq!(parse(query), Ok(want), "{query}");
    }

    #[track_caller]
    fn refused(query: &str, at: usize, part: &str) {
        let error = parse(query).unwrap_err();
        assert_eq!(error.at, at, "{error}");
        assert!(error.message.contains(part), "{error}");
    }

    fn is(field: Field, value: &str) -> Filter {
        Filter::Equals(field, value.into())
    }

    #[test]
    fn terms_are_keys_with_values_and_words() {
        check("", Filter::All);
        check("service:checkout", is(Field::Service, "checkout"));
        check(
            " -env:dev  error.type:ValueError ",
            Filter::And(vec![
                Filter::Not(Box::new(is(Field::Env, "dev"))),
                is(Field::ErrorType, "ValueError"),
            ]),
        );
        check("cardDeclined", Filter::Words(vec!["card".into(), "declined".into()]));
        check("\"card declined\"", Filter::Words(vec!["card".into(), "declined".into()]));
        check("has:values", Filter::HasValues);
        check("-has:values", Filter::Not(Box::new(Filter::HasValues)));
        check("is:unhandled", Filter::Handled(false));
        check("@http.status_code:500", is(Field::Tag("http.status_code".into()), "500"));
    }

    #[test]
    fn quotes_keep_spaces_colons_and_stars() {
        check("resource:\"GET /a b\"", is(Field::Resource, "GET /a b"));
        check(r#"version:"1\"2\\3""#, is(Field::Version, r#"1"2\3"#));
        check("service:\"a*\"", is(Field::Service, "a*"));
        check("service:a*", Filter::StartsWith(Field::Service, "a".into()));
        check("resource:http://x", is(Field::Resource, "http://x"));
    }

    #[test]
    fn mistakes_are_explained_where_they_are() {
        refused("env:prod servce:x", 9, "did you mean `service`?");
        refused("zzzzzz:x", 0, "@zzzzzz:value");
        refused("service:", 0, "no value");
        refused("a \"open", 2, "not closed");
        refused("--", 0, "no letters");
        refused("-", 0, "stands alone");
        refused("service:a*b", 0, "at the end");
        refused("has:cake", 0, "knows `values`");
        refused(&"x".repeat(5000), 0, "longer");
        refused(&"x ".repeat(65), 128, "more than 64 terms");
    }

    #[test]
    fn issues_are_asked_for_where_they_are_known() {
        let asked = std::cell::RefCell::new(Vec::new());
        let filter_of = |term| {
            asked.borrow_mut().push(term);
            Filter::HasValues
        };
        let query = "is:resolved -is:new is:regression is:unassigned assignee:\"ada l\" is:handled";
        let filter = parse_for_issues(query, &filter_of).unwrap();
        assert!(matches!(filter, Filter::And(all) if all.len() == 6 && all[0] == Filter::HasValues));
        let terms = [
            IssueTerm::State(State::Resolved),
            IssueTerm::New,
            IssueTerm::Regression,
            IssueTerm::Unassigned,
            IssueTerm::Assignee("ada l".to_owned()),
        ];
        assert_eq!(*asked.borrow(), terms);
        let error = parse_for_issues("is:done", &filter_of).unwrap_err();
        assert!(error.message.contains("`for_review`"), "{error}");
        refused("is:resolved", 0, "`handled` and `unhandled` only");
        refused("assignee:ada", 0, "unknown key");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_fail_otherwise(text in ".*") {
            if let Err(error) = parse(&text) {
                proptest::prop_assert!(text.is_char_boundary(error.at.min(text.len())));
            }
        }
    }
}
