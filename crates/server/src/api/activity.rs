//! The timeline of an issue, and comments.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use reenact_issues::Cause;
use reenact_issues::lifecycle::{Activity, Actor, Ignore, State as IssueState};
use reenact_model::{IssueId, Timestamp};
use reenact_store::control::ActivityEntry;
use reenact_store::{IssueDetail, TimeRange};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ask;
use super::failure::Failure;
use super::issues::{Parameters, issue_id};
use super::parameters::{body, limit, read};
use super::views::ErrorBody;
use super::workflow::may_triage;
use super::workflow_views::{self as views, ActivityKind};
use crate::App;
use crate::access::Viewer;

/// Length of a comment, in bytes.
const COMMENT_BYTES_MAX: usize = 10_000;
/// The entry about the first event has no number: it comes from the event.
const FIRST_SEEN: &str = "first_seen";

/// How a page of a timeline is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActivityPaging {
    /// Where to go on, from `next_cursor`.
    cursor: Option<String>,
    /// 1 to 200, default 50.
    limit: Option<usize>,
}

/// What happened to an issue, the newest first.
#[utoipa::path(get, operation_id = "listActivity", path = "/issues/{id}/activity", tag = "workflow",
    params(("id" = String, Path), ActivityPaging),
    responses((status = 200, body = views::ActivityList), (status = 404, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    paging: Parameters<ActivityPaging>,
) -> Result<Json<views::ActivityList>, Failure> {
    let paging = read(paging)?;
    let (id, limit) = (issue_id(&id)?, limit(paging.limit)?);
    let before = match paging.cursor.filter(|cursor| !cursor.is_empty()) {
        None => None,
        Some(cursor) => Some(cursor.parse().map_err(|_| {
            Failure::bad("cursor_invalid", "the cursor does not belong to this query".to_owned())
        })?),
    };
    ask(&app, move |app| {
        let id = app.workflow.shown(id);
        let nothing = TimeRange { from: Timestamp::default(), to: Timestamp::default() };
        let issue = app.store.issue(id, nothing, 0)?.ok_or_else(|| Failure::not_found("issue"))?;
        let found = app.workflow.activity(id, before, limit)?;
        // After a full page there is at least the first event.
        let more = found.len() == limit;
        let next_cursor = found.last().filter(|_| more).map(|(_, entry)| entry.number.to_string());
        let of_own = |(own, entry): (IssueId, ActivityEntry)| views::ActivityEntry {
            of_issue_id: Some(own).filter(|own| *own != id).map(|own| own.to_string()),
            ..shown(entry, app.workflow.status(own).revision)
        };
        let mut entries: Vec<_> = found.into_iter().map(of_own).collect();
        if !more {
            entries.push(first_seen(issue));
        }
        Ok(Json(views::ActivityList { entries, next_cursor }))
    })
    .await
}

/// Writes a comment.
#[utoipa::path(post, operation_id = "addComment", path = "/issues/{id}/comments", tag = "workflow",
    params(("id" = String, Path)), request_body = views::CommentText,
    responses((status = 201, body = views::ActivityEntry), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn comment(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    comment: Result<Json<views::CommentText>, JsonRejection>,
) -> Result<(StatusCode, Json<views::ActivityEntry>), Failure> {
    may_triage(&viewer)?;
    let (id, text) = (issue_id(&id)?, body(comment)?.text);
    if text.trim().is_empty() || text.len() > COMMENT_BYTES_MAX {
        let message = format!("a comment has 1 to {COMMENT_BYTES_MAX} bytes");
        return Err(Failure::parameter("text", message));
    }
    ask(&app, move |app| {
        let written = app.workflow.comment(id, &viewer.name, text.clone())?;
        let entry = ActivityEntry {
            number: written.number,
            at: written.at,
            actor: Actor::Person(viewer.name),
            change: None,
            revision: None,
            undone: false,
            change_kept: false,
            activity: Activity::Comment { text },
        };
        Ok((StatusCode::CREATED, Json(shown(entry, 0))))
    })
    .await
}

/// Deletes a comment for good.
#[utoipa::path(delete, operation_id = "deleteComment", path = "/issues/{id}/comments/{entry_id}", tag = "workflow",
    params(("id" = String, Path), ("entry_id" = String, Path)),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn delete_comment(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path((id, entry)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    may_triage(&viewer)?;
    let id = issue_id(&id)?;
    let number: u64 = entry.parse().map_err(|_| Failure::not_found("comment"))?;
    let audit = viewer.does("comment.deleted", Some(entry), Some(format!("of issue {id}")));
    ask(&app, move |app| {
        app.workflow.delete_comment(id, number, &audit)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// An entry of an issue whose status has this revision.
fn shown(entry: ActivityEntry, revision: u64) -> views::ActivityEntry {
    let can_undo = entry.change_kept && !entry.undone && entry.revision == Some(revision);
    let view = views::ActivityEntry {
        id: entry.number.to_string(),
        at: entry.at.to_string(),
        actor: entry.actor.name().to_owned(),
        change_id: entry.change,
        undone: entry.undone,
        can_undo,
        ..views::ActivityEntry::default()
    };
    match entry.activity {
        Activity::State { from, to, scope, ignore, reason } => views::ActivityEntry {
            kind: ActivityKind::State,
            from: Some(from.into()),
            to: Some(to.into()),
            scope: scope.map(Into::into),
            ignore: ignore.map(|Ignore { until, events, users }| views::IgnoreTermsView {
                until: until.map(|until| until.to_string()),
                events,
                users,
            }),
            text: reason,
            ..view
        },
        Activity::Assigned { from, to } => views::ActivityEntry {
            kind: ActivityKind::Assigned,
            assignee_from: from,
            assignee_to: to,
            ..view
        },
        Activity::Cause { from, to } => {
            let name = |cause: Option<Cause>| cause.map(|cause| cause.as_str().to_owned());
            let (cause_from, cause_to) = (name(from), name(to));
            views::ActivityEntry { kind: ActivityKind::Cause, cause_from, cause_to, ..view }
        }
        Activity::Regression { regression } => views::ActivityEntry {
            kind: ActivityKind::Regression,
            from: Some(IssueState::Resolved.into()),
            to: Some(IssueState::ForReview.into()),
            version: regression.version,
            env: regression.env,
            event_id: regression.event_id.map(|id| id.to_string()),
            ..view
        },
        Activity::MergedInto { issue } => views::ActivityEntry {
            kind: ActivityKind::MergedInto,
            issue_ids: vec![issue.to_string()],
            ..view
        },
        Activity::Merged { issues } => {
            views::ActivityEntry { kind: ActivityKind::Merged, issue_ids: texts(&issues), ..view }
        }
        Activity::SplitFrom { issue } => {
            views::ActivityEntry { kind: ActivityKind::SplitFrom, issue_ids: vec![issue.to_string()], ..view }
        }
        Activity::Split { issues } => {
            views::ActivityEntry { kind: ActivityKind::Split, issue_ids: texts(&issues), ..view }
        }
        Activity::MovedIn { issue, events } => views::ActivityEntry {
            kind: ActivityKind::MovedIn,
            issue_ids: vec![issue.to_string()],
            events: Some(events),
            ..view
        },
        Activity::MovedOut { issues, events } => views::ActivityEntry {
            kind: ActivityKind::MovedOut,
            issue_ids: texts(&issues),
            events: Some(events),
            ..view
        },
        Activity::Comment { text } => {
            views::ActivityEntry { kind: ActivityKind::Comment, text: Some(text), ..view }
        }
    }
}

fn texts(issues: &[IssueId]) -> Vec<String> {
    issues.iter().map(ToString::to_string).collect()
}

fn first_seen(issue: IssueDetail) -> views::ActivityEntry {
    views::ActivityEntry {
        id: FIRST_SEEN.to_owned(),
        at: issue.row.first_seen.to_string(),
        actor: Actor::Automatic.name().to_owned(),
        kind: ActivityKind::FirstSeen,
        version: issue.first_version,
        ..views::ActivityEntry::default()
    }
}
