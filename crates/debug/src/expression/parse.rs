//! From words and signs to an expression.

use super::token::{Token, tokens};
use super::{Binary, Comparison, Expression, Unary, Wrong};
use crate::limits::{EXPRESSION_DEPTH_MAX, OPERATORS_MAX};

/// Reads an expression, all of the text.
///
/// - **Limits:** [`crate::limits::EXPRESSION_BYTES_MAX`], nesting of [`EXPRESSION_DEPTH_MAX`],
///   [`OPERATORS_MAX`] operators, attributes and items; O(bytes).
/// - **Source:** the grammar of Python, without everything that runs code or changes something.
///
/// # Errors
/// The first place that is wrong, with what to do.
pub(crate) fn parse(text: &str) -> Result<Expression, Wrong> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, end: text.len(), depth: 0, operators: 0 };
    if parser.tokens.is_empty() {
        return Err(parser.wrong("an expression is missing"));
    }
    let expression = parser.listed()?;
    if parser.at < parser.tokens.len() {
        return Err(parser.unexpected());
    }
    Ok(expression)
}

struct Parser<'a> {
    tokens: Vec<(usize, Token<'a>)>,
    at: usize,
    end: usize,
    depth: usize,
    operators: usize,
}

/// Operators of one precedence, by how tightly they bind: the loosest first.
const LEVELS: [&[(&str, Binary)]; 6] = [
    &[("|", Binary::Or)],
    &[("^", Binary::Xor)],
    &[("&", Binary::And)],
    &[("<<", Binary::ShiftLeft), (">>", Binary::ShiftRight)],
    &[("+", Binary::Add), ("-", Binary::Subtract)],
    &[("*", Binary::Multiply), ("//", Binary::FloorDivide), ("/", Binary::Divide), ("%", Binary::Modulo)],
];

const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
    ("<=", Comparison::LessOrEqual),
    ("<", Comparison::Less),
    (">=", Comparison::GreaterOrEqual),
    (">", Comparison::Greater),
];

/// Words of Python that are no names.
const RESERVED: [&str; 25] = [
    "and", "as", "assert", "async", "break", "class", "continue", "def", "del", "elif", "else", "except",
    "for", "from", "global", "if", "import", "in", "is", "nonlocal", "or", "raise", "return", "while",
    "with",
];

impl Parser<'_> {
    fn wrong(&self, what: &str) -> Wrong {
        let at = self.tokens.get(self.at).map_or(self.end, |(at, _)| *at);
        Wrong { at, what: what.to_owned() }
    }

    fn unexpected(&self) -> Wrong {
        match self.tokens.get(self.at).map(|(_, token)| token) {
            None => self.wrong("something is missing here"),
            Some(Token::Name(name)) if RESERVED.contains(name) => self.wrong(&format!(
                "`{name}` cannot stand here; only expressions are known, and nothing is run"
            )),
            Some(Token::Name("lambda" | "await" | "yield")) => {
                self.wrong("nothing is run here: there are no functions to define or wait for")
            }
            Some(Token::Sign(sign)) => self.wrong(&format!("`{sign}` cannot stand here")),
            Some(_) => self.wrong("an operator is missing before this"),
        }
    }

    fn peeks_sign(&self, wanted: &str) -> bool {
        matches!(self.tokens.get(self.at), Some((_, Token::Sign(sign))) if *sign == wanted)
    }

    fn takes_sign(&mut self, wanted: &str) -> bool {
        let is_next = self.peeks_sign(wanted);
        self.at += usize::from(is_next);
        is_next
    }

    fn peeks_word(&self, ahead: usize, wanted: &str) -> bool {
        matches!(self.tokens.get(self.at + ahead), Some((_, Token::Name(name))) if *name == wanted)
    }

    fn takes_word(&mut self, wanted: &str) -> bool {
        let is_next = self.peeks_word(0, wanted);
        self.at += usize::from(is_next);
        is_next
    }

    fn wants(&mut self, sign: &str) -> Result<(), Wrong> {
        if self.takes_sign(sign) {
            return Ok(());
        }
        Err(self.wrong(&format!("`{sign}` is missing here")))
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Wrong>) -> Result<T, Wrong> {
        if self.depth == EXPRESSION_DEPTH_MAX {
            return Err(self.wrong("the expression is nested too deeply"));
        }
        self.depth += 1;
        let made = read(self);
        self.depth -= 1;
        made
    }

    /// Counts one more operator: chains of them nest as brackets do.
    fn operator(&mut self) -> Result<(), Wrong> {
        self.operators += 1;
        if self.operators > OPERATORS_MAX {
            return Err(self.wrong("the expression has too many operators"));
        }
        Ok(())
    }

    /// One expression, or several with commas between them, which are a tuple.
    fn listed(&mut self) -> Result<Expression, Wrong> {
        let first = self.choice()?;
        if !self.peeks_sign(",") {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.takes_sign(",") {
            let is_end = self.at == self.tokens.len() || self.peeks_sign(")") || self.peeks_sign("]");
            if is_end {
                break;
            }
            all.push(self.choice()?);
        }
        Ok(Expression::Tuple(all))
    }

    fn choice(&mut self) -> Result<Expression, Wrong> {
        self.nested(|parser| {
            let first = parser.any()?;
            if !parser.takes_word("if") {
                return Ok(first);
            }
            let condition = parser.any()?;
            if !parser.takes_word("else") {
                return Err(parser.wrong("`else` is missing here"));
            }
            let other = parser.choice()?;
            Ok(Expression::Choice(Box::new(condition), Box::new(first), Box::new(other)))
        })
    }

    fn any(&mut self) -> Result<Expression, Wrong> {
        let mut left = self.all()?;
        while self.takes_word("or") {
            self.operator()?;
            left = Expression::Or(Box::new(left), Box::new(self.all()?));
        }
        Ok(left)
    }

    fn all(&mut self) -> Result<Expression, Wrong> {
        let mut left = self.negation()?;
        while self.takes_word("and") {
            self.operator()?;
            left = Expression::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expression, Wrong> {
        if self.takes_word("not") {
            let inner = self.nested(Self::negation)?;
            return Ok(Expression::Unary(Unary::Not, Box::new(inner)));
        }
        let first = self.binary(0)?;
        let mut rest = Vec::new();
        while let Some(comparison) = self.comparison() {
            rest.push((comparison, self.binary(0)?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        Ok(Expression::Compared(Box::new(first), rest))
    }

    fn comparison(&mut self) -> Option<Comparison> {
        if let Some((_, comparison)) = COMPARISONS.iter().find(|(sign, _)| self.takes_sign(sign)) {
            return Some(*comparison);
        }
        if self.takes_word("in") {
            return Some(Comparison::In);
        }
        if self.peeks_word(0, "not") && self.peeks_word(1, "in") {
            self.at += 2;
            return Some(Comparison::NotIn);
        }
        if self.takes_word("is") {
            return Some(if self.takes_word("not") { Comparison::IsNot } else { Comparison::Is });
        }
        None
    }

    fn binary(&mut self, level: usize) -> Result<Expression, Wrong> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some((_, operator)) = operators.iter().find(|(sign, _)| self.takes_sign(sign)) {
            self.operator()?;
            let right = self.binary(level + 1)?;
            left = Expression::Binary(*operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expression, Wrong> {
        let signs = [("-", Unary::Minus), ("+", Unary::Plus), ("~", Unary::Invert)];
        if let Some((_, operator)) = signs.iter().find(|(sign, _)| self.takes_sign(sign)) {
            let inner = self.nested(Self::unary)?;
            return Ok(Expression::Unary(*operator, Box::new(inner)));
        }
        let base = self.trailed()?;
        if !self.takes_sign("**") {
            return Ok(base);
        }
        let exponent = self.nested(Self::unary)?;
        Ok(Expression::Binary(Binary::Power, Box::new(base), Box::new(exponent)))
    }

    /// An atom with attributes, items and calls behind it.
    fn trailed(&mut self) -> Result<Expression, Wrong> {
        let mut of = self.atom()?;
        while self.peeks_sign(".") || self.peeks_sign("[") || self.peeks_sign("(") {
            self.operator()?;
            if self.takes_sign(".") {
                let Some((_, Token::Name(name))) = self.tokens.get(self.at) else {
                    return Err(self.wrong("the name of an attribute is missing here"));
                };
                of = Expression::Attribute(Box::new(of), (*name).to_owned());
                self.at += 1;
            } else if self.takes_sign("[") {
                of = self.item(of)?;
            } else {
                self.wants("(")?;
                let arguments = self.items(")")?.0;
                of = Expression::Call(Box::new(of), arguments);
            }
        }
        Ok(of)
    }

    fn item(&mut self, of: Expression) -> Result<Expression, Wrong> {
        let mut bounds = [None, None, None];
        let mut colons = 0;
        while !self.peeks_sign("]") {
            if self.takes_sign(":") {
                colons += 1;
                if colons == bounds.len() {
                    return Err(self.wrong("a slice has three parts at most"));
                }
                continue;
            }
            if bounds[colons].is_some() {
                return Err(self.wrong("`]` is missing here"));
            }
            let bound = if colons == 0 { self.listed()? } else { self.choice()? };
            bounds[colons] = Some(Box::new(bound));
        }
        self.wants("]")?;
        match (colons, bounds) {
            (0, [Some(index), ..]) => Ok(Expression::Item(Box::new(of), index)),
            (0, _) => Err(self.wrong("an index or a key is missing between the brackets")),
            (_, bounds) => Ok(Expression::Slice(Box::new(of), bounds)),
        }
    }

    /// Expressions up to a closing bracket, and whether a comma stands before it.
    fn items(&mut self, close: &str) -> Result<(Vec<Expression>, bool), Wrong> {
        let (mut items, mut has_comma) = (Vec::new(), true);
        while !self.takes_sign(close) {
            if !has_comma {
                return Err(if self.peeks_word(0, "for") {
                    self.wrong("loops are not known here")
                } else {
                    self.wrong(&format!("`,` or `{close}` is missing here"))
                });
            }
            items.push(self.choice()?);
            has_comma = self.takes_sign(",");
        }
        Ok((items, has_comma))
    }

    fn atom(&mut self) -> Result<Expression, Wrong> {
        let Some((_, token)) = self.tokens.get(self.at) else {
            return Err(self.wrong("something is missing here"));
        };
        let made = match token {
            Token::Name("None") => Expression::Null,
            Token::Name("True") => Expression::Bool(true),
            Token::Name("False") => Expression::Bool(false),
            Token::Name(name) if !is_reserved(name) => Expression::Name((*name).to_owned()),
            Token::Int(value) => Expression::Int(*value),
            Token::Float(value) => Expression::Float(*value),
            Token::Text(text) => Expression::Text(text.clone()),
            Token::Bytes(bytes) => Expression::Bytes(bytes.clone()),
            Token::Sign("(") => {
                self.at += 1;
                let (mut items, has_comma) = self.items(")")?;
                return Ok(match items.pop() {
                    Some(only) if items.is_empty() && !has_comma => only,
                    last => Expression::Tuple(items.into_iter().chain(last).collect()),
                });
            }
            Token::Sign("[") => {
                self.at += 1;
                return Ok(Expression::List(self.items("]")?.0));
            }
            Token::Name(_) | Token::Sign(_) => return Err(self.unexpected()),
        };
        self.at += 1;
        Ok(made)
    }
}

fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || matches!(name, "lambda" | "await" | "yield" | "not")
}
