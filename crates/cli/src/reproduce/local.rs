//! The application's source on this machine.

use std::path::Path;

use anyhow::bail;
use serde_json::Value;

use crate::client::text;
use crate::output::inert;

/// The folder on the event's machine that stands for `root` here: what is left of the path of a frame's file when the
/// longest end of it that is a file below `root` is taken off.
pub(super) fn captured_root(event: &Value, root: &Path) -> Option<String> {
    let frames = event["exceptions"].as_array()?.last()?["frames"].as_array()?;
    let files = frames.iter().rev().filter(|frame| frame["in_app"] == true).map(|frame| text(frame, "file"));
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

/// Refuses to go on when the file of the frame is another one than the client had.
pub(super) fn check_source(
    made: &Value,
    event: &Value,
    captured_root: Option<&str>,
    root: &Path,
    anyway: bool,
) -> anyhow::Result<()> {
    let (Some(wanted), Some(captured_root)) = (made["frame"]["file_hash"].as_str(), captured_root) else {
        return Ok(());
    };
    let file = text(&made["frame"], "file");
    let Some(end) = file.strip_prefix(captured_root) else { return Ok(()) };
    let path = root.join(end.trim_start_matches(['/', '\\']));
    let Ok(source) = std::fs::read(&path) else { return Ok(()) };
    let hash = blake3::hash(&source).to_hex();
    if hash.starts_with(wanted) || anyway {
        return Ok(());
    }
    let commit = match event["commit"].as_str() {
        Some(commit) => format!("`git checkout {}` has it", inert(commit)),
        None => "the event does not say which commit it ran".to_owned(),
    };
    bail!(
        "`{}` is not as it was when the exception was raised; {commit}; --anyway runs the test on what is here",
        path.display()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

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
