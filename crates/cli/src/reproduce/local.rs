//! The application's source on this machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use reenact_debug::Event;
use serde_json::{Value, json};

use super::roots::{self, OwnFile, ROOTS_MAX, Root};
use crate::client::text;
use crate::here::{self, FILES_MAX, Place};
use crate::output::inert;

/// Where the application's files are on this machine.
pub(super) struct Here<'a> {
    event: &'a Value,
    place: Place,
    /// The folder that the files are below by the ends of their paths.
    folder: PathBuf,
    roots: Vec<Root>,
    /// Whether the caller said which folder modules are imported from.
    is_given: bool,
}

/// Files that are sent, and their bytes together.
const SOURCES_MAX: usize = 16;
const SOURCES_BYTES_MAX: usize = 2 << 20;

impl<'a> Here<'a> {
    /// `given` is the folder here that modules are imported from; without it that is told from the files at and below
    /// `working`.
    ///
    /// # Errors
    /// The answer of the server is no event.
    pub(super) fn of(event: &'a Value, given: Option<&Path>, working: &Path) -> Result<Self, String> {
        if let Some(given) = given {
            let root = captured_root(event, given).map(|captured| Root {
                here: given.to_owned(),
                captured,
                why: "it was given".to_owned(),
            });
            let place = root.as_ref().map_or(Place::Nowhere, |_| Place::Folder(given.to_owned()));
            let roots = root.into_iter().collect();
            return Ok(Self { event, place, folder: given.to_owned(), roots, is_given: true });
        }
        let place = here::place(&Event::read(event.clone())?.files(), working);
        let folder = place.folder().unwrap_or(working).to_owned();
        let mut found = Self { event, place, folder, roots: Vec::new(), is_given: false };
        if found.place.folder().is_some() {
            found.roots = roots::roots(&found.own_files(), &found.folder);
        }
        Ok(found)
    }

    /// The folders that modules are imported from, the one to run in first.
    pub(super) fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// The folder that the files are below.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder to run in, and those to import from.
    pub(super) fn folders(&self) -> Vec<&Path> {
        if self.roots.is_empty() {
            return vec![&self.folder];
        }
        self.roots.iter().map(|root| root.here.as_path()).collect()
    }

    /// Whether a module that was not found is below a folder that can be taken in addition.
    pub(super) fn can_take_root_of(&self, module: &str) -> bool {
        self.with_root_of(module).is_some()
    }

    pub(super) fn take_root_of(&mut self, module: &str) {
        if let Some(root) = self.with_root_of(module) {
            // First, since names of files that are below it change with it.
            self.roots.insert(0, root);
        }
    }

    fn with_root_of(&self, module: &str) -> Option<Root> {
        let captured = captured_root(self.event, &self.folder)?;
        let is_free = !self.is_given && self.roots.len() < ROOTS_MAX;
        let root = roots::of_module(&self.folder, &captured, module).filter(|_| is_free)?;
        self.roots.iter().all(|known| known.here != root.here).then_some(root)
    }

    /// The folder that a module is in which was not found, for people.
    pub(super) fn folder_of(&self, module: &str) -> Option<PathBuf> {
        let top = module.split('.').next()?;
        roots::folder_of(&self.folder, top)
    }

    /// What is wrong with the place of the files, in a sentence for people.
    pub(super) fn doubt(&self) -> Option<String> {
        let folder = self.folder.display();
        match &self.place {
            Place::Folder(_) => None,
            Place::Nowhere => Some(format!(
                "none of the application's files of this event is below `{folder}`: --root names the folder that its modules \
                 are imported from"
            )),
            Place::Several(folders) => {
                let folders: Vec<String> =
                    folders.iter().take(3).map(|one| format!("`{}`", one.display())).collect();
                Some(format!(
                    "the application's files of this event are in {} alike: --root names the folder that its modules are \
                     imported from",
                    folders.join(" and ")
                ))
            }
        }
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
        let at = self.place.folder().and_then(|folder| here::end_below(file, folder))?;
        file.ends_with(".py").then(|| self.folder.join(&file[at..]))
    }

    /// The application's files that are here, those of the deepest frames first.
    fn own_files(&self) -> Vec<OwnFile<'a>> {
        let own = frames(self.event).rev().map(|(_, frame)| frame).filter(|frame| frame["in_app"] == true);
        let mut seen = BTreeSet::new();
        let of_frame = |frame: &'a Value| {
            let file = text(frame, "file");
            let text = here::read(&self.path_of(file)?, SOURCES_BYTES_MAX as u64)?;
            let at = here::end_below(file, &self.folder)?;
            Some(OwnFile { file, at, module: frame["module"].as_str(), text })
        };
        let own = own.filter(|frame| seen.insert(text(frame, "file"))).take(FILES_MAX);
        own.filter_map(of_frame).collect()
    }

    /// The application's files of the frames, the deepest first, for the server to read.
    pub(super) fn sources(&self) -> Vec<Value> {
        let mut left = SOURCES_BYTES_MAX;
        let mut sources = Vec::new();
        for OwnFile { file, text, .. } in self.own_files() {
            if text.len() <= left && sources.len() < SOURCES_MAX {
                left -= text.len();
                sources.push(json!({"file": file, "text": text}));
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

fn root_of(file: &str, root: &Path) -> Option<String> {
    Some(file[..here::end_below(file, root)?].trim_end_matches(['/', '\\']).to_owned())
        .map(|root| if root.is_empty() { "/".to_owned() } else { root })
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
        let with_values = |event: &Value| {
            Here::of(event, Some(Path::new("/nowhere")), Path::new("/")).unwrap().frames_with_values()
        };
        assert_eq!(with_values(&event), [0, 2]);
        assert_eq!(with_values(&json!({})), [0_u64; 0]);
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
