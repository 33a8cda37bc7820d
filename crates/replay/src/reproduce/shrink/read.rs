//! The expressions of a generated test, read again.

use super::super::expression::{Argument, Expression};
use super::super::literal::{bytes_of, quoted};
use super::super::python::Name;

/// Nesting that is read.
const DEPTH_MAX: usize = 200;

/// The expression that a text begins with, and the rest of it. Only what [`Expression`] writes is read.
pub(super) fn expression(text: &str) -> Option<(Expression, &str)> {
    let mut reader = Reader { rest: text };
    let made = reader.expression(0)?;
    Some((made, reader.rest))
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\n']);
    }

    fn takes(&mut self, wanted: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expression(&mut self, depth: usize) -> Option<Expression> {
        if depth > DEPTH_MAX {
            return None;
        }
        self.skip();
        let mut made = match self.rest.chars().next()? {
            '"' | '\'' => Expression::Text(self.quoted(false)?),
            'b' if self.rest[1..].starts_with(['"', '\'']) => {
                self.rest = &self.rest[1..];
                Expression::Bytes(bytes_of(&self.quoted(true)?)?)
            }
            '[' => {
                self.takes("[");
                Expression::List(self.items("]", depth)?.0)
            }
            '(' => {
                self.takes("(");
                let (mut items, has_comma) = self.items(")", depth)?;
                if items.len() == 1 && !has_comma { items.pop()? } else { Expression::Tuple(items) }
            }
            '{' => {
                self.takes("{");
                self.braces(depth)?
            }
            c if c.is_ascii_digit() || c == '-' => {
                Expression::Plain(self.word(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))?)
            }
            _ => self.name()?,
        };
        while let Some(rest) = self.rest.strip_prefix(['.', '(']) {
            let is_call = self.rest.starts_with('(');
            self.rest = rest;
            made = if is_call {
                Expression::Call(Box::new(made), self.arguments(depth)?)
            } else {
                Expression::Attribute(Box::new(made), self.checked()?)
            };
        }
        Some(made)
    }

    fn word(&mut self, is_part: impl Fn(char) -> bool) -> Option<String> {
        let length = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        (length > 0).then(|| word.to_owned())
    }

    fn checked(&mut self) -> Option<Name> {
        Name::checked(&self.word(|c| c.is_alphanumeric() || c == '_')?)
    }

    fn name(&mut self) -> Option<Expression> {
        let word = self.word(|c| c.is_alphanumeric() || c == '_')?;
        if matches!(word.as_str(), "None" | "True" | "False" | "Ellipsis") {
            return Some(Expression::Plain(word));
        }
        Name::checked(&word).map(Expression::Name)
    }

    fn quoted(&mut self, is_bytes: bool) -> Option<Vec<u32>> {
        let (codes, rest) = quoted(self.rest, is_bytes)?;
        self.rest = rest;
        Some(codes)
    }

    fn items(&mut self, close: &str, depth: usize) -> Option<(Vec<Expression>, bool)> {
        let (mut items, mut has_comma) = (Vec::new(), true);
        while !self.takes(close) {
            if !has_comma {
                return None;
            }
            items.push(self.expression(depth + 1)?);
            has_comma = self.takes(",");
        }
        Some((items, has_comma))
    }

    fn braces(&mut self, depth: usize) -> Option<Expression> {
        let (mut items, mut entries, mut has_comma) = (Vec::new(), Vec::new(), true);
        while !self.takes("}") {
            if !has_comma {
                return None;
            }
            let key = self.expression(depth + 1)?;
            if self.takes(":") {
                entries.push((key, self.expression(depth + 1)?));
            } else {
                items.push(key);
            }
            has_comma = self.takes(",");
        }
        if items.is_empty() { Some(Expression::Dict(entries)) } else { Some(Expression::Set(items)) }
    }

    fn arguments(&mut self, depth: usize) -> Option<Vec<Argument>> {
        let (mut arguments, mut has_comma) = (Vec::new(), true);
        while !self.takes(")") {
            if !has_comma {
                return None;
            }
            arguments.push(self.argument(depth)?);
            has_comma = self.takes(",");
        }
        Some(arguments)
    }

    fn argument(&mut self, depth: usize) -> Option<Argument> {
        if self.takes("**") {
            return Some(Argument::SpreadNamed(self.expression(depth + 1)?));
        }
        if self.takes("*") {
            return Some(Argument::Spread(self.expression(depth + 1)?));
        }
        self.skip();
        let before = self.rest;
        if let Some(name) = self.checked()
            && self.rest.starts_with('=')
        {
            self.rest = &self.rest[1..];
            return Some(Argument::Named(name, self.expression(depth + 1)?));
        }
        self.rest = before;
        Some(Argument::Positional(self.expression(depth + 1)?))
    }
}
