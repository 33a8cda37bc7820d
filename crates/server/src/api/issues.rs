//! Issues, and counts over them.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use reenact_issues::lifecycle::State as IssueState;
use reenact_model::{IssueId, Placed, Timestamp};
use reenact_store::{
    EventOrder, EventQuery, Field, Filter, IssueBoosts, IssueQuery, IssueRow, IssueSort, TimeRange,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::failure::Failure;
use super::grouping_views::Grouping;
use super::parameters::{Selection, buckets, limit, read};
use super::pins::ColumnChoice;
use super::workflow_views::StateCounts;
use super::{ask, pins, present, versions, views};
use crate::App;
use crate::access::Viewer;
use crate::app::now;
use crate::workflow::group_of;

/// Buckets of the small histogram of an issue in a list.
const ROW_BUCKETS: usize = 24;
/// The orders of issues.
pub(super) const SORTS: [&str; 5] = ["last_seen", "first_seen", "count", "users", "relevance"];

pub(super) type Parameters<T> = Result<Query<T>, QueryRejection>;

pub(super) fn issue_id(text: &str) -> Result<IssueId, Failure> {
    text.parse().map_err(|_| Failure::not_found("issue"))
}

/// How a page of issues is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct IssuePaging {
    /// `last_seen` (default), `first_seen`, `count`, `users`, `relevance`; each descending.
    sort: Option<String>,
    /// Where to go on, from `next_cursor`.
    cursor: Option<String>,
    /// 1 to 200, default 50.
    limit: Option<usize>,
}

/// Which issues are meant by their state.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StateSelection {
    /// `for_review`, `reviewed`, `resolved`, `ignored` (excluded ones too), or `all` (default).
    state: Option<String>,
}

impl StateSelection {
    /// The groups of the states, `None` for all.
    pub(super) fn groups(&self) -> Result<Option<Vec<u8>>, Failure> {
        groups_of(self.state.as_deref())
    }
}

/// The groups of the states that are meant by a name; `None` for all.
pub(super) fn groups_of(state: Option<&str>) -> Result<Option<Vec<u8>>, Failure> {
    let states = match state {
        None | Some("" | "all") => return Ok(None),
        Some("ignored") => vec![IssueState::Ignored, IssueState::Excluded],
        Some(name @ ("for_review" | "reviewed" | "resolved")) => {
            IssueState::of_name(name).into_iter().collect()
        }
        Some(_) => {
            let message = "`state` is one of `for_review`, `reviewed`, `resolved`, `ignored`, `all`";
            return Err(Failure::parameter("state", message.to_owned()));
        }
    };
    Ok(Some(states.into_iter().map(group_of).collect()))
}

/// Issues with matching events, a page at a time.
#[utoipa::path(get, operation_id = "listIssues", path = "/issues", tag = "issues",
    params(Selection, StateSelection, IssuePaging),
    responses((status = 200, body = views::IssueList), (status = 400, body = views::ErrorBody)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    selection: Parameters<Selection>,
    state: Parameters<StateSelection>,
    paging: Parameters<IssuePaging>,
) -> Result<Json<views::IssueList>, Failure> {
    let (selection, state, paging) = (read(selection)?, read(state)?, read(paging)?);
    let now = now();
    let sort = match paging.sort.as_deref() {
        None | Some("" | "last_seen") => IssueSort::LastSeen,
        Some("first_seen") => IssueSort::FirstSeen,
        Some("count") => IssueSort::Count,
        Some("users") => IssueSort::Users,
        Some("relevance") => IssueSort::Relevance,
        Some(_) => {
            let message = format!("`sort` is one of {}", SORTS.map(|sort| format!("`{sort}`")).join(", "));
            return Err(Failure::bad("parameter_invalid", message));
        }
    };
    let (range, limit, shown) = (selection.range(now)?, limit(paging.limit)?, state.groups()?);
    ask(&app, move |app| {
        let query = IssueQuery {
            filter: selection.filter(app, &viewer, now)?,
            range,
            sort,
            cursor: paging.cursor.filter(|cursor| !cursor.is_empty()),
            limit,
            buckets: ROW_BUCKETS,
            groups: app.workflow.groups(),
            shown,
            boosts: match sort {
                IssueSort::Relevance => app.workflow.boosts(now),
                _ => IssueBoosts::default(),
            },
        };
        let page = app.store.issues(&query)?;
        let summary = |row: IssueRow| {
            let status = app.workflow.status(row.id);
            present::issue_summary(row, &status, now)
        };
        Ok(Json(views::IssueList {
            issues: page.issues.into_iter().map(summary).collect(),
            total: page.total,
            states: StateCounts::of_groups(&page.by_group),
            next_cursor: page.next_cursor,
        }))
    })
    .await
}

/// One issue; its counts are those of the range.
#[utoipa::path(get, operation_id = "getIssue", path = "/issues/{id}", tag = "issues", params(("id" = String, Path), Selection),
    responses((status = 200, body = views::Issue), (status = 404, body = views::ErrorBody)))]
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    selection: Parameters<Selection>,
) -> Result<Json<views::Issue>, Failure> {
    let now = now();
    let range = read(selection)?.range(now)?;
    let id = issue_id(&id)?;
    Ok(Json(ask(&app, move |app| shown(app, id, range, now)).await?))
}

/// An issue as the API shows it. Blocks.
pub(super) fn shown(
    app: &App,
    id: IssueId,
    range: TimeRange,
    now: Timestamp,
) -> Result<views::Issue, Failure> {
    let asked = id;
    let id = app.workflow.shown(asked);
    let detail = app.store.issue(id, range, ROW_BUCKETS)?.ok_or_else(|| Failure::not_found("issue"))?;
    let latest = detail.latest_event.map(|event| app.store.event(event)).transpose()?.flatten();
    let (status, counts) = (app.workflow.status(id), app.workflow.counts(id));
    let grouping = latest.as_ref().map(|event| grouping(app, event)).unwrap_or_default();
    let mut issue = present::issue(detail, latest.as_ref(), grouping, &status, counts, now);
    issue.rate_limited = app.volume.limited(&app.workflow.merged().members(id)).map(Into::into);
    issue.can_capture_next =
        latest.as_ref().is_some_and(|event| crate::capturing::can_be_asked(&event.report));
    issue.capture_next = super::capturing::of_issue(app, id);
    issue.merged_into = Some(id).filter(|id| *id != asked).map(|id| id.to_string());
    Ok(issue)
}

/// Why an event is in its issue, and where that is shown.
pub(super) fn grouping(app: &App, placed: &Placed) -> Grouping {
    let mut grouping = Grouping::of(placed, app.workflow.status(placed.issue_id).merged.as_ref());
    if let Some(merged) = &mut grouping.merged {
        // What it was merged into may have been merged since.
        merged.into = app.workflow.shown(placed.issue_id).to_string();
    }
    grouping
}

/// How a page of events is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventPaging {
    /// `true` for events with values only, `false` for those without.
    has_values: Option<bool>,
    /// `newest` (default), `oldest`, `values_first`.
    order: Option<String>,
    /// Where to go on, from `next_cursor`.
    cursor: Option<String>,
    /// 1 to 200, default 50.
    limit: Option<usize>,
}

/// Events of an issue, a page at a time.
#[utoipa::path(get, operation_id = "listEvents", path = "/issues/{id}/events", tag = "issues",
    params(("id" = String, Path), Selection, EventPaging, ColumnChoice),
    responses((status = 200, body = views::EventList), (status = 400, body = views::ErrorBody)))]
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(id): Path<String>,
    selection: Parameters<Selection>,
    paging: Parameters<EventPaging>,
    choice: Parameters<ColumnChoice>,
) -> Result<Json<views::EventList>, Failure> {
    let (selection, paging, choice) = (read(selection)?, read(paging)?, read(choice)?);
    let order = match paging.order.as_deref() {
        None | Some("" | "newest") => EventOrder::Newest,
        Some("oldest") => EventOrder::Oldest,
        Some("values_first") => EventOrder::ValuesFirst,
        Some(_) => {
            let message = "`order` is one of `newest`, `oldest`, `values_first`".to_owned();
            return Err(Failure::bad("parameter_invalid", message));
        }
    };
    let id = issue_id(&id)?;
    let now = now();
    let (range, limit) = (selection.range(now)?, limit(paging.limit)?);
    let list = ask(&app, move |app| {
        let mut filters = vec![Filter::Equals(Field::Issue, id.to_string())];
        match selection.filter(app, &viewer, now)? {
            Filter::All => {}
            filter => filters.push(filter),
        }
        match paging.has_values {
            Some(true) => filters.push(Filter::HasValues),
            Some(false) => filters.push(Filter::Not(Box::new(Filter::HasValues))),
            None => {}
        }
        let cursor = paging.cursor.filter(|cursor| !cursor.is_empty());
        let query = EventQuery { filter: Filter::And(filters), range, order, cursor, limit };
        let page = app.store.events(&query)?;
        if page.total == 0 && app.store.issue(app.workflow.shown(id), query.range, 1)?.is_none() {
            return Err(Failure::not_found("issue"));
        }
        let columns = choice.columns(app, id)?;
        let values = pins::values_of(app, &viewer, id, &columns, &page.events)?;
        let values_hidden = values.is_none();
        let values = values.unwrap_or_else(|| page.events.iter().map(|_| Vec::new()).collect());
        let rows = page.events.into_iter().zip(values);
        Ok(views::EventList {
            events: rows.map(|(row, values)| present::event_summary(row, values)).collect(),
            total: page.total,
            next_cursor: page.next_cursor,
            columns: pins::columns_view(&columns),
            values_hidden,
        })
    });
    Ok(Json(list.await?))
}

/// How a histogram is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistogramShape {
    /// Only this issue.
    issue: Option<String>,
    /// 1 to 500, default 60.
    buckets: Option<usize>,
    /// What the counts are of: `service` (default) or `version`.
    group_by: Option<String>,
}

/// What the counts of a histogram are of.
#[derive(Clone, Copy)]
enum GroupBy {
    Service,
    Version,
}

impl GroupBy {
    fn of_name(name: Option<&str>) -> Result<Self, Failure> {
        match name {
            None | Some("" | "service") => Ok(Self::Service),
            Some("version") => Ok(Self::Version),
            Some(_) => {
                let message = "`group_by` is one of `service`, `version`".to_owned();
                Err(Failure::parameter("group_by", message))
            }
        }
    }
}

/// Matching events over time, by service or version.
#[utoipa::path(get, operation_id = "getHistogram", path = "/histogram", tag = "explorer",
    params(Selection, StateSelection, HistogramShape),
    responses((status = 200, body = views::Histogram), (status = 400, body = views::ErrorBody)))]
pub(crate) async fn histogram(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    selection: Parameters<Selection>,
    state: Parameters<StateSelection>,
    shape: Parameters<HistogramShape>,
) -> Result<Json<views::Histogram>, Failure> {
    let (selection, state, shape) = (read(selection)?, read(state)?, read(shape)?);
    let now = now();
    let range = selection.range(now)?;
    let issue = shape.issue.filter(|issue| !issue.is_empty()).map(|issue| issue_id(&issue)).transpose()?;
    let buckets = buckets(shape.buckets, 60)?;
    let by = GroupBy::of_name(shape.group_by.as_deref())?;
    let groups = state.groups()?;
    let found = ask(&app, move |app| {
        let mut filter = in_groups(app, selection.filter(app, &viewer, now)?, groups);
        if let Some(issue) = issue {
            filter = Filter::And(vec![Filter::Equals(Field::Issue, issue.to_string()), filter]);
        }
        match by {
            GroupBy::Service => Ok(app.store.histogram(&filter, range, buckets)?),
            GroupBy::Version => versions::histogram(app, &filter, range, buckets),
        }
    })
    .await?;
    let start = |index: usize| range.from.saturating_add_nanos(found.width_ns.saturating_mul(index as i64));
    Ok(Json(views::Histogram {
        from: range.from.to_string(),
        to: range.to.to_string(),
        interval_ms: found.width_ns / 1_000_000,
        starts: (0..buckets).map(|index| start(index).to_string()).collect(),
        series: found
            .series
            .into_iter()
            .map(|series| views::HistogramSeries { name: series.name, counts: series.counts })
            .collect(),
        total: found.total,
    }))
}

/// The filter for issues of some states.
pub(super) fn in_groups(app: &App, filter: Filter, groups: Option<Vec<u8>>) -> Filter {
    match groups {
        Some(groups) => Filter::And(vec![app.workflow.in_groups(&groups), filter]),
        None => filter,
    }
}
