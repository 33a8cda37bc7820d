//! Messages in a stream of bytes: `Content-Length: 119`, an empty line, and so many bytes of JSON.

use crate::limits::{HEADER_BYTES_MAX, MESSAGE_BYTES_MAX};

/// Bytes that were received and not taken yet.
#[derive(Debug, Default)]
pub struct Framing {
    bytes: Vec<u8>,
}

/// Why the bytes are no messages: where the next one begins is not known any more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FramingError {
    /// A header is over [`HEADER_BYTES_MAX`].
    HeaderTooLong,
    /// A line of a header is no `Name: value`, or the length is missing or no number.
    NoHeader,
    /// A message is over [`MESSAGE_BYTES_MAX`].
    MessageTooLong(u64),
}

impl std::fmt::Display for FramingError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::HeaderTooLong => {
                write!(f, "the header of a message has more than {HEADER_BYTES_MAX} bytes")
            }
            Self::NoHeader => write!(f, "a message begins with `Content-Length: N`, and this does not"),
            Self::MessageTooLong(bytes) => {
                write!(f, "a message of {bytes} bytes is over the limit of {MESSAGE_BYTES_MAX}")
            }
        }
    }
}

impl std::error::Error for FramingError {}

impl Framing {
    /// Adds bytes that were received.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes the next message; `None` until all of it is there.
    ///
    /// - **Limits:** [`HEADER_BYTES_MAX`], [`MESSAGE_BYTES_MAX`].
    /// - **Source:** the base protocol of the Debug Adapter Protocol.
    ///
    /// # Errors
    /// [`FramingError`]; the stream is of no use then.
    pub fn take(&mut self) -> Result<Option<Vec<u8>>, FramingError> {
        let window = &self.bytes[..self.bytes.len().min(HEADER_BYTES_MAX)];
        let Some(end) = window.windows(4).position(|four| four == b"\r\n\r\n") else {
            // What is no header is told by its first line, before all of it is there.
            if let Some(line) = window.windows(2).position(|two| two == b"\r\n") {
                field(&window[..line])?;
            }
            let is_full = window.len() == HEADER_BYTES_MAX;
            return if is_full { Err(FramingError::HeaderTooLong) } else { Ok(None) };
        };
        let length = length(&window[..end])?;
        if length > MESSAGE_BYTES_MAX as u64 {
            return Err(FramingError::MessageTooLong(length));
        }
        let (start, length) = (end + 4, length as usize);
        if self.bytes.len() < start + length {
            return Ok(None);
        }
        let message = self.bytes[start..start + length].to_vec();
        self.bytes.drain(..start + length);
        Ok(Some(message))
    }
}

fn length(header: &[u8]) -> Result<u64, FramingError> {
    let mut length = None;
    for line in header.split(|byte| *byte == b'\n') {
        let (name, value) = field(line.strip_suffix(b"\r").unwrap_or(line))?;
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse().map_err(|_| FramingError::NoHeader)?);
        }
    }
    length.ok_or(FramingError::NoHeader)
}

/// A line of a header. The first line of an HTTP request is none, so that pages of other sites cannot speak.
fn field(line: &[u8]) -> Result<(&str, &str), FramingError> {
    let text = std::str::from_utf8(line).map_err(|_| FramingError::NoHeader)?;
    let (name, value) = text.split_once(": ").ok_or(FramingError::NoHeader)?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_name { Ok((name, value)) } else { Err(FramingError::NoHeader) }
}

/// A message with its header.
pub fn framed(message: &[u8]) -> Vec<u8> {
    let mut bytes = format!("Content-Length: {}\r\n\r\n", message.len()).into_bytes();
    bytes.extend_from_slice(message);
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(bytes: &[u8], by: usize) -> (Vec<Vec<u8>>, Option<FramingError>) {
        let (mut framing, mut got) = (Framing::default(), Vec::new());
        for part in bytes.chunks(by.max(1)) {
            framing.receive(part);
            loop {
                match framing.take() {
                    Ok(Some(message)) => got.push(message),
                    Ok(None) => break,
                    Err(error) => return (got, Some(error)),
                }
            }
        }
        (got, None)
    }

    #[test]
    fn other_headers_are_passed_over() {
        let bytes = b"content-type: x\r\nCONTENT-LENGTH: 2\r\n\r\n{}Content-Length: 0\r\n\r\n";
        assert_eq!(all(bytes, 1), (vec![b"{}".to_vec(), Vec::new()], None));
    }

    #[test]
    fn what_is_no_message_is_refused_at_once() {
        for (bytes, error) in [
            ("POST / HTTP/1.1\r\n", FramingError::NoHeader),
            ("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", FramingError::NoHeader),
            ("Content-Length: -1\r\n\r\n", FramingError::NoHeader),
            ("Content-Length: two\r\n\r\n", FramingError::NoHeader),
            ("Other: 2\r\n\r\n", FramingError::NoHeader),
            ("Content-Length: 99999999999\r\n\r\n", FramingError::MessageTooLong(99_999_999_999)),
            (&"x".repeat(HEADER_BYTES_MAX), FramingError::HeaderTooLong),
        ] {
            assert_eq!(all(bytes.as_bytes(), 7).1, Some(error), "{bytes:.40}");
        }
    }

    proptest! {
        #[test]
        fn messages_come_out_as_they_went_in(messages in proptest::collection::vec(".{0,40}", 0..5), by in 1..50_usize) {
            let messages: Vec<Vec<u8>> = messages.into_iter().map(String::into_bytes).collect();
            let bytes: Vec<u8> = messages.iter().flat_map(|message| framed(message)).collect();
            prop_assert_eq!(all(&bytes, by), (messages, None));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), by in 1..20_usize) {
            let _ = all(&bytes, by);
        }
    }
}
