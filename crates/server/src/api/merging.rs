//! Issues shown as one, and taken apart again.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use reenact_model::IssueId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask;
use super::failure::Failure;
use super::issues::issue_id;
use super::parameters::body;
use super::views::{Culprit, ErrorBody};
use super::workflow::may_triage;
use crate::App;
use crate::access::Viewer;
use crate::workflow::{AskedMerge, MEMBERS_MAX};

/// Issues to show as one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeRequest {
    /// 2 to 200 issues, or 1 with `into`.
    issues: Vec<String>,
    /// The one that keeps its id, its state and its assignee; when absent the one with the most events ever, of
    /// several the one that was first seen first.
    #[serde(default)]
    into: Option<String>,
}

/// What became of a merge.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MergeResult {
    /// The change, to undo it; null when they were one issue already.
    change_id: Option<String>,
    /// The issue that has all events now.
    into: String,
    /// The issues that are shown as it from now on.
    merged: Vec<String>,
}

/// Which issues are to be shown as themselves again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitRequest {
    /// 1 to 199 of the issue's members, not itself.
    members: Vec<String>,
}

/// What became of a split.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SplitResult {
    /// The change, to undo it.
    change_id: String,
    /// The issue that had their events.
    from: String,
    /// The issues that are shown as themselves again.
    split: Vec<String>,
}

/// What an issue is made of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberList {
    /// The issue's own events first, then the issues that were merged into it.
    members: Vec<IssueMember>,
}

/// Events that were one issue by themselves; counts are those of ever.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssueMember {
    /// The issue that they were, and are again when they are split off.
    id: String,
    /// The service.
    service: String,
    /// Type of the exception, of the newest event.
    #[serde(rename = "type")]
    type_name: String,
    /// Message of the newest event.
    message: String,
    /// Where to look first.
    culprit: Option<Culprit>,
    /// What the events have in common; null when the newest one is no longer kept.
    fingerprint: Option<String>,
    /// Events ever.
    count: u64,
    /// The first event ever.
    first_seen: String,
    /// The newest event ever.
    last_seen: String,
    /// The newest event; null when it is no longer kept.
    latest_event_id: Option<String>,
    /// When it was merged; null for the issue itself.
    merged_at: Option<String>,
    /// Who merged it; null for the issue itself.
    merged_by: Option<String>,
}

/// Shows issues as one: with all their events, past and future, under the id of one of them.
#[utoipa::path(post, operation_id = "mergeIssues", path = "/issues/merge", tag = "workflow",
    request_body = MergeRequest,
    responses((status = 200, body = MergeResult), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn merge(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    request: Result<Json<MergeRequest>, JsonRejection>,
) -> Result<Json<MergeResult>, Failure> {
    may_triage(&viewer)?;
    let MergeRequest { issues, into } = body(request)?;
    let issues = ids(&issues, "issues")?;
    let into = match into.as_deref() {
        Some(into) => Some(id(into, "into")?),
        None => None,
    };
    if issues.iter().chain(&into).collect::<std::collections::BTreeSet<_>>().len() < 2 {
        return Err(Failure::parameter("issues", "name two issues at least".to_owned()));
    }
    let names: Vec<String> = issues.iter().map(ToString::to_string).collect();
    let audit = viewer.does("issues.merged", into.map(|id| id.to_string()), Some(names.join(", ")));
    ask(&app, move |app| {
        let asked = AskedMerge { issues, into, actor: viewer.name, audit };
        let merged = app.workflow.merge(&asked)?;
        Ok(Json(MergeResult {
            change_id: merged.change_id,
            into: merged.into.to_string(),
            merged: merged.merged.iter().map(ToString::to_string).collect(),
        }))
    })
    .await
}

/// Shows issues that were merged into this one as themselves again, with the state that each had.
#[utoipa::path(post, operation_id = "splitIssue", path = "/issues/{id}/split", tag = "workflow",
    params(("id" = String, Path)), request_body = SplitRequest,
    responses((status = 200, body = SplitResult), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub(crate) async fn split(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(of): Path<String>,
    request: Result<Json<SplitRequest>, JsonRejection>,
) -> Result<Json<SplitResult>, Failure> {
    may_triage(&viewer)?;
    let of = issue_id(&of)?;
    let members = ids(&body(request)?.members, "members")?;
    let names: Vec<String> = members.iter().map(ToString::to_string).collect();
    let audit = viewer.does("issue.split", Some(of.to_string()), Some(names.join(", ")));
    ask(&app, move |app| {
        let from = app.workflow.shown(of);
        let change_id = app.workflow.split(from, &members, &viewer.name, &audit)?;
        Ok(Json(SplitResult { change_id, from: from.to_string(), split: names }))
    })
    .await
}

/// What an issue is made of: its own events and the issues that were merged into it; 200 at most.
#[utoipa::path(get, operation_id = "listMembers", path = "/issues/{id}/members", tag = "issues",
    params(("id" = String, Path)),
    responses((status = 200, body = MemberList), (status = 404, body = ErrorBody)))]
pub(crate) async fn members(
    State(app): State<Arc<App>>,
    Path(of): Path<String>,
) -> Result<Json<MemberList>, Failure> {
    let of = issue_id(&of)?;
    ask(&app, move |app| {
        let found = app.workflow.members(of)?;
        if found.is_empty() {
            return Err(Failure::not_found("issue"));
        }
        let mut members = Vec::with_capacity(found.len());
        for member in found {
            let own = member.own;
            let newest = app.store.event(own.newest)?;
            members.push(IssueMember {
                id: own.id.to_string(),
                service: own.service,
                type_name: own.type_name,
                message: own.message,
                culprit: own.culprit.map(|frame| Culprit {
                    function: frame.function,
                    file: frame.file,
                    line_number: frame.line_number,
                }),
                fingerprint: newest.as_ref().map(|event| event.grouping.fingerprint.clone()),
                count: own.count,
                first_seen: own.first_seen.to_string(),
                last_seen: own.last_seen.to_string(),
                latest_event_id: newest.map(|event| event.report.id.to_string()),
                merged_at: member.merged.as_ref().map(|merged| merged.at.to_string()),
                merged_by: member.merged.map(|merged| merged.actor.name().to_owned()),
            });
        }
        Ok(Json(MemberList { members }))
    })
    .await
}

fn ids(texts: &[String], field: &str) -> Result<Vec<IssueId>, Failure> {
    if !(1..=MEMBERS_MAX).contains(&texts.len()) {
        return Err(Failure::parameter(field, format!("`{field}` names 1 to {MEMBERS_MAX} issues")));
    }
    texts.iter().enumerate().map(|(at, text)| id(text, &format!("{field}.{at}"))).collect()
}

fn id(text: &str, field: &str) -> Result<IssueId, Failure> {
    text.parse().map_err(|_| Failure::parameter(field, "this is no id of an issue".to_owned()))
}
