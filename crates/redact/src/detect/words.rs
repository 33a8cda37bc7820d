//! Tokens with a known beginning, web tokens, and numbers with letters.

use memchr::memmem;

use super::runs::{Class, class_with, next_run};
use super::{Sweep, checks};

const WORD: Class = class_with(true, b"_-.");

/// The shortest token of a known shape, in bytes.
pub(super) const WORD_BYTES_MIN: usize = 12;

/// How long the header of a web token may be, in bytes.
const HEADER_BYTES_MAX: usize = 1_000;

impl Sweep<'_> {
    /// Vendors' tokens, web tokens, compact IBAN and the Italian tax code.
    pub(super) fn words(&mut self) {
        let bytes = self.bytes;
        let mut from = 0;
        while let Some(run) = next_run(bytes, &WORD, WORD_BYTES_MIN, from) {
            from = run.end;
            let mut at = run.start;
            while at < run.end {
                if at > run.start && bytes[at - 1].is_ascii_alphanumeric() {
                    // To the beginning of the next word.
                    let rest = bytes[at..run.end].iter();
                    at += rest.take_while(|byte| byte.is_ascii_alphanumeric()).count() + 1;
                    continue;
                }
                match self.token(at, run.end) {
                    Some((rule, end)) => {
                        self.push(rule, at..end);
                        at = end;
                    }
                    None => at += 1,
                }
            }
            if run.len() > 60
                && let Some(key) = memmem::find(&bytes[run.clone()], b".atlasv1.")
                && key >= 10
                && run.len() - key > 40
            {
                self.push("terraform_token", run.clone());
            }
        }
    }

    /// Azure's client secrets, which have a `Q~` in them.
    pub(super) fn azure_secrets(&mut self) {
        for at in memmem::find_iter(self.bytes, b"Q~") {
            self.azure_secret(at + 1);
        }
    }

    fn token(&self, at: usize, end: usize) -> Option<(&'static str, usize)> {
        let bytes = self.bytes;
        crate::steps::add(1);
        if let Some(found) = self.detector.shapes.at(bytes, at) {
            return Some(found);
        }
        match bytes[at] {
            b'e' if bytes[at..end].starts_with(b"eyJ") => web_token(bytes, at, end),
            b'A'..=b'Z' => capitals(&bytes[at..end])
                .or_else(|| Some(("discord_token", discord_token(&bytes[at..end])?)))
                .map(|(rule, length)| (rule, at + length)),
            b'0'..=b'9' | b'a'..=b'f' => {
                mailchimp_key(&bytes[at..end]).map(|length| ("mailchimp_key", at + length))
            }
            _ => None,
        }
    }

    /// `abc8Q~…`: three characters, a digit, `Q~` and 34 more.
    fn azure_secret(&mut self, tilde: usize) {
        let bytes = self.bytes;
        if tilde < 5 || !bytes[tilde - 5..tilde - 2].iter().all(|b| WORD[usize::from(*b)]) {
            return;
        }
        let rest =
            bytes[tilde + 1..].iter().take(60).take_while(|b| WORD[usize::from(**b)] || **b == b'~').count();
        if bytes[tilde - 2].is_ascii_digit() && rest >= 31 {
            self.push("azure_client_secret", tilde - 5..tilde + 1 + rest);
        }
    }
}

/// `header.payload.signature`, in Base64 of JSON; also with more parts, or cut.
fn web_token(bytes: &[u8], at: usize, end: usize) -> Option<(&'static str, usize)> {
    crate::steps::add(HEADER_BYTES_MAX.min(end - at));
    let header = memchr::memchr(b'.', &bytes[at..end.min(at + HEADER_BYTES_MAX)])?;
    let payload = &bytes[at + header + 1..end];
    (header >= 12 && payload.iter().take(4).all(|byte| *byte != b'.') && payload.len() >= 4)
        .then_some(("jwt", end))
}

/// Three parts of 23 to 28, 6 or 7, and 27 to 40 characters, the first one the user's id in Base64.
fn discord_token(run: &[u8]) -> Option<usize> {
    let mut parts = run[..run.len().min(80)].split(|byte| *byte == b'.');
    let (user, time, key) = (parts.next()?, parts.next()?, parts.next()?);
    let is_token = matches!(run[0], b'M' | b'N' | b'O')
        && (23..=28).contains(&user.len())
        && (6..=7).contains(&time.len())
        && (27..=40).contains(&key.len())
        && user.iter().any(u8::is_ascii_digit)
        && user.iter().chain(key).any(u8::is_ascii_lowercase);
    is_token.then_some(user.len() + time.len() + key.len() + 2)
}

fn mailchimp_key(run: &[u8]) -> Option<usize> {
    let digits = run.get(..32)?.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b));
    let zone = run[32..].strip_prefix(b"-us")?;
    let zone = zone.iter().take_while(|b| b.is_ascii_digit()).count();
    (digits && (1..=2).contains(&zone)).then_some(35 + zone)
}

/// A compact IBAN or a codice fiscale.
fn capitals(run: &[u8]) -> Option<(&'static str, usize)> {
    let length = run.iter().take(40).take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).count();
    if run.get(length).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let word = &run[..length];
    if checks::iban(word) {
        return Some(("iban", length));
    }
    checks::codice_fiscale(word).then_some(("it_codice_fiscale", length))
}
