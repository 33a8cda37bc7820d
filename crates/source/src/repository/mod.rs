//! A local clone: its commits, trees and files.

mod choose;
mod history;
mod objects;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::str::FromStr;

use gix::bstr::ByteSlice;

use crate::limits::{COMMIT_BYTES_MAX, FILES_MAX, MESSAGE_BYTES_MAX, NAME_BYTES_MAX, cut};
use crate::owners::{LOCATIONS, Owners};
use crate::paths::Files;

pub use choose::{ChosenBy, ChosenCommit, Wanted};
use objects::{EntryKind, Objects};

/// Names a commit, or another thing in a repository: 40 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(gix::ObjectId);

impl ObjectId {
    /// The first digits, as people say it.
    pub fn short(&self) -> String {
        self.0.to_hex_with_len(10).to_string()
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ObjectId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        gix::ObjectId::from_hex(text.as_bytes()).map(Self).map_err(|_| ())
    }
}

/// Why a repository says nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The path leads nowhere; somebody has to set it right.
    #[error("there is no folder `{0}` on the server's machine")]
    NoFolder(PathBuf),
    /// The path leads to something else.
    #[error("`{0}` is no git repository; give the folder of a clone, with its `.git`, or a bare repository")]
    NoRepository(PathBuf),
    /// There is nothing in it yet.
    #[error("the repository has no commit that its HEAD names")]
    NoCommit,
    /// Every commit is newer than the time that was asked for.
    #[error("every commit on `{0}` that the clone holds is newer than the event")]
    AllNewer(String),
    /// Something in it cannot be read: it is damaged, or of a format that is not supported.
    #[error("the repository cannot be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl SourceError {
    fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unreadable(error.into())
    }
}

/// What a commit says of itself; texts are cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitFacts {
    /// The commit.
    pub id: ObjectId,
    /// Name of its author.
    pub author: String,
    /// When it was committed, in seconds since 1970.
    pub seconds: i64,
    /// First line of its message.
    pub subject: String,
    /// Its message, with the first line.
    pub message: String,
}

/// Where the repository's HEAD stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The branch; `None` when it names a commit itself.
    pub branch: Option<String>,
    /// The commit.
    pub commit: CommitFacts,
    /// Whether the clone holds only the newest part of the history.
    pub is_shallow: bool,
    /// The address of `origin`.
    pub origin: Option<String>,
}

/// An open clone. Cheap to open; for one piece of work on one thread, which sees what is there now.
pub struct Repository {
    git: gix::Repository,
    objects: Objects,
}

impl Repository {
    /// Opens the clone in a folder, or a bare repository; folders above are not looked at.
    ///
    /// Whoever owns it: git asks for `safe.directory` because it runs what a configuration names, and nothing is run here.
    ///
    /// # Errors
    /// [`SourceError::NoFolder`], [`SourceError::NoRepository`], [`SourceError::Unreadable`].
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        if !path.is_dir() {
            return Err(SourceError::NoFolder(path.to_owned()));
        }
        let options = gix::open::Options::isolated().with(gix::sec::Trust::Full);
        let is_repository = path.join(".git").exists() || path.join("HEAD").is_file();
        let opened = if is_repository {
            options.open(path).map_err(SourceError::unreadable)
        } else {
            Err(SourceError::NoRepository(path.to_owned()))
        };
        let git = opened?.to_thread_local();
        Ok(Self { objects: Objects::default(), git })
    }

    /// Where HEAD stands, and what is known of the clone.
    ///
    /// # Errors
    /// [`SourceError::NoCommit`], [`SourceError::Unreadable`].
    pub fn head(&self) -> Result<Head, SourceError> {
        let (branch, id) = self.head_commit()?;
        let commit = self.commit(id)?.ok_or(SourceError::NoCommit)?;
        Ok(Head { branch, commit, is_shallow: self.is_shallow(), origin: self.origin() })
    }

    /// Whether the clone holds only the newest part of the history.
    pub fn is_shallow(&self) -> bool {
        self.git.is_shallow().unwrap_or(false)
    }

    /// The address of `origin`, with whatever credentials are in it.
    pub fn origin(&self) -> Option<String> {
        let url = self.git.config_snapshot().string("remote.origin.url")?;
        Some(cut(&url.to_str_lossy(), crate::limits::PATH_BYTES_MAX))
    }

    fn head_commit(&self) -> Result<(Option<String>, ObjectId), SourceError> {
        let head = self.git.head().map_err(SourceError::unreadable)?;
        let branch = head.referent_name().map(|name| cut(&name.shorten().to_str_lossy(), NAME_BYTES_MAX));
        let id = head.id().ok_or(SourceError::NoCommit)?;
        Ok((branch, ObjectId(id.detach())))
    }

    /// What a commit says of itself; `None` when it is not here.
    ///
    /// # Errors
    /// [`SourceError::Unreadable`].
    pub fn commit(&self, id: ObjectId) -> Result<Option<CommitFacts>, SourceError> {
        let Some(data) = self.objects.read(&self.git, id.0, gix::objs::Kind::Commit, COMMIT_BYTES_MAX)?
        else {
            return Ok(None);
        };
        let commit = gix::objs::CommitRef::from_bytes(&data, id.0.kind()).map_err(SourceError::unreadable)?;
        let author =
            commit.author().map(|author| author.name.to_str_lossy().into_owned()).unwrap_or_default();
        let message = commit.message.to_str_lossy();
        let message = message.trim();
        Ok(Some(CommitFacts {
            id,
            author: cut(author.trim(), NAME_BYTES_MAX),
            seconds: commit.committer().map_or(0, |committer| committer.seconds()),
            subject: cut(message.lines().next().unwrap_or("").trim_end(), MESSAGE_BYTES_MAX),
            message: cut(message, MESSAGE_BYTES_MAX),
        }))
    }

    /// The names of all files of a commit, up to [`FILES_MAX`].
    ///
    /// # Errors
    /// [`SourceError::Unreadable`].
    pub fn files(&self, commit: ObjectId) -> Result<Files, SourceError> {
        let mut paths = Vec::new();
        if let Some(root) = self.objects.root(&self.git, commit.0)? {
            self.objects.walk(&self.git, root, "", &mut |path, _| {
                paths.push(path);
                paths.len() < FILES_MAX
            })?;
        }
        Ok(Files::new(paths))
    }

    /// The text of a file; `None` when it is not there, longer than [`crate::limits::FILE_BYTES_MAX`], or no text.
    ///
    /// # Errors
    /// [`SourceError::Unreadable`].
    pub fn file_text(&self, commit: ObjectId, path: &str) -> Result<Option<Rc<str>>, SourceError> {
        match self.objects.entry(&self.git, commit.0, path)? {
            Some((EntryKind::File, id)) => self.objects.text(&self.git, id),
            _ => Ok(None),
        }
    }

    /// The CODEOWNERS of a commit and where it lies.
    ///
    /// # Errors
    /// [`SourceError::Unreadable`].
    pub fn owners(&self, commit: ObjectId) -> Result<Option<(&'static str, Owners)>, SourceError> {
        for location in LOCATIONS {
            if let Some(text) = self.file_text(commit, location)? {
                return Ok(Some((location, Owners::parse(&text))));
            }
        }
        Ok(None)
    }
}
