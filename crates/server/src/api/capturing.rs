//! What clients are told about capturing: switches, and requests for the values of the next event of an issue.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use reenact_model::{IssueId, Placed, Timestamp};
use reenact_store::TimeRange;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask;
use super::failure::Failure;
use super::issues::issue_id;
use super::parameters::body;
use super::redaction::may_change;
use super::views::ErrorBody;
use super::workflow::may_triage;
use crate::App;
use crate::access::Viewer;
use crate::app::now;
use crate::capturing::{CaptureSwitch, CurrentSwitches, Request};

/// A request for the values of the next event of an issue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaptureNext {
    /// When it was asked.
    asked_at: String,
    /// By whom.
    by: String,
    /// When it ends by itself; an event with values ends it before.
    expires_at: String,
}

impl From<Request> for CaptureNext {
    fn from(request: Request) -> Self {
        Self { asked_at: request.at.to_string(), by: request.by, expires_at: request.expires_at.to_string() }
    }
}

/// Asks for the values of the next event of an issue, whatever the limits of its client say. The client asks for news
/// every ten seconds or so; a request is kept for a day.
#[utoipa::path(put, operation_id = "captureNext", path = "/issues/{id}/capture-next", tag = "issues",
    params(("id" = String, Path)),
    responses((status = 200, body = CaptureNext), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<CaptureNext>, Failure> {
    may_triage(&viewer)?;
    let id = issue_id(&id)?;
    let audit = viewer.does("capture.asked", Some(id.to_string()), None);
    let request = ask(&app, move |app| {
        let (shown, event) = newest(app, id)?;
        let Some(request) = app.capturing.ask(shown, &event.report, &audit)? else {
            let message = "the client that sent the newest event of this issue cannot be asked; the package \
                           `reenact` can";
            return Err(Failure::new(StatusCode::CONFLICT, "client_unable", message.to_owned()));
        };
        Ok(request)
    });
    Ok(Json(request.await?.into()))
}

/// Takes the request back. One that is not there is no error.
#[utoipa::path(delete, operation_id = "cancelCaptureNext", path = "/issues/{id}/capture-next", tag = "issues",
    params(("id" = String, Path)),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    may_triage(&viewer)?;
    let id = issue_id(&id)?;
    let audit = viewer.does("capture.taken_back", Some(id.to_string()), None);
    ask(&app, move |app| Ok(app.capturing.take_back(app.workflow.shown(id), &audit)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether clients capture values.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaptureSwitches {
    /// Grows by one with each change; 0 when nothing was ever set.
    version: u64,
    /// In order: the first one that fits the service and the environment of a client decides; where none does, the client
    /// does as it is set itself.
    switches: Vec<CaptureSwitch>,
}

/// Other switches.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaptureSwitchesChange {
    /// The version that is changed.
    version: u64,
    /// All switches, in order; 500 at most, and one for each service and environment.
    switches: Vec<CaptureSwitch>,
}

impl From<CurrentSwitches> for CaptureSwitches {
    fn from(CurrentSwitches { version, switches }: CurrentSwitches) -> Self {
        Self { version, switches }
    }
}

/// Which clients capture values, and how often.
#[utoipa::path(get, operation_id = "getCaptures", path = "/captures", tag = "captures",
    responses((status = 200, body = CaptureSwitches)))]
pub(crate) async fn switches(State(app): State<Arc<App>>) -> Json<CaptureSwitches> {
    Json(app.capturing.switches.current().into())
}

/// Switches captures on and off by service and environment. Clients of ours know ten seconds later, ddtrace 4 five; what
/// is captured until then is kept. Where captures are off, events come without values, and say so.
#[utoipa::path(put, operation_id = "putCaptures", path = "/captures", tag = "captures",
    request_body = CaptureSwitchesChange,
    responses((status = 200, body = CaptureSwitches), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub(crate) async fn set_switches(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    change: Result<Json<CaptureSwitchesChange>, JsonRejection>,
) -> Result<Json<CaptureSwitches>, Failure> {
    may_change(&viewer)?;
    let CaptureSwitchesChange { version, switches } = body(change)?;
    let off = switches.iter().filter(|switch| !switch.enabled).count();
    let detail = format!("{} switches, {off} of them off", switches.len());
    let audit = viewer.does("captures.changed", None, Some(detail));
    ask(&app, move |app| Ok(Json(app.capturing.switches.set(version, switches, &audit)?.into()))).await
}

/// The open request of an issue.
pub(super) fn of_issue(app: &App, id: IssueId) -> Option<CaptureNext> {
    app.capturing.request(id, now()).map(Into::into)
}

/// The issue that is shown, and its newest event. Blocks.
fn newest(app: &App, id: IssueId) -> Result<(IssueId, Placed), Failure> {
    let nothing = TimeRange { from: Timestamp::default(), to: Timestamp::default() };
    let shown = app.workflow.shown(id);
    let detail = app.store.issue(shown, nothing, 0)?.ok_or_else(|| Failure::not_found("issue"))?;
    let event = detail.latest_event.map(|event| app.store.event(event)).transpose()?.flatten();
    Ok((shown, event.ok_or_else(|| Failure::not_found("event"))?))
}
