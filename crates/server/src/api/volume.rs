//! What is not kept of what arrives: rules, limits, and counts of both.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use reenact_issues::volume::NEW_ISSUES_PER_MINUTE;
use reenact_model::IssueId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ask;
use super::failure::Failure;
use super::issues::Parameters;
use super::parameters::{Selection, body, read};
use super::redaction::may_change;
use super::views::ErrorBody;
use crate::App;
use crate::access::Viewer;
use crate::app::now;
use crate::arrival::InForce;
use crate::volume::{Limited, NotKept, VolumeRule, hour_of, start_of};

/// Issues that are listed.
const ISSUES_MAX: usize = 20;
/// Length of a range, in hours: 400 days.
const HOURS_MAX: i64 = 400 * 24;

/// The volume rules.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VolumeRules {
    /// Grows by one with each change; 0 when there never were rules.
    version: u64,
    /// In order: the first enabled one whose query matches decides; what none decides about is kept.
    rules: Vec<VolumeRule>,
}

/// Other rules.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VolumeChange {
    /// The version that is changed.
    version: u64,
    /// All rules, in order; 50 at most.
    rules: Vec<VolumeRule>,
}

/// Which time.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct VolumeSelection {
    /// Start of the range: RFC 3339 or `now-1d`; a day before `to` when absent.
    from: Option<String>,
    /// End of the range; now when absent.
    to: Option<String>,
}

/// The limits in force, and what was not kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VolumeStatus {
    /// From the configuration.
    limits: VolumeLimitsView,
    /// Start of the range, on the hour.
    from: String,
    /// End of the range, on the hour.
    to: String,
    /// Events that rules decided not to keep.
    filtered: u64,
    /// Events that were over a limit.
    rate_limited: u64,
    /// The rules that decided, those with the most events first, also such as are there no more.
    rules: Vec<VolumeRuleCount>,
    /// Issues with events over a limit, those with the most first; 20 at most.
    issues: Vec<VolumeIssueCount>,
    /// Further ones.
    issues_left_out: usize,
}

/// Limits, in events per minute; null is no limit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VolumeLimitsView {
    /// Of all issues together, which share it fairly: `limits.events_per_minute`.
    events_per_minute: Option<u32>,
    /// Of each issue: `limits.issue_events_per_minute`.
    issue_events_per_minute: Option<u32>,
    /// First events of new issues that are kept beyond the limit of all.
    new_issues_per_minute: u32,
}

/// What a rule did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VolumeRuleCount {
    /// The rule.
    id: String,
    /// Its name; null when it is there no more.
    name: Option<String>,
    /// Events that it decided not to keep.
    events: u64,
    /// The hour of the last one.
    last_at: String,
}

/// Events of an issue that were over a limit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VolumeIssueCount {
    /// 16 hexadecimal digits.
    id: String,
    /// Type of its newest event; null when nothing of it is kept.
    #[serde(rename = "type")]
    type_name: Option<String>,
    /// Its message, likewise.
    message: Option<String>,
    /// Its service, likewise.
    service: Option<String>,
    /// Events that were not kept.
    events: u64,
    /// The hour of the last one.
    last_at: String,
}

/// Events that were not kept because of a rate limit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RateLimited {
    /// How many.
    events: u64,
    /// The hour of the first one; of those that the server remembers, which are 30 days' when it starts.
    since: String,
    /// The hour of the last one.
    last_at: String,
}

impl From<Limited> for RateLimited {
    fn from(limited: Limited) -> Self {
        Self { events: limited.events, since: limited.first.to_string(), last_at: limited.last.to_string() }
    }
}

/// The limits in force, and how many events were not kept, by rule and by issue. Events are counted by the hour.
#[utoipa::path(get, operation_id = "getVolume", path = "/volume", tag = "volume", params(VolumeSelection),
    responses((status = 200, body = VolumeStatus), (status = 400, body = ErrorBody)))]
pub(crate) async fn status(
    State(app): State<Arc<App>>,
    selection: Parameters<VolumeSelection>,
) -> Result<Json<VolumeStatus>, Failure> {
    let VolumeSelection { from, to } = read(selection)?;
    let range = Selection { query: None, from, to }.range(now())?;
    // Whole hours, the last one included.
    let to = hour_of(range.to.saturating_add_nanos(-1)) + 1;
    let from = hour_of(range.from).max(to - HOURS_MAX);
    ask(&app, move |app| {
        let found = app.volume.not_kept(from, to)?;
        let limits = app.volume.limits();
        let (issues, issues_left_out) = issues(app, &found)?;
        let by_issue: u64 = found.by_issue.values().map(|limited| limited.events).sum();
        Ok(Json(VolumeStatus {
            limits: VolumeLimitsView {
                events_per_minute: limits.events_per_minute.map(Into::into),
                issue_events_per_minute: limits.issue_events_per_minute.map(Into::into),
                new_issues_per_minute: NEW_ISSUES_PER_MINUTE.get(),
            },
            from: start_of(from).to_string(),
            to: start_of(to).to_string(),
            filtered: found.by_rule.values().map(|limited| limited.events).sum(),
            rate_limited: by_issue + found.of_others,
            rules: rules(&app.volume.rules.current().rules, &found),
            issues,
            issues_left_out,
        }))
    })
    .await
}

fn rules(current: &[VolumeRule], found: &NotKept) -> Vec<VolumeRuleCount> {
    let names: HashMap<&str, &str> = current.iter().map(|rule| (&*rule.id, &*rule.name)).collect();
    let mut rules: Vec<VolumeRuleCount> = found
        .by_rule
        .iter()
        .map(|(id, dropped)| VolumeRuleCount {
            id: id.clone(),
            name: names.get(&**id).map(|name| (*name).to_owned()),
            events: dropped.events,
            last_at: dropped.last.to_string(),
        })
        .collect();
    rules.sort_by_key(|rule| Reverse(rule.events));
    rules
}

fn issues(app: &App, found: &NotKept) -> Result<(Vec<VolumeIssueCount>, usize), Failure> {
    let mut counted: Vec<(IssueId, Limited)> = found.by_issue.iter().map(|(id, of)| (*id, *of)).collect();
    counted.sort_by_key(|(id, limited)| (Reverse(limited.events), *id));
    let left_out = counted.len().saturating_sub(ISSUES_MAX);
    counted.truncate(ISSUES_MAX);
    let ids: Vec<IssueId> = counted.iter().map(|(id, _)| *id).collect();
    let known: HashMap<IssueId, _> =
        app.store.own_issues(&ids)?.into_iter().map(|issue| (issue.id, issue)).collect();
    let view = |(id, limited): (IssueId, Limited)| {
        let issue = known.get(&id);
        VolumeIssueCount {
            id: id.to_string(),
            type_name: issue.map(|issue| issue.type_name.clone()),
            message: issue.map(|issue| issue.message.clone()),
            service: issue.map(|issue| issue.service.clone()),
            events: limited.events,
            last_at: limited.last.to_string(),
        }
    };
    Ok((counted.into_iter().map(view).collect(), left_out))
}

/// The volume rules in force.
#[utoipa::path(get, operation_id = "getVolumeRules", path = "/volume/rules", tag = "volume",
    responses((status = 200, body = VolumeRules)))]
pub(crate) async fn get(State(app): State<Arc<App>>) -> Json<VolumeRules> {
    Json(shown(app.volume.rules.current()))
}

/// Changes the volume rules; in force for what arrives afterwards.
#[utoipa::path(put, operation_id = "putVolumeRules", path = "/volume/rules", tag = "volume",
    request_body = VolumeChange,
    responses((status = 200, body = VolumeRules), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    change: Result<Json<VolumeChange>, JsonRejection>,
) -> Result<Json<VolumeRules>, Failure> {
    may_change(&viewer)?;
    let VolumeChange { version, rules } = body(change)?;
    let on = rules.iter().filter(|rule| rule.enabled).count();
    let audit = viewer.does("volume.changed", None, Some(format!("{} rules, {on} of them on", rules.len())));
    ask(&app, move |app| Ok(Json(shown(app.volume.rules.set(version, rules, &audit)?)))).await
}

fn shown(InForce { version, rules, .. }: InForce<VolumeRule>) -> VolumeRules {
    VolumeRules { version, rules }
}
