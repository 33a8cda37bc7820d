//! A test that raises an event's exception again.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use reenact_model::{Placed, Snapshot};
use reenact_replay::reproduce::{self, Options, SourceFile, Unreproducible};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::ask;
use super::events::event_id;
use super::failure::Failure;
use super::issues::Parameters;
use super::parameters::{body, read};
use super::reproduction_views as views;
use super::views::ErrorBody;
use crate::App;
use crate::access::Viewer;
use crate::source::located;

/// Which test is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// The frame that is to be called, from 0, over the frames of the exception that escaped; the best one when absent.
    frame: Option<usize>,
    /// How: `call` or `statement`; the better way when absent.
    mode: Option<views::ReproductionMode>,
    /// The folder on the machine of the event that modules are imported from: `/srv/shop`. Told from the paths when
    /// absent.
    root: Option<String>,
}

/// Which test is asked for, with source that the caller has.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReproductionRequest {
    /// The frame that is to be called, from 0, over the frames of the exception that escaped; the best one when absent.
    #[serde(default)]
    frame: Option<usize>,
    /// How; the better way when absent.
    #[serde(default)]
    mode: Option<views::ReproductionMode>,
    /// The folder on the machine of the event that modules are imported from: `/srv/shop`. Told from the paths when
    /// absent.
    #[serde(default)]
    root: Option<String>,
    /// Several such folders, 16 at most, behind `root`; a file belongs to the first that it is below.
    #[serde(default)]
    roots: Vec<String>,
    /// Files of the application: what changes arguments, which class a method is of, and where a statement ends is told
    /// from them. 16 at most; those that are not as the client had them are not looked at. Nothing of them is kept.
    #[serde(default)]
    sources: Vec<SourceText>,
    /// Names with their modules that cannot be imported, 200 at most: `sqlalchemy.event.base.ConnectionEventsDispatch`.
    /// Classes of these names are looked for among those that are loaded.
    #[serde(default)]
    not_importable: Vec<String>,
}

/// A file of the application.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceText {
    /// Its path on the machine of the event: `/srv/shop/orders/cart.py`.
    file: String,
    /// Its whole text.
    text: String,
}

/// Files that may be given.
const SOURCES_MAX: usize = 16;
/// Folders that may be given.
const ROOTS_MAX: usize = 16;
/// Names that may be given as those that cannot be imported.
const NOT_IMPORTABLE_MAX: usize = 200;

/// A test that raises the event's exception again: one file of Python, which calls a function of the application with
/// the captured values, or runs the statement alone that raised. Nothing is run here; read the file before you run it.
///
/// Answers 409 with `no_values` where no values of the event are there, and with `not_reproducible` where no function
/// can be called with them, and no statement run.
#[utoipa::path(get, operation_id = "getReproduction", path = "/events/{id}/reproduction", tag = "events",
    params(("id" = String, Path), Wanted),
    responses((status = 200, body = views::Reproduction), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn of_event(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    wanted: Parameters<Wanted>,
) -> Result<Json<views::Reproduction>, Failure> {
    let wanted = read(wanted)?;
    let request = ReproductionRequest {
        frame: wanted.frame,
        mode: wanted.mode,
        root: wanted.root,
        roots: Vec::new(),
        sources: Vec::new(),
        not_importable: Vec::new(),
    };
    made(&app, &viewer, &id, request).await
}

/// As the call with `GET`, of an application whose source is given: more is known then. Nothing is changed.
#[utoipa::path(post, operation_id = "makeReproduction", path = "/events/{id}/reproduction", tag = "events",
    params(("id" = String, Path)), request_body = ReproductionRequest,
    responses((status = 200, body = views::Reproduction), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 415, body = ErrorBody)))]
pub(crate) async fn with_sources(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    request: Result<Json<ReproductionRequest>, JsonRejection>,
) -> Result<Json<views::Reproduction>, Failure> {
    let request = body(request)?;
    if request.sources.len() > SOURCES_MAX {
        return Err(Failure::parameter("sources", format!("more than {SOURCES_MAX} files")));
    }
    if request.roots.len() > ROOTS_MAX {
        return Err(Failure::parameter("roots", format!("more than {ROOTS_MAX} folders")));
    }
    if request.not_importable.len() > NOT_IMPORTABLE_MAX {
        return Err(Failure::parameter("not_importable", format!("more than {NOT_IMPORTABLE_MAX} names")));
    }
    made(&app, &viewer, &id, request).await
}

async fn made(
    app: &Arc<App>,
    viewer: &Viewer,
    id: &str,
    request: ReproductionRequest,
) -> Result<Json<views::Reproduction>, Failure> {
    let id = event_id(id)?;
    if !viewer.permissions.see_values {
        return Err(Failure::forbidden("see captured values, which a test is made of"));
    }
    let detail = "made a test of them".to_owned();
    let audit = viewer.does("values.viewed", Some(id.to_string()), Some(detail));
    let made = ask(app, move |app| {
        let placed = app.store.event(id)?.ok_or_else(|| Failure::not_found("event"))?;
        let snapshots = app.store.snapshots(&placed.report.snapshot_ids())?;
        let roots = request.root.iter().chain(&request.roots).map(String::as_str);
        let roots: Vec<&str> = roots.filter(|root| !root.is_empty()).collect();
        let of_repository = of_repository(app, &placed)?;
        let all = request.sources.iter().chain(&of_repository);
        let sources: Vec<SourceFile<'_>> =
            all.filter(|source| is_what_ran(source, &snapshots)).map(as_file).collect();
        let mode = request.mode.map(reproduce::Mode::from);
        let not_importable: Vec<&str> = request.not_importable.iter().map(String::as_str).collect();
        let options = Options {
            frame: request.frame,
            mode,
            roots: &roots,
            sources: &sources,
            not_importable: &not_importable,
        };
        let made = reproduce::reproduction(&placed.report, &snapshots, options).map_err(refused)?;
        // Without an entry no values are shown.
        app.policies.control().audit(&audit)?;
        Ok(views::Reproduction::from(made))
    });
    Ok(Json(made.await?))
}

/// Files of the frames in the service's repository, if the event names the commit that ran.
fn of_repository(app: &App, placed: &Placed) -> Result<Vec<SourceText>, Failure> {
    let located = located(app, placed)?.ok().filter(|located| located.commit.by.is_exact());
    let last = located.as_ref().and_then(|located| located.exceptions.last()).map_or(&[][..], Vec::as_slice);
    let frames = placed.report.exception().map_or(&[][..], |exception| &exception.frames);
    let mut sources: Vec<SourceText> = Vec::new();
    for (frame, located) in frames.iter().zip(last).rev() {
        let Some(text) = &located.text else { continue };
        if sources.len() < SOURCES_MAX && sources.iter().all(|source| source.file != frame.file) {
            sources.push(SourceText { file: frame.file.clone(), text: text.to_string() });
        }
    }
    Ok(sources)
}

fn as_file(source: &SourceText) -> SourceFile<'_> {
    SourceFile { file: &source.file, text: &source.text }
}

/// Whether no client said that the file was another one.
fn is_what_ran(source: &SourceText, snapshots: &[Snapshot]) -> bool {
    let of_file = snapshots.iter().filter(|snapshot| snapshot.file == source.file);
    let hashes = of_file.filter_map(|snapshot| Some(&snapshot.details.as_ref()?.source.as_ref()?.file_hash));
    let mut hashes = hashes.filter(|hash| !hash.is_empty()).peekable();
    if hashes.peek().is_none() {
        return true;
    }
    let hash = blake3::hash(source.text.as_bytes()).to_hex();
    hashes.all(|known| hash.starts_with(known.as_str()))
}

fn refused(error: Unreproducible) -> Failure {
    let message = error.to_string();
    match error {
        Unreproducible::NoSuchFrame(_) => Failure::parameter("frame", message),
        Unreproducible::NoValues => Failure::new(StatusCode::CONFLICT, "no_values", message),
        Unreproducible::NoFrame(_) => Failure::new(StatusCode::CONFLICT, "not_reproducible", message),
    }
}
