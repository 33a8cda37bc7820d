//! The history of a clone, for [`crate::blame`].

use std::rc::Rc;

use gix::objs::Kind;

use super::objects::EntryKind;
use super::{ObjectId, Repository, SourceError};
use crate::blame::{History, Node};
use crate::limits::{COMMIT_BYTES_MAX, DEPTH_MAX, RENAMES_COMPARED_MAX, RENAMES_MAX};
use crate::renames::{self, Gone};

impl History for Repository {
    type Id = ObjectId;
    type Error = SourceError;

    fn node(&self, commit: ObjectId) -> Result<Node<ObjectId>, SourceError> {
        let Some(data) = self.objects.read(&self.git, commit.0, Kind::Commit, COMMIT_BYTES_MAX)? else {
            return Ok(Node { parents: Vec::new(), is_cut: true, seconds: i64::MIN });
        };
        let read =
            gix::objs::CommitRef::from_bytes(&data, commit.0.kind()).map_err(SourceError::unreadable)?;
        let all: Vec<gix::ObjectId> = read.parents().collect();
        let mut parents = Vec::with_capacity(all.len());
        for parent in &all {
            // In a shallow clone the oldest commits name parents that are not there.
            if self.git.try_find_header(*parent).map_err(SourceError::unreadable)?.is_some() {
                parents.push(ObjectId(*parent));
            }
        }
        let is_cut = parents.len() < all.len();
        let seconds = read.committer().map_or(0, |committer| committer.seconds());
        Ok(Node { parents, is_cut, seconds })
    }

    fn file(&self, commit: ObjectId, path: &str) -> Result<Option<ObjectId>, SourceError> {
        let entry = self.objects.entry(&self.git, commit.0, path)?;
        Ok(entry.filter(|(kind, _)| *kind == EntryKind::File).map(|(_, id)| ObjectId(id)))
    }

    fn text(&self, file: ObjectId) -> Result<Option<Rc<str>>, SourceError> {
        self.objects.text(&self.git, file.0)
    }

    fn renamed_from(
        &self,
        parent: ObjectId,
        commit: ObjectId,
        path: &str,
    ) -> Result<Option<String>, SourceError> {
        let Some(file) = self.file(commit, path)? else { return Ok(None) };
        let mut gone = self.gone(parent, commit)?;
        if let Some(same) = renames::same(&gone, file.0, path) {
            return Ok(Some(same));
        }
        let Some(text) = self.text(file)? else { return Ok(None) };
        renames::likeliest_first(&mut gone, path);
        let mut best: Option<(f64, String)> = None;
        for candidate in gone.into_iter().take(RENAMES_COMPARED_MAX) {
            let Some(older) = self.objects.text(&self.git, candidate.id)? else { continue };
            let similarity = renames::similarity(&older, &text);
            if similarity >= renames::SIMILARITY_MIN
                && best.as_ref().is_none_or(|(most, _)| similarity > *most)
            {
                best = Some((similarity, candidate.path));
            }
        }
        Ok(best.map(|(_, path)| path))
    }
}

impl Repository {
    /// Files that `parent` has and `commit` has not, up to [`RENAMES_MAX`].
    fn gone(&self, parent: ObjectId, commit: ObjectId) -> Result<Vec<Gone>, SourceError> {
        let mut gone = Vec::new();
        let roots = (self.objects.root(&self.git, parent.0)?, self.objects.root(&self.git, commit.0)?);
        let (Some(older), Some(newer)) = roots else { return Ok(gone) };
        let mut waiting = vec![(String::new(), older, newer, 0)];
        while let Some((start, older, newer, depth)) = waiting.pop() {
            if older == newer || depth > DEPTH_MAX {
                continue;
            }
            let newer: std::collections::HashMap<String, (EntryKind, gix::ObjectId)> = self
                .objects
                .list(&self.git, newer)?
                .into_iter()
                .map(|(name, kind, id)| (name, (kind, id)))
                .collect();
            for (name, kind, id) in self.objects.list(&self.git, older)? {
                let path = if start.is_empty() { name.clone() } else { format!("{start}/{name}") };
                match (kind, newer.get(&name)) {
                    (EntryKind::Folder, Some((EntryKind::Folder, newer))) => {
                        waiting.push((path, id, *newer, depth + 1))
                    }
                    (EntryKind::Folder, _) => {
                        self.objects.walk(&self.git, id, &path, &mut |path, id| {
                            gone.push(Gone { path, id });
                            gone.len() < RENAMES_MAX
                        })?;
                    }
                    (EntryKind::File, None | Some((EntryKind::Folder | EntryKind::Other, _))) => {
                        gone.push(Gone { path, id })
                    }
                    _ => {}
                }
                if gone.len() >= RENAMES_MAX {
                    return Ok(gone);
                }
            }
        }
        Ok(gone)
    }
}
