//! The words and signs of an expression.

use super::Wrong;
use super::literal;
use crate::limits::EXPRESSION_BYTES_MAX;

/// A word or sign.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token<'a> {
    Name(&'a str),
    Int(i128),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    Sign(&'static str),
}

/// Signs, the longer ones before those that they begin with.
const SIGNS: [&str; 32] = [
    "**=", "//=", "<<=", ">>=", ":=", "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "->", "+", "-", "*",
    "/", "%", "<", ">", "(", ")", "[", "]", ",", ".", ":", "&", "|", "^", "~",
];

/// Reads all words and signs, each with its place in bytes.
///
/// - **Limits:** [`EXPRESSION_BYTES_MAX`]; O(bytes).
///
/// # Errors
/// The first place that is none, with what to do.
pub(crate) fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, Wrong> {
    if text.len() > EXPRESSION_BYTES_MAX {
        let what = format!("an expression has {EXPRESSION_BYTES_MAX} bytes at most");
        return Err(Wrong { at: EXPRESSION_BYTES_MAX, what });
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        if character.is_whitespace() {
            at += character.len_utf8();
            continue;
        }
        let (token, length) = one(&text[at..]).map_err(|what| Wrong { at, what })?;
        tokens.push((at, token));
        at += length;
    }
    Ok(tokens)
}

fn one(rest: &str) -> Result<(Token<'_>, usize), String> {
    let first = rest.chars().next().unwrap_or(' ');
    if let Some(length) = string_length(rest)? {
        return Ok((string(&rest[..length])?, length));
    }
    if first.is_alphabetic() || first == '_' {
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        return Ok((Token::Name(&rest[..length]), length));
    }
    let is_fraction = first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit());
    if first.is_ascii_digit() || is_fraction {
        return number(rest);
    }
    if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    Err(match first {
        '=' => "values cannot be changed; `==` compares".to_owned(),
        '{' => "braces are not known here; there are lists `[…]` and tuples `(…)`".to_owned(),
        '@' | '$' | '!' | '?' | ';' | '`' | '\\' | '#' | '}' => format!("`{first}` is not known here"),
        _ => format!("`{}` is not known here", first.escape_default()),
    })
}

/// How many bytes of the text are one string with its prefix; `None` when it begins with no string.
fn string_length(rest: &str) -> Result<Option<usize>, String> {
    let prefix = rest.find(['\'', '"']).filter(|at| *at <= 2).unwrap_or(usize::MAX);
    let Some(before) = rest.get(..prefix) else { return Ok(None) };
    match before.to_ascii_lowercase().as_str() {
        "" | "b" | "u" => {}
        "r" | "br" | "rb" => return Err("raw strings are not known here".to_owned()),
        "f" | "fr" | "rf" => return Err("f-strings are not known here; nothing is formatted".to_owned()),
        _ => return Ok(None),
    }
    let quote = rest.as_bytes()[prefix];
    let mut is_escaped = false;
    for (index, byte) in rest.bytes().enumerate().skip(prefix + 1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            _ if byte == quote => return Ok(Some(index + 1)),
            _ => {}
        }
    }
    Err("the string has no end".to_owned())
}

fn string(text: &str) -> Result<Token<'_>, String> {
    if let Some(quoted) = text.strip_prefix(['b', 'B']) {
        return literal::bytes(quoted).map(Token::Bytes);
    }
    literal::text(text.trim_start_matches(['u', 'U'])).map(Token::Text)
}

fn number(rest: &str) -> Result<(Token<'_>, usize), String> {
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        let begins = rest.get(..2).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix));
        if begins {
            let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let digits = grouped(rest[2..length].strip_prefix('_').unwrap_or(&rest[2..length]), radix)?;
            let value = i128::from_str_radix(&digits, radix);
            return value.map(|value| (Token::Int(value), length)).map_err(|_| TOO_LARGE.to_owned());
        }
    }
    let digits = |from: usize| {
        let is_digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'_';
        rest.as_bytes()[from..].iter().take_while(|byte| is_digit(byte)).count()
    };
    let mut length = digits(0);
    let mut is_whole = true;
    if rest[length..].starts_with('.') {
        is_whole = false;
        length += 1;
        length += digits(length);
    }
    if rest[length..].starts_with(['e', 'E']) {
        let sign = usize::from(rest[length + 1..].starts_with(['+', '-']));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            is_whole = false;
            length += 1 + sign + exponent;
        }
    }
    if rest[length..].starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        return Err("a number ends before a letter".to_owned());
    }
    let text = grouped(&rest[..length], 10)?;
    if is_whole {
        if text.starts_with('0') && text.bytes().any(|byte| byte != b'0') {
            return Err("a whole number does not begin with 0; octal ones begin with `0o`".to_owned());
        }
        let value = text.parse().map_err(|_| TOO_LARGE.to_owned())?;
        return Ok((Token::Int(value), length));
    }
    let value = text.parse().map_err(|_| "this is no number".to_owned())?;
    Ok((Token::Float(value), length))
}

/// The digits without `_`, which stands between two of them alone.
///
/// # Errors
/// Where `_` stands elsewhere.
pub(crate) fn grouped(text: &str, radix: u32) -> Result<String, String> {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(|byte| char::from(*byte).is_digit(radix));
    let is_between = |(at, _): (usize, &str)| {
        is_digit(text.as_bytes()[..at].last()) && is_digit(text.as_bytes().get(at + 1))
    };
    if text.match_indices('_').all(is_between) {
        Ok(text.replace('_', ""))
    } else {
        Err("`_` stands between two digits".to_owned())
    }
}

const TOO_LARGE: &str = "this is no whole number, or one of more than 127 bits";
