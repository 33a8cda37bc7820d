//! The commit that probably brought an issue.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use reenact_model::Placed;
use reenact_source::blame::{Line, Origin, Until, origins};
use reenact_source::suspect::{Role, Suspect, Touched, duration, rank};
use reenact_source::{CommitFacts, ObjectId, SourceError};

use super::located::{FrameState, Located};
use super::{SEARCH_MAX, search};
use crate::App;

/// Suspects that are told of.
const SUSPECTS_MAX: usize = 3;
/// A change that is older than this before the occurrence is told of with a doubt, in seconds: 90 days.
const DOUBTFUL_SECONDS: i64 = 90 * 86_400;

/// The suspects, or why there is none.
pub(crate) enum Suspected {
    /// The likeliest first, and what a reader should know besides.
    Found(Vec<SuspectedCommit>, Option<String>),
    /// A state and a sentence for people.
    None(&'static str, String),
}

/// A suspect with what its commit says.
pub(crate) struct SuspectedCommit {
    pub(crate) facts: CommitFacts,
    pub(crate) suspect: Suspect<ObjectId>,
}

/// A line of the stack, and what it is there.
struct Asked {
    line: Line,
    role: Role,
}

/// Finds the last commits that touched the lines of the stack before `occurred`, in seconds since 1970. Blocks.
pub(crate) fn suspected(
    app: &App,
    placed: &Placed,
    located: &Located,
    occurred: i64,
    what: &str,
) -> Result<Suspected, SourceError> {
    let asked = match asked(placed, located) {
        Ok(asked) => asked,
        Err((state, reason)) => return Ok(Suspected::None(state, reason)),
    };
    let lines: Vec<Line> = asked.iter().map(|asked| asked.line.clone()).collect();
    let found = found(app, located, &lines)?;
    let mut touched = Vec::new();
    for (asked, origin) in asked.iter().zip(found.iter()) {
        let Origin::Commit { commit, is_new_file, .. } = origin else { continue };
        let Some(facts) = located.repository.commit(*commit)? else { continue };
        touched.push(Touched {
            commit: *commit,
            seconds: facts.seconds,
            role: asked.role.clone(),
            path: asked.line.path.clone(),
            number: asked.line.number,
            is_new_file: *is_new_file,
        });
    }
    let ranked = rank(touched, occurred, what);
    if ranked.suspects.is_empty() {
        return Ok(none(&found, ranked.too_new, what));
    }
    let note = doubt(&ranked.suspects[0], occurred, what);
    let mut suspects = Vec::new();
    for suspect in ranked.suspects.into_iter().take(SUSPECTS_MAX) {
        if let Some(facts) = located.repository.commit(suspect.commit)? {
            suspects.push(SuspectedCommit { facts, suspect });
        }
    }
    Ok(Suspected::Found(suspects, note))
}

/// The lines of the stack, that of the raise first; or why there are none.
fn asked(placed: &Placed, located: &Located) -> Result<Vec<Asked>, (&'static str, String)> {
    let exceptions = placed.report.exceptions.iter().zip(&located.exceptions).rev();
    let (mut asked, mut own) = (Vec::<Asked>::new(), Vec::new());
    for (place, (exception, frames)) in exceptions.enumerate() {
        let mine = exception.frames.iter().zip(frames).rev().filter(|(frame, _)| frame.in_app);
        for (distance, (frame, located)) in mine.enumerate() {
            own.push(&located.state);
            let (FrameState::Found, Some(path), Some(number)) =
                (&located.state, &located.path, frame.line_number)
            else {
                continue;
            };
            let role = match place {
                0 => Role::Above(distance),
                _ => Role::OfCause { depth: place, distance, type_name: exception.type_name.clone() },
            };
            let line = Line { path: path.clone(), number };
            if !asked.iter().any(|known| known.line == line) {
                asked.push(Asked { line, role });
            }
        }
    }
    if !asked.is_empty() {
        return Ok(asked);
    }
    Err(match own.first() {
        None => ("no_frames", "The event has no frame of the service's own code.".to_owned()),
        Some(_) if own.contains(&&FrameState::Differs) => ("lines_differ", FrameState::Differs.reason()),
        Some(state) => ("not_in_repository", state.reason()),
    })
}

fn found(app: &App, located: &Located, lines: &[Line]) -> Result<Arc<Vec<Origin<ObjectId>>>, SourceError> {
    let path = Path::new(&located.setting.path);
    let key = search(path, located.repository.is_shallow(), located.commit.id, lines);
    if let Some(known) = app.sources.searches.get(&key) {
        return Ok(known);
    }
    let begun = Instant::now();
    let until = Until { commits: SUSPECTS_MAX, goes_on: &|| begun.elapsed() < SEARCH_MAX };
    let found = Arc::new(origins(&located.repository, located.commit.id, lines, &until)?);
    // What was given up for its time may be found another time.
    if begun.elapsed() < SEARCH_MAX {
        app.sources.searches.put(key, Arc::clone(&found));
    }
    Ok(found)
}

fn none(found: &[Origin<ObjectId>], too_new: usize, what: &str) -> Suspected {
    let has = |origin: &Origin<ObjectId>| found.contains(origin);
    let (state, reason) = if too_new > 0 {
        let commits = if too_new == 1 { "One commit".to_owned() } else { format!("{too_new} commits") };
        ("none_before", format!("{commits} touched lines of the stack, all after the {what}."))
    } else if has(&Origin::Cut) {
        let reason = "The lines are older than what the clone holds: it is shallow. `git fetch --unshallow` gets the rest.";
        ("shallow", reason.to_owned())
    } else {
        let reason =
            "The history is too long: the lines were not changed in the part of it that was looked at.";
        ("gave_up", reason.to_owned())
    };
    Suspected::None(state, reason)
}

fn doubt(first: &Suspect<ObjectId>, occurred: i64, what: &str) -> Option<String> {
    let age = occurred - first.seconds;
    (age > DOUBTFUL_SECONDS).then(|| {
        format!(
            "No line of the stack was changed in the {} before the {what}; the cause may be elsewhere.",
            duration(age)
        )
    })
}
