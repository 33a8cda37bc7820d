//! Looking for secrets, in the encodings that texts go through.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use crate::client;

/// The shortest secret, in bytes: a shorter one is found by chance.
pub(super) const BYTES_MIN: usize = 6;

/// A secret in one encoding.
pub(super) struct Needle {
    secret: String,
    encoding: &'static str,
    bytes: Vec<u8>,
}

/// A secret in a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) secret: String,
    pub(super) encoding: &'static str,
    pub(super) place: String,
}

/// What was searched, and what was found.
#[derive(Debug, Default)]
pub(super) struct Searched {
    pub(super) looked_at: usize,
    pub(super) findings: Vec<Finding>,
}

impl Needle {
    /// The secret as it is, and as it looks in URLs, JSON, `repr`, hexadecimal, and base64 at any place in
    /// what is encoded.
    pub(super) fn all(name: &str, secret: &str) -> Vec<Self> {
        let mut seen = BTreeSet::new();
        let mut needles = Vec::new();
        let mut add = |encoding, bytes: Vec<u8>| {
            if bytes.len() >= BYTES_MIN && seen.insert(bytes.clone()) {
                needles.push(Self { secret: name.to_owned(), encoding, bytes });
            }
        };
        add("as it is", secret.as_bytes().to_vec());
        // Of a text with lines each line alone: a key is one after its first and last line, too.
        for line in secret.lines().filter(|line| line.len() >= 16 && !line.starts_with("-----")) {
            add("one line", line.as_bytes().to_vec());
        }
        add("percent", percent(secret).into_bytes());
        add("JSON", Value::from(secret).to_string().trim_matches('"').as_bytes().to_vec());
        let hex = |upper: bool| -> String {
            secret
                .bytes()
                .map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") })
                .collect()
        };
        add("hexadecimal", hex(false).into_bytes());
        add("hexadecimal", hex(true).into_bytes());
        for shift in 0..3 {
            add("base64", base64_inside(secret.as_bytes(), shift, b'+', b'/'));
            add("base64", base64_inside(secret.as_bytes(), shift, b'-', b'_'));
        }
        needles
    }

    fn is_in(&self, haystack: &[u8]) -> bool {
        memchr::memmem::find(haystack, &self.bytes).is_some()
    }
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// The characters of base64 that are the same whatever stands before and after, when the secret begins
/// `shift` bytes into a group of three.
fn base64_inside(secret: &[u8], shift: usize, plus: u8, slash: u8) -> Vec<u8> {
    let mut alphabet: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').collect();
    alphabet.extend([plus, slash]);
    let bits: Vec<bool> = std::iter::repeat_n(false, shift * 8)
        .chain(secret.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)))
        .collect();
    let first = (shift * 8).div_ceil(6);
    bits.chunks_exact(6)
        .skip(first)
        .map(|six| alphabet[six.iter().fold(0, |sum, bit| sum << 1 | usize::from(*bit))])
        .collect()
}

fn search(haystack: &[u8], place: &str, needles: &[Needle], findings: &mut Vec<Finding>) {
    for needle in needles.iter().filter(|needle| needle.is_in(haystack)) {
        findings.push(Finding {
            secret: needle.secret.clone(),
            encoding: needle.encoding,
            place: place.to_owned(),
        });
    }
}

/// Searches everything that the API tells of what is kept.
pub(super) fn answers(server: &str, needles: &[Needle]) -> anyhow::Result<Searched> {
    let mut searched = Searched::default();
    let mut ask = |path: String, parameters: &[(&str, String)]| -> anyhow::Result<Value> {
        let answer = client::get(server, &path, parameters)?;
        searched.looked_at += 1;
        search(answer.to_string().as_bytes(), &format!("GET /api/v1{path}"), needles, &mut searched.findings);
        Ok(answer)
    };
    let range = &[("from", "now-10w".to_owned())];
    for path in ["/status", "/outcomes", "/redaction", "/audit", "/jobs"] {
        ask(path.to_owned(), &[])?;
    }
    ask("/histogram".to_owned(), range)?;
    ask("/versions".to_owned(), range)?;
    let facets = ask("/facets".to_owned(), range)?;
    for facet in facets["facets"].as_array().into_iter().flatten() {
        if let Some(key) = facet["key"].as_str() {
            ask(format!("/facets/{key}/values"), range)?;
        }
    }
    for issue in listed(&mut ask, "/issues", "issues")? {
        ask(format!("/issues/{issue}"), range)?;
        for event in listed(&mut ask, &format!("/issues/{issue}/events"), "events")? {
            ask(format!("/events/{event}"), &[])?;
        }
    }
    Ok(searched)
}

/// Asks for one path with these parameters.
type Ask<'a> = dyn FnMut(String, &[(&str, String)]) -> anyhow::Result<Value> + 'a;

/// The ids on all pages of a list.
fn listed(ask: &mut Ask<'_>, path: &str, key: &str) -> anyhow::Result<Vec<String>> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut parameters = vec![("from", "now-10w".to_owned()), ("limit", "200".to_owned())];
        parameters.extend(cursor.map(|cursor| ("cursor", cursor)));
        let page = ask(path.to_owned(), &parameters)?;
        let entries = page[key].as_array().into_iter().flatten();
        all.extend(entries.filter_map(|one| one["id"].as_str().map(str::to_owned)));
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return Ok(all);
        }
    }
}

/// Searches every file as it is, and everything in it decompressed.
pub(super) fn files(dir: &Path, needles: &[Needle]) -> anyhow::Result<Searched> {
    let mut searched = Searched::default();
    let mut opened = Vec::new();
    reenact_store::embedded::dump(dir, &mut opened)?;
    for line in opened.split(|byte| *byte == b'\n') {
        let place: String = String::from_utf8_lossy(line).chars().take(60).collect();
        search(line, &format!("stored: {place}…"), needles, &mut searched.findings);
    }
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
            searched.looked_at += 1;
            search(&bytes, &format!("file: {}", path.display()), needles, &mut searched.findings);
        }
    }
    Ok(searched)
}

/// Searches what the server logged.
pub(super) fn log(log: &str, needles: &[Needle]) -> Vec<Finding> {
    let mut findings = Vec::new();
    search(log.as_bytes(), "the server's log", needles, &mut findings);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_any_encoding() {
        let needles = Needle::all("DB_PASSWORD", "hunter2 & co/?");
        for text in [
            "a hunter2 & co/? b",
            "x=hunter2%20%26%20co%2F%3F",
            "68756e7465723220262063 68756e74657232202620636f2f3f",
            "cGFzc3dvcmQ9aHVudGVyMiAmIGNvLz8=",
            "eDpodW50ZXIyICYgY28vPw==",
        ] {
            assert!(needles.iter().any(|needle| needle.is_in(text.as_bytes())), "{text}");
        }
        assert!(!needles.iter().any(|needle| needle.is_in(b"hunter2 and others")));
        let quoted = Needle::all("A", "with \"quotes\"");
        assert!(quoted.iter().any(|needle| needle.is_in(br#"{"a":"with \"quotes\""}"#)));
    }

    #[test]
    fn files_are_searched_raw() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("inner")).unwrap();
        std::fs::write(dir.path().join("inner/a.bin"), b"\x00\x01hunter2-4711\xff").unwrap();
        let searched = files(dir.path(), &Needle::all("A", "hunter2-4711")).unwrap();
        assert_eq!((searched.looked_at, searched.findings.len()), (1, 1));
        assert!(searched.findings[0].place.ends_with("a.bin"));
    }
}
