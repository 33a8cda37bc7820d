//! The query language of the explorer and the API: `service:checkout -env:dev has:values "card declined"`.
//!
//! Terms are separated by spaces and all of them must match. A term is words, or a key with a value; `-` before
//! it asks for what does not match. Words are looked for in types, messages, functions and files.
//!
//! | value | matches |
//! |---|---|
//! | `service:checkout` | exactly this |
//! | `service:check*`, `resource:*pay*` | `*` stands for any text; `env:*` for any value at all |
//! | `env:(prod OR staging)` | any of them |
//! | `@http.status_code:>499`, `version:<=1.4` | numbers, and versions in their order |
//! | `@amount:[10 TO 20]`, `version:[1.4 TO *]` | from 10 to 20, both included; from 1.4 on |
//! | `resource:"GET /pay"` | spaces, colons and `*` as they are; `\"` is a quote and `\\` a backslash |
//!
//! Keys are those of [`KEYS`], any tag as `@name` or `@"odd name"`, `has:values`, `is:handled`, `is:unhandled`. Where issues are
//! asked for there are also `is:` with a state, `new`, `regression`, `assigned` or `unassigned`, `assignee:name`,
//! `owner:@org/team` for the owners of the code that raised, and `age:<2d` for the time since an issue was first seen.

mod keys;
mod lexer;
mod meaning;
mod unknown;

use std::fmt;

use reenact_issues::lifecycle::State;

use crate::filter::is_like;
use crate::{Comparison, Field, Filter};
use lexer::Cursor;

pub use keys::{KEYS, Key, TAG_KEY, VALUE_KEY, field_of_key, key, quoted, tag_key};

/// Length of a query in bytes.
pub const QUERY_BYTES_MAX: usize = 4096;
/// Terms of a query, with the values of lists.
pub const QUERY_TERMS_MAX: usize = 64;

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
    /// Whose code raised.
    Owner(OwnerTest),
    /// The time since it was first seen, in nanoseconds, compares so with this one.
    Age(Comparison, i64),
}

/// A condition on the owners of the code that raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnerTest {
    /// `*`: somebody owns it.
    Anybody,
    /// `none`: its repository says that nobody does.
    Nobody,
    /// `unknown`: that is not known.
    Unknown,
    /// This user, team or address is one of them, whatever the case of its letters.
    Is(String),
    /// One of them is like this: the parts stand in this order, any text between them.
    Like(Vec<String>),
}

impl OwnerTest {
    /// Whether code with these owners is meant; `None` where they are not known.
    pub fn holds(&self, owners: Option<&[String]>) -> bool {
        let Some(owners) = owners else { return *self == Self::Unknown };
        match self {
            Self::Anybody => !owners.is_empty(),
            Self::Nobody => owners.is_empty(),
            Self::Unknown => false,
            Self::Is(name) => owners.iter().any(|owner| owner.eq_ignore_ascii_case(name)),
            Self::Like(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| part.to_ascii_lowercase()).collect();
                owners.iter().any(|owner| is_like(&owner.to_ascii_lowercase(), &parts))
            }
        }
    }
}

/// What a query may ask for.
struct Known<'a> {
    field_of: &'a dyn Fn(&str) -> Option<Field>,
    /// What becomes of a condition on issues; `None` where issues are not known.
    filter_of: Option<&'a dyn Fn(IssueTerm) -> Filter>,
    /// Whether captured values can be asked for.
    values: bool,
}

/// A query that is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Where the term begins, in bytes from the start of the query.
    pub at: usize,
    /// What is wrong, and how to mend it.
    pub message: String,
    /// The place in characters, the first of which is 1.
    character: usize,
}

impl QueryError {
    /// What is wrong at a place of a query, in bytes.
    pub fn new(query: &str, at: usize, message: String) -> Self {
        let character = query.char_indices().take_while(|(place, _)| *place < at).count() + 1;
        Self { at, message, character }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {})", self.message, self.character)
    }
}

impl std::error::Error for QueryError {}

/// What is wrong with a term, and where that begins in the query, in bytes.
struct Mistake {
    at: usize,
    message: String,
}

/// Reads a query. The empty one asks for everything.
///
/// # Errors
/// [`QueryError`] names the place and a remedy; a query over [`QUERY_BYTES_MAX`] or
/// [`QUERY_TERMS_MAX`] is refused.
pub fn parse(text: &str) -> Result<Filter, QueryError> {
    parse_known(text, &Known { field_of: &field_of_key, filter_of: None, values: true })
}

/// Reads a query in which `field_of` knows the keys.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(text: &str, field_of: &dyn Fn(&str) -> Option<Field>) -> Result<Filter, QueryError> {
    parse_known(text, &Known { field_of, filter_of: None, values: false })
}

/// Reads a query that may also ask for what was decided about issues; `filter_of` says which ones those are.
///
/// # Errors
/// As [`parse`].
pub fn parse_for_issues(text: &str, filter_of: &dyn Fn(IssueTerm) -> Filter) -> Result<Filter, QueryError> {
    parse_known(text, &Known { field_of: &field_of_key, filter_of: Some(filter_of), values: true })
}

fn parse_known(text: &str, known: &Known<'_>) -> Result<Filter, QueryError> {
    filter(text, known).map_err(|mistake| QueryError::new(text, mistake.at, mistake.message))
}

fn filter(text: &str, known: &Known<'_>) -> Result<Filter, Mistake> {
    if text.len() > QUERY_BYTES_MAX {
        return Err(Mistake { at: 0, message: format!("the query is longer than {QUERY_BYTES_MAX} bytes") });
    }
    let mut filters = Vec::new();
    let mut rest = Cursor::new(text);
    while let Some(term) = rest.term()? {
        let filter = meaning::filter(&term, known)?;
        filters.push(if term.negated { Filter::Not(Box::new(filter)) } else { filter });
    }
    Ok(match filters.len() {
        0 => Filter::All,
        1 => filters.remove(0),
        _ => Filter::And(filters),
    })
}

#[cfg(test)]
mod tests;
