//! Captured values: variables, attributes, mapping entries and pairs under a redacted name, values of
//! a redacted type, and texts that are a secret or hold one.

use reenact_model::{CapturedValue, Content, NotCaptured, Snapshot, Variables};

use crate::hits::RuleRef;
use crate::walk::Walk;

impl Walk<'_> {
    pub(crate) fn snapshot(&mut self, snapshot: &mut Snapshot) {
        self.within("values", |walk| {
            for (group, variables) in snapshot.groups_mut() {
                walk.within(group, |walk| walk.variables(variables));
            }
        });
        if let Some(source) = snapshot.details.as_mut().and_then(|details| details.source.as_mut()) {
            self.within("source", |walk| walk.source_lines(&mut source.lines));
        }
    }

    fn variables(&mut self, variables: &mut Variables) {
        self.siblings(&mut variables.0, |name| Some(name.as_str()));
        for (name, value) in &mut variables.0 {
            self.named(name, value);
        }
    }

    /// Removes what a sibling says to be a secret: `{'name': 'password', 'value': …}`, the parameters of a
    /// statement that names a redacted column, the input of a validation error at a redacted field.
    fn siblings<K>(&mut self, entries: &mut [(K, CapturedValue)], name_of: fn(&K) -> Option<&str>) {
        if !entries.iter().any(|(key, _)| name_of(key).is_some_and(tells)) {
            return;
        }
        let redactor = self.redactor;
        for (told_by, told) in SIBLINGS {
            let listed = entries.iter().find_map(|(key, value)| {
                name_of(key)
                    .filter(|key| told_by.contains(key))
                    .and_then(|key| redactor.rule_told(key, value))
            });
            let Some(listed) = listed else { continue };
            for (key, value) in &mut *entries {
                if let Some(key) = name_of(key).filter(|key| told.contains(key)) {
                    self.within(key, |walk| walk.remove(value, listed));
                }
            }
        }
    }

    fn named(&mut self, name: &str, value: &mut CapturedValue) {
        let redactor = self.redactor;
        let listed = self.known_names.matched(name, &redactor.names);
        self.within(name, |walk| match listed {
            Some(listed) => walk.remove(value, listed),
            None => walk.value(value, name),
        });
    }

    /// `name` is the nearest name that the value stands under.
    fn value(&mut self, value: &mut CapturedValue, name: &str) {
        if self.depth >= self.redactor.limits.depth_max {
            let rule = "limit (depth)";
            if value.rule.as_deref() != Some(rule) {
                replace(value, NotCaptured::Limit, rule.to_owned());
                self.note(RuleRef::Unscanned, rule);
            }
            return;
        }
        if let Some(pattern) = self.redactor.types.matched(&value.type_name) {
            if value.not_captured != Some(NotCaptured::RedactedType) {
                let rule = format!("type \"{pattern}\"");
                self.note(RuleRef::Type, &rule);
                replace(value, NotCaptured::RedactedType, rule);
            }
            return;
        }
        if value.not_captured.is_some_and(NotCaptured::is_redacted) {
            // The client redacted it; how large it was says something about it.
            value.size = None;
        }
        if matches!(value.content, Content::Scalar(_)) {
            return self.scalar(value, name);
        }
        self.depth += 1;
        match &mut value.content {
            Content::Nothing | Content::Null | Content::Scalar(_) => {}
            Content::Fields(fields) => {
                self.siblings(fields, |name| Some(name.as_str()));
                for (name, field) in fields {
                    self.named(name, field);
                }
            }
            Content::Elements(elements) => self.elements(elements, name),
            Content::Entries(entries) => {
                self.siblings(entries, text_of);
                for (key, entry) in entries {
                    self.entry(key, entry, name);
                }
            }
        }
        self.depth -= 1;
    }

    fn entry(&mut self, key: &mut CapturedValue, entry: &mut CapturedValue, name: &str) {
        let redactor = self.redactor;
        let text = text_of(key);
        let listed = match text {
            Some(text) => self.known_names.matched(text, &redactor.names),
            None => redactor.rule_of_key(key),
        };
        self.within(text.unwrap_or("*"), |walk| match listed {
            Some(listed) => walk.remove(entry, listed),
            None => walk.value(entry, text.unwrap_or(name)),
        });
        self.value(key, "");
    }

    /// In a sequence of two, and in one of texts, what follows a redacted name is its value; in a list of
    /// arguments the value follows its flag.
    fn elements(&mut self, elements: &mut [CapturedValue], name: &str) {
        let names = &self.redactor.names;
        let are_texts = elements.iter().all(|element| text_of(element).is_some() || element.rule.is_some());
        let is_pair = elements.len() == 2;
        let mut listed: Option<&str> = None;
        for (index, element) in elements.iter_mut().enumerate() {
            let flag = text_of(element)
                .filter(|name| (is_pair && index == 0) || are_texts || name.starts_with("--"));
            let next = flag.filter(|name| !name.contains('=')).and_then(|name| names.matched(name));
            self.within_element(index, |walk| match listed {
                Some(listed) => walk.remove(element, listed),
                None => walk.value(element, name),
            });
            listed = next;
        }
    }

    fn scalar(&mut self, value: &mut CapturedValue, name: &str) {
        let Content::Scalar(repr) = &mut value.content else { return };
        if is_number(repr) {
            // No rule finds anything in so short a number.
            if repr.len() < NUMBER_BYTES_MIN {
                return;
            }
        } else if self.is_strict() {
            let rule = "mode (strict)";
            replace(value, NotCaptured::RedactedValue, rule.to_owned());
            return self.note(RuleRef::Strict, rule);
        }
        let edits = self.edits(repr, name);
        if let [edit] = edits.as_slice()
            && let RuleRef::Value(id) = edit.rule
            && is_whole(repr, edit.range.start, edit.range.end)
        {
            let rule = format!("value ({id})");
            self.note(RuleRef::Value(id), &rule);
            return replace(value, NotCaptured::RedactedValue, rule);
        }
        if !edits.is_empty() {
            // How long it was would tell how long the secret is.
            value.size = None;
            self.settle(repr, name, edits, |_, _| true);
        }
    }

    fn remove(&mut self, value: &mut CapturedValue, listed: &str) {
        let rule = crate::name_rule(listed);
        if value.not_captured != Some(NotCaptured::RedactedIdentifier) || value.content != Content::Nothing {
            self.note(RuleRef::Name, &rule);
        }
        replace(value, NotCaptured::RedactedIdentifier, rule);
    }
}

impl crate::Redactor {
    /// The listed name in a key: a text, or a tuple with such a text.
    fn rule_of_key(&self, key: &CapturedValue) -> Option<&str> {
        match &key.content {
            Content::Scalar(_) => self.names.matched(text_of(key)?),
            Content::Elements(parts) => {
                parts.iter().filter_map(text_of).find_map(|name| self.names.matched(name))
            }
            // A member of an enumeration.
            Content::Fields(fields) => {
                let is_told = |name: &str| matches!(name, "value" | "_value_" | "name" | "_name_");
                let told = fields.iter().filter(|(name, _)| is_told(name));
                told.filter_map(|(_, value)| text_of(value)).find_map(|name| self.names.matched(name))
            }
            _ => None,
        }
    }

    /// The listed name that the value of one of [`SIBLINGS`] tells of.
    fn rule_told(&self, key: &str, value: &CapturedValue) -> Option<&str> {
        match &value.content {
            Content::Scalar(_) if SIBLINGS[0].0.contains(&key) => {
                crate::text::column(text_of(value)?, &self.names)
            }
            Content::Scalar(_) => self.names.matched(text_of(value)?),
            Content::Elements(parts) if key == "loc" => {
                parts.iter().filter_map(text_of).find_map(|name| self.names.matched(name))
            }
            _ => None,
        }
    }
}

/// Names of which the first tell what the second hold.
const SIBLINGS: [(&[&str], &[&str]); 3] = [
    (&["statement", "sql", "query"], &["params", "parameters", "args"]),
    (&["loc"], &["input", "ctx"]),
    (&["name", "key", "field", "header"], &["value", "values", "val", "data", "content", "default"]),
];

/// Whether `key` is one of the first.
fn tells(key: &str) -> bool {
    matches!(key, "statement" | "sql" | "query" | "loc" | "name" | "key" | "field" | "header")
}

/// Numbers shorter than this, in bytes, hold no secret by their value.
const NUMBER_BYTES_MIN: usize = 9;

/// Takes all of a value but its type.
fn replace(value: &mut CapturedValue, reason: NotCaptured, rule: String) {
    *value = CapturedValue {
        rule: Some(rule),
        ..CapturedValue::absent(std::mem::take(&mut value.type_name), reason)
    };
}

/// Whether the `repr` is one of a number or a boolean, whatever its type says.
fn is_number(repr: &str) -> bool {
    if matches!(repr.as_bytes().first(), Some(b'\'' | b'"')) {
        return false;
    }
    let plain = repr.strip_prefix("Decimal('").and_then(|inner| inner.strip_suffix("')")).unwrap_or(repr);
    matches!(plain, "True" | "False" | "None" | "nan" | "inf" | "-inf" | "NaN" | "Infinity" | "-Infinity")
        || (plain.bytes().any(|byte| byte.is_ascii_digit())
            && plain.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eEj()".contains(&byte)))
}

/// Whether a range is all that a `repr` has between its quotes.
fn is_whole(repr: &str, start: usize, end: usize) -> bool {
    let around = |text: &str| text.bytes().all(|byte| b"'\"bBrRuU".contains(&byte));
    start <= 3 && around(&repr[..start]) && around(&repr[end..])
}

/// What the `repr` of a text or of bytes has between its quotes, escapes as they are.
fn text_of(value: &CapturedValue) -> Option<&str> {
    let Content::Scalar(repr) = &value.content else { return None };
    let bytes = repr.as_bytes();
    let open = bytes.iter().position(|byte| matches!(byte, b'\'' | b'"'))?;
    let mut end = repr.len();
    if end > open + 1 && bytes[end - 1] == b')' {
        end -= 1;
    }
    if end > open + 1 && bytes[end - 1] == bytes[open] {
        end -= 1;
    }
    Some(&repr[open + 1..end])
}
