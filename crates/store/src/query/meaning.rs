//! From the terms of a query to a filter.

use reenact_issues::Cause;
use reenact_issues::lifecycle::State;

use super::lexer::{Term, TermKind, Value};
use super::{IssueTerm, Known, Mistake, OwnerTest, VALUE_KEY, unknown};
use crate::{Comparison, Field, Filter, Test, ValueCondition, ValuePattern, ValueTest, words};

/// What a term asks for, without its `-`.
pub(super) fn filter(term: &Term, known: &Known<'_>) -> Result<Filter, Mistake> {
    let filter = match &term.kind {
        TermKind::Words(text) => of_words(text),
        TermKind::Key(key, value) => of_key(key, value, known),
    };
    filter.map_err(|message| Mistake { at: term.at, message })
}

fn of_words(text: &str) -> Result<Filter, String> {
    let words = words(text);
    if words.is_empty() {
        return Err("this has no letters or digits to search for".to_owned());
    }
    Ok(Filter::Words(words))
}

fn of_key(key: &str, value: &Value, known: &Known<'_>) -> Result<Filter, String> {
    if let Value::Any(values) = value {
        let any: Result<_, _> = values.iter().map(|value| of_key(key, value, known)).collect();
        return Ok(Filter::Or(any?));
    }
    if matches!(value, Value::Plain(text) if text.is_empty()) {
        return Err(format!("`{key}:` has no value; write `{key}:value`"));
    }
    if let Some(path) = key.strip_prefix(VALUE_KEY).filter(|_| known.values) {
        return of_value(key, path, value);
    }
    if key == "age" && known.filter_of.is_some() {
        return of_age(value, known);
    }
    if let Some(filter_of) = known.filter_of.filter(|_| key == "owner") {
        return Ok(filter_of(IssueTerm::Owner(of_owner(value)?)));
    }
    if matches!(key, "has" | "is" | "handled") || key == "assignee" && known.filter_of.is_some() {
        return match value {
            Value::Plain(text) | Value::Quoted(text) => of_word(key, text, known),
            _ => Err(format!("`{key}:` cannot be compared; write `{key}:value`")),
        };
    }
    let field = (known.field_of)(key).ok_or_else(|| unknown::key(key))?;
    of_field(key, field, value)
}

/// `var.order.currency:null`
fn of_value(key: &str, path: &str, value: &Value) -> Result<Filter, String> {
    let path = ValuePattern::parse(path).map_err(|error| error.to_string())?;
    let compared = |comparison: Comparison, operand: &str| {
        if !operand.parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(format!("`{key}` is compared with a number: `{key}:>499`"));
        }
        let test = ValueTest::Compares(comparison, operand.to_owned());
        Ok(Filter::Value(ValueCondition { path: path.clone(), test }))
    };
    let test = match value {
        Value::Any(_) => unreachable!("its values are looked at one by one"),
        Value::Quoted(text) => ValueTest::Is(text.clone()),
        Value::Plain(text) => match text.as_str() {
            "*" => ValueTest::Exists,
            "null" | "None" => ValueTest::Null,
            text if text.contains('*') => ValueTest::Like(text.split('*').map(str::to_owned).collect()),
            text => ValueTest::Is(text.to_owned()),
        },
        Value::Compares(comparison, operand) => return compared(*comparison, operand),
        Value::Range(from, to) => {
            match (from.as_str(), to.as_str()) {
                (OPEN, OPEN) => return Err(one_end(key)),
                (from, OPEN) => return compared(Comparison::AtLeast, from),
                (OPEN, to) => return compared(Comparison::AtMost, to),
                _ => {}
            }
            // One value lies between both; of two values each may be beyond one end.
            compared(Comparison::AtLeast, from)?;
            compared(Comparison::AtMost, to)?;
            ValueTest::Between(from.clone(), to.clone())
        }
    };
    Ok(Filter::Value(ValueCondition { path, test }))
}

/// `has:`, `is:`, `handled:` and `assignee:`.
fn of_word(key: &str, text: &str, known: &Known<'_>) -> Result<Filter, String> {
    match (key, text) {
        ("has", "values") => Ok(Filter::HasValues),
        ("has", _) => Err("`has:` knows `values` only".to_owned()),
        ("is", "handled") | ("handled", "true") => Ok(Filter::Handled(true)),
        ("is", "unhandled") | ("handled", "false") => Ok(Filter::Handled(false)),
        ("handled", _) => Err("`handled:` is `true` or `false`".to_owned()),
        ("is", name) => {
            let found = known.filter_of.zip(issue_term(name)).map(|(filter_of, term)| filter_of(term));
            found.ok_or_else(|| unknown::is_term(known.filter_of.is_some()))
        }
        (_, name) => {
            let filter = known.filter_of.map(|filter_of| filter_of(IssueTerm::Assignee(name.to_owned())));
            filter.ok_or_else(|| unknown::key(key))
        }
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

/// `owner:@org/team`; in quotes every text is a name.
fn of_owner(value: &Value) -> Result<OwnerTest, String> {
    match value {
        Value::Quoted(name) => Ok(OwnerTest::Is(name.clone())),
        Value::Plain(text) => Ok(match text.as_str() {
            "*" => OwnerTest::Anybody,
            "none" => OwnerTest::Nobody,
            "unknown" => OwnerTest::Unknown,
            text if text.contains('*') => OwnerTest::Like(text.split('*').map(str::to_owned).collect()),
            name => OwnerTest::Is(name.to_owned()),
        }),
        _ => Err("`owner:` cannot be compared; write `owner:@org/team`".to_owned()),
    }
}

fn of_age(value: &Value, known: &Known<'_>) -> Result<Filter, String> {
    let wrong = || "`age:` is compared with minutes, hours, days or weeks: `age:<2d`, `age:>=30m`".to_owned();
    let Value::Compares(comparison, text) = value else { return Err(wrong()) };
    let age = duration_ns(text).ok_or_else(wrong)?;
    known.filter_of.map(|filter_of| filter_of(IssueTerm::Age(*comparison, age))).ok_or_else(wrong)
}

/// `30m`, `12h`, `2d`, `1w` in nanoseconds.
fn duration_ns(text: &str) -> Option<i64> {
    let unit = text.chars().next_back()?;
    let seconds: i64 = match unit {
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let number: u32 = text[..text.len() - 1].parse().ok()?;
    i64::from(number).checked_mul(seconds)?.checked_mul(1_000_000_000)
}

/// In the place of an end that a range does not have.
const OPEN: &str = "*";

fn one_end(key: &str) -> String {
    format!("a range has one end at least; any value is `{key}:*`")
}

fn of_field(key: &str, field: Field, value: &Value) -> Result<Filter, String> {
    if let (Field::Cause, Value::Plain(text) | Value::Quoted(text)) = (&field, value)
        && !text.contains('*')
        && Cause::of_name(text).is_none()
    {
        return Err(unknown::cause());
    }
    let lowered = |text: &str| match field {
        Field::TraceId | Field::Issue => text.to_ascii_lowercase(),
        _ => text.to_owned(),
    };
    match value {
        Value::Any(_) => unreachable!("its values are looked at one by one"),
        Value::Quoted(text) => Ok(Filter::Equals(field.clone(), lowered(text))),
        Value::Plain(text) => {
            let text = lowered(text);
            Ok(match text.strip_suffix('*') {
                Some(start) if !start.contains('*') => Filter::StartsWith(field, start.to_owned()),
                None if !text.contains('*') => Filter::Equals(field, text),
                _ => Filter::Passes(field, Test::Like(text.split('*').map(str::to_owned).collect())),
            })
        }
        Value::Compares(comparison, operand) => compared(key, field, *comparison, operand),
        Value::Range(from, to) => match (from.as_str(), to.as_str()) {
            (OPEN, OPEN) => Err(one_end(key)),
            (from, OPEN) => compared(key, field, Comparison::AtLeast, from),
            (OPEN, to) => compared(key, field, Comparison::AtMost, to),
            (from, to) => Ok(Filter::And(vec![
                compared(key, field.clone(), Comparison::AtLeast, from)?,
                compared(key, field, Comparison::AtMost, to)?,
            ])),
        },
    }
}

fn compared(key: &str, field: Field, comparison: Comparison, operand: &str) -> Result<Filter, String> {
    match field {
        Field::Version => {}
        Field::Tag(_) if operand.parse::<f64>().is_ok_and(f64::is_finite) => {}
        Field::Tag(_) => return Err(format!("`{key}` is compared with a number: `{key}:>499`")),
        _ => return Err(format!("`{key}:` cannot be compared; tags with numbers and `version` can")),
    }
    Ok(Filter::Passes(field, Test::Compares(comparison, operand.to_owned())))
}
