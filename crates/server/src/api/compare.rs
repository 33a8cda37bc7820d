//! Two events side by side.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use reenact_model::{EventId, Placed, Snapshot};
use reenact_replay::compare::{self, Side};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ask;
use super::compare_views as views;
use super::events::event_id;
use super::failure::Failure;
use super::parameters::read;
use super::views::ErrorBody;
use crate::App;
use crate::access::Viewer;

/// What an event is compared with.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct With {
    /// The other event, which is called the right one; 32 hexadecimal digits.
    with: Option<String>,
}

/// Compares an event, called the left one, with another one.
#[utoipa::path(get, operation_id = "compareEvents", path = "/events/{id}/compare", tag = "events",
    params(("id" = String, Path), With),
    responses((status = 200, body = views::Comparison), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    with: Result<Query<With>, QueryRejection>,
) -> Result<Json<views::Comparison>, Failure> {
    let Some(with) = read(with)?.with.filter(|with| !with.is_empty()) else {
        return Err(Failure::parameter("with", "give the other event as `with`".to_owned()));
    };
    let left = event_id(&id)?;
    let right: EventId = with.parse().map_err(|_| missing("with", &with))?;
    let compared = ask(&app, move |app| {
        let (left, left_snapshots) = found(app, left)?.ok_or_else(|| missing("id", &left.to_string()))?;
        let (right, right_snapshots) =
            found(app, right)?.ok_or_else(|| missing("with", &right.to_string()))?;
        let mut sides = [(left, left_snapshots), (right, right_snapshots)];
        let has_values = |side: &(Placed, Vec<Snapshot>)| !side.1.is_empty();
        let hidden = !viewer.permissions.see_values && sides.iter().any(has_values);
        for (event, snapshots) in &mut sides {
            if hidden {
                snapshots.clear();
            } else if !snapshots.is_empty() {
                // Without an entry no values are shown.
                let detail = "compared with another event".to_owned();
                let audit = viewer.does("values.viewed", Some(event.report.id.to_string()), Some(detail));
                app.policies.control().audit(&audit)?;
            }
        }
        let side = |side: &'_ (Placed, Vec<Snapshot>)| views::CompareSide::of(&side.0);
        let views = (side(&sides[0]), side(&sides[1]));
        let [left, right] = &sides;
        let comparison = compare::compare(
            Side { report: &left.0.report, snapshots: &left.1 },
            Side { report: &right.0.report, snapshots: &right.1 },
        );
        Ok(views::Comparison::of(views.0, views.1, comparison, hidden))
    });
    Ok(Json(compared.await?))
}

/// An event with its snapshots. Blocks.
fn found(app: &App, id: EventId) -> Result<Option<(Placed, Vec<Snapshot>)>, Failure> {
    let Some(mut placed) = app.store.event(id)? else { return Ok(None) };
    placed.issue_id = app.workflow.shown(placed.issue_id);
    let snapshots = app.store.snapshots(&placed.report.snapshot_ids())?;
    Ok(Some((placed, snapshots)))
}

fn missing(field: &str, id: &str) -> Failure {
    let shown: String = id.chars().take(40).collect();
    Failure::missing(field, format!("there is no event `{shown}`; it may be older than what is kept"))
}
