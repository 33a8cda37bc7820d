//! The request of an occurrence as a command of curl.

use std::borrow::Cow;

use reenact_model::Report;

use crate::visible::is_hidden;

/// Headers of one command.
const HEADERS_MAX: usize = 100;
/// Length of the address, in bytes.
const URL_BYTES_MAX: usize = 16_384;
/// Tags that headers of requests are captured under.
const HEADER_TAG: &str = "http.request.headers.";
/// What stands for a value that a rule removed.
const PLACEHOLDER: &str = "REDACTED";
/// Headers that belong to the connection, and would not fit another request.
const OF_CONNECTION: [&str; 5] =
    ["content-length", "connection", "transfer-encoding", "host", "accept-encoding"];

/// A command that sends the request again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Curl {
    /// The command, for a POSIX shell.
    pub text: String,
    /// What it lacks, in sentences.
    pub missing: Vec<String>,
}

/// No request was captured, or none that a command can be made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRequest(pub &'static str);

impl std::fmt::Display for NoRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for NoRequest {}

/// The request of an occurrence as a command of curl: method, address and headers as they were captured, with `REDACTED`
/// where a rule removed something. Captured text stands between single quotes, in arguments that curl takes as they are.
///
/// - **Limits:** 100 headers, an address of 16,384 bytes; O(bytes) time.
///
/// # Errors
/// [`NoRequest`] when no address with a scheme was captured.
pub fn curl(report: &Report) -> Result<Curl, NoRequest> {
    let request = report.request.as_ref().ok_or(NoRequest("no request was captured with this event"))?;
    let url = request.url.as_deref().ok_or(NoRequest("the address of the request was not captured"))?;
    let is_web =
        ["http://", "https://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
    if !is_web || url.len() > URL_BYTES_MAX {
        return Err(NoRequest("the address of the request is not one that curl can be given"));
    }
    let (url, redacted) = without_marks(url);
    let mut missing = Vec::new();
    if redacted {
        missing.push(format!("Parts of the address were redacted: fill in what stands for {PLACEHOLDER}."));
    }
    let mut words = vec!["curl --globoff".to_owned()];
    let method = request.method.as_deref().unwrap_or("GET");
    let is_method = (1..=20).contains(&method.len()) && method.bytes().all(|byte| byte.is_ascii_uppercase());
    match method {
        "GET" => {}
        "HEAD" => words.push("--head".to_owned()),
        method if is_method => words.push(format!("--request {}", quoted(method))),
        _ => missing.push("The method is none that curl can be given; GET is used.".to_owned()),
    }
    words.push(quoted(&encoded(&url)));
    headers(report, &mut words, &mut missing);
    if is_method && !matches!(method, "GET" | "HEAD" | "DELETE" | "OPTIONS") {
        missing.push("The body of the request was not captured: add it with --data-binary @FILE.".to_owned());
    }
    Ok(Curl { text: words.join(" \\\n  ") + "\n", missing })
}

fn headers(report: &Report, words: &mut Vec<String>, missing: &mut Vec<String>) {
    let of_tags =
        report.tags.iter().filter_map(|(tag, value)| Some((tag.strip_prefix(HEADER_TAG)?, value.as_str())));
    let agent = report.request.as_ref().and_then(|request| request.user_agent.as_deref());
    let has_agent = report.tags.contains_key(&format!("{HEADER_TAG}user-agent"));
    let agent = agent.filter(|_| !has_agent).map(|agent| ("user-agent", agent));
    let mut left_out = 0;
    let mut redacted = 0;
    for (number, (name, value)) in of_tags.chain(agent).enumerate() {
        let is_name = !name.is_empty()
            && name.len() <= 200
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let (value, has_mark) = without_marks(value);
        // What cannot be seen, or ends a header, is nothing to send from somebody's own terminal.
        if number >= HEADERS_MAX || !is_name || value.chars().any(is_hidden) {
            left_out += 1;
            continue;
        }
        if OF_CONNECTION.contains(&name.to_ascii_lowercase().as_str()) {
            continue;
        }
        redacted += usize::from(has_mark);
        words.push(format!("--header {}", quoted(&format!("{name}: {}", value.trim()))));
    }
    if redacted > 0 {
        missing.push(format!("{redacted} headers were redacted: fill in what stands for {PLACEHOLDER}."));
    }
    if left_out > 0 {
        missing.push(format!("{left_out} headers are left out: they cannot be sent as they were captured."));
    }
}

/// Between single quotes, which a POSIX shell takes as they are.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// An address without what does not belong into one: spaces, quotes, control and hidden characters are percent-encoded.
fn encoded(url: &str) -> String {
    let mut text = String::with_capacity(url.len());
    for character in url.chars() {
        if character.is_ascii_graphic()
            && !matches!(character, '"' | '\'' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
        {
            text.push(character);
        } else {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                text.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    text
}

/// The text with a placeholder for each mark of redaction, and whether it has any.
///
/// - **Source:** `reenact_redact` leaves `[redacted: …]`, `[masked: …]` and `[hash: …]`; ddtrace leaves `<redacted>`.
fn without_marks(text: &str) -> (Cow<'_, str>, bool) {
    let mut out = String::new();
    let mut rest = text;
    let mut any = false;
    let openings = ["[redacted", "[masked: ", "[hash: ", "<redacted>"];
    while let Some((at, opening)) =
        openings.iter().filter_map(|opening| Some((rest.find(opening)?, *opening))).min_by_key(|(at, _)| *at)
    {
        any = true;
        out.push_str(&rest[..at]);
        out.push_str(PLACEHOLDER);
        let closing = if opening.starts_with('<') { '>' } else { ']' };
        let end = rest[at..].find(closing).map_or(rest.len(), |end| at + end + 1);
        rest = &rest[end..];
    }
    if !any {
        return (Cow::Borrowed(text), false);
    }
    out.push_str(rest);
    (Cow::Owned(out), true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reenact_model::Request;

    use super::*;

    fn report(method: &str, url: &str, headers: &[(&str, &str)]) -> Report {
        Report {
            request: Some(Request {
                method: Some(method.to_owned()),
                url: Some(url.to_owned()),
                ..Request::default()
            }),
            tags: headers
                .iter()
                .map(|(name, value)| (format!("{HEADER_TAG}{name}"), (*value).to_owned()))
                .collect(),
            ..Report::default()
        }
    }

    #[test]
    fn a_request_becomes_a_command() {
        let headers = [("accept", "text/html"), ("authorization", "[redacted: name \"authorization\"]")];
        let made =
            curl(&report("POST", "https://shop.example/pay?id=7&t=[redacted: jwt]", &headers)).unwrap();
        assert_eq!(
            made.text,
            "curl --globoff \\\n  --request 'POST' \\\n  'https://shop.example/pay?id=7&t=REDACTED' \\\n  \
             --header 'accept: text/html' \\\n  --header 'authorization: REDACTED'\n"
        );
        assert_eq!(made.missing.len(), 3);
        assert_eq!(
            curl(&report("GET", "http://a/", &[])).unwrap().text,
            "curl --globoff \\\n  'http://a/'\n"
        );
    }

    #[test]
    fn hostile_text_stays_in_its_quotes() {
        let headers = [("x", "'; rm -rf ~; '"), ("@/etc/passwd", "1"), ("y", "a\r\nz: 1"), ("host", "evil")];
        let made = curl(&report("GET; id", "http://a/'$(id)`\n -o /x", &headers)).unwrap();
        assert_eq!(
            made.text,
            "curl --globoff \\\n  'http://a/%27$(id)%60%0A%20-o%20/x' \\\n  --header 'x: '\\''; rm -rf ~; '\\'''\n"
        );
        assert!(
            made.missing.iter().any(|line| line.starts_with("2 headers are left out")),
            "{:?}",
            made.missing
        );
    }

    #[test]
    fn without_an_address_there_is_no_command() {
        assert!(curl(&Report::default()).is_err());
        for url in ["", "file:///etc/passwd", "-o/x", "http://", "/pay"] {
            assert!(curl(&report("GET", url, &[])).is_err(), "{url}");
        }
    }

    /// The words that a POSIX shell makes of a command without expansions: what stands between single quotes, and the rest.
    fn words(text: &str) -> Vec<String> {
        let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '\'' => quoted = !quoted,
                '\\' if !quoted => match characters.next() {
                    Some('\n') | None => {}
                    Some(next) => word.push(next),
                },
                ' ' | '\n' if !quoted => {
                    if !word.is_empty() {
                        words.push(std::mem::take(&mut word));
                    }
                }
                _ if quoted => word.push(character),
                _ => {
                    assert!(
                        character.is_ascii_alphanumeric() || character == '-',
                        "{character:?} outside of quotes"
                    );
                    word.push(character);
                }
            }
        }
        assert!(!quoted);
        words
    }

    proptest! {
        #[test]
        fn a_shell_reads_the_arguments_that_were_meant(rest in any::<String>(), value in any::<String>()) {
            let made = curl(&report("PUT", &format!("http://a/{rest}"), &[("x-y", &value)])).unwrap();
            let words = words(&made.text);
            prop_assert_eq!(&words[..4], ["curl", "--globoff", "--request", "PUT"]);
            prop_assert!(words[4].starts_with("http://a/"));
            prop_assert!(words.len() == 5 || (words.len() == 7 && words[5] == "--header" && words[6].starts_with("x-y: ")));
        }
    }
}
