//! Values at the prompt.

use super::Prompt;
use crate::case::ScopeKind;
use crate::display;
use crate::evaluate::{Value, evaluate};
use crate::graph::Body;
use crate::limits::{LISTED_LINES_MAX, TEXT_CHARACTERS_MAX};
use reenact_replay::visible::visible;

/// Characters of a line that `pp` does not part.
const WIDTH: usize = 80;
/// Nesting of parts that `pp` lays out in lines.
const LAID_OUT_DEPTH_MAX: usize = 6;

impl Prompt {
    pub(super) fn evaluated(&self, text: &str) -> String {
        match self.value(text) {
            Ok(value) => display::text(&self.case.graph, &value, TEXT_CHARACTERS_MAX) + "\n",
            Err(why) => format!("*** {why}\n"),
        }
    }

    fn value(&self, text: &str) -> Result<Value, String> {
        let frame = self.current().ok_or("this exception has no frames")?;
        evaluate(&self.case, frame, text).map_err(|unknown| unknown.to_string())
    }

    pub(super) fn laid_out(&self, text: &str) -> String {
        let mut lines = Vec::new();
        match self.value(text) {
            Ok(value) => self.lay_out("", &value, 0, &mut lines),
            Err(why) => return format!("*** {why}\n"),
        }
        if lines.len() > LISTED_LINES_MAX {
            lines.truncate(LISTED_LINES_MAX);
            lines.push("… and more".to_owned());
        }
        lines.join("\n") + "\n"
    }

    /// A value in one line where it is short, else each of its parts in lines of its own.
    fn lay_out(&self, name: &str, value: &Value, depth: usize, lines: &mut Vec<String>) {
        if lines.len() > LISTED_LINES_MAX {
            return;
        }
        let indent = "    ".repeat(depth);
        let graph = &self.case.graph;
        let whole = display::text(graph, value, WIDTH + 1);
        let parts = self.parts(value);
        if whole.chars().count() <= WIDTH || depth >= LAID_OUT_DEPTH_MAX || parts.is_empty() {
            let line =
                if parts.is_empty() { display::text(graph, value, TEXT_CHARACTERS_MAX) } else { whole };
            lines.push(format!("{indent}{name}{line}"));
            return;
        }
        let about = match value {
            Value::Node(id) => {
                let node = graph.get(*id);
                let why = node.absence().map_or(String::new(), |why| format!("; {why}"));
                format!("{} with {} parts{why}", node.type_name, parts.len())
            }
            _ => format!("{} parts", parts.len()),
        };
        lines.push(visible(&format!("{indent}{name}{about}")));
        for (name, part) in parts {
            self.lay_out(&name, &part, depth + 1, lines);
        }
    }

    fn parts(&self, value: &Value) -> Vec<(String, Value)> {
        match value {
            Value::List(values) | Value::Tuple(values) => values
                .iter()
                .enumerate()
                .map(|(index, value)| (format!("[{index}] "), value.clone()))
                .collect(),
            Value::Node(id) => match &self.case.graph.get(*id).body {
                Body::Fields(fields) => fields
                    .iter()
                    .map(|(name, part)| (visible(&format!(".{name} = ")), Value::Node(*part)))
                    .collect(),
                Body::Elements(elements) => {
                    let name = |index| format!("[{index}] ");
                    elements
                        .iter()
                        .enumerate()
                        .map(|(index, part)| (name(index), Value::Node(*part)))
                        .collect()
                }
                Body::Entries(entries) => {
                    let name = |key| format!("[{}] ", display::line(&self.case.graph, &Value::Node(key)));
                    entries.iter().map(|(key, part)| (name(*key), Value::Node(*part))).collect()
                }
                Body::Nothing | Body::Null | Body::Scalar(_) => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    pub(super) fn scope(&self, kind: ScopeKind) -> String {
        let Some(frame) = self.current() else { return self.place() };
        let Some(node) = frame.scope(kind) else {
            return match &frame.why_none {
                Some(why) => format!("*** no values: {}\n", visible(why)),
                None => "*** none were captured\n".to_owned(),
            };
        };
        let mut text = String::new();
        for (name, value) in self.parts(&Value::Node(node)).into_iter().take(LISTED_LINES_MAX) {
            let name = name.trim_start_matches('.');
            text.push_str(&format!("{name}{}\n", display::line(&self.case.graph, &value)));
        }
        text
    }
}
