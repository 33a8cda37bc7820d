//! Files of an event on this machine.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use reenact_debug::{Event, LocalFile, LocalState};

use crate::here;

/// Files that are looked for; of further ones the captured lines are shown.
const FILES_MAX: usize = 1_000;

/// The files of the frames that are here, by their names in the event: below `root`, also further in, or where they
/// were when the event comes from this machine.
pub(super) fn found_here(event: &Event, root: &Path) -> HashMap<String, LocalFile> {
    let mut found = HashMap::new();
    let files = event.files();
    let place = here::place(&files, root);
    let folder = place.folder().unwrap_or(root);
    for file in files.into_iter().take(FILES_MAX) {
        let below = here::end_below(file.path, folder).map(|at| folder.join(&file.path[at..]));
        let there = Some(PathBuf::from(file.path)).filter(|path| path.is_absolute());
        let mut other = None;
        // Of a library the end of a path says little: there it has to be the same.
        let candidates =
            below.into_iter().chain(there).filter(|path| path.extension().is_some_and(is_source));
        for path in candidates {
            let Some(text) = here::read(&path, here::FILE_BYTES_MAX) else { continue };
            let hash = blake3::hash(text.as_bytes()).to_hex();
            let state = LocalState::of(&text, &hash, &file.lines);
            let local = LocalFile { path: path.to_string_lossy().into_owned(), state, text };
            let is_it = match state {
                LocalState::Same | LocalState::Likely => true,
                LocalState::Unchecked => file.in_app,
                LocalState::Differs => false,
            };
            if is_it {
                other = Some(local);
                break;
            }
            if file.in_app && state == LocalState::Differs {
                other.get_or_insert(local);
            }
        }
        if let Some(local) = other {
            found.insert(file.path.to_owned(), local);
        }
    }
    found
}

/// Source of Python, and of what is compiled from something like it.
fn is_source(extension: &std::ffi::OsStr) -> bool {
    ["py", "pyw", "pyi", "pyx", "ipy"].iter().any(|known| extension == *known)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(file: &str, in_app: bool, source: serde_json::Value) -> Event {
        let frame = json!({"file": file, "in_app": in_app, "source": source});
        Event::read(json!({"exceptions": [{"frames": [frame]}]})).unwrap()
    }

    #[test]
    fn a_file_is_found_by_its_end_and_compared() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("shop")).unwrap();
        let path = folder.path().join("shop/cart.py");
        std::fs::write(&path, "def total():\n    return 1 / 0\n").unwrap();
        let line = |text: &str| json!({"first_line_number": 2, "lines": [text], "origin": "traceback"});
        let hash = blake3::hash(b"def total():\n    return 1 / 0\n").to_hex();
        let hashed = |hash: &str| json!({"first_line_number": 1, "lines": ["x"], "file_hash": hash});
        let state = |file: &str, in_app, source| {
            let found = found_here(&event(file, in_app, source), folder.path());
            found.get(file).map(|local| (local.state, local.path == path.to_string_lossy()))
        };
        let file = "/srv/app/shop/cart.py";
        assert_eq!(state(file, true, line("return 1 / 0")), Some((LocalState::Likely, true)));
        assert_eq!(state(file, true, line("return 2 / 0")), Some((LocalState::Differs, true)));
        assert_eq!(state(file, true, json!(null)), Some((LocalState::Unchecked, true)));
        assert_eq!(state(file, true, hashed(&hash[..32])), Some((LocalState::Same, true)));
        assert_eq!(state(file, true, hashed("00")), Some((LocalState::Differs, true)));
        assert_eq!(state(file, false, json!(null)), None);
        assert_eq!(state(file, false, line("return 1 / 0")), Some((LocalState::Likely, true)));
        assert_eq!(state("/srv/app/shop/gone.py", true, json!(null)), None);
        assert_eq!(state("/etc/passwd", true, json!(null)), None);
        // An event of this machine.
        assert_eq!(
            state(&path.to_string_lossy(), true, line("return 1 / 0")),
            Some((LocalState::Likely, true))
        );
    }
}
