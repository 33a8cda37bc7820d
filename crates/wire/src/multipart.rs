//! `multipart/form-data`, as clients write it: lines may end with CR LF or with LF alone.

use memchr::memmem;

/// One part of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    /// `name` of its `Content-Disposition`.
    pub(crate) name: Option<String>,
    /// What stands behind its headers.
    pub(crate) content: &'a [u8],
}

/// The boundary that a content type names, with or without quotes.
pub(crate) fn boundary_of_header(content_type: &str) -> Option<&[u8]> {
    let at = content_type.to_ascii_lowercase().find("boundary=")? + "boundary=".len();
    let rest = &content_type[at..];
    let boundary = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split(';').next()?.trim(),
    };
    Some(boundary.as_bytes()).filter(|boundary| !boundary.is_empty())
}

/// The boundary that the first line of a body shows.
pub(crate) fn boundary_of_body(body: &[u8]) -> &[u8] {
    let line = body.strip_prefix(b"--").unwrap_or_default();
    let end = memchr::memchr2(b'\n', b'\r', line).unwrap_or(line.len());
    &line[..end]
}

/// The whole parts of a body; one that the body ends in is left out. Borrows, O(bytes).
pub(crate) fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> impl Iterator<Item = Part<'a>> {
    let delimiter = [b"--", boundary].concat();
    let mut rest = match memmem::find(body, &delimiter) {
        Some(at) if !boundary.is_empty() => &body[at + delimiter.len()..],
        _ => &[],
    };
    std::iter::from_fn(move || {
        let after = strip_line_end(rest)?;
        let end = memmem::find(after, &delimiter)?;
        rest = &after[end + delimiter.len()..];
        Some(part(&after[..end]))
    })
}

fn part(bytes: &[u8]) -> Part<'_> {
    let mut name = None;
    let mut rest = bytes;
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        rest = &rest[end + 1..];
        if line.is_empty() {
            break;
        }
        let line = String::from_utf8_lossy(line);
        if line.to_ascii_lowercase().starts_with("content-disposition:") {
            name = parameter(&line, "name");
        }
    }
    let content = rest.strip_suffix(b"\n").unwrap_or(rest);
    Part { name, content: content.strip_suffix(b"\r").unwrap_or(content) }
}

/// The value of `name="..."`, not of `filename="..."`.
fn parameter(line: &str, name: &str) -> Option<String> {
    line.split(';').find_map(|parameter| {
        let (key, value) = parameter.trim().split_once('=')?;
        (key.eq_ignore_ascii_case(name)).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// What follows the line end, or `None` behind the last delimiter.
fn strip_line_end(bytes: &[u8]) -> Option<&[u8]> {
    bytes.strip_prefix(b"\r\n").or_else(|| bytes.strip_prefix(b"\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str) {
        let found: Vec<_> = parts(body.as_bytes(), b"==1==").collect();
        let shown: Vec<_> = found
            .iter()
            .map(|part| (part.name.as_deref().unwrap_or(""), String::from_utf8_lossy(part.content)))
            .collect();
        assert_eq!(shown, [("event", "{}".into()), ("file", "a\nb".into())]);
    }

    #[test]
    fn lines_may_end_with_or_without_carriage_return() {
        let body = "--==1==\nContent-Disposition: form-data; name=\"event\"; filename=\"event.json\"\n\n{}\n\
                    --==1==\nContent-Type: text/plain\nContent-Disposition: form-data; filename=\"f\"; name=\"file\"\n\n\
                    a\nb\n--==1==--\n";
        check(body);
        check(&body.replace("a\nb", "a\u{1}b").replace('\n', "\r\n").replace('\u{1}', "\n"));
    }

    #[test]
    fn a_part_that_the_body_ends_in_is_left_out() {
        assert_eq!(parts(b"--x\nA: b\n\nhello", b"x").count(), 0);
        assert_eq!(parts(b"", b"x").count(), 0);
        assert_eq!(parts(b"--", b"").count(), 0);
    }

    #[test]
    fn a_boundary_may_be_quoted_and_hold_equals_signs() {
        assert_eq!(boundary_of_header("multipart/form-data; boundary=\"===1==\""), Some(&b"===1=="[..]));
        assert_eq!(boundary_of_header("multipart/form-data; Boundary=ab; x=y"), Some(&b"ab"[..]));
        assert_eq!(boundary_of_header("text/plain"), None);
        assert_eq!(boundary_of_body(b"--==1==\r\nA: b"), b"==1==");
    }
}
