//! Lists of tags: `env:prod,version:1.2.3`.

use std::borrow::Cow;

/// Reads a list of tags as name and value, in their order.
///
/// Accepts the percent-encoded form of the `ddtags` query parameter (from ddtrace 2), the form that
/// is not encoded (ddtrace 1), and the plain lists in bodies and headers. The value is what stands
/// behind the first colon, so that addresses stay whole; a tag without a colon has an empty value.
///
/// - **Limits:** at most [`TAGS_MAX`] tags; O(bytes) time and memory.
/// - **Source:** `fixtures/ddtrace/` of both clients.
pub fn parse_ddtags(text: &str) -> Vec<(String, String)> {
    let text = percent_decode(text);
    text.split(',')
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
        .take(TAGS_MAX)
        .map(|tag| {
            let (name, value) = tag.split_once(':').unwrap_or((tag, ""));
            (name.trim().to_owned(), value.trim().to_owned())
        })
        .collect()
}

/// How many tags of a list are read.
pub const TAGS_MAX: usize = 256;

/// The value of the first tag called `name`.
pub(super) fn find<'a>(tags: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = tags.iter().find(|(known, _)| known == name)?;
    Some(found.1.as_str()).filter(|value| !value.is_empty())
}

/// Decodes `%XX`; what only looks like it stays as it is, and so does `+`.
fn percent_decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digit = |index: usize| bytes.get(index).and_then(|byte| (*byte as char).to_digit(16));
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high << 4 | low) as u8);
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[(&str, &str)]) {
        let got = parse_ddtags(text);
        let got: Vec<(&str, &str)> =
            got.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn encoded_and_plain_lists_are_read_alike() {
        let want = [("env", "prod"), ("git.repository_url", "https://git.example/a.git")];
        check("env%3Aprod%2Cgit.repository_url%3Ahttps%3A//git.example/a.git", &want);
        check("env:prod,git.repository_url:https://git.example/a.git", &want);
    }

    #[test]
    fn what_is_no_tag_is_kept_without_a_value_or_left_out() {
        check("", &[]);
        check(",, a ,b:", &[("a", ""), ("b", "")]);
        check("share:100%,odd:%zz", &[("share", "100%"), ("odd", "%zz")]);
    }
}
