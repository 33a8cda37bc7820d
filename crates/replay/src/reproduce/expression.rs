//! Python expressions that a generated program consists of, and how they are laid out.
//!
//! Captured text is in none of them but as a checked name, as a number of digits, or between quotes.

use super::python::{Name, quoted, quoted_bytes};

/// Columns of a line.
pub(super) const WIDTH: usize = 120;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    /// `None`, `True`, a number: text that the parser of literals put together.
    Plain(String),
    /// Code points of a string.
    Text(Vec<u32>),
    Bytes(Vec<u8>),
    Name(Name),
    /// `Color.RED`
    Attribute(Box<Expression>, Name),
    List(Vec<Expression>),
    Tuple(Vec<Expression>),
    /// Not empty.
    Set(Vec<Expression>),
    Dict(Vec<(Expression, Expression)>),
    Call(Box<Expression>, Vec<Argument>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Argument {
    Positional(Expression),
    Named(Name, Expression),
    /// `*values`
    Spread(Expression),
    /// `**values`
    SpreadNamed(Expression),
}

impl Expression {
    pub(super) const NONE: &'static str = "None";

    pub(super) fn none() -> Self {
        Self::Plain(Self::NONE.to_owned())
    }

    pub(super) fn fixed(name: &'static str) -> Self {
        Self::Name(Name::fixed(name))
    }

    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.chars().map(u32::from).collect())
    }

    /// A call of a function of ours, or of Python's.
    pub(super) fn call(function: &'static str, arguments: Vec<Expression>) -> Self {
        let arguments = arguments.into_iter().map(Argument::Positional).collect();
        Self::Call(Box::new(Self::fixed(function)), arguments)
    }

    /// The statement that gives `name` this value, indented once.
    pub(super) fn assigned(&self, name: &Name) -> String {
        let mut line = format!("    {name} = ");
        let column = width(&line);
        if self.fits(WIDTH.saturating_sub(column)) || self.is_bracketed() || !self.fits(WIDTH - 8) {
            self.write(&mut line, 4, column, 0);
        } else {
            line.push_str("(\n        ");
            self.write(&mut line, 8, 8, 0);
            line.push_str("\n    )");
        }
        line
    }

    /// This behind `before`, indented by so many spaces.
    pub(super) fn stated(&self, before: &str, indent: usize) -> String {
        let mut line = format!("{}{before}", " ".repeat(indent));
        let column = width(&line);
        self.write(&mut line, indent, column, 0);
        line
    }

    fn is_bracketed(&self) -> bool {
        match self {
            Self::List(items) | Self::Tuple(items) | Self::Set(items) => !items.is_empty(),
            Self::Dict(items) => !items.is_empty(),
            Self::Call(_, arguments) => !arguments.is_empty(),
            _ => false,
        }
    }

    /// In one line where that fits before `tail` columns, else with each part on a line of its own.
    fn write(&self, out: &mut String, indent: usize, column: usize, tail: usize) {
        if !self.is_bracketed() || self.fits(WIDTH.saturating_sub(column + tail)) {
            self.write_flat(out);
            return;
        }
        let inner = indent + 4;
        let begin = |out: &mut String| {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', inner));
        };
        let (open, close) = self.brackets(out);
        out.push(open);
        match self {
            Self::List(items) | Self::Tuple(items) | Self::Set(items) => {
                for item in items {
                    begin(out);
                    item.write(out, inner, inner, 1);
                    out.push(',');
                }
            }
            Self::Dict(items) => {
                for (key, value) in items {
                    begin(out);
                    let from = out.len();
                    key.write(out, inner, inner, 2);
                    out.push_str(": ");
                    let last_line = out[from..].rsplit('\n').next().unwrap_or_default();
                    let column =
                        if out[from..].contains('\n') { width(last_line) } else { inner + width(last_line) };
                    value.write(out, inner, column, 1);
                    out.push(',');
                }
            }
            Self::Call(_, arguments) => {
                for argument in arguments {
                    begin(out);
                    let before = argument.before();
                    out.push_str(&before);
                    argument.value().write(out, inner, inner + width(&before), 1);
                    out.push(',');
                }
            }
            _ => {}
        }
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent));
        out.push(close);
    }

    /// The brackets around the parts; what stands before them is written.
    fn brackets(&self, out: &mut String) -> (char, char) {
        match self {
            Self::List(_) => ('[', ']'),
            Self::Set(_) | Self::Dict(_) => ('{', '}'),
            Self::Call(function, _) => {
                function.write_flat(out);
                ('(', ')')
            }
            _ => ('(', ')'),
        }
    }

    fn write_flat(&self, out: &mut String) {
        match self {
            Self::Plain(text) => out.push_str(text),
            Self::Text(text) => out.push_str(&quoted(text)),
            Self::Bytes(bytes) => out.push_str(&quoted_bytes(bytes)),
            Self::Name(name) => out.push_str(name.as_str()),
            Self::Attribute(of, name) => {
                of.write_flat(out);
                out.push('.');
                out.push_str(name.as_str());
            }
            Self::List(items) | Self::Tuple(items) | Self::Set(items) => {
                let (open, close) = self.brackets(out);
                out.push(open);
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    item.write_flat(out);
                }
                if matches!(self, Self::Tuple(_)) && items.len() == 1 {
                    out.push(',');
                }
                out.push(close);
            }
            Self::Dict(items) => {
                out.push('{');
                for (index, (key, value)) in items.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    key.write_flat(out);
                    out.push_str(": ");
                    value.write_flat(out);
                }
                out.push('}');
            }
            Self::Call(function, arguments) => {
                function.write_flat(out);
                out.push('(');
                for (index, argument) in arguments.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    out.push_str(&argument.before());
                    argument.value().write_flat(out);
                }
                out.push(')');
            }
        }
    }

    /// Whether it has that many columns at most in one line. O(columns).
    fn fits(&self, columns: usize) -> bool {
        self.columns_left(columns).is_some()
    }

    /// What is left of so many columns behind it, if it fits.
    fn columns_left(&self, columns: usize) -> Option<usize> {
        let list = |items: &[Expression], mut left: usize| {
            for item in items {
                left = item.columns_left(left.checked_sub(2)?)?;
            }
            // The brackets take two, the first part has no comma before it.
            if items.is_empty() { left.checked_sub(2) } else { Some(left) }
        };
        match self {
            Self::Plain(text) => columns.checked_sub(width(text)),
            Self::Text(text) if text.len() > columns => None,
            Self::Text(text) => columns.checked_sub(width(&quoted(text))),
            Self::Bytes(bytes) if bytes.len() > columns => None,
            Self::Bytes(bytes) => columns.checked_sub(width(&quoted_bytes(bytes))),
            Self::Name(name) => columns.checked_sub(width(name.as_str())),
            Self::Attribute(of, name) => of.columns_left(columns)?.checked_sub(1 + width(name.as_str())),
            Self::List(items) | Self::Set(items) => list(items, columns),
            Self::Tuple(items) => list(items, columns.checked_sub(usize::from(items.len() == 1))?),
            Self::Dict(items) => {
                let mut left = columns;
                for (key, value) in items {
                    left = value.columns_left(key.columns_left(left.checked_sub(4)?)?)?;
                }
                if items.is_empty() { left.checked_sub(2) } else { Some(left) }
            }
            Self::Call(function, arguments) => {
                let mut left = function.columns_left(columns)?;
                for argument in arguments {
                    let before = left.checked_sub(2 + width(&argument.before()))?;
                    left = argument.value().columns_left(before)?;
                }
                if arguments.is_empty() { left.checked_sub(2) } else { Some(left) }
            }
        }
    }
}

impl Argument {
    pub(super) fn value(&self) -> &Expression {
        match self {
            Self::Positional(value)
            | Self::Named(_, value)
            | Self::Spread(value)
            | Self::SpreadNamed(value) => value,
        }
    }

    fn before(&self) -> String {
        match self {
            Self::Positional(_) => String::new(),
            Self::Named(name, _) => format!("{name}="),
            Self::Spread(_) => "*".to_owned(),
            Self::SpreadNamed(_) => "**".to_owned(),
        }
    }
}

/// Columns of a text: letters of East Asian scripts take two.
fn width(text: &str) -> usize {
    text.chars().map(|c| if c < '\u{1100}' { 1 } else { 2 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stands_in_one_line() {
        let one = Expression::Tuple(vec![Expression::Plain("1".to_owned())]);
        let pair = (Expression::text("a"), Expression::List(vec![one]));
        let dict = Expression::Dict(vec![pair.clone(), pair]);
        assert_eq!(dict.assigned(&Name::fixed("x")), r#"    x = {"a": [(1,)], "a": [(1,)]}"#);
    }

    #[test]
    fn what_does_not_fit_has_a_line_for_each_part() {
        let long = Expression::text(&"a".repeat(70));
        let list = Expression::List(vec![long.clone(), Expression::call("set", Vec::new()), long.clone()]);
        let text = list.assigned(&Name::fixed("x"));
        let a = "a".repeat(70);
        assert_eq!(text, format!("    x = [\n        \"{a}\",\n        set(),\n        \"{a}\",\n    ]"));
        let longer = Expression::text(&"b".repeat(108)).assigned(&Name::fixed("name"));
        assert!(longer.starts_with("    name = (\n        \"bb"), "{longer}");
    }
}
