//! Where the files of an event are on this machine.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};

use reenact_debug::{File, LocalState};

/// In which folder the application's files of an event are, by the ends of their paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Folder(PathBuf),
    Nowhere,
    /// In several alike: which one is not known.
    Several(Vec<PathBuf>),
}

impl Place {
    /// The folder, if it is one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Nowhere | Self::Several(_) => None,
        }
    }
}

/// Files of an event that are looked for.
pub(crate) const FILES_MAX: usize = 100;
/// Folders below the given one that are looked into.
const FOLDERS_MAX: usize = 5_000;
/// How deep they may be.
const DEPTH_MAX: usize = 12;
/// Folders in which the files may be that are compared.
const CANDIDATES_MAX: usize = 100;
/// Length of a file that is compared with what was captured, in bytes.
pub(crate) const FILE_BYTES_MAX: u64 = 8 << 20;

/// The folder, the given one or one below it, in which the most of the paths of the application's files are; of two
/// alike the given one, else the one whose files have the event's lines.
///
/// A service in a container has other folders around its own: `/app/shop/cart.py` may be `services/shop/cart.py` here.
pub(crate) fn place(files: &[File<'_>], folder: &Path) -> Place {
    let own = files.iter().filter(|file| file.in_app && file.path.ends_with(".py"));
    let own: Vec<&File<'_>> = own.take(FILES_MAX).collect();
    let score = |folder: &Path| own.iter().map(|file| parts_below(file.path, folder)).sum::<usize>();
    let mut best = score(folder);
    let is_all_here = |file: &&File<'_>| Path::new(file.path).starts_with(folder);
    if best > 0 && own.iter().all(is_all_here) {
        return Place::Folder(folder.to_owned());
    }
    let mut found = if best > 0 { vec![folder.to_owned()] } else { Vec::new() };
    for candidate in candidates(&own, folder) {
        let of_candidate = score(&candidate);
        if of_candidate > best {
            found.clear();
            best = of_candidate;
        }
        if of_candidate == best && found.first().is_none_or(|first| first != folder) {
            found.push(candidate);
        }
    }
    if found.len() > 1 {
        let agreeing = |folder: &PathBuf| own.iter().filter(|file| agrees(file, folder)).count();
        let most = found.iter().map(agreeing).max().unwrap_or_default();
        found.retain(|folder| agreeing(folder) == most);
    }
    match found.len() {
        0 => Place::Nowhere,
        1 => Place::Folder(found.remove(0)),
        _ => Place::Several(found),
    }
}

/// Where in a path its longest end begins that is a file below `root`, in bytes.
pub(crate) fn end_below(file: &str, root: &Path) -> Option<usize> {
    let starts = file.char_indices().filter(|(_, c)| matches!(c, '/' | '\\')).map(|(at, _)| at + 1);
    let is_below = |at: &usize| {
        let end = &file[*at..];
        // A path that leads out of the folder is not below it.
        let is_relative = !end.is_empty() && !end.starts_with(['/', '\\']);
        is_relative && !end.split(['/', '\\']).any(|part| part == "..") && root.join(end).is_file()
    };
    std::iter::once(0).chain(starts).take(64).find(is_below)
}

/// Whether a folder is none of the application's source: of an environment, of tools, of what was built.
fn is_passed_over(folder: &Path) -> bool {
    let name = folder.file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.starts_with('.')
        || matches!(name, "__pycache__" | "node_modules" | "site-packages")
        || (matches!(name, "build" | "dist" | "target") && !folder.join("__init__.py").is_file())
        || folder.join("pyvenv.cfg").is_file()
}

/// The folders below one that may have source, the nearest first, itself the first; links are not followed.
pub(crate) fn folders_below(folder: &Path) -> Vec<PathBuf> {
    let mut folders = vec![(folder.to_owned(), 0)];
    let mut at = 0;
    while let Some((folder, depth)) = folders.get(at).cloned() {
        at += 1;
        if depth == DEPTH_MAX {
            continue;
        }
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let is_folder = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        let mut below: Vec<PathBuf> = entries.filter(is_folder).map(|entry| entry.path()).collect();
        below.retain(|folder| !is_passed_over(folder));
        below.sort_unstable();
        let room = FOLDERS_MAX.saturating_sub(folders.len());
        folders.extend(below.into_iter().take(room).map(|folder| (folder, depth + 1)));
    }
    folders.into_iter().map(|(folder, _)| folder).collect()
}

/// Folders below one that have a file which ends like one of the event's.
fn candidates(own: &[&File<'_>], folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let names: BTreeSet<&str> = own.iter().filter_map(|file| file.path.rsplit(['/', '\\']).next()).collect();
    for below in folders_below(folder) {
        for name in names.iter().filter(|name| below.join(name).is_file()) {
            let ends = own.iter().map(|file| folders_of(file.path, name));
            for folders in ends.flatten() {
                let around = below.strip_prefix(folder).unwrap_or(&below).iter().rev();
                let same =
                    around.zip(folders.iter().rev()).take_while(|(here, there)| *here == OsStr::new(there));
                let root = below.ancestors().nth(same.count());
                found.extend(root.map(Path::to_owned));
            }
            if found.len() >= CANDIDATES_MAX {
                return found;
            }
        }
    }
    found
}

/// The folders of a path that ends with this name.
fn folders_of<'a>(path: &'a str, name: &str) -> Option<Vec<&'a str>> {
    let mut parts: Vec<&str> = path.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
    (parts.pop() == Some(name)).then_some(parts)
}

/// How many parts the longest end of a path has that is a file below the folder.
fn parts_below(file: &str, folder: &Path) -> usize {
    end_below(file, folder).map_or(0, |at| file[at..].split(['/', '\\']).count())
}

/// The text of a regular file of this many bytes at most.
pub(crate) fn read(path: &Path, bytes_max: u64) -> Option<String> {
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    let mut file = std::fs::File::open(path).ok()?.take(bytes_max + 1);
    file.read_to_string(&mut text).ok()?;
    (text.len() as u64 <= bytes_max).then_some(text)
}

fn agrees(file: &File<'_>, folder: &Path) -> bool {
    let Some(at) = end_below(file.path, folder) else { return false };
    let Some(text) = read(&folder.join(&file.path[at..]), FILE_BYTES_MAX) else { return false };
    let hash = blake3::hash(text.as_bytes()).to_hex();
    matches!(LocalState::of(&text, &hash, &file.lines), LocalState::Same | LocalState::Likely)
}

#[cfg(test)]
mod tests {
    use reenact_debug::Lines;

    use super::*;

    fn written(folder: &Path, files: &[(&str, &str)]) {
        for (file, text) in files {
            let path = folder.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }

    /// Where below the folder files are found whose raised line is `1 / 0`: `services/shop`, several with a comma.
    fn found(files: &[&str], here: &Path) -> String {
        let line = Lines { first_line_number: 1, lines: vec!["1 / 0".to_owned()], ..Lines::default() };
        let files = files.iter().map(|path| File { path, in_app: true, lines: vec![&line] });
        let below = |folder: &PathBuf| folder.strip_prefix(here).unwrap().display().to_string();
        match place(&files.collect::<Vec<_>>(), here) {
            Place::Folder(folder) => format!("in {}", below(&folder)),
            Place::Nowhere => "nowhere".to_owned(),
            Place::Several(folders) => folders.iter().map(below).collect::<Vec<_>>().join(", "),
        }
    }

    #[test]
    fn the_longest_end_that_is_here_counts() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), &[("shop/cart.py", ""), ("cart.py", "")]);
        let end = |file: &str| end_below(file, folder.path()).map(|at| file[at..].to_owned());
        assert_eq!(end("/srv/app/shop/cart.py").as_deref(), Some("shop/cart.py"));
        assert_eq!(end("/srv/app/other/cart.py").as_deref(), Some("cart.py"));
        assert_eq!(end("/shop/cart.py").as_deref(), Some("shop/cart.py"));
        assert_eq!(end("shop/cart.py").as_deref(), Some("shop/cart.py"));
        assert_eq!(end("/srv/../shop/cart.py").as_deref(), Some("shop/cart.py"));
        assert_eq!(end("/srv/app/gone.py"), None);
        assert_eq!(end(&folder.path().join("shop/../cart.py").to_string_lossy()).as_deref(), Some("cart.py"));
    }

    #[test]
    fn files_of_a_container_are_found_further_in() {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            ("services/shop/shop/cart.py", ""),
            ("services/shop/shop/rates/eur.py", ""),
            ("services/stock/stock/cart.py", ""),
            ("build/lib/shop/cart.py", ""),
            (".venv/shop/cart.py", ""),
            ("env/pyvenv.cfg", ""),
            ("env/shop/rates/eur.py", ""),
            ("cart.py", ""),
        ];
        written(folder.path(), &files);
        assert_eq!(
            found(&["/app/shop/cart.py", "/app/shop/rates/eur.py"], folder.path()),
            "in services/shop"
        );
        assert_eq!(found(&["/app/stock/cart.py"], folder.path()), "in services/stock");
        assert_eq!(found(&["/app/cart.py"], folder.path()), "in ");
        assert_eq!(found(&["/app/gone.py"], folder.path()), "nowhere");
        let here = folder.path().join("services/shop/shop/cart.py");
        assert_eq!(found(&[&here.to_string_lossy()], folder.path()), "in ");
    }

    #[test]
    fn of_two_alike_the_one_counts_that_has_the_lines() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), &[("one/app/main.py", "1 / 0\n"), ("two/app/main.py", "2 / 0\n")]);
        assert_eq!(found(&["/srv/app/main.py"], folder.path()), "in one");
        written(folder.path(), &[("two/app/main.py", "1 / 0\n")]);
        assert_eq!(found(&["/srv/app/main.py"], folder.path()), "one, two");
    }
}
