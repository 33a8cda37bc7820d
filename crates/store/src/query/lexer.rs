//! From the text of a query to its terms.

use std::borrow::Cow;

use super::{Mistake, QUERY_TERMS_MAX, TAG_KEY, VALUE_KEY, key, tag_key};
use crate::Comparison;

/// One term of a query.
pub(super) struct Term {
    /// Where it begins, in bytes from the start of the query.
    pub(super) at: usize,
    pub(super) negated: bool,
    pub(super) kind: TermKind,
}

pub(super) enum TermKind {
    /// Words without a key.
    Words(String),
    /// A key and what is asked of it.
    Key(String, Value),
}

/// What is asked of a key.
pub(super) enum Value {
    /// Without quotes: `*` stands for any text.
    Plain(String),
    /// In quotes: as it is.
    Quoted(String),
    /// `>499`
    Compares(Comparison, String),
    /// `[10 TO 20]`
    Range(String, String),
    /// `(a OR b)`
    Any(Vec<Value>),
}

/// Reads a query from left to right.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    values: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, values: 0 }
    }

    /// The next term; `None` at the end.
    pub(super) fn term(&mut self) -> Result<Option<Term>, Mistake> {
        self.skip_spaces();
        let at = self.at;
        let negated = self.peek() == Some('-');
        if negated {
            self.bump();
        }
        let Some(first) = self.peek() else {
            let lone = Mistake { at, message: "`-` stands alone; write `-key:value`".into() };
            return if negated { Err(lone) } else { Ok(None) };
        };
        if first == '"' {
            self.count(at)?;
            return Ok(Some(Term { at, negated, kind: TermKind::Words(self.quoted()?) }));
        }
        let word = self.key()?;
        if self.peek() != Some(':') || word.is_empty() {
            let rest = self.take(|c| !c.is_whitespace());
            self.count(at)?;
            let words = format!("{word}{rest}");
            if let Some(message) = no_words(&words) {
                return Err(Mistake { at, message });
            }
            return Ok(Some(Term { at, negated, kind: TermKind::Words(words) }));
        }
        if let Some(inner) = word.strip_prefix('(').filter(|inner| key(inner).is_some()) {
            let message = format!("parentheses stand behind a key: `{inner}:(a OR b)`");
            return Err(Mistake { at, message });
        }
        let word = word.into_owned();
        self.bump();
        let kind = TermKind::Key(word, self.value(at)?);
        Ok(Some(Term { at, negated, kind }))
    }

    /// What may be a key: up to a colon, a quote or white space. The name of a tag, and parts of the path to a value,
    /// may be quoted.
    fn key(&mut self) -> Result<Cow<'a, str>, Mistake> {
        let from = self.at;
        loop {
            self.take(|c| !c.is_whitespace() && c != ':' && c != '"');
            let key = &self.text[from..self.at];
            let is_path = key.starts_with(VALUE_KEY) && key.ends_with('.');
            if self.peek() != Some('"') || !is_path && key != TAG_KEY {
                return Ok(key.into());
            }
            let name = self.quoted()?;
            if !is_path {
                return match self.peek() {
                    Some(':') => Ok(format!("{TAG_KEY}{name}").into()),
                    _ => {
                        let message = format!("a tag is asked for with a value: `{}:value`", tag_key(&name));
                        Err(Mistake { at: from, message })
                    }
                };
            }
        }
    }

    /// The value of the term that begins at `term`.
    fn value(&mut self, term: usize) -> Result<Value, Mistake> {
        if self.peek() != Some('(') {
            return self.single(term, |c| !c.is_whitespace());
        }
        let opened = self.at;
        self.bump();
        let unclosed = Mistake { at: opened, message: "the list is not closed; add `)`".into() };
        let mut values = Vec::new();
        loop {
            self.skip_spaces();
            match self.peek() {
                None => return Err(unclosed),
                Some('(') => {
                    return Err(Mistake { at: self.at, message: "a list stands in no other one".into() });
                }
                Some(')') => {
                    return Err(Mistake { at: self.at, message: "a value is missing here".into() });
                }
                Some(_) => values.push(self.single(term, |c| !c.is_whitespace() && c != ')')?),
            }
            self.skip_spaces();
            let at = self.at;
            match self.peek() {
                None => return Err(unclosed),
                Some(')') => {
                    self.bump();
                    return Ok(Value::Any(values));
                }
                Some(_) if self.take(|c| !c.is_whitespace() && c != ')') == "OR" => {}
                Some(_) => {
                    let message = "the values of a list have `OR` between them: `key:(a OR b)`";
                    return Err(Mistake { at, message: message.into() });
                }
            }
        }
    }

    /// One value, of characters that `are_of_it` where it has no quotes.
    fn single(&mut self, term: usize, are_of_it: impl Fn(char) -> bool) -> Result<Value, Mistake> {
        self.count(term)?;
        let at = self.at;
        match self.peek() {
            Some('"') => Ok(Value::Quoted(self.quoted()?)),
            Some('[') => self.range(),
            Some(sign @ ('<' | '>')) => {
                self.bump();
                let or_equal = self.peek() == Some('=');
                if or_equal {
                    self.bump();
                }
                let comparison = match (sign, or_equal) {
                    ('<', false) => Comparison::Less,
                    ('<', true) => Comparison::AtMost,
                    (_, false) => Comparison::Greater,
                    (_, true) => Comparison::AtLeast,
                };
                let operand =
                    if self.peek() == Some('"') { self.quoted()? } else { self.take(are_of_it).to_owned() };
                if operand.is_empty() {
                    return Err(Mistake { at, message: "what it is compared with is missing".into() });
                }
                Ok(Value::Compares(comparison, operand))
            }
            _ => Ok(Value::Plain(self.take(are_of_it).to_owned())),
        }
    }

    fn range(&mut self) -> Result<Value, Mistake> {
        let at = self.at;
        self.bump();
        let inside = self.take(|c| c != ']');
        let ends = inside.split_once(" TO ").map(|(from, to)| (from.trim(), to.trim()));
        match ends {
            Some((from, to)) if self.peek() == Some(']') && !from.is_empty() && !to.is_empty() => {
                self.bump();
                Ok(Value::Range(from.to_owned(), to.to_owned()))
            }
            _ => Err(Mistake { at, message: "a range is written `[10 TO 20]`".into() }),
        }
    }

    fn quoted(&mut self) -> Result<String, Mistake> {
        let opened = self.at;
        self.bump();
        let mut value = String::new();
        loop {
            match self.peek() {
                None => {
                    return Err(Mistake { at: opened, message: "the quote is not closed; add `\"`".into() });
                }
                Some('"') => {
                    self.bump();
                    return Ok(value);
                }
                Some('\\') => {
                    self.bump();
                    value.extend(self.peek());
                    self.bump();
                }
                Some(character) => {
                    value.push(character);
                    self.bump();
                }
            }
        }
    }

    fn count(&mut self, at: usize) -> Result<(), Mistake> {
        self.values += 1;
        if self.values > QUERY_TERMS_MAX {
            return Err(Mistake { at, message: format!("the query has more than {QUERY_TERMS_MAX} terms") });
        }
        Ok(())
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn take(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let length = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn skip_spaces(&mut self) {
        self.take(char::is_whitespace);
    }
}

/// Why words without a key mean something else than what is looked for.
fn no_words(words: &str) -> Option<String> {
    match words {
        "OR" | "AND" => Some(
            "terms stand side by side, and all of them must match; of one key any value: `key:(a OR b)`"
                .to_owned(),
        ),
        "NOT" => Some("`-` before a term turns it around: `-service:checkout`".to_owned()),
        _ if words.contains('*') && words.chars().any(char::is_alphanumeric) => Some(format!(
            "words are looked for whole; `*` stands in the values of keys: `error.type:{words}`, `frame.function:{words}`"
        )),
        _ => None,
    }
}
