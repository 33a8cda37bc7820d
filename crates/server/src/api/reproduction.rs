//! A test that raises an event's exception again.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use reenact_replay::reproduce::{self, Options, Unreproducible};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ask;
use super::events::event_id;
use super::failure::Failure;
use super::issues::Parameters;
use super::parameters::read;
use super::reproduction_views as views;
use super::views::ErrorBody;
use crate::App;
use crate::access::Viewer;

/// Which test is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// The frame that is to be called, from 0, over the frames of the exception that escaped; the best one when absent.
    frame: Option<usize>,
    /// The folder on the machine of the event that modules are imported from: `/srv/shop`. Told from the paths when
    /// absent.
    root: Option<String>,
}

/// A test that raises the event's exception again: one file of Python, which calls a function of the application with
/// the captured values. Nothing is run here; read the file before you run it.
///
/// Answers 409 with `no_values` where no values of the event are there, and with `not_reproducible` where no function
/// can be called with them.
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
    let (id, wanted) = (event_id(&id)?, read(wanted)?);
    if !viewer.permissions.see_values {
        return Err(Failure::forbidden("see captured values, which a test is made of"));
    }
    let detail = "made a test of them".to_owned();
    let audit = viewer.does("values.viewed", Some(id.to_string()), Some(detail));
    let made = ask(&app, move |app| {
        let placed = app.store.event(id)?.ok_or_else(|| Failure::not_found("event"))?;
        let snapshots = app.store.snapshots(&placed.report.snapshot_ids())?;
        let root = wanted.root.as_deref().filter(|root| !root.is_empty());
        let options = Options { frame: wanted.frame, root };
        let made = reproduce::reproduction(&placed.report, &snapshots, options).map_err(refused)?;
        // Without an entry no values are shown.
        app.policies.control().audit(&audit)?;
        Ok(views::Reproduction::from(made))
    });
    Ok(Json(made.await?))
}

fn refused(error: Unreproducible) -> Failure {
    let message = error.to_string();
    match error {
        Unreproducible::NoSuchFrame(_) => Failure::parameter("frame", message),
        Unreproducible::NoValues => Failure::new(StatusCode::CONFLICT, "no_values", message),
        Unreproducible::NoFrame(_) => Failure::new(StatusCode::CONFLICT, "not_reproducible", message),
    }
}
