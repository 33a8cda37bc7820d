//! The source of frames: files of this machine where they are the same, else the lines that were captured.

use std::collections::{BTreeMap, HashMap};

use crate::event::Lines;
use crate::limits::LINES_BEFORE_MAX;

/// A file of this machine that stands for a file of the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalFile {
    /// Its path here.
    pub path: String,
    /// Whether it is what the service ran.
    pub state: LocalState,
    /// Its text.
    pub text: String,
}

/// Whether a file of this machine is what the service ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalState {
    /// Its hash is that of the client's file.
    Same,
    /// The event has no hash of it; the lines that it has of it are the same.
    Likely,
    /// The event has neither a hash nor a line of it.
    Unchecked,
    /// It is another one.
    Differs,
}

impl LocalState {
    /// Compares a file of this machine with what an event has of it: with the hash where it has that, else line by line.
    ///
    /// `hash` is the BLAKE3 hash of the file in hexadecimal. Time is proportional to the file and the lines.
    pub fn of(text: &str, hash: &str, captured: &[&Lines]) -> Self {
        let mut hashes = captured.iter().filter_map(|lines| lines.file_hash.as_deref());
        if let Some(wanted) = hashes.find(|wanted| !wanted.is_empty()) {
            return if hash.starts_with(wanted) { Self::Same } else { Self::Differs };
        }
        let here: Vec<&str> = text.lines().collect();
        let mut state = Self::Unchecked;
        for captured in captured {
            let from = captured.first_line_number.saturating_sub(1) as usize;
            for (index, line) in captured.lines.iter().enumerate() {
                // A printed traceback has lines without their indentation.
                if here.get(from.saturating_add(index)).map(|here| here.trim()) != Some(line.trim()) {
                    return Self::Differs;
                }
                state = Self::Likely;
            }
        }
        state
    }
}

/// The files of all frames.
#[derive(Debug)]
pub(crate) struct Sources {
    local: HashMap<String, LocalFile>,
    by_file: HashMap<String, usize>,
    pub(crate) all: Vec<Source>,
}

/// One file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its path on the event's machine.
    pub(crate) file: String,
    pub(crate) local: Option<LocalFile>,
    /// Where in the text of that file its lines begin.
    starts: Vec<usize>,
    /// What was captured, or is in a repository, by number.
    lines: BTreeMap<u32, String>,
    /// Where those lines come from.
    origin: String,
}

impl Sources {
    pub(crate) fn new(local: HashMap<String, LocalFile>) -> Self {
        Self { local, by_file: HashMap::new(), all: Vec::new() }
    }

    /// Adds what a frame has of its file; the file's place.
    pub(crate) fn add(&mut self, file: &str, lines: Option<Lines>) -> Option<usize> {
        if file.is_empty() {
            return None;
        }
        let place = match self.by_file.get(file) {
            Some(place) => *place,
            None => {
                self.by_file.insert(file.to_owned(), self.all.len());
                let local = self.local.remove(file);
                let text = local.as_ref().map_or("", |local| local.text.as_str());
                let after = text.match_indices('\n').map(|(at, _)| at + 1);
                self.all.push(Source {
                    file: file.to_owned(),
                    starts: std::iter::once(0).chain(after).filter(|at| *at < text.len()).collect(),
                    local,
                    lines: BTreeMap::new(),
                    origin: String::new(),
                });
                self.all.len() - 1
            }
        };
        if let Some(lines) = lines {
            let source = &mut self.all[place];
            if source.origin.is_empty() {
                source.origin = lines.origin;
            }
            for (index, line) in lines.lines.into_iter().enumerate() {
                let index = u32::try_from(index).unwrap_or(u32::MAX);
                if let Some(number) = lines.first_line_number.max(1).checked_add(index) {
                    source.lines.entry(number).or_insert(line);
                }
            }
        }
        Some(place)
    }
}

impl Source {
    /// The file of this machine, when it may be shown for the one that ran.
    pub(crate) fn here(&self) -> Option<&LocalFile> {
        self.local.as_ref().filter(|local| local.state != LocalState::Differs)
    }

    /// `cart.py`.
    pub(crate) fn name(&self) -> &str {
        self.file.rsplit(['/', '\\']).next().unwrap_or(&self.file)
    }

    /// Where the text comes from, in words.
    pub(crate) fn origin(&self) -> String {
        match self.local.as_ref().map(|local| local.state) {
            Some(LocalState::Same) => "the file here, which is the one that ran".to_owned(),
            Some(LocalState::Likely) => {
                "the file here; the lines that the event has of it are the same, a hash it has not".to_owned()
            }
            Some(LocalState::Unchecked) => {
                "the file here; whether it is the one that ran is not known".to_owned()
            }
            Some(LocalState::Differs) => {
                format!("{}; the file here is another one", self.captured_origin())
            }
            None => self.captured_origin().to_owned(),
        }
    }

    fn captured_origin(&self) -> &'static str {
        match self.origin.as_str() {
            _ if self.lines.is_empty() => "no line was captured",
            "traceback" => "as the traceback printed it",
            "repository" => "from the repository",
            _ => "as captured",
        }
    }

    /// How far lines are moved up in [`Source::text`].
    pub(crate) fn moved_up(&self) -> u32 {
        let first = self.lines.keys().next().copied().unwrap_or(1);
        if first > LINES_BEFORE_MAX { first - 1 } else { 0 }
    }

    /// The captured lines, each at its number; empty lines stand for those that were not captured.
    pub(crate) fn text(&self) -> String {
        if self.lines.is_empty() {
            return format!(
                "# No line of this file was captured, and it was not found on this machine:\n# {}\n",
                reenact_replay::visible::visible(&self.file)
            );
        }
        let mut text = String::new();
        let mut at = 1;
        let moved_up = self.moved_up();
        for (number, line) in &self.lines {
            let number = number - moved_up;
            if number > 2 * LINES_BEFORE_MAX {
                break;
            }
            text.extend(std::iter::repeat_n('\n', (number - at) as usize));
            text.push_str(line.trim_end_matches(['\n', '\r']));
            text.push('\n');
            at = number + 1;
        }
        text
    }

    /// Lines with their numbers, as far as they are known, from one number to another one.
    pub(crate) fn lines(&self, from: u32, to: u32) -> Vec<(u32, &str)> {
        if from > to {
            return Vec::new();
        }
        match self.here() {
            Some(local) => {
                let first = from.max(1);
                let starts = self.starts.get(first as usize - 1..).unwrap_or_default();
                let line = |(number, start): (u32, &usize)| {
                    (number, local.text[*start..].lines().next().unwrap_or(""))
                };
                (first..=to).zip(starts).map(line).collect()
            }
            None => self.lines.range(from..=to).map(|(number, line)| (*number, line.as_str())).collect(),
        }
    }

    /// One line, where it is known.
    pub(crate) fn line(&self, number: u32) -> Option<&str> {
        self.lines(number, number).first().map(|(_, line)| *line)
    }
}
