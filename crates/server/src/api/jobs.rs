//! Jobs: redacting again what is stored, and grouping it again.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use reenact_model::{IssueId, Timestamp};

use super::failure::Failure;
use super::parameters::{body, time};
use super::redaction::{may_change, names, rule_name};
use super::settings_views as views;
use super::{ask, new_id};
use crate::App;
use crate::access::Viewer;
use crate::app::now;
use crate::arrival::arrival_filter;
use crate::jobs::{Job, Kind, Regroup, State as JobState};
use crate::policy::RuleKey;

/// Redacts again what is stored, with the rules in force.
#[utoipa::path(post, operation_id = "startScrub", path = "/scrub", tag = "redaction", request_body = views::ScrubRequest,
    responses((status = 202, body = views::Job), (status = 400, body = super::views::ErrorBody),
        (status = 403, body = super::views::ErrorBody)))]
pub(crate) async fn scrub(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    request: Result<Json<views::ScrubRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<views::Job>), Failure> {
    may_change(&viewer)?;
    let request = body(request)?;
    let (from, to) = job_range(request.from.as_deref(), request.to.as_deref())?;
    let id = new_id()?;
    let audit = viewer.does("scrub.started", Some(id.clone()), None);
    let job = ask(&app, move |app| {
        let job = app.jobs.scrub(id, from, to, &audit)?;
        Ok(shown(job, &names(&app.policies.current())))
    });
    Ok((StatusCode::ACCEPTED, Json(job.await?)))
}

/// From when to when a job works: all that is stored, also with times to come, unless asked otherwise.
fn job_range(from: Option<&str>, to: Option<&str>) -> Result<(Option<Timestamp>, Timestamp), Failure> {
    let now = now();
    let from = time(from, now, "from")?;
    let to = time(to, now, "to")?.unwrap_or(Timestamp::from_nanos(i64::MAX));
    if from.is_some_and(|from| from >= to) {
        return Err(Failure::bad("time_invalid", "`from` must be before `to`".to_owned()));
    }
    Ok((from, to))
}

/// Issues that one job names.
const ISSUES_MAX: usize = 200;

/// Moves stored events to the issues that the grouping rules in force give them. `POST /grouping/preview` with `stored`
/// says what that would do.
#[utoipa::path(post, operation_id = "startRegroup", path = "/grouping/apply", tag = "grouping",
    request_body = views::RegroupRequest,
    responses((status = 202, body = views::Job), (status = 400, body = super::views::ErrorBody),
        (status = 403, body = super::views::ErrorBody)))]
pub(crate) async fn regroup(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    request: Result<Json<views::RegroupRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<views::Job>), Failure> {
    may_change(&viewer)?;
    let request = body(request)?;
    let (from, to) = job_range(request.from.as_deref(), request.to.as_deref())?;
    let query = request.query.unwrap_or_default();
    arrival_filter(&query).map_err(|error| Failure::query(&error))?;
    if request.issues.len() > ISSUES_MAX {
        return Err(Failure::parameter("issues", format!("`issues` names up to {ISSUES_MAX} issues")));
    }
    let issues = request.issues.iter().enumerate().map(|(at, id)| {
        let wrong = |_| Failure::parameter(&format!("issues.{at}"), "this is no id of an issue".to_owned());
        id.parse().map_err(wrong)
    });
    let issues: Vec<IssueId> = issues.collect::<Result<_, _>>()?;
    let id = new_id()?;
    let audit = viewer.does("grouping.applied", Some(id.clone()), Some(about(&issues, &query)));
    let job = ask(&app, move |app| {
        let job = app.jobs.regroup(id, Regroup { issues, query, from, to }, &audit)?;
        Ok(shown(job, &names(&app.policies.current())))
    });
    Ok((StatusCode::ACCEPTED, Json(job.await?)))
}

/// Which events are meant, for the audit log.
fn about(issues: &[IssueId], query: &str) -> String {
    let events = if query.is_empty() { "events".to_owned() } else { format!("events of `{query}`") };
    match issues {
        [] => events,
        [issue] => format!("{events} in issue {issue}"),
        many => format!("{events} in {} issues", many.len()),
    }
}

/// Jobs, the newest first.
#[utoipa::path(get, operation_id = "listJobs", path = "/jobs", tag = "redaction",
    responses((status = 200, body = views::JobList)))]
pub(crate) async fn list(State(app): State<Arc<App>>) -> Result<Json<views::JobList>, Failure> {
    ask(&app, |app| {
        let names = names(&app.policies.current());
        let jobs = app.jobs.all()?.into_iter().map(|job| shown(job, &names)).collect();
        Ok(Json(views::JobList { jobs }))
    })
    .await
}

/// One job.
#[utoipa::path(get, operation_id = "getJob", path = "/jobs/{id}", tag = "redaction", params(("id" = String, Path)),
    responses((status = 200, body = views::Job), (status = 404, body = super::views::ErrorBody)))]
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<views::Job>, Failure> {
    ask(&app, move |app| {
        let job = app.jobs.one(&id)?.ok_or_else(|| Failure::not_found("job"))?;
        Ok(Json(shown(job, &names(&app.policies.current()))))
    })
    .await
}

/// Ends a job; what it changed stays changed.
#[utoipa::path(post, operation_id = "cancelJob", path = "/jobs/{id}/cancel", tag = "redaction", params(("id" = String, Path)),
    responses((status = 200, body = views::Job), (status = 403, body = super::views::ErrorBody),
        (status = 404, body = super::views::ErrorBody)))]
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<views::Job>, Failure> {
    may_change(&viewer)?;
    let mut audit = viewer.does("scrub.cancelled", Some(id.clone()), None);
    ask(&app, move |app| {
        if app.jobs.one(&id)?.is_some_and(|job| job.kind == Kind::Regroup) {
            audit.action = "grouping.apply_cancelled".to_owned();
        }
        let job = app.jobs.cancel(&id, &audit)?.ok_or_else(|| Failure::not_found("job"))?;
        Ok(Json(shown(job, &names(&app.policies.current()))))
    })
    .await
}

fn shown(job: Job, names: &BTreeMap<String, String>) -> views::Job {
    let text = |nanos: i64| Timestamp::from_nanos(nanos).to_string();
    let mut hits: Vec<views::RuleCount> = job
        .hits
        .iter()
        .filter_map(|(rule, count)| {
            Some(views::RuleCount { rule: rule_name(&RuleKey::parse(rule)?, names), count: *count })
        })
        .collect();
    hits.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.rule.cmp(&b.rule)));
    views::Job {
        id: job.id,
        kind: match job.kind {
            Kind::Scrub => views::JobKind::Scrub,
            Kind::Regroup => views::JobKind::Regroup,
        },
        issues: job.issues,
        query: job.query,
        state: match job.state {
            JobState::Running => views::JobState::Running,
            JobState::Done => views::JobState::Done,
            JobState::Cancelled => views::JobState::Cancelled,
            JobState::Failed => views::JobState::Failed,
        },
        from: job.from.map(text),
        to: (job.to != i64::MAX).then(|| text(job.to)),
        requested_by: job.requested_by,
        created_at: text(job.created_at),
        finished_at: job.finished_at.map(text),
        done: job.done,
        total: job.total,
        changed: job.changed,
        hits,
        error: job.error,
    }
}
