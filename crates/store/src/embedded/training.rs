//! What dictionaries are trained on.

use std::path::Path;

use super::body;
use super::days::Days;
use super::failure::Failure;
use super::file;
use crate::StoreError;

/// Which bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bodies {
    /// Of events.
    Events,
    /// Of snapshots.
    Snapshots,
}

/// What the bodies of a data directory would be before they are compressed, if they were written now.
///
/// # Errors
/// [`StoreError::Engine`] when a file cannot be read.
pub fn uncompressed(directory: &Path, bodies: Bodies) -> Result<Vec<Vec<u8>>, StoreError> {
    let sql = match bodies {
        Bodies::Events => "SELECT body FROM event",
        Bodies::Snapshots => "SELECT body FROM snapshots",
    };
    let mut all = Vec::new();
    for folder in Days::folders(directory)?.into_values() {
        let stored: Vec<Vec<u8>> = file::open_to_read(&folder.join("events.sqlite"))?
            .prepare(sql)
            .and_then(|mut sql| sql.query_map([], |row| row.get(0))?.collect())
            .during(|| format!("reading `{}`", folder.display()))?;
        for body in stored {
            all.push(match bodies {
                Bodies::Events => body::shown(&body)?,
                Bodies::Snapshots => body::packed(&body)?,
            });
        }
    }
    Ok(all)
}
