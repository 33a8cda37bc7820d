//! Issues, and counts over them.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use reenact_model::IssueId;
use reenact_store::{EventOrder, EventQuery, Field, Filter, IssueGroups, IssueQuery, IssueSort, query};
use serde::Deserialize;
use utoipa::IntoParams;

use super::failure::Failure;
use super::parameters::{Selection, buckets, limit, read};
use super::{ask, present, views};
use crate::App;
use crate::app::now;

/// Buckets of the small histogram of an issue in a list.
const ROW_BUCKETS: usize = 24;
/// Values of a facet, unless asked otherwise.
const FACET_VALUES: usize = 10;
/// The facets that the explorer offers: key in the query language, and name for people.
const FACETS: [(&str, &str); 4] =
    [("service", "Service"), ("env", "Environment"), ("version", "Version"), ("error.type", "Error type")];

type Parameters<T> = Result<Query<T>, QueryRejection>;

fn issue_id(text: &str) -> Result<IssueId, Failure> {
    text.parse().map_err(|_| Failure::not_found("issue"))
}

/// How a page of issues is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct IssuePaging {
    /// `last_seen` (default), `first_seen`, `count`, `users`; each descending.
    sort: Option<String>,
    /// Where to go on, from `next_cursor`.
    cursor: Option<String>,
    /// 1 to 200, default 50.
    limit: Option<usize>,
}

/// Issues with matching events, a page at a time.
#[utoipa::path(get, operation_id = "listIssues", path = "/issues", tag = "issues", params(Selection, IssuePaging),
    responses((status = 200, body = views::IssueList), (status = 400, body = views::ErrorBody)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    selection: Parameters<Selection>,
    paging: Parameters<IssuePaging>,
) -> Result<Json<views::IssueList>, Failure> {
    let (selection, paging) = (read(selection)?, read(paging)?);
    let now = now();
    let sort = match paging.sort.as_deref() {
        None | Some("" | "last_seen") => IssueSort::LastSeen,
        Some("first_seen") => IssueSort::FirstSeen,
        Some("count") => IssueSort::Count,
        Some("users") => IssueSort::Users,
        Some(_) => {
            let message = "`sort` is one of `last_seen`, `first_seen`, `count`, `users`".to_owned();
            return Err(Failure::bad("parameter_invalid", message));
        }
    };
    let query = IssueQuery {
        filter: selection.filter()?,
        range: selection.range(now)?,
        sort,
        cursor: paging.cursor.filter(|cursor| !cursor.is_empty()),
        limit: limit(paging.limit)?,
        buckets: ROW_BUCKETS,
        groups: IssueGroups::default(),
        shown: None,
    };
    let page = ask(&app, move |app| Ok(app.store.issues(&query)?)).await?;
    Ok(Json(views::IssueList {
        issues: page.issues.into_iter().map(|row| present::issue_summary(row, now)).collect(),
        total: page.total,
        next_cursor: page.next_cursor,
    }))
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
    let found = ask(&app, move |app| {
        let detail = app.store.issue(id, range, ROW_BUCKETS)?.ok_or_else(|| Failure::not_found("issue"))?;
        let latest = detail.latest_event.map(|event| app.store.event(event)).transpose()?.flatten();
        Ok(present::issue(detail, latest.map(|event| event.grouping), now))
    });
    Ok(Json(found.await?))
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
    params(("id" = String, Path), Selection, EventPaging),
    responses((status = 200, body = views::EventList), (status = 400, body = views::ErrorBody)))]
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    selection: Parameters<Selection>,
    paging: Parameters<EventPaging>,
) -> Result<Json<views::EventList>, Failure> {
    let (selection, paging) = (read(selection)?, read(paging)?);
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
    let mut filters = vec![Filter::Equals(Field::Issue, id.to_string())];
    match selection.filter()? {
        Filter::All => {}
        filter => filters.push(filter),
    }
    match paging.has_values {
        Some(true) => filters.push(Filter::HasValues),
        Some(false) => filters.push(Filter::Not(Box::new(Filter::HasValues))),
        None => {}
    }
    let query = EventQuery {
        filter: Filter::And(filters),
        range: selection.range(now())?,
        order,
        cursor: paging.cursor.filter(|cursor| !cursor.is_empty()),
        limit: limit(paging.limit)?,
    };
    let page = ask(&app, move |app| {
        let page = app.store.events(&query)?;
        if page.total == 0 && app.store.issue(id, query.range, 1)?.is_none() {
            return Err(Failure::not_found("issue"));
        }
        Ok(page)
    })
    .await?;
    Ok(Json(views::EventList {
        events: page.events.into_iter().map(present::event_summary).collect(),
        total: page.total,
        next_cursor: page.next_cursor,
    }))
}

/// How a histogram is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistogramShape {
    /// Only this issue.
    issue: Option<String>,
    /// 1 to 500, default 60.
    buckets: Option<usize>,
}

/// Matching events over time, by service.
#[utoipa::path(get, operation_id = "getHistogram", path = "/histogram", tag = "explorer", params(Selection, HistogramShape),
    responses((status = 200, body = views::Histogram), (status = 400, body = views::ErrorBody)))]
pub(crate) async fn histogram(
    State(app): State<Arc<App>>,
    selection: Parameters<Selection>,
    shape: Parameters<HistogramShape>,
) -> Result<Json<views::Histogram>, Failure> {
    let (selection, shape) = (read(selection)?, read(shape)?);
    let range = selection.range(now())?;
    let mut filter = selection.filter()?;
    if let Some(issue) = shape.issue.filter(|issue| !issue.is_empty()) {
        filter = Filter::And(vec![Filter::Equals(Field::Issue, issue_id(&issue)?.to_string()), filter]);
    }
    let buckets = buckets(shape.buckets, 60)?;
    let found = ask(&app, move |app| Ok(app.store.histogram(&filter, range, buckets)?)).await?;
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

/// The facets of the explorer with their commonest values among matching events.
#[utoipa::path(get, operation_id = "listFacets", path = "/facets", tag = "explorer", params(Selection),
    responses((status = 200, body = views::FacetList), (status = 400, body = views::ErrorBody)))]
pub(crate) async fn facets(
    State(app): State<Arc<App>>,
    selection: Parameters<Selection>,
) -> Result<Json<views::FacetList>, Failure> {
    let selection = read(selection)?;
    let (filter, range) = (selection.filter()?, selection.range(now())?);
    let facets = ask(&app, move |app| {
        let mut facets = Vec::new();
        for (key, label) in FACETS {
            let field = query::field_of_key(key).expect("the facets are keys of the query language");
            let values = app.store.facet(&field, &filter, range, "", FACET_VALUES)?;
            let values = values.into_iter().map(facet_value).collect();
            facets.push(views::Facet { key: key.to_owned(), label: label.to_owned(), values });
        }
        Ok(facets)
    });
    Ok(Json(views::FacetList { facets: facets.await? }))
}

/// How the values of a facet are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FacetPaging {
    /// Only values that begin so.
    prefix: Option<String>,
    /// 1 to 200, default 50.
    limit: Option<usize>,
}

/// The commonest values of one key of the query language, `@tag` included.
#[utoipa::path(get, operation_id = "listFacetValues", path = "/facets/{key}/values", tag = "explorer",
    params(("key" = String, Path), Selection, FacetPaging),
    responses((status = 200, body = views::FacetValueList), (status = 400, body = views::ErrorBody)))]
pub(crate) async fn facet_values(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    selection: Parameters<Selection>,
    paging: Parameters<FacetPaging>,
) -> Result<Json<views::FacetValueList>, Failure> {
    let (selection, paging) = (read(selection)?, read(paging)?);
    let field = query::field_of_key(&key).ok_or_else(|| Failure::not_found("facet"))?;
    let (filter, range, limit) = (selection.filter()?, selection.range(now())?, limit(paging.limit)?);
    let prefix = paging.prefix.unwrap_or_default();
    let values = ask(&app, move |app| Ok(app.store.facet(&field, &filter, range, &prefix, limit)?)).await?;
    Ok(Json(views::FacetValueList { key, values: values.into_iter().map(facet_value).collect() }))
}

fn facet_value(count: reenact_store::FacetCount) -> views::FacetValue {
    views::FacetValue { value: count.value, issues: count.issues, events: count.events }
}
