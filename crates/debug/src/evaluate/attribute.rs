//! Attributes of captured objects.

use reenact_model::Form;

use super::shape::{Shape, absent};
use super::{Evaluated, Evaluator, Unknown, Value};
use crate::graph::{Body, Node, NodeId};

/// Attributes that a capture has under another name: in parentheses, as they are no attributes of the object itself, and
/// those of members of enumerations.
const RENAMED: [(&str, &str); 9] = [
    ("args", "(args)"),
    ("__func__", "(function)"),
    ("__self__", "(self)"),
    ("default_factory", "(default_factory)"),
    ("maxlen", "(maxlen)"),
    ("dtype", "(dtype)"),
    ("shape", "(shape)"),
    ("name", "_name_"),
    ("value", "_value_"),
];

/// What Python writes for a field, where that is something else than its name. Nothing stands for what the object is itself.
pub(crate) fn written(field: &str) -> Option<String> {
    if field.starts_with('(') {
        let renamed = RENAMED.iter().find(|(_, captured)| *captured == field);
        return Some(renamed.map_or_else(String::new, |(name, _)| format!(".{name}")));
    }
    is_name(field).then(|| format!(".{field}"))
}

/// Whether a text can stand as a name in an expression.
pub(crate) fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|c| c.is_alphanumeric() || c == '_')
}

impl Evaluator<'_> {
    pub(super) fn attribute(&self, of: &Value, name: &str) -> Evaluated {
        if let Value::Node(id) = of
            && let Some(part) = self.field(*id, name)?
        {
            return Ok(Value::Node(part));
        }
        if name == "__class__" {
            return self.class_of(of);
        }
        if let Shape::Class(class) = self.shape(of)
            && name == "__name__"
        {
            return Ok(Value::Text(super::shape::bare(&class).to_owned()));
        }
        Err(self.no_attribute(of, name))
    }

    fn field(&self, id: NodeId, name: &str) -> Evaluated<Option<NodeId>> {
        if let Body::Fields(fields) = &self.graph.get(id).body {
            self.step(fields.len())?;
        }
        if let Some(part) = self.graph.field(id, name) {
            return Ok(Some(part));
        }
        // Other classes may have one of the fields, and a property that says something else. Not every client tells forms.
        let is_member = self.graph.get(id).form == Some(Form::Enum)
            || ["_name_", "_value_"].iter().all(|part| self.graph.field(id, part).is_some());
        let renamed = RENAMED
            .iter()
            .find(|(known, captured)| *known == name && (is_member || captured.starts_with('(')));
        Ok(renamed.and_then(|(_, captured)| self.graph.field(id, captured)))
    }

    fn no_attribute(&self, of: &Value, name: &str) -> Unknown {
        let Value::Node(id) = of else {
            return Unknown::new(format!("a {} has no attribute `{name}` here", self.type_name(of)));
        };
        let node = self.graph.get(*id);
        if node.is_absent() {
            return match self.shape(of) {
                Shape::Named => {
                    Unknown::new(format!("attributes of a {} are not captured", self.type_name(of)))
                }
                _ => absent(node),
            };
        }
        let kind = match &node.body {
            Body::Entries(_) => "a mapping; its items are read with `[key]`, and methods are not run",
            Body::Elements(_) => "a container; its elements are read with `[index]`, and methods are not run",
            Body::Null => return Unknown::new(format!("`None` has no attribute `{name}`")),
            Body::Fields(_) if is_field_cut(node) => {
                return Unknown::new(format!(
                    "`{name}` is not among the attributes that were captured; {}",
                    node.absence().unwrap_or_else(|| "there were more".to_owned())
                ));
            }
            _ => "captured without it; properties and methods are code, and nothing is run",
        };
        Unknown::new(format!("no attribute `{name}`: the `{}` is {kind}", node.type_name))
    }

    /// The class of a value, by its name.
    pub(super) fn class_of(&self, value: &Value) -> Evaluated {
        let name = self.type_name(value);
        if name.is_empty() {
            return Err(Unknown::new("the type was not captured"));
        }
        Ok(Value::Class(name))
    }

    pub(super) fn type_name(&self, value: &Value) -> String {
        let name = match value {
            Value::Node(id) => {
                let node = self.graph.get(*id);
                let of_form = match node.form {
                    Some(Form::Function) => "function",
                    Some(Form::Module) => "module",
                    _ => "object",
                };
                if node.type_name.is_empty() { of_form } else { &node.type_name }
            }
            Value::Null => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Text(_) => "str",
            Value::Bytes(_) => "bytes",
            Value::Class(_) => "type",
            Value::List(_) => "list",
            Value::Tuple(_) => "tuple",
        };
        name.to_owned()
    }
}

fn is_field_cut(node: &Node) -> bool {
    node.is_partial()
}
