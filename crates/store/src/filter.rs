//! What events are asked for. Nothing above this crate speaks SQL.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use reenact_issues::lifecycle::versions;
use reenact_issues::suspected_cause;
use reenact_model::{Frame, Placed, Timestamp};

use crate::{IssueSet, ValueCondition};

/// From `from` (included) to `to` (excluded).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// The first time in the range.
    pub from: Timestamp,
    /// The first time after the range.
    pub to: Timestamp,
}

impl TimeRange {
    /// Whether `time` lies in the range.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.from <= time && time < self.to
    }

    /// Whether everything lies in the range that happened between a first and a last time, in nanoseconds.
    pub(crate) fn has_all_of(&self, (first, last): (i64, i64)) -> bool {
        self.from.as_nanos() <= first && last < self.to.as_nanos()
    }

    /// The range of the same length before this one; `None` when this one begins at the `oldest` time that there is,
    /// or before it, and when there is nothing at all.
    pub fn before(&self, oldest: Option<Timestamp>) -> Option<Self> {
        oldest.filter(|oldest| *oldest < self.from)?;
        let length = self.to.nanos_since(self.from).max(0);
        Some(Self { from: self.from.saturating_add_nanos(-length), to: self.from })
    }
}

/// A field of an event that can be asked for by value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The service.
    Service,
    /// The environment.
    Env,
    /// The version of the service.
    Version,
    /// The type of the exception that escaped.
    ErrorType,
    /// The host.
    Host,
    /// What the request or job was.
    Resource,
    /// The trace, 32 hexadecimal digits.
    TraceId,
    /// The issue, 16 hexadecimal digits.
    Issue,
    /// The impacted user.
    User,
    /// The function of any frame.
    Function,
    /// The source file of any frame.
    File,
    /// What probably went wrong: a name of [`reenact_issues::Cause`].
    Cause,
    /// A tag by its name, text or numeric.
    Tag(String),
}

/// How a value stands to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// Whether it holds for what is `order` than the other one.
    pub fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

/// A condition on a value, for which each different value is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// The parts stand in this order, any text between them; the first begins the value, the last ends it.
    Like(Vec<String>),
    /// Compares so with this one: versions in their order, others as numbers. What has no order does not
    /// match.
    Compares(Comparison, String),
}

impl Test {
    /// Whether a value of `field` passes.
    pub fn holds(&self, field: &Field, value: &str) -> bool {
        match self {
            Self::Like(parts) => is_like(value, parts),
            Self::Compares(comparison, operand) => {
                let order = match field {
                    Field::Version => versions::rank(value, operand),
                    _ => {
                        let (value, operand) = (value.parse::<f64>().ok(), operand.parse::<f64>().ok());
                        value.zip(operand).and_then(|(value, operand)| value.partial_cmp(&operand))
                    }
                };
                order.is_some_and(|order| comparison.holds(order))
            }
        }
    }
}

pub(crate) fn is_like(value: &str, parts: &[String]) -> bool {
    let Some((first, others)) = parts.split_first() else { return value.is_empty() };
    let Some((last, between)) = others.split_last() else { return value == first };
    let Some(mut rest) = value.strip_prefix(first.as_str()) else { return false };
    for part in between {
        let Some(at) = rest.find(part.as_str()) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last.as_str())
}

/// A condition on events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Every event.
    All,
    /// All of the conditions.
    And(Vec<Filter>),
    /// Any of the conditions.
    Or(Vec<Filter>),
    /// Not the condition.
    Not(Box<Filter>),
    /// The field has exactly this value.
    Equals(Field, String),
    /// The field's value begins so.
    StartsWith(Field, String),
    /// The field's value passes the test.
    Passes(Field, Test),
    /// The event was handled, or not.
    Handled(bool),
    /// At least one captured frame of the event is here.
    HasValues,
    /// The words stand next to each other, in this order, in type, message, or a frame's function or
    /// file of the event. Words are those of [`words`].
    Words(Vec<String>),
    /// The event is of one of these issues.
    Issues(IssueSet),
    /// A captured value in a frame of the event that is here is so.
    Value(ValueCondition),
}

/// What a filter looks at. The engines keep the same facts in their own form.
#[derive(Clone, Copy)]
pub struct Matches<'a> {
    /// The event.
    pub event: &'a Placed,
    /// Whether at least one of its snapshots is here.
    pub has_values: bool,
    /// Whether one of its snapshots that are here has such a value.
    pub has_value: &'a dyn Fn(&ValueCondition) -> bool,
}

impl Filter {
    /// Whether an event matches. This is what every engine's answer is compared with.
    pub fn matches(&self, at: Matches<'_>) -> bool {
        self.holds(&|condition| match condition {
            Self::Equals(field, value) => has(at.event, field, &|is| is == value),
            Self::StartsWith(field, start) => has(at.event, field, &|is| is.starts_with(start.as_str())),
            Self::Passes(field, test) => has(at.event, field, &|is| test.holds(field, is)),
            Self::Handled(handled) => at.event.report.handled == *handled,
            Self::HasValues => at.has_values,
            Self::Value(condition) => at.has_values && (at.has_value)(condition),
            Self::Issues(issues) => issues.contains(at.event.issue_id),
            Self::Words(phrase) => searched_texts(at.event).any(|text| {
                let words = words(text);
                words.windows(phrase.len().max(1)).any(|window| window == phrase)
            }),
            Self::All | Self::And(_) | Self::Or(_) | Self::Not(_) => unreachable!("no single condition"),
        })
    }

    /// The different conditions on captured values in it.
    pub fn value_conditions(&self) -> Vec<&ValueCondition> {
        let mut found = Vec::new();
        self.add_value_conditions(&mut found);
        found
    }

    fn add_value_conditions<'f>(&'f self, found: &mut Vec<&'f ValueCondition>) {
        match self {
            Self::And(filters) | Self::Or(filters) => {
                filters.iter().for_each(|filter| filter.add_value_conditions(found));
            }
            Self::Not(filter) => filter.add_value_conditions(found),
            Self::Value(condition) if !found.contains(&condition) => found.push(condition),
            _ => {}
        }
    }

    /// Whether the filter holds when `is` says which single conditions do.
    pub fn holds(&self, is: &dyn Fn(&Self) -> bool) -> bool {
        match self {
            Self::All => true,
            Self::And(all) => all.iter().all(|filter| filter.holds(is)),
            Self::Or(any) => any.iter().any(|filter| filter.holds(is)),
            Self::Not(filter) => !filter.holds(is),
            single => is(single),
        }
    }
}

/// Whether a value of the field is so.
fn has(event: &Placed, field: &Field, is: &dyn Fn(&str) -> bool) -> bool {
    // A frame without a name has none, rather than an empty one.
    let is_named = |name: &str| !name.is_empty() && is(name);
    match field {
        Field::Function => frames(event).any(|frame| is_named(&frame.function)),
        Field::File => frames(event).any(|frame| is_named(&frame.file)),
        _ => field_value(event, field).is_some_and(|value| is(&value)),
    }
}

/// All frames of an event's exceptions.
pub(crate) fn frames(event: &Placed) -> impl Iterator<Item = &Frame> {
    event.report.exceptions.iter().flat_map(|exception| &exception.frames)
}

/// The value of a field that has one at most, as text; `None` where the event has none.
pub(crate) fn field_value(event: &Placed, field: &Field) -> Option<String> {
    let report = &event.report;
    match field {
        Field::Service => Some(report.service.clone()),
        Field::Env => report.env.clone(),
        Field::Version => report.version.clone(),
        Field::ErrorType => Some(report.type_name().to_owned()),
        Field::Host => report.host.clone(),
        Field::Resource => report.resource.clone(),
        Field::TraceId => report.trace_id.map(|id| id.to_string()),
        Field::Issue => Some(event.issue_id.to_string()),
        Field::User => report.user_id.clone(),
        Field::Function | Field::File => None,
        Field::Cause => Some(suspected_cause(report).cause.as_str().to_owned()),
        Field::Tag(name) => report
            .tags
            .get(name)
            .cloned()
            .or_else(|| report.metrics.get(name).map(|number| number.to_string())),
    }
}

/// Every value of a field, each once.
pub(crate) fn field_values(event: &Placed, field: &Field) -> BTreeSet<String> {
    let named =
        |of: fn(&Frame) -> &String| frames(event).map(of).filter(|name| !name.is_empty()).cloned().collect();
    match field {
        Field::Function => named(|frame| &frame.function),
        Field::File => named(|frame| &frame.file),
        _ => field_value(event, field).into_iter().collect(),
    }
}

/// The names of an event's tags, text or numeric.
pub(crate) fn tag_names(event: &Placed) -> BTreeSet<&String> {
    event.report.tags.keys().chain(event.report.metrics.keys()).collect()
}

/// The texts of an event that words are searched in.
pub(crate) fn searched_texts(event: &Placed) -> impl Iterator<Item = &str> {
    event.report.exceptions.iter().flat_map(|exception| {
        [exception.type_name.as_str(), exception.message.as_str()]
            .into_iter()
            .chain(exception.frames.iter().flat_map(|frame| [frame.function.as_str(), frame.file.as_str()]))
    })
}

/// Length of a word in bytes; longer ones are cut.
pub const WORD_BYTES_MAX: usize = 100;

/// Splits a text into lower-case words of ASCII letters and digits, and of other alphabetic
/// characters; `camelCase` and `snake_case` come apart.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut previous_lower = false;
    for character in text.chars() {
        let hump = character.is_uppercase() && previous_lower;
        if (hump || !character.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphanumeric() && word.len() < WORD_BYTES_MAX {
            word.extend(character.to_lowercase());
        }
        previous_lower = character.is_lowercase() || character.is_numeric();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_come_apart_at_humps_and_signs() {
        assert_eq!(
            words("KeyError: 'unit_price' in priceLines2x"),
            ["key", "error", "unit", "price", "in", "price", "lines2x"]
        );
        assert_eq!(words("/app/shop/models.py"), ["app", "shop", "models", "py"]);
        assert!(words("  --").is_empty());
    }
}
