//! The HTTP API under `/api/v1`, and the pages.

mod activity;
mod audit;
mod capturing;
mod compare;
mod compare_views;
mod correlation_views;
mod correlations;
mod events;
mod facets;
pub(crate) mod failure;
mod grouping;
mod grouping_views;
mod host;
mod issues;
mod jobs;
mod keys;
mod merging;
mod origin;
mod parameters;
mod pins;
pub(crate) mod present;
mod redaction;
mod repositories;
mod reproduction;
mod reproduction_views;
mod saved;
mod scanner;
mod settings_views;
mod share;
mod similar;
mod source;
mod source_views;
mod stream;
mod system;
mod value_facets;
mod versions;
pub(crate) mod views;
mod volume;
mod volume_preview;
mod workflow;
mod workflow_views;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{any, delete, get, post, put};
use utoipa::OpenApi;

use crate::App;
use crate::{access, mcp, ui};
use failure::Failure;

/// The description of the API.
#[derive(OpenApi)]
#[openapi(
    info(title = "Reenact", description = "Errors of Python services, with the values of their variables."),
    servers((url = "/api/v1", description = "This server")),
    paths(
        system::status,
        system::outcomes,
        issues::list,
        issues::one,
        issues::events,
        issues::histogram,
        facets::list,
        facets::facet_values,
        facets::keys,
        versions::list,
        saved::list,
        saved::add,
        saved::put,
        saved::remove,
        workflow::change,
        workflow::bulk,
        workflow::undo,
        merging::merge,
        merging::split,
        merging::members,
        similar::list,
        grouping::get,
        grouping::put,
        grouping::try_out,
        volume::status,
        volume::get,
        volume::put,
        volume_preview::try_out,
        workflow::assignees,
        activity::list,
        activity::comment,
        activity::delete_comment,
        events::one,
        events::neighbours,
        compare::events,
        reproduction::of_event,
        share::as_curl,
        share::as_markdown,
        share::as_bundle,
        reproduction::with_sources,
        correlations::one,
        capturing::switches,
        capturing::set_switches,
        capturing::put,
        capturing::delete,
        pins::list,
        pins::add,
        pins::remove,
        source::of_event,
        source::of_issue,
        repositories::list,
        repositories::add,
        repositories::put,
        repositories::remove,
        stream::stream,
        redaction::get,
        redaction::put,
        redaction::hits,
        redaction::trial,
        scanner::list,
        scanner::add_group,
        scanner::put_group,
        scanner::delete_group,
        scanner::add_rule,
        scanner::put_rule,
        scanner::delete_rule,
        jobs::scrub,
        jobs::regroup,
        jobs::list,
        jobs::one,
        jobs::cancel,
        audit::me,
        audit::list,
        audit::unmasked,
        keys::list,
        keys::add,
        keys::remove,
    )
)]
struct Description;

/// The OpenAPI document of the API, as indented JSON.
pub fn openapi_json() -> String {
    Description::openapi().to_pretty_json().expect("the document is plain data")
}

impl App {
    /// The API, the pages, and what operators ask for.
    pub fn router(self: &Arc<Self>) -> Router {
        let api = Router::new()
            .route("/status", get(system::status))
            .route("/outcomes", get(system::outcomes))
            .route("/issues", get(issues::list))
            .route("/issues/{id}", get(issues::one).patch(workflow::change))
            .route("/issues/bulk", post(workflow::bulk))
            .route("/issues/merge", post(merging::merge))
            .route("/issues/{id}/split", post(merging::split))
            .route("/issues/{id}/members", get(merging::members))
            .route("/issues/{id}/similar", get(similar::list))
            .route("/grouping/rules", get(grouping::get).put(grouping::put))
            .route("/grouping/preview", post(grouping::try_out))
            .route("/grouping/apply", post(jobs::regroup))
            .route("/volume", get(volume::status))
            .route("/volume/rules", get(volume::get).put(volume::put))
            .route("/volume/preview", post(volume_preview::try_out))
            .route("/captures", get(capturing::switches).put(capturing::set_switches))
            .route("/issues/{id}/activity", get(activity::list))
            .route("/issues/{id}/comments", post(activity::comment))
            .route("/issues/{id}/comments/{entry_id}", delete(activity::delete_comment))
            .route("/changes/{id}/undo", post(workflow::undo))
            .route("/assignees", get(workflow::assignees))
            .route("/issues/{id}/events", get(issues::events))
            .route("/issues/{id}/correlations", get(correlations::one))
            .route("/issues/{id}/capture-next", put(capturing::put).delete(capturing::delete))
            .route("/issues/{id}/pins", get(pins::list).post(pins::add).delete(pins::remove))
            .route("/histogram", get(issues::histogram))
            .route("/facets", get(facets::list))
            .route("/facets/{key}/values", get(facets::facet_values))
            .route("/query/keys", get(facets::keys))
            .route("/versions", get(versions::list))
            .route("/views", get(saved::list).post(saved::add))
            .route("/views/{id}", put(saved::put).delete(saved::remove))
            .route("/events/{id}", get(events::one))
            .route("/events/{id}/neighbours", get(events::neighbours))
            .route("/events/{id}/compare", get(compare::events))
            .route("/events/{id}/reproduction", get(reproduction::of_event).post(reproduction::with_sources))
            .route("/events/{id}/curl", get(share::as_curl))
            .route("/events/{id}/markdown", get(share::as_markdown))
            .route("/events/{id}/bundle", get(share::as_bundle))
            .route("/events/{id}/source", get(source::of_event))
            .route("/issues/{id}/source", get(source::of_issue))
            .route("/repositories", get(repositories::list).post(repositories::add))
            .route("/repositories/{id}", put(repositories::put).delete(repositories::remove))
            .route("/stream", get(stream::stream))
            .route("/redaction", get(redaction::get).put(redaction::put))
            .route("/redaction/hits", get(redaction::hits))
            .route("/redaction/try", post(redaction::trial))
            .route("/scanner/groups", get(scanner::list).post(scanner::add_group))
            .route("/scanner/groups/{id}", put(scanner::put_group).delete(scanner::delete_group))
            .route("/scanner/groups/{id}/rules", post(scanner::add_rule))
            .route("/scanner/rules/{id}", put(scanner::put_rule).delete(scanner::delete_rule))
            .route("/scrub", post(jobs::scrub))
            .route("/jobs", get(jobs::list))
            .route("/jobs/{id}", get(jobs::one))
            .route("/jobs/{id}/cancel", post(jobs::cancel))
            .route("/me", get(audit::me))
            .route("/audit", get(audit::list))
            .route("/unmask", post(audit::unmasked))
            .route("/keys", get(keys::list).post(keys::add))
            .route("/keys/{id}", delete(keys::remove))
            .route("/openapi.json", get(system::openapi))
            .fallback(|| async { Failure::not_found("address; `/api/v1/openapi.json` lists them") })
            .method_not_allowed_fallback(|| async { Failure::method_not_allowed() });
        let identified = || middleware::from_fn_with_state(Arc::clone(self), access::identify);
        let api = Router::new().nest("/api/v1", api.layer(identified()));
        let tools = mcp::Endpoint::new(api.clone().with_state(Arc::clone(self)));
        let tools = any(move |viewer, request| mcp::serve(tools.clone(), viewer, request));
        api.route("/mcp", tools.layer(identified()))
            .route("/healthz", get(system::health))
            .route("/health", get(system::health))
            .route("/livez", get(system::health))
            .route("/health/live", get(system::health))
            .route("/readyz", get(system::ready))
            .route("/ready", get(system::ready))
            .route("/health/ready", get(system::ready))
            .route("/health/{*other}", get(|| async { Failure::not_found("address") }))
            .route(
                "/api/{*other}",
                get(|| async { Failure::not_found("address; `/api/v1/openapi.json` lists them") }),
            )
            .route("/metrics", get(system::metrics))
            .fallback(get(ui::serve).fallback(|| async { Failure::method_not_allowed() }))
            .method_not_allowed_fallback(|| async { Failure::method_not_allowed() })
            .layer(DefaultBodyLimit::max(parameters::BODY_BYTES_MAX))
            .layer(middleware::from_fn(origin::check))
            .layer(middleware::from_fn_with_state(Arc::clone(self), host::check))
            .layer(middleware::from_fn(secure))
            .with_state(Arc::clone(self))
    }
}

/// Headers that every answer has: what is captured is hostile text, and stays in its page.
async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let status = response.status();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, ui::CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if status == StatusCode::METHOD_NOT_ALLOWED && !headers.contains_key(header::ALLOW) {
        // The pages are read only.
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Runs a call of the store off the async threads.
async fn ask<T: Send + 'static>(
    app: &Arc<App>,
    call: impl FnOnce(&App) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let app = Arc::clone(app);
    tokio::task::spawn_blocking(move || call(&app)).await.unwrap_or_else(|_| Err(Failure::internal()))
}

/// A new id: 16 hexadecimal digits.
fn new_id() -> Result<String, Failure> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system gives no random numbers");
        Failure::internal()
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
