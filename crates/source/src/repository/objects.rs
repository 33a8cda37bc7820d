//! Reading objects, each within a limit on its size.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::objs::{Kind, TreeRefIter};

use super::SourceError;
use crate::limits::{COMMIT_BYTES_MAX, DEPTH_MAX, FILE_BYTES_MAX, TREE_BYTES_MAX};

/// Entries of directories that are remembered.
const ENTRIES_MAX: usize = 100_000;
/// Texts that are remembered, in bytes.
const TEXTS_BYTES_MAX: usize = 32 << 20;

/// What stands in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    File,
    Folder,
    /// A link or another repository: never followed.
    Other,
}

type Entry = Option<(EntryKind, ObjectId)>;

/// Texts by file, and their length in all, in bytes.
type Texts = (usize, HashMap<ObjectId, Option<Rc<str>>>);

/// Reads objects, and remembers what is asked for again and again on a way back.
#[derive(Default)]
pub(super) struct Objects {
    roots: RefCell<HashMap<ObjectId, Option<ObjectId>>>,
    entries: RefCell<HashMap<ObjectId, HashMap<String, Entry>>>,
    entry_count: RefCell<usize>,
    texts: RefCell<Texts>,
}

impl Objects {
    /// An object; `None` when it is not here, something else, or larger than `bytes_max`.
    pub(super) fn read(
        &self,
        git: &gix::Repository,
        id: ObjectId,
        kind: Kind,
        bytes_max: u64,
    ) -> Result<Option<Vec<u8>>, SourceError> {
        let Some(header) = git.try_find_header(id).map_err(SourceError::unreadable)? else { return Ok(None) };
        if header.kind() != kind || header.size() > bytes_max {
            return Ok(None);
        }
        let object = git.try_find_object(id).map_err(SourceError::unreadable)?;
        Ok(object.map(|object| object.detach().data))
    }

    /// The topmost directory of a commit.
    pub(super) fn root(
        &self,
        git: &gix::Repository,
        commit: ObjectId,
    ) -> Result<Option<ObjectId>, SourceError> {
        if let Some(known) = self.roots.borrow().get(&commit) {
            return Ok(*known);
        }
        let data = self.read(git, commit, Kind::Commit, COMMIT_BYTES_MAX)?;
        let root = match data {
            Some(data) => {
                let read = gix::objs::CommitRef::from_bytes(&data, commit.kind());
                Some(read.map_err(SourceError::unreadable)?.tree())
            }
            None => None,
        };
        let mut roots = self.roots.borrow_mut();
        if roots.len() >= ENTRIES_MAX {
            roots.clear();
        }
        roots.insert(commit, root);
        Ok(root)
    }

    /// What a commit has under a path; links are not followed.
    pub(super) fn entry(
        &self,
        git: &gix::Repository,
        commit: ObjectId,
        path: &str,
    ) -> Result<Entry, SourceError> {
        let Some(mut folder) = self.root(git, commit)? else { return Ok(None) };
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            match self.in_folder(git, folder, name)? {
                Some((EntryKind::Folder, id)) if names.peek().is_some() => folder = id,
                found if names.peek().is_none() => return Ok(found),
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    fn in_folder(&self, git: &gix::Repository, folder: ObjectId, name: &str) -> Result<Entry, SourceError> {
        if let Some(known) = self.entries.borrow().get(&folder).and_then(|names| names.get(name)) {
            return Ok(*known);
        }
        let found = self.list(git, folder)?.into_iter().find(|(entry, ..)| entry == name);
        let found = found.map(|(_, kind, id)| (kind, id));
        let mut count = self.entry_count.borrow_mut();
        let mut entries = self.entries.borrow_mut();
        if *count >= ENTRIES_MAX {
            entries.clear();
            *count = 0;
        }
        *count += 1;
        entries.entry(folder).or_default().insert(name.to_owned(), found);
        Ok(found)
    }

    /// What stands in a directory, without names that are no text; nothing when it is too large.
    pub(super) fn list(
        &self,
        git: &gix::Repository,
        folder: ObjectId,
    ) -> Result<Vec<(String, EntryKind, ObjectId)>, SourceError> {
        let Some(data) = self.read(git, folder, Kind::Tree, TREE_BYTES_MAX)? else { return Ok(Vec::new()) };
        let mut list = Vec::new();
        for entry in TreeRefIter::from_bytes(&data, folder.kind()) {
            let entry = entry.map_err(SourceError::unreadable)?;
            let Ok(name) = entry.filename.to_str() else { continue };
            // What no git writes, but somebody might.
            if name.is_empty() || name.contains('/') || matches!(name, "." | "..") {
                continue;
            }
            let kind = if entry.mode.is_tree() {
                EntryKind::Folder
            } else if entry.mode.is_blob() {
                EntryKind::File
            } else {
                EntryKind::Other
            };
            list.push((name.to_owned(), kind, entry.oid.to_owned()));
        }
        Ok(list)
    }

    /// Visits every file below a directory, until `visit` says `false`; whether it went through.
    pub(super) fn walk(
        &self,
        git: &gix::Repository,
        folder: ObjectId,
        start: &str,
        visit: &mut dyn FnMut(String, ObjectId) -> bool,
    ) -> Result<bool, SourceError> {
        let mut waiting = vec![(start.to_owned(), folder, 0)];
        while let Some((start, folder, depth)) = waiting.pop() {
            for (name, kind, id) in self.list(git, folder)? {
                let path = if start.is_empty() { name } else { format!("{start}/{name}") };
                match kind {
                    EntryKind::File => {
                        if !visit(path, id) {
                            return Ok(false);
                        }
                    }
                    EntryKind::Folder if depth < DEPTH_MAX => waiting.push((path, id, depth + 1)),
                    EntryKind::Folder | EntryKind::Other => {}
                }
            }
        }
        Ok(true)
    }

    /// A file's text.
    pub(super) fn text(&self, git: &gix::Repository, file: ObjectId) -> Result<Option<Rc<str>>, SourceError> {
        if let Some(known) = self.texts.borrow().1.get(&file) {
            return Ok(known.clone());
        }
        let text = self.read(git, file, Kind::Blob, FILE_BYTES_MAX)?;
        let is_text = |data: &Vec<u8>| !data.contains(&0);
        let text = text.filter(is_text).map(|data| Rc::from(data.to_str_lossy()));
        let mut texts = self.texts.borrow_mut();
        let bytes = text.as_deref().map_or(0, str::len);
        if texts.0 + bytes > TEXTS_BYTES_MAX {
            *texts = (0, HashMap::new());
        }
        texts.0 += bytes;
        texts.1.insert(file, text.clone());
        Ok(text)
    }
}
