//! A text with its escapes read as what they stand for.

/// The decoded bytes, and where each of them, and their end, stands in the text.
pub(super) struct View {
    pub(super) bytes: Vec<u8>,
    pub(super) offsets: Vec<usize>,
}

/// Stands for a character that no secret has.
const OTHER: u8 = 0xff;

/// Reads `%2D` (also encoded more than once), `\x2d`, `\u002d`, `\n` and further backslashes of nested
/// texts. `None` when the text has no escape. O(bytes).
pub(super) fn decoded(bytes: &[u8]) -> Option<View> {
    let mut at = 0;
    let first = loop {
        let found = at + memchr::memchr2(b'%', b'\\', &bytes[at..])?;
        if escape(bytes, found).is_some() {
            break found;
        }
        at = found + 1;
    };
    let mut view = View { bytes: bytes[..first].to_vec(), offsets: (0..first).collect() };
    let mut at = first;
    while at < bytes.len() {
        let (byte, length) = match bytes[at] {
            b'%' | b'\\' => escape(bytes, at).unwrap_or((bytes[at], 1)),
            byte => (byte, 1),
        };
        view.bytes.push(byte);
        view.offsets.push(at);
        at += length;
    }
    view.offsets.push(bytes.len());
    Some(view)
}

fn escape(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let hex = |at: usize| bytes.get(at).and_then(|byte| (*byte as char).to_digit(16));
    if bytes[at] == b'%' {
        let mut digits = at + 1;
        while bytes.get(digits..digits + 2) == Some(b"25") && digits - at < 9 {
            digits += 2;
        }
        return match (hex(digits), hex(digits + 1)) {
            (Some(high), Some(low)) => Some(((high * 16 + low) as u8, digits + 2 - at)),
            _ => None,
        };
    }
    let mut code = at;
    while bytes.get(code) == Some(&b'\\') && code - at < 64 {
        code += 1;
    }
    let many = |count: usize| {
        (code + 1..=code + count).try_fold(0, |sum, at| Some(sum * 16 + hex(at)?)).map(|value| {
            let byte = if value < 0x80 { value as u8 } else { OTHER };
            (byte, code + 1 + count - at)
        })
    };
    match bytes.get(code)? {
        b'n' | b'r' => Some((b'\n', code + 1 - at)),
        b't' => Some((b'\t', code + 1 - at)),
        b'x' => many(2),
        b'u' => many(4),
        quote @ (b'"' | b'\'' | b'/') => Some((*quote, code + 1 - at)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<&str>) {
        let got = decoded(text.as_bytes()).map(|view| String::from_utf8(view.bytes).unwrap());
        assert_eq!(got.as_deref(), want, "{text}");
    }

    #[test]
    fn escapes_are_read() {
        check("a%2Db%252Dc%zz", Some("a-b-c%zz"));
        check(r"a\nb\x2dc\u002Dd", Some("a\nb-c-d"));
        check(r#"{\\\"a\\\": 1}"#, Some(r#"{"a": 1}"#));
        check(r"C:\dir 100%", None);
    }

    #[test]
    fn offsets_lead_back() {
        let view = decoded(b"ab%2Dcd").unwrap();
        assert_eq!(view.offsets, [0, 1, 2, 5, 6, 7]);
    }
}
