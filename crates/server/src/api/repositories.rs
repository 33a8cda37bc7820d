//! The repositories that services are made from.
//!
//! All of them are one document, so that a change is atomic and its audit entry is in the same transaction.

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
use crate::source::{
    DOCUMENT, REPOSITORIES_MAX, Repositories, RepositoryChange, RepositorySetting, checked, load, opened,
    told, web_of,
};

/// Tries to change the document while others do.
const TRIES: usize = 10;

/// The repositories that are set up, by name, and how their clones stand.
#[utoipa::path(get, operation_id = "listRepositories", path = "/repositories", tag = "source",
    responses((status = 200, body = RepositoryList)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    viewer: Viewer,
) -> Result<Json<RepositoryList>, Failure> {
    let list = reading(&app, move |app| {
        let repositories = load(app.policies.control())?.1.repositories;
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
        let setting = changed(app, audit, |repositories, audit| {
            if repositories.len() >= REPOSITORIES_MAX {
                let message = format!("{REPOSITORIES_MAX} repositories are set up; delete one of them first");
                return Err(Failure::new(StatusCode::CONFLICT, "limit_reached", message));
            }
            let setting = setting(&checked, audit, 1);
            repositories.push(setting.clone());
            Ok(setting)
        })?;
        Ok(shown(app, &viewer, setting))
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
    let audit = viewer.does("repository.changed", Some(id.clone()), None);
    let put = reading(&app, move |app| {
        let checked = checked(change, &app.sources.roots).map_err(Failure::settings)?;
        let setting = changed(app, audit, |repositories, audit| {
            let place = place(repositories, &id, Some(version))?;
            repositories[place] = setting(&checked, audit, version + 1);
            Ok(repositories[place].clone())
        })?;
        Ok(shown(app, &viewer, setting))
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
    let audit = viewer.does("repository.deleted", Some(id.clone()), None);
    let removed = ask(&app, move |app| {
        changed(app, audit, |repositories, _| {
            let place = place(repositories, &id, version)?;
            Ok(repositories.remove(place))
        })
    });
    removed.await?;
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

/// Where a repository stands, if it still has the version.
fn place(repositories: &[RepositorySetting], id: &str, version: Option<u64>) -> Result<usize, Failure> {
    let place = repositories.iter().position(|known| known.id == id);
    let place = place.ok_or_else(|| Failure::not_found("repository"))?;
    if version.is_some_and(|version| version != repositories[place].version) {
        let message = "the repository was changed meanwhile; load it again".to_owned();
        return Err(Failure::new(StatusCode::CONFLICT, "conflict", message));
    }
    Ok(place)
}

/// Changes the repositories together with the audit log, which has the name. Blocks.
fn changed(
    app: &App,
    mut audit: AuditEntry,
    change: impl Fn(&mut Vec<RepositorySetting>, &AuditEntry) -> Result<RepositorySetting, Failure>,
) -> Result<RepositorySetting, Failure> {
    for _ in 0..TRIES {
        let (version, Repositories { mut repositories }) = load(app.policies.control())?;
        let setting = change(&mut repositories, &audit)?;
        if repositories.iter().filter(|other| other.name == setting.name).count() > 1 {
            let message = "there is a repository with this name".to_owned();
            return Err(Failure::new(StatusCode::CONFLICT, "name_taken", message));
        }
        repositories.sort_by(|a, b| (a.name.to_lowercase(), &a.name).cmp(&(b.name.to_lowercase(), &b.name)));
        audit.detail = Some(format!("the repository `{}`", setting.name));
        let body =
            serde_json::to_string(&Repositories { repositories }).expect("repositories are plain data");
        if app.policies.control().put_document(DOCUMENT, version, &body, Some(&audit))?.is_some() {
            return Ok(setting);
        }
    }
    Err(Failure::conflict())
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
