//! What volume rules and limits would have kept of the events that are there.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use reenact_issues::volume::VolumeLimits;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask;
use super::failure::Failure;
use super::parameters::{Selection, body};
use super::views::ErrorBody;
use crate::App;
use crate::access::Viewer;
use crate::app::now;
use crate::arrival::Rules;
use crate::volume::{Fate, Losing, Preview, PreviewOf, VolumeRule, preview};

/// Events that are looked at, at most and unless asked otherwise.
const EVENTS_MAX: usize = 10_000;
const EVENTS_DEFAULT: usize = 2_000;
/// Events per minute of a limit, at most.
const LIMIT_MAX: u32 = 1_000_000_000;

/// What to preview.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VolumePreviewRequest {
    /// All rules as they would be.
    rules: Vec<VolumeRule>,
    /// A limit of all issues together, 1 to 1,000,000,000 events per minute; none when absent.
    #[serde(default)]
    events_per_minute: Option<u32>,
    /// A limit of each issue, likewise.
    #[serde(default)]
    issue_events_per_minute: Option<u32>,
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
}

/// What rules and limits would have kept of the newest events that are there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VolumePreview {
    /// Events that match.
    matching: u64,
    /// Those of them that were looked at, the newest.
    looked_at: u64,
    /// Whether 20 seconds were over before all that were asked for were looked at.
    out_of_time: bool,
    /// Events that would be kept.
    kept: u64,
    /// Events that a rule would not keep.
    filtered: u64,
    /// Events that would be over a limit, if no others had come than those that were looked at.
    rate_limited: u64,
    /// Events that the rules in force would not keep if they arrived now.
    filtered_now: u64,
    /// What each rule would do, in the order of the rules.
    rules: Vec<VolumePreviewRule>,
    /// Services that would lose events, those that lose the most first; 50 at most.
    services: Vec<VolumePreviewService>,
    /// Further ones.
    services_left_out: usize,
    /// Issues that would lose events, those that lose the most first; 50 at most.
    issues: Vec<VolumePreviewIssue>,
    /// Further ones.
    issues_left_out: usize,
}

/// What a rule would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VolumePreviewRule {
    /// The rule; one without an id is called `new-` and its number from 0.
    id: String,
    /// Its name.
    name: String,
    /// Events that it would decide about.
    events: u64,
    /// Those of them that it would not keep.
    filtered: u64,
}

/// A service that would lose events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VolumePreviewService {
    /// The service.
    service: String,
    /// Its events among those that were looked at.
    events: u64,
    /// Those that a rule would not keep.
    filtered: u64,
    /// Those that would be over a limit.
    rate_limited: u64,
}

/// An issue that would lose events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VolumePreviewIssue {
    /// 16 hexadecimal digits.
    id: String,
    /// Type of the newest of its events that were looked at.
    #[serde(rename = "type")]
    type_name: String,
    /// Its message.
    message: String,
    /// Its service.
    service: String,
    /// That event.
    sample_event_id: String,
    /// Its events among those that were looked at.
    events: u64,
    /// Those that a rule would not keep.
    filtered: u64,
    /// Those that would be over a limit.
    rate_limited: u64,
}

/// What volume rules and limits would have kept of the newest events that are there. Changes nothing; what was not kept
/// in the first place is not among them.
#[utoipa::path(post, operation_id = "previewVolume", path = "/volume/preview", tag = "volume",
    request_body = VolumePreviewRequest,
    responses((status = 200, body = VolumePreview), (status = 400, body = ErrorBody)))]
pub(crate) async fn try_out(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    request: Result<Json<VolumePreviewRequest>, JsonRejection>,
) -> Result<Json<VolumePreview>, Failure> {
    let request = body(request)?;
    let events = request.events.unwrap_or(EVENTS_DEFAULT);
    if !(1..=EVENTS_MAX).contains(&events) {
        return Err(Failure::parameter("events", format!("`events` is from 1 to {EVENTS_MAX}")));
    }
    let limits = VolumeLimits {
        events_per_minute: limit(request.events_per_minute, "events_per_minute")?,
        issue_events_per_minute: limit(request.issue_events_per_minute, "issue_events_per_minute")?,
    };
    let now = now();
    let selection = Selection { query: request.query, from: request.from, to: request.to };
    let range = selection.range(now)?;
    let rules = request.rules;
    ask(&app, move |app| {
        // Rules that are new have no id yet.
        let named = rules.into_iter().enumerate().map(|(at, rule)| match rule.id.is_empty() {
            true => VolumeRule { id: format!("new-{at}"), ..rule },
            false => rule,
        });
        let rules: Vec<VolumeRule> = named.collect();
        let proposed = Rules::compile(&rules).map_err(Failure::settings)?;
        let (current, merged) = (app.volume.rules.rules(), app.workflow.merged());
        let filter = selection.filter(app, &viewer, now)?;
        let of = PreviewOf {
            current: &current,
            proposed: &proposed,
            limits,
            merged: &merged,
            filter: &filter,
            range,
            events,
        };
        Ok(Json(view(&rules, preview(&*app.store, &of)?)))
    })
    .await
}

fn limit(asked: Option<u32>, name: &str) -> Result<Option<NonZeroU32>, Failure> {
    match asked {
        None => Ok(None),
        Some(limit @ 1..=LIMIT_MAX) => Ok(NonZeroU32::new(limit)),
        Some(_) => Err(Failure::parameter(name, format!("`{name}` is from 1 to {LIMIT_MAX}"))),
    }
}

fn view(rules: &[VolumeRule], found: Preview) -> VolumePreview {
    let rule = |rule: &VolumeRule| {
        let fate = found.by_rule.get(&rule.id).copied().unwrap_or_default();
        let (id, name) = (rule.id.clone(), rule.name.clone());
        VolumePreviewRule { id, name, events: fate.events, filtered: fate.filtered }
    };
    let service = |(service, fate): (String, Fate)| {
        let Fate { events, filtered, rate_limited } = fate;
        VolumePreviewService { service, events, filtered, rate_limited }
    };
    let issue = |losing: Losing| {
        let Fate { events, filtered, rate_limited } = losing.fate;
        VolumePreviewIssue {
            id: losing.issue.to_string(),
            type_name: losing.type_name,
            message: losing.message,
            service: losing.service,
            sample_event_id: losing.event.to_string(),
            events,
            filtered,
            rate_limited,
        }
    };
    let Fate { events, filtered, rate_limited } = found.all;
    VolumePreview {
        matching: found.matching,
        looked_at: events,
        out_of_time: found.out_of_time,
        kept: events - filtered - rate_limited,
        filtered,
        rate_limited,
        filtered_now: found.filtered_now,
        rules: rules.iter().map(rule).collect(),
        services: found.services.into_iter().map(service).collect(),
        services_left_out: found.services_left_out,
        issues: found.issues.into_iter().map(issue).collect(),
        issues_left_out: found.issues_left_out,
    }
}
