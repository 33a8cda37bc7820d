//! What stands between the quotes of a string.

use std::iter::Peekable;
use std::str::Chars;

/// Reads a text with its quotes.
///
/// - **Source:** "String and Bytes literals" in the reference of Python.
///
/// # Errors
/// What stands behind a backslash and is not known, in words for people.
pub(super) fn text(quoted: &str) -> Result<String, String> {
    let mut rest = inner(quoted).chars().peekable();
    let mut text = String::with_capacity(quoted.len());
    while let Some(character) = rest.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        let code = match rest.peek() {
            Some('x') => hexadecimal(&mut rest, 2)?,
            Some('u') => hexadecimal(&mut rest, 4)?,
            Some('U') => hexadecimal(&mut rest, 8)?,
            Some('N') => return Err("characters by their names are not known here".to_owned()),
            _ => match escaped(&mut rest) {
                Some(code) => code,
                None => continue,
            },
        };
        text.push(char::from_u32(code).ok_or("half a pair of UTF-16 is no character here")?);
    }
    Ok(text)
}

/// Reads bytes with their quotes, without the `b`.
///
/// # Errors
/// As [`text`].
pub(super) fn bytes(quoted: &str) -> Result<Vec<u8>, String> {
    let mut rest = inner(quoted).chars().peekable();
    let mut bytes = Vec::with_capacity(quoted.len());
    while let Some(character) = rest.next() {
        let code = match (character, rest.peek()) {
            ('\\', Some('x')) => hexadecimal(&mut rest, 2)?,
            ('\\', _) => match escaped(&mut rest) {
                Some(code) => code & 0xff,
                None => continue,
            },
            _ => u32::from(character),
        };
        let is_written_out = !character.is_ascii();
        let byte = u8::try_from(code).ok().filter(|_| !is_written_out);
        bytes.push(byte.ok_or("bytes are ASCII, and `\\x00` to `\\xff`")?);
    }
    Ok(bytes)
}

fn inner(quoted: &str) -> &str {
    // Whoever calls has found both quotes.
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or("")
}

/// What texts and bytes have in common behind a backslash; `None` for a line that goes on.
fn escaped(rest: &mut Peekable<Chars<'_>>) -> Option<u32> {
    let code = match rest.peek().copied() {
        Some('\n') => {
            rest.next();
            return None;
        }
        Some('a') => '\u{7}',
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('v') => '\u{b}',
        Some(character @ ('\\' | '\'' | '"')) => character,
        Some('0'..='7') => return Some(octal(rest)),
        // Anything else stands for itself, with its backslash.
        _ => return Some(u32::from('\\')),
    };
    rest.next();
    Some(u32::from(code))
}

/// Three digits at most.
fn octal(rest: &mut Peekable<Chars<'_>>) -> u32 {
    let mut code = 0;
    for _ in 0..3 {
        let Some(digit) = rest.peek().and_then(|character| character.to_digit(8)) else { break };
        rest.next();
        code = code * 8 + digit;
    }
    code
}

/// A letter, and so many digits.
fn hexadecimal(rest: &mut Peekable<Chars<'_>>, digits: usize) -> Result<u32, String> {
    let letter = rest.next().unwrap_or_default();
    let mut code: u32 = 0;
    for _ in 0..digits {
        let digit = rest.next().and_then(|character| character.to_digit(16));
        let digit = digit.ok_or_else(|| format!("`\\{letter}` has {digits} digits"))?;
        code = code.wrapping_mul(16).wrapping_add(digit);
    }
    Ok(code)
}
