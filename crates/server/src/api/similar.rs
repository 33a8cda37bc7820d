//! Issues that resemble one.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use reenact_issues::similar::{Features, SIMILAR_MIN, similarity};
use reenact_model::{IssueId, Placed, Report, Timestamp};
use reenact_store::{Field, Filter, TimeRange};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::failure::Failure;
use super::issues::{Parameters, issue_id};
use super::parameters::read;
use super::views::{Culprit, ErrorBody};
use super::workflow_views::IssueState;
use super::{ask, views};
use crate::App;
use crate::app::now;

/// Issues that are compared, those with the most events in common questions first.
const COMPARED_MAX: usize = 200;
/// Issues that are listed, unless asked otherwise, and at most.
const LISTED_DEFAULT: usize = 10;
const LISTED_MAX: usize = 50;
/// Words of the message by which issues are looked for, the longest.
const WORDS_MAX: usize = 3;
/// How far back issues are looked for, in nanoseconds: 30 days.
const LOOK_BACK_NS: i64 = 30 * 86_400_000_000_000;

/// How many similar issues are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SimilarPaging {
    /// 1 to 50, default 10.
    limit: Option<usize>,
}

/// Issues that resemble one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SimilarIssues {
    /// The most similar first.
    issues: Vec<SimilarIssue>,
    /// Issues of the last 30 days that were compared; 200 at most.
    compared: usize,
}

/// An issue that resembles another one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SimilarIssue {
    /// 16 hexadecimal digits.
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
    /// Where the issue stands.
    state: IssueState,
    /// Events ever.
    count: u64,
    /// The first event ever.
    first_seen: String,
    /// The newest event ever.
    last_seen: String,
    /// How much it resembles the issue, from 0.3 to 1.
    score: f64,
    /// What they have in common, for people.
    reasons: Vec<String>,
}

/// Issues of any service that resemble this one by frames, type and message of their newest events.
#[utoipa::path(get, operation_id = "listSimilar", path = "/issues/{id}/similar", tag = "issues",
    params(("id" = String, Path), SimilarPaging),
    responses((status = 200, body = SimilarIssues), (status = 404, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    paging: Parameters<SimilarPaging>,
) -> Result<Json<SimilarIssues>, Failure> {
    let limit = read(paging)?.limit.unwrap_or(LISTED_DEFAULT);
    if !(1..=LISTED_MAX).contains(&limit) {
        return Err(Failure::parameter("limit", format!("`limit` is from 1 to {LISTED_MAX}")));
    }
    let id = issue_id(&id)?;
    ask(&app, move |app| Ok(Json(similar(app, app.workflow.shown(id), limit)?))).await
}

fn similar(app: &App, id: IssueId, limit: usize) -> Result<SimilarIssues, Failure> {
    let own = newest(app, id)?.ok_or_else(|| Failure::not_found("issue"))?;
    let Newest { event: Some(event), .. } = own else {
        return Ok(SimilarIssues { issues: Vec::new(), compared: 0 });
    };
    let features = Features::of(&event.report);
    let candidates = candidates(app, id, &event.report, &features)?;
    let compared = candidates.len();
    let mut found: Vec<(f64, SimilarIssue)> = Vec::new();
    for candidate in candidates {
        let Some(Newest { event: Some(event), count, first_seen, last_seen }) = newest(app, candidate)?
        else {
            continue;
        };
        let similarity = similarity(&features, &Features::of(&event.report));
        if similarity.score < SIMILAR_MIN {
            continue;
        }
        // Thousandths are enough for people, and the same on every machine.
        let score = (similarity.score * 1_000.0).round() / 1_000.0;
        let report = &event.report;
        found.push((
            score,
            SimilarIssue {
                id: candidate.to_string(),
                service: report.service.clone(),
                type_name: report.type_name().to_owned(),
                message: report.message().to_owned(),
                culprit: report.culprit().map(|frame| views::Culprit {
                    function: frame.function.clone(),
                    file: frame.file.clone(),
                    line_number: frame.line_number,
                }),
                state: app.workflow.status(candidate).state.into(),
                count,
                first_seen: first_seen.to_string(),
                last_seen: last_seen.to_string(),
                score,
                reasons: similarity.reasons,
            },
        ));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
    found.truncate(limit);
    Ok(SimilarIssues { issues: found.into_iter().map(|(_, issue)| issue).collect(), compared })
}

/// What is known ever of an issue, and its newest event where that is still kept.
struct Newest {
    event: Option<Placed>,
    count: u64,
    first_seen: Timestamp,
    last_seen: Timestamp,
}

fn newest(app: &App, id: IssueId) -> Result<Option<Newest>, Failure> {
    let members = app.store.own_issues(&app.workflow.merged().members(id))?;
    let Some(last) = members.iter().max_by_key(|own| (own.last_seen, own.newest)) else { return Ok(None) };
    Ok(Some(Newest {
        event: app.store.event(last.newest)?,
        count: members.iter().map(|own| own.count).sum(),
        first_seen: members.iter().map(|own| own.first_seen).min().unwrap_or(last.first_seen),
        last_seen: last.last_seen,
    }))
}

/// Issues with events that share a function, the type, or a word of the message: those that share more first, then
/// those with the most such events.
fn candidates(app: &App, id: IssueId, report: &Report, features: &Features) -> Result<Vec<IssueId>, Failure> {
    let now = now();
    let range =
        TimeRange { from: now.saturating_add_nanos(-LOOK_BACK_NS), to: Timestamp::from_nanos(i64::MAX) };
    let mut filters = vec![Filter::Equals(Field::ErrorType, report.type_name().to_owned())];
    let raise = report.culprit().map(|frame| frame.function.clone()).filter(|name| !name.is_empty());
    filters.extend(raise.map(|function| Filter::Equals(Field::Function, function)));
    let mut words: Vec<&String> = features.words.iter().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let words = words.into_iter().take(WORDS_MAX).map(|word| Filter::Words(reenact_store::words(word)));
    filters.push(Filter::And(words.collect()));
    let mut shares: HashMap<IssueId, (u32, u64)> = HashMap::new();
    for filter in filters.iter().filter(|filter| !matches!(filter, Filter::And(words) if words.is_empty())) {
        for (issue, events) in app.store.issue_counts(filter, range)? {
            let known = shares.entry(issue).or_default();
            *known = (known.0 + 1, known.1 + events);
        }
    }
    shares.remove(&id);
    let mut found: Vec<((u32, u64), IssueId)> = shares.into_iter().map(|(id, shares)| (shares, id)).collect();
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    found.truncate(COMPARED_MAX);
    Ok(found.into_iter().map(|(_, id)| id).collect())
}
