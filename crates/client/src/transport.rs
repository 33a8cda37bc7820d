//! HTTP over TCP, and over a Unix socket.

use std::fmt;
use std::io::{Read, Write};
use std::str::FromStr;
use std::time::Duration;

/// How long one request may take, the connection included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of an answer is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Where captures go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `http://host:port`, without a slash at its end.
    Http(String),
    /// A Unix socket by its path.
    Unix(String),
}

impl Default for Address {
    fn default() -> Self {
        Self::Http("http://127.0.0.1:8126".to_owned())
    }
}

/// A text that is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressError;

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is an address such as `http://127.0.0.1:8126` or `unix:///var/run/reenact.sock`")
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim().trim_end_matches('/');
        if let Some(path) = text.strip_prefix("unix://").filter(|path| path.starts_with('/')) {
            return Ok(Self::Unix(path.to_owned()));
        }
        let host = text.strip_prefix("http://").ok_or(AddressError)?;
        let is_host = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '/' || c == '@');
        if is_host { Ok(Self::Http(text.to_owned())) } else { Err(AddressError) }
    }
}

/// How a request went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Taken.
    Taken,
    /// Worth another try: no answer, overload, a fault of the server; after the time that it named.
    Later(String, Option<Duration>),
    /// Refused for good.
    Refused(String),
}

/// One request: the path, its content type and its body.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    /// Where to.
    pub path: &'a str,
    /// What the body is.
    pub content_type: &'a str,
    /// How it is compressed.
    pub content_encoding: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// The key of the project.
    pub api_key: Option<&'a str>,
}

/// Sends a request and reads how it went. Takes [`REQUEST_TIMEOUT`] at most.
pub fn post(address: &Address, request: Post<'_>) -> Answer {
    match address {
        Address::Http(base) => post_http(base, request),
        Address::Unix(path) => post_unix(path, request),
    }
}

fn post_http(base: &str, request: Post<'_>) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(REQUEST_TIMEOUT))
        .http_status_as_error(false)
        // Captures go to the address that was set, whatever a proxy for the application's own requests.
        .proxy(None)
        .build()
        .into();
    let mut post = agent
        .post(format!("{base}{}", request.path))
        .header("content-type", request.content_type)
        .header("content-encoding", request.content_encoding);
    if let Some(key) = request.api_key {
        post = post.header("dd-api-key", key);
    }
    match post.send(request.body) {
        Ok(mut answer) => {
            let wait =
                answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
            let status = answer.status().as_u16();
            let text = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
            judged(status, wait, &text.unwrap_or_default())
        }
        Err(error) => Answer::Later(format!("no answer: {error}"), None),
    }
}

fn judged(status: u16, wait_seconds: Option<u64>, text: &str) -> Answer {
    let said = || {
        let said: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
        format!("status {status}: {said}")
    };
    match status {
        200..=299 => Answer::Taken,
        408 | 429 | 500..=599 => Answer::Later(said(), wait_seconds.map(Duration::from_secs)),
        _ => Answer::Refused(said()),
    }
}

#[cfg(unix)]
fn post_unix(path: &str, request: Post<'_>) -> Answer {
    match exchange_unix(path, request) {
        Ok(answer) => parse_answer(&answer),
        Err(error) => Answer::Later(format!("no answer: {error}"), None),
    }
}

#[cfg(not(unix))]
fn post_unix(_: &str, _: Post<'_>) -> Answer {
    Answer::Refused("Unix sockets do not exist here".to_owned())
}

/// One HTTP/1.0 request, so that the answer ends with the connection.
#[cfg(unix)]
fn exchange_unix(path: &str, request: Post<'_>) -> std::io::Result<Vec<u8>> {
    let mut stream = std::os::unix::net::UnixStream::connect(path)?;
    stream.set_read_timeout(Some(REQUEST_TIMEOUT))?;
    stream.set_write_timeout(Some(REQUEST_TIMEOUT))?;
    let key = request.api_key.map_or_else(String::new, |key| format!("dd-api-key: {key}\r\n"));
    write!(
        stream,
        "POST {} HTTP/1.0\r\nhost: localhost\r\ncontent-type: {}\r\ncontent-encoding: {}\r\n{key}content-length: {}\r\n\r\n",
        request.path,
        request.content_type,
        request.content_encoding,
        request.body.len()
    )?;
    stream.write_all(request.body)?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
    Ok(answer)
}

fn parse_answer(answer: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let wait = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("retry-after").then(|| value.trim().parse().ok())?
    });
    match status {
        Some(status) => judged(status, wait, body),
        None => Answer::Later("no answer: the connection ended".to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_http_and_of_unix_sockets() {
        assert_eq!("http://agent:8126/".parse(), Ok(Address::Http("http://agent:8126".into())));
        assert_eq!("unix:///run/a.sock".parse(), Ok(Address::Unix("/run/a.sock".into())));
        for wrong in ["", "agent:8126", "ftp://agent", "http://", "unix://a.sock", "http://a/b"] {
            assert_eq!(wrong.parse::<Address>(), Err(AddressError), "{wrong}");
        }
    }

    #[test]
    fn an_answer_says_whether_to_try_again() {
        assert_eq!(parse_answer(b"HTTP/1.1 200 OK\r\n\r\n{}"), Answer::Taken);
        let wait = Some(Duration::from_secs(7));
        let busy = parse_answer(b"HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\n\r\nfull");
        assert_eq!(busy, Answer::Later("status 429: full".into(), wait));
        assert_eq!(parse_answer(b"HTTP/1.1 400 Bad\r\n\r\nno"), Answer::Refused("status 400: no".into()));
        assert!(matches!(parse_answer(b""), Answer::Later(..)));
    }
}
