//! The folders that the application's modules are imported from.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use reenact_replay::reproduce::{Import, imports};

use super::declared::{Declared, NAMED};
use crate::here;

/// A folder here that modules are imported from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Root {
    pub(super) here: PathBuf,
    /// The folder on the event's machine that it stands for.
    pub(super) captured: String,
    /// Why this one: `the files of the event import shop.measures from it`.
    pub(super) why: String,
}

/// A file of the application, on the event's machine and here.
pub(super) struct OwnFile<'a> {
    /// On the event's machine.
    pub(super) file: &'a str,
    /// Where in it the part begins that is below the folder here, in bytes.
    pub(super) at: usize,
    /// The module, where the client says.
    pub(super) module: Option<&'a str>,
    pub(super) text: String,
}

impl OwnFile<'_> {
    /// Here, below the folder.
    fn path(&self, folder: &Path) -> PathBuf {
        folder.join(&self.file[self.at..])
    }
}

/// Folders from which modules are imported, at most.
pub(super) const ROOTS_MAX: usize = 8;
/// Packages around the folder that are climbed out of.
const PACKAGES_MAX: usize = 16;

/// A folder that a file may be imported from, and the name that the file then has.
#[derive(Clone, Debug)]
struct Candidate {
    here: PathBuf,
    captured: String,
    module: Vec<String>,
}

/// The folders that the files are imported from, those further in first, with the ones that what they import is below.
///
/// For each file that is the folder
/// 1. behind which the client's name of the module stands,
/// 2. from which relative imports lead to a package,
/// 3. below which the most of the modules are that the files import,
/// 4. that is no package itself,
/// 5. that the project names, or of a file in no package has its marks (`declared`);
///
/// else the one around its packages, and of a file in no package the one that was given.
pub(super) fn roots(files: &[OwnFile<'_>], folder: &Path) -> Vec<Root> {
    let imported: BTreeSet<Import> = files.iter().flat_map(|file| imports(&file.text)).collect();
    let own: Vec<&Import> = imported.iter().filter(|import| import.may_be_own()).collect();
    let mut roots: Vec<Root> = Vec::new();
    let mut others: Vec<Candidate> = Vec::new();
    for file in files {
        let candidates = candidates(file, folder);
        if let Some(root) = chosen(file, folder, &candidates, &own)
            && roots.iter().all(|known| known.here != root.here)
        {
            roots.push(root);
        }
        others.extend(candidates);
    }
    roots.sort_by_key(|root| std::cmp::Reverse(root.here.components().count()));
    for import in own {
        let is_there = |here: &Path| has(here, import);
        if !roots.iter().any(|root| is_there(&root.here))
            && let Some(other) = others.iter().find(|other| is_there(&other.here))
        {
            let why = format!("the application's files import `{}` from it", import.module);
            roots.push(Root { here: other.here.clone(), captured: other.captured.clone(), why });
        }
    }
    roots.truncate(ROOTS_MAX);
    roots
}

/// The folder that a module is below which the code did not find. `captured` stands for the folder on the event's machine.
pub(super) fn of_module(folder: &Path, captured: &str, module: &str) -> Option<Root> {
    let here = folder_of(folder, module)?;
    let below = here.strip_prefix(folder).ok()?.to_str()?;
    let captured = format!("{}/{below}", captured.trim_end_matches('/'));
    let captured = if captured == "/" { captured } else { captured.trim_end_matches('/').to_owned() };
    Some(Root { here, captured, why: format!("the code imports `{module}` from it") })
}

/// The folder, the given one or one below it, that a module is below: the nearest one.
pub(super) fn folder_of(folder: &Path, module: &str) -> Option<PathBuf> {
    let import = Import { dots: 0, module: module.to_owned(), names: Vec::new() };
    let is_checked = module.split('.').all(is_name);
    here::folders_below(folder).into_iter().find(|here| is_checked && has(here, &import))
}

fn candidates(file: &OwnFile<'_>, folder: &Path) -> Vec<Candidate> {
    let (before, below) = file.file.split_at(file.at);
    let stem = below.strip_suffix(".py").unwrap_or(below);
    let parts: Vec<&str> = stem.split(['/', '\\']).collect();
    let mut candidates = Vec::new();
    let mut add = |here: PathBuf, captured: &str, module: &[&str]| {
        let module = match module {
            [package @ .., "__init__"] => package,
            module => module,
        };
        if !module.is_empty() && module.iter().all(|part| is_name(part)) {
            let captured = captured.trim_end_matches(['/', '\\']);
            let captured = if captured.is_empty() { "/" } else { captured }.to_owned();
            let module = module.iter().map(|part| (*part).to_owned()).collect();
            candidates.push(Candidate { here, captured, module });
        }
    };
    // Out of the packages that the folder itself is in, as far as they are called the same on both machines.
    let mut around = before.trim_end_matches(['/', '\\']);
    let mut name = parts.clone();
    let mut here = folder;
    let mut outside = Vec::new();
    for _ in 0..PACKAGES_MAX {
        let at = around.rfind(['/', '\\']).map_or(0, |at| at + 1);
        let is_package = here.join("__init__.py").is_file() && here.ends_with(&around[at..]);
        let Some(parent) = here.parent().filter(|_| is_package && at > 0) else { break };
        name.insert(0, &around[at..]);
        around = around[..at].trim_end_matches(['/', '\\']);
        here = parent;
        outside.push((here.to_owned(), around, name.clone()));
    }
    outside.iter().rev().for_each(|(here, captured, name)| add(here.clone(), captured, name));
    let mut here = folder.to_owned();
    let mut captured = before.to_owned();
    for (at, part) in parts.iter().enumerate() {
        add(here.clone(), &captured, &parts[at..]);
        here.push(part);
        captured.push_str(part);
        captured.push('/');
    }
    candidates
}

fn chosen(file: &OwnFile<'_>, folder: &Path, candidates: &[Candidate], own: &[&Import]) -> Option<Root> {
    let root = |candidate: &Candidate, why: String| Root {
        here: candidate.here.clone(),
        captured: candidate.captured.clone(),
        why,
    };
    let told = file.module.filter(|module| *module != "__main__");
    if let Some(told) = told
        && let Some(candidate) = candidates.iter().find(|candidate| candidate.module.join(".") == told)
    {
        return Some(root(candidate, format!("the client says that a file is `{told}`")));
    }
    let dots = imports(&file.text).iter().map(|import| import.dots).max().unwrap_or(0);
    let is_package = file.file.ends_with("__init__.py");
    let is_in_package = file.path(folder).with_file_name("__init__.py").is_file();
    let declared = Declared::of(candidates.iter().map(|candidate| candidate.here.as_path()));
    let best = candidates.iter().enumerate().max_by_key(|(depth, candidate)| {
        let packages = candidate.module.len() - usize::from(!is_package);
        let imported = own.iter().filter(|import| has(&candidate.here, import)).count();
        let is_outside = !candidate.here.join("__init__.py").is_file();
        let declared = declared.rank(&candidate.here);
        // The folder around its packages is known by them; of other files the marks of a project tell.
        let mark = if is_in_package { 0 } else { declared };
        let depth = isize::try_from(*depth).unwrap_or(isize::MAX);
        let depth = if is_in_package || mark > 0 { depth } else { -depth };
        (packages >= dots, imported, is_outside, declared == NAMED, mark, depth)
    });
    let (_, best) = best?;
    let imported = own.iter().find(|import| has(&best.here, import));
    let has_package = best.here.join(&best.module[0]).join("__init__.py").is_file();
    let why = match (imported, declared.why(&best.here)) {
        (Some(import), _) => format!("the application's files import `{}` from it", import.module),
        (None, Some(why)) if !is_in_package || declared.rank(&best.here) == NAMED => why,
        _ if has_package => format!("`{}` is a package in it", best.module[0]),
        _ => "nothing tells of another one".to_owned(),
    };
    Some(root(best, why))
}

/// Whether a module, or one of the names that are taken from it, is below a folder.
fn has(here: &Path, import: &Import) -> bool {
    let path = here.join(import.module.replace('.', "/"));
    let is_namespace = || path.is_dir() && import.names.iter().any(|name| is_module(&path.join(name)));
    is_module(&path) || is_namespace()
}

/// Whether a path, with its ending or without, is a module, a package, or a folder with modules.
fn is_module(path: &Path) -> bool {
    let is_source = |path: &Path| path.extension().is_some_and(|extension| extension == "py");
    let has_source = || {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.take(ENTRIES_MAX).any(|entry| is_source(&entry.path()))
    };
    path.with_extension("py").is_file() || (path.is_dir() && has_source())
}

/// Entries of a folder that are looked at for a module.
const ENTRIES_MAX: usize = 1_000;

/// Whether a part of a path can be one of a module's name.
fn is_name(part: &str) -> bool {
    let is_start = part.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    is_start && part.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests;
