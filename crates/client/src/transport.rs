//! HTTP over TCP, in the clear or over TLS, and over a Unix socket.

use std::fmt;
use std::io::{Read, Write};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reenact_wire::base64;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// How long one request may take, the connection included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of an answer is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Where captures go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A host, in the clear or over TLS.
    Http(Host),
    /// A Unix socket by its path.
    Unix(String),
}

/// A host, and who one is to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Host {
    /// `http://host:port` or `https://host:port`, without a slash at its end.
    base: String,
    /// The header `Authorization`, where the address had a name and a password.
    authorization: Option<String>,
}

impl Host {
    fn new(base: &str) -> Self {
        Self { base: base.to_owned(), authorization: None }
    }

    fn is_secure(&self) -> bool {
        self.base.starts_with("https://")
    }
}

/// Passwords are not printed.
impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Default for Address {
    fn default() -> Self {
        Self::Http(Host::new("http://127.0.0.1:8126"))
    }
}

/// A text that is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressError;

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "is an address such as `http://127.0.0.1:8126`, `https://name:password@reenact.example` or \
             `unix:///var/run/reenact.sock`",
        )
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim().trim_end_matches('/');
        if let Some(path) = text.strip_prefix("unix://").filter(|path| path.starts_with('/')) {
            return Ok(Self::Unix(path.to_owned()));
        }
        let (scheme, rest) = text.split_once("://").ok_or(AddressError)?;
        let (user, host) = rest.rsplit_once('@').map_or((None, rest), |(user, host)| (Some(user), host));
        let is_host =
            !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/');
        if !is_host || !matches!(scheme, "http" | "https") {
            return Err(AddressError);
        }
        let authorization = user.map(|user| {
            let user = if user.contains(':') { user.to_owned() } else { format!("{user}:") };
            format!("Basic {}", base64(&percent_decoded(&user)))
        });
        Ok(Self::Http(Host { base: format!("{scheme}://{host}"), authorization }))
    }
}

/// `%40` becomes `@`; what is no such thing stays.
fn percent_decoded(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (bytes, mut decoded, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        if let (b'%', Some(&[high, low])) =
            (byte, bytes.get(at + 1..at + 3).and_then(|two| two.first_chunk()))
            && let (Some(high), Some(low)) = (digit(high), digit(low))
        {
            decoded.push((high << 4 | low) as u8);
            at += 3;
        } else {
            decoded.push(byte);
            at += 1;
        }
    }
    decoded
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

/// Sends requests to one address.
#[derive(Debug)]
pub struct Transport {
    address: Address,
    ca_file: Option<String>,
    agent: OnceLock<ureq::Agent>,
}

impl Transport {
    /// Nothing is connected or read before the first request. Servers of `https://` addresses are trusted by the
    /// certificates of `ca_file`, in PEM; without one by those of the system, or those of `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR`.
    pub fn new(address: Address, ca_file: Option<String>) -> Self {
        Self { address, ca_file, agent: OnceLock::new() }
    }

    /// Sends a request and reads how it went. Takes [`REQUEST_TIMEOUT`] at most.
    pub fn post(&self, request: Post<'_>) -> Answer {
        match &self.address {
            Address::Http(host) => match self.agent(host) {
                Ok(agent) => post_http(&agent, host, request),
                Err(why) => Answer::Later(why, None),
            },
            Address::Unix(path) => post_unix(path, request),
        }
    }

    /// What requests are sent with. Certificates are read once, when they can be.
    fn agent(&self, host: &Host) -> Result<ureq::Agent, String> {
        if let Some(agent) = self.agent.get() {
            return Ok(agent.clone());
        }
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(REQUEST_TIMEOUT))
            .http_status_as_error(false)
            // Captures go to the address that was set, whatever a proxy for the application's own requests.
            .proxy(None)
            // A password is for this address alone.
            .max_redirects(0)
            // Captures are rare: a connection that waits would mostly be closed by then.
            .max_idle_connections(0);
        let config =
            if host.is_secure() { config.tls_config(tls_config(self.ca_file.as_deref())?) } else { config };
        Ok(self.agent.get_or_init(|| config.build().into()).clone())
    }
}

/// How servers of `https://` addresses are trusted: by the certificates of a file in PEM, or by those of the system, for
/// which `SSL_CERT_FILE` and `SSL_CERT_DIR` stand in.
///
/// # Errors
/// A sentence that names the file, when no certificate can be read.
pub fn tls_config(ca_file: Option<&str>) -> Result<TlsConfig, String> {
    let roots = match ca_file {
        Some(path) => certificates_of(path)?,
        None => certificates_of_system()?,
    };
    let roots: Vec<_> = roots.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&roots))
        .unversioned_rustls_crypto_provider(provider)
        .build())
}

fn certificates_of(path: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |why: &dyn fmt::Display| format!("the certificates of `{path}` cannot be read: {why}");
    let found = CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))?;
    let found: Vec<_> = found.collect::<Result<_, _>>().map_err(|error| wrong(&error))?;
    if found.is_empty() { Err(wrong(&"there are none in it; it is a file in PEM")) } else { Ok(found) }
}

fn certificates_of_system() -> Result<Vec<CertificateDer<'static>>, String> {
    let found = rustls_native_certs::load_native_certs();
    if !found.certs.is_empty() {
        return Ok(found.certs);
    }
    let why = found.errors.first().map_or_else(String::new, |error| format!(": {error}"));
    Err(format!("the system has no certificates to trust{why}; name some with REENACT_CA_FILE"))
}

fn post_http(agent: &ureq::Agent, host: &Host, request: Post<'_>) -> Answer {
    let mut post = agent
        .post(format!("{}{}", host.base, request.path))
        .header("content-type", request.content_type)
        .header("content-encoding", request.content_encoding);
    if let Some(key) = request.api_key {
        post = post.header("dd-api-key", key);
    }
    if let Some(authorization) = &host.authorization {
        post = post.header("authorization", authorization);
    }
    match post.send(request.body) {
        Ok(mut answer) => {
            let wait =
                answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
            let status = answer.status().as_u16();
            let text = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
            judged(status, wait, &text.unwrap_or_default())
        }
        Err(error) => Answer::Later(no_answer(&error), None),
    }
}

fn no_answer(error: &ureq::Error) -> String {
    let said = error.to_string();
    let hint = if said.contains("UnknownIssuer") || said.contains("unknown issuer") {
        "; if its certificate is of an authority of your own, name the file with REENACT_CA_FILE"
    } else {
        ""
    };
    format!("no answer: {said}{hint}")
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
        assert_eq!("http://agent:8126/".parse(), Ok(Address::Http(Host::new("http://agent:8126"))));
        assert_eq!("https://agent".parse(), Ok(Address::Http(Host::new("https://agent"))));
        assert_eq!("unix:///run/a.sock".parse(), Ok(Address::Unix("/run/a.sock".into())));
        for wrong in ["", "agent:8126", "ftp://agent", "http://", "https://a@", "unix://a.sock", "http://a/b"]
        {
            assert_eq!(wrong.parse::<Address>(), Err(AddressError), "{wrong}");
        }
    }

    #[test]
    fn a_name_and_a_password_become_a_header_and_are_not_printed() {
        let Ok(Address::Http(host)) = "https://ada:s%40cret@agent:1".parse::<Address>() else {
            panic!("no host")
        };
        assert_eq!(host.base, "https://agent:1");
        assert_eq!(host.authorization, Some(format!("Basic {}", base64(b"ada:s@cret"))));
        assert_eq!(format!("{host:?}"), r#"Host { base: "https://agent:1", .. }"#);
        assert_eq!(percent_decoded("100%&%4&%e4%"), b"100%&%4&\xe4%");
    }

    #[test]
    fn certificates_that_cannot_be_read_are_named() {
        let address: Address = "https://127.0.0.1:1".parse().unwrap();
        let post =
            Post { path: "/", content_type: "a/b", content_encoding: "gzip", body: b"", api_key: None };
        for path in ["/nowhere/ca.pem", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")] {
            let Answer::Later(why, None) = Transport::new(address.clone(), Some(path.to_owned())).post(post)
            else {
                panic!("{path} was taken");
            };
            assert!(why.starts_with(&format!("the certificates of `{path}` cannot be read: ")), "{why}");
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
