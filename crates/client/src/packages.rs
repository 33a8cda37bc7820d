//! Which installed distribution a module belongs to: `yaml` is of `PyYAML`.
//!
//! Told by the metadata that installers leave beside the code (core metadata, and the list of installed files in
//! `RECORD`, as <https://packaging.python.org/en/latest/specifications/> has them). Read once, in the background thread.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Folders that are looked at.
const FOLDERS_MAX: usize = 64;

/// Entries of one folder.
const ENTRIES_MAX: usize = 20_000;

/// Distributions that are known; later ones are not named.
const DISTRIBUTIONS_MAX: usize = 2_000;

/// Modules of one distribution that are told apart.
const MODULES_MAX: usize = 2_000;

/// What is read of a list of installed files, in bytes.
const RECORD_BYTES_MAX: u64 = 4 << 20;

/// What is read of other metadata, in bytes.
const METADATA_BYTES_MAX: u64 = 64 << 10;

/// Parts of a dotted name that are looked at.
const PARTS_MAX: usize = 16;

/// Distributions by the modules that they have brought; read when first asked.
#[derive(Debug, Default)]
pub(crate) struct Packages {
    by_module: Option<HashMap<String, usize>>,
    distributions: Vec<Distribution>,
}

#[derive(Debug)]
struct Distribution {
    name: String,
    version: String,
}

impl Packages {
    /// Versions by name of the distributions that some modules, or things in modules, belong to.
    ///
    /// O(names); the first call reads `folders` in the order in which modules are looked for.
    pub(crate) fn of(
        &mut self,
        names: impl Iterator<Item = String>,
        folders: &[String],
    ) -> BTreeMap<String, String> {
        if self.by_module.is_none() {
            self.read(folders);
        }
        let by_module = self.by_module.as_ref();
        let asked: HashSet<String> = names.collect();
        asked
            .iter()
            .filter_map(|name| by_module.and_then(|known| longest_known(known, name)))
            .filter_map(|index| self.distributions.get(index))
            .map(|distribution| (distribution.name.clone(), distribution.version.clone()))
            .collect()
    }

    fn read(&mut self, folders: &[String]) {
        let mut by_module = HashMap::new();
        for folder in folders.iter().take(FOLDERS_MAX) {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            for entry in entries.take(ENTRIES_MAX).flatten() {
                if self.distributions.len() == DISTRIBUTIONS_MAX {
                    break;
                }
                let path = entry.path();
                let kind = path.extension().and_then(|extension| extension.to_str());
                let Some(kind @ ("dist-info" | "egg-info")) = kind else { continue };
                if let Some(distribution) = read_distribution(&path, kind) {
                    for module in modules(&path, &distribution.name) {
                        by_module.entry(module).or_insert(self.distributions.len());
                    }
                    self.distributions.push(distribution);
                }
            }
        }
        self.by_module = Some(by_module);
    }
}

/// The distribution of the innermost package around `name` that one has brought.
fn longest_known(known: &HashMap<String, usize>, name: &str) -> Option<usize> {
    let ends = name.match_indices('.').map(|(at, _)| at).chain([name.len()]).take(PARTS_MAX);
    let ends: Vec<usize> = ends.collect();
    ends.into_iter().rev().find_map(|end| known.get(&name[..end]).copied())
}

fn read_distribution(path: &Path, kind: &str) -> Option<Distribution> {
    let text = match kind {
        "dist-info" => read(&path.join("METADATA"), METADATA_BYTES_MAX),
        _ if path.is_dir() => read(&path.join("PKG-INFO"), METADATA_BYTES_MAX),
        _ => read(path, METADATA_BYTES_MAX),
    }?;
    let header = |wanted: &str| {
        let lines = text.lines().take_while(|line| !line.is_empty());
        let value = lines.filter_map(|line| line.split_once(':')).find(|(name, _)| *name == wanted)?;
        Some(value.1.trim().to_owned()).filter(|value| !value.is_empty())
    };
    Some(Distribution { name: header("Name")?, version: header("Version").unwrap_or_default() })
}

/// The modules that a distribution has brought: its topmost packages and modules, below namespaces that it shares.
fn modules(path: &Path, name: &str) -> Vec<String> {
    let record = read(&path.join("RECORD"), RECORD_BYTES_MAX).unwrap_or_default();
    let installed = topmost_modules(&record);
    // What is installed for development has only a way to the code on its list.
    if installed.iter().any(|module| !module.starts_with("__editable__")) {
        return installed;
    }
    let told = read(&path.join("top_level.txt"), METADATA_BYTES_MAX).unwrap_or_default();
    let told: Vec<String> =
        told.lines().map(|line| line.trim().replace('/', ".")).filter(|line| !line.is_empty()).collect();
    if told.is_empty() { vec![name.replace(['-', '.'], "_")] } else { told }
}

fn topmost_modules(record: &str) -> Vec<String> {
    let files: Vec<&str> = record.lines().filter_map(module_path).collect();
    let packages: HashSet<&str> = files.iter().filter_map(|file| file.strip_suffix("/__init__")).collect();
    let mut found = HashSet::new();
    for file in files {
        let ends = file.match_indices('/').map(|(at, _)| at).take(PARTS_MAX);
        let topmost = ends.map(|end| &file[..end]).find(|folder| packages.contains(folder));
        if found.len() < MODULES_MAX {
            found.insert(topmost.unwrap_or(file).replace('/', "."));
        }
    }
    found.into_iter().collect()
}

/// The path of a module on a list of installed files, without its extension.
fn module_path(line: &str) -> Option<&str> {
    let path = line.split(',').next()?;
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem, extensions) = file.split_once('.')?;
    let is_module = matches!(extensions.rsplit('.').next(), Some("py" | "so" | "pyd"));
    let is_elsewhere = path.starts_with(['"', '/', '.']) || folder.contains('.');
    (is_module && !stem.is_empty() && !is_elsewhere)
        .then(|| &path[..folder.len() + usize::from(!folder.is_empty()) + stem.len()])
}

/// The beginning of a regular file.
fn read(path: &Path, bytes_max: u64) -> Option<String> {
    if !std::fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(bytes_max).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
