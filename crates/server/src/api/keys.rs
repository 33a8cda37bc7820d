//! Keys of programs.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use reenact_store::control::AuditEntry;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::failure::Failure;
use super::parameters::body;
use super::views::ErrorBody;
use super::{ask, new_id};
use crate::App;
use crate::access::keys::{AccessKey, drawn, hash};
use crate::access::{Permissions, Viewer};
use crate::named;

/// Length of the name of a key, in bytes.
const NAME_BYTES_MAX: usize = 100;

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    /// 1 to 100 bytes, without control characters; no other key has it.
    name: String,
    /// Of `values`, `unmask`, `settings`, `triage`, those that the maker has; none to look at issues and events without
    /// their values.
    #[serde(default)]
    scopes: Vec<String>,
}

/// A key of a program.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Key {
    /// 16 hexadecimal digits.
    id: String,
    /// For people.
    name: String,
    /// Of `values`, `unmask`, `settings`, `triage`.
    scopes: Vec<String>,
    /// When it was made.
    added_at: String,
    /// Who did that.
    added_by: String,
}

/// A key that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MadeKey {
    /// What is kept of it.
    #[serde(flatten)]
    about: Key,
    /// The key: shown now, and never again.
    key: String,
}

/// The keys, by name; 200 at most.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyList {
    /// The keys.
    keys: Vec<Key>,
}

impl From<AccessKey> for Key {
    fn from(key: AccessKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            scopes: key.scopes,
            added_at: key.added_at,
            added_by: key.added_by,
        }
    }
}

fn may_change(viewer: &Viewer) -> Result<(), Failure> {
    if viewer.permissions.change_settings { Ok(()) } else { Err(Failure::forbidden("look after keys")) }
}

/// The keys of programs, without what is shown.
#[utoipa::path(get, operation_id = "listKeys", path = "/keys", tag = "access",
    responses((status = 200, body = KeyList), (status = 403, body = ErrorBody)))]
pub(crate) async fn list(State(app): State<Arc<App>>, viewer: Viewer) -> Result<Json<KeyList>, Failure> {
    may_change(&viewer)?;
    let keys = ask(&app, |app| Ok(named::load::<AccessKey>(app.policies.control())?.1)).await?;
    Ok(Json(KeyList { keys: keys.into_iter().map(Key::from).collect() }))
}

/// Makes a key. What it may do is at most what its maker may do.
#[utoipa::path(post, operation_id = "addKey", path = "/keys", tag = "access", request_body = NewKey,
    responses((status = 201, body = MadeKey), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub(crate) async fn add(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    wanted: Result<Json<NewKey>, JsonRejection>,
) -> Result<(StatusCode, Json<MadeKey>), Failure> {
    may_change(&viewer)?;
    let wanted = body(wanted)?;
    let name = wanted.name.trim().to_owned();
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        let message = format!("a name has 1 to {NAME_BYTES_MAX} bytes and no control characters");
        return Err(Failure::parameter("name", message));
    }
    let permissions = Permissions::of_names(&wanted.scopes).map_err(|_| {
        let known = Permissions::NAMES.map(|name| format!("`{name}`")).join(", ");
        Failure::parameter("scopes", format!("scopes are {known}"))
    })?;
    if !viewer.permissions.cover(permissions) {
        return Err(Failure::forbidden("give a key what you may not do yourself"));
    }
    let shown = drawn().ok_or_else(Failure::internal)?;
    let hash = hash(shown.as_bytes());
    let scopes = permissions.names();
    let may = (!scopes.is_empty()).then(|| format!("with the scopes {}", scopes.join(", ")));
    let audit = viewer.does("key.added", Some(new_id()?), may);
    let made = ask(&app, move |app| {
        let make = |audit: &AuditEntry, version| AccessKey {
            id: audit.subject.clone().unwrap_or_default(),
            name: name.clone(),
            scopes: scopes.clone(),
            hash: hash.clone(),
            version,
            added_at: audit.at.to_string(),
            added_by: audit.actor.clone(),
        };
        Ok(named::add(app.policies.control(), audit, make)?)
    });
    Ok((StatusCode::CREATED, Json(MadeKey { about: made.await?.into(), key: shown })))
}

/// Removes a key, which is worth nothing from then on.
#[utoipa::path(delete, operation_id = "deleteKey", path = "/keys/{id}", tag = "access", params(("id" = String, Path)),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    may_change(&viewer)?;
    let audit = viewer.does("key.removed", Some(id), None);
    ask(&app, move |app| Ok(named::remove::<AccessKey>(app.policies.control(), audit, None)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}
