//! Keys: what a program shows instead of being the local admin.
//!
//! A key is 20 random bytes and is shown once, when it is made. Kept is its hash, which needs no salt: nobody guesses
//! one of 2^160. All keys are one document, and each request with a key reads it, so that a key that was removed is
//! worth nothing from then on.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use super::Permissions;
use crate::App;
use crate::api::failure::Failure;
use crate::named::{self, Named};

/// Keys that there can be.
const KEYS_MAX: usize = 200;
/// What a key begins with.
const PREFIX: &str = "reenact_";
/// Random bytes of a key.
const RANDOM_BYTES: usize = 20;

/// A key, without what is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AccessKey {
    /// 16 hexadecimal digits.
    pub(crate) id: String,
    /// For people; the audit log has it as `key NAME`.
    pub(crate) name: String,
    /// Names of permissions.
    pub(crate) scopes: Vec<String>,
    /// BLAKE3 of the key, in hexadecimal.
    pub(crate) hash: String,
    /// Always 1: a key is not changed.
    pub(crate) version: u64,
    /// When it was made.
    pub(crate) added_at: String,
    /// Who did that.
    pub(crate) added_by: String,
}

impl AccessKey {
    /// What whoever shows it may do.
    pub(crate) fn permissions(&self) -> Permissions {
        let nothing = Permissions { see_values: false, unmask: false, change_settings: false, triage: false };
        Permissions::of_names(&self.scopes).unwrap_or(nothing)
    }
}

impl Named for AccessKey {
    const DOCUMENT: &'static str = "keys";
    const KIND: &'static str = "key";
    const COUNT_MAX: usize = KEYS_MAX;

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> u64 {
        self.version
    }
}

/// A new key as it is shown; `None` when the system has no random numbers.
pub(crate) fn drawn() -> Option<String> {
    let mut bytes = [0; RANDOM_BYTES];
    getrandom::fill(&mut bytes).ok()?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{PREFIX}{digits}"))
}

/// The hash that is kept of a key.
pub(crate) fn hash(shown: &[u8]) -> String {
    blake3::hash(shown).to_hex().to_string()
}

/// What stands behind `Bearer` in `Authorization`, be it text or not; `None` with another scheme.
pub(crate) fn bearer(header: &HeaderValue) -> Option<&[u8]> {
    let text = header.as_bytes().trim_ascii();
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    let (scheme, rest) = text.split_at(end);
    scheme.eq_ignore_ascii_case(b"bearer").then(|| rest.trim_ascii())
}

/// The key that is shown.
pub(crate) async fn shown(app: &Arc<App>, bearer: &[u8]) -> Result<AccessKey, Failure> {
    if !bearer.starts_with(PREFIX.as_bytes()) {
        return Err(unknown());
    }
    let (hash, app) = (hash(bearer), Arc::clone(app));
    let found = tokio::task::spawn_blocking(move || named::load::<AccessKey>(app.policies.control()));
    let (_, keys) = found.await.map_err(|_| Failure::internal())??;
    // Hashes of what was drawn at random: how long comparing them takes tells nothing of a key.
    keys.into_iter().find(|key| key.hash == hash).ok_or_else(unknown)
}

fn unknown() -> Failure {
    let message = "there is no such key; it is shown as `Authorization: Bearer reenact_…`, and `reenact key add` makes one";
    Failure::new(StatusCode::UNAUTHORIZED, "key_unknown", message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_kept_as_its_hash() {
        let (one, other) = (drawn().unwrap(), drawn().unwrap());
        assert!(one != other && one.len() == PREFIX.len() + 2 * RANDOM_BYTES);
        let of = |key: &str| hash(key.as_bytes());
        assert!(of(&one) != of(&other) && !of(&one).contains(&one[PREFIX.len()..]));
    }

    #[test]
    fn whatever_stands_behind_bearer_is_a_key() {
        for (header, want) in [
            (&b"Bearer reenact_1"[..], Some(&b"reenact_1"[..])),
            (b"bearer\treenact_1 ", Some(b"reenact_1")),
            (b"BEARER", Some(b"")),
            (b"Bearer reenact_\xff", Some(b"reenact_\xff")),
            (b"Basic YTpi", None),
            (b"Bearers x", None),
            (b"", None),
        ] {
            assert_eq!(bearer(&HeaderValue::from_bytes(header).unwrap()), want, "{header:?}");
        }
    }

    #[test]
    fn scopes_that_are_not_known_any_more_give_nothing() {
        let key = |scopes: &[&str]| AccessKey {
            id: String::new(),
            name: String::new(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            hash: String::new(),
            version: 1,
            added_at: String::new(),
            added_by: String::new(),
        };
        assert!(key(&["values"]).permissions().see_values);
        assert_eq!(key(&["values", "of old"]).permissions().names(), Vec::<String>::new());
    }
}
