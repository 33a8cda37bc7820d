//! Changing where issues stand.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use reenact_issues::Cause;
use reenact_issues::lifecycle::{ASSIGNEE_BYTES_MAX, Ignore, Request, Set};
use reenact_model::{IssueId, Timestamp};
use reenact_store::Filter;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ask;
use super::failure::Failure;
use super::issues::{Parameters, groups_of, in_groups, issue_id, shown};
use super::parameters::{Selection, body, read};
use super::views::ErrorBody;
use super::workflow_views as views;
use crate::App;
use crate::access::Viewer;
use crate::app::now;
use crate::workflow::{Asked, IDS_MAX, MATCHING_MAX, Selected};

/// Events after which ignoring may end, at most.
const IGNORE_EVENTS_MAX: u64 = 1_000_000_000;
/// Users after which ignoring may end, at most: they are remembered one by one.
const IGNORE_USERS_MAX: u64 = 100_000;
/// Names of assignees in one answer.
const ASSIGNEES_SHOWN: usize = 50;

pub(super) fn may_triage(viewer: &Viewer) -> Result<(), Failure> {
    if viewer.permissions.triage { Ok(()) } else { Err(Failure::forbidden("change the state of issues")) }
}

/// Changes the state, the assignee or the suspected cause of an issue. A change that changes nothing is no error.
#[utoipa::path(patch, operation_id = "changeIssue", path = "/issues/{id}", tag = "workflow",
    params(("id" = String, Path), Selection), request_body = views::IssueChange,
    responses((status = 200, body = views::ChangeResult), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    selection: Parameters<Selection>,
    change: Result<Json<views::IssueChange>, JsonRejection>,
) -> Result<Json<views::ChangeResult>, Failure> {
    may_triage(&viewer)?;
    let now = now();
    let (range, change) = (read(selection)?.range(now)?, body(change)?);
    let id = issue_id(&id)?;
    let revision = change.revision;
    let audit = viewer.does("issue.changed", Some(id.to_string()), Some(detail(&change)));
    let asked = Asked { request: request(change, "", now)?, actor: viewer.name, audit };
    ask(&app, move |app| {
        let changed = app.workflow.change(&Selected::One(id, revision), &asked)?;
        Ok(Json(views::ChangeResult { change_id: changed.change_id, issue: shown(app, id, range, now)? }))
    })
    .await
}

/// Changes many issues alike: those that are named, or all that match.
#[utoipa::path(post, operation_id = "changeIssues", path = "/issues/bulk", tag = "workflow",
    request_body = views::BulkChange,
    responses((status = 200, body = views::BulkResult), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn bulk(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    bulk: Result<Json<views::BulkChange>, JsonRejection>,
) -> Result<Json<views::BulkResult>, Failure> {
    may_triage(&viewer)?;
    let now = now();
    let views::BulkChange { ids, query, from, to, state, change } = body(bulk)?;
    if change.revision.is_some() {
        let message = "a change of many issues has no `revision`".to_owned();
        return Err(Failure::parameter("change.revision", message));
    }
    let matching = query.is_some() || from.is_some() || to.is_some() || state.is_some();
    if ids.is_some() == matching {
        return Err(Failure::bad("parameter_invalid", "give either `ids` or `query`".to_owned()));
    }
    let what = detail(&change);
    let request = request(change, "change.", now)?;
    let ids = ids.map(issue_ids).transpose()?;
    let groups = groups_of(state.as_deref())?;
    let selection = Selection { query, from, to };
    let range = selection.range(now)?;
    ask(&app, move |app| {
        let ids = match ids {
            Some(ids) => ids,
            None => {
                let filter = in_groups(app, selection.filter(app, &viewer, now)?, groups);
                let found = app.store.issue_ids(&filter, range)?;
                at_most(found, &filter)?
            }
        };
        let audit = viewer.does("issues.changed", None, Some(format!("{} issues: {what}", ids.len())));
        let asked = Asked { request, actor: viewer.name, audit };
        let changed = app.workflow.change(&Selected::Many(ids), &asked)?;
        Ok(Json(views::BulkResult {
            change_id: changed.change_id,
            changed: changed.changed,
            unchanged: changed.unchanged,
            missing: changed.missing,
        }))
    })
    .await
}

fn at_most(found: Vec<IssueId>, filter: &Filter) -> Result<Vec<IssueId>, Failure> {
    if found.len() <= MATCHING_MAX {
        return Ok(found);
    }
    tracing::debug!(issues = found.len(), ?filter, "refused a change of too many issues");
    let message = format!("{} issues match; at most {MATCHING_MAX} are changed at a time", found.len());
    Err(Failure::parameter("query", message))
}

fn issue_ids(ids: Vec<String>) -> Result<Vec<IssueId>, Failure> {
    if !(1..=IDS_MAX).contains(&ids.len()) {
        return Err(Failure::parameter("ids", format!("`ids` names 1 to {IDS_MAX} issues")));
    }
    let parse = |(at, id): (usize, String)| {
        let wrong = |_| Failure::parameter(&format!("ids.{at}"), "this is no id of an issue".to_owned());
        id.parse().map_err(wrong)
    };
    ids.into_iter().enumerate().map(parse).collect()
}

/// Takes a change back, for those of its issues that were not changed since.
#[utoipa::path(post, operation_id = "undoChange", path = "/changes/{id}/undo", tag = "workflow", params(("id" = String, Path)),
    responses((status = 200, body = views::UndoResult), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn undo(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<views::UndoResult>, Failure> {
    may_triage(&viewer)?;
    let audit = viewer.does("change.undone", Some(id.clone()), None);
    ask(&app, move |app| {
        let undone = app.workflow.undo(&id, &viewer.name, &audit)?;
        Ok(Json(views::UndoResult {
            change_id: undone.change_id,
            undone: undone.undone,
            skipped: undone.skipped,
        }))
    })
    .await
}

/// How names are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AssigneeSelection {
    /// Only names that begin so, whatever the case of their letters.
    prefix: Option<String>,
}

/// Names that issues were assigned to, and the viewer's own; 50 at most.
#[utoipa::path(get, operation_id = "listAssignees", path = "/assignees", tag = "workflow", params(AssigneeSelection),
    responses((status = 200, body = views::AssigneeList)))]
pub(crate) async fn assignees(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    selection: Parameters<AssigneeSelection>,
) -> Result<Json<views::AssigneeList>, Failure> {
    let prefix = read(selection)?.prefix.unwrap_or_default().to_lowercase();
    ask(&app, move |app| {
        let mut names = app.workflow.assignees()?;
        if !names.iter().any(|(name, _)| *name == viewer.name) {
            names.push((viewer.name, 0));
        }
        names.retain(|(name, _)| name.to_lowercase().starts_with(&prefix));
        names.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        names.truncate(ASSIGNEES_SHOWN);
        let assignees = names.into_iter().map(|(name, issues)| views::Assignee { name, issues }).collect();
        Ok(Json(views::AssigneeList { assignees }))
    })
    .await
}

/// What is asked for, in words for the audit log.
fn detail(change: &views::IssueChange) -> String {
    let mut words = Vec::new();
    if let Some(state) = &change.state {
        words.push(format!("state {}", serde_json::to_value(state).unwrap_or_default()));
    }
    match &change.assignee {
        Some(Some(name)) => words.push(format!("assignee \"{name}\"")),
        Some(None) => words.push("no assignee".to_owned()),
        None => {}
    }
    match &change.cause {
        Some(Some(cause)) => words.push(format!("cause \"{cause}\"")),
        Some(None) => words.push("cause of its events".to_owned()),
        None => {}
    }
    words.join(", ")
}

/// Checks what is asked for; `start` is where it stands in what was sent.
fn request(change: views::IssueChange, start: &str, now: Timestamp) -> Result<Request, Failure> {
    let wrong =
        |field: &str, message: &str| Failure::parameter(&format!("{start}{field}"), message.to_owned());
    let views::IssueChange { state, scope, ignore, assignee, cause, .. } = change;
    if state.is_none() && assignee.is_none() && cause.is_none() {
        return Err(wrong("state", "give `state`, `assignee` or `cause`"));
    }
    if scope.is_some() && state != Some(views::IssueState::Resolved) {
        return Err(wrong("scope", "`scope` belongs to the state `resolved`"));
    }
    if ignore.is_some() && state != Some(views::IssueState::Ignored) {
        return Err(wrong("ignore", "`ignore` belongs to the state `ignored`"));
    }
    let set = match state {
        None => None,
        Some(views::IssueState::ForReview) => Some(Set::ForReview),
        Some(views::IssueState::Reviewed) => Some(Set::Reviewed),
        Some(views::IssueState::Resolved) => Some(Set::Resolved(scope.map(Into::into).unwrap_or_default())),
        Some(views::IssueState::Ignored) => {
            Some(Set::Ignored(terms(ignore.unwrap_or_default(), start, now)?))
        }
        Some(views::IssueState::Excluded) => Some(Set::Excluded),
    };
    let assignee = match assignee {
        Some(Some(name)) => {
            let name = name.trim();
            if name.is_empty() || name.len() > ASSIGNEE_BYTES_MAX || name.chars().any(char::is_control) {
                let message = format!("a name has 1 to {ASSIGNEE_BYTES_MAX} bytes and no control characters");
                return Err(wrong("assignee", &message));
            }
            Some(Some(name.to_owned()))
        }
        other => other,
    };
    let cause = match cause {
        Some(Some(name)) => {
            let known = Cause::of_name(&name).ok_or_else(|| {
                let names = Cause::ALL.map(|cause| format!("`{}`", cause.as_str()));
                wrong("cause", &format!("a cause is one of {}, or null", names.join(", ")))
            })?;
            Some(Some(known))
        }
        Some(None) => Some(None),
        None => None,
    };
    Ok(Request { set, assignee, cause })
}

fn terms(terms: views::IgnoreTerms, start: &str, now: Timestamp) -> Result<Ignore, Failure> {
    let wrong = |field: &str, message: String| Failure::parameter(&format!("{start}ignore.{field}"), message);
    let until = match terms.until.as_deref().map(Timestamp::parse_rfc3339) {
        Some(Ok(until)) if until > now => Some(until),
        Some(Ok(_)) => return Err(wrong("until", "`until` is in the past".to_owned())),
        Some(Err(error)) => return Err(wrong("until", format!("`until` is {error}"))),
        None => None,
    };
    for (field, given, most) in
        [("events", terms.events, IGNORE_EVENTS_MAX), ("users", terms.users, IGNORE_USERS_MAX)]
    {
        if given.is_some_and(|given| !(1..=most).contains(&given)) {
            return Err(wrong(field, format!("`{field}` is from 1 to {most}")));
        }
    }
    Ok(Ignore { until, events: terms.events, users: terms.users })
}
