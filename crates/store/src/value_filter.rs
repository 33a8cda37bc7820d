//! Conditions on captured values: `var.order.currency:null`.
//!
//! A path begins with the name of a variable in any captured frame of an event (argument, local, closure
//! variable or global); attributes, keys of mappings and indices of sequences follow.

use std::borrow::Cow;
use std::fmt;

use reenact_model::{CapturedValue, Content, ParsePathError, PathPart, Snapshot, unquoted};

use crate::Comparison;
use crate::filter::is_like;

/// A path to captured values, of which parts may be left open, written as [`PathPart`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuePattern(Vec<PathPart>);

impl ValuePattern {
    /// Reads a path.
    ///
    /// # Errors
    /// [`ParsePathError`] with the place, in bytes, and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, ParsePathError> {
        Ok(Self(PathPart::read(text)?.into_iter().map(|(_, part)| part).collect()))
    }

    /// Where a walk along the path begins.
    fn begin(&self) -> Places {
        self.with_skipped(1)
    }

    /// Places after one more step.
    fn step(&self, places: Places, name: &Name<'_>) -> Places {
        let mut next = 0;
        for (at, segment) in self.0.iter().enumerate() {
            if places >> at & 1 == 1 {
                next |= match segment {
                    PathPart::Name(wanted) => Places::from(name.is(wanted)) << (at + 1),
                    PathPart::One => 1 << (at + 1),
                    PathPart::Any => 1 << at,
                };
            }
        }
        self.with_skipped(next)
    }

    /// `**` may stand for nothing.
    fn with_skipped(&self, mut places: Places) -> Places {
        for (at, segment) in self.0.iter().enumerate() {
            if *segment == PathPart::Any && places >> at & 1 == 1 {
                places |= 1 << (at + 1);
            }
        }
        places
    }

    fn is_end(&self, places: Places) -> bool {
        places >> self.0.len() & 1 == 1
    }
}

impl fmt::Display for ValuePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            part.fmt(f)?;
        }
        Ok(())
    }
}

/// The segments that are reached, one bit each, the lowest for none of them.
type Places = u64;

/// What a step is called.
enum Name<'a> {
    Text(&'a str),
    Index(usize),
    /// A key that is no text, as Python shows it.
    Key(&'a CapturedValue),
}

impl Name<'_> {
    fn is(&self, wanted: &str) -> bool {
        match self {
            Self::Text(text) => *text == wanted,
            Self::Index(index) => {
                wanted.parse() == Ok(*index) && (wanted == "0" || !wanted.starts_with(['0', '+']))
            }
            Self::Key(key) => shown(key).is_some_and(|shown| shown.is(wanted)),
        }
    }
}

/// A condition on a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueTest {
    /// It is there, whatever is known of it.
    Exists,
    /// It is `None`.
    Null,
    /// It is shown so: a text without its quotes, others as Python shows them.
    Is(String),
    /// The parts stand in what is shown in this order, as in [`Test::Like`](crate::Test::Like).
    Like(Vec<String>),
    /// It is a number that compares so with this one.
    Compares(Comparison, String),
    /// It is a number between these two, or one of them.
    Between(String, String),
}

impl ValueTest {
    fn holds(&self, value: &CapturedValue) -> bool {
        match (self, &value.content) {
            (Self::Exists, _) => true,
            (Self::Null, content) => *content == Content::Null,
            (Self::Is(_) | Self::Like(_) | Self::Compares(..) | Self::Between(..), Content::Scalar(_)) => {
                shown(value).is_some_and(|shown| self.holds_for(&shown))
            }
            _ => false,
        }
    }

    fn holds_for(&self, shown: &Shown<'_>) -> bool {
        match self {
            Self::Exists => true,
            Self::Null => false,
            Self::Is(wanted) => shown.is(wanted),
            Self::Like(parts) => shown.texts().any(|text| is_like(text, parts)),
            Self::Compares(comparison, operand) => shown.compares(*comparison, operand),
            Self::Between(from, to) => {
                shown.compares(Comparison::AtLeast, from) && shown.compares(Comparison::AtMost, to)
            }
        }
    }
}

/// A scalar as people write it.
struct Shown<'a> {
    /// Python's `repr`.
    repr: &'a str,
    /// What stands in its quotes: of `'a'`, and of `Decimal('1.5')`.
    inner: Cow<'a, str>,
    is_truth: bool,
}

fn shown(value: &CapturedValue) -> Option<Shown<'_>> {
    let repr = match &value.content {
        Content::Scalar(repr) => repr.as_str(),
        Content::Null => "None",
        _ => return None,
    };
    let inner = unquoted(in_call(repr).unwrap_or(repr));
    Some(Shown { repr, inner, is_truth: value.type_name == "bool" })
}

/// The text that is the only argument: of `Decimal('1.5')`.
fn in_call(repr: &str) -> Option<&str> {
    let (name, argument) = repr.strip_suffix(')')?.split_once('(')?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
    (is_name && argument.starts_with(['\'', '"'])).then_some(argument)
}

impl Shown<'_> {
    fn texts(&self) -> impl Iterator<Item = &str> {
        [self.repr, &self.inner].into_iter()
    }

    fn is(&self, wanted: &str) -> bool {
        self.texts().any(|text| text == wanted) || self.is_truth && self.repr.eq_ignore_ascii_case(wanted)
    }

    fn compares(&self, comparison: Comparison, operand: &str) -> bool {
        let number = self.texts().find_map(|text| text.parse::<f64>().ok());
        let order =
            number.zip(operand.parse().ok()).and_then(|(number, operand)| number.partial_cmp(&operand));
        order.is_some_and(|order| comparison.holds(order))
    }
}

/// A condition on the captured values of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueCondition {
    /// Where the value stands.
    pub path: ValuePattern,
    /// What it has to be.
    pub test: ValueTest,
}

impl ValueCondition {
    /// Whether a value of the frame is so. O(values · segments).
    pub fn holds(&self, snapshot: &Snapshot) -> bool {
        let scopes = [&snapshot.arguments, &snapshot.locals, &snapshot.closure, &snapshot.globals];
        let begin = self.path.begin();
        scopes
            .into_iter()
            .flat_map(|scope| &scope.0)
            .any(|(name, value)| self.step(begin, &Name::Text(name), value))
    }

    fn step(&self, places: Places, name: &Name<'_>, value: &CapturedValue) -> bool {
        let places = self.path.step(places, name);
        if places == 0 {
            return false;
        }
        if self.path.is_end(places) && self.test.holds(value) {
            return true;
        }
        match &value.content {
            Content::Nothing | Content::Null | Content::Scalar(_) => false,
            Content::Fields(fields) => {
                fields.iter().any(|(name, value)| self.step(places, &Name::Text(name), value))
            }
            Content::Elements(elements) => {
                (0..).zip(elements).any(|(index, value)| self.step(places, &Name::Index(index), value))
            }
            Content::Entries(entries) => {
                entries.iter().any(|(key, value)| self.step(places, &Name::Key(key), value))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reenact_model::{NotCaptured, Variables};

    use super::*;

    fn order() -> Snapshot {
        let text = |text: &str| CapturedValue::scalar("str", format!("'{text}'"));
        let lines = CapturedValue::new(
            "list",
            Content::Elements(vec![CapturedValue::new(
                "dict",
                Content::Entries(vec![
                    (text("sku"), text("A-1")),
                    (CapturedValue::scalar("int", "7"), CapturedValue::scalar("bool", "True")),
                    (text("a.b"), CapturedValue::scalar("str", r#"'it\'s \u20ac5\n'"#)),
                ]),
            )]),
        );
        let order = CapturedValue::new(
            "Order",
            Content::Fields(vec![
                ("currency".into(), CapturedValue::new("NoneType", Content::Null)),
                ("total".into(), CapturedValue::scalar("Decimal", "Decimal('12.50')")),
                ("password".into(), CapturedValue::absent("str", NotCaptured::RedactedIdentifier)),
                ("lines".into(), lines),
            ]),
        );
        Snapshot {
            arguments: Variables(vec![("order".into(), order)]),
            globals: Variables(vec![("RATE".into(), CapturedValue::scalar("float", "0.25"))]),
            ..Snapshot::default()
        }
    }

    #[track_caller]
    fn check(path: &str, test: ValueTest, want: bool) {
        let condition = ValueCondition { path: ValuePattern::parse(path).unwrap(), test };
        assert_eq!(condition.holds(&order()), want, "{condition:?}");
    }

    #[test]
    fn values_are_found_by_their_path() {
        let is = |text: &str| ValueTest::Is(text.to_owned());
        check("order.currency", ValueTest::Null, true);
        check("order.total", ValueTest::Null, false);
        check("order.lines.0.sku", is("A-1"), true);
        check("order.lines.1.sku", is("A-1"), false);
        check("order.lines.00.sku", is("A-1"), false);
        check("order.lines.*.sku", is("A-1"), true);
        check("order.*.sku", is("A-1"), false);
        check("order.**.sku", is("A-1"), true);
        check("**", is("A-1"), true);
        check("**.**.sku.**", is("A-1"), true);
        check("sku", is("A-1"), false);
        check("order.lines.0.7", is("true"), true);
        check("order.lines.0.\"a.b\"", is("it's €5\n"), true);
        check("RATE", is("0.25"), true);
        check("lines", ValueTest::Exists, false);
    }

    #[test]
    fn values_are_compared_as_people_write_them() {
        let like = |parts: &[&str]| ValueTest::Like(parts.iter().map(|part| (*part).to_owned()).collect());
        let above = |number: &str| ValueTest::Compares(Comparison::Greater, number.to_owned());
        check("order.total", ValueTest::Is("12.50".into()), true);
        check("order.total", ValueTest::Is("Decimal('12.50')".into()), true);
        check("order.total", above("12"), true);
        check("order.total", above("13"), false);
        check("RATE", above("0.2"), true);
        check("order.lines.0.sku", above("0"), false);
        check("order.lines.0.sku", like(&["A-", ""]), true);
        check("order.lines.0.sku", like(&["", "-2"]), false);
        check("order.password", ValueTest::Exists, true);
        check("order.password", like(&["", ""]), false);
    }

    proptest! {
        #[test]
        fn a_path_is_read_as_it_is_written(names in proptest::collection::vec(".{0,6}", 1..5)) {
            let path = ValuePattern(names.into_iter().map(|name| match name.as_str() {
                "*" => PathPart::One,
                "**" => PathPart::Any,
                _ => PathPart::Name(name),
            }).collect());
            prop_assert_eq!(ValuePattern::parse(&path.to_string()), Ok(path));
        }

        #[test]
        fn a_path_of_a_value_is_a_path_to_it(names in proptest::collection::vec(".{0,6}", 1..5)) {
            let value = names[1..].iter().rev().fold(CapturedValue::scalar("int", "1"), |value, name| {
                CapturedValue::new("A", Content::Fields(vec![(name.clone(), value)]))
            });
            let snapshot = Snapshot { locals: Variables(vec![(names[0].clone(), value)]), ..Snapshot::default() };
            let mut paths = Vec::new();
            snapshot.each_value(&mut |path, _| { paths.push(path.to_string()); true });
            let path = ValuePattern::parse(paths.last().unwrap()).unwrap();
            prop_assert_eq!(&path.to_string(), paths.last().unwrap());
            let test = ValueTest::Is("1".to_owned());
            let condition = ValueCondition { path, test };
            prop_assert!(condition.holds(&snapshot));
        }

        #[test]
        fn any_scalar_can_be_asked_for(repr in ".{0,12}", wanted in ".{0,4}") {
            let snapshot = Snapshot {
                locals: Variables(vec![("x".into(), CapturedValue::scalar("str", repr.clone()))]),
                ..Snapshot::default()
            };
            let condition = |test| ValueCondition { path: ValuePattern::parse("x").unwrap(), test };
            prop_assert!(condition(ValueTest::Is(repr)).holds(&snapshot));
            condition(ValueTest::Is(wanted)).holds(&snapshot);
        }
    }
}
