//! Which folders a project says that modules are imported from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Value;

use crate::here;

/// Folders that are declared, each with by what and how strongly.
pub(super) struct Declared(BTreeMap<PathBuf, (usize, String)>);

/// How strongly folders are declared that a `pyproject.toml` names, and others.
pub(super) const NAMED: usize = 2;
const MARKED: usize = 1;

/// Files that lie in the folder of a project.
const MARKS: [&str; 4] = ["manage.py", "pyproject.toml", "setup.py", "setup.cfg"];
/// Length of a `pyproject.toml` that is read, in bytes.
const PYPROJECT_BYTES_MAX: u64 = 1 << 20;

impl Declared {
    /// Of the folders that a file is below: those that a `pyproject.toml` names, folders called `src`, and folders of
    /// projects.
    pub(super) fn of<'a>(folders: impl Iterator<Item = &'a Path>) -> Self {
        let mut declared = BTreeMap::new();
        for folder in folders {
            let mark = MARKS.into_iter().find(|mark| folder.join(mark).is_file());
            let is_source = folder.ends_with("src");
            if let Some(why) = mark.map(|mark| format!("`{mark}` is in it")) {
                declared.entry(folder.to_owned()).or_insert((MARKED, why));
            } else if is_source {
                declared.entry(folder.to_owned()).or_insert((MARKED, "it is the folder `src`".to_owned()));
            }
            for below in of_pyproject(&folder.join("pyproject.toml")) {
                let named: PathBuf = folder.join(below).components().collect();
                declared.insert(named, (NAMED, "`pyproject.toml` names it".to_owned()));
            }
        }
        Self(declared)
    }

    /// 0 where the folder is not declared.
    pub(super) fn rank(&self, folder: &Path) -> usize {
        self.0.get(folder).map_or(0, |(rank, _)| *rank)
    }

    pub(super) fn why(&self, folder: &Path) -> Option<String> {
        self.0.get(folder).map(|(_, why)| why.clone())
    }
}

/// The folders that modules are imported from, as tests and the usual builders are told.
///
/// - **Source:** `pythonpath` of pytest, `package-dir` and `packages.find.where` of setuptools, `packages` of Poetry and of
///   Hatch, `package-dir` of PDM, `module-root` of uv.
fn of_pyproject(path: &Path) -> Vec<String> {
    let text = here::read(path, PYPROJECT_BYTES_MAX);
    let Some(project) = text.and_then(|text| text.parse::<toml::Table>().ok()) else { return Vec::new() };
    let project = Value::Table(project);
    let at = |keys: &[&str]| keys.iter().try_fold(&project, |value, key| value.get(key));
    let texts = |value: Option<&Value>| -> Vec<String> {
        match value {
            Some(Value::String(text)) => text.split_whitespace().map(str::to_owned).collect(),
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    };
    let mut found = texts(at(&["tool", "pytest", "ini_options", "pythonpath"]));
    found.extend(texts(at(&["tool", "setuptools", "package-dir", ""])));
    found.extend(texts(at(&["tool", "setuptools", "packages", "find", "where"])));
    found.extend(texts(at(&["tool", "pdm", "build", "package-dir"])));
    found.extend(texts(at(&["tool", "uv", "build-backend", "module-root"])));
    let of_poetry = at(&["tool", "poetry", "packages"]).and_then(Value::as_array).into_iter().flatten();
    found.extend(of_poetry.filter_map(|package| Some(package.get("from")?.as_str()?.to_owned())));
    let of_hatch = texts(at(&["tool", "hatch", "build", "targets", "wheel", "packages"]));
    found.extend(
        of_hatch.iter().map(|package| package.rsplit_once('/').map_or("", |(from, _)| from).to_owned()),
    );
    found.retain(|folder| !Path::new(folder).is_absolute() && !folder.split('/').any(|part| part == ".."));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pyproject: &str, want: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pyproject.toml");
        std::fs::write(&path, pyproject).unwrap();
        assert_eq!(of_pyproject(&path), want, "{pyproject}");
    }

    #[test]
    fn folders_are_named_as_each_builder_names_them() {
        check("[tool.pytest.ini_options]\npythonpath = [\"src\", \"lib\"]\n", &["src", "lib"]);
        check("[tool.pytest.ini_options]\npythonpath = \"src lib\"\n", &["src", "lib"]);
        check("[tool.setuptools]\npackage-dir = {\"\" = \"src\"}\n", &["src"]);
        check("[tool.setuptools.packages.find]\nwhere = [\"source\"]\n", &["source"]);
        check("[tool.poetry]\npackages = [{include = \"a\", from = \"lib\"}, {include = \"b\"}]\n", &["lib"]);
        check("[tool.hatch.build.targets.wheel]\npackages = [\"src/shop\", \"other\"]\n", &["src", ""]);
        check("[tool.uv.build-backend]\nmodule-root = \"python\"\n", &["python"]);
        check("[tool.pytest.ini_options]\npythonpath = [\"../elsewhere\", \"/tmp\", 1]\n", &[]);
        check("not = [toml", &[]);
    }
}
