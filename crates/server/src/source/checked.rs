//! What can be used as a repository, and opening it.

use std::path::{Path, PathBuf};

use reenact_source::web::Web;
use reenact_source::{Repository, SourceError};

use super::settings::{RepositoryChange, RepositorySetting};
use crate::policy::SettingsError;

/// Length of a name, in bytes.
const NAME_BYTES_MAX: usize = 100;
/// Length of a path, in bytes.
const PATH_BYTES_MAX: usize = 4_096;
/// Names of services of one repository, and the length of one, in bytes.
const SERVICES_MAX: usize = 100;
const SERVICE_BYTES_MAX: usize = 200;
/// Mappings of one repository.
const MAPPINGS_MAX: usize = 20;
/// Names of tags and branches of one repository, and the length of one, in bytes.
const REFERENCES_MAX: usize = 5;
const REFERENCE_BYTES_MAX: usize = 100;

/// Refuses what cannot be used; blanks around texts are taken away.
pub(crate) fn checked(
    change: RepositoryChange,
    roots: &[PathBuf],
) -> Result<RepositoryChange, SettingsError> {
    let wrong = |field: &str, message: String| Err(SettingsError::new(field, message));
    let trimmed = |text: &str| text.trim().to_owned();
    let change = RepositoryChange {
        name: trimmed(&change.name),
        path: trimmed(&change.path),
        services: change.services.iter().map(|name| trimmed(name)).filter(|name| !name.is_empty()).collect(),
        references: change
            .references
            .iter()
            .map(|name| trimmed(name))
            .filter(|name| !name.is_empty())
            .collect(),
        line_url: change.line_url.as_deref().map(trimmed).filter(|url| !url.is_empty()),
        commit_url: change.commit_url.as_deref().map(trimmed).filter(|url| !url.is_empty()),
        ..change
    };
    let is_plain = |text: &str| !text.chars().any(char::is_control);
    if change.name.is_empty() || change.name.len() > NAME_BYTES_MAX || !is_plain(&change.name) {
        return wrong("name", format!("a name has 1 to {NAME_BYTES_MAX} bytes and no control characters"));
    }
    let is_service = |name: &String| name.len() <= SERVICE_BYTES_MAX && is_plain(name);
    if change.services.is_empty()
        || change.services.len() > SERVICES_MAX
        || !change.services.iter().all(is_service)
    {
        let message = format!(
            "give 1 to {SERVICES_MAX} services of up to {SERVICE_BYTES_MAX} bytes; `*` stands for any text"
        );
        return wrong("services", message);
    }
    if change.mappings.len() > MAPPINGS_MAX {
        return wrong("mappings", format!("there are more than {MAPPINGS_MAX} mappings"));
    }
    for (at, mapping) in change.mappings.iter().enumerate() {
        let long = mapping.prefix.len().max(mapping.folder.len()) > PATH_BYTES_MAX;
        if long || mapping.prefix.is_empty() || mapping.folder.split('/').any(|part| part == "..") {
            let message =
                "a mapping has a prefix such as `/srv/app/`, and a folder of the repository without `..`";
            return wrong(&format!("mappings.{at}"), message.to_owned());
        }
    }
    if change.references.len() > REFERENCES_MAX {
        return wrong("references", format!("there are more than {REFERENCES_MAX} names of tags"));
    }
    for (at, name) in change.references.iter().enumerate() {
        if name.len() > REFERENCE_BYTES_MAX || !name.contains("{version}") || !is_plain(name) {
            let message =
                format!("a name of tags has `{{version}}` in it, and up to {REFERENCE_BYTES_MAX} bytes");
            return wrong(&format!("references.{at}"), message);
        }
    }
    match (&change.line_url, &change.commit_url) {
        (Some(line), commit) => {
            Web::of_templates(line, commit.as_deref())
                .map_err(|error| SettingsError::new("line_url", error.to_string()))?;
        }
        (None, Some(_)) => {
            return wrong("line_url", "give the address of a line beside that of a commit".to_owned());
        }
        (None, None) => {}
    }
    let path = checked_path(&change.path, roots)?;
    Repository::open(&path).map_err(|error| SettingsError::new("path", told(&error)))?;
    Ok(change)
}

/// An absolute path that lies in one of the roots, links followed.
fn checked_path(text: &str, roots: &[PathBuf]) -> Result<PathBuf, SettingsError> {
    let path = PathBuf::from(text);
    if text.len() > PATH_BYTES_MAX || !path.is_absolute() {
        let message = "give the absolute path of a clone on the server's machine, such as `/srv/clones/shop`";
        return Err(SettingsError::new("path", message.to_owned()));
    }
    is_within(&path, roots).map_err(|message| SettingsError::new("path", message))?;
    Ok(path)
}

fn is_within(path: &Path, roots: &[PathBuf]) -> Result<(), String> {
    if roots.is_empty() {
        return Ok(());
    }
    // What is not there is told in the same words as what lies elsewhere: nothing is learnt of other folders.
    let real = path.canonicalize().ok();
    let is_in = |root: &PathBuf| match (root.canonicalize(), &real) {
        (Ok(root), Some(real)) => real.starts_with(root),
        _ => false,
    };
    if roots.iter().any(is_in) {
        return Ok(());
    }
    Err("there is no such folder in those that `source.roots` allows".to_owned())
}

/// Opens the clone of a repository that is set up.
pub(crate) fn opened(setting: &RepositorySetting, roots: &[PathBuf]) -> Result<Repository, String> {
    let path = PathBuf::from(&setting.path);
    is_within(&path, roots)?;
    Repository::open(&path).map_err(|error| told(&error))
}

/// What is wrong, for people; the cause is in the log.
pub(crate) fn told(error: &SourceError) -> String {
    if let Some(cause) = std::error::Error::source(error) {
        tracing::warn!(error = %cause, "a repository cannot be read");
    }
    error.to_string()
}

/// How the pages of a repository are found.
pub(crate) fn web_of(setting: &RepositorySetting, repository: &Repository) -> Option<Web> {
    match &setting.line_url {
        Some(line) => Web::of_templates(line, setting.commit_url.as_deref()).ok(),
        None => Web::of_remote(&repository.origin()?),
    }
}
