//! An event to take along: as a command of curl, as Markdown, as a file that shows itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use reenact_model::{EventId, Placed, Snapshot};
use reenact_replay::share::{Markdown, curl, markdown};
use serde::Serialize;
use utoipa::ToSchema;

use super::ask;
use super::events::event_id;
use super::failure::Failure;
use super::views::ErrorBody;
use crate::App;
use crate::access::Viewer;
use crate::app::now;
use crate::share::bundle;

/// An event as a text to take along.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Shared {
    /// A name for a file of it: `event-0123456789abcdef.html`.
    file_name: String,
    /// `text/x-shellscript`, `text/markdown` or `text/html`.
    media_type: String,
    /// The text.
    text: String,
    /// What it lacks, in sentences.
    missing: Vec<String>,
}

impl Shared {
    fn new(id: EventId, extension: &str, media_type: &str, text: String, missing: Vec<String>) -> Self {
        let id = id.to_string();
        let file_name = format!("event-{}.{extension}", &id[..16]);
        Self { file_name, media_type: media_type.to_owned(), text, missing }
    }
}

/// The web request of an event as a command of curl: method, address and headers as they were captured, with `REDACTED`
/// where a rule removed something, quoted for a POSIX shell.
///
/// Answers 409 with `no_request` where no request was captured.
#[utoipa::path(get, operation_id = "getCurl", path = "/events/{id}/curl", tag = "events", params(("id" = String, Path)),
    responses((status = 200, body = Shared), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn as_curl(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Shared>, Failure> {
    let id = event_id(&id)?;
    let made = ask(&app, move |app| {
        let placed = app.store.event(id)?.ok_or_else(|| Failure::not_found("event"))?;
        let made = curl(&placed.report)
            .map_err(|error| Failure::new(StatusCode::CONFLICT, "no_request", error.to_string()))?;
        Ok(Shared::new(id, "sh", "text/x-shellscript", made.text, made.missing))
    });
    Ok(Json(made.await?))
}

/// An event as Markdown: the title of its issue, the stack, and the values of the deepest frame, which are left out for
/// whoever may not see them. Captured text stands in code blocks and spans that it cannot close.
#[utoipa::path(get, operation_id = "getMarkdown", path = "/events/{id}/markdown", tag = "events", params(("id" = String, Path)),
    responses((status = 200, body = Shared), (status = 404, body = ErrorBody)))]
pub(crate) async fn as_markdown(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<Shared>, Failure> {
    let id = event_id(&id)?;
    let made = ask(&app, move |app| {
        let (placed, snapshots, missing) = found(app, &viewer, id, "shared as Markdown")?;
        let of = Markdown { report: &placed.report, snapshots: &snapshots, title: &title(&placed) };
        Ok(Shared::new(id, "md", "text/markdown", markdown(of), missing))
    });
    Ok(Json(made.await?))
}

/// An event as one file of HTML that shows itself without a server and loads nothing: the exceptions, the JSON of the API
/// and the test, after strict redaction. Of captured values numbers, booleans and the shape are left; messages, addresses,
/// tags, users and hosts are not.
#[utoipa::path(get, operation_id = "getBundle", path = "/events/{id}/bundle", tag = "events", params(("id" = String, Path)),
    responses((status = 200, body = Shared), (status = 404, body = ErrorBody)))]
pub(crate) async fn as_bundle(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<Shared>, Failure> {
    let id = event_id(&id)?;
    let made = ask(&app, move |app| {
        let (placed, snapshots, mut missing) = found(app, &viewer, id, "shared as a file")?;
        let made = bundle(&app.policies.policy(), placed, snapshots, now()).ok_or_else(Failure::internal)?;
        missing.extend(made.missing);
        Ok(Shared::new(id, "html", "text/html", made.html, missing))
    });
    Ok(Json(made.await?))
}

/// An event with its snapshots, which are noted, and left out for whoever may not see values. Blocks.
fn found(
    app: &App,
    viewer: &Viewer,
    id: EventId,
    what: &str,
) -> Result<(Placed, Vec<Snapshot>, Vec<String>), Failure> {
    let placed = app.store.event(id)?.ok_or_else(|| Failure::not_found("event"))?;
    let placed = Placed { issue_id: app.workflow.shown(placed.issue_id), ..placed };
    let snapshots = app.store.snapshots(&placed.report.snapshot_ids())?;
    if snapshots.is_empty() {
        return Ok((placed, snapshots, Vec::new()));
    }
    if !viewer.permissions.see_values {
        let missing = "You may not see captured values; they are left out.".to_owned();
        return Ok((placed, Vec::new(), vec![missing]));
    }
    // Without an entry no values are shown.
    app.policies.control().audit(&viewer.does(
        "values.viewed",
        Some(id.to_string()),
        Some(what.to_owned()),
    ))?;
    Ok((placed, snapshots, Vec::new()))
}

/// What the issue of an event is called: `KeyError in charge`.
fn title(placed: &Placed) -> String {
    let type_name = placed.report.exceptions.last().map_or("Error", |exception| &exception.type_name);
    let type_name = type_name.strip_prefix("builtins.").unwrap_or(type_name);
    match placed.report.culprit() {
        Some(frame) => format!("{type_name} in {}", frame.function),
        None => type_name.to_owned(),
    }
}
