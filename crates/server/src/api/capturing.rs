//! Asking the clients for the values of the next event of an issue.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use reenact_model::{IssueId, Placed, Timestamp};
use reenact_store::TimeRange;
use serde::Serialize;
use utoipa::ToSchema;

use super::ask;
use super::failure::Failure;
use super::issues::issue_id;
use super::views::ErrorBody;
use super::workflow::may_triage;
use crate::App;
use crate::access::Viewer;
use crate::app::now;
use crate::capturing::Request;

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
/// every ten seconds or so; a request is kept for a day, and not over a restart of the server.
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
        let asked = app.capturing.ask(shown, &event.report, viewer.name, audit.at);
        let Some(request) = asked else {
            let message = "the client that sent the newest event of this issue cannot be asked; the package \
                           `reenact` can";
            return Err(Failure::new(StatusCode::CONFLICT, "client_unable", message.to_owned()));
        };
        app.policies.control().audit(&audit)?;
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
    ask(&app, move |app| {
        app.capturing.take_back(app.workflow.shown(id));
        Ok(app.policies.control().audit(&audit)?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
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
