//! The state of the server.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use reenact_intake::Source;
use reenact_model::Outcome;

use super::failure::Failure;
use super::{ask, openapi_json, views};
use crate::{App, metrics};

/// The state of the server: where clients send to, what is kept, what arrived.
#[utoipa::path(get, operation_id = "getStatus", path = "/status", tag = "system", responses((status = 200, body = views::Status)))]
pub(crate) async fn status(State(app): State<Arc<App>>) -> Result<Json<views::Status>, Failure> {
    let stats = ask(&app, |app| Ok(app.store.stats()?)).await?;
    let receipts = &app.receipts;
    Ok(Json(views::Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: app.started_at.to_string(),
        agent: views::AgentAddress {
            address: format!("http://{}", app.addresses.agent),
            socket: app.addresses.agent_socket.as_ref().map(|path| path.display().to_string()),
        },
        has_events: stats.events > 0,
        events_total: stats.events,
        snapshots_total: stats.snapshots,
        events_unindexed: stats.events_unindexed,
        disk_bytes: stats.disk_bytes,
        last_event_at: stats.last_event_at.map(|time| time.to_string()),
        intake: views::IntakeCounts {
            stored: receipts.total(Outcome::Stored),
            duplicate: receipts.total(Outcome::Duplicate),
            filtered: receipts.total(Outcome::Filtered),
            rate_limited: receipts.total(Outcome::RateLimited),
            too_large: receipts.total(Outcome::TooLarge),
            malformed: receipts.total(Outcome::Malformed),
            failed: receipts.total(Outcome::Failed),
            spans_received: receipts.spans_received.load(Ordering::Relaxed),
            snapshots_received: receipts.snapshots_received.load(Ordering::Relaxed),
            requests: receipts.requests.load(Ordering::Relaxed),
        },
    }))
}

/// What became of received items, by source.
#[utoipa::path(get, operation_id = "listOutcomes", path = "/outcomes", tag = "system", responses((status = 200, body = views::OutcomeList)))]
pub(crate) async fn outcomes(State(app): State<Arc<App>>) -> Json<views::OutcomeList> {
    let mut outcomes = Vec::new();
    for source in Source::ALL {
        for outcome in Outcome::ALL {
            let count = app.receipts.get(source, outcome);
            if count > 0 {
                let (source, outcome) = (source.as_str().to_owned(), outcome.as_str().to_owned());
                outcomes.push(views::OutcomeCount { source, outcome, count });
            }
        }
    }
    Json(views::OutcomeList { outcomes })
}

pub(crate) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], openapi_json()).into_response()
}

/// The process answers.
pub(crate) async fn health() -> &'static str {
    "ok\n"
}

/// The store answers too, and could keep what came last.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    if app.storing_fails.load(Ordering::Relaxed) {
        // Nobody sends anything to a server that is not ready: it finds out by itself.
        match ask(&app, |app| Ok(app.store.probe()?)).await {
            Ok(()) => app.storing_fails.store(false, Ordering::Relaxed),
            Err(_) => return not_ready("the last commit failed; the log says why\n"),
        }
    }
    match ask(&app, |app| Ok(app.store.stats()?)).await {
        Ok(_) => "ready\n".into_response(),
        Err(_) => not_ready("the store does not answer\n"),
    }
}

fn not_ready(text: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

/// Counters in the Prometheus text format.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    let stats = ask(&app, |app| Ok(app.store.stats()?)).await?;
    let text = metrics::render(&app.receipts, &stats);
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4"))], text)
        .into_response())
}
