//! Values as Python would print them, as far as they were captured, in one line.

use reenact_model::Form;

use crate::evaluate::Value;
use crate::graph::{Body, Graph, Node, NodeId};
use crate::limits::LINE_CHARACTERS_MAX;
use reenact_replay::visible::visible;

/// Parts of a value that are shown in one line.
const PARTS_MAX: usize = 10;
/// Nesting that is shown in one line.
const LINE_DEPTH_MAX: usize = 2;
/// Nesting that is shown of a value that was asked for by itself.
const TEXT_DEPTH_MAX: usize = 12;

/// A value for a list of variables.
///
/// - **Limits:** 300 characters, 10 parts on each of 2 levels.
pub(crate) fn line(graph: &Graph, value: &Value) -> String {
    shown(graph, value, LINE_CHARACTERS_MAX, LINE_DEPTH_MAX, PARTS_MAX)
}

/// A value that was asked for by itself, with so many characters at most, and nesting of 12.
pub(crate) fn text(graph: &Graph, value: &Value, characters_max: usize) -> String {
    shown(graph, value, characters_max, TEXT_DEPTH_MAX, usize::MAX)
}

fn shown(graph: &Graph, value: &Value, characters_max: usize, depth_max: usize, parts_max: usize) -> String {
    let mut writer =
        Writer { graph, out: String::new(), left: characters_max, depth_max, parts_max, open: Vec::new() };
    writer.value(value, 0);
    visible(&writer.out)
}

/// A text as Python writes it between quotes.
pub(crate) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() || c.is_whitespace() && c != ' ' => match u32::from(c) {
                code @ ..=0xff => out.push_str(&format!("\\x{code:02x}")),
                code => out.push_str(&format!("\\u{code:04x}")),
            },
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

fn quoted_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = format!("b{quote}");
    for byte in bytes {
        match byte {
            b'\'' | b'"' if char::from(*byte) != quote => out.push(char::from(*byte)),
            byte => out.extend(std::ascii::escape_default(*byte).map(char::from)),
        }
    }
    out.push(quote);
    out
}

/// A float as Python prints it.
fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return format!("{value}");
    }
    let short = format!("{value:e}");
    let places = short.split('e').next().unwrap_or("").bytes().filter(u8::is_ascii_digit).count();
    // Of two texts that are as short and as near Python takes the one that is even.
    let even = format!("{value:.*e}", places.saturating_sub(1));
    let text = if even.parse() == Ok(value) { even } else { short };
    let (number, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{number}e{sign}{:02}", exponent.abs());
    }
    let decimals = usize::try_from(places as i64 - 1 - i64::from(exponent)).unwrap_or(0);
    format!("{value:.*}", decimals.max(1))
}

struct Writer<'g> {
    graph: &'g Graph,
    out: String,
    /// Characters that may still be written.
    left: usize,
    depth_max: usize,
    parts_max: usize,
    open: Vec<NodeId>,
}

impl Writer<'_> {
    fn push(&mut self, text: &str) {
        if self.left == 0 {
            return;
        }
        let length = text.chars().take(self.left + 1).count();
        if length <= self.left {
            self.out.push_str(text);
            self.left -= length;
            return;
        }
        self.out.extend(text.chars().take(self.left));
        self.out.push('…');
        self.left = 0;
    }

    fn value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Node(id) => self.node(*id, depth),
            Value::Null => self.push("None"),
            Value::Bool(true) => self.push("True"),
            Value::Bool(false) => self.push("False"),
            Value::Int(value) => self.push(&value.to_string()),
            Value::Float(value) => self.push(&float(*value)),
            Value::Text(text) => self.push(&quoted(text)),
            Value::Bytes(bytes) => self.push(&quoted_bytes(bytes)),
            Value::Class(name) => self.push(&format!("<class '{name}'>")),
            Value::List(values) => self.made("[", values, "]", depth),
            Value::Tuple(values) if values.len() == 1 => self.made("(", values, ",)", depth),
            Value::Tuple(values) => self.made("(", values, ")", depth),
        }
    }

    fn made(&mut self, open: &str, values: &[Value], close: &str, depth: usize) {
        self.parts(open, values.len(), values.len() as u64, close, depth, |writer, index| {
            writer.value(&values[index], depth + 1);
        });
    }

    /// What stands between brackets: so many parts of so many.
    fn parts(
        &mut self,
        open: &str,
        count: usize,
        total: u64,
        close: &str,
        depth: usize,
        mut part: impl FnMut(&mut Self, usize),
    ) {
        self.push(open);
        let is_too_deep = depth >= self.depth_max && count > 0;
        let shown = if is_too_deep { 0 } else { count.min(self.parts_max) };
        for index in 0..shown {
            if self.left == 0 {
                return;
            }
            if index > 0 {
                self.push(", ");
            }
            part(self, index);
        }
        if is_too_deep {
            self.push("…");
        } else if total > shown as u64 {
            let comma = if shown > 0 { ", " } else { "" };
            self.push(&format!("{comma}… {} more", total - shown as u64));
        }
        self.push(close);
    }

    fn node(&mut self, id: NodeId, depth: usize) {
        let home = self.graph.home(id);
        if self.open.contains(&home) {
            return self.push("…");
        }
        let graph = self.graph;
        let node = graph.get(home);
        self.open.push(home);
        match &node.body {
            Body::Nothing => self.nothing(node),
            Body::Null => self.push("None"),
            Body::Scalar(text) => self.scalar(node, text),
            Body::Elements(elements) => self.elements(node, elements, depth),
            Body::Entries(entries) => self.entries(node, entries, depth),
            Body::Fields(fields) => self.fields(home, node, fields, depth),
        }
        if self.open.len() == 1 && !node.is_absent() && !is_size_told(node) {
            // Nested values say it with "… more" alone.
            if let Some(reason) = node.absence() {
                self.push(&format!(" <{reason}>"));
            }
        }
        self.open.pop();
    }

    fn nothing(&mut self, node: &Node) {
        match (node.absence(), node.type_name.as_str()) {
            (Some(reason), "") => self.push(&format!("<{reason}>")),
            (Some(reason), name) => self.push(&format!("<{name}: {reason}>")),
            (None, name) => self.push(&format!("<{name} object>")),
        }
    }

    fn scalar(&mut self, node: &Node, text: &str) {
        match node.form {
            Some(Form::Class) => self.push(&format!("<class '{text}'>")),
            Some(
                form @ (Form::Function | Form::Method | Form::Module | Form::Generator | Form::Coroutine),
            ) => {
                self.push(&format!("<{} {text}>", form.as_str()));
            }
            _ => self.push(text),
        }
        if node.is_cut {
            let size = node.size.map_or(String::new(), |size| format!(" of {size} characters"));
            self.push(&format!("… (cut{size})"));
        }
    }

    fn elements(&mut self, node: &Node, elements: &[NodeId], depth: usize) {
        let name = node.type_name.rsplit('.').next().unwrap_or("");
        let total = node.true_size().unwrap_or(elements.len() as u64).max(elements.len() as u64);
        let (open, close) = match name {
            "list" => ("[".to_owned(), "]"),
            "tuple" if elements.len() == 1 && total == 1 => ("(".to_owned(), ",)"),
            "tuple" => ("(".to_owned(), ")"),
            "set" if !elements.is_empty() => ("{".to_owned(), "}"),
            "set" => ("set(".to_owned(), ")"),
            "frozenset" if total == 0 => ("frozenset(".to_owned(), ")"),
            "frozenset" => ("frozenset({".to_owned(), "})"),
            _ => (format!("{name}(["), "])"),
        };
        self.parts(&open, elements.len(), total, close, depth, |writer, index| {
            writer.node(elements[index], depth + 1);
        });
    }

    fn entries(&mut self, node: &Node, entries: &[(NodeId, NodeId)], depth: usize) {
        let name = node.type_name.rsplit('.').next().unwrap_or("");
        let (open, close) = if name == "dict" { ("{".to_owned(), "}") } else { (format!("{name}({{"), "})") };
        let total = node.true_size().unwrap_or(entries.len() as u64).max(entries.len() as u64);
        self.parts(&open, entries.len(), total, close, depth, |writer, index| {
            writer.node(entries[index].0, depth + 1);
            writer.push(": ");
            writer.node(entries[index].1, depth + 1);
        });
    }

    fn fields(&mut self, id: NodeId, node: &Node, fields: &[(String, NodeId)], depth: usize) {
        let name = node.type_name.rsplit('.').next().unwrap_or("");
        if node.form == Some(Form::Enum)
            && let Some(member) = self.graph.field(id, "_name_")
            && let Body::Scalar(member) = &self.graph.get(member).body
        {
            return self.push(&format!("<{name}.{}>", reenact_model::unquoted(member)));
        }
        let total = node.true_size().unwrap_or(fields.len() as u64).max(fields.len() as u64);
        self.parts(&format!("{name}("), fields.len(), total, ")", depth, |writer, index| {
            let (name, part) = &fields[index];
            if !name.starts_with('(') {
                writer.push(&format!("{name}="));
            }
            writer.node(*part, depth + 1);
        });
    }
}

/// Whether the parts that are missing are counted where the value is written.
fn is_size_told(node: &Node) -> bool {
    node.size.is_some() && !node.not_captured.is_some_and(reenact_model::NotCaptured::is_redacted)
}
