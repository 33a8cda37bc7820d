//! Where an event's frames lie in the repository of its service.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use reenact_model::{Frame, Placed, Timestamp};
use reenact_source::paths::{Files, Found, find};
use reenact_source::web::Web;
use reenact_source::{ChosenCommit, Repository, SourceError, WantedCommit};
use reenact_store::StoreError;

use super::checked::{opened, told, web_of};
use super::settings::{RepositorySetting, load};
use crate::App;

/// Why nothing is known of the source.
#[derive(Clone, Debug)]
pub(crate) struct Absent {
    /// `no_repository`, `unreadable`.
    pub(crate) state: &'static str,
    /// A sentence for people.
    pub(crate) reason: String,
}

/// An event's frames in their repository.
pub(crate) struct Located {
    pub(crate) setting: RepositorySetting,
    pub(crate) repository: Repository,
    pub(crate) commit: ChosenCommit,
    pub(crate) web: Option<Web>,
    /// By exception of the chain and frame.
    pub(crate) exceptions: Vec<Vec<LocatedFrame>>,
}

/// A frame in the repository.
pub(crate) struct LocatedFrame {
    pub(crate) state: FrameState,
    /// The file, where one is found.
    pub(crate) path: Option<String>,
    /// Its text.
    pub(crate) text: Option<Rc<str>>,
}

/// Whether a frame is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FrameState {
    /// The file and line are there, and read as the traceback printed them, as far as it did.
    Found,
    /// Not the service's own code.
    ThirdParty,
    /// The client names no line.
    NoLine,
    /// No file fits.
    NotFound,
    /// A mapping names a file that is not there.
    NotThere(String),
    /// Several files fit.
    Ambiguous(Vec<String>),
    /// The file is too long, or no text, or has no such line.
    Unreadable,
    /// The line reads otherwise than the traceback printed it.
    Differs,
}

impl FrameState {
    /// The name in the API.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::ThirdParty => "third_party",
            Self::NoLine => "no_line",
            Self::NotFound | Self::NotThere(_) => "not_found",
            Self::Ambiguous(_) => "ambiguous",
            Self::Unreadable => "unreadable",
            Self::Differs => "differs",
        }
    }

    /// A sentence for people.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Found => "The line is in the repository.".to_owned(),
            Self::ThirdParty => "Installed packages are not looked for.".to_owned(),
            Self::NoLine => "The client names no line.".to_owned(),
            Self::NotFound => "No file of the repository ends like this path.".to_owned(),
            Self::NotThere(path) => {
                format!("The repository has no file {path}, which the mapping of paths names.")
            }
            Self::Ambiguous(paths) => {
                format!(
                    "Several files end like this path: {}. A mapping of paths says which.",
                    paths.join(", ")
                )
            }
            Self::Unreadable => "The file has no such line, is longer than 2 MiB, or is no text.".to_owned(),
            Self::Differs => {
                "The line reads otherwise in the repository: the service ran other code than this commit."
                    .to_owned()
            }
        }
    }
}

/// Finds an event in the repository of its service. Blocks.
pub(crate) fn located(app: &App, placed: &Placed) -> Result<Result<Located, Absent>, StoreError> {
    let repositories = load(app.policies.control())?;
    let report = &placed.report;
    let Some(setting) = repositories.of_service(&report.service) else {
        let reason = format!("No repository is set up for the service {}.", report.service);
        return Ok(Err(Absent { state: "no_repository", reason }));
    };
    let unreadable = |reason: String| Absent {
        state: "unreadable",
        reason: format!("The repository {} says nothing: {reason}.", setting.name),
    };
    let repository = match opened(setting, &app.sources.roots) {
        Ok(repository) => repository,
        Err(reason) => return Ok(Err(unreadable(reason))),
    };
    Ok(in_repository(app, placed, setting, repository).map_err(|error| unreadable(told(&error))))
}

fn in_repository(
    app: &App,
    placed: &Placed,
    setting: &RepositorySetting,
    repository: Repository,
) -> Result<Located, SourceError> {
    let report = &placed.report;
    let references = setting.version_references();
    let wanted = WantedCommit {
        commit: report.commit.as_deref(),
        version: report.version.as_deref(),
        references: &references,
        seconds: seconds(report.timestamp),
    };
    let commit = repository.choose(&wanted)?;
    let key = (PathBuf::from(&setting.path), commit.id);
    let files = match app.sources.files.get(&key) {
        Some(files) => files,
        None => {
            let files = Arc::new(repository.files(commit.id)?);
            app.sources.files.put(key, Arc::clone(&files));
            files
        }
    };
    let mappings = setting.mappings();
    let mut exceptions = Vec::with_capacity(report.exceptions.len());
    for exception in &report.exceptions {
        let mut frames = Vec::with_capacity(exception.frames.len());
        for frame in &exception.frames {
            frames.push(one(&repository, &commit, &files, &mappings, frame)?);
        }
        exceptions.push(frames);
    }
    let web = web_of(setting, &repository);
    Ok(Located { setting: setting.clone(), repository, commit, web, exceptions })
}

fn one(
    repository: &Repository,
    commit: &ChosenCommit,
    files: &Files,
    mappings: &[reenact_source::paths::Mapping],
    frame: &Frame,
) -> Result<LocatedFrame, SourceError> {
    let absent = |state| LocatedFrame { state, path: None, text: None };
    if !frame.in_app {
        return Ok(absent(FrameState::ThirdParty));
    }
    let path = match find(&frame.file, mappings, files) {
        Found::File(path) => path,
        Found::Nothing => return Ok(absent(FrameState::NotFound)),
        Found::NotThere(path) => return Ok(absent(FrameState::NotThere(path))),
        Found::Ambiguous(paths) => return Ok(absent(FrameState::Ambiguous(paths))),
    };
    let Some(number) = frame.line_number.filter(|number| *number > 0) else {
        return Ok(LocatedFrame { path: Some(path), ..absent(FrameState::NoLine) });
    };
    let text = repository.file_text(commit.id, &path)?;
    let line = text.as_deref().and_then(|text| text.lines().nth(number as usize - 1));
    let state = match line {
        None => FrameState::Unreadable,
        Some(line) if !reads_as(line, frame.source_line.as_deref()) => FrameState::Differs,
        Some(_) => FrameState::Found,
    };
    Ok(LocatedFrame { text: text.filter(|_| state == FrameState::Found), path: Some(path), state })
}

/// Whether a line is the one that was printed, as far as it was not redacted or cut.
fn reads_as(line: &str, printed: Option<&str>) -> bool {
    let Some(printed) = printed.map(str::trim).filter(|printed| !printed.is_empty()) else { return true };
    let is_altered = ["[redacted", "[masked", "[hash", "…"].iter().any(|sign| printed.contains(sign));
    is_altered || line.trim() == printed
}

pub(crate) fn seconds(time: Timestamp) -> i64 {
    time.as_nanos().div_euclid(1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::reads_as;

    #[test]
    fn lines_are_compared_as_far_as_they_were_printed() {
        assert!(reads_as("    return total / count\r", Some("return total / count")));
        assert!(reads_as("    x = 1", None));
        assert!(reads_as("    key = 'abc'", Some("key = '[redacted: jwt]'")));
        assert!(!reads_as("    x = 1", Some("x = 2")));
    }
}
