//! Which code is the service's own, by the files that it is in.

use std::collections::HashMap;

use reenact_client::settings::Settings;

use crate::read::Object;
use crate::read::text::{Characters, is_text};

/// Files whose answer is remembered; when there are more, all are asked anew.
const FILES_MAX: usize = 4096;

/// The longest path, in characters.
const PATH_MAX: usize = 4096;

/// Folders of installed packages.
const INSTALLED: [&str; 2] = ["/site-packages/", "/dist-packages/"];

/// The rules and what they said.
///
/// Not the service's own: the standard library, installed packages, frozen modules, this client. `third_party_excludes`
/// names installed packages that are its own all the same, `third_party_includes` packages that are not although they
/// are not installed.
#[derive(Debug)]
pub(crate) struct OwnCode {
    library_paths: Vec<String>,
    includes: Vec<String>,
    excludes: Vec<String>,
    known: HashMap<Vec<u8>, bool>,
    path: Vec<u8>,
}

impl OwnCode {
    pub(crate) fn new(settings: &Settings) -> Self {
        let folder = |path: &String| format!("{}/", path.trim_end_matches('/'));
        Self {
            library_paths: settings.library_paths.iter().filter(|path| path.len() > 1).map(folder).collect(),
            includes: settings.third_party_includes.clone(),
            excludes: settings.third_party_excludes.clone(),
            known: HashMap::new(),
            path: Vec::new(),
        }
    }

    /// Whether the file of a code object is the service's own.
    ///
    /// # Safety
    /// `file` is a live object.
    pub(crate) unsafe fn contains(&mut self, file: Object) -> bool {
        self.path.clear();
        // SAFETY: as the caller promises.
        unsafe {
            if file.is_null() || !is_text(file) {
                return false;
            }
            let Some(characters) = Characters::of(file) else { return false };
            characters.write_plain(&mut self.path, PATH_MAX);
        }
        if let Some(known) = self.known.get(&self.path) {
            return *known;
        }
        let is_own = self.decide(&String::from_utf8_lossy(&self.path));
        if self.known.len() >= FILES_MAX {
            self.known.clear();
        }
        self.known.insert(self.path.clone(), is_own);
        is_own
    }

    fn decide(&self, path: &str) -> bool {
        if path.starts_with("<frozen ") {
            return false;
        }
        let is_one_of = |names: &[String], name: &str| names.iter().any(|known| known == name);
        let installed = INSTALLED.iter().find_map(|folder| path.rfind(folder).map(|at| at + folder.len()));
        let library =
            self.library_paths.iter().find(|folder| path.starts_with(folder.as_str())).map(String::len);
        if let Some(start) = installed.or(library) {
            return is_one_of(&self.excludes, package(&path[start..]));
        }
        !path.split('/').any(|part| is_one_of(&self.includes, part.strip_suffix(".py").unwrap_or(part)))
    }
}

/// The package that a path within a folder of packages belongs to.
fn package(path: &str) -> &str {
    let first = path.split('/').next().unwrap_or(path);
    first.strip_suffix(".py").unwrap_or(first)
}
