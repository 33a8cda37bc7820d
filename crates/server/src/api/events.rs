//! One event, and its neighbours.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use reenact_model::{EventId, Placed};
use serde::Deserialize;
use utoipa::IntoParams;

use super::failure::Failure;
use super::issues::{Parameters, grouping};
use super::parameters::{Selection, read};
use super::{ask, present, views};
use crate::App;
use crate::access::Viewer;
use crate::app::now;

pub(super) fn event_id(text: &str) -> Result<EventId, Failure> {
    text.parse().map_err(|_| Failure::not_found("event"))
}

/// Why values are left out.
const MAY_NOT: &str = "you may not see captured values";
const NOT_ASKED_FOR: &str = "captured values were not asked for";

/// What of an event is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventParts {
    /// `false` leaves captured values out, so that nobody has looked at them; default `true`.
    values: Option<bool>,
}

/// One event, whole: its exceptions and frames with the values that have arrived.
#[utoipa::path(get, operation_id = "getEvent", path = "/events/{id}", tag = "events", params(("id" = String, Path), EventParts),
    responses((status = 200, body = views::Event), (status = 404, body = views::ErrorBody)))]
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    parts: Parameters<EventParts>,
) -> Result<Json<views::Event>, Failure> {
    let (id, parts) = (event_id(&id)?, read(parts)?);
    let audit = viewer.does("values.viewed", Some(id.to_string()), None);
    let found = ask(&app, move |app| {
        let placed = app.store.event(id)?.ok_or_else(|| Failure::not_found("event"))?;
        let snapshots = app.store.snapshots(&placed.report.snapshot_ids())?;
        let (grouping, shown) = (grouping(app, &placed), app.workflow.shown(placed.issue_id));
        let placed = Placed { issue_id: shown, ..placed };
        if !viewer.permissions.see_values {
            let event = present::event_without_values(placed, snapshots, now(), MAY_NOT);
            return Ok(views::Event { grouping, ..event });
        }
        if parts.values == Some(false) {
            let event = present::event_without_values(placed, snapshots, now(), NOT_ASKED_FOR);
            return Ok(views::Event { grouping, ..event });
        }
        if !snapshots.is_empty() {
            // Without an entry no values are shown.
            app.policies.control().audit(&audit)?;
        }
        Ok(views::Event { grouping, ..present::event(placed, snapshots, now()) })
    });
    Ok(Json(found.await?))
}

/// Where an event stands among the matching events of its issue.
#[utoipa::path(get, operation_id = "getNeighbours", path = "/events/{id}/neighbours", tag = "events", params(("id" = String, Path), Selection),
    responses((status = 200, body = views::Neighbours), (status = 404, body = views::ErrorBody)))]
pub(crate) async fn neighbours(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    selection: Result<Query<Selection>, QueryRejection>,
) -> Result<Json<views::Neighbours>, Failure> {
    let selection = read(selection)?;
    let id = event_id(&id)?;
    let now = now();
    let range = selection.range(now)?;
    let found = ask(&app, move |app| {
        let filter = selection.filter(app, &viewer, now)?;
        app.store.neighbours(id, &filter, range)?.ok_or_else(|| Failure::not_found("event"))
    });
    Ok(Json(present::neighbours(found.await?)))
}
