//! Grouping rules, and what they would have done.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use reenact_issues::grouping::template;
use reenact_model::IssueId;
use reenact_store::Filter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask;
use super::failure::Failure;
use super::parameters::{Selection, body};
use super::redaction::may_change;
use super::views::ErrorBody;
use crate::App;
use crate::access::Viewer;
use crate::app::now;
use crate::arrival::{InForce, Rules};
use crate::grouping::{Becomes, GroupingRule, Joined, Preview, PreviewOf, Sample, Splits, preview};

/// Events that a preview looks at.
const EVENTS_MAX: usize = 10_000;
/// Unless asked otherwise.
const EVENTS_DEFAULT: usize = 2_000;

/// The grouping rules.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupingRules {
    /// Grows by one with each change; 0 when there never were rules.
    version: u64,
    /// In order: the first enabled one whose query matches decides.
    rules: Vec<GroupingRule>,
    /// What can stand in a fingerprint between `{{` and `}}`; `tag.NAME` besides.
    components: Vec<GroupingComponent>,
}

/// A component of fingerprints.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupingComponent {
    /// As it is written.
    name: String,
    /// What it is.
    about: String,
}

/// Other rules.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupingChange {
    /// The version that is changed.
    version: u64,
    /// All rules, in order; 50 at most.
    rules: Vec<GroupingRule>,
}

/// What to preview.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewRequest {
    /// All rules as they would be.
    rules: Vec<GroupingRule>,
    /// Which events to look at; all when absent.
    #[serde(default)]
    query: Option<String>,
    /// Start of the range; a day before `to` when absent.
    #[serde(default)]
    from: Option<String>,
    /// End of the range; now when absent.
    #[serde(default)]
    to: Option<String>,
    /// How many of the newest events, 1 to 10,000, default 2,000.
    #[serde(default)]
    events: Option<usize>,
    /// Compares with the issues that events are in, which is what `POST /grouping/apply` would change, rather than with
    /// those that the rules in force would give them.
    #[serde(default)]
    stored: bool,
}

/// What rules would do to the newest events that are there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupingPreview {
    /// Events that match.
    matching: u64,
    /// Those of them that were looked at, the newest.
    looked_at: u64,
    /// Whether 20 seconds were over before all that were asked for were looked at.
    out_of_time: bool,
    /// Events that would be in the same issue as under the rules in force.
    unchanged: u64,
    /// Events that each rule would decide about, in the order of the rules.
    rules: Vec<PreviewedRule>,
    /// Issues some of whose events would be elsewhere, those with the most such events first; 50 at most.
    splits: Vec<PreviewedSplit>,
    /// Further ones.
    splits_left_out: usize,
    /// Issues that would have events of several of today's issues, those with the most events first; 50 at most.
    merges: Vec<PreviewedMerge>,
    /// Further ones.
    merges_left_out: usize,
}

/// What a rule would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewedRule {
    /// The rule.
    id: String,
    /// Its name.
    name: String,
    /// Events that it would decide about.
    events: u64,
}

/// An issue whose events would be elsewhere.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewedSplit {
    /// The issue under the rules in force.
    issue: PreviewedIssue,
    /// How many of its events would be elsewhere.
    moved: u64,
    /// What it would become, the largest first; 50 at most.
    becomes: Vec<PreviewedIssue>,
    /// Further ones.
    becomes_left_out: usize,
}

/// An issue that would have events of several.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewedMerge {
    /// The issue under the new rules.
    issue: PreviewedIssue,
    /// Today's issues, the largest first; 50 at most.
    from: Vec<PreviewedIssue>,
    /// Further ones.
    from_left_out: usize,
}

/// Events that are, or would be, one issue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewedIssue {
    /// 16 hexadecimal digits.
    id: String,
    /// Whether there is such an issue now.
    exists: bool,
    /// Events of those that were looked at.
    count: u64,
    /// Type of the newest of them.
    #[serde(rename = "type")]
    type_name: String,
    /// Its message.
    message: String,
    /// Its service.
    service: String,
    /// The newest of them.
    sample_event_id: String,
    /// What they have in common.
    fingerprint: String,
    /// The rule that decides about them; null without one.
    rule: Option<PreviewedRuleName>,
    /// What decides about the newest of them, for people.
    why: Vec<String>,
}

/// A rule by its name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewedRuleName {
    /// The rule.
    id: String,
    /// Its name.
    name: String,
}

/// The grouping rules in force.
#[utoipa::path(get, operation_id = "getGroupingRules", path = "/grouping/rules", tag = "grouping",
    responses((status = 200, body = GroupingRules)))]
pub(crate) async fn get(State(app): State<Arc<App>>) -> Json<GroupingRules> {
    Json(shown(app.grouping.0.current()))
}

/// Changes the grouping rules; in force for what arrives afterwards.
#[utoipa::path(put, operation_id = "putGroupingRules", path = "/grouping/rules", tag = "grouping",
    request_body = GroupingChange,
    responses((status = 200, body = GroupingRules), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    change: Result<Json<GroupingChange>, JsonRejection>,
) -> Result<Json<GroupingRules>, Failure> {
    may_change(&viewer)?;
    let GroupingChange { version, rules } = body(change)?;
    let on = rules.iter().filter(|rule| rule.enabled).count();
    let audit =
        viewer.does("grouping.changed", None, Some(format!("{} rules, {on} of them on", rules.len())));
    ask(&app, move |app| Ok(Json(shown(app.grouping.0.set(version, rules, &audit)?)))).await
}

/// What rules would do to the newest events that are there, compared with the rules in force. Changes nothing.
#[utoipa::path(post, operation_id = "previewGrouping", path = "/grouping/preview", tag = "grouping",
    request_body = PreviewRequest,
    responses((status = 200, body = GroupingPreview), (status = 400, body = ErrorBody)))]
pub(crate) async fn try_out(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    request: Result<Json<PreviewRequest>, JsonRejection>,
) -> Result<Json<GroupingPreview>, Failure> {
    let PreviewRequest { rules, query, from, to, events, stored } = body(request)?;
    let events = events.unwrap_or(EVENTS_DEFAULT);
    if !(1..=EVENTS_MAX).contains(&events) {
        return Err(Failure::parameter("events", format!("`events` is from 1 to {EVENTS_MAX}")));
    }
    let now = now();
    let selection = Selection { query, from, to };
    let range = selection.range(now)?;
    ask(&app, move |app| {
        // Rules that are new have no id yet.
        let named = rules.into_iter().enumerate().map(|(at, rule)| match rule.id.is_empty() {
            true => GroupingRule { id: format!("new-{at}"), ..rule },
            false => rule,
        });
        let rules: Vec<GroupingRule> = named.collect();
        let proposed = Rules::compile(&rules).map_err(Failure::settings)?;
        let (current, merged) = (app.grouping.0.rules(), app.workflow.merged());
        let filter: Filter = selection.filter(app, &viewer, now)?;
        let of = PreviewOf {
            current: Some(&*current).filter(|_| !stored),
            proposed: &proposed,
            merged: &merged,
            filter: &filter,
            range,
            events,
        };
        let found = preview(&*app.store, &of)?;
        Ok(Json(view(app, &rules, found)?))
    })
    .await
}

fn shown(InForce { version, rules, .. }: InForce<GroupingRule>) -> GroupingRules {
    let component = |(name, about): &(&str, &str)| GroupingComponent {
        name: (*name).to_owned(),
        about: (*about).to_owned(),
    };
    GroupingRules { version, rules, components: template::COMPONENTS.iter().map(component).collect() }
}

fn view(app: &App, rules: &[GroupingRule], found: Preview) -> Result<GroupingPreview, Failure> {
    let rules = rules.iter().map(|rule| PreviewedRule {
        id: rule.id.clone(),
        name: rule.name.clone(),
        events: found.by_rule.get(&rule.id).copied().unwrap_or(0),
    });
    let rules = rules.collect();
    let mut splits = Vec::new();
    for Splits { issue, sample, count, moved, becomes, becomes_left_out } in found.splits {
        splits.push(PreviewedSplit {
            issue: issue_view(app, Becomes { issue, sample, count })?,
            moved,
            becomes: becomes.into_iter().map(|part| issue_view(app, part)).collect::<Result<_, _>>()?,
            becomes_left_out,
        });
    }
    let mut merges = Vec::new();
    for Joined { issue, sample, count, from, from_left_out } in found.joined {
        merges.push(PreviewedMerge {
            issue: issue_view(app, Becomes { issue, sample, count })?,
            from: from.into_iter().map(|part| issue_view(app, part)).collect::<Result<_, _>>()?,
            from_left_out,
        });
    }
    Ok(GroupingPreview {
        matching: found.matching,
        looked_at: found.looked_at,
        out_of_time: found.out_of_time,
        unchanged: found.unchanged,
        rules,
        splits,
        splits_left_out: found.splits_left_out,
        merges,
        merges_left_out: found.joined_left_out,
    })
}

fn issue_view(app: &App, part: Becomes) -> Result<PreviewedIssue, Failure> {
    let Becomes { issue, sample, count } = part;
    let Sample { event, type_name, message, service, fingerprint, rule, why } = sample;
    Ok(PreviewedIssue {
        id: issue.to_string(),
        exists: exists(app, issue)?,
        count,
        type_name,
        message,
        service,
        sample_event_id: event.to_string(),
        fingerprint,
        rule: rule.map(|(id, name)| PreviewedRuleName { id, name }),
        why,
    })
}

fn exists(app: &App, issue: IssueId) -> Result<bool, Failure> {
    Ok(!app.store.own_issues(&app.workflow.merged().members(issue))?.is_empty())
}
