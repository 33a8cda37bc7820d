//! Captured values: variables, attributes, mapping entries and pairs under a redacted name, and
//! values of a redacted type.

use reenact_model::{CapturedValue, Content, NotCaptured, Snapshot, Variables};

use crate::Redactor;

impl Redactor {
    pub(crate) fn redact_snapshot(&self, snapshot: &mut Snapshot) {
        for variables in
            [&mut snapshot.arguments, &mut snapshot.locals, &mut snapshot.globals, &mut snapshot.closure]
        {
            self.redact_variables(variables);
        }
    }

    fn redact_variables(&self, variables: &mut Variables) {
        for (name, value) in &mut variables.0 {
            self.redact_named(name, value);
        }
    }

    fn redact_named(&self, name: &str, value: &mut CapturedValue) {
        match self.names.matched(name) {
            Some(listed) => remove(value, listed),
            None => self.redact_value(value),
        }
    }

    /// Recursion is as deep as the decoder lets values nest, `Limits::value_depth_max`.
    fn redact_value(&self, value: &mut CapturedValue) {
        if let Some(pattern) = self.types.matched(&value.type_name) {
            let rule = format!("type \"{pattern}\"");
            *value = CapturedValue {
                rule: Some(rule),
                ..CapturedValue::absent(std::mem::take(&mut value.type_name), NotCaptured::RedactedType)
            };
            return;
        }
        if value.not_captured.is_some_and(NotCaptured::is_redacted) {
            // The client redacted it; how large it was says something about it.
            value.size = None;
        }
        match &mut value.content {
            Content::Nothing | Content::Null => {}
            Content::Scalar(text) => self.redact_text(text),
            Content::Fields(fields) => {
                for (name, field) in fields {
                    self.redact_named(name, field);
                }
            }
            Content::Elements(elements) => self.redact_elements(elements),
            Content::Entries(entries) => {
                for (key, entry) in entries {
                    match self.rule_of_key(key) {
                        Some(listed) => remove(entry, listed),
                        None => self.redact_value(entry),
                    }
                    self.redact_value(key);
                }
            }
        }
    }

    /// A sequence of two whose first is a redacted name is a name with its value; in a list of
    /// arguments the value follows its flag.
    fn redact_elements(&self, elements: &mut [CapturedValue]) {
        let is_pair = elements.len() == 2;
        let mut listed: Option<&str> = None;
        for (index, element) in elements.iter_mut().enumerate() {
            let name = text_of(element).filter(|name| (is_pair && index == 0) || name.starts_with("--"));
            let next = name.filter(|name| !name.contains('=')).and_then(|name| self.names.matched(name));
            match listed {
                Some(listed) => remove(element, listed),
                None => self.redact_value(element),
            }
            listed = next;
        }
    }

    /// The listed name in a key: a text, or a tuple with such a text.
    fn rule_of_key(&self, key: &CapturedValue) -> Option<&str> {
        match &key.content {
            Content::Scalar(_) => self.names.matched(text_of(key)?),
            Content::Elements(parts) => {
                parts.iter().filter_map(text_of).find_map(|name| self.names.matched(name))
            }
            _ => None,
        }
    }
}

fn remove(value: &mut CapturedValue, listed: &str) {
    *value = CapturedValue {
        rule: Some(crate::name_rule(listed)),
        ..CapturedValue::absent(std::mem::take(&mut value.type_name), NotCaptured::RedactedIdentifier)
    };
}

/// What the `repr` of a text or of bytes has between its quotes, escapes as they are.
fn text_of(value: &CapturedValue) -> Option<&str> {
    let Content::Scalar(repr) = &value.content else { return None };
    let open = repr.find(['\'', '"'])?;
    let quote = repr.as_bytes()[open] as char;
    let inner = &repr[open + 1..];
    let inner = inner.strip_suffix(')').unwrap_or(inner);
    Some(inner.strip_suffix(quote).unwrap_or(inner))
}
