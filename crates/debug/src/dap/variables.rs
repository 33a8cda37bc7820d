//! The parts of values, a page at a time.

use reenact_model::Form;
use serde_json::{Value as Json, json};

use super::messages::{Filter, Hint, Parts, Variable, VariablesArguments};
use super::{Answered, Reference, Refused, Session, arguments, body, reason};
use crate::case::Case;
use crate::display;
use crate::evaluate::{Value, is_name, written};
use crate::graph::{Body, NodeId};
use crate::limits::{NAME_BYTES_MAX, REFERENCES_MAX, VARIABLES_PER_PAGE_MAX};
use reenact_replay::visible::visible;

/// Characters of the name of a variable.
const NAME_CHARACTERS_MAX: usize = 120;

/// A part of a value.
enum Part {
    Is {
        name: String,
        value: Value,
        /// What evaluates to it.
        expression: Option<String>,
        kind: &'static str,
    },
    /// Parts that are missing, and why.
    Missing(String),
}

impl Session {
    pub(super) fn variables(&mut self, json: &Json) -> Answered {
        let wanted: VariablesArguments = arguments(json)?;
        let place = usize::try_from(wanted.variables_reference).ok().and_then(|number| number.checked_sub(1));
        let reference = place.and_then(|place| self.references.all.get(place)).cloned();
        let reference = reference.ok_or_else(|| {
            Refused::new(reason::NO_SUCH, format!("there is no value {}", wanted.variables_reference))
        })?;
        let case = self.case()?;
        let (named, indexed) = counts(case, &reference.value);
        // Named parts come before indexed ones where both are asked for.
        let range = match wanted.filter {
            Some(Filter::Named) => 0..named,
            Some(Filter::Indexed) => named..named + indexed,
            None => 0..named + indexed,
        };
        let start = range.start.saturating_add(wanted.start.unwrap_or(0)).min(range.end);
        let asked = wanted.count.filter(|count| *count > 0).unwrap_or(usize::MAX);
        let end = start.saturating_add(asked.min(VARIABLES_PER_PAGE_MAX)).min(range.end);
        let is_cut = end < range.end && asked > VARIABLES_PER_PAGE_MAX;
        let parts: Vec<Part> =
            (start..end).filter_map(|index| part(case, &reference, index, named)).collect();
        let mut views = Vec::with_capacity(parts.len() + 1);
        for part in parts {
            views.push(self.variable(part)?);
        }
        if is_cut {
            let why = format!("{} more; a page has {VARIABLES_PER_PAGE_MAX} at most", range.end - end);
            views.push(note("(more)", &why));
        }
        Ok(json!({"variables": body(views)}))
    }

    fn variable(&mut self, part: Part) -> Result<Variable, Refused> {
        let (name, value, expression, kind) = match part {
            Part::Is { name, value, expression, kind } => (name, value, expression, kind),
            Part::Missing(why) => return Ok(note("(not captured)", &why)),
        };
        let case = self.case()?;
        let (shown, type_name) = (display::line(&case.graph, &value), type_name(case, &value));
        let evaluate_name = expression.filter(|expression| expression.len() <= NAME_BYTES_MAX);
        let hint = hint(case, &value).unwrap_or(kind);
        let parts = self.parts(value, evaluate_name.clone())?;
        Ok(Variable {
            name: visible(&cut(&name)),
            value: shown,
            type_name: visible(&type_name),
            evaluate_name,
            parts,
            presentation_hint: Hint::of(hint),
        })
    }

    /// How to ask for the parts of a value; with no reference where it has none.
    pub(super) fn parts(&mut self, value: Value, expression: Option<String>) -> Result<Parts, Refused> {
        let (named_variables, indexed_variables) = counts(self.case()?, &value);
        if named_variables + indexed_variables == 0 {
            return Ok(Parts::default());
        }
        let variables_reference = self.reference(value, expression)?;
        Ok(Parts { variables_reference, named_variables, indexed_variables })
    }

    /// As [`Session::parts`], for a scope: there the name of a variable follows `prefix`.
    pub(super) fn scope_parts(&mut self, value: Value, prefix: String) -> Result<Parts, Refused> {
        let (named_variables, indexed_variables) = counts(self.case()?, &value);
        let expression = matches!(value, Value::Node(_)).then(|| format!("{SCOPE}{prefix}"));
        let variables_reference = self.reference(value, expression)?;
        Ok(Parts { variables_reference, named_variables, indexed_variables })
    }

    fn reference(&mut self, value: Value, expression: Option<String>) -> Result<usize, Refused> {
        let references = &mut self.references;
        let key = match &value {
            Value::Node(node) => Some((*node, expression.clone())),
            _ => None,
        };
        if let Some(number) = key.as_ref().and_then(|key| references.known.get(key)) {
            return Ok(*number);
        }
        if references.all.len() >= REFERENCES_MAX {
            let why = format!("a session gives {REFERENCES_MAX} references to values; begin another one");
            return Err(Refused::new(reason::LIMIT, why));
        }
        references.all.push(Reference { value, expression });
        let number = references.all.len();
        if let Some(key) = key {
            references.known.insert(key, number);
        }
        Ok(number)
    }
}

/// What the expression of a scope begins with: it is none by itself.
const SCOPE: char = '\0';

/// How many parts of a value have names, and how many have an index.
fn counts(case: &Case, value: &Value) -> (usize, usize) {
    match value {
        Value::Node(id) => {
            let node = case.graph.get(*id);
            let missing = usize::from(is_missing_said(case, *id));
            match &node.body {
                Body::Elements(elements) => (missing, elements.len()),
                Body::Fields(_) | Body::Entries(_) => (node.parts() + missing, 0),
                Body::Nothing | Body::Null | Body::Scalar(_) => (0, 0),
            }
        }
        Value::List(values) | Value::Tuple(values) => (0, values.len()),
        _ => (0, 0),
    }
}

/// Whether a part says what is missing.
fn is_missing_said(case: &Case, id: NodeId) -> bool {
    let node = case.graph.get(id);
    !node.is_absent() && node.parts() > 0 && node.is_partial()
}

/// The part of a value at a place: named ones first.
fn part(case: &Case, of: &Reference, index: usize, named: usize) -> Option<Part> {
    let expression = of.expression.as_deref();
    let after = |step: &str| expression.map(|expression| format!("{expression}{step}"));
    let id = match &of.value {
        Value::Node(id) => *id,
        Value::List(values) | Value::Tuple(values) => {
            let value = values.get(index)?.clone();
            return Some(Part::Is {
                name: index.to_string(),
                value,
                expression: after(&format!("[{index}]")),
                kind: "data",
            });
        }
        _ => return None,
    };
    let node = case.graph.get(id);
    if is_missing_said(case, id) && index + 1 == named {
        let missing = node.true_size().map(|size| size.saturating_sub(node.parts() as u64));
        let count = missing
            .filter(|missing| *missing > 0)
            .map_or(String::new(), |missing| format!("{missing} more: "));
        let why = node.absence().unwrap_or_else(|| "not captured".to_owned());
        return Some(Part::Missing(format!("{count}{why}")));
    }
    match &node.body {
        Body::Fields(fields) => {
            let (name, value) = fields.get(index)?;
            Some(Part::Is {
                name: name.clone(),
                value: Value::Node(*value),
                expression: field_expression(case, expression, name, *value),
                kind: "property",
            })
        }
        Body::Entries(entries) => {
            let (key, value) = entries.get(index)?;
            let shown = display::line(&case.graph, &Value::Node(*key));
            let expression = key_text(case, *key).and_then(|key| after(&format!("[{key}]")));
            Some(Part::Is { name: shown, value: Value::Node(*value), expression, kind: "data" })
        }
        Body::Elements(elements) => {
            let at = index - named;
            let value = Value::Node(*elements.get(at)?);
            let is_set = node.type_name.to_ascii_lowercase().ends_with("set");
            let expression = after(&format!("[{at}]")).filter(|_| !is_set);
            Some(Part::Is { name: at.to_string(), value, expression, kind: "data" })
        }
        Body::Nothing | Body::Null | Body::Scalar(_) => None,
    }
}

/// What evaluates to a field; `None` where another variable has that name.
fn field_expression(case: &Case, of: Option<&str>, name: &str, value: NodeId) -> Option<String> {
    let of = of?;
    let Some(prefix) = of.strip_prefix(SCOPE) else {
        return written(name).map(|step| format!("{of}{step}"));
    };
    if !prefix.is_empty() {
        return written(name).map(|step| format!("{}{step}", prefix.trim_end_matches('.')));
    }
    // A name of several scopes means the first one. Values stand in one scope of one frame alone.
    let frame = case
        .stack
        .iter()
        .find(|frame| frame.scopes.iter().any(|scope| case.graph.field(scope.node, name) == Some(value)))?;
    (is_name(name) && case.named(frame, name) == Some(value)).then(|| name.to_owned())
}

/// A key as it is written in an expression.
fn key_text(case: &Case, key: NodeId) -> Option<String> {
    let node = case.graph.get(key);
    match &node.body {
        Body::Null => Some("None".to_owned()),
        Body::Scalar(text) if node.is_cut || text.len() > NAME_BYTES_MAX => None,
        Body::Scalar(text) => {
            let is_literal = matches!(node.type_name.as_str(), "str" | "int" | "bool" | "float" | "bytes");
            (is_literal && crate::expression::parse(text).is_ok()).then(|| text.clone())
        }
        _ => None,
    }
}

pub(super) fn type_name(case: &Case, value: &Value) -> String {
    match value {
        Value::Node(id) => case.graph.get(*id).type_name.clone(),
        Value::Null => "NoneType".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Int(_) => "int".to_owned(),
        Value::Float(_) => "float".to_owned(),
        Value::Text(_) => "str".to_owned(),
        Value::Bytes(_) => "bytes".to_owned(),
        Value::Class(_) => "type".to_owned(),
        Value::List(_) => "list".to_owned(),
        Value::Tuple(_) => "tuple".to_owned(),
    }
}

/// What kind of thing a value is, where that is said by its form.
pub(super) fn hint(case: &Case, value: &Value) -> Option<&'static str> {
    let Value::Node(id) = value else { return None };
    match case.graph.get(*id).form? {
        Form::Function | Form::Method => Some("method"),
        Form::Class => Some("class"),
        _ => None,
    }
}

/// A line among the variables that is none.
fn note(name: &str, text: &str) -> Variable {
    Variable {
        name: name.to_owned(),
        value: visible(text),
        type_name: String::new(),
        evaluate_name: None,
        parts: Parts::default(),
        presentation_hint: Hint::of("virtual"),
    }
}

fn cut(name: &str) -> String {
    let cut: String = name.chars().take(NAME_CHARACTERS_MAX).collect();
    if cut.len() < name.len() { format!("{cut}…") } else { cut }
}
