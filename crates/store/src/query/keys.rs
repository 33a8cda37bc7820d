//! The keys of the query language, in one place: for reading, for suggestions and for completion.

use crate::Field;

/// A key of the query language.
#[derive(Clone, Debug)]
pub struct Key {
    /// As it is written before the colon.
    pub name: &'static str,
    /// What it asks for, in a few words.
    pub about: &'static str,
    /// The field of events that it asks for; `None` for keys that ask for something else.
    pub field: Option<Field>,
    /// The values that it knows; none where any text is a value.
    pub values: &'static [&'static str],
    /// Whether it asks for what is known of issues, so that it is a key only where those are asked for.
    pub of_issues: bool,
}

const fn of_field(name: &'static str, field: Field, about: &'static str) -> Key {
    Key { name, about, field: Some(field), values: &[], of_issues: false }
}

const fn of_words(name: &'static str, about: &'static str, values: &'static [&'static str]) -> Key {
    Key { name, about, field: None, values, of_issues: false }
}

const fn of_issues(name: &'static str, about: &'static str, values: &'static [&'static str]) -> Key {
    Key { name, about, field: None, values, of_issues: true }
}

/// Every key but those of tags, which are `@` and a name; suggestions are in this order.
pub static KEYS: [Key; 19] = [
    of_field("service", Field::Service, "service"),
    of_field("env", Field::Env, "environment"),
    of_field("version", Field::Version, "version of the service; has an order"),
    of_field("error.type", Field::ErrorType, "type of the exception"),
    of_field("type", Field::ErrorType, "short for `error.type`"),
    of_field("host", Field::Host, "host"),
    of_field("resource", Field::Resource, "request or job: `GET /pay`"),
    of_field("frame.function", Field::Function, "function of any frame"),
    of_field("frame.file", Field::File, "source file of any frame"),
    of_field("cause", Field::Cause, "what probably went wrong: `timeout`, `missing_value`"),
    of_field("trace_id", Field::TraceId, "trace, 32 hexadecimal digits"),
    of_field("issue", Field::Issue, "issue, 16 hexadecimal digits"),
    of_field("user", Field::User, "impacted user"),
    of_words("has", "what an event has", &["values"]),
    of_words(
        "is",
        "handled or not, and where the issue stands",
        &[
            "handled",
            "unhandled",
            "new",
            "regression",
            "assigned",
            "unassigned",
            "for_review",
            "reviewed",
            "resolved",
            "ignored",
            "excluded",
        ],
    ),
    of_words("handled", "whether the service survived it", &["true", "false"]),
    of_issues("assignee", "who works on the issue", &[]),
    of_issues("owner", "who owns the code that raised, by CODEOWNERS", &["none", "unknown"]),
    of_issues("age", "time since the issue was first seen", &["<1h", "<1d", "<2d", "<1w", ">=1w"]),
];

/// What the paths to captured values begin with.
pub const VALUE_KEY: &str = "var.";

/// What tags begin with.
pub const TAG_KEY: &str = "@";

/// The key of this name; `None` for tags, and for what is none.
pub fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The field of a key of the query language.
pub fn field_of_key(key: &str) -> Option<Field> {
    if let Some(tag) = key.strip_prefix(TAG_KEY) {
        return (!tag.is_empty()).then(|| Field::Tag(tag.to_owned()));
    }
    KEYS.iter().find(|known| known.name == key).and_then(|known| known.field.clone())
}

/// The key of a tag as it is written in a query: in quotes where its name has a space, a colon or a quote.
pub fn tag_key(name: &str) -> String {
    let is_plain = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == ':' || c == '"');
    if is_plain { format!("{TAG_KEY}{name}") } else { format!("{TAG_KEY}{}", quoted(name)) }
}

/// A value as it is written in a query whatever is in it.
pub fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
