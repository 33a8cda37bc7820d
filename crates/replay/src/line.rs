//! Captured values on one line, in Python's own notation.

use std::collections::{HashMap, HashSet};

use reenact_model::{CapturedValue, Content, Form, NotCaptured, Variables};

use crate::visible::{push, visible};

/// Nesting that is followed.
const DEPTH_MAX: usize = 20;
/// Values that are looked at to find where shared objects have their content; a capture has fewer.
const SHARED_MAX: usize = 500_000;

/// Where the content of objects stands that appear at several places of a capture.
#[derive(Debug, Default)]
pub struct Shared<'a>(HashMap<u32, &'a CapturedValue>);

impl<'a> Shared<'a> {
    /// The shared objects in the variables of frames that were captured together. Time is proportional to their values,
    /// of which 500,000 are looked at.
    pub fn of(variables: impl IntoIterator<Item = &'a Variables>) -> Self {
        let mut found = HashMap::new();
        let mut left = SHARED_MAX;
        for (_, value) in variables.into_iter().flat_map(|variables| &variables.0) {
            gather(value, &mut found, &mut left);
        }
        Self(found)
    }

    /// The value, or what has its content where it stands elsewhere.
    pub fn content<'b>(&'b self, value: &'b CapturedValue) -> &'b CapturedValue {
        match value.reference {
            Some(number) if is_elsewhere(value) => self.0.get(&number).copied().unwrap_or(value),
            _ => value,
        }
    }
}

/// Whether the content of a value stands at another place of its capture.
fn is_elsewhere(value: &CapturedValue) -> bool {
    value.reference.is_some() && value.content == Content::Nothing && value.not_captured.is_none()
}

fn gather<'a>(value: &'a CapturedValue, found: &mut HashMap<u32, &'a CapturedValue>, left: &mut usize) {
    if *left == 0 {
        return;
    }
    *left -= 1;
    if let Some(number) = value.reference.filter(|_| !is_elsewhere(value)) {
        found.entry(number).or_insert(value);
    }
    match &value.content {
        Content::Fields(fields) => fields.iter().for_each(|(_, inner)| gather(inner, found, left)),
        Content::Elements(elements) => elements.iter().for_each(|inner| gather(inner, found, left)),
        Content::Entries(entries) => entries.iter().for_each(|(key, inner)| {
            gather(key, found, left);
            gather(inner, found, left);
        }),
        Content::Nothing | Content::Null | Content::Scalar(_) => {}
    }
}

/// The value as Python would print it, with `…` for what is left out or was not captured: `Order(id=7, lines=[…])`.
/// What a rule removed is `‹redacted›`. The text has no character that is not seen as itself.
///
/// - **Limits:** about `characters_max` characters, nesting of 20.
pub fn line(value: &CapturedValue, characters_max: usize, shared: &Shared<'_>) -> String {
    let mut writing =
        Writing { text: String::new(), left: characters_max.max(1), open: HashSet::new(), shared };
    writing.write(value, 0);
    writing.text
}

struct Writing<'a> {
    text: String,
    /// Characters that are left.
    left: usize,
    /// The objects that the place is in.
    open: HashSet<u32>,
    shared: &'a Shared<'a>,
}

impl Writing<'_> {
    /// Writes a captured text, as much of it as there is room for.
    fn take(&mut self, text: &str) {
        let mut before = None;
        for character in text.chars() {
            if self.left == 0 {
                return self.dots();
            }
            let start = self.text.len();
            push(&mut self.text, before, character);
            // What is not seen takes more room than it has characters.
            self.left = self.left.saturating_sub(self.text[start..].chars().count());
            before = Some(character);
        }
    }

    /// Says once that something is left out here.
    fn dots(&mut self) {
        if !self.text.ends_with('…') {
            self.text.push('…');
        }
    }

    fn write(&mut self, given: &CapturedValue, depth: usize) {
        if self.left == 0 || depth > DEPTH_MAX {
            return self.dots();
        }
        let shared = self.shared;
        let value = shared.content(given);
        let Some(number) = given.reference else { return self.content(value, depth) };
        if is_elsewhere(value) || !self.open.insert(number) {
            // Within itself, or nowhere.
            let (opening, closing) = brackets(given);
            self.take(&format!("{opening}…{closing}"));
            return;
        }
        self.content(value, depth);
        self.open.remove(&number);
    }

    fn content(&mut self, value: &CapturedValue, depth: usize) {
        match &value.content {
            Content::Null => self.take("None"),
            Content::Scalar(text) => {
                match value.form {
                    Some(Form::Function | Form::Method | Form::Class | Form::Module) => {
                        let word = value.form.map_or("", Form::as_str);
                        self.take(&format!("<{word} {text}>"));
                    }
                    _ => self.take(text),
                }
                if value.truncated {
                    self.dots();
                }
            }
            Content::Nothing => self.nothing(value),
            Content::Fields(_) | Content::Elements(_) | Content::Entries(_) => self.parts(value, depth),
        }
    }

    fn nothing(&mut self, value: &CapturedValue) {
        let (opening, closing) = brackets(value);
        match value.not_captured {
            Some(
                NotCaptured::RedactedIdentifier | NotCaptured::RedactedType | NotCaptured::RedactedValue,
            ) => self.take("‹redacted›"),
            Some(_) if value.type_name.is_empty() => self.take("…"),
            Some(_) => self.take(&format!("{opening}…{closing}")),
            None if is_set(value) => self.take(&format!("{}()", bare_type(value))),
            None => self.take(&format!("{opening}{closing}").replace("({})", "()").replace("([])", "()")),
        }
    }

    fn parts(&mut self, value: &CapturedValue, depth: usize) {
        let is_empty = matches!(&value.content, Content::Elements(elements) if elements.is_empty());
        if is_empty && is_set(value) && value.not_captured.is_none() {
            return self.take(&format!("{}()", bare_type(value)));
        }
        let (opening, closing) = brackets(value);
        self.take(&opening);
        let mut parts = 0;
        let mut room = |writing: &mut Self| {
            if parts > 0 {
                writing.take(", ");
            }
            parts += 1;
            let has_room = writing.left > 0;
            if !has_room {
                writing.dots();
            }
            has_room
        };
        let mut whole = true;
        match &value.content {
            Content::Fields(fields) => {
                for (name, inner) in fields {
                    whole = room(self);
                    if !whole {
                        break;
                    }
                    self.take(&format!("{name}="));
                    self.write(inner, depth + 1);
                }
            }
            Content::Elements(elements) => {
                for inner in elements {
                    whole = room(self);
                    if !whole {
                        break;
                    }
                    self.write(inner, depth + 1);
                }
                if value.type_name == "tuple" && elements.len() == 1 {
                    self.take(",");
                }
            }
            Content::Entries(entries) => {
                for (key, inner) in entries {
                    whole = room(self);
                    if !whole {
                        break;
                    }
                    self.write(key, depth + 1);
                    self.take(": ");
                    self.write(inner, depth + 1);
                }
            }
            Content::Nothing | Content::Null | Content::Scalar(_) => {}
        }
        if whole && value.not_captured.is_some() && room(self) {
            self.dots();
        }
        self.text.push_str(&visible(&closing));
    }
}

/// The name of a value's type without its module.
fn bare_type(value: &CapturedValue) -> &str {
    value.type_name.rsplit('.').next().unwrap_or("")
}

/// Whether a value is a set, which is written as a call where it is empty: `{}` is a dictionary.
fn is_set(value: &CapturedValue) -> bool {
    matches!(bare_type(value), "set" | "frozenset")
}

/// What stands around the parts of a value.
fn brackets(value: &CapturedValue) -> (String, String) {
    let name = bare_type(value);
    let plain = |opening: &str, closing: &str| (opening.to_owned(), closing.to_owned());
    match name {
        "list" => plain("[", "]"),
        "tuple" => plain("(", ")"),
        "set" | "dict" => plain("{", "}"),
        "frozenset" => plain("frozenset({", "})"),
        "deque" => plain("deque([", "])"),
        _ => match value.content {
            Content::Entries(_) => (format!("{name}({{"), "})".to_owned()),
            Content::Elements(_) => (format!("{name}(["), "])".to_owned()),
            _ => (format!("{name}("), ")".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scalar(type_name: &str, text: &str) -> CapturedValue {
        CapturedValue::scalar(type_name, text)
    }

    #[track_caller]
    fn check(value: &CapturedValue, want: &str) {
        assert_eq!(line(value, 80, &Shared::default()), want);
    }

    #[test]
    fn values_read_as_python_prints_them() {
        let one = scalar("int", "1");
        check(&one, "1");
        check(&CapturedValue::new("NoneType", Content::Null), "None");
        check(&CapturedValue::new("tuple", Content::Elements(vec![one.clone()])), "(1,)");
        check(
            &CapturedValue::new("dict", Content::Entries(vec![(scalar("str", "'a'"), one.clone())])),
            "{'a': 1}",
        );
        let fields = vec![
            ("id".to_owned(), one.clone()),
            ("card".to_owned(), CapturedValue::absent("str", NotCaptured::RedactedIdentifier)),
            ("deep".to_owned(), CapturedValue::absent("list", NotCaptured::Depth)),
        ];
        check(
            &CapturedValue::new("shop.Order", Content::Fields(fields)),
            "Order(id=1, card=‹redacted›, deep=[…])",
        );
        let mut cut = CapturedValue::new("list", Content::Elements(vec![one]));
        cut.not_captured = Some(NotCaptured::CollectionSize);
        check(&cut, "[1, …]");
        for (type_name, want) in
            [("set", "set()"), ("frozenset", "frozenset()"), ("deque", "deque([])"), ("list", "[]")]
        {
            let mut empty = CapturedValue::new(type_name, Content::Elements(Vec::new()));
            check(&empty, want);
            empty.size = Some(0);
            check(&empty, want);
        }
        check(&CapturedValue::new("dict", Content::Entries(Vec::new())), "{}");
        check(&CapturedValue::new("set", Content::Nothing), "set()");
        check(&CapturedValue::absent("set", NotCaptured::Depth), "{…}");
        check(&scalar("str", "'\u{202e}\x1b'"), "'\\u202e\\x1b'");
    }

    #[test]
    fn shared_objects_are_followed_and_cycles_end() {
        let mut holder = CapturedValue::new("list", Content::Elements(Vec::new()));
        holder.reference = Some(1);
        let mut back = CapturedValue::new("list", Content::Nothing);
        back.reference = Some(1);
        holder.content = Content::Elements(vec![scalar("int", "1"), back.clone()]);
        let variables = Variables(vec![("a".to_owned(), holder.clone()), ("b".to_owned(), back.clone())]);
        let shared = Shared::of([&variables]);
        assert_eq!(line(&holder, 80, &shared), "[1, […]]");
        assert_eq!(line(&back, 80, &shared), "[1, […]]");
        assert_eq!(line(&back, 80, &Shared::default()), "[…]");
    }

    #[test]
    fn a_long_value_ends_in_dots() {
        let many = vec![scalar("int", "1234567890"); 1_000];
        let text = line(&CapturedValue::new("list", Content::Elements(many)), 40, &Shared::default());
        assert!(text.chars().count() < 60 && text.ends_with("…]"), "{text}");
    }

    proptest! {
        #[test]
        fn a_line_is_one_line_and_about_as_long_as_asked(text in any::<String>(), most in 1_usize..50) {
            let value = CapturedValue::new("X", Content::Fields(vec![(text.clone(), scalar(&text, &text)); 5]));
            let shown = line(&value, most, &Shared::default());
            prop_assert_eq!(visible(&shown), shown.clone());
            prop_assert!(shown.chars().count() <= most + 30, "{}", shown);
        }
    }
}
