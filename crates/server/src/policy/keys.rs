//! The secret that hashes and masks are made with.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use reenact_redact::scanner::{MaskKey, ScannerKeys};

/// Its name in the data directory.
const FILE: &str = "secret.key";
const BYTES: usize = 32;

/// A secret of this installation.
///
/// Masked texts can be read by whoever has it and the data: keep copies of the two apart.
#[derive(Clone)]
pub struct Keys(ScannerKeys);

/// A secret that cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file fails.
    #[error("the key file `{path}` cannot be read or made")]
    File {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error(
        "the key file `{path}` does not hold 64 hexadecimal digits; put the right one back, or move it away \
             to begin with a new key: what was masked with the old one cannot be read then"
    )]
    Content {
        /// Which file.
        path: String,
    },
}

impl Keys {
    /// Reads the secret in `dir`, and makes one, readable by the owner alone, if there is none.
    ///
    /// # Errors
    /// [`KeysError`] names the file.
    pub fn open(dir: &Path) -> Result<Self, KeysError> {
        let path = dir.join(FILE);
        let shown = || path.display().to_string();
        let failed = |source| KeysError::File { path: shown(), source };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut secret = [0; BYTES];
                getrandom::fill(&mut secret).map_err(|error| failed(std::io::Error::other(error)))?;
                let text: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
                let partial = dir.join(format!("{FILE}.partial"));
                let _ = fs::remove_file(&partial);
                OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(&partial)
                    .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
                    .and_then(|()| fs::rename(&partial, &path))
                    .and_then(|()| fs::File::open(dir)?.sync_all())
                    .map_err(failed)?;
                text
            }
            Err(error) => return Err(failed(error)),
        };
        let mode = fs::metadata(&path).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            tracing::warn!(path = %path.display(), "others can read the key file; allow its owner alone");
        }
        let secret = parse(text.trim()).ok_or_else(|| KeysError::Content { path: shown() })?;
        Ok(Self::from_secret(secret))
    }

    /// Keys that are made from this secret.
    pub fn from_secret(secret: [u8; BYTES]) -> Self {
        let mut hash = [0; BYTES];
        hash.copy_from_slice(blake3::derive_key("reenact scanner hash v1", &secret).as_slice());
        Self(ScannerKeys { hash, mask: MaskKey::new(secret) })
    }

    pub(crate) fn scanner(&self) -> ScannerKeys {
        self.0.clone()
    }

    pub(crate) fn mask(&self) -> &MaskKey {
        &self.0.mask
    }
}

fn parse(text: &str) -> Option<[u8; BYTES]> {
    if text.len() != 2 * BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut secret = [0; BYTES];
    for (at, byte) in secret.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        Keys::open(dir.path()).unwrap();
        let path = dir.path().join(FILE);
        let first = fs::read_to_string(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        Keys::open(dir.path()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), first);
        for bad in ["", "xyz", &"g".repeat(64), &"é".repeat(32)] {
            fs::write(&path, bad).unwrap();
            assert!(matches!(Keys::open(dir.path()), Err(KeysError::Content { .. })), "{bad}");
        }
    }
}
