//! Secrets that a sentence says without a sign: `password is hunter2`, `token abc123 rejected`.
//!
//! Most words after a name are none: `password is required`. So only a word of letters and digits goes,
//! unless it is one of those that are often said of secrets.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::NAME_BYTES_MAX;
use super::bytes::is_name_byte;
use super::phrases::VERBS;
use crate::names::Names;
use crate::signs::{DIGIT, Signs};
use crate::steps;

/// What people call secrets in sentences. Other redacted names are followed by plain words too often.
const SAID: [&str; 12] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "token",
    "api key",
    "access key",
    "apikey",
    "api_key",
    "credential",
];

/// The shortest and the longest word that is taken for a secret, in bytes.
const WORD_BYTES_MIN: usize = 6;
const WORD_BYTES_MAX: usize = 256;

/// How far back the words of a `netrc` line are looked for, in bytes.
const NETRC_BYTES_MAX: usize = 512;

/// Words between the name and its secret: `was changed to`.
const VERBS_MAX: usize = 3;

/// How algorithms, encodings and protocols begin, of which sentences about secrets tell.
const ALGORITHMS: [&str; 22] = [
    "aes", "argon2", "base16", "base32", "base58", "base64", "bcrypt", "blake2", "crc32", "ed25519", "es256",
    "hmac", "hs256", "md5", "oauth", "oauth2", "pbkdf2", "rs256", "rsa", "sha", "utf", "x509",
];

static FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .build(SAID)
        .expect("the words are short")
});

/// The secrets that follow a name in a sentence: ascending, without overlaps. O(bytes).
pub(super) fn find(text: &str, signs: Signs, names: &Names) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut found: Vec<(usize, usize)> = Vec::new();
    steps::add(bytes.len());
    if !signs.has(DIGIT) && memchr::memmem::find(bytes, b" login ").is_none() {
        return found;
    }
    // The end of the last name or secret that was looked at.
    let mut looked_at = 0;
    for word in FINDER.find_iter(bytes) {
        if word.start() < looked_at {
            continue;
        }
        let name = name_around(bytes, looked_at, word.start(), word.end());
        looked_at = name.end;
        if bytes.get(name.end) == Some(&b' ')
            && is_redacted(text, name.clone(), names)
            && let Some(secret) = secret_after(bytes, name)
        {
            looked_at = secret.1;
            found.push(secret);
        }
    }
    found
}

/// The name that a word is in.
fn name_around(bytes: &[u8], from: usize, start: usize, end: usize) -> Range<usize> {
    let before =
        bytes[from..start].iter().rev().take(NAME_BYTES_MAX).take_while(|b| is_name_byte(**b)).count();
    let after = bytes[end..].iter().take(NAME_BYTES_MAX).take_while(|b| is_name_byte(**b)).count();
    steps::add(before + after);
    start - before..end + after
}

fn is_redacted(text: &str, name: Range<usize>, names: &Names) -> bool {
    text.get(name).is_some_and(|name| names.matched(&name.replace(' ', "")).is_some())
}

/// `machine host login user`: what follows the next name is a secret whatever it looks like.
fn is_of_netrc(before: &[u8]) -> bool {
    let near = &before[before.len().saturating_sub(NETRC_BYTES_MAX)..];
    steps::add(near.len());
    let mut words = near.rsplit(|b| b.is_ascii_whitespace()).filter(|word| !word.is_empty()).take(4);
    let (_user, login) = (words.next(), words.next());
    let (host, machine) = (words.next(), words.next());
    let ends = |word: Option<&[u8]>, known: &[u8]| word.is_some_and(|word| word.ends_with(known));
    login == Some(b"login") && (ends(machine, b"machine") || ends(host, b"default"))
}

/// The secret that begins after the name, spaces and a few verbs.
fn secret_after(bytes: &[u8], name: Range<usize>) -> Option<(usize, usize)> {
    let mut at = name.end;
    for _ in 0..=VERBS_MAX {
        let spaces = bytes[at..].iter().take(4).take_while(|b| **b == b' ').count();
        let start = at + spaces;
        let is_word = |b: &&u8| !b.is_ascii_whitespace() && !b"\"'`\\,;()[]{}<>|=".contains(b);
        let end = start + bytes[start..].iter().take(WORD_BYTES_MAX + 1).take_while(is_word).count();
        steps::add(end - at);
        if spaces == 0 || start == end {
            return None;
        }
        let word = std::str::from_utf8(&bytes[start..end]).ok()?;
        if VERBS.iter().any(|verb| verb.eq_ignore_ascii_case(word)) {
            at = end;
            continue;
        }
        let word = word.trim_end_matches(['.', ':', '!', '?', '-']);
        let goes_on = matches!(bytes.get(end), Some(b'=' | b'(' | b'['));
        let is_secret = !goes_on && (looks_secret(word) || is_of_netrc(&bytes[..name.start]));
        return is_secret.then_some((start, start + word.len()));
    }
    None
}

fn looks_secret(word: &str) -> bool {
    let bytes = word.as_bytes();
    let letters = bytes.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    let is_path = bytes.contains(&b'/') || bytes.contains(&b':') || word.contains("..");
    let leading_digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    // `30days`, `256bit`, `2026-11-26T10`, `0x7f3a…`
    let is_quantity = leading_digits > 0
        && (leading_digits + letters == bytes.len() && letters <= 7
            || bytes[leading_digits..].starts_with(b"-")
            || bytes.starts_with(b"0x"));
    let is_version = word.trim_start_matches(['v', 'V']).bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let lowered = word.to_ascii_lowercase();
    let first = lowered.split(['-', '_', '.']).next().unwrap_or_default();
    let first = first.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_algorithm = ALGORITHMS.iter().any(|known| {
        first == known.trim_end_matches(|c: char| c.is_ascii_digit()) && lowered.starts_with(first)
    });
    (WORD_BYTES_MIN..=WORD_BYTES_MAX).contains(&bytes.len())
        && letters > 0
        && digits > 0
        && !is_path
        && !is_quantity
        && !is_version
        && !is_algorithm
}
