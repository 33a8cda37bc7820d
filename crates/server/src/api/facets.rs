//! The facets of the explorer, and what completes a query.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use reenact_issues::Cause;
use reenact_model::{IssueId, Timestamp};
use reenact_store::query::{self, KEYS, TAG_KEY, VALUE_KEY};
use reenact_store::{FacetCount, Field, Filter, IssueSet, TimeRange, order_facet};
use serde::Deserialize;
use utoipa::IntoParams;

use super::failure::Failure;
use super::issues::{Parameters, StateSelection, in_groups};
use super::parameters::{Selection, limit, read};
use super::{ask, value_facets, views};
use crate::App;
use crate::access::Viewer;
use crate::app::now;
use crate::workflow::set_causes;

/// Values of a facet, unless asked otherwise.
const FACET_VALUES: usize = 10;
/// Names of tags in a list of facets, at most.
const TAGS_MAX: usize = 100;
/// The facets that the explorer offers: key in the query language, and name for people.
const FACETS: [(&str, &str); 8] = [
    ("service", "Service"),
    ("env", "Environment"),
    ("version", "Version"),
    ("error.type", "Error type"),
    ("handled", "Handling"),
    ("cause", "Suspected cause"),
    ("host", "Host"),
    ("resource", "Resource"),
];

/// The facet whose values people may set.
const CAUSE: &str = "cause";

/// What else a list of facets has.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TagNames {
    /// How many of the commonest names of tags to list, 0 (default) to 100.
    tags: Option<usize>,
}

/// The facets of the explorer with their commonest values among matching events, and the commonest names of tags.
#[utoipa::path(get, operation_id = "listFacets", path = "/facets", tag = "explorer",
    params(Selection, StateSelection, TagNames),
    responses((status = 200, body = views::FacetList), (status = 400, body = views::ErrorBody)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    selection: Parameters<Selection>,
    state: Parameters<StateSelection>,
    tags: Parameters<TagNames>,
) -> Result<Json<views::FacetList>, Failure> {
    let (selection, groups) = (read(selection)?, read(state)?.groups()?);
    let tags_max = read(tags)?.tags.unwrap_or(0);
    if tags_max > TAGS_MAX {
        return Err(Failure::parameter("tags", format!("`tags` is from 0 to {TAGS_MAX}")));
    }
    let now = now();
    let range = selection.range(now)?;
    let list = ask(&app, move |app| {
        let filter = in_groups(app, selection.filter(app, &viewer, now)?, groups);
        let fields: Vec<Field> = FACETS.iter().filter_map(|(key, _)| query::field_of_key(key)).collect();
        let mut counted = app.store.facets(&fields, &filter, range, FACET_VALUES)?.into_iter();
        let mut facets = Vec::new();
        for (key, label) in FACETS {
            let of_field = query::field_of_key(key).and_then(|_| counted.next());
            let values = match of_field.filter(|_| key != CAUSE || app.workflow.causes().is_empty()) {
                Some(counts) => counts.into_iter().map(facet_value).collect(),
                None => {
                    let wanted = Wanted { key, prefix: "", limit: FACET_VALUES };
                    values(app, &wanted, &filter, range, now)?
                }
            };
            facets.push(views::Facet { key: key.to_owned(), label: label.to_owned(), values });
        }
        let tags = match tags_max {
            0 => Vec::new(),
            most => app.store.tag_names(&filter, range, "", most)?,
        };
        Ok(views::FacetList { facets, tags: tags.into_iter().map(facet_value).collect() })
    });
    Ok(Json(list.await?))
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

/// The commonest values of one key of the query language, `@tag` included; of `@` the names of tags. Of `var.` paths
/// to captured values, and of `var.order.currency` the values there, of the 100 newest matching events with values.
#[utoipa::path(get, operation_id = "listFacetValues", path = "/facets/{key}/values", tag = "explorer",
    params(("key" = String, Path), Selection, StateSelection, FacetPaging),
    responses((status = 200, body = views::FacetValueList), (status = 400, body = views::ErrorBody),
        (status = 404, body = views::ErrorBody)))]
pub(crate) async fn facet_values(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(key): Path<String>,
    selection: Parameters<Selection>,
    state: Parameters<StateSelection>,
    paging: Parameters<FacetPaging>,
) -> Result<Json<views::FacetValueList>, Failure> {
    let (selection, groups, paging) = (read(selection)?, read(state)?.groups()?, read(paging)?);
    let now = now();
    let (range, limit) = (selection.range(now)?, limit(paging.limit)?);
    let prefix = paging.prefix.unwrap_or_default();
    if !key.starts_with(TAG_KEY) && !key.starts_with(VALUE_KEY) && query::key(&key).is_none() {
        return Err(Failure::not_found("facet"));
    }
    let list = ask(&app, move |app| {
        let filter = in_groups(app, selection.filter(app, &viewer, now)?, groups);
        let values = if key.starts_with(VALUE_KEY) {
            let counts = value_facets::values(app, &viewer, &key, &prefix, &filter, range, now)?;
            order_facet(counts, limit).into_iter().map(facet_value).collect()
        } else {
            values(app, &Wanted { key: &key, prefix: &prefix, limit }, &filter, range, now)?
        };
        Ok(views::FacetValueList { key, values })
    });
    Ok(Json(list.await?))
}

/// The keys of the query language; a key of a tag is `@` and its name, one of a captured value `var.` and its path.
#[utoipa::path(get, operation_id = "listQueryKeys", path = "/query/keys", tag = "explorer",
    responses((status = 200, body = views::QueryKeyList)))]
pub(crate) async fn keys() -> Json<views::QueryKeyList> {
    let known = KEYS.iter().map(|key| views::QueryKey {
        key: key.name.to_owned(),
        about: key.about.to_owned(),
        values: key.values.iter().map(|value| (*value).to_owned()).collect(),
    });
    let tags = views::QueryKey {
        key: TAG_KEY.to_owned(),
        about: "any tag by its name: `@region:north`".to_owned(),
        values: Vec::new(),
    };
    let values = views::QueryKey {
        key: VALUE_KEY.to_owned(),
        about: "captured value by its path: `var.order.currency:null`".to_owned(),
        values: Vec::new(),
    };
    Json(views::QueryKeyList { keys: known.chain([values, tags]).collect() })
}

/// Which values are asked for.
struct Wanted<'a> {
    key: &'a str,
    prefix: &'a str,
    limit: usize,
}

/// The commonest values of a key. Blocks.
fn values(
    app: &App,
    wanted: &Wanted<'_>,
    filter: &Filter,
    range: TimeRange,
    now: Timestamp,
) -> Result<Vec<views::FacetValue>, Failure> {
    let set = if wanted.key == CAUSE { app.workflow.causes() } else { Vec::new() };
    let counts = if !set.is_empty() {
        causes(app, &set, wanted, filter, range)?
    } else if let Some(field) = query::field_of_key(wanted.key) {
        app.store.facet(&field, filter, range, wanted.prefix, wanted.limit)?
    } else if wanted.key == TAG_KEY {
        app.store.tag_names(filter, range, wanted.prefix, wanted.limit)?
    } else if wanted.key == "owner" {
        owners(app, wanted, filter, range, now)?
    } else {
        words(app, wanted, filter, range, now)?
    };
    Ok(counts.into_iter().map(facet_value).collect())
}

/// The values of a key that has no field: those that it knows, and names of assignees.
fn words(
    app: &App,
    wanted: &Wanted<'_>,
    filter: &Filter,
    range: TimeRange,
    now: Timestamp,
) -> Result<Vec<FacetCount>, Failure> {
    let known = query::key(wanted.key).map_or(&[][..], |key| key.values);
    let mut values: Vec<String> = known.iter().map(|value| (*value).to_owned()).collect();
    if wanted.key == "assignee" {
        values.extend(app.workflow.assignees()?.into_iter().map(|(name, _)| name));
    }
    values.retain(|value| value.starts_with(wanted.prefix));
    // Looked up when a value is about issues alone.
    let mut issues: Option<Vec<(IssueId, u64)>> = None;
    let mut counts = Vec::new();
    for value in values {
        // Comparisons are no text.
        let written = if known.is_empty() { query::quoted(&value) } else { value.clone() };
        let query = format!("{}:{written}", wanted.key);
        let term = Selection { query: Some(query), ..Selection::default() }.read(app, now)?;
        let found: Vec<(IssueId, u64)> = if let Some((set, is_inside)) = of_issues(&term) {
            let all = match &mut issues {
                Some(issues) => issues,
                none => none.insert(app.store.issue_counts(filter, range)?),
            };
            all.iter().filter(|(id, _)| set.contains(*id) == is_inside).copied().collect()
        } else {
            app.store.issue_counts(&Filter::And(vec![filter.clone(), term]), range)?
        };
        let events = found.iter().map(|(_, count)| count).sum();
        counts.push(FacetCount { value, issues: found.len() as u64, events });
    }
    counts.retain(|count| count.events > 0);
    Ok(order_facet(counts, wanted.limit))
}

/// The suspected causes of matching issues: those that somebody set, and of the other issues those of their events.
fn causes(
    app: &App,
    set: &[(IssueId, Cause)],
    wanted: &Wanted<'_>,
    filter: &Filter,
    range: TimeRange,
) -> Result<Vec<FacetCount>, Failure> {
    let those = set_causes(set);
    let others = Filter::And(vec![filter.clone(), Filter::Not(Box::new(those.clone()))]);
    let mut counts = app.store.facet(&Field::Cause, &others, range, wanted.prefix, Cause::ALL.len())?;
    let set: HashMap<IssueId, Cause> = set.iter().copied().collect();
    for (issue, events) in app.store.issue_counts(&Filter::And(vec![filter.clone(), those]), range)? {
        let Some(cause) = set.get(&issue).map(|cause| cause.as_str()) else { continue };
        if !cause.starts_with(wanted.prefix) {
            continue;
        }
        match counts.iter_mut().find(|count| count.value == cause) {
            Some(count) => (count.issues, count.events) = (count.issues + 1, count.events + events),
            None => counts.push(FacetCount { value: cause.to_owned(), issues: 1, events }),
        }
    }
    Ok(order_facet(counts, wanted.limit))
}

/// The owners of matching issues; `none` and `unknown` stand for those that nobody owns, or whose owners are not known.
fn owners(
    app: &App,
    wanted: &Wanted<'_>,
    filter: &Filter,
    range: TimeRange,
    now: Timestamp,
) -> Result<Vec<FacetCount>, Failure> {
    let issues = app.store.issue_counts(filter, range)?;
    let owned = app.owners.of(app, issues.iter().map(|(id, _)| *id), now)?;
    let mut counts: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for ((_, events), owners) in issues.iter().zip(owned) {
        let names = match owners.as_deref() {
            None => vec!["unknown".to_owned()],
            Some([]) => vec!["none".to_owned()],
            Some(owners) => owners.to_vec(),
        };
        for name in names.into_iter().filter(|name| name.starts_with(wanted.prefix)) {
            let count = counts.entry(name).or_default();
            *count = (count.0 + 1, count.1 + events);
        }
    }
    let count = |(value, (issues, events))| FacetCount { value, issues, events };
    let counts: Vec<FacetCount> = counts.into_iter().map(count).collect();
    Ok(order_facet(counts, wanted.limit))
}

/// The set of issues that a condition on issues alone is about, and whether it holds for those in the set or for
/// the others; `None` for another condition.
fn of_issues(term: &Filter) -> Option<(&IssueSet, bool)> {
    match term {
        Filter::Issues(set) => Some((set, true)),
        Filter::Not(inner) => match &**inner {
            Filter::Issues(set) => Some((set, false)),
            _ => None,
        },
        _ => None,
    }
}

fn facet_value(count: FacetCount) -> views::FacetValue {
    views::FacetValue { value: count.value, issues: count.issues, events: count.events }
}
