//! The application's source on this machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::client::text;
use crate::output::inert;

/// Where the application's files are on this machine.
pub(super) struct Here<'a> {
    event: &'a Value,
    root: PathBuf,
    captured_root: Option<String>,
}

/// Files that are sent, and their bytes together.
const SOURCES_MAX: usize = 16;
const SOURCES_BYTES_MAX: usize = 2 << 20;

impl<'a> Here<'a> {
    /// `root` is the folder here that modules are imported from.
    pub(super) fn of(event: &'a Value, root: PathBuf) -> Self {
        let captured_root = captured_root(event, &root);
        Self { event, root, captured_root }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder on the event's machine that stands for `root` here.
    pub(super) fn captured_root(&self) -> Option<&str> {
        self.captured_root.as_deref()
    }

    /// The frames of the exception that escaped whose values were captured, the outermost first.
    pub(super) fn frames_with_values(&self) -> Vec<u64> {
        let frames = frames(self.event).filter(|(_, frame)| {
            let values = &frame["values"];
            // Values that were not asked for are hidden.
            matches!(text(values, "state"), "captured" | "hidden") && values["earlier_occurrence"] != true
        });
        frames.map(|(index, _)| index).collect()
    }

    /// The file here that stands for one on the event's machine.
    fn path_of(&self, file: &str) -> Option<PathBuf> {
        let end = file.strip_prefix(self.captured_root()?)?.trim_start_matches(['/', '\\']);
        let leads_out = end.split(['/', '\\']).any(|part| part == "..");
        (!leads_out && end.ends_with(".py")).then(|| self.root.join(end))
    }

    /// The application's files of the frames, the deepest first, for the server to read.
    pub(super) fn sources(&self) -> Vec<Value> {
        let own = frames(self.event).rev().map(|(_, frame)| frame).filter(|frame| frame["in_app"] == true);
        let mut seen = BTreeSet::new();
        let mut left = SOURCES_BYTES_MAX;
        let mut sources = Vec::new();
        for file in own.map(|frame| text(frame, "file")).filter(|file| seen.insert(*file)).take(FILES_MAX) {
            let text = self.path_of(file).and_then(|path| std::fs::read_to_string(path).ok());
            let Some(text) = text.filter(|text| text.len() <= left) else { continue };
            left -= text.len();
            sources.push(json!({"file": file, "text": text}));
            if sources.len() == SOURCES_MAX {
                break;
            }
        }
        sources
    }

    /// Why the file of the frame is not what the client had, if it is another one.
    pub(super) fn differs(&self, made: &Value) -> Option<String> {
        let wanted = made["frame"]["file_hash"].as_str()?;
        let path = self.path_of(text(&made["frame"], "file"))?;
        let source = std::fs::read(&path).ok()?;
        if blake3::hash(&source).to_hex().starts_with(wanted) {
            return None;
        }
        let commit = match self.event["commit"].as_str().map(inert) {
            Some(commit) => format!(
                "it ran commit {commit}: `git worktree add ../at-that-commit {commit}` puts it beside yours, for --root"
            ),
            None => "the event does not say which commit it ran".to_owned(),
        };
        Some(format!("`{}` is not as it was when the exception was raised; {commit}", path.display()))
    }
}

/// The frames of the exception that escaped, the outermost first, counted from 0.
fn frames(event: &Value) -> impl DoubleEndedIterator<Item = (u64, &Value)> + ExactSizeIterator {
    let frames = event["exceptions"].as_array().and_then(|all| all.last()?["frames"].as_array());
    let frames = frames.map_or(&[][..], Vec::as_slice).iter().enumerate();
    frames.map(|(index, frame)| (index as u64, frame))
}

/// The folder on the event's machine that stands for `root` here: what is left of the path of a frame's file when the
/// longest end of it that is a file below `root` is taken off.
fn captured_root(event: &Value, root: &Path) -> Option<String> {
    let own = frames(event).rev().map(|(_, frame)| frame).filter(|frame| frame["in_app"] == true);
    let files = own.map(|frame| text(frame, "file"));
    files.take(FILES_MAX).find_map(|file| root_of(file, root))
}

/// Files that are looked for.
const FILES_MAX: usize = 100;

fn root_of(file: &str, root: &Path) -> Option<String> {
    Some(file[..end_below(file, root)?].trim_end_matches(['/', '\\']).to_owned())
        .map(|root| if root.is_empty() { "/".to_owned() } else { root })
}

/// Where in a path its longest end begins that is a file below `root`, in bytes.
pub(crate) fn end_below(file: &str, root: &Path) -> Option<usize> {
    let starts = file.char_indices().filter(|(_, c)| matches!(c, '/' | '\\')).map(|(at, _)| at + 1);
    let is_below = |at: &usize| {
        let end = &file[*at..];
        // A path that leads out of the folder is not below it.
        !end.is_empty() && !end.split(['/', '\\']).any(|part| part == "..") && root.join(end).is_file()
    };
    starts.take(64).find(is_below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_with_values_are_those_that_a_test_can_be_made_of() {
        let frame = |state: &str, is_earlier: bool| json!({"values": {"state": state, "earlier_occurrence": is_earlier}});
        let frames = [
            frame("captured", false),
            frame("unknown", false),
            frame("hidden", false),
            frame("captured", true),
            json!({}),
        ];
        let event = json!({"exceptions": [{"frames": [frame("captured", false)]}, {"frames": frames}]});
        assert_eq!(Here::of(&event, PathBuf::from("/nowhere")).frames_with_values(), [0, 2]);
        assert_eq!(Here::of(&json!({}), PathBuf::from("/nowhere")).frames_with_values(), [0_u64; 0]);
    }

    #[test]
    fn the_longest_end_that_is_here_tells_the_root() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("shop")).unwrap();
        std::fs::write(folder.path().join("shop/cart.py"), "").unwrap();
        std::fs::write(folder.path().join("cart.py"), "").unwrap();
        let root = |file: &str| root_of(file, folder.path());
        assert_eq!(root("/srv/app/shop/cart.py").as_deref(), Some("/srv/app"));
        assert_eq!(root("/srv/app/other/cart.py").as_deref(), Some("/srv/app/other"));
        assert_eq!(root("/shop/cart.py").as_deref(), Some("/"));
        assert_eq!(root("/srv/../shop/cart.py").as_deref(), Some("/srv/.."));
        assert_eq!(root("/srv/app/gone.py"), None);
    }
}
