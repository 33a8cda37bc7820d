//! Reversible masks: XChaCha20-Poly1305 with a nonce that is a keyed hash of the text.
//!
//! The same text has the same mask under the same key, so that masks can be joined and masking again
//! changes nothing; that two masked texts are equal is what an onlooker learns. Texts are padded to 32
//! bytes, so that a mask tells their length roughly at most.

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

pub(crate) const OPENING: &str = "[masked: ";

const NONCE_BYTES: usize = 24;
const PADDED_BYTES: usize = 32;

/// The key that masks and unmasks.
#[derive(Clone)]
pub struct MaskKey {
    encryption: [u8; 32],
    nonce: [u8; 32],
}

impl MaskKey {
    /// Derives what is needed from 32 secret bytes.
    pub fn new(secret: [u8; 32]) -> Self {
        Self {
            encryption: blake3::derive_key("reenact mask encryption v1", &secret),
            nonce: blake3::derive_key("reenact mask nonce v1", &secret),
        }
    }
}

impl std::fmt::Debug for MaskKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MaskKey(***)")
    }
}

/// A mask that cannot be taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mask is damaged or of another key")]
pub struct UnmaskError;

/// Puts back what masks in `text` stand for; the rest stays. O(bytes).
///
/// # Errors
/// [`UnmaskError`] when a mask is damaged or was made with another key.
pub fn unmask(text: &str, key: &MaskKey) -> Result<String, UnmaskError> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(OPENING) {
        plain.push_str(&rest[..at]);
        let inner = &rest[at + OPENING.len()..];
        let end = inner.find(']').ok_or(UnmaskError)?;
        plain.push_str(&opened(&inner[..end], key).ok_or(UnmaskError)?);
        rest = &inner[end + 1..];
    }
    plain.push_str(rest);
    Ok(plain)
}

pub(super) fn masked(text: &str, key: &MaskKey) -> String {
    let hash = blake3::keyed_hash(&key.nonce, text.as_bytes());
    let nonce = &hash.as_bytes()[..NONCE_BYTES];
    let mut padded = text.as_bytes().to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(PADDED_BYTES), 0);
    let cipher = XChaCha20Poly1305::new((&key.encryption).into());
    // The cipher refuses texts over 256 GiB alone; what cannot be encrypted is not kept.
    let Ok(sealed) = cipher.encrypt(XNonce::from_slice(nonce), padded.as_slice()) else {
        return "[redacted]".to_owned();
    };
    format!("{OPENING}{}{}]", hex(nonce), hex(&sealed))
}

fn opened(code: &str, key: &MaskKey) -> Option<String> {
    let bytes = unhex(code)?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES)?;
    let cipher = XChaCha20Poly1305::new((&key.encryption).into());
    let mut padded = cipher.decrypt(XNonce::from_slice(nonce), sealed).ok()?;
    let end = padded.iter().rposition(|byte| *byte == 0x80)?;
    padded.truncate(end);
    String::from_utf8(padded).ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
