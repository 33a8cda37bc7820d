//! Source code of services from local clones: which repository a service has, which of its files and commits an event
//! ran, who changed them last and who owns them.
//!
//! Repositories are settings, kept in one document of [`reenact_store::control::Control`]. Clones are opened for each
//! piece of work, so that what was fetched meanwhile is seen; what was found in a commit, which never changes, is
//! remembered.

mod checked;
mod located;
mod owned;
mod owner_index;
mod settings;
mod suspects;

use std::collections::HashMap;
use std::hash::Hash;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reenact_source::ObjectId;
use reenact_source::blame::{Line, Origin};
use reenact_source::paths::Files;
use tokio::sync::Semaphore;

pub(crate) use checked::{checked, opened, told, web_of};
pub(crate) use located::{Located, LocatedFrame, located, seconds};
pub(crate) use owned::{Owning, owning};
pub(crate) use owner_index::OwnerIndex;
pub(crate) use settings::{PathMapping, RepositoryChange, RepositorySetting, load};
pub(crate) use suspects::{Suspected, SuspectedCommit, suspected};

/// Clones that are read at the same time; further calls wait.
const AT_ONCE: usize = 2;
/// Time that one search for a suspect may take.
const SEARCH_MAX: Duration = Duration::from_secs(10);
/// Lists of the files of commits that are remembered.
const FILES_KEPT: usize = 8;
/// Searches that are remembered.
const SEARCHES_KEPT: usize = 2_000;

/// What was found of lines, by clone, whether it is shallow, commit and lines.
type Search = (PathBuf, bool, ObjectId, Vec<(String, u32)>);

/// The clones of the server's machine.
pub(crate) struct Sources {
    /// Where clones may lie; anywhere when empty.
    pub(crate) roots: Vec<PathBuf>,
    /// Held while a clone is read.
    pub(crate) at_once: Arc<Semaphore>,
    files: Kept<(PathBuf, ObjectId), Arc<Files>>,
    searches: Kept<Search, Arc<Vec<Origin<ObjectId>>>>,
}

impl Sources {
    pub(crate) fn new(roots: Vec<PathBuf>) -> Self {
        Self {
            roots,
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            files: Kept::new(FILES_KEPT),
            searches: Kept::new(SEARCHES_KEPT),
        }
    }
}

fn search(path: &std::path::Path, is_shallow: bool, commit: ObjectId, lines: &[Line]) -> Search {
    let lines = lines.iter().map(|line| (line.path.clone(), line.number)).collect();
    (path.to_owned(), is_shallow, commit, lines)
}

/// The last things that were worked out; begins anew when it is full.
struct Kept<K, V> {
    most: usize,
    known: Mutex<HashMap<K, V>>,
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    fn new(most: usize) -> Self {
        Self { most, known: Mutex::default() }
    }

    fn get(&self, key: &K) -> Option<V> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn put(&self, key: K, value: V) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= self.most {
            known.clear();
        }
        known.insert(key, value);
    }
}
