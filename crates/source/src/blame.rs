//! Which commit touched a line last. Pure: the history is asked through [`History`].
//!
//! As `git blame` does it: from a commit back to its parents, each line goes with the parent that has it, and stays
//! where no parent does. Files that a commit renamed are followed. Unlike `git blame`, only the lines that are asked for
//! are looked at, newest commits first, so that a walk may end early; and what changed only at the end of a line (blanks,
//! `\r`) is no change.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap, HashSet};
use std::hash::Hash;
use std::rc::Rc;

use imara_diff::{Algorithm, Diff, InternedInput};

use crate::limits::{COMMITS_MAX, DIFFS_MAX, LINES_MAX};

/// A history to look at. What is missing or too large to be read is `None`.
pub trait History {
    /// Names a commit or a file's text.
    type Id: Copy + Ord + Hash;
    /// Why something cannot be read.
    type Error;

    /// The parents of a commit, in order, and its time in seconds.
    fn node(&self, commit: Self::Id) -> Result<Node<Self::Id>, Self::Error>;
    /// The text that a commit has under a path.
    fn file(&self, commit: Self::Id, path: &str) -> Result<Option<Self::Id>, Self::Error>;
    /// A text; `None` when it is too long, or no text.
    fn text(&self, file: Self::Id) -> Result<Option<Rc<str>>, Self::Error>;
    /// The path that a file, which `parent` does not have, had there before `commit` renamed it.
    fn renamed_from(
        &self,
        parent: Self::Id,
        commit: Self::Id,
        path: &str,
    ) -> Result<Option<String>, Self::Error>;
}

/// A commit within its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node<Id> {
    /// Those of its parents that are here.
    pub parents: Vec<Id>,
    /// Whether a parent is not here, as in a shallow clone.
    pub is_cut: bool,
    /// When it was made, in seconds since 1970.
    pub seconds: i64,
}

/// A line to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The file.
    pub path: String,
    /// From 1.
    pub number: u32,
}

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin<Id> {
    /// This commit made it what it is.
    Commit {
        /// The commit.
        commit: Id,
        /// The file there.
        path: String,
        /// The line there, from 1.
        number: u32,
        /// Whether the file began with that commit.
        is_new_file: bool,
    },
    /// It is older than what the clone holds.
    Cut,
    /// The walk ended before.
    Unfinished,
    /// The first commit does not have it.
    NotThere,
}

/// Tells a walk when it has seen enough.
pub struct Until<'a> {
    /// Different commits that are enough, once the first line has its own.
    pub commits: usize,
    /// Whether to go on; asked at each commit.
    pub goes_on: &'a dyn Fn() -> bool,
}

/// Finds the commits that touched lines last, from `start` back.
///
/// - **Limits:** [`LINES_MAX`] lines, the rest is [`Origin::Unfinished`]; [`COMMITS_MAX`] commits; [`DIFFS_MAX`] pairs
///   of files compared; and `until`.
///
/// # Errors
/// That of the history.
pub fn origins<H: History>(
    history: &H,
    start: H::Id,
    lines: &[Line],
    until: &Until<'_>,
) -> Result<Vec<Origin<H::Id>>, H::Error> {
    let mut walk = Walk {
        history,
        origins: vec![Origin::Unfinished; lines.len()],
        waiting: BinaryHeap::new(),
        tracked: BTreeMap::new(),
        diffs: 0,
    };
    let first: Vec<Tracked> = (0..).zip(lines.iter().take(LINES_MAX)).map(Tracked::new).collect();
    walk.begin(start, first)?;
    let mut found = HashSet::new();
    for _ in 0..COMMITS_MAX {
        let Some(Waiting { commit, .. }) = walk.waiting.pop() else { break };
        if !(until.goes_on)() || walk.diffs > DIFFS_MAX {
            break;
        }
        if walk.pass(commit)? {
            found.insert(commit);
            if found.len() >= until.commits && matches!(walk.origins.first(), Some(Origin::Commit { .. })) {
                break;
            }
        }
    }
    Ok(walk.origins)
}

/// A line on its way back.
#[derive(Clone, Debug)]
struct Tracked {
    /// Its place among those that were asked for.
    index: usize,
    path: String,
    /// From 0.
    at: u32,
}

impl Tracked {
    fn new((index, line): (usize, &Line)) -> Self {
        Self { index, path: line.path.clone(), at: line.number.wrapping_sub(1) }
    }
}

/// A commit to look at, the newest first.
#[derive(PartialEq, Eq)]
struct Waiting<Id> {
    seconds: i64,
    commit: Id,
}

impl<Id: Ord> Ord for Waiting<Id> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.seconds.cmp(&other.seconds).then_with(|| self.commit.cmp(&other.commit))
    }
}

impl<Id: Ord> PartialOrd for Waiting<Id> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

struct Walk<'h, H: History> {
    history: &'h H,
    origins: Vec<Origin<H::Id>>,
    waiting: BinaryHeap<Waiting<H::Id>>,
    tracked: BTreeMap<H::Id, Vec<Tracked>>,
    diffs: usize,
}

impl<H: History> Walk<'_, H> {
    /// Takes the lines that the first commit has.
    fn begin(&mut self, start: H::Id, lines: Vec<Tracked>) -> Result<(), H::Error> {
        let mut there = Vec::new();
        for (path, lines) in by_path(lines) {
            let text = match self.history.file(start, &path)? {
                Some(file) => self.history.text(file)?,
                None => None,
            };
            let count = text.map_or(0, |text| text.lines().count());
            for line in lines {
                if usize::try_from(line.at).is_ok_and(|at| at < count) {
                    there.push(line);
                } else {
                    self.origins[line.index] = Origin::NotThere;
                }
            }
        }
        self.wait(start, there)
    }

    fn wait(&mut self, commit: H::Id, lines: Vec<Tracked>) -> Result<(), H::Error> {
        if lines.is_empty() {
            return Ok(());
        }
        if let Some(known) = self.tracked.get_mut(&commit) {
            known.extend(lines);
            return Ok(());
        }
        let seconds = self.history.node(commit)?.seconds;
        self.waiting.push(Waiting { seconds, commit });
        self.tracked.insert(commit, lines);
        Ok(())
    }

    /// Hands the lines of a commit to its parents; whether it keeps some.
    fn pass(&mut self, commit: H::Id) -> Result<bool, H::Error> {
        let node = self.history.node(commit)?;
        let mut kept = false;
        for (path, mut lines) in by_path(self.tracked.remove(&commit).unwrap_or_default()) {
            let file = self.history.file(commit, &path)?;
            // A parent with the same text takes all lines, wherever it stands.
            for parent in &node.parents {
                if file.is_some() && self.history.file(*parent, &path)? == file {
                    self.wait(*parent, std::mem::take(&mut lines))?;
                    break;
                }
            }
            let mut has_ancestor = false;
            for parent in &node.parents {
                if lines.is_empty() {
                    break;
                }
                let mut older_path = path.clone();
                let mut older = self.history.file(*parent, &path)?;
                if older.is_none()
                    && let Some(renamed) = self.history.renamed_from(*parent, commit, &path)?
                {
                    older = self.history.file(*parent, &renamed)?;
                    older_path = renamed;
                }
                let Some((older, file)) = older.zip(file) else { continue };
                has_ancestor = true;
                let (taken, rest) = self.split(older, file, &older_path, lines)?;
                self.wait(*parent, taken)?;
                lines = rest;
            }
            for line in lines {
                kept |= !node.is_cut;
                self.origins[line.index] = if node.is_cut {
                    Origin::Cut
                } else {
                    let (path, number) = (line.path, line.at.saturating_add(1));
                    Origin::Commit { commit, path, number, is_new_file: !has_ancestor }
                };
            }
        }
        Ok(kept)
    }

    /// The lines that the older text has, as they stand there, and the others.
    fn split(
        &mut self,
        older: H::Id,
        newer: H::Id,
        older_path: &str,
        lines: Vec<Tracked>,
    ) -> Result<(Vec<Tracked>, Vec<Tracked>), H::Error> {
        let at_older = |line: Tracked, at: u32| Tracked { path: older_path.to_owned(), at, ..line };
        if older == newer {
            return Ok((lines.into_iter().map(|line| at_older(line.clone(), line.at)).collect(), Vec::new()));
        }
        let Some((older, newer)) = self.history.text(older)?.zip(self.history.text(newer)?) else {
            return Ok((Vec::new(), lines));
        };
        self.diffs += 1;
        let changed = changed_lines(&older, &newer);
        let (mut taken, mut rest) = (Vec::new(), Vec::new());
        for line in lines {
            match before(&changed, line.at) {
                Some(at) => taken.push(at_older(line, at)),
                None => rest.push(line),
            }
        }
        Ok((taken, rest))
    }
}

fn by_path(lines: Vec<Tracked>) -> BTreeMap<String, Vec<Tracked>> {
    let mut by_path: BTreeMap<String, Vec<Tracked>> = BTreeMap::new();
    for line in lines {
        by_path.entry(line.path.clone()).or_default().push(line);
    }
    by_path
}

/// A run of lines that became another run.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Changed {
    before: std::ops::Range<u32>,
    after: std::ops::Range<u32>,
}

fn changed_lines(older: &str, newer: &str) -> Vec<Changed> {
    let trimmed = |text| str::lines(text).map(str::trim_end);
    let mut input = InternedInput::default();
    input.update_before(trimmed(older));
    input.update_after(trimmed(newer));
    let diff = Diff::compute(Algorithm::Histogram, &input);
    diff.hunks().map(|hunk| Changed { before: hunk.before, after: hunk.after }).collect()
}

/// Where a line of the newer text stood in the older one; `None` when it was not there.
fn before(changed: &[Changed], at: u32) -> Option<u32> {
    let next = changed.partition_point(|run| run.after.end <= at);
    if changed.get(next).is_some_and(|run| run.after.contains(&at)) {
        return None;
    }
    let (before, after) =
        next.checked_sub(1).map_or((0, 0), |last| (changed[last].before.end, changed[last].after.end));
    Some(at - after + before)
}

#[cfg(test)]
mod tests;
