//! Saved views of the explorer: a query with a range, a tab, an order and facets, under a name that everybody sees.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use reenact_model::Timestamp;
use reenact_store::control::AuditEntry;
use reenact_store::query::{self, QUERY_BYTES_MAX, TAG_KEY};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::failure::Failure;
use super::issues::{Parameters, SORTS, groups_of};
use super::parameters::{Selection, body, read};
use super::views::ErrorBody;
use super::workflow::may_triage;
use super::{ask, new_id};
use crate::App;
use crate::access::Viewer;
use crate::app::now;
use crate::named::{self, Named};

/// Views that can be saved.
const VIEWS_MAX: usize = 200;
/// Length of the name of a view, in bytes.
const NAME_BYTES_MAX: usize = 100;
/// Ranges up to now that the pages know.
const RANGES: [&str; 8] = ["15m", "1h", "4h", "1d", "2d", "1w", "30d", "all"];

/// Facets of a view.
const FACETS_MAX: usize = 30;
/// Length of the key of a facet, in bytes.
const FACET_BYTES_MAX: usize = 201;

/// Which facets a view shows, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewFacets {
    /// Keys of the query language and `@` with the name of a tag, in the order in which they stand; 30 at most, each
    /// once. Those of the server when null.
    #[serde(default)]
    keys: Option<Vec<String>>,
    /// Those that are folded, each once.
    #[serde(default)]
    folded: Vec<String>,
    /// Whether the commonest tags stand below them.
    #[serde(default = "on")]
    tags: bool,
}

fn on() -> bool {
    true
}

/// A view to save.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewChange {
    /// 1 to 100 bytes, without control characters; no other view has it.
    name: String,
    /// The query; empty for everything.
    #[serde(default)]
    query: String,
    /// `15m`, `1h`, `4h`, `1d`, `2d`, `1w`, `30d`, `all`, or two RFC 3339 times with `/` between them, the earlier first;
    /// empty for the usual range of the pages.
    #[serde(default)]
    range: String,
    /// `for_review`, `reviewed`, `resolved`, `ignored`, or `all` (default).
    #[serde(default = "all")]
    tab: String,
    /// As `sort` of the list of issues; `last_seen` when absent.
    #[serde(default = "last_seen")]
    sort: String,
    /// The facets beside the list; those that each reader has chosen when null.
    #[serde(default)]
    facets: Option<ViewFacets>,
    /// The version that is changed; needed for a change, and not known for a new view.
    version: Option<u64>,
}

fn all() -> String {
    "all".to_owned()
}

fn last_seen() -> String {
    SORTS[0].to_owned()
}

/// A saved view.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SavedView {
    /// 16 hexadecimal digits.
    id: String,
    /// For people.
    name: String,
    /// The query.
    query: String,
    /// The range as the pages have it in their address.
    range: String,
    /// `for_review`, `reviewed`, `resolved`, `ignored` or `all`.
    tab: String,
    /// As `sort` of the list of issues.
    sort: String,
    /// The facets beside the list; those that each reader has chosen when null.
    #[serde(default)]
    facets: Option<ViewFacets>,
    /// Grows by one with each change; the first is 1.
    version: u64,
    /// When it was changed last.
    changed_at: String,
    /// Who did that.
    changed_by: String,
}

impl Named for SavedView {
    const DOCUMENT: &'static str = "views";
    const KIND: &'static str = "view";
    const COUNT_MAX: usize = VIEWS_MAX;

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> u64 {
        self.version
    }
}

/// The saved views, by name; 200 at most.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavedViews {
    /// The views.
    views: Vec<SavedView>,
}

/// Which version is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfVersion {
    /// The version that is deleted; any when absent.
    pub(super) version: Option<u64>,
}

/// The saved views, by name.
#[utoipa::path(get, operation_id = "listViews", path = "/views", tag = "explorer",
    responses((status = 200, body = SavedViews)))]
pub(crate) async fn list(State(app): State<Arc<App>>) -> Result<Json<SavedViews>, Failure> {
    let views = ask(&app, |app| Ok(named::load(app.policies.control())?.1));
    Ok(Json(SavedViews { views: views.await? }))
}

/// Saves a view.
#[utoipa::path(post, operation_id = "addView", path = "/views", tag = "explorer", request_body = ViewChange,
    responses((status = 201, body = SavedView), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub(crate) async fn add(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    change: Result<Json<ViewChange>, JsonRejection>,
) -> Result<(StatusCode, Json<SavedView>), Failure> {
    may_triage(&viewer)?;
    let change = body(change)?;
    if change.version.is_some() {
        return Err(Failure::parameter("version", "a new view has no version yet".to_owned()));
    }
    let audit = viewer.does("view.added", Some(new_id()?), None);
    let saved = ask(&app, move |app| {
        let checked = checked(app, change)?;
        Ok(named::add(app.policies.control(), audit, |audit, version| saved(&checked, audit, version))?)
    });
    Ok((StatusCode::CREATED, Json(saved.await?)))
}

/// Changes a view.
#[utoipa::path(put, operation_id = "putView", path = "/views/{id}", tag = "explorer", params(("id" = String, Path)),
    request_body = ViewChange,
    responses((status = 200, body = SavedView), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    change: Result<Json<ViewChange>, JsonRejection>,
) -> Result<Json<SavedView>, Failure> {
    may_triage(&viewer)?;
    let change = body(change)?;
    let Some(version) = change.version else {
        return Err(Failure::parameter("version", "give the version that is changed".to_owned()));
    };
    let audit = viewer.does("view.changed", Some(id), None);
    let put = ask(&app, move |app| {
        let checked = checked(app, change)?;
        let make = |audit: &AuditEntry, version| saved(&checked, audit, version);
        Ok(named::put(app.policies.control(), audit, version, make)?)
    });
    Ok(Json(put.await?))
}

/// Deletes a view.
#[utoipa::path(delete, operation_id = "deleteView", path = "/views/{id}", tag = "explorer",
    params(("id" = String, Path), OfVersion),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    version: Parameters<OfVersion>,
) -> Result<StatusCode, Failure> {
    may_triage(&viewer)?;
    let version = read(version)?.version;
    let audit = viewer.does("view.deleted", Some(id), None);
    ask(&app, move |app| Ok(named::remove::<SavedView>(app.policies.control(), audit, version)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether the pages can show such a range.
fn is_range(text: &str) -> bool {
    let time = |text: &str| Timestamp::parse_rfc3339(text).ok();
    let ends = text.split_once('/').and_then(|(from, to)| time(from).zip(time(to)));
    RANGES.contains(&text) || ends.is_some_and(|(from, to)| from < to)
}

/// Refuses what cannot be used.
fn checked(app: &App, change: ViewChange) -> Result<ViewChange, Failure> {
    let wrong = |field: &str, message: String| Err(Failure::parameter(field, message));
    let is_plain = |text: &str| !text.chars().any(char::is_control);
    let change = ViewChange { name: change.name.trim().to_owned(), ..change };
    if change.name.is_empty() || change.name.len() > NAME_BYTES_MAX || !is_plain(&change.name) {
        return wrong("name", format!("a name has 1 to {NAME_BYTES_MAX} bytes and no control characters"));
    }
    if !change.range.is_empty() && !is_range(&change.range) {
        let ranges = RANGES.map(|range| format!("`{range}`")).join(", ");
        let message = format!(
            "`range` is one of {ranges}, or two RFC 3339 times with `/` between them, the earlier first"
        );
        return wrong("range", message);
    }
    groups_of(Some(&change.tab)).map_err(|_| {
        let message = "`tab` is one of `for_review`, `reviewed`, `resolved`, `ignored`, `all`".to_owned();
        Failure::parameter("tab", message)
    })?;
    if !SORTS.contains(&change.sort.as_str()) {
        return wrong(
            "sort",
            format!("`sort` is one of {}", SORTS.map(|sort| format!("`{sort}`")).join(", ")),
        );
    }
    if change.query.len() > QUERY_BYTES_MAX {
        return wrong("query", format!("the query is longer than {QUERY_BYTES_MAX} bytes"));
    }
    let selection = Selection { query: Some(change.query.clone()), ..Selection::default() };
    selection.read(app, now())?;
    if let Some(facets) = &change.facets {
        check_facets(facets)?;
    }
    Ok(change)
}

fn check_facets(facets: &ViewFacets) -> Result<(), Failure> {
    let lists = [("keys", facets.keys.as_deref().unwrap_or_default()), ("folded", &facets.folded)];
    for (field, keys) in lists {
        if keys.len() > FACETS_MAX {
            let message = format!("a view has up to {FACETS_MAX} facets");
            return Err(Failure::parameter(&format!("facets.{field}"), message));
        }
        for (at, key) in keys.iter().enumerate() {
            let wrong = |message: String| Err(Failure::parameter(&format!("facets.{field}.{at}"), message));
            let is_tag = key.strip_prefix(TAG_KEY).is_some_and(|name| !name.is_empty());
            if key.len() > FACET_BYTES_MAX || !(is_tag || query::key(key).is_some()) {
                let message =
                    "a facet is a key of the query language, or `@` and the name of a tag of up to 200 bytes";
                return wrong(message.to_owned());
            }
            if keys[..at].contains(key) {
                return wrong("this facet is there already".to_owned());
            }
        }
    }
    Ok(())
}

fn saved(change: &ViewChange, audit: &AuditEntry, version: u64) -> SavedView {
    SavedView {
        id: audit.subject.clone().unwrap_or_default(),
        name: change.name.clone(),
        query: change.query.clone(),
        range: change.range.clone(),
        tab: change.tab.clone(),
        sort: change.sort.clone(),
        facets: change.facets.clone(),
        version,
        changed_at: audit.at.to_string(),
        changed_by: audit.actor.clone(),
    }
}
