//! The repositories that services are made from.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use reenact_model::Timestamp;
use reenact_store::control::AuditEntry;

use super::failure::Failure;
use super::issues::Parameters;
use super::parameters::{body, read};
use super::redaction::may_change;
use super::saved::OfVersion;
use super::source::reading;
use super::source_views::{Repository, RepositoryHead, RepositoryList};
use super::views::ErrorBody;
use super::{ask, new_id};
use crate::App;
use crate::access::Viewer;
use crate::named;
use crate::source::{RepositoryChange, RepositorySetting, checked, load, opened, told, web_of};

/// The repositories that are set up, by name, and how their clones stand.
#[utoipa::path(get, operation_id = "listRepositories", path = "/repositories", tag = "source",
    responses((status = 200, body = RepositoryList)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    viewer: Viewer,
) -> Result<Json<RepositoryList>, Failure> {
    let list = reading(&app, move |app| {
        let repositories = load(app.policies.control())?.repositories;
        Ok(RepositoryList {
            repositories: repositories.into_iter().map(|setting| shown(app, &viewer, setting)).collect(),
        })
    });
    Ok(Json(list.await?))
}

/// Sets a repository up.
#[utoipa::path(post, operation_id = "addRepository", path = "/repositories", tag = "source",
    request_body = RepositoryChange,
    responses((status = 201, body = Repository), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub(crate) async fn add(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    change: Result<Json<RepositoryChange>, JsonRejection>,
) -> Result<(StatusCode, Json<Repository>), Failure> {
    may_change(&viewer)?;
    let change = body(change)?;
    if change.version.is_some() {
        return Err(Failure::parameter("version", "a new repository has no version yet".to_owned()));
    }
    let audit = viewer.does("repository.added", Some(new_id()?), None);
    let added = reading(&app, move |app| {
        let checked = checked(change, &app.sources.roots).map_err(Failure::settings)?;
        let make = |audit: &AuditEntry, version| setting(&checked, audit, version);
        Ok(shown(app, &viewer, named::add(app.policies.control(), audit, make)?))
    });
    Ok((StatusCode::CREATED, Json(added.await?)))
}

/// Changes a repository.
#[utoipa::path(put, operation_id = "putRepository", path = "/repositories/{id}", tag = "source",
    params(("id" = String, Path)), request_body = RepositoryChange,
    responses((status = 200, body = Repository), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    change: Result<Json<RepositoryChange>, JsonRejection>,
) -> Result<Json<Repository>, Failure> {
    may_change(&viewer)?;
    let change = body(change)?;
    let Some(version) = change.version else {
        return Err(Failure::parameter("version", "give the version that is changed".to_owned()));
    };
    let audit = viewer.does("repository.changed", Some(id), None);
    let put = reading(&app, move |app| {
        let checked = checked(change, &app.sources.roots).map_err(Failure::settings)?;
        let make = |audit: &AuditEntry, version| setting(&checked, audit, version);
        Ok(shown(app, &viewer, named::put(app.policies.control(), audit, version, make)?))
    });
    Ok(Json(put.await?))
}

/// Forgets a repository; its clone stays as it is.
#[utoipa::path(delete, operation_id = "deleteRepository", path = "/repositories/{id}", tag = "source",
    params(("id" = String, Path), OfVersion),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    version: Parameters<OfVersion>,
) -> Result<StatusCode, Failure> {
    may_change(&viewer)?;
    let version = read(version)?.version;
    let audit = viewer.does("repository.deleted", Some(id), None);
    ask(&app, move |app| Ok(named::remove::<RepositorySetting>(app.policies.control(), audit, version)?))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn setting(change: &RepositoryChange, audit: &AuditEntry, version: u64) -> RepositorySetting {
    RepositorySetting {
        id: audit.subject.clone().unwrap_or_default(),
        name: change.name.clone(),
        path: change.path.clone(),
        services: change.services.clone(),
        mappings: change.mappings.clone(),
        references: change.references.clone(),
        line_url: change.line_url.clone(),
        commit_url: change.commit_url.clone(),
        version,
        changed_at: audit.at.to_string(),
        changed_by: audit.actor.clone(),
    }
}

/// A repository as the API shows it. Blocks.
fn shown(app: &App, viewer: &Viewer, setting: RepositorySetting) -> Repository {
    let (head, problem, has_links) = match opened(&setting, &app.sources.roots) {
        Ok(clone) => {
            let has_links = web_of(&setting, &clone).is_some();
            match clone.head() {
                Ok(head) => (Some(head), None, has_links),
                Err(error) => (None, Some(told(&error)), has_links),
            }
        }
        Err(problem) => (None, Some(problem), false),
    };
    let may_change = viewer.permissions.change_settings;
    let problem =
        problem.map(|problem| if may_change { problem } else { "the clone cannot be read".to_owned() });
    Repository {
        id: setting.id,
        name: setting.name,
        path: may_change.then_some(setting.path),
        services: setting.services,
        mappings: setting.mappings,
        references: setting.references,
        line_url: setting.line_url,
        commit_url: setting.commit_url,
        version: setting.version,
        changed_at: setting.changed_at,
        changed_by: setting.changed_by,
        head: head.map(|head| RepositoryHead {
            branch: head.branch,
            commit: head.commit.id.to_string(),
            subject: head.commit.subject,
            author: head.commit.author,
            at: Timestamp::from_millis(head.commit.seconds.saturating_mul(1_000)).to_string(),
            is_shallow: head.is_shallow,
        }),
        problem,
        has_links,
    }
}
