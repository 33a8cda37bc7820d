//! Lines of source files around a frame, read where the code runs, with a hash of the whole file.

use std::collections::HashMap;
use std::time::SystemTime;

use reenact_model::SourceLines;

use crate::packages::Packages;

/// Lines before and behind the line of a frame.
const LINES_AROUND: u32 = 7;

/// Larger files are not read, in bytes.
const FILE_BYTES_MAX: u64 = 2 << 20;

/// Files that are kept in memory; when there are more, all are read anew.
const FILES_MAX: usize = 64;

/// Longer lines are cut, in characters.
const LINE_CHARACTERS_MAX: usize = 300;

/// Source files that were read, by path; one that changed is read again.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The installed packages.
    pub(crate) packages: Packages,
    files: HashMap<String, Option<File>>,
}

#[derive(Debug)]
struct File {
    modified: Option<SystemTime>,
    hash: String,
    lines: Vec<String>,
}

impl Sources {
    /// The lines around `line_number`; `None` when there is no such file or line.
    pub(crate) fn around(&mut self, path: &str, line_number: u32) -> Option<SourceLines> {
        let file = self.file(path)?;
        if line_number == 0 || line_number as usize > file.lines.len() {
            return None;
        }
        let first_line = line_number.saturating_sub(LINES_AROUND).max(1);
        let lines = file
            .lines
            .iter()
            .skip(first_line as usize - 1)
            .take((line_number - first_line + LINES_AROUND + 1) as usize);
        Some(SourceLines { first_line, lines: lines.cloned().collect(), file_hash: file.hash.clone() })
    }

    /// One line without its margin.
    pub(crate) fn line(&mut self, path: &str, line_number: u32) -> Option<String> {
        let index = (line_number as usize).checked_sub(1)?;
        self.file(path)?.lines.get(index).map(|line| line.trim().to_owned())
    }

    fn file(&mut self, path: &str) -> Option<&File> {
        let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        let is_current = |file: &Option<File>| file.as_ref().is_none_or(|file| file.modified == modified);
        if !self.files.get(path).is_some_and(is_current) {
            if self.files.len() >= FILES_MAX {
                self.files.clear();
            }
            self.files.insert(path.to_owned(), read(path, modified));
        }
        self.files.get(path)?.as_ref()
    }
}

/// Only regular files of a bearable size are opened: a path may name a pipe.
fn read(path: &str, modified: Option<SystemTime>) -> Option<File> {
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > FILE_BYTES_MAX {
        return None;
    }
    let bytes = std::fs::read(path).ok()?;
    let hash = blake3::hash(&bytes).to_hex()[..32].to_owned();
    let cut = |line: &str| line.chars().take(LINE_CHARACTERS_MAX).collect();
    let lines = String::from_utf8_lossy(&bytes).lines().map(cut).collect();
    Some(File { modified, hash, lines })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_around_a_line_stay_within_the_file() {
        let path = file!().trim_start_matches("crates/client/");
        let mut sources = Sources::default();
        let around = sources.around(path, 2).unwrap();
        assert_eq!((around.first_line, around.lines.len()), (1, 9));
        assert_eq!(around.file_hash.len(), 32);
        assert!(sources.line(path, 1).unwrap().starts_with("//! Lines of source files"));
        assert!(sources.around(path, 100_000).is_none());
        assert!(sources.around(path, 0).is_none());
        assert!(sources.around("/dev/zero", 1).is_none());
        assert!(sources.around("<string>", 1).is_none());
    }
}
