//! Whose code raised.

use reenact_source::owners::Owned;
use reenact_source::{ObjectId, SourceError};

use super::located::{Located, LocatedFrame};
use reenact_model::{Exception, Placed, Report};

/// Who owns the code that raised, or why that is not known.
pub(crate) enum Owning {
    /// The rules that decide, with the file that they stand in and its commit.
    Known { path: String, file: &'static str, commit: ObjectId, rules: Vec<Owned> },
    /// A state and a sentence for people.
    Unknown(&'static str, String),
}

/// Who owns the file of the frame that people should look at first: as HEAD says, because owners are asked for today.
pub(crate) fn owning(placed: &Placed, located: &Located) -> Result<Owning, SourceError> {
    let Some(frame) = culprit(placed, located) else {
        return Ok(Owning::Unknown(
            "no_frames",
            "The event has no frame of the service's own code.".to_owned(),
        ));
    };
    let Some(path) = &frame.path else {
        return Ok(Owning::Unknown("not_in_repository", frame.state.reason()));
    };
    let commit = located.repository.head()?.commit.id;
    let Some((file, owners)) = located.repository.owners(commit)? else {
        let places = reenact_source::owners::LOCATIONS.join(", ");
        return Ok(Owning::Unknown(
            "no_file",
            format!("The repository has no CODEOWNERS; it may lie at {places}."),
        ));
    };
    let rules = owners.of(path);
    if rules.is_empty() {
        return Ok(Owning::Unknown("no_rule", format!("No rule of {file} matches {path}.")));
    }
    Ok(Owning::Known { path: path.clone(), file, commit, rules })
}

/// The event with nothing but the frame that its owner follows from, for [`located`](super::located) to look for that
/// frame alone; `None` without an own frame.
pub(super) fn with_culprit_alone(placed: &Placed) -> Option<Placed> {
    let exceptions = placed.report.exceptions.iter().rev();
    let mut own = exceptions.flat_map(|exception| exception.frames.iter().rev().filter(|frame| frame.in_app));
    let exception = Exception { frames: vec![own.next()?.clone()], ..Exception::default() };
    let about = &placed.report;
    let report = Report {
        service: about.service.clone(),
        version: about.version.clone(),
        commit: about.commit.clone(),
        timestamp: about.timestamp,
        exceptions: vec![exception],
        ..Report::default()
    };
    Some(Placed { report, ..Placed::default() })
}

/// The innermost own frame of the exception that escaped, else of its causes.
pub(super) fn culprit<'l>(placed: &Placed, located: &'l Located) -> Option<&'l LocatedFrame> {
    let exceptions = placed.report.exceptions.iter().zip(&located.exceptions).rev();
    let mut own = exceptions.flat_map(|(exception, frames)| exception.frames.iter().zip(frames).rev());
    own.find(|(frame, _)| frame.in_app).map(|(_, located)| located)
}
