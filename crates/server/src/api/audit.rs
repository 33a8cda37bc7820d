//! Who may do what, who did what, and taking masks off.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use reenact_redact::scanner::unmask;
use reenact_store::control::AuditQuery;

use super::ask;
use super::failure::Failure;
use super::parameters::{body, limit, read};
use super::settings_views as views;
use crate::App;
use crate::access::Viewer;

/// Who asks, and what they may do.
#[utoipa::path(get, operation_id = "getMe", path = "/me", tag = "access", responses((status = 200, body = views::Me)))]
pub(crate) async fn me(viewer: Viewer) -> Json<views::Me> {
    Json(views::Me {
        name: viewer.name,
        may_see_values: viewer.permissions.see_values,
        may_unmask: viewer.permissions.unmask,
        may_change_settings: viewer.permissions.change_settings,
        may_triage: viewer.permissions.triage,
    })
}

/// What was done, the newest first.
#[utoipa::path(get, operation_id = "listAudit", path = "/audit", tag = "access", params(views::AuditSelection),
    responses((status = 200, body = views::AuditLog), (status = 403, body = super::views::ErrorBody)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    selection: Result<Query<views::AuditSelection>, QueryRejection>,
) -> Result<Json<views::AuditLog>, Failure> {
    if !viewer.permissions.change_settings {
        return Err(Failure::forbidden("read the audit log"));
    }
    let selection = read(selection)?;
    let limit = limit(selection.limit)?;
    let before = match selection.cursor.filter(|cursor| !cursor.is_empty()) {
        None => None,
        Some(cursor) => Some(cursor.parse().map_err(|_| {
            Failure::bad("cursor_invalid", "the cursor does not belong to this query".to_owned())
        })?),
    };
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let query = AuditQuery {
        action: some(selection.action),
        subject: some(selection.subject),
        before,
        limit: limit + 1,
    };
    ask(&app, move |app| {
        let mut found = app.policies.control().audit_log(&query)?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| more).map(|(number, _)| number.to_string());
        let entries = found
            .into_iter()
            .map(|(_, entry)| views::AuditEntry {
                at: entry.at.to_string(),
                actor: entry.actor,
                address: entry.address,
                action: entry.action,
                subject: entry.subject,
                detail: entry.detail,
            })
            .collect();
        Ok(Json(views::AuditLog { entries, next_cursor }))
    })
    .await
}

/// Takes the masks of a text off.
#[utoipa::path(post, operation_id = "unmask", path = "/unmask", tag = "access", request_body = views::UnmaskRequest,
    responses((status = 200, body = views::Unmasked), (status = 400, body = super::views::ErrorBody),
        (status = 403, body = super::views::ErrorBody)))]
pub(crate) async fn unmasked(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    request: Result<Json<views::UnmaskRequest>, JsonRejection>,
) -> Result<Json<views::Unmasked>, Failure> {
    if !viewer.permissions.unmask {
        return Err(Failure::forbidden("take masks off"));
    }
    let request = body(request)?;
    let audit = viewer.does("values.unmasked", Some(request.event_id), None);
    ask(&app, move |app| {
        let text = unmask(&request.text, app.policies.keys().mask())
            .map_err(|error| Failure::bad("mask_invalid", error.to_string()))?;
        // Without an entry nothing is shown.
        app.policies.control().audit(&audit)?;
        Ok(Json(views::Unmasked { text }))
    })
    .await
}
