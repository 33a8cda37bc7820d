//! Where a value stands among the captured values of a frame.

use std::fmt;

use crate::{CapturedValue, Content, ParsePathError, PathPart, PathProblem, Snapshot};

/// A place in the captured values of a frame: `order.lines.0.price`.
///
/// The first segment names a variable. Each further one is the name of an attribute, the key of a mapping as
/// [`CapturedValue::text`] gives it, or the index of an element in the order of the client, from 0. Between segments
/// is a dot; [`PathPart`] says which stand in quotes: `headers."user.agent"`.
///
/// A key that is itself a container, or that was not captured, has no path, and nor has what it leads to.
///
/// - **Limits:** [`PathPart::COUNT_MAX`] segments, and [`PathPart::BYTES_MAX`] bytes of text to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValuePath {
    /// At least one.
    segments: Vec<String>,
}

impl ValuePath {
    /// Segments of one path.
    pub const SEGMENTS_MAX: usize = PathPart::COUNT_MAX;

    /// The path of a variable.
    pub fn variable(name: impl Into<String>) -> Self {
        Self { segments: vec![name.into()] }
    }

    /// Reads the text of a path, all of it.
    ///
    /// # Errors
    /// [`ParsePathError`] with the place, in bytes, and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, ParsePathError> {
        let name = |(at, part)| match part {
            PathPart::Name(name) => Ok(name),
            PathPart::One | PathPart::Any => {
                Err(ParsePathError { at, problem: PathProblem::QuotesNeeded('*') })
            }
        };
        let segments = PathPart::read(text)?.into_iter().map(name).collect::<Result<_, _>>()?;
        Ok(Self { segments })
    }

    /// The names, keys and indices, the variable's name first.
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The path of what the value is in; `None` for a variable.
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.segments.split_last()?;
        (!above.is_empty()).then(|| Self { segments: above.to_vec() })
    }

    /// The values at this path in the variables of a frame: of its arguments, locals, closure and globals in this
    /// order. More than one only where a name stands in several of those, or a client sent a name or key twice.
    ///
    /// Time is proportional to the values next to those on the path.
    pub fn find<'a>(&self, snapshot: &'a Snapshot) -> Vec<&'a CapturedValue> {
        let mut found = Vec::new();
        let Some((variable, rest)) = self.segments.split_first() else { return found };
        for (name, value) in variables(snapshot) {
            if name == variable {
                find(value, rest, &mut found);
            }
        }
        found
    }
}

impl fmt::Display for ValuePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PathPart::write_names(f, &self.segments)
    }
}

impl Snapshot {
    /// Shows every variable, and the values in it, each with its path; a container before its parts. The parts of a
    /// value are left out where `visit` answers `false`, and where they have no path.
    pub fn each_value<'a>(&'a self, visit: &mut dyn FnMut(&ValuePath, &'a CapturedValue) -> bool) {
        let mut path = ValuePath { segments: Vec::new() };
        for (name, value) in variables(self) {
            step(&mut path, name, value, visit);
        }
    }
}

/// The variables of a frame, in the order in which a path looks for its own.
fn variables(snapshot: &Snapshot) -> impl Iterator<Item = &(String, CapturedValue)> {
    let Snapshot { arguments, locals, closure, globals, .. } = snapshot;
    [arguments, locals, closure, globals].into_iter().flat_map(|variables| &variables.0)
}

fn find<'a>(value: &'a CapturedValue, rest: &[String], found: &mut Vec<&'a CapturedValue>) {
    let Some((segment, rest)) = rest.split_first() else { return found.push(value) };
    match &value.content {
        Content::Fields(fields) => {
            for (_, part) in fields.iter().filter(|(name, _)| name == segment) {
                find(part, rest, found);
            }
        }
        Content::Elements(elements) => {
            let index = segment.parse().ok().filter(|index: &usize| index.to_string() == *segment);
            if let Some(part) = index.and_then(|index| elements.get(index)) {
                find(part, rest, found);
            }
        }
        Content::Entries(entries) => {
            for (_, part) in entries.iter().filter(|(key, _)| key.text().is_some_and(|key| key == *segment)) {
                find(part, rest, found);
            }
        }
        Content::Nothing | Content::Null | Content::Scalar(_) => {}
    }
}

type Visit<'a, 'v> = &'v mut dyn FnMut(&ValuePath, &'a CapturedValue) -> bool;

fn step<'a>(path: &mut ValuePath, segment: &str, value: &'a CapturedValue, visit: Visit<'a, '_>) {
    path.segments.push(segment.to_owned());
    if visit(path, value) && path.segments.len() < ValuePath::SEGMENTS_MAX {
        match &value.content {
            Content::Fields(fields) => {
                for (name, part) in fields {
                    step(path, name, part, visit);
                }
            }
            Content::Elements(elements) => {
                for (index, part) in elements.iter().enumerate() {
                    step(path, &index.to_string(), part, visit);
                }
            }
            Content::Entries(entries) => {
                for (key, part) in entries {
                    if let Some(key) = key.text() {
                        step(path, &key, part, visit);
                    }
                }
            }
            Content::Nothing | Content::Null | Content::Scalar(_) => {}
        }
    }
    path.segments.pop();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{NotCaptured, Variables};

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        let path = ValuePath::parse(text).unwrap();
        assert_eq!(path.segments(), want);
        assert_eq!(path.to_string(), text);
    }

    #[test]
    fn a_path_is_names_with_dots_between_them() {
        check("order", &["order"]);
        check("order.lines.0.price", &["order", "lines", "0", "price"]);
        check(r#"order."a.b".c"#, &["order", "a.b", "c"]);
        check(r#"h."say \"hi\" \\ bye""#, &["h", r#"say "hi" \ bye"#]);
        check(r#"h.""."x y""#, &["h", "", "x y"]);
        check("größe.it's.a-b", &["größe", "it's", "a-b"]);
        let parent = ValuePath::parse("order.lines.0").unwrap().parent().unwrap();
        assert_eq!(
            (parent.to_string(), parent.parent()),
            ("order.lines".into(), Some(ValuePath::variable("order")))
        );
        assert_eq!(ValuePath::variable("order").parent(), None);
        // Quotes that are not needed are understood, and not written.
        assert_eq!(ValuePath::parse(r#""order"."id""#).unwrap().to_string(), "order.id");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let many = vec!["a"; ValuePath::SEGMENTS_MAX + 1].join(".");
        let long = "a".repeat(PathPart::BYTES_MAX + 1);
        for (text, at, problem) in [
            ("", 0, PathProblem::SegmentMissing),
            (".a", 0, PathProblem::SegmentMissing),
            ("a..b", 2, PathProblem::SegmentMissing),
            ("a.", 2, PathProblem::SegmentMissing),
            ("a b", 1, PathProblem::QuotesNeeded(' ')),
            ("ä:b", 2, PathProblem::QuotesNeeded(':')),
            ("a.b\"c\"", 3, PathProblem::QuotesNeeded('"')),
            ("a.\"b", 2, PathProblem::QuoteOpen),
            ("a.\"b\"c", 5, PathProblem::DotMissing),
            ("a.\"b\\n\"", 4, PathProblem::EscapeUnknown),
            (&many, 66, PathProblem::TooManySegments),
            (&long, 1_000, PathProblem::TooLong),
        ] {
            assert_eq!(ValuePath::parse(text), Err(ParsePathError { at, problem }), "{text}");
        }
    }

    fn scalar(text: &str) -> CapturedValue {
        CapturedValue::scalar("str", text)
    }

    #[test]
    fn arguments_come_before_locals_closure_and_globals() {
        let of = |value: CapturedValue| Variables(vec![("a".to_owned(), value)]);
        let list = CapturedValue::new("list", Content::Elements(vec![scalar("'locals'")]));
        let mapping = Content::Entries(vec![(CapturedValue::scalar("int", "0"), scalar("'globals'"))]);
        let snapshot = Snapshot {
            arguments: of(CapturedValue::new("A", Content::Fields(vec![("0".to_owned(), scalar("'args'"))]))),
            locals: of(list),
            closure: of(scalar("'closure'")),
            globals: of(CapturedValue::new("dict", mapping)),
            ..Snapshot::default()
        };
        let found = |path: &str| -> Vec<String> {
            let found = ValuePath::parse(path).unwrap().find(&snapshot).into_iter();
            found.map(|value| value.text().unwrap_or_default().into_owned()).collect()
        };
        assert_eq!(found("a.0"), ["args", "locals", "globals"]);
        assert_eq!(found("a"), ["", "", "closure", ""]);
        assert_eq!((found("a.00").len(), found("a.1").len(), found("b").len()), (0, 0, 0));
    }

    fn any_value() -> impl Strategy<Value = CapturedValue> {
        let name = || proptest::sample::select(vec!["a", "b", "a.b", "", "0", "it's", "\"", "\\"]);
        let leaf = (0..4_u8, name()).prop_map(|(kind, text)| match kind {
            0 => CapturedValue::new("NoneType", Content::Null),
            1 => CapturedValue::absent("str", NotCaptured::Depth),
            2 => CapturedValue::scalar("int", "0"),
            _ => scalar(&format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))),
        });
        leaf.prop_recursive(4, 30, 4, move |inner| {
            let fields = proptest::collection::vec((name().prop_map(str::to_owned), inner.clone()), 0..4);
            let elements = proptest::collection::vec(inner.clone(), 0..4);
            let entries = proptest::collection::vec((inner.clone(), inner), 0..4);
            prop_oneof![
                fields.prop_map(|all| CapturedValue::new("Order", Content::Fields(all))),
                elements.prop_map(|all| CapturedValue::new("list", Content::Elements(all))),
                entries.prop_map(|all| CapturedValue::new("dict", Content::Entries(all))),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_written_path_is_read_as_it_was(segments in proptest::collection::vec(".{0,12}", 1..8)) {
            let path = ValuePath { segments };
            prop_assert_eq!(ValuePath::parse(&path.to_string()), Ok(path));
        }

        #[test]
        fn reading_any_text_fails_or_round_trips(text in r#"[a."\\ :x]{0,20}"#) {
            if let Ok(path) = ValuePath::parse(&text) {
                prop_assert_eq!(ValuePath::parse(&path.to_string()), Ok(path));
            }
        }

        #[test]
        fn the_path_of_each_value_finds_it(values in proptest::collection::vec(any_value(), 1..4)) {
            let named = values.into_iter().zip(["a", "b", "a"]);
            let locals = Variables(named.map(|(value, name)| (name.to_owned(), value)).collect());
            let snapshot = Snapshot { locals, ..Snapshot::default() };
            let mut all: Vec<(ValuePath, &CapturedValue)> = Vec::new();
            snapshot.each_value(&mut |path, value| {
                all.push((path.clone(), value));
                true
            });
            for (path, value) in &all {
                let read = ValuePath::parse(&path.to_string()).unwrap();
                prop_assert!(read.find(&snapshot).iter().any(|found| std::ptr::eq(*found, *value)), "{}", path);
            }
        }
    }
}
