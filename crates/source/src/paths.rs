//! From the path of a frame to a file of the repository. Pure.

use std::collections::HashMap;

use crate::limits::{DEPTH_MAX, PATH_BYTES_MAX};

/// Files that an ambiguous path names at most.
pub const AMBIGUOUS_MAX: usize = 5;

/// Where a part of the machine's files lies in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// What captured paths begin with: `/srv/app/`.
    pub prefix: String,
    /// The folder of the repository that stands for it; empty for its root.
    pub folder: String,
}

/// Which file of the repository a captured path means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// This one.
    File(String),
    /// One of these, and nothing says which; the first [`AMBIGUOUS_MAX`], sorted.
    Ambiguous(Vec<String>),
    /// A mapping says that it is this one, which is not there.
    NotThere(String),
    /// None.
    Nothing,
}

/// The files of one commit, found by how their path ends.
#[derive(Clone, Debug, Default)]
pub struct Files {
    paths: Vec<String>,
    by_name: HashMap<String, Vec<u32>>,
}

impl Files {
    /// Takes paths from the root of the repository, with `/` between their parts.
    pub fn new(paths: Vec<String>) -> Self {
        let mut by_name: HashMap<String, Vec<u32>> = HashMap::new();
        for (index, path) in (0..).zip(&paths) {
            let name = path.rsplit('/').next().unwrap_or(path);
            match by_name.get_mut(name) {
                Some(indices) => indices.push(index),
                None => drop(by_name.insert(name.to_owned(), vec![index])),
            }
        }
        Self { paths, by_name }
    }

    /// How many files there are.
    pub fn count(&self) -> usize {
        self.paths.len()
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &str> {
        self.by_name.get(name).into_iter().flatten().map(|index| self.paths[*index as usize].as_str())
    }

    fn has(&self, path: &str) -> bool {
        self.named(path.rsplit('/').next().unwrap_or(path)).any(|known| known == path)
    }
}

/// Finds the file that a captured path means.
///
/// The first mapping whose prefix the path begins with says where it is. Where none applies, it is the file that
/// shares the most parts at the end of the path; of those one that is the end of the path as a whole.
///
/// - **Limits:** paths of [`PATH_BYTES_MAX`] bytes and [`DEPTH_MAX`] parts; longer ones, and those with `..`, are
///   not found. O(files of the same name).
pub fn find(captured: &str, mappings: &[Mapping], files: &Files) -> Found {
    let Some(parts) = parts(captured) else { return Found::Nothing };
    for mapping in mappings {
        if let Some(rest) = rest_after(captured, &mapping.prefix) {
            let inner = parts[parts.len() - rest.min(parts.len())..].join("/");
            let folder = mapping.folder.trim_matches('/');
            let path = if folder.is_empty() { inner } else { format!("{folder}/{inner}") };
            return if files.has(&path) { Found::File(path) } else { Found::NotThere(path) };
        }
    }
    by_end(&parts, files)
}

/// The parts of a path; `None` for what cannot be the path of a file.
fn parts(path: &str) -> Option<Vec<&str>> {
    if path.len() > PATH_BYTES_MAX || path.contains('\0') || path.starts_with('<') {
        return None;
    }
    let parts: Vec<&str> = path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").collect();
    let is_file = !parts.is_empty() && parts.len() <= DEPTH_MAX && !parts.contains(&"..");
    is_file.then_some(parts)
}

/// How many parts of the path follow the prefix; `None` when it does not begin with all of its parts.
fn rest_after(path: &str, prefix: &str) -> Option<usize> {
    let (path_parts, prefix_parts) = (parts(path)?, parts(prefix).unwrap_or_default());
    let is_rooted = |text: &str| text.starts_with(['/', '\\']);
    let begins = is_rooted(path) == is_rooted(prefix) && path_parts.starts_with(&prefix_parts);
    let rest = path_parts.len() - prefix_parts.len().min(path_parts.len());
    (begins && rest > 0).then_some(rest)
}

fn by_end(parts: &[&str], files: &Files) -> Found {
    let Some(name) = parts.last() else { return Found::Nothing };
    let mut best: Vec<&str> = Vec::new();
    let mut most = (0, false);
    for path in files.named(name) {
        let mine = path.split('/').rev();
        let shared = mine.zip(parts.iter().rev()).take_while(|(mine, captured)| mine == *captured).count();
        // A file that is the end of the path as a whole needs no folder that is not in it.
        let rank = (shared, shared == path.split('/').count());
        if rank > most {
            most = rank;
            best.clear();
        }
        if rank == most {
            best.push(path);
        }
    }
    best.sort_unstable();
    match best.as_slice() {
        [] => Found::Nothing,
        [one] => Found::File((*one).to_owned()),
        many => Found::Ambiguous(many.iter().take(AMBIGUOUS_MAX).map(|path| (*path).to_owned()).collect()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn files(paths: &[&str]) -> Files {
        Files::new(paths.iter().map(|path| (*path).to_owned()).collect())
    }

    #[track_caller]
    fn check(captured: &str, paths: &[&str], want: &str) {
        let got = match find(captured, &[], &files(paths)) {
            Found::File(path) => path,
            Found::Ambiguous(paths) => format!("one of {}", paths.join(" ")),
            Found::NotThere(path) => format!("not there {path}"),
            Found::Nothing => "nothing".to_owned(),
        };
        assert_eq!(got, want, "{captured}");
    }

    #[test]
    fn a_path_means_the_file_that_shares_most_of_its_end() {
        let tree = ["shop/gateway.py", "tests/shop/gateway.py", "other/gateway.py", "shop/__init__.py"];
        check("/srv/app/shop/gateway.py", &tree, "shop/gateway.py");
        check("/srv/tests/shop/gateway.py", &tree, "tests/shop/gateway.py");
        check("shop/gateway.py", &tree, "shop/gateway.py");
        check("./shop//gateway.py", &tree, "shop/gateway.py");
        check(r"C:\srv\app\shop\gateway.py", &tree, "shop/gateway.py");
        check("/srv/app/other/gateway.py", &tree, "other/gateway.py");
        check("/srv/app/missing.py", &tree, "nothing");
        check("/srv/app/gateway.py", &tree, "one of other/gateway.py shop/gateway.py tests/shop/gateway.py");
        check("/app/gateway.py", &["src/gateway.py"], "src/gateway.py");
        check("/app/main.py", &["main.py", "jobs/main.py"], "main.py");
        check("/app/shop/a.py", &["x/shop/a.py", "y/shop/a.py"], "one of x/shop/a.py y/shop/a.py");
    }

    #[test]
    fn hostile_paths_mean_nothing() {
        let tree = ["passwd", "shop/a.py"];
        let (long, deep) = ("a/".repeat(3_000) + "a.py", "a/".repeat(100) + "a.py");
        for path in ["../passwd", "/srv/../passwd", "", "/", ".", "<string>", "a\0/passwd", &long, &deep] {
            check(path, &tree, "nothing");
        }
    }

    #[test]
    fn a_mapping_wins_over_the_end_of_the_path() {
        let mapping = |prefix: &str, folder: &str| Mapping { prefix: prefix.into(), folder: folder.into() };
        let tree = files(&["services/shop/a.py", "a.py", "lib/a.py"]);
        let check = |captured: &str, mappings: &[Mapping], want: Found| {
            assert_eq!(find(captured, mappings, &tree), want, "{captured} {mappings:?}");
        };
        let file = |path: &str| Found::File(path.to_owned());
        check("/srv/app/a.py", &[mapping("/srv/app/", "services/shop")], file("services/shop/a.py"));
        check("/srv/app/a.py", &[mapping("/srv/app", "/services/shop/")], file("services/shop/a.py"));
        check(
            "/srv/app/shop/a.py",
            &[mapping("/srv", "services")],
            Found::NotThere("services/app/shop/a.py".into()),
        );
        check("/srv/app/a.py", &[mapping("/opt", "x"), mapping("/srv/app", "")], file("a.py"));
        check("/srv/apple/a.py", &[mapping("/srv/app", "lib")], file("a.py"));
        check("/srv/app/b.py", &[mapping("/srv/app", "lib")], Found::NotThere("lib/b.py".into()));
        check("srv/app/lib/a.py", &[mapping("/srv/app", "services/shop")], file("lib/a.py"));
        check("lib/a.py", &[mapping("", "services/shop")], Found::NotThere("services/shop/lib/a.py".into()));
    }

    proptest! {
        #[test]
        fn what_is_found_is_a_file_of_the_tree(
            captured in "[ab./\\\\]{0,12}",
            paths in prop::collection::vec("[ab]/[ab]/[ab]|[ab]/[ab]|[ab]", 0..8),
        ) {
            let tree = Files::new(paths.clone());
            match find(&captured, &[], &tree) {
                Found::File(path) => {
                    prop_assert!(paths.contains(&path));
                    prop_assert_eq!(path.rsplit('/').next(), parts(&captured).unwrap().last().copied());
                }
                Found::Ambiguous(many) => prop_assert!(many.iter().all(|path| paths.contains(path))),
                Found::NotThere(_) => prop_assert!(false, "there is no mapping"),
                Found::Nothing => {}
            }
        }

        #[test]
        fn a_file_is_found_below_any_folder(paths in prop::collection::hash_set("[ab]{1,2}(/[ab]{1,2}){0,3}", 1..10), folder in "/[xy]{1,3}(/[xy]{1,3}){0,2}") {
            let paths: Vec<String> = paths.into_iter().collect();
            let tree = Files::new(paths.clone());
            for path in &paths {
                prop_assert_eq!(find(&format!("{folder}/{path}"), &[], &tree), Found::File(path.clone()));
            }
        }
    }
}
